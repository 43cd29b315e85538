/**
 * Data sets out of the files people have, whatever their format.
 *
 * @module
 */
import { arraySamples, type NamedArray } from "./arrays.ts";
import { type Column, type CsvSamples, readCsv } from "./csv.ts";
import type { Dataset } from "./dataset.ts";
import { type DataFile, detectFormat, type FileFormat, FORMAT_NAMES } from "./format.ts";
import { readIdx } from "./idx.ts";
import { readMadelon } from "./madelon.ts";
import { readNpy } from "./npy.ts";
import { readNpz } from "./npz.ts";
import { quote } from "./quote.ts";
import { type FileSamples, requireTestFraction, splitTest, type Task, toDataset } from "./samples.ts";
import type { ReadProgress } from "./source.ts";
import { parseSvmlight, scanSvmlight } from "./svmlight.ts";

/** Options of {@linkcode loadFiles}. */
export interface LoadOptions {
  /** What is to be learned. @default {"classification"} */
  readonly task?: Task | undefined;
  /** The label's column in delimited text; as in `CsvOptions`. */
  readonly labelColumn?: Column | readonly Column[] | undefined;
  /** Share of the samples to test with, where the files hold no test samples; 0 for none. @default {0.2} */
  readonly testFraction?: number | undefined;
  /** Seed of the draw of test samples. @default {0} */
  readonly seed?: number | undefined;
  /** Features of a model that svmlight text is for: absent ones are 0, a larger index is refused. */
  readonly featureCount?: number | undefined;
  /** Index of the first feature of svmlight text. @default {0} where index 0 occurs, otherwise 1. */
  readonly firstIndex?: 0 | 1 | undefined;
  /**
   * Most bytes of what a small file may turn out to hold: the arrays of a `.npz` archive, dense svmlight features.
   *
   * @default As of `NpzOptions` and `SvmlightOptions`.
   */
  readonly maxBytes?: number | undefined;
  /** Most threads to use. @default {navigator.hardwareConcurrency} */
  readonly threads?: number | undefined;
  /** Called now and then: bytes done and bytes in all, of all files together, as they are stored. */
  readonly onProgress?: ReadProgress | undefined;
}

/** Samples, and what messages call them. */
interface Part {
  readonly samples: FileSamples;
  readonly source: string;
}

/** Reports the progress of each file. */
type Track = (file: DataFile) => ReadProgress;

/**
 * Reads a data set from files, each packed with gzip or not.
 *
 * - Delimited text (`.csv`, `.tsv`, `.txt`, `.data` …) or svmlight text (`.svm`, `.libsvm`, or a first line
 *   `label index:value …`): one file, or one to train and one to test.
 * - Features and labels as a pair of IDX files, of `.npy` files, or of `.data` and `.labels` text; or two pairs,
 *   to train and to test. Labels are told by one dimension, or by a name with "label", "target" or "y".
 * - One `.npz` archive with the arrays `x_train`, `y_train`, `x_test` and `y_test`, or `x` and `y`.
 *
 * The first file or pair is for training, unless names say "test" of it and "train" of the other.
 * Test samples must have the features and classes of the training samples. Without test samples,
 * `testFraction` of the samples, drawn with the seed, is set aside.
 *
 * Memory: the data set; arrays (not text) need their file besides. The same bits for any number of threads.
 *
 * @param paths Files, told apart by name and content.
 * @throws {Deno.errors.NotFound} When there is no such file.
 * @throws {SyntaxError} When a file cannot be read; the message names file, line and column.
 * @throws {RangeError} When files do not fit together, labels make no classes, or an option is out of range.
 * @throws {TypeError} When the files given make no data set.
 * @example
 * ```ts
 * import { loadFiles } from "./files.ts";
 * const path = await Deno.makeTempFile({ suffix: ".csv" });
 * await Deno.writeTextFile(path, "width,class\n1,a\n2,b\n3,a\n4,b\n5,a\n");
 * const data = await loadFiles([path], { testFraction: 0.4 });
 * await Deno.remove(path);
 * if (data.train.samples !== 3 || data.test?.samples !== 2) throw new Error("wrong parts");
 * ```
 */
export async function loadFiles(paths: readonly string[], options: LoadOptions = {}): Promise<Dataset> {
  const { testFraction = 0.2, seed = 0 } = options;
  requireTestFraction(testFraction);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(
      `Cannot set test samples aside: the seed is ${seed}, expected a whole number from 0`,
    );
  }
  if (paths.length === 0) throw new TypeError("Cannot load data: no file is given");
  const files: DataFile[] = [];
  for (const path of paths) files.push(await detectFormat(path));
  const { onProgress } = options;
  const [train, test] = await readParts(files, options, onProgress && progressOf(files, onProgress));
  for (const { samples, source } of test === undefined ? [train] : [train, test]) {
    if (samples.labels.length + samples.targets.length === 0) {
      throw new RangeError(`Cannot learn from "${source}": no column is its label`);
    }
  }
  const dataset = toDataset(files[0].stem, train.samples, train.source, test?.samples, test?.source);
  return test === undefined ? splitTest(dataset, testFraction, seed, train.source) : dataset;
}

function progressOf(files: readonly DataFile[], onProgress: ReadProgress): Track {
  const done = new Map<DataFile, number>();
  const total = files.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  return (file) => (doneBytes, totalBytes) => {
    done.set(file, file.storedBytes * doneBytes / totalBytes);
    onProgress(Math.round(done.values().reduce((sum, bytes) => sum + bytes)), total);
  };
}

type Parts = readonly [train: Part, test?: Part | undefined];

async function readParts(
  files: readonly DataFile[],
  options: LoadOptions,
  track: Track = () => () => {},
): Promise<Parts> {
  const [first] = files;
  const { task = "classification", labelColumn } = options;
  const kinds = new Set(files.map(({ format }) => format));
  const [kind, other] = kinds;
  const every = (...formats: FileFormat[]) => files.every(({ format }) => formats.includes(format));
  if (labelColumn !== undefined && !every("delimited")) {
    const { path, format } = files.find(({ format }) => format !== "delimited")!;
    throw new TypeError(
      `Cannot choose the label column of "${path}": it is ${
        FORMAT_NAMES[format]
      }, only delimited text has columns`,
    );
  }
  if (every("npz") && files.length === 1) return await readArchive(first, options, track);
  if (every("delimited") && files.length <= 2) return await readDelimited(inOrder(files), options, track);
  if (every("svmlight") && files.length <= 2) return await readSparse(inOrder(files), options, track);
  if (every("delimited", "labels") && other !== undefined) return await readLabelled(files, options, track);
  if (every("npy", "idx")) return await readArrays(files, task, track);
  const each = files.length === 1 ? "it is" : "each is";
  throw new TypeError(
    `Cannot make a data set of ${listed(files.map(({ path }) => path))}: ` +
      (other === undefined
        ? `${each} ${FORMAT_NAMES[kind]}`
        : `found ${FORMAT_NAMES[kind]} and ${FORMAT_NAMES[other]}`) +
      `, expected one or two text files of one format, features with their labels, or one .npz archive`,
  );
}

async function readDelimited(
  [train, test]: readonly DataFile[],
  { task, labelColumn, threads }: LoadOptions,
  track: Track,
): Promise<Parts> {
  const read = async (file: DataFile, like?: CsvSamples) => {
    const { path, delimiter } = file;
    const samples = await readCsv(path, {
      task,
      labelColumn,
      threads,
      delimiter,
      like,
      onProgress: track(file),
    });
    return { samples, source: path };
  };
  const first = await read(train);
  return [first, test && await read(test, first.samples)];
}

async function readSparse(
  files: readonly DataFile[],
  { task, threads, maxBytes, ...given }: LoadOptions,
  track: Track,
): Promise<Parts> {
  const scans = [];
  for (const file of files) {
    scans.push(await scanSvmlight(file.path, { threads, onProgress: track(file) }));
  }
  // A feature that is 0 in all samples of one file may occur in the other only.
  const firstIndex = given.firstIndex ?? (scans.some(({ leastIndex }) => leastIndex === 0) ? 0 : 1);
  const featureCount = given.featureCount ??
    Math.max(...scans.map(({ mostIndex }) => mostIndex)) + 1 - firstIndex;
  const parts: Part[] = [];
  for (const [index, file] of files.entries()) {
    const classNames = parts[0]?.samples.classNames;
    const onProgress = track(file);
    const options = { task, threads, maxBytes, firstIndex, featureCount, classNames, onProgress };
    parts.push({ samples: await parseSvmlight(file.path, scans[index], options), source: file.path });
  }
  return [parts[0], parts[1]];
}

/** Reads `.data` files with their `.labels` files. */
async function readLabelled(
  files: readonly DataFile[],
  { task, threads }: LoadOptions,
  track: Track,
): Promise<Parts> {
  const [data, labels] = halves(files, ({ format }) => format === "labels", (file) => quote(file.path));
  const parts: Part[] = [];
  for (const [index, file] of data.entries()) {
    const classNames = parts[0]?.samples.classNames;
    const options = { task, threads, classNames, onProgress: track(file) };
    parts.push({ samples: await readMadelon(file.path, labels[index].path, options), source: file.path });
  }
  return [parts[0], parts[1]];
}

async function readArrays(files: readonly DataFile[], task: Task, track: Track): Promise<Parts> {
  const arrays = new Map<DataFile, NamedArray>();
  for (const file of files) arrays.set(file, await readArray(file, track(file)));
  const isLabels = (file: DataFile) => {
    const { length } = arrays.get(file)!.shape;
    return length === 1 || (length === 2 && /label|target|(^|[^a-z])y([^a-z]|$)/i.test(file.stem));
  };
  const [features, labels] = halves(files, isLabels, (file) => {
    return `"${file.path}" is ${arrays.get(file)!.shape.join(" × ") || "a single number"}`;
  });
  const parts: Part[] = [];
  for (const [index, file] of features.entries()) {
    const [x, y] = [arrays.get(file)!, arrays.get(labels[index])!];
    parts.push({ samples: arraySamples(x, y, task, parts[0]?.samples.classNames), source: file.path });
  }
  return [parts[0], parts[1]];
}

async function readArray({ path, format }: DataFile, onProgress: ReadProgress): Promise<NamedArray> {
  if (format === "idx") return { source: path, ...await readIdx(path, onProgress) };
  const { shape, data } = await readNpy(path, onProgress);
  return { source: path, shape, values: data };
}

async function readArchive(
  file: DataFile,
  { task = "classification", maxBytes }: LoadOptions,
  track: Track,
): Promise<Parts> {
  const found: string[] = [];
  const arrays = new Map<string, NamedArray>();
  const wanted = /^[xy](_train|_test)?$/i;
  const choose = (name: string) => {
    found.push(name);
    return wanted.test(name);
  };
  const options = { choose, maxBytes, onProgress: track(file) };
  for (const [name, { shape, data }] of await readNpz(file.path, options)) {
    arrays.set(name.toLowerCase(), { source: `${file.path}/${name}`, shape, values: data });
  }
  const part = (suffix: string, classNames?: readonly string[]): Part | undefined => {
    const [x, y] = [arrays.get(`x${suffix}`), arrays.get(`y${suffix}`)];
    if (x === undefined && y === undefined) return undefined;
    if (x !== undefined && y !== undefined) {
      return { samples: arraySamples(x, y, task, classNames), source: x.source };
    }
    throw new SyntaxError(
      `Cannot read archive "${file.path}": its arrays are ${listed(found)}, ` +
        `${x === undefined ? "x" : "y"}${suffix} is missing`,
    );
  };
  const train = part("_train") ?? part("");
  if (train !== undefined) return [train, part("_test", train.samples.classNames)];
  throw new SyntaxError(
    `Cannot read archive "${file.path}": ${
      found.length === 0 ? "it has no arrays" : `its arrays are ${listed(found)}`
    }, ` +
      `expected x_train, y_train, x_test and y_test, or x and y`,
  );
}

/** Features and labels of one pair, or of two, to train and to test. */
function halves(
  files: readonly DataFile[],
  isLabels: (file: DataFile) => boolean,
  describe: (file: DataFile) => string,
): [features: DataFile[], labels: DataFile[]] {
  const labels = files.filter(isLabels);
  const features = files.filter((file) => !isLabels(file));
  if (labels.length === features.length && labels.length <= 2) {
    return [inOrder(features, labels), inOrder(labels, features)];
  }
  throw new TypeError(
    `Cannot match features with labels: found ${features.length} of features and ${labels.length} of labels ` +
      `(${files.map((file) => describe(file)).join(", ")}), expected one of each, or two`,
  );
}

/** Puts two files into the order train, test; where their names do not tell, those of their partners do. */
function inOrder(files: readonly DataFile[], partners: readonly DataFile[] = []): DataFile[] {
  return namedSwapped(files) ?? namedSwapped(partners) ?? false ? [files[1], files[0]] : [...files];
}

/** Whether names say that the test file is the first of two; undefined when they do not say. */
function namedSwapped([first, second]: readonly DataFile[]): boolean | undefined {
  if (second === undefined) return undefined;
  const says = ({ stem }: DataFile, word: string) =>
    new RegExp(`(^|[^a-z])(${word})([^a-z]|$)`, "i").test(stem);
  const [test, train] = ["test|t10k|valid(ation)?", "train(ing)?"];
  if (says(first, test) && says(second, train)) return true;
  return says(first, train) && says(second, test) ? false : undefined;
}

function listed(names: readonly string[]): string {
  return names.slice(0, 8).map(quote).join(", ") + (names.length > 8 ? ", …" : "");
}

/**
 * Data sets out of the files people have, whatever their format.
 *
 * @module
 */
import { arraySamples, type NamedArray } from "./arrays.ts";
import type { Dataset } from "./dataset.ts";
import { type FileOptions, readFileOptions, readPaths } from "./file_options.ts";
import { type DataFile, detectFormat, type FileFormat, FORMAT_NAMES } from "./format.ts";
import { readIdx } from "./idx.ts";
import { readMadelon } from "./madelon.ts";
import { readNpy } from "./npy.ts";
import { readNpz } from "./npz.ts";
import { quote } from "../quote.ts";
import { splitTest, toDataset } from "./file_dataset.ts";
import type { FileSamples } from "./samples.ts";
import type { ReadProgress } from "./source.ts";
import type { Task } from "../task.ts";
import { encodeArray } from "./table/array_features.ts";
import { isTable, type KnownModel, readTables } from "./table/table_files.ts";
import { parseSvmlight, scanSvmlight } from "./svmlight.ts";
import { finished } from "./finished.ts";

/** Samples, and what messages call them. */
export interface Part {
  readonly samples: FileSamples;
  readonly source: string;
}

/** Reports the progress of each file. */
export type Track = (file: DataFile) => ReadProgress;

/**
 * Reads a data set from files, each packed with gzip, alone in a zip archive, or plain.
 *
 * - Tables (Parquet, or delimited text: `.csv`, `.tsv`, `.txt`, `.data` …) or svmlight text (`.svm`, `.libsvm`, or a first line
 *   `label index:value …`): one file, or one to train and one to test. What the columns of a table are is found out
 *   (`chooseSchema`), told to `onNotice`, and kept in `schema`; the second table is matched with the first by name.
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
 * import { loadFiles } from "@truly-sparse/truly-sparse";
 * const path = await Deno.makeTempFile({ suffix: ".csv" });
 * await Deno.writeTextFile(path, "width,class\n1,a\n2,b\n3,a\n4,b\n5,a\n");
 * const data = await loadFiles([path], { testFraction: 0.4 });
 * await Deno.remove(path);
 * if (data.train.samples !== 3 || data.test?.samples !== 2) throw new Error("wrong parts");
 * ```
 */
export async function loadFiles(paths: readonly string[], options: FileOptions = {}): Promise<Dataset> {
  return await readDataset(readPaths(paths), readFileOptions(options));
}

async function readDataset(paths: readonly string[], options: FileOptions): Promise<Dataset> {
  const { testFraction = 0.2, seed = 0 } = options;
  if (paths.length === 0) throw new TypeError("Cannot load data: no file is given");
  const files: DataFile[] = [];
  for (const path of paths) files.push(await detectFormat(path));
  const { onProgress, like } = options;
  if (like !== undefined && options.task !== undefined && options.task !== like.task) {
    throw new TypeError(`Cannot load data for ${options.task}: the model is for ${like.task}`);
  }
  const [train, test] = await readParts(files, options, onProgress && progressOf(files, onProgress));
  requireLearnable([train, test], like);
  const dataset = toDataset(files[0].stem, train.samples, train.source, test?.samples, test?.source);
  const whole = test === undefined ? splitTest(dataset, testFraction, seed, train.source) : dataset;
  return finished(whole);
}

/** Reports the progress of several files as one. */
export function progressOf(files: readonly DataFile[], onProgress: ReadProgress): Track {
  const done = new Map<DataFile, number>();
  const total = files.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  return (file) => (doneBytes, totalBytes) => {
    done.set(file, file.storedBytes * doneBytes / totalBytes);
    onProgress(Math.round(done.values().reduce((sum, bytes) => sum + bytes)), total);
  };
}

/** What is read to learn from, and perhaps to test with. */
export type Parts = readonly [train: Part, test?: Part | undefined];

/**
 * Refuses samples that nothing can be learned from.
 *
 * @param like The model that knows the classes already.
 * @throws {RangeError} When samples have no label, or those to learn from are all of one class.
 */
export function requireLearnable([train, test]: Parts, like?: KnownModel): void {
  for (const { samples, source } of test === undefined ? [train] : [train, test]) {
    if (samples.labels.length + samples.targets.length === 0) {
      throw new RangeError(`Cannot learn from "${source}": no column is its label`);
    }
  }
  if (like === undefined) requireClasses(train);
}

async function readParts(
  files: readonly DataFile[],
  options: FileOptions,
  track: Track = () => () => {},
): Promise<Parts> {
  const [first] = files;
  const { task = options.like?.task ?? "classification" } = options;
  const kinds = new Set(files.map(({ format }) => format));
  const [kind, other] = kinds;
  const every = (...formats: FileFormat[]) => files.every(({ format }) => formats.includes(format));
  const foreign = files.find(({ format }) => !isTable(format));
  if (foreign === undefined && files.length <= 2) return await readTableParts(inOrder(files), options, track);
  if (foreign !== undefined) refuseColumns(foreign, options);
  const known = options.like?.classNames.length === 0 ? undefined : options.like?.classNames;
  const reading = { ...options, task, known };
  const encoded = async (parts: Promise<Parts>) => encodeParts(await parts, options.like);
  if (every("npz") && files.length === 1) return await encoded(readArchive(first, reading, track));
  if (every("svmlight") && files.length <= 2) {
    return await encoded(readSparse(inOrder(files), reading, track));
  }
  if (every("delimited", "labels") && other !== undefined) {
    return await encoded(readLabelled(files, reading, track));
  }
  if (every("npy", "idx")) return await encoded(readArrays(files, reading, track));
  const each = files.length === 1 ? "it is" : "each is";
  throw new TypeError(
    `Cannot make a data set of ${listed(files.map(({ path }) => path))}: ` +
      (other === undefined
        ? `${each} ${FORMAT_NAMES[kind]}`
        : `found ${FORMAT_NAMES[kind]} and ${FORMAT_NAMES[other]}`) +
      `, expected one or two text files of one format, features with their labels, or one .npz archive`,
  );
}

/** Files that are no tables, and the classes known beforehand. */
type ArrayReading = FileOptions & { readonly task: Task; readonly known: readonly string[] | undefined };

/** Options that speak of the columns of a table. */
const COLUMN_OPTIONS = [
  "labelColumn",
  "weightColumn",
  "ignoreColumns",
  "categories",
  "numbers",
  "missing",
  "missingLabels",
] as const;

function refuseColumns({ path, format }: DataFile, options: FileOptions): void {
  const given = COLUMN_OPTIONS.find((name) => options[name] !== undefined);
  if (given === undefined) return;
  const what = given === "labelColumn" ? "choose the label column of" : `use ${given} with`;
  throw new TypeError(
    `Cannot ${what} "${path}": it is ${FORMAT_NAMES[format]}, only tables have columns`,
  );
}

/** Numbers as a model of tables takes them. */
function encodeParts([train, test]: Parts, like: KnownModel | undefined): Parts {
  const schema = like?.schema;
  if (schema === undefined) return [train, test];
  const part = ({ samples, source }: Part): Part => {
    const features = encodeArray(samples.features, samples.samples, schema, source);
    const featureCount = features.length / samples.samples;
    return { samples: { ...samples, features, featureCount, featureNames: [] }, source };
  };
  return [part(train), test && part(test)];
}

/** Classes cannot be learned of one kind of sample. */
function requireClasses({ samples: { task, classNames }, source }: Part): void {
  if (task !== "classification" || classNames.length > 1) return;
  throw new RangeError(
    `Cannot learn classes from "${source}": its only label is ${quote(classNames[0])}, ` +
      `at least 2 classes are needed`,
  );
}

async function readTableParts(
  files: readonly DataFile[],
  options: FileOptions,
  track: Track,
): Promise<Parts> {
  const samples = await readTables(files, options, track);
  const parts = samples.map((samples, index): Part => ({ samples, source: files[index].path }));
  return [parts[0], parts[1]];
}

async function readSparse(
  files: readonly DataFile[],
  { task, threads, maxBytes, known, like, ...given }: ArrayReading,
  track: Track,
): Promise<Parts> {
  const scans = [];
  for (const file of files) {
    scans.push(await scanSvmlight(file.path, { threads, onProgress: track(file) }));
  }
  // A feature that is 0 in all samples of one file may occur in the other only.
  const firstIndex = given.firstIndex ?? (scans.some(({ leastIndex }) => leastIndex === 0) ? 0 : 1);
  const featureCount = like?.featureCount ??
    Math.max(...scans.map(({ mostIndex }) => mostIndex)) + 1 - firstIndex;
  const parts: Part[] = [];
  for (const [index, file] of files.entries()) {
    const classNames = parts[0]?.samples.classNames ?? known;
    const onProgress = track(file);
    const options = { task, threads, maxBytes, firstIndex, featureCount, classNames, onProgress };
    parts.push({ samples: await parseSvmlight(file.path, scans[index], options), source: file.path });
  }
  return [parts[0], parts[1]];
}

/** Reads `.data` files with their `.labels` files. */
async function readLabelled(
  files: readonly DataFile[],
  { task, threads, known }: ArrayReading,
  track: Track,
): Promise<Parts> {
  const [data, labels] = halves(files, ({ format }) => format === "labels", (file) => quote(file.path));
  const parts: Part[] = [];
  for (const [index, file] of data.entries()) {
    const classNames = parts[0]?.samples.classNames ?? known;
    const options = { task, threads, classNames, onProgress: track(file) };
    parts.push({ samples: await readMadelon(file.path, labels[index].path, options), source: file.path });
  }
  return [parts[0], parts[1]];
}

async function readArrays(
  files: readonly DataFile[],
  { task, known }: ArrayReading,
  track: Track,
): Promise<Parts> {
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
    parts.push({
      samples: arraySamples(x, y, task, parts[0]?.samples.classNames ?? known),
      source: file.path,
    });
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
  { task, known, maxBytes }: ArrayReading,
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
  const train = part("_train", known) ?? part("", known);
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

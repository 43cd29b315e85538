/**
 * Data sets by name: the paper's five, MNIST, and made-up data that needs no file.
 *
 * @module
 */
import { DatasetError } from "../errors.ts";
import { CATALOGUE, type NamedDataset } from "./catalogue.ts";
import { readCifarDataset } from "./cifar.ts";
import { readCsv } from "./csv.ts";
import type { Dataset } from "./dataset.ts";
import { madelonLike, type MadelonLikeOptions } from "./generator.ts";
import { readHiggs, readHiggsParts } from "./higgs.ts";
import { idxDataset, parseIdx } from "./idx.ts";
import { type FoundFiles, locate, readPinned } from "./locate.ts";
import { readMadelon } from "./madelon.ts";
import { CALLBACK, type NamesOf, onlyKnown, readValue } from "../hyperparameter.ts";
import { requirePath, requireSignal } from "../value.ts";
import { resolveOptions, SEED, THREADS } from "../hyperparameter.ts";
import { nearest } from "../nearest.ts";
import { described } from "../numbers.ts";
import { quote } from "../quote.ts";
import { readSeriesMatrix } from "./series_matrix.ts";
import { splitTest, toDataset } from "./file_dataset.ts";
import { type ReadProgress, type Source, sourceName } from "./source.ts";
import { finished } from "./finished.ts";

/** How far loading is. */
export interface LoadProgress {
  /** Whether the file comes from the network or from the disk. */
  readonly stage: "download" | "read";
  /** Name of the present file. */
  readonly file: string;
  /** Bytes done of this file; text is read twice. */
  readonly doneBytes: number;
  /** Bytes to do of this file. */
  readonly totalBytes: number;
}

/** Options of {@linkcode datasets}`.load()`. */
export interface LoadOptions {
  /** Folder to look for files in before all others: in `dataDir/name`, then in `dataDir`. */
  readonly dataDir?: string | undefined;
  /** Folder where downloads are kept, each data set in one of its own. @default the user's cache */
  readonly cacheDir?: string | undefined;
  /** Seed of made-up data, and of the test samples where a data set comes as one table. @default {0} */
  readonly seed?: number | undefined;
  /** Most threads to use; they do not change the result. @default {navigator.hardwareConcurrency} */
  readonly threads?: number | undefined;
  /** Called now and then. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Stops a download. */
  readonly signal?: AbortSignal | undefined;
}

const TASK = "load the data set";

const LOAD_OPTIONS: NamesOf<LoadOptions> = {
  dataDir: true,
  cacheDir: true,
  seed: true,
  threads: true,
  onProgress: true,
  signal: true,
};

/** Rows of those that are numbers. */
const LOAD_ROWS = { seed: SEED, threads: THREADS } as const;

/** What {@linkcode datasets} can do. */
export interface NamedDatasets {
  /** All names; the first needs no file. */
  names(): readonly string[];
  /** All descriptions, in the order of the names. */
  list(): readonly NamedDataset[];
  /**
   * What is known about a data set: shapes, files, and the paper's settings for it.
   *
   * @throws {TypeError} When there is no such name; the message has the nearest.
   */
  describe(name: string): NamedDataset;
  /**
   * Loads a data set.
   *
   * Files are looked for in the data directory, the user's cache, and where Debian puts them; then downloaded to
   * the cache, from the official address. Where official sizes and SHA-256 are known, no other content is taken.
   *
   * @throws {TypeError} When there is no such name; the message has the nearest.
   * @throws {DatasetError} When files cannot be found, downloaded or trusted; the message says what to do.
   * @throws {SyntaxError} When a file cannot be read.
   */
  load(name: string, options?: LoadOptions): Promise<Dataset>;
}

/**
 * Data sets by name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { datasets } from "@truly-sparse/truly-sparse";
 * const data = await datasets.load("madelon-like", { seed: 1 });
 * assertEquals(data.train.samples, datasets.describe("madelon-like").trainSamples);
 * assertEquals(datasets.describe("fashion-mnist").settings.hidden, [1000, 1000, 1000]);
 * ```
 */
export const datasets: NamedDatasets = Object.freeze({
  names: () => CATALOGUE.map(({ name }) => name),
  list: () => CATALOGUE,
  describe,
  load,
});

function describe(name: string): NamedDataset {
  const set = CATALOGUE.find((entry) => entry.name === name);
  if (set !== undefined) return set;
  const names = CATALOGUE.map((entry) => entry.name);
  const own = "tables of your own are read by readTable(), other files by loadFiles()";
  if (typeof name !== "string") {
    throw new TypeError(
      `Cannot find a data set by ${described(name)}: its name is needed, one of ${names.join(", ")}; ${own}`,
    );
  }
  if (FILE.test(name)) {
    throw new TypeError(
      `Cannot find a data set named ${quote(name)}: it looks like a file; ${own}. Names are ${
        names.join(", ")
      }`,
    );
  }
  const guess = nearest(name, names);
  const hint = guess === undefined ? "" : `did you mean "${guess}"? `;
  throw new TypeError(
    `Cannot find a data set named ${quote(name)}: ${hint}There are ${names.join(", ")}; ${own}`,
  );
}

/** Texts that name a file or an address rather than a data set. */
const FILE = /[/\\]|\.[a-z0-9]+$/i;

/** Made-up data by name. The paper does not say how many features of "extreme" inform. */
const MADE_UP: Readonly<Record<string, MadelonLikeOptions>> = {
  "madelon-like": {},
  "extreme": {
    samples: 7000,
    testSamples: 3000,
    features: 65_536,
    informative: 16,
    redundant: 49_136,
    clustersPerClass: 1,
    onDemand: true,
  },
};

async function load(name: string, options: LoadOptions = {}): Promise<Dataset> {
  const set = describe(name);
  const { dataDir, cacheDir, onProgress, signal, ...rows } = onlyKnown(options, LOAD_OPTIONS, TASK);
  const { seed, threads } = resolveOptions(LOAD_ROWS, rows, {
    task: TASK,
    defaults: { threads: navigator.hardwareConcurrency },
  }) as { readonly seed: number; readonly threads: number };
  for (const [option, folder] of Object.entries({ dataDir, cacheDir })) {
    if (folder !== undefined) requirePath(folder, { task: TASK, name: option }, "the path of a folder");
  }
  if (onProgress !== undefined) readValue(CALLBACK, onProgress, { task: TASK, name: "onProgress" });
  if (signal !== undefined) requireSignal(signal, TASK);
  if (set.arrangements.length === 0) {
    return finished({ ...madelonLike({ ...MADE_UP[name], seed, threads }), name });
  }
  const found = await locate(set, {
    dataDir,
    cacheDir,
    signal,
    onProgress: ({ file, received, total }) =>
      onProgress?.({ stage: "download", file, doneBytes: received, totalBytes: total }),
  });
  const reading = (source: Source): ReadProgress => {
    const file = sourceName(source).replace(/^.*[/\\]/, "");
    return (doneBytes, totalBytes) => onProgress?.({ stage: "read", file, doneBytes, totalBytes });
  };
  const data = await READERS[name]({ set, found, seed, threads, reading });
  // Leukaemia's table is the user's work, its probes may be fewer.
  if (data.featureCount !== set.featureCount && name !== "leukemia") {
    throw new DatasetError(
      `Cannot use "${found.paths[0]}" for data set "${name}": it has ${data.featureCount} features, ` +
        `${set.featureCount} are expected`,
    );
  }
  return finished(data);
}

/** What a reader is given. */
interface Reading {
  readonly set: NamedDataset;
  readonly found: FoundFiles;
  readonly seed: number;
  readonly threads: number;
  readonly reading: (source: Source) => ReadProgress;
}

const FASHION_CLASSES = [
  "T-shirt/top",
  "trouser",
  "pullover",
  "dress",
  "coat",
  "sandal",
  "shirt",
  "sneaker",
  "bag",
  "ankle boot",
];

const READERS: Readonly<Record<string, (task: Reading) => Promise<Dataset>>> = {
  "madelon": readMadelonSet,
  "fashion-mnist": (task) => readIdxSet(task, FASHION_CLASSES),
  "mnist": (task) => readIdxSet(task, Array.from("0123456789")),
  "cifar10": ({ found: { paths }, reading }) =>
    readCifarDataset({ train: paths.slice(0, 5), test: paths.slice(5), onProgress: reading }),
  "higgs": ({ found: { paths: [train, test] }, threads, reading }) =>
    test === undefined
      ? readHiggs(train, { threads, onProgress: reading(train) })
      : readHiggsParts(train, test, threads, reading),
  "leukemia": readLeukemia,
};

async function readMadelonSet(task: Reading): Promise<Dataset> {
  const { set, found, threads } = task;
  const [data, labels, testData, testLabels] = await pinned(task);
  const train = await readMadelon(data, labels, { threads });
  const test = await readMadelon(testData, testLabels, { threads, classNames: train.classNames });
  return toDataset(set.name, train, found.paths[0], test, found.paths[2]);
}

async function readIdxSet(task: Reading, classNames: readonly string[]): Promise<Dataset> {
  const { paths } = task.found;
  const files = (await pinned(task)).map((bytes, index) => parseIdx(bytes, paths[index]));
  const part = (images: number) => ({
    images: files[images],
    labels: files[images + 1],
    imagesSource: paths[images],
    labelsSource: paths[images + 1],
  });
  return idxDataset(part(0), part(2), { name: task.set.name, classNames });
}

/** The bytes of each file, all of them the official ones. */
async function pinned({ set, found, reading }: Reading): Promise<Uint8Array[]> {
  const contents: Uint8Array[] = [];
  for (const [index, path] of found.paths.entries()) {
    contents.push(await readPinned(path, found.files[index], set, reading(path)));
  }
  return contents;
}

async function readLeukemia({ set, found, seed, threads, reading }: Reading): Promise<Dataset> {
  const [path, testPath] = found.paths;
  const onProgress = reading(path);
  const samples = found.files[0].name.endsWith("_series_matrix.txt")
    ? await readSeriesMatrix(path, { characteristic: "leukemia class", onProgress })
    : await readCsv(path, { threads, onProgress });
  if (testPath === undefined) {
    const share = set.testSamples / (set.trainSamples + set.testSamples);
    return splitTest(toDataset(set.name, samples, path), share, seed, path);
  }
  const { classNames } = samples;
  const test = await readCsv(testPath, { threads, classNames, onProgress: reading(testPath) });
  return toDataset(set.name, samples, path, test, testPath);
}

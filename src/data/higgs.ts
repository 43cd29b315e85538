/**
 * HIGGS as UCI gives it: eleven million rows without header, the class first; the paper takes the first ones.
 *
 * @module
 */
import { readCsv } from "./csv.ts";
import type { Dataset, Split } from "./dataset.ts";
import { toDataset } from "./file_dataset.ts";
import type { FileSamples } from "./samples.ts";
import { lineWindows, type ReadProgress, type Source, SourceReader } from "./source.ts";

/** What the labels 0 and 1 mean. */
export const HIGGS_CLASSES: readonly string[] = ["background", "signal"];

/** The labels as the files spell them. */
const LABELS: readonly string[] = ["0", "1"];

/** Options of {@linkcode readHiggs}. */
export interface HiggsOptions {
  /** Rows to learn from, the first ones. @default {105000} */
  readonly trainSamples?: number;
  /** Rows to test with, the next ones. @default {50000} */
  readonly testSamples?: number;
  /** Most threads to use. @default {navigator.hardwareConcurrency} */
  readonly threads?: number | undefined;
  /** Called now and then. */
  readonly onProgress?: ReadProgress | undefined;
}

/**
 * Reads the first rows of `HIGGS.csv`, packed with gzip or not; the rest of the file is not touched.
 *
 * Memory: the text of these rows (108 MB by default) and their numbers.
 *
 * Paper: Table 1, 105,000 rows to learn from and 50,000 to test with.
 *
 * @throws {SyntaxError} When a row cannot be read, or there are too few.
 */
export async function readHiggs(source: Source, options: HiggsOptions = {}): Promise<Dataset> {
  const { trainSamples = 105_000, testSamples = 50_000, threads, onProgress } = options;
  const rows = trainSamples + testSamples;
  const { text, name } = await firstRows(source, rows, onProgress);
  let samples: FileSamples;
  try {
    samples = await readCsv(text, { header: false, labelColumn: "first", classNames: LABELS, threads });
  } catch (cause) {
    // The text stands in memory, but people know the file.
    if (cause instanceof Error) cause.message = cause.message.replace('"data"', `"${name}"`);
    throw cause;
  }
  if (samples.samples !== rows) {
    throw new SyntaxError(
      `Cannot read "${name}": its first ${rows} lines hold ${samples.samples} rows, some are empty`,
    );
  }
  const { featureCount } = samples;
  const part = (first: number, end: number): Split => ({
    samples: end - first,
    features: samples.features.subarray(first * featureCount, end * featureCount),
    labels: samples.labels.subarray(first, end),
    targets: samples.targets,
  });
  return {
    ...toDataset("higgs", samples, name),
    classNames: HIGGS_CLASSES,
    train: part(0, trainSamples),
    test: part(trainSamples, rows),
  };
}

/**
 * Reads HIGGS from a file to learn from and one to test with, all rows of each, with header or not, the class first.
 *
 * @throws {SyntaxError} When a row cannot be read.
 * @throws {RangeError} When the files do not fit together, or a class is neither 0 nor 1.
 */
export async function readHiggsParts(
  train: string,
  test: string,
  threads?: number,
  onProgress?: (path: string) => ReadProgress,
): Promise<Dataset> {
  const read = (path: string) =>
    readCsv(path, { labelColumn: "first", classNames: LABELS, threads, onProgress: onProgress?.(path) });
  const data = toDataset("higgs", await read(train), train, await read(test), test);
  return { ...data, classNames: HIGGS_CLASSES };
}

/** The text of the first rows. */
async function firstRows(
  source: Source,
  rows: number,
  onProgress: ReadProgress | undefined,
): Promise<{ readonly text: Uint8Array; readonly name: string }> {
  await using reader = await SourceReader.open(source);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let left = rows;
  for await (const window of lineWindows(reader)) {
    let end = 0;
    while (left > 0 && end < window.length) {
      const found = window.indexOf(10, end);
      end = found < 0 ? window.length : found + 1;
      left--;
    }
    // The window is overwritten when the next is asked for.
    pieces.push(window.slice(0, end));
    onProgress?.(reader.storedDone, reader.storedBytes);
    if (left === 0) break;
  }
  if (left > 0) {
    throw new SyntaxError(`Cannot read "${reader.name}": it has ${rows - left} rows, ${rows} are needed`);
  }
  return { text: new Uint8Array(await new Blob(pieces).arrayBuffer()), name: reader.name };
}

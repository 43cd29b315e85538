/**
 * CIFAR-10's binary files: records of a class and the red, green and blue plane of an image of 32 × 32.
 *
 * @module
 */
import type { Dataset, Split } from "./dataset.ts";
import { type ReadProgress, readSource, type Source, sourceName } from "./source.ts";
import { sharedBytes, sharedFloats, sharedWords } from "../sparse/shared.ts";

/** Names of the classes of CIFAR-10. */
export const CIFAR10_CLASSES: readonly string[] = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
];

const IMAGE = { height: 32, width: 32, channels: 3 };
const PIXELS = 3 * 32 * 32;
const RECORD = 1 + PIXELS;

/** Files of {@linkcode readCifarDataset}: paths, `file:` URLs or bytes, packed with gzip or not. */
export interface CifarDatasetFiles {
  /** Files to learn from, in this order. */
  readonly train: readonly Source[];
  /** Files to test with. */
  readonly test?: readonly Source[];
  /** What messages and saved files call the data set. @default {"cifar10"} */
  readonly name?: string;
  /** Called while files are read, with the bytes of the present file. */
  readonly onProgress?: (source: Source) => ReadProgress;
}

/**
 * Reads CIFAR-10, or files of its form with any number of records.
 *
 * Images stay bytes, planar `[channels, height, width]` as they are stored.
 * Memory: the images in shared memory, and once more while they are read.
 *
 * @throws {SyntaxError} When a file is empty, does not hold whole records, or has a class past the last.
 * @throws {TypeError} When no file to learn from is given.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readCifarDataset } from "./cifar.ts";
 * const ship = new Uint8Array(3073).fill(200);
 * ship[0] = 8;
 * const data = await readCifarDataset({ train: [ship] });
 * assertEquals(data.classNames[data.train.labels[0]], "ship");
 * assertEquals(data.train.features[0], 200);
 * ```
 */
export async function readCifarDataset(files: CifarDatasetFiles): Promise<Dataset> {
  const { train, test, name = "cifar10", onProgress } = files;
  if (train.length === 0) {
    throw new TypeError(`Cannot read data set "${name}": no file to learn from is given`);
  }
  const trainSplit = await readRecords(train, onProgress);
  const testSplit = test === undefined || test.length === 0 ? undefined : await readRecords(test, onProgress);
  return {
    name,
    task: "classification",
    featureCount: PIXELS,
    outputCount: CIFAR10_CLASSES.length,
    classNames: CIFAR10_CLASSES,
    featureNames: [],
    image: IMAGE,
    train: trainSplit,
    ...(testSplit === undefined ? {} : { test: testSplit }),
  };
}

async function readRecords(
  sources: readonly Source[],
  onProgress: CifarDatasetFiles["onProgress"],
): Promise<Split> {
  const files: Uint8Array[] = [];
  for (const source of sources) {
    const bytes = await readSource(source, onProgress?.(source));
    checkLength(bytes.length, sourceName(source));
    files.push(bytes);
  }
  const samples = files.reduce((sum, bytes) => sum + bytes.length / RECORD, 0);
  const features = sharedBytes(samples * PIXELS);
  const labels = sharedWords(samples);
  let sample = 0;
  files.forEach((bytes, file) => {
    for (let at = 0; at < bytes.length; at += RECORD, sample++) {
      if (bytes[at] >= CIFAR10_CLASSES.length) {
        throw new SyntaxError(
          `Cannot read CIFAR-10 file "${sourceName(sources[file])}": record ${at / RECORD} has class ` +
            `${bytes[at]}, the last class is ${CIFAR10_CLASSES.length - 1}`,
        );
      }
      labels[sample] = bytes[at];
      features.set(bytes.subarray(at + 1, at + RECORD), sample * PIXELS);
    }
  });
  return { samples, features, labels, targets: sharedFloats(0) };
}

function checkLength(bytes: number, source: string): void {
  if (bytes % RECORD === 0) return;
  const hint = bytes % (RECORD + 1) === 0 ? "; it may be CIFAR-100, whose records have two classes" : "";
  throw new SyntaxError(
    `Cannot read CIFAR-10 file "${source}": it has ${bytes} bytes, ` +
      `expected whole records of ${RECORD} (1 for the class, ${PIXELS} for the pixels)${hint}`,
  );
}

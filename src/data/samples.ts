/**
 * Samples read from one file, and the data set that one or two of them make.
 *
 * @module
 */
import { shuffle } from "../native/random.ts";
import type { Dataset, ImageShape, Split } from "./dataset.ts";
import type { TableSchema } from "../schema.ts";
import { sharedBytes, sharedFloats, sharedWords } from "../sparse/shared.ts";

/** What is to be learned: a class, or numbers. */
export type Task = Dataset["task"];

/** Samples of one file, with what the file says about them; the arrays are in shared memory. */
export interface FileSamples extends Split {
  /** Whether `labels` or `targets` are filled; both are empty where labels were not asked for. */
  readonly task: Task;
  /** Features of each sample. */
  readonly featureCount: number;
  /** Name of each feature; empty when the file has none. */
  readonly featureNames: readonly string[];
  /** Name of each class; empty for regression. */
  readonly classNames: readonly string[];
  /** Given when each sample is an image. */
  readonly image?: ImageShape;
  /** What the columns of the table are, where they come from one. */
  readonly schema?: TableSchema;
  /** Index of the first feature, in svmlight text. */
  readonly firstIndex?: 0 | 1;
}

/**
 * Makes the arrays of a split.
 *
 * @throws {RangeError} When there is not enough memory, or more samples than u32 can count.
 */
export function allocateSplit(
  source: string,
  samples: number,
  featureCount: number,
  labelled: boolean,
  targetCount: number,
): Split & { readonly features: Float32Array } {
  if (samples > 0xffff_ffff) {
    throw new RangeError(
      `Cannot hold "${source}": it has ${samples} samples, at most 4294967295 are possible`,
    );
  }
  try {
    return {
      samples,
      features: sharedFloats(samples * featureCount),
      labels: sharedWords(labelled ? samples : 0),
      targets: sharedFloats(samples * targetCount),
    };
  } catch (cause) {
    const gibibytes = (4 * samples * (featureCount + targetCount) / 2 ** 30).toFixed(1);
    throw new RangeError(
      `Cannot hold "${source}": ${samples} samples of ${featureCount} features need ` +
        `${gibibytes} GiB in one array`,
      { cause },
    );
  }
}

/**
 * Makes a data set of the samples of one file, or of one to train and one to test.
 *
 * @throws {RangeError} When the files do not fit together.
 */
export function toDataset(
  name: string,
  train: FileSamples,
  trainName: string,
  test?: FileSamples,
  testName = "",
): Dataset {
  const { task, featureCount, featureNames, classNames, image, schema, firstIndex } = train;
  const outputCount = outputsOf(train);
  if (test !== undefined && test.featureCount !== featureCount) {
    throw new RangeError(
      `Cannot test with "${testName}": it has ${test.featureCount} features, ` +
        `"${trainName}" has ${featureCount}`,
    );
  }
  if (test !== undefined && outputsOf(test) !== outputCount) {
    throw new RangeError(
      `Cannot test with "${testName}": it has ${outputsOf(test)} outputs, "${trainName}" has ${outputCount}`,
    );
  }
  return {
    name,
    task,
    featureCount,
    outputCount,
    classNames,
    featureNames,
    ...(image === undefined ? {} : { image }),
    ...(schema === undefined ? {} : { schema }),
    ...(firstIndex === undefined ? {} : { firstIndex }),
    train: toSplit(train),
    ...(test === undefined ? {} : { test: toSplit(test) }),
  };
}

function outputsOf(samples: FileSamples): number {
  return samples.task === "classification"
    ? samples.classNames.length
    : samples.targets.length / samples.samples;
}

function toSplit({ samples, features, labels, targets, weights }: Split): Split {
  return { samples, features, labels, targets, ...(weights && { weights }) };
}

/** An epoch no training reaches, so that the draw is apart from the order of any epoch. */
const TEST_DRAW = 0xffff_fffe;

/**
 * Sets a random part of a data set's training samples aside for testing.
 *
 * The rows are moved within their arrays, so no memory is needed: the data set given must not be used any
 * more, both parts are views of its arrays. A function of the number of samples, the fraction and the seed alone.
 *
 * @param fraction Share of the samples to test with, from 0 (none) up to, not including, 1.
 * @param source What messages call the samples.
 * @throws {RangeError} When the fraction is out of range or one of the parts would be empty.
 */
export function splitTest(dataset: Dataset, fraction: number, seed: number, source: string): Dataset {
  requireTestFraction(fraction);
  if (fraction === 0) return dataset;
  const { samples, features, labels, targets, weights } = dataset.train;
  const size = Math.round(samples * fraction);
  const kept = samples - size;
  if (size === 0 || kept === 0) {
    throw new RangeError(
      `Cannot set test samples of "${source}" aside: a fraction of ${fraction} of ${samples} samples ` +
        `leaves ${kept} to train and ${size} to test, both need at least 1`,
    );
  }
  const order = new Uint32Array(samples);
  shuffle(order, seed, TEST_DRAW);
  const forTest = new Uint8Array(samples);
  for (let index = 0; index < size; index++) forTest[order[index]] = 1;
  // Each test sample in the front changes places with a training sample in the back.
  for (let front = 0, back = kept; front < kept; front++) {
    if (forTest[front] === 0) continue;
    while (forTest[back] === 1) back++;
    swapRows(features, samples, front, back);
    swapRows(labels, samples, front, back);
    swapRows(targets, samples, front, back);
    if (weights !== undefined) swapRows(weights, samples, front, back);
    back++;
  }
  const part = (first: number, end: number): Split => ({
    samples: end - first,
    features: rows(features, samples, first, end),
    labels: rows(labels, samples, first, end),
    targets: rows(targets, samples, first, end),
    ...(weights && { weights: rows(weights, samples, first, end) }),
  });
  return { ...dataset, train: part(0, kept), test: part(kept, samples) };
}

/** Refuses a share of test samples that is out of range. */
export function requireTestFraction(fraction: number): void {
  if (fraction >= 0 && fraction < 1) return;
  throw new RangeError(
    `Cannot set test samples aside: the fraction is ${fraction}, ` +
      `expected a value from 0 up to (not including) 1`,
  );
}

function swapRows(
  values: Float32Array | Uint8Array | Uint32Array,
  samples: number,
  one: number,
  two: number,
): void {
  const width = values.length / samples;
  const kept = values.slice(one * width, (one + 1) * width);
  values.copyWithin(one * width, two * width, (two + 1) * width);
  values.set(kept, two * width);
}

function rows<T extends Float32Array | Uint8Array | Uint32Array>(
  values: T,
  samples: number,
  first: number,
  end: number,
): T {
  const width = values.length / samples;
  return values.subarray(first * width, end * width) as T;
}

/**
 * Copies bytes into shared memory.
 */
export function shareBytes(bytes: Uint8Array): Uint8Array {
  const shared = sharedBytes(bytes.length);
  shared.set(bytes);
  return shared;
}

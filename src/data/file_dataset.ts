/**
 * The data set that the samples of one or two files make.
 *
 * @module
 */
import { shuffle } from "../native/random.ts";
import type { Dataset } from "./dataset.ts";
import { TEST_DRAW } from "./held_out.ts";
import type { FileSamples } from "./samples.ts";
import type { Split } from "./split.ts";

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

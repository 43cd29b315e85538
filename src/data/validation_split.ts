/**
 * Samples set aside from training to choose a model with.
 *
 * @module
 */
import { shuffle } from "../native/random.ts";
import { atOnce, type Pieces } from "../pieces.ts";
import { sharedBytes, sharedFloats, sharedWords } from "../sparse/shared.ts";
import type { Dataset, FeatureSource, Split } from "./dataset.ts";

/** The two parts {@linkcode splitValidation} makes of the training samples. */
export interface ValidationSplit {
  /** The samples to learn from. */
  readonly train: Split;
  /** The samples to choose a model with. */
  readonly validation: Split;
}

/** Features of the samples that are copied in one piece. */
const PIECE_NUMBERS = 1 << 18;

/** An epoch no training reaches, so that the draw is apart from the order of any epoch. */
const VALIDATION_DRAW = 0xffff_ffff;

/**
 * Sets a random part of the training samples aside to choose a model with.
 *
 * Each class gives its share (within one sample), and keeps at least one sample in training. Samples stay in
 * their order. Both parts are copies; a function of the data set, the fraction and the seed alone.
 *
 * @param fraction Share of the samples to set aside, above 0 and below 1.
 * @throws {RangeError} When the fraction is out of range, or one of the parts would be empty.
 */
export function splitValidation(dataset: Dataset, fraction: number, seed: number): ValidationSplit {
  return atOnce(validationPieces(dataset, fraction, seed));
}

/** As {@linkcode splitValidation}, a megabyte at a time. */
export function* validationPieces(dataset: Dataset, fraction: number, seed: number): Pieces<ValidationSplit> {
  const { train, featureCount, outputCount } = dataset;
  const { quota, size } = validationQuota(dataset, fraction);
  const chosen = chooseValidation(train, quota, seed);
  const outputs = dataset.task === "regression" ? outputCount : 0;
  return {
    train: yield* gatherPieces(train, chosen, 0, train.samples - size, featureCount, outputs),
    validation: yield* gatherPieces(train, chosen, 1, size, featureCount, outputs),
  };
}

/**
 * How many samples {@linkcode splitValidation} would leave to learn from; all with a fraction of 0.
 *
 * @throws {RangeError} As `splitValidation`.
 */
export function trainingSamples(dataset: Dataset, fraction: number): number {
  return dataset.train.samples - (fraction === 0 ? 0 : validationQuota(dataset, fraction).size);
}

/** How many samples of each class to set aside, and of all: neither none nor all. */
function validationQuota(dataset: Dataset, fraction: number): { quota: Float64Array; size: number } {
  const { train, outputCount } = dataset;
  if (!(fraction > 0 && fraction < 1)) {
    throw new RangeError(
      `Cannot set validation samples aside: the fraction is ${fraction}, expected a value between 0 and 1`,
    );
  }
  const counts = new Float64Array(dataset.task === "classification" ? outputCount : 1);
  for (let sample = 0; sample < train.samples; sample++) counts[classOf(train, sample)]++;
  const quota = Float64Array.from(
    counts,
    (count) => Math.min(Math.floor(count * fraction), Math.max(count - 1, 0)),
  );
  // Largest remainders get what rounding down has left over.
  let left = Math.round(train.samples * fraction) - quota.reduce((sum, value) => sum + value, 0);
  const byRemainder = Array.from(counts.keys()).sort((a, b) =>
    (counts[b] * fraction - quota[b]) - (counts[a] * fraction - quota[a]) || a - b
  );
  for (const index of byRemainder) {
    if (left > 0 && quota[index] < counts[index] - 1) {
      quota[index]++;
      left--;
    }
  }
  const size = quota.reduce((sum, count) => sum + count, 0);
  if (size === 0 || size === train.samples) {
    throw new RangeError(
      `Cannot set validation samples aside: a fraction of ${fraction} of ${train.samples} samples leaves ` +
        `${train.samples - size} to train and ${size} to validate, both need at least 1`,
    );
  }
  return { quota, size };
}

/** The class of a sample; 0 for regression. */
function classOf(split: Split, sample: number): number {
  return split.labels.length === 0 ? 0 : split.labels[sample];
}

/** Marks the samples to set aside with 1: of each class as many as the quota, which is used up. */
function chooseValidation(train: Split, quota: Float64Array, seed: number): Uint8Array {
  const order = new Uint32Array(train.samples);
  shuffle(order, seed, VALIDATION_DRAW);
  const chosen = new Uint8Array(train.samples);
  for (const sample of order) {
    if (quota[classOf(train, sample)] > 0) {
      quota[classOf(train, sample)]--;
      chosen[sample] = 1;
    }
  }
  return chosen;
}

/** The samples whose flag is `part`: copies of them, or a source that knows them by their place. */
export function gather(
  from: Split,
  flags: Uint8Array,
  part: number,
  samples: number,
  featureCount: number,
  outputs: number,
): Split {
  return atOnce(gatherPieces(from, flags, part, samples, featureCount, outputs));
}

/** As {@linkcode gather}, a megabyte at a time. */
function* gatherPieces(
  from: Split,
  flags: Uint8Array,
  part: number,
  samples: number,
  featureCount: number,
  outputs: number,
): Pieces<Split> {
  const rows = Math.ceil(PIECE_NUMBERS / featureCount);
  const { source } = from;
  const kept = source === undefined ? samples * featureCount : 0;
  const features = from.features instanceof Uint8Array ? sharedBytes(kept) : sharedFloats(kept);
  const labels = sharedWords(from.labels.length === 0 ? 0 : samples);
  const targets = sharedFloats(samples * outputs);
  const weights = from.weights && sharedFloats(samples);
  const chosen = sharedWords(source === undefined ? 0 : samples);
  let next = 0;
  for (let sample = 0; sample < from.samples; sample++) {
    if (sample % rows === 0) yield;
    if (flags[sample] !== part) continue;
    if (source === undefined) {
      const row = from.features.subarray(sample * featureCount, (sample + 1) * featureCount);
      features.set(row, next * featureCount);
    } else chosen[next] = sample;
    if (labels.length > 0) labels[next] = from.labels[sample];
    if (weights !== undefined) weights[next] = from.weights![sample];
    targets.set(from.targets.subarray(sample * outputs, (sample + 1) * outputs), next * outputs);
    next++;
  }
  const split = { samples, features, labels, targets, ...(weights && { weights }) };
  if (source === undefined) return split;
  const gather: FeatureSource["gather"] = (order, made, threads) =>
    source.gather(order.map((place) => chosen[place]), made, threads);
  return { ...split, source: { gather } };
}

/**
 * Statistics of the features of a split, with which its samples get zero mean and unit variance.
 *
 * @module
 */
import {
  type Standardization,
  standardize,
  standardizePart,
  STATISTICS_ROWS,
} from "../native/standardize.ts";
import { atOnce, type Pieces } from "../pieces.ts";
import { sharedFloats } from "../sparse/shared.ts";
import type { Split } from "./split.ts";

/**
 * What is scaled alike: `each` feature by itself, the paper's way, or all in `common`, for features of one kind, such as
 * pixels, of which the rarely lit ones else become large.
 */
export type FeatureScale = "each" | "common";

/**
 * Gives all features that vary one scale, one over the root of the mean of their variances; changes `scale`.
 *
 * Deviation: the paper scales each feature by itself (§4.1).
 */
export function shareScale({ scale }: Standardization): void {
  let [variance, varying] = [0, 0];
  for (const value of scale) {
    if (value === 0) continue;
    variance += 1 / value ** 2;
    varying++;
  }
  const common = Math.sqrt(varying / variance);
  for (let feature = 0; feature < scale.length; feature++) if (scale[feature] !== 0) scale[feature] = common;
}

/** Whether all features that vary have one scale. */
export function hasSharedScale({ scale }: Standardization): boolean {
  const first = scale.find((value) => value !== 0);
  return scale.every((value) => value === 0 || value === first);
}

/**
 * Finds mean and scale of each feature, with which samples get zero mean and unit variance.
 *
 * Two passes with sums in f64; a feature that is constant, or constant up to the rounding of f32, has scale 0.
 * The same bits for any number of threads. Cost: two reads of the features.
 *
 * Paper: §4.1 (features standardised to zero mean and unit variance), with the statistics of the training set.
 *
 * @param features Shape `[samples, featureCount]`; not modified.
 * @param threads Most threads to use.
 * @throws {TypeError} When the array does not have `samples * featureCount` elements.
 * @throws {RangeError} When there is no sample, or a feature is not finite.
 */
export function standardization(
  features: Float32Array | Uint8Array,
  samples: number,
  featureCount: number,
  threads = 1,
): Standardization {
  if (features.length !== samples * featureCount) {
    throw new TypeError(
      `Cannot standardise the features: there are ${features.length} numbers, ${samples} samples of ` +
        `${featureCount} features have ${samples * featureCount}`,
    );
  }
  const mean = sharedFloats(featureCount);
  const scale = sharedFloats(featureCount);
  standardize(features, samples, mean, scale, threads);
  return { mean, scale };
}

/** Numbers that are looked at, or that a source makes, at once while statistics are found. */
const PART_NUMBERS = 1 << 23;

/**
 * As {@linkcode standardization}, of a split whose features may come from a source, in pieces: the same bits, from two
 * passes over the features, a part of the samples at a time.
 *
 * @param onProgress Called between parts, with samples done and to do; each counts twice.
 */
export function* standardizationPieces(
  split: Split,
  featureCount: number,
  threads = 1,
  onProgress?: (done: number, total: number) => void,
): Pieces<Standardization> {
  const { samples, features, source } = split;
  if (source === undefined && features.length <= PART_NUMBERS) {
    return standardization(features, samples, featureCount, threads);
  }
  const [mean, scale] = [sharedFloats(featureCount), sharedFloats(featureCount)];
  const state = new Float64Array(STATISTICS_ROWS * featureCount);
  const size = Math.min(samples, Math.max(1, Math.floor(PART_NUMBERS / featureCount)));
  const made = sharedFloats(source === undefined ? 0 : size * featureCount);
  for (const squares of [false, true]) {
    for (let first = 0; first < samples; first += size) {
      const count = Math.min(size, samples - first);
      const raw = made.subarray(0, source === undefined ? 0 : count * featureCount);
      source?.gather(Uint32Array.from({ length: count }, (_, row) => first + row), raw, threads);
      const part = source === undefined
        ? features.subarray(first * featureCount, (first + count) * featureCount)
        : raw;
      standardizePart(part, { first, samples, squares }, state, mean, scale, threads);
      onProgress?.((squares ? samples : 0) + first + count, 2 * samples);
      yield;
    }
  }
  return { mean, scale };
}

/** As {@linkcode standardizationPieces}, all at once. */
export function standardizationOf(
  split: Split,
  featureCount: number,
  threads = 1,
  onProgress?: (done: number, total: number) => void,
): Standardization {
  return atOnce(standardizationPieces(split, featureCount, threads, onProgress));
}

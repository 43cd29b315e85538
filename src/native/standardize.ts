/**
 * Standardisation of features: what it is, and the statistics it takes.
 *
 * @module
 */
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";

/** Raw features that enter a network, where others do not. */
export interface FeatureSelection {
  /** Raw features of a sample. */
  readonly featureCount: number;
  /** Index of the raw feature behind each input, ascending, shape `[inputs]`. */
  readonly features: Uint32Array;
}

/** How raw features become the inputs of a network: `(x − mean) · scale`. */
export interface Standardization {
  /** Mean of each feature, shape `[features]`. */
  readonly mean: Float32Array;
  /** One over the population standard deviation of each feature, 0 for a constant one; shape `[features]`. */
  readonly scale: Float32Array;
  /** The raw features that mean and scale are of, where a compacted network leaves others out. */
  readonly selection?: FeatureSelection;
}

/** Samples a batch is made of, and how their features are scaled. */
export interface BatchSource extends Standardization {
  /** `[samples][features]`, raw. */
  readonly features: Float32Array | Uint8Array;
}

/** Numbers a feature that {@linkcode standardizePart} keeps between two calls: its mean, and sums of blocks. */
export const STATISTICS_ROWS = 17;

/** Where a part of the samples stands among all of them. */
export interface SamplePart {
  /** Number of its first sample. */
  readonly first: number;
  /** Samples of all parts together. */
  readonly samples: number;
  /** Whether this is the second time that the samples come by. */
  readonly squares: boolean;
}

/**
 * Takes a part of the samples into account: all parts come in order, then all of them again. The same bits however the
 * samples are cut.
 *
 * @param features `[samples of the part, features]`.
 * @param state {@linkcode STATISTICS_ROWS} numbers a feature, kept between the calls.
 * @param mean Written by the last call, as is `scale`; `[features]` each.
 */
export function standardizePart(
  features: Float32Array | Uint8Array,
  { first, samples, squares }: SamplePart,
  state: Float64Array,
  mean: Float32Array,
  scale: Float32Array,
  threads: number,
): void {
  const status = kernels().ts_standardize_part(
    buffer(features),
    features.length,
    features instanceof Uint8Array,
    first,
    samples,
    squares,
    buffer(state),
    state.length,
    buffer(mean),
    mean.length,
    buffer(scale),
    scale.length,
    threads,
  );
  check(status, "standardise the features");
}

/**
 * Finds mean and scale of each feature of samples that are all there: the two passes of {@linkcode standardizePart}.
 *
 * @param mean Written, as is `scale`; `[features]` each.
 */
export function standardize(
  features: Float32Array | Uint8Array,
  samples: number,
  mean: Float32Array,
  scale: Float32Array,
  threads: number,
): void {
  const state = new Float64Array(STATISTICS_ROWS * mean.length);
  for (const squares of [false, true]) {
    standardizePart(features, { first: 0, samples, squares }, state, mean, scale, threads);
  }
}

/**
 * Predictions of raw samples.
 *
 * @module
 */
import { firstUnfit } from "../finite.ts";
import { sourceArguments } from "./batch.ts";
import type { BatchSource } from "./standardize.ts";
import { kernels } from "./library.ts";
import { buffer, check, NOT_FINITE } from "./status.ts";
import { networkArguments, type NetworkMemory } from "./layout.ts";
import { unusableFeature, unusableSample } from "./unusable_feature.ts";

/** What outputs can become; the place in the list is the code the kernels know it by. */
const WANTED = ["outputs", "softmax", "sigmoid"] as const;

/** How predictions are made. */
export interface PredictionSettings {
  /** What is asked for: the outputs as they are, or probabilities made of them. */
  readonly wanted: typeof WANTED[number];
  /** Samples a tile: a multiple of 16, at most 128. */
  readonly width: number;
  readonly threads: number;
}

/**
 * Writes the outputs of all samples, `[samples][outputs]`.
 *
 * @param network Layout table, slopes, and an arena laid out as in `kernels/src/network/inference.rs`.
 * @param work At least `width` · (inputs + 2 · the largest layer) words a thread.
 * @throws {FeatureError} When a feature is not finite once it is standardised, or the outputs of a sample are not.
 * @throws {TypeError} When lengths do not agree.
 */
export function predict(
  network: NetworkMemory,
  source: BatchSource,
  settings: PredictionSettings,
  work: Uint32Array,
  outputs: Float32Array,
): void {
  const { mean, scale } = source;
  const status = kernels().ts_predict(
    ...networkArguments(network, "predict"),
    ...sourceArguments(source),
    buffer(mean),
    buffer(scale),
    mean.length,
    WANTED.indexOf(settings.wanted),
    settings.width,
    settings.threads,
    buffer(work),
    work.length,
    buffer(outputs),
    outputs.length,
  );
  if (status === NOT_FINITE) {
    const samples = Array.from({ length: samplesOf(source) }, (_, sample) => sample);
    const unusable = unusableFeature("predict", source, samples);
    if (unusable !== undefined) throw unusable;
  }
  check(status, "predict");
  const place = firstUnfit(outputs);
  if (place < 0) return;
  const outputCount = outputs.length / samplesOf(source);
  throw unusableSample("predict", source, Math.floor(place / outputCount));
}

function samplesOf({ features, mean, selection }: BatchSource): number {
  return features.length / (selection?.featureCount ?? mean.length);
}

/**
 * Predictions of raw samples.
 *
 * @module
 */
import { type BatchSource, sourceArguments } from "./batch.ts";
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";
import { networkArguments, type NetworkMemory } from "./layout.ts";

/** How predictions are made. */
export interface PredictionSettings {
  /** Whether outputs become probabilities. */
  readonly softmax: boolean;
  /** Samples a tile: a multiple of 16, at most 128. */
  readonly width: number;
  readonly threads: number;
}

/**
 * Writes the outputs of all samples, `[samples][outputs]`.
 *
 * @param network Layout table, slopes, and an arena laid out as in `kernels/src/network/inference.rs`.
 * @param work At least `width` · (inputs + 2 · the largest layer) words a thread.
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
    settings.softmax ? 1 : 0,
    settings.width,
    settings.threads,
    buffer(work),
    work.length,
    buffer(outputs),
    outputs.length,
  );
  check(status, "predict");
}

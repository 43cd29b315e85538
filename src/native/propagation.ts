/**
 * Forward propagation of chosen samples through some layers.
 *
 * @module
 */
import { sourceArguments } from "./batch.ts";
import { networkArguments, type NetworkMemory } from "./layout.ts";
import { kernels } from "./library.ts";
import type { BatchSource } from "./standardize.ts";
import { buffer, check, NOT_FINITE } from "./status.ts";
import { unusableFeature } from "./unusable_feature.ts";

/** How samples pass through the layers. */
export interface PropagationSettings {
  /** Whether a sample whose activations are all zero after a layer drops out; zeros must stay zeros in each layer. */
  readonly drop: boolean;
  /** Samples a tile: a multiple of 16, at most 128. */
  readonly width: number;
  readonly threads: number;
}

/**
 * Writes the activations after the last layer, `[order][neurons]`, and the sum of their magnitudes, `[order]`: 0 for
 * samples that dropped out, whose activations are not written.
 *
 * @param network Layout table, slopes, and an arena as of a model for prediction.
 * @param order Numbers of the samples in `source`.
 * @param work At least 2 · `width` · the widest layer words a thread; with fewer, fewer threads work.
 * @throws {FeatureError} When a feature is not finite.
 * @throws {TypeError} When lengths do not agree, or a connection comes from an input that the layer does not have.
 */
export function propagateSamples(
  network: NetworkMemory,
  source: BatchSource,
  order: Uint32Array,
  { drop, width, threads }: PropagationSettings,
  work: Uint32Array,
  outputs: Float32Array,
  magnitudes: Float32Array,
): void {
  const { mean, scale } = source;
  const status = kernels().ts_propagate(
    ...networkArguments(network, "propagate"),
    ...sourceArguments(source),
    buffer(order),
    order.length,
    buffer(mean),
    buffer(scale),
    mean.length,
    drop ? 1 : 0,
    width,
    threads,
    buffer(work),
    work.length,
    buffer(outputs),
    outputs.length,
    buffer(magnitudes),
    magnitudes.length,
  );
  const unusable = status === NOT_FINITE ? unusableFeature("propagate", source, order) : undefined;
  if (unusable !== undefined) throw unusable;
  check(status, "propagate");
}

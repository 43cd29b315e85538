/**
 * How a batch is cut into tiles that pass through the network one after another.
 *
 * @module
 */

/** Vectors hold 16 samples. */
const LANES = 16;
/** The widest tile kernels take. */
export const MAX_TILE = 128;
/** Activations and deltas of two neighbouring layers should stay in the second-level cache. */
const CACHE_BYTES = 2 * 2 ** 20;

/** Rounds a number of samples up to whole vectors. */
export function paddedSamples(samples: number): number {
  return Math.ceil(samples / LANES) * LANES;
}

/**
 * Samples a tile: the widest of 128, 64 and 32 that keeps two neighbouring layers in the cache, 64 where none does.
 *
 * It depends on the sizes alone, never on threads, so that results do not either.
 *
 * @param sizes Neurons of each layer, input first.
 * @param batchSize Samples of a batch.
 * @param microBatch The most samples a tile may have, to save memory; rounded up to a multiple of 16.
 */
export function tileWidth(sizes: readonly number[], batchSize: number, microBatch = MAX_TILE): number {
  const widest = Math.max(...sizes.slice(1).map((neurons, layer) => neurons + sizes[layer]));
  const fits = (width: number) => 4 * widest * width <= CACHE_BYTES;
  const preferred = fits(128) ? 128 : fits(64) || !fits(32) ? 64 : 32;
  return Math.min(preferred, paddedSamples(batchSize), paddedSamples(microBatch));
}

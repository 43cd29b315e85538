/**
 * How a batch is cut into tiles that pass through the network one after another.
 *
 * @module
 */

import { widestTile } from "../native/tile.ts";

/** Vectors hold 16 samples. */
const LANES = 16;
/** The widest tile kernels take. */
export const MAX_TILE = 128;
/** Samples whose gradients are summed before those of the next are added: a tile holds one such half, or two. */
const HALF_TILE = 64;
/** Activations and deltas of two neighbouring layers should stay in the second-level cache. */
const CACHE_BYTES = 2 * 2 ** 20;
/** Widths of tiles that are thought of, widest first. */
const CACHE_TILES = [128, 64, 32];

/** Rounds a number of samples up to whole vectors. */
export function paddedSamples(samples: number): number {
  return Math.ceil(samples / LANES) * LANES;
}

/** The narrowest tile that holds so many samples; tiles of bfloat16 are 16, 32, 64 or 128 wide. */
export function narrowestTile(samples: number, activationStorage: "f32" | "bf16" = "f32"): number {
  const width = paddedSamples(samples);
  return activationStorage === "f32" ? width : LANES * 2 ** Math.ceil(Math.log2(width / LANES));
}

/**
 * Samples of the widest tile, 128, 64 or 32, with which two neighbouring layers stay in the cache; 0 where none does.
 *
 * @param sizes Neurons of each layer, input first.
 */
export function cacheTile(sizes: readonly number[]): number {
  const widest = Math.max(...sizes.slice(1).map((neurons, layer) => neurons + sizes[layer]));
  return CACHE_TILES.find((width) => 4 * widest * width <= CACHE_BYTES) ?? 0;
}

/** What may narrow a tile. */
export interface TileOptions {
  /**
   * The most samples a tile may have, to save memory; rounded up to a multiple of 16, and where layers stay in the cache
   * and more than 64 do not hold the batch, down to 64. @default {128}
   */
  readonly microBatch?: number | undefined;
  /** How activations are kept; tiles of bfloat16 are 16, 32, 64 or 128 wide. @default {"f32"} */
  readonly activationStorage?: "f32" | "bf16" | undefined;
  /** What suits the caches, where the sizes are no longer those a run began with. @default {cacheTile(sizes)} */
  readonly cacheTile?: number | undefined;
}

/**
 * Samples a tile: the widest of 128, 64 and 32 that keeps two neighbouring layers in the cache. Where none does, 64, or
 * what a micro-batch allows: then the fewest passes over the parameters are best.
 *
 * It depends on the sizes alone, never on threads or the processor, so that results do not either: the optimiser takes
 * the gradients of a tile together.
 *
 * @param sizes Neurons of each layer, input first.
 * @param batchSize Samples of a batch.
 */
export function tileWidth(sizes: readonly number[], batchSize: number, options: TileOptions = {}): number {
  const { microBatch = MAX_TILE, activationStorage = "f32" } = options;
  const cached = options.cacheTile ?? cacheTile(sizes);
  const preferred = cached || (options.microBatch === undefined ? HALF_TILE : MAX_TILE);
  const batch = paddedSamples(batchSize);
  const width = Math.min(preferred, batch, paddedSamples(microBatch));
  // Tiles that may pass in halves follow one another: all but the last are one half or two.
  if (cached > 0 && width > HALF_TILE && width < Math.min(batch, MAX_TILE)) return HALF_TILE;
  return activationStorage === "f32" ? width : LANES * 2 ** Math.floor(Math.log2(width / LANES));
}

/**
 * Samples that pass through a network at once: a tile, or half of one where registers hold no more and the layers stay in
 * the cache. Results do not depend on it.
 *
 * @param widest Samples that suit the registers, 64 or 128.
 */
export function passWidth(
  sizes: readonly number[],
  batchSize: number,
  options: TileOptions = {},
  widest: number = widestTile(),
): number {
  const tile = tileWidth(sizes, batchSize, options);
  return (options.cacheTile ?? cacheTile(sizes)) > 0 ? Math.min(tile, widest) : tile;
}

/** Bytes of work memory that a prediction does not pass, unless one vector of samples needs more. */
const PREDICTION_BYTES = 2 ** 31;

/** How a prediction is cut: samples a tile, and how many tiles are worked on at once. */
export interface PredictionTiles {
  readonly width: number;
  readonly slots: number;
  /** Words of work memory: the features of each tile, and the activations of two layers. */
  readonly words: number;
}

/**
 * Tiles of a prediction: a small batch is cut so that each thread gets one; those of huge layers are fewer and narrower,
 * and threads then share their rows. Results do not depend on it, memory does not on how deep the network is.
 */
export function predictionTiles(
  sizes: readonly number[],
  samples: number,
  threads: number,
): PredictionTiles {
  const sampleWords = sizes[0] + 2 * Math.max(...sizes.slice(1));
  const vectors = Math.max(1, Math.floor(PREDICTION_BYTES / (4 * LANES * sampleWords)));
  const preferred = tileWidth(sizes, paddedSamples(Math.ceil(samples / threads)));
  const width = Math.min(preferred, LANES * vectors);
  const slots = Math.max(
    1,
    Math.min(threads, Math.ceil(samples / width), Math.floor(LANES * vectors / width)),
  );
  return { width, slots, words: slots * width * sampleWords };
}

/**
 * Which features of the samples go together: the start of a first layer.
 *
 * @module
 */
import { gatherBatch } from "../native/batch.ts";
import type { Places } from "../native/grow.ts";
import { standardize } from "../native/standardize.ts";
import { addProducts, keepCorrelated } from "../native/start.ts";
import { sharedFloats } from "./shared.ts";

/** Samples whose features are correlated. */
export interface CorrelatedSamples {
  /** Shape `[samples, featureCount]`, raw. */
  readonly features: Float32Array | Uint8Array;
  readonly samples: number;
  readonly featureCount: number;
}

/** The most products of two features of a sample that are formed: some minutes of work. */
const MOST_PRODUCTS = 2e13;

/** Bytes of sums that are held at once. */
const SUM_BYTES = 2 ** 26;
/** Samples of a tile, and tiles at once. */
const WIDTH = 512, TILES = 4;

/**
 * The places (input, neuron) of a first layer where |Pearson's correlation| between the feature of the input and the one
 * that the neuron stands for is largest.
 *
 * Neuron j stands for feature j mod n; where m is no multiple of n, those of the last, shorter round stand for features
 * spread evenly. An input makes no place with a neuron that stands for itself, nor a constant feature with any. Of equal
 * correlations the first in matrix order stays. Sums in f64 of blocks in f32; the same for any number of threads.
 *
 * Source: Zhang et al. 2024 ("Correlated Sparse Topological Initialization"), whose code takes the places of the largest
 * |correlation| of the whole tiled matrix, as this does. Cost: samples · n²/2 products; 64 MiB of sums whatever n is, 8
 * KiB a feature of samples, 44 bytes a place.
 *
 * @param options Neurons of the layer; how many places are wanted, of which there may be fewer; progress in [0, 1].
 * @throws {RangeError} When that would be more products than {@linkcode MOST_PRODUCTS}, or a feature is not finite.
 */
export function correlatedPlaces(
  { features, samples, featureCount: n }: CorrelatedSamples,
  { neurons, count, threads = 1, onProgress }: {
    readonly neurons: number;
    readonly count: number;
    readonly threads?: number;
    readonly onProgress?: ((share: number) => void) | undefined;
  },
): Places {
  const products = samples * n * (n + 1) / 2;
  if (products > MOST_PRODUCTS) {
    throw new RangeError(
      `Cannot correlate ${n} features of ${samples} samples: ${
        products.toExponential(1)
      } products are more than ` +
        `${MOST_PRODUCTS.toExponential(0)}; choose another start, or make the model for fewer samples`,
    );
  }
  const [mean, scale] = [sharedFloats(n), sharedFloats(n)];
  standardize(features, samples, mean, scale, threads);
  const source = { features, mean, scale };
  const most = Math.min(n, Math.max(4, Math.floor(SUM_BYTES / 8 / n / 4) * 4));
  const best = {
    scores: new Float32Array(count),
    rows: new Uint32Array(count),
    columns: new Uint32Array(count),
    count: 0,
  };
  const tiles = new Float32Array(TILES * WIDTH * n);
  let done = 0;
  for (let first = 0; first < n; first += most) {
    const rows = Math.min(most, n - first);
    const sums = new Float64Array(rows * n);
    for (let start = 0; start < samples; start += TILES * WIDTH) {
      const size = Math.min(TILES * WIDTH, samples - start);
      const used = tiles.subarray(0, Math.ceil(size / WIDTH) * WIDTH * n);
      const order = Uint32Array.from({ length: size }, (_, sample) => start + sample);
      gatherBatch(source, order, WIDTH, threads, used);
      addProducts(used, { width: WIDTH, features: n, first, threads }, sums);
      // Each row has products with the features from its own on.
      done += size * rows * (n - first - (rows - 1) / 2);
      onProgress?.(Math.min(1, done / products));
    }
    keepCorrelated(best, sums, { features: n, first, samples, neurons });
  }
  return { rows: best.rows.subarray(0, best.count), columns: best.columns.subarray(0, best.count) };
}

/**
 * Where the first connections of a layer stand: on a ring around each neuron, or where features go together.
 *
 * @module
 */
import type { Places } from "./grow.ts";
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";

/** The most inputs of a layer of receptive fields. */
export const MOST_RING_INPUTS: number = 2 ** 24;

/** A layer of receptive fields. */
export interface RingLaw {
  readonly inputs: number;
  readonly neurons: number;
  /** Probability falls as (1 + distance)^−exponent, from 0 to Infinity. */
  readonly exponent: number;
  readonly seed: number;
  readonly layer: number;
  readonly threads?: number;
}

/** Draws the places of exactly `count` connections, each neuron's near its own on a ring, in matrix order. O(count·log n). */
export function ringPlaces(law: RingLaw, count: number): Places {
  const { inputs, neurons, exponent, seed, layer, threads = 1 } = law;
  const places = { rows: new Uint32Array(count), columns: new Uint32Array(count) };
  const status = kernels().ts_ring_places(
    ...[inputs, neurons, exponent, seed, layer] as const,
    ...[places.rows, places.columns, count, threads] as const,
  );
  check(status, "draw the receptive fields of a layer");
  return places;
}

/**
 * Adds the products of features `first` and those behind it with all features from each on: `sums[r][j] += Σ x[first + r]·x[j]`.
 *
 * @param tiles Standardised samples, `[tiles][features][width]`.
 * @param sums `[rows][features]`; what stands before a row's own feature has no meaning.
 */
export function addProducts(
  tiles: Float32Array,
  { width, features, first, threads }: {
    readonly width: number;
    readonly features: number;
    readonly first: number;
    readonly threads: number;
  },
  sums: Float64Array,
): void {
  const status = kernels().ts_add_products(
    buffer(tiles),
    ...[tiles.length, width, features, first] as const,
    buffer(sums),
    ...[sums.length, threads] as const,
  );
  check(status, "correlate the features");
}

/** The places of the largest correlations so far: lists with room for all that are wanted, of which `count` are filled. */
export interface CorrelatedPlaces extends Places {
  readonly scores: Float32Array;
  count: number;
}

/**
 * Puts the places of some rows of sums among the best so far.
 *
 * A place is an input and a neuron; it scores as the feature of the input and the one that the neuron stands for. Those of
 * one feature are none. 32 bytes of scratch a place kept.
 *
 * @param options `first` feature of the sums; neurons that there are; samples that were summed.
 */
export function keepCorrelated(
  best: CorrelatedPlaces,
  sums: Float64Array,
  { features, first, samples, neurons }: {
    readonly features: number;
    readonly first: number;
    readonly samples: number;
    readonly neurons: number;
  },
): void {
  const drawn = new Float64Array([best.count]);
  const status = kernels().ts_keep_correlated(
    buffer(sums),
    ...[sums.length, features, first, samples, neurons] as const,
    ...[buffer(best.scores), buffer(best.rows), buffer(best.columns), best.rows.length, drawn] as const,
  );
  check(status, "choose the largest correlations");
  best.count = drawn[0];
}

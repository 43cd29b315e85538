/**
 * New connections: absent places, and what is inserted there.
 *
 * @module
 */
import { changedCount, connectionArguments, type OutgoingArrays } from "./csr.ts";
import { kindCode, type ValueLaw } from "./init.ts";
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";

/** Where the random numbers of a topology change come from. */
export interface GrowthPlace {
  /** Seed of the run. */
  readonly seed: number;
  /** Epoch after which the topology changes. */
  readonly epoch: number;
  /** Number of the layer, as the model counts them. */
  readonly layer: number;
  /**
   * Threads of the kernels; they do not change the result.
   *
   * @default {1}
   */
  readonly threads?: number;
}

/** What a new connection begins with. */
export interface Seedling {
  /** Law of its weight; a scale of 0 makes it 0. */
  readonly weights: ValueLaw;
  /** What each plane of its state begins with; planes beyond the list begin at 0. */
  readonly fresh?: readonly ("zero" | "mean")[];
}

/** Places of a layer in matrix order: a row (input neuron) and a column (target neuron) each. */
export interface Places {
  /** Input neuron of each place. */
  readonly rows: Uint32Array;
  /** Target neuron of each place. */
  readonly columns: Uint32Array;
}

const TASK = "grow connections";

function seedlingArguments({ weights, fresh = [] }: Seedling): readonly [number, number, number] {
  const meanPlanes = fresh.reduce((bits, start, plane) => start === "mean" ? bits | (1 << plane) : bits, 0);
  return [kindCode(weights), weights.scale, meanPlanes];
}

function growthArguments(place: GrowthPlace): readonly [number, number, number, number] {
  return [place.seed, place.epoch, place.layer, place.threads ?? 1];
}

/** Adds `count` connections at random absent places, fewer where fewer are absent; returns the new nnz. */
export function growRandom(
  layer: OutgoingArrays,
  count: number,
  seedling: Seedling,
  place: GrowthPlace,
): number {
  const connections = connectionArguments(layer, TASK);
  const before = layer.indptr[layer.inputs];
  const status = kernels().ts_grow_random(
    ...connections,
    layer.neurons,
    count,
    ...seedlingArguments(seedling),
    ...growthArguments(place),
  );
  check(status, TASK);
  return changedCount(layer, before);
}

/**
 * Adds a connection at each of the places, in place; the incoming view is to be rebuilt. O(nnz + places).
 *
 * @param layer Its `indptr` and other arrays are changed, its `nnz` is not.
 * @returns The new nnz.
 * @throws {TypeError} When a place is taken, repeated, out of order or outside the layer, or there is no room.
 */
export function insertConnections(
  layer: OutgoingArrays,
  { rows, columns }: Places,
  seedling: Seedling,
  place: GrowthPlace,
): number {
  if (rows.length !== columns.length) {
    throw new TypeError(`Cannot ${TASK}: there are ${rows.length} rows and ${columns.length} columns`);
  }
  const connections = connectionArguments(layer, TASK);
  const before = layer.indptr[layer.inputs];
  const status = kernels().ts_insert(
    ...connections,
    layer.neurons,
    buffer(rows),
    buffer(columns),
    rows.length,
    ...seedlingArguments(seedling),
    ...growthArguments(place),
  );
  check(status, TASK);
  return changedCount(layer, before);
}

/**
 * Draws distinct absent places uniformly, a function of `place` alone but for its threads. O(inputs + nnz + count).
 *
 * @param layer Not changed.
 * @param count How many; where fewer are absent, all of them are given.
 * @returns The places in matrix order.
 * @throws {RangeError} When count is no whole number of at least 0.
 */
export function absentPlaces(
  layer: Pick<OutgoingArrays, "neurons" | "indptr" | "indices">,
  count: number,
  place: GrowthPlace,
): Places {
  const absent = layer.neurons * (layer.indptr.length - 1) - layer.indptr[layer.indptr.length - 1];
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(
      `Cannot draw absent places: count is ${count}, expected a whole number of at least 0`,
    );
  }
  const most = Math.min(count, Math.max(0, absent));
  const [rows, columns, drawn] = [new Uint32Array(most), new Uint32Array(most), new Float64Array(1)];
  const status = kernels().ts_absent_places(
    buffer(layer.indptr),
    layer.indptr.length,
    buffer(layer.indices),
    layer.indices.length,
    layer.neurons,
    rows,
    columns,
    most,
    ...growthArguments(place),
    drawn,
  );
  check(status, "draw absent places");
  return { rows: rows.subarray(0, drawn[0]), columns: columns.subarray(0, drawn[0]) };
}

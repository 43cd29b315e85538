/**
 * New connections: absent places, and what is inserted there.
 *
 * @module
 */
import {
  readWhole,
  resolveOptions,
  SEED,
  settingsOf,
  type TableOf,
  THREADS,
  unfit,
} from "../hyperparameter.ts";
import { readByName, readItems } from "../value.ts";
import { readIndices } from "../numbers.ts";
import { changeConnections, type OutgoingArrays, requireRowStarts } from "./csr.ts";
import { kindCode, VALUE_LAW, type ValueLaw } from "./init.ts";
import { kernels } from "./library.ts";
import { buffer, check, expectKind } from "./status.ts";

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

/** Not one place. */
export const NO_PLACES: Places = { rows: new Uint32Array(0), columns: new Uint32Array(0) };

const TASK = "grow connections";

/** Rows of {@linkcode GrowthPlace}. */
const GROWTH_PLACE = {
  seed: { ...SEED, required: true },
  epoch: { kind: "whole", least: 0, required: true, doc: "Epoch after which the topology changes." },
  layer: { kind: "whole", least: 0, below: 2 ** 32, required: true, doc: "Number of the layer." },
  threads: THREADS,
} as const satisfies TableOf<GrowthPlace>;

/** What is asked of a rule may have more names than these. */
function seedlingArguments(seedling: Seedling): readonly [number, number, number] {
  const { weights, fresh = [] } = readByName(seedling, ["weights", "fresh"], TASK, "seedling.");
  const law = settingsOf(VALUE_LAW)(weights, { task: TASK, name: "weights" }) as unknown as ValueLaw;
  const starts = readItems(fresh, { task: TASK, name: "fresh" }, 32);
  const meanPlanes = starts.reduce<number>((bits, start, plane) => {
    if (start !== "zero" && start !== "mean") {
      throw unfit({ task: TASK, name: `fresh[${plane}]` }, start, "zero or mean");
    }
    return start === "mean" ? bits | (1 << plane) : bits;
  }, 0);
  return [kindCode(law), law.scale, meanPlanes];
}

function columnsOf({ neurons }: OutgoingArrays): number {
  return readWhole(neurons, { task: TASK, name: "layer.neurons" }, { least: 0, below: 2 ** 32 });
}

/** A place as kernels take it. */
export function growthArguments(place: GrowthPlace, task: string): readonly [number, number, number, number] {
  const { seed, epoch, layer, threads } = resolveOptions(GROWTH_PLACE, place, { task }) as Required<
    GrowthPlace
  >;
  return [seed, epoch, layer, threads];
}

/**
 * Has a kernel draw places.
 *
 * @param most The most that it may draw.
 * @param kernel Calls it with room for so many and for their number, and returns its status.
 * @returns Those that it has drawn.
 */
export function drawnPlaces(
  most: number,
  task: string,
  kernel: (rows: BufferSource, columns: BufferSource, drawn: BufferSource) => number,
): Places {
  const [rows, columns, drawn] = [...roomFor(most, task), new Float64Array(1)] as const;
  check(kernel(buffer(rows), buffer(columns), drawn), task);
  return { rows: rows.subarray(0, drawn[0]), columns: columns.subarray(0, drawn[0]) };
}

/** Rows and columns of so many places. */
function roomFor(places: number, task: string): [Uint32Array, Uint32Array] {
  try {
    return [new Uint32Array(places), new Uint32Array(places)];
  } catch (cause) {
    throw new RangeError(
      `Cannot ${task}: ${places} need ${8 * places} bytes, more than can be had; fewer are needed`,
      { cause },
    );
  }
}

/** Rows and columns as kernels read them; other whole numbers are copied. */
export function readPlaces(places: Places, task: string): Places {
  const { rows, columns } = readByName(places, ["rows", "columns"], task, "places.");
  return {
    rows: readIndices(rows, { task, name: "rows" }),
    columns: readIndices(columns, { task, name: "columns" }),
  };
}

/** Adds `count` connections at random absent places, fewer where fewer are absent; returns the new nnz. */
export function growRandom(
  layer: OutgoingArrays,
  count: number,
  seedling: Seedling,
  place: GrowthPlace,
): number {
  return changeConnections(layer, TASK, (target) =>
    kernels().ts_grow_random(
      ...target,
      columnsOf(layer),
      readWhole(count, { task: TASK, name: "count" }),
      ...seedlingArguments(seedling),
      ...growthArguments(place, TASK),
    ));
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
  places: Places,
  seedling: Seedling,
  place: GrowthPlace,
): number {
  const { rows, columns } = readPlaces(places, TASK);
  if (rows.length !== columns.length) {
    throw new TypeError(`Cannot ${TASK}: there are ${rows.length} rows and ${columns.length} columns`);
  }
  return changeConnections(layer, TASK, (target) =>
    kernels().ts_insert(
      ...target,
      columnsOf(layer),
      buffer(rows),
      buffer(columns),
      rows.length,
      ...seedlingArguments(seedling),
      ...growthArguments(place, TASK),
    ));
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
  const task = "draw absent places";
  const { neurons, indptr, indices } = readByName(layer, ["neurons", "indptr", "indices"], task, "layer.");
  expectKind(task, "indptr", indptr, Uint32Array);
  expectKind(task, "indices", indices, Uint32Array);
  requireRowStarts(indptr, indices.length, task);
  const columnCount = readWhole(neurons, { task, name: "neurons" }, { least: 0, below: 2 ** 32 });
  const absent = columnCount * (indptr.length - 1) - indptr[indptr.length - 1];
  const most = Math.min(readWhole(count, { task, name: "count" }), Math.max(0, absent));
  return drawnPlaces(most, task, (rows, columns, drawn) =>
    kernels().ts_absent_places(
      buffer(indptr),
      indptr.length,
      buffer(indices),
      indices.length,
      columnCount,
      rows,
      columns,
      most,
      ...growthArguments(place, task),
      drawn,
    ));
}

/**
 * Draws places in proportion to |inputs[i] · neurons[j]| and gives those that are absent, each once, in matrix order; a
 * function of all but the threads. None where all numbers of a side are zero or one is not finite.
 *
 * O(inputs + neurons + nnz + draws).
 *
 * @param layer Not changed.
 * @param draws How many places are drawn, before those that exist or repeat are thrown away.
 * @throws {TypeError} When there is not one number an input and neuron.
 */
export function absentPairs(
  layer: Pick<OutgoingArrays, "indptr" | "indices">,
  { inputs, neurons }: { readonly inputs: Float32Array; readonly neurons: Float32Array },
  draws: number,
  place: GrowthPlace,
): Places {
  const task = "draw absent places";
  const { indptr, indices } = layer;
  return drawnPlaces(draws, task, (rows, columns, drawn) =>
    kernels().ts_absent_pairs(
      buffer(indptr),
      indptr.length,
      buffer(indices),
      indices.length,
      buffer(inputs),
      inputs.length,
      buffer(neurons),
      neurons.length,
      rows,
      columns,
      draws,
      ...growthArguments(place, task),
      drawn,
    ));
}

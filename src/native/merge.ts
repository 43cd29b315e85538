/**
 * Bringing together what was computed on different topologies.
 *
 * @module
 */
import { type OutgoingArrays, stackOf } from "./csr.ts";
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";

/**
 * RetainValidUpdates: writes gradients of an old topology in the order of the current one; O(nnz).
 *
 * @param gradient Receives them, `[capacity]`; 0 for connections that are new.
 * @returns Number of gradients whose connection is gone.
 */
export function retainValid(
  old: Pick<OutgoingArrays, "indptr" | "indices">,
  oldGradient: Float32Array,
  current: Pick<OutgoingArrays, "indptr" | "indices">,
  gradient: Float32Array,
): number {
  const task = "apply gradients of an older topology";
  const fits = old.indptr.length === current.indptr.length && old.indices.length === oldGradient.length &&
    current.indices.length === gradient.length;
  if (!fits) throw new TypeError(`Cannot ${task}: topologies and gradients do not fit together`);
  const dropped = new Float64Array(1);
  const status = kernels().ts_retain_valid(
    buffer(old.indptr),
    buffer(current.indptr),
    current.indptr.length,
    buffer(old.indices),
    buffer(oldGradient),
    oldGradient.length,
    buffer(current.indices),
    buffer(gradient),
    gradient.length,
    dropped,
  );
  check(status, task);
  return dropped[0];
}

/** `values = weight · values`: the first term of an average, which becomes its sum. */
export function scale(values: Float32Array, weight: number): void {
  check(kernels().ts_scale(buffer(values), values.length, weight), "average gradients");
}

/** `sum += weight · values`: a further term of an average; the two are different memory. */
export function accumulate(values: Float32Array, weight: number, sum: Float32Array): void {
  const task = "average gradients";
  if (values.length !== sum.length) {
    throw new TypeError(`Cannot ${task}: there are ${values.length} values and ${sum.length} sums`);
  }
  check(kernels().ts_accumulate(buffer(values), buffer(sum), sum.length, weight), task);
}

/** Rows of connections, and the weight of each. */
export type WeightedRows = Pick<OutgoingArrays, "indptr" | "indices" | "values">;

/**
 * Averages each weight with that of the same connection of another layer, where it has one; the others stay. O(nnz) of
 * both.
 */
export function averageHeld(layer: WeightedRows, other: WeightedRows): void {
  const task = "average with the model of another worker";
  const fits = layer.indptr.length === other.indptr.length && layer.indices.length === layer.values.length &&
    other.indices.length === other.values.length;
  if (!fits) throw new TypeError(`Cannot ${task}: its layers are not those of this one`);
  const status = kernels().ts_average_held(
    buffer(layer.indptr),
    buffer(other.indptr),
    layer.indptr.length,
    buffer(layer.indices),
    buffer(layer.values),
    layer.indices.length,
    buffer(other.indices),
    buffer(other.values),
    other.indices.length,
  );
  check(status, task);
}

/**
 * The mean of two layers over the union of their connections, an absent one as 0; planes are the first one's, 0 where it
 * lacks the connection. O(nnz) of both, nothing is allocated.
 *
 * @param union Receives it; its arrays have room for all connections of both.
 * @returns nnz of the union.
 */
export function unite(layer: OutgoingArrays, other: WeightedRows, union: OutgoingArrays): number {
  const task = "average with the model of another worker";
  const { indptr } = layer;
  const fits = indptr.length === other.indptr.length && indptr.length === union.indptr.length &&
    layer.indices.length === layer.values.length && other.indices.length === other.values.length &&
    union.indices.length === union.values.length && layer.planes.length === union.planes.length;
  if (!fits) throw new TypeError(`Cannot ${task}: its layers are not those of this one`);
  const [planes, united] = [stackOf(layer.planes, task), stackOf(union.planes, task)];
  const status = kernels().ts_unite(
    buffer(indptr),
    buffer(other.indptr),
    buffer(union.indptr),
    indptr.length,
    buffer(layer.indices),
    buffer(layer.values),
    layer.indices.length,
    buffer(planes),
    planes.length,
    buffer(other.indices),
    buffer(other.values),
    other.indices.length,
    buffer(union.indices),
    buffer(union.values),
    union.indices.length,
    buffer(united),
    united.length,
    layer.planes.length,
  );
  check(status, task);
  return union.indptr[union.indptr.length - 1];
}

/** Layers one behind the other: `indptr` is `[models][inputs + 1]`, the rest each model's connections. */
export interface LayerStack extends Pick<OutgoingArrays, "indptr" | "indices" | "values"> {
  /** What an optimiser keeps, `[planes][connections]`. */
  readonly planes: Float32Array;
}

/** How far layers are apart, summed over all pairs of them. */
export interface LayerSpread {
  /** Connections that both have. */
  readonly shared: number;
  /** Squared differences of weights, absent ones as 0. */
  readonly squares: number;
}

/**
 * Averages layers over the union of their connections, absent ones as 0, weights and planes alike.
 *
 * @param union Receives the average; its arrays have room for all connections of the stack.
 * @param planeCount Planes of each connection.
 * @returns nnz of the union, and how far the layers are apart.
 */
export function unionAverage(
  models: number,
  stack: LayerStack,
  union: LayerStack,
  planeCount: number,
): { readonly nnz: number; readonly spread: LayerSpread } {
  const task = "average the models of the workers";
  const stacked = stack.indices.length;
  const room = Math.min(union.indices.length, union.values.length);
  if (stack.values.length !== stacked || stack.planes.length !== planeCount * stacked) {
    throw new TypeError(`Cannot ${task}: their weights and planes are not as many as their connections`);
  }
  const spread = new Float64Array(2);
  const status = kernels().ts_union_average(
    models,
    buffer(stack.indptr),
    stack.indptr.length,
    buffer(stack.indices),
    buffer(stack.values),
    stacked,
    buffer(stack.planes),
    buffer(union.indptr),
    union.indptr.length,
    buffer(union.indices),
    buffer(union.values),
    room,
    buffer(union.planes),
    union.planes.length,
    planeCount,
    spread,
  );
  check(status, task);
  const [shared, squares] = spread;
  return { nnz: union.indptr[union.indptr.length - 1], spread: { shared, squares } };
}

/**
 * Removal of connections by magnitude.
 *
 * @module
 */
import { changeConnections, type OutgoingArrays } from "./csr.ts";
import { kernels } from "./library.ts";

const TASK = "drop connections";

/** Removes the zeta fraction of each sign that is closest to zero; returns the new nnz. O(nnz). */
export function dropSmallest(layer: OutgoingArrays, zeta: number, threads = 1): number {
  return changeConnections(layer, TASK, (target) => kernels().ts_drop_smallest(...target, zeta, threads));
}

/** Removes the weights closest to zero, of each sign in proportion, until `target` are left; returns the new nnz. */
export function dropTo(layer: OutgoingArrays, target: number, threads = 1): number {
  return changeConnections(
    layer,
    TASK,
    (connections) => kernels().ts_drop_to(...connections, target, threads),
  );
}

/** Removes the `count` connections of lowest score, one a connection in matrix order; returns the new nnz. */
export function dropLowest(layer: OutgoingArrays, scores: Float32Array, count: number, threads = 1): number {
  return changeConnections(
    layer,
    TASK,
    (connections) => kernels().ts_drop_lowest(...connections, scores, scores.length, count, threads),
  );
}

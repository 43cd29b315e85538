/**
 * Removal of connections by magnitude and by scores.
 *
 * @module
 */
import { changeConnections, type OutgoingArrays } from "./csr.ts";
import { kernels } from "./library.ts";
import { buffer } from "./status.ts";

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

/**
 * Removes the `count` connections of lowest score, all where there are no more; returns the new nnz.
 *
 * Of equal scores the first in the matrix goes; what is not a number counts as highest. Exact selection, O(nnz).
 *
 * @param scores One a connection, in matrix order, of any sign.
 * @throws {TypeError} When there is not one score a connection.
 */
export function dropLowest(layer: OutgoingArrays, scores: Float32Array, count: number, threads = 1): number {
  return changeConnections(
    layer,
    TASK,
    (connections) => kernels().ts_drop_lowest(...connections, buffer(scores), scores.length, count, threads),
  );
}

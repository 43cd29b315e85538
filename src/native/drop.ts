/**
 * Removal of connections by magnitude.
 *
 * @module
 */
import { changedCount, connectionArguments, type OutgoingArrays } from "./csr.ts";
import { kernels } from "./library.ts";
import { check } from "./status.ts";

const TASK = "drop connections";

/** Removes the zeta fraction of each sign that is closest to zero; returns the new nnz. O(nnz). */
export function dropSmallest(layer: OutgoingArrays, zeta: number, threads = 1): number {
  const before = layer.indptr[layer.inputs];
  check(kernels().ts_drop_smallest(...connectionArguments(layer, TASK), zeta, threads), TASK);
  return changedCount(layer, before);
}

/** Removes the weights closest to zero, of each sign in proportion, until `target` are left; returns the new nnz. */
export function dropTo(layer: OutgoingArrays, target: number, threads = 1): number {
  const before = layer.indptr[layer.inputs];
  check(kernels().ts_drop_to(...connectionArguments(layer, TASK), target, threads), TASK);
  return changedCount(layer, before);
}

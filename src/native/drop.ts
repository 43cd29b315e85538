/**
 * Removal of connections by magnitude.
 *
 * @module
 */
import { connectionArguments, countAfter, type OutgoingArrays } from "./csr.ts";
import { kernels } from "./library.ts";
import { check } from "./status.ts";

const TASK = "drop connections";

/** Removes the zeta fraction of each sign that is closest to zero; returns the new nnz. O(nnz). */
export function dropSmallest(layer: OutgoingArrays, zeta: number, threads = 1): number {
  const target = connectionArguments(layer, TASK);
  check(kernels().ts_drop_smallest(...target, zeta, threads), TASK);
  return countAfter(target);
}

/** Removes the weights closest to zero, of each sign in proportion, until `target` are left; returns the new nnz. */
export function dropTo(layer: OutgoingArrays, target: number, threads = 1): number {
  const connections = connectionArguments(layer, TASK);
  check(kernels().ts_drop_to(...connections, target, threads), TASK);
  return countAfter(connections);
}

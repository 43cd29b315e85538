/**
 * Removal of connections by what their ends are.
 *
 * @module
 */
import { changeConnections, type OutgoingArrays } from "./csr.ts";
import { kernels } from "./library.ts";
import { buffer } from "./status.ts";

/**
 * Keeps the connections from an input to a neuron that are both marked, in place; the incoming view is to be rebuilt.
 *
 * O(nnz + inputs).
 *
 * @param inputs One number an input; 0 where its connections go.
 * @param neurons One number a neuron; 0 where its connections go.
 * @returns The new nnz.
 * @throws {TypeError} When there are too few marks.
 */
export function keepBetween(
  layer: OutgoingArrays,
  { inputs, neurons }: { readonly inputs: Uint8Array; readonly neurons: Uint8Array },
  threads = 1,
): number {
  return changeConnections(layer, "remove connections", (target) =>
    kernels().ts_keep_between(
      ...target,
      buffer(inputs),
      inputs.length,
      buffer(neurons),
      neurons.length,
      threads,
    ));
}

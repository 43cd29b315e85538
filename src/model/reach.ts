/**
 * How far what comes in gets.
 *
 * @module
 */
import type { Connections } from "../sparse/csr.ts";

/**
 * How many neurons of the last layer a path of connections leads to from the inputs.
 *
 * Cost: O(connections).
 *
 * @param layers First hidden layer first.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { SparseMlp } from "../../mod.ts";
 * import { reachedOutputs } from "./reach.ts";
 *
 * assertEquals(reachedOutputs(SparseMlp.create({ sizes: [4, 8, 2], density: 1 }).layers), 2);
 * ```
 */
export function reachedOutputs(
  layers: readonly (Pick<Connections, "inputs" | "indptr" | "indices"> & { readonly neurons: number })[],
): number {
  let reached = new Uint8Array(layers[0].inputs).fill(1);
  for (const { inputs, neurons, indptr, indices } of layers) {
    const next = new Uint8Array(neurons);
    for (let input = 0; input < inputs; input++) {
      if (reached[input] === 0) continue;
      for (let at = indptr[input]; at < indptr[input + 1]; at++) next[indices[at]] = 1;
    }
    reached = next;
  }
  return reached.reduce((sum, is) => sum + is, 0);
}

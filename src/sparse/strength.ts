/**
 * The strength of inputs: how much weight their connections carry.
 *
 * @module
 */
import type { Connections } from "./csr.ts";

/**
 * Σ|w| over the connections of each input, `[inputs]`; O(nnz).
 *
 * Source: QuickSelection (Atashgahi et al. 2022).
 */
export function inputStrength(
  { inputs, indptr, values }: Pick<Connections, "inputs" | "indptr" | "values">,
): Float32Array {
  const strength = new Float32Array(inputs);
  for (let input = 0; input < inputs; input++) {
    let sum = 0;
    for (let at = indptr[input]; at < indptr[input + 1]; at++) sum += Math.abs(values[at]);
    strength[input] = sum;
  }
  return strength;
}

/**
 * Chain removal: connections through which no signal passes from an input to an output of a network.
 *
 * @module
 */
import { keepBetween } from "../native/chains.ts";
import type { Connections } from "../sparse/csr.ts";

/**
 * Removes connections into neurons without outputs, and out of neurons without inputs, until there are none.
 *
 * One pass back and one forward are enough: what the pass forward takes from a neuron are outputs of one that has no
 * inputs, so it leaves no input of a neuron without outputs. Source: Zhang et al. 2025 (CHTs). Cost: O(nnz + neurons).
 *
 * @param layers All of a network; the last, the output's, is not changed. The incoming views of the others are to be
 * rebuilt.
 * @returns Connections removed from each layer but the last.
 */
export function removeChains(layers: readonly Connections[], threads = 1): number[] {
  const changing = layers.slice(0, -1);
  const before = changing.map(({ nnz }) => nnz);
  const keep = (layer: Connections, inputs: Uint8Array, neurons: Uint8Array) => {
    if (inputs.includes(0) || neurons.includes(0)) {
      layer.nnz = keepBetween(layer, { inputs, neurons }, threads);
    }
  };
  for (const [index, layer] of [...changing.entries()].reverse()) {
    keep(layer, all(layer.inputs), withOutputs(layers[index + 1]));
  }
  for (const [index, layer] of changing.entries()) {
    if (index > 0) keep(layer, withInputs(changing[index - 1]), all(layer.neurons));
  }
  return changing.map(({ nnz }, index) => before[index] - nnz);
}

function all(length: number): Uint8Array {
  return new Uint8Array(length).fill(1);
}

/** Marks the inputs of a layer that have a connection. */
function withOutputs({ inputs, indptr }: Connections): Uint8Array {
  return new Uint8Array(inputs).map((_, input) => Number(indptr[input] < indptr[input + 1]));
}

/** Marks the neurons of a layer that a connection reaches. */
function withInputs({ neurons, nnz, indices }: Connections): Uint8Array {
  const marks = new Uint8Array(neurons);
  for (let at = 0; at < nnz; at++) marks[indices[at]] = 1;
  return marks;
}

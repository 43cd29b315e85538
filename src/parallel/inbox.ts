/**
 * Where a worker receives the model of another.
 *
 * @module
 */
import { type LayerGradients, paddedWords } from "../model/layer.ts";
import type { SparseMlp } from "../model/model.ts";
import { sharedWords } from "../sparse/shared.ts";
import type { ModelSnapshot } from "./replica.ts";

/** Memory for the model of another worker, and views of it. */
export interface Inbox extends ModelSnapshot {
  readonly words: Uint32Array;
}

/**
 * An empty inbox for models with the capacities of this one, over shared memory.
 *
 * Memory: 8 bytes a connection, half of a replica: nobody computes with what is in it, so it has no incoming view, and no
 * state of an optimiser.
 */
export function inbox({ layers }: SparseMlp): Inbox {
  const words = sharedWords(layers.reduce(
    (sum, { inputs, neurons, capacity, activationParameters }) =>
      sum + paddedWords(inputs + 1) + 2 * paddedWords(capacity) + paddedWords(neurons) +
      paddedWords(activationParameters.length),
    0,
  ));
  let place = 0;
  const section = (length: number): Uint32Array => {
    const view = words.subarray(place, place + length);
    place += paddedWords(length);
    return view;
  };
  const floats = (length: number): Float32Array => {
    const { buffer, byteOffset } = section(length);
    return new Float32Array(buffer, byteOffset, length);
  };
  return {
    words,
    layers: layers.map(({ inputs, neurons, capacity, activationParameters }) => ({
      indptr: section(inputs + 1),
      indices: section(capacity),
      values: floats(capacity),
      bias: floats(neurons),
      activationParameters: floats(activationParameters.length),
    })),
  };
}

/** Copies the rows of a model's connections into an inbox. O(nnz). */
export function sendTopologyTo(inbox: ModelSnapshot, { layers }: SparseMlp): void {
  for (const [index, { indptr, indices, nnz }] of layers.entries()) {
    inbox.layers[index].indptr.set(indptr);
    inbox.layers[index].indices.set(indices.subarray(0, nnz));
  }
}

/** Copies a model's parameters to an inbox, or other memory, in the order of its topology. O(nnz). */
export function sendParametersTo(
  inbox: { readonly layers: readonly LayerGradients[] },
  { layers }: SparseMlp,
): void {
  for (const [index, { values, bias, activationParameters, nnz }] of layers.entries()) {
    const to = inbox.layers[index];
    to.values.set(values.subarray(0, nnz));
    to.bias.set(bias);
    to.activationParameters.set(activationParameters);
  }
}

/**
 * Where a worker receives the model of another.
 *
 * @module
 */
import type { SparseLayer } from "../model/layer.ts";
import type { SparseMlp } from "../model/model.ts";
import { sharedFloats, sharedWords } from "../sparse/shared.ts";

/** What an average needs of one layer of another worker: rows of connections, and parameters. nnz is `indptr[inputs]`. */
export type PeerLayer = Pick<
  SparseLayer,
  "indptr" | "indices" | "values" | "bias" | "activationParameters"
>;

/** The model of another worker: a `SparseMlp`, or what an {@linkcode inbox} holds of one. */
export interface PeerModel {
  readonly layers: readonly PeerLayer[];
}

/**
 * An empty inbox for models with the capacities of this one, over shared memory.
 *
 * Memory: 8 bytes a connection, half of a replica: nobody computes with what is in it, so it has no incoming view, and no
 * state of an optimiser.
 */
export function inbox(model: SparseMlp): PeerModel {
  return {
    layers: model.layers.map(({ inputs, neurons, capacity, activationParameters }) => ({
      indptr: sharedWords(inputs + 1),
      indices: sharedWords(capacity),
      values: sharedFloats(capacity),
      bias: sharedFloats(neurons),
      activationParameters: sharedFloats(activationParameters.length),
    })),
  };
}

/** Copies the rows of a model's connections into an inbox. O(nnz). */
export function sendTopologyTo(inbox: PeerModel, { layers }: SparseMlp): void {
  for (const [index, { indptr, indices, nnz }] of layers.entries()) {
    inbox.layers[index].indptr.set(indptr);
    inbox.layers[index].indices.set(indices.subarray(0, nnz));
  }
}

/** Copies a model's parameters into an inbox that has its topology. O(nnz). */
export function sendParametersTo(inbox: PeerModel, { layers }: SparseMlp): void {
  for (const [index, { values, bias, activationParameters, nnz }] of layers.entries()) {
    const to = inbox.layers[index];
    to.values.set(values.subarray(0, nnz));
    to.bias.set(bias);
    to.activationParameters.set(activationParameters);
  }
}

/**
 * The average of a worker's model with that of another.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import { averageHeld } from "../native/merge.ts";
import type { PeerModel } from "./inbox.ts";

/**
 * Averages each connection of a model over those of the two that have it; its topology stays.
 *
 * Biases and activation parameters become the mean of the two, what the optimiser keeps stays the model's own. O(nnz) of
 * both, without scratch memory.
 */
export function averageOverHolders(model: SparseMlp, { layers }: PeerModel): void {
  for (const [index, layer] of model.layers.entries()) {
    averageHeld(layer, layers[index]);
    averageDense(layer.bias, layers[index].bias);
    averageDense(layer.activationParameters, layers[index].activationParameters);
  }
}

/** The mean of two arrays, in the first. */
function averageDense(mine: Float32Array, others: Float32Array): void {
  for (let place = 0; place < mine.length; place++) mine[place] = (mine[place] + others[place]) / 2;
}

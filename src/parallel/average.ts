/**
 * The end of phase 2: models averaged over the union of their connections, and made as sparse again as they were.
 *
 * @module
 */
import type { SparseLayer } from "../model/layer.ts";
import type { SparseMlp } from "../model/model.ts";
import { type LayerSpread, unionAverage } from "../native/merge.ts";
import { dropTo } from "../native/drop.ts";
import { rebuildIncoming } from "../sparse/csr.ts";

/** How far models of one shape are apart; of a single one there is nothing to say. */
export interface ModelSpread {
  /**
   * Mean over all pairs of models of the squared difference of a weight: Σ (wᵢ − wⱼ)² over the connections of either, an
   * absent one as 0, divided by the connections a model has on average.
   */
  readonly modelDistance: number;
  /** Mean over all pairs of the connections that both have, divided by those a model has on average; 0 to 1. */
  readonly topologyOverlap: number;
}

/**
 * Writes the average of several models of one shape into another.
 *
 * A connection that a model lacks counts as 0. Of each layer's union, the weights closest to zero go, of each sign in
 * proportion, until there are as many connections as the models have on average. Biases, activation parameters and
 * the optimiser's state are averaged too. One model comes out bit for bit as it went in.
 *
 * Paper: §2.1 Eq. 2. Deviation: the authors do not average velocities; here a kept connection has the mean of what the
 * optimiser keeps of it, so that a run can go on from the average. Cost: O(connections of all models), as much scratch
 * memory for one layer.
 *
 * @returns How far the models are apart, where there are two or more.
 */
export function averageModels(
  models: readonly SparseMlp[],
  target: SparseMlp,
  threads = 1,
): ModelSpread | undefined {
  let [shared, squares, connections] = [0, 0, 0];
  for (const [index, layer] of target.layers.entries()) {
    const layers = models.map((model) => model.layers[index]);
    const spread = averageConnections(layers, layer, threads);
    shared += spread.shared;
    squares += spread.squares;
    connections += layers.reduce((sum, { nnz }) => sum + nnz, 0);
    const dense = (of: (layer: SparseLayer) => readonly Float32Array[]) =>
      of(layer).forEach((sum, place) => averageDense(layers.map((other) => of(other)[place]), sum));
    dense((one) => [one.bias, one.activationParameters]);
    dense((one) => one.biasPlanes);
    dense((one) => one.activationPlanes);
  }
  target.updates = Math.max(...models.map((model) => model.updates));
  if (models.length < 2) return undefined;
  const all = (models.length - 1) / 2 * connections || 1;
  return { modelDistance: squares / all, topologyOverlap: shared / all };
}

/** The mean of arrays that have an element for each neuron. */
function averageDense(arrays: readonly Float32Array[], mean: Float32Array): void {
  for (let place = 0; place < mean.length; place++) {
    let total = 0;
    for (const array of arrays) total += array[place];
    mean[place] = total / arrays.length;
  }
}

function averageConnections(
  layers: readonly SparseLayer[],
  target: SparseLayer,
  threads: number,
): LayerSpread {
  const { inputs, neurons } = target;
  const total = layers.reduce((sum, layer) => sum + layer.nnz, 0);
  const planeCount = target.planes.length;
  const stack = {
    indptr: new Uint32Array(layers.length * (inputs + 1)),
    indices: new Uint32Array(total),
    values: new Float32Array(total),
    planes: new Float32Array(planeCount * total),
  };
  let start = 0;
  for (const [model, { indptr, indices, values, planes, nnz }] of layers.entries()) {
    stack.indptr.set(indptr, model * (inputs + 1));
    stack.indices.set(indices.subarray(0, nnz), start);
    stack.values.set(values.subarray(0, nnz), start);
    planes.forEach((plane, place) => stack.planes.set(plane.subarray(0, nnz), place * total + start));
    start += nnz;
  }
  const united = new Float32Array(planeCount * total);
  const union = {
    inputs,
    neurons,
    indptr: new Uint32Array(inputs + 1),
    indices: new Uint32Array(total),
    values: new Float32Array(total),
    planes: target.planes.map((_, place) => united.subarray(place * total, (place + 1) * total)),
  };
  const { spread } = unionAverage(layers.length, stack, { ...union, planes: united }, planeCount);
  const nnz = dropTo(union, Math.min(target.capacity, Math.round(total / layers.length)), threads);
  target.indptr.set(union.indptr);
  target.indices.set(union.indices.subarray(0, nnz));
  target.values.set(union.values.subarray(0, nnz));
  target.planes.forEach((plane, place) => plane.set(union.planes[place].subarray(0, nnz)));
  target.nnz = nnz;
  rebuildIncoming(target, threads);
  return spread;
}

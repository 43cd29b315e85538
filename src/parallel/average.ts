/**
 * The end of phase 2: models averaged over the union of their connections, and made as sparse again as they were.
 *
 * @module
 */
import type { SparseLayer } from "../model/layer.ts";
import type { SparseMlp } from "../model/model.ts";
import { unionAverage } from "../native/merge.ts";
import { dropTo } from "../native/topology.ts";
import { rebuildIncoming } from "../sparse/csr.ts";

/**
 * Writes the average of several models of one shape into another.
 *
 * A connection that a model lacks counts as 0. Of each layer's union, the weights closest to zero go, of each sign in
 * proportion, until there are as many connections as the models have on average. Biases, activation parameters and
 * velocities are averaged too. One model comes out bit for bit as it went in.
 *
 * Paper: §2.1 Eq. 2. Deviation: the authors do not average velocities; here a kept connection has its mean velocity, so
 * that a run can go on from the average. Cost: O(connections of all models), as much scratch memory for one layer.
 */
export function averageModels(models: readonly SparseMlp[], target: SparseMlp, threads = 1): void {
  for (const [index, layer] of target.layers.entries()) {
    const layers = models.map((model) => model.layers[index]);
    averageConnections(layers, layer, threads);
    for (const part of ["bias", "biasVelocity", "shape", "shapeVelocity"] as const) {
      const sum = layer[part];
      for (let place = 0; place < sum.length; place++) {
        let total = 0;
        for (const other of layers) total += other[part][place];
        sum[place] = total / layers.length;
      }
    }
  }
}

function averageConnections(layers: readonly SparseLayer[], target: SparseLayer, threads: number): void {
  const { inputs, neurons } = target;
  const total = layers.reduce((sum, layer) => sum + layer.nnz, 0);
  const stack = {
    indptr: new Uint32Array(layers.length * (inputs + 1)),
    indices: new Uint32Array(total),
    values: new Float32Array(total),
    velocity: new Float32Array(total),
  };
  let start = 0;
  for (const [model, layer] of layers.entries()) {
    stack.indptr.set(layer.indptr, model * (inputs + 1));
    for (const part of ["indices", "values", "velocity"] as const) {
      stack[part].set(layer[part].subarray(0, layer.nnz), start);
    }
    start += layer.nnz;
  }
  const union = {
    inputs,
    neurons,
    indptr: new Uint32Array(inputs + 1),
    indices: new Uint32Array(total),
    values: new Float32Array(total),
    velocity: new Float32Array(total),
  };
  unionAverage(layers.length, stack, union);
  const nnz = dropTo(union, Math.min(target.capacity, Math.round(total / layers.length)), threads);
  target.indptr.set(union.indptr);
  for (const part of ["indices", "values", "velocity"] as const) {
    target[part].set(union[part].subarray(0, nnz));
  }
  target.nnz = nnz;
  rebuildIncoming(target, threads);
}

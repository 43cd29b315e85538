/**
 * The average of a worker's model with that of another.
 *
 * @module
 */
import type { SparseLayer } from "../model/layer.ts";
import type { SparseMlp } from "../model/model.ts";
import type { OutgoingArrays } from "../native/csr.ts";
import { dropTo } from "../native/drop.ts";
import { averageHeld, unite } from "../native/merge.ts";
import { placesOf, rebuildIncoming } from "../sparse/csr.ts";
import type { PeerLayer, PeerModel } from "./inbox.ts";
import type { ParallelHyperparameterOptions } from "./options.ts";

/**
 * Averages a model with those of others, in place.
 *
 * `holders`: each of its connections becomes the mean over those of the two models that have it; its topology stays, and
 * connections that only the other has do not count. O(nnz) of both.
 *
 * `union`: the mean over the connections of both, an absent one as 0, of which those closest to zero go, of each sign in
 * proportion, until there are as many as before. O(nnz) of both; keeps scratch memory for the union of the largest layer.
 *
 * Both ways biases and activation parameters become the mean, and what the optimiser keeps stays the model's own: 0 for a
 * connection that it did not have.
 *
 * Source: `union` after Eq. 2 of the paper; `holders` after Dai et al. 2022 (DisPFL, arXiv 2206.00187).
 */
export class PeerAverage {
  readonly #model: SparseMlp;
  readonly #threads: number;
  /** For the union of each layer, all in the same memory; none where topologies stay. */
  readonly #unions: readonly OutgoingArrays[] | undefined;

  constructor(
    model: SparseMlp,
    kind: NonNullable<ParallelHyperparameterOptions["peerAverage"]>,
    threads = 1,
  ) {
    this.#model = model;
    this.#threads = threads;
    if (kind === "union") this.#unions = unionsOf(model.layers);
  }

  /** Averages with the model of another worker; returns whether the topology has changed. */
  with({ layers }: PeerModel): boolean {
    let changed = false;
    for (const [index, layer] of this.#model.layers.entries()) {
      const other = layers[index];
      if (this.#unions === undefined) averageHeld(layer, other);
      else if (this.#unite(layer, other, this.#unions[index])) changed = true;
      averageDense(layer.bias, other.bias);
      averageDense(layer.activationParameters, other.activationParameters);
    }
    return changed;
  }

  #unite(layer: SparseLayer, other: PeerLayer, union: OutgoingArrays): boolean {
    const { nnz } = layer;
    // Where the other has no connection that this one lacks, the rows stay, and none are too many.
    const grows = unite(layer, other, union) > nnz;
    if (grows) dropTo(union, nnz, this.#threads);
    layer.values.set(union.values.subarray(0, nnz));
    if (!grows) return false;
    layer.indptr.set(union.indptr);
    layer.indices.set(union.indices.subarray(0, nnz));
    layer.planes.forEach((plane, place) => plane.set(union.planes[place].subarray(0, nnz)));
    rebuildIncoming(layer, this.#threads);
    return true;
  }
}

/** Room for the union of two layers of these capacities: views of memory for the largest. */
function unionsOf(layers: readonly SparseLayer[]): OutgoingArrays[] {
  const roomOf = (layer: SparseLayer) => Math.min(2 * layer.capacity, placesOf([layer]));
  const most = Math.max(...layers.map(roomOf));
  const indptr = new Uint32Array(Math.max(...layers.map(({ inputs }) => inputs)) + 1);
  const indices = new Uint32Array(most);
  const values = new Float32Array(most);
  const planes = new Float32Array(most * layers[0].planes.length);
  return layers.map((layer) => {
    const room = roomOf(layer);
    return {
      inputs: layer.inputs,
      neurons: layer.neurons,
      indptr: indptr.subarray(0, layer.inputs + 1),
      indices: indices.subarray(0, room),
      values: values.subarray(0, room),
      planes: layer.planes.map((_, place) => planes.subarray(place * room, (place + 1) * room)),
    };
  });
}

/** The mean of two arrays, in the first. */
function averageDense(mine: Float32Array, others: Float32Array): void {
  for (let place = 0; place < mine.length; place++) mine[place] = (mine[place] + others[place]) / 2;
}

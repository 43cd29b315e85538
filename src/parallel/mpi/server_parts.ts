/**
 * A model in parts, one for each of several servers: every layer's rows in ranges.
 *
 * A server's part is a model of the same shape in which the rows of others have no connections. Its biases and
 * activation parameters count for one server a layer. All that an update does, it does to each parameter alone, but for
 * the limit of the fan-in, which looks at how many connections the whole layer has: so parts that are updated in the
 * same order have the bits of the whole.
 *
 * @module
 */
import { STATE_HEAD_WORDS } from "../../model/layer.ts";
import type { SparseMlp } from "../../model/model.ts";
import { rebuildIncoming } from "../../sparse/csr.ts";

/** Where a part's connections of one layer stand in a model, and whether the part has the layer's other parameters. */
export interface LayerPart {
  /** Place of the first connection. */
  readonly from: number;
  readonly count: number;
  /** Whether biases and activation parameters belong to it. */
  readonly biases: boolean;
}

/** One server's part of a model, layer by layer. */
export type ModelPart = readonly LayerPart[];

/** A model as the one part it has, or the model of one server of several, which has nothing else in it. */
export function ownPart(model: SparseMlp, server = 0, servers = 1): ModelPart {
  return model.layers.map(({ nnz }, layer) => ({
    from: 0,
    count: nnz,
    biases: hasBiases(layer, server, servers),
  }));
}

/** Biases are few: the servers take turns with the layers. */
export function hasBiases(layer: number, server: number, servers: number): boolean {
  return layer % servers === server;
}

/** The most servers a model has rows for. */
export function mostServers(model: SparseMlp): number {
  return Math.max(...model.layers.map(({ inputs }) => inputs));
}

/** Connections of each layer of a model. */
export function connectionCounts({ layers }: SparseMlp): Uint32Array {
  return Uint32Array.from(layers, ({ nnz }) => nnz);
}

/**
 * Which rows each server has. Ranges stay as they are while topologies change, so that gradients of an older topology
 * find all their connections at the same server.
 */
export class RowRanges {
  readonly servers: number;
  /** Of each layer the first row of each server, and the end. */
  readonly #bounds: readonly Uint32Array[];

  /** Cuts rows so that each server has about as many connections of each layer as the model has now. */
  constructor({ layers }: SparseMlp, servers: number) {
    this.servers = servers;
    this.#bounds = layers.map(({ inputs, nnz, indptr }) => {
      const bounds = new Uint32Array(servers + 1);
      let row = 0;
      for (let server = 1; server <= servers; server++) {
        const share = Math.round(server * nnz / servers);
        while (row < inputs && indptr[row] < share) row++;
        // Between two rows, the one that is nearer.
        const before = row > bounds[server - 1] && share - indptr[row - 1] < indptr[row] - share;
        bounds[server] = server === servers ? inputs : before ? --row : row;
      }
      return bounds;
    });
  }

  /** Where a server's part stands in the whole model, which has the topology it has now. */
  partOf(whole: SparseMlp, server: number): ModelPart {
    return whole.layers.map(({ indptr }, layer) => {
      const [first, end] = this.#rows(layer, server);
      const biases = hasBiases(layer, server, this.servers);
      return { from: indptr[first], count: indptr[end] - indptr[first], biases };
    });
  }

  /** Row starts of all layers of a server's part, one behind the other: shape `[Σ (inputs + 1)]`. */
  rowStarts(whole: SparseMlp, server: number): Uint32Array {
    const starts = new Uint32Array(whole.layers.reduce((sum, { inputs }) => sum + inputs + 1, 0));
    let place = 0;
    for (const [layer, { indptr, inputs }] of whole.layers.entries()) {
      const [first, end] = this.#rows(layer, server);
      for (let row = first; row <= inputs; row++) {
        starts[place + row] = indptr[Math.min(row, end)] - indptr[first];
      }
      place += inputs + 1;
    }
    return starts;
  }

  /** Writes the topology of a server's part into the server's model, which has room for it. O(nnz of the part). */
  copyTopology(whole: SparseMlp, server: number, model: SparseMlp): void {
    const starts = this.rowStarts(whole, server);
    let place = 0;
    for (const [index, { from, count }] of this.partOf(whole, server).entries()) {
      const layer = model.layers[index];
      layer.indptr.set(starts.subarray(place, place + layer.inputs + 1));
      layer.indices.set(whole.layers[index].indices.subarray(from, from + count));
      layer.nnz = count;
      rebuildIncoming(layer);
      place += layer.inputs + 1;
    }
  }

  /** Copies parameters and the optimiser's state of a server's part into its model; the topologies are equal. */
  copyValues(whole: SparseMlp, server: number, model: SparseMlp): void {
    copyPart(whole, this.partOf(whole, server), model, ownPart(model, server, this.servers));
  }

  /** Copies them back. */
  copyBack(model: SparseMlp, server: number, whole: SparseMlp): void {
    copyPart(model, ownPart(model, server, this.servers), whole, this.partOf(whole, server));
  }

  #rows(layer: number, server: number): readonly [first: number, end: number] {
    const bounds = this.#bounds[layer];
    return [bounds[server], bounds[server + 1]];
  }
}

function copyPart(from: SparseMlp, fromPart: ModelPart, to: SparseMlp, toPart: ModelPart): void {
  for (const [index, { from: start, count, biases }] of fromPart.entries()) {
    const [source, target] = [from.layers[index], to.layers[index]];
    const { from: place } = toPart[index];
    const own = (view: Float32Array) => view.subarray(start, start + count);
    target.values.set(own(source.values), place);
    source.planes.forEach((plane, number) => target.planes[number].set(own(plane), place));
    if (!biases) continue;
    target.bias.set(source.bias);
    target.activationParameters.set(source.activationParameters);
    source.biasPlanes.forEach((plane, number) => target.biasPlanes[number].set(plane));
    source.activationPlanes.forEach((plane, number) => target.activationPlanes[number].set(plane));
  }
  const { state } = from.memory;
  to.memory.state.set(state.subarray(0, Math.min(STATE_HEAD_WORDS, state.length)));
}

/**
 * A worker's copy of the server's model, and models as they arrive in a worker.
 *
 * @module
 */
import { emptyCopy } from "../model/copy.ts";
import { paddedWords, type SparseLayer } from "../model/layer.ts";
import { SparseMlp } from "../model/model.ts";
import { partsOfShared, type SharedModel } from "../model/share.ts";
import { LAYOUT_COLUMNS } from "../native/layout.ts";

/** The model that another thread of the run shared; believed, since others may be changing it at this very moment. */
export function attachModel(shared: SharedModel): SparseMlp {
  return SparseMlp.assemble(partsOfShared(shared));
}

/** An empty model with the capacities of another, and room for its optimiser's state. */
export function emptyReplica(model: SparseMlp): SparseMlp {
  const replica = emptyCopy(model);
  if (model.optimizerState !== undefined) replica.holdState(model.optimizerState);
  return replica;
}

/** Gradients of one layer as views of a gradient arena. */
export interface LayerGradients {
  readonly values: Float32Array;
  readonly bias: Float32Array;
  readonly activationParameters: Float32Array;
}

/** The sections of a gradient arena, layer by layer; `values` has the layer's capacity. */
export function gradientViews(layers: readonly SparseLayer[], arena: Uint32Array): LayerGradients[] {
  let place = 0;
  const section = (length: number): Float32Array => {
    const view = new Float32Array(arena.buffer, arena.byteOffset + 4 * place, length);
    place += paddedWords(length);
    return view;
  };
  return layers.map((layer) => ({
    values: section(layer.capacity),
    bias: section(layer.neurons),
    activationParameters: section(layer.activationParameters.length),
  }));
}

/** Bytes a pull copies: the parameters, or with them the topology. */
export function pullBytes(model: SparseMlp, topology: boolean): number {
  return model.layers.reduce((sum, layer) => {
    const structure = topology ? 3 * layer.nnz + layer.inputs + layer.neurons + 2 : 0;
    return sum + 4 * (layer.nnz + layer.neurons + layer.activationParameters.length + structure);
  }, topology ? 4 * LAYOUT_COLUMNS * model.layers.length : 0);
}

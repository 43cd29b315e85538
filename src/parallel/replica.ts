/**
 * A worker's copy of the server's model, and how one model is copied into another.
 *
 * @module
 */
import { type LayerPlan, LAYOUT_COLUMNS, paddedWords, type SparseLayer } from "../model/layer.ts";
import { type ModelSettings, SparseMlp } from "../model/model.ts";
import type { NetworkMemory } from "../native/step.ts";

/** A model in a form that can be sent to another Worker; its memory is shared, not copied. */
export interface SharedModel {
  readonly settings: ModelSettings;
  readonly plans: readonly LayerPlan[];
  readonly memory: NetworkMemory;
}

/** Describes a model for {@linkcode attachModel}. */
export function shareModel(model: SparseMlp): SharedModel {
  const plans = model.layers.map(({ inputs, neurons, capacity, activation }) => ({
    inputs,
    neurons,
    capacity,
    activation,
  }));
  return { settings: model.settings, plans, memory: model.memory };
}

/** The model that another Worker shared. */
export function attachModel({ settings, plans, memory }: SharedModel): SparseMlp {
  return SparseMlp.over(settings, plans, memory);
}

/** An empty model with the capacities of another. */
export function emptyReplica(model: SparseMlp): SparseMlp {
  const { settings, plans } = shareModel(model);
  return SparseMlp.allocate(settings, plans);
}

/** Copies the structure of all layers; the models have equal capacities. O(nnz). */
export function copyTopology(from: SparseMlp, to: SparseMlp): void {
  for (const [index, layer] of from.layers.entries()) {
    const target = to.layers[index];
    target.indptr.set(layer.indptr);
    target.incomingPtr.set(layer.incomingPtr);
    for (const part of ["indices", "source", "position"] as const) {
      target[part].set(layer[part].subarray(0, layer.nnz));
    }
    target.nnz = layer.nnz;
  }
}

/** Copies weights, biases and activation parameters; the topologies are equal. O(nnz). */
export function copyParameters(from: SparseMlp, to: SparseMlp): void {
  for (const [index, layer] of from.layers.entries()) {
    const target = to.layers[index];
    target.values.set(layer.values.subarray(0, layer.nnz));
    target.bias.set(layer.bias);
    target.shape.set(layer.shape);
  }
}

/** Copies the momentum of all parameters; the topologies are equal. O(nnz). */
export function copyVelocity(from: SparseMlp, to: SparseMlp): void {
  for (const [index, layer] of from.layers.entries()) {
    const target = to.layers[index];
    target.velocity.set(layer.velocity.subarray(0, layer.nnz));
    target.biasVelocity.set(layer.biasVelocity);
    target.shapeVelocity.set(layer.shapeVelocity);
  }
}

/** Copies a whole model, momentum included. O(nnz). */
export function copyModel(from: SparseMlp, to: SparseMlp): void {
  copyTopology(from, to);
  copyParameters(from, to);
  copyVelocity(from, to);
}

/** Gradients of one layer as views of a gradient arena. */
export interface LayerGradients {
  readonly values: Float32Array;
  readonly bias: Float32Array;
  readonly shape: Float32Array;
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
    shape: section(layer.shape.length),
  }));
}

/** Bytes a pull copies: the parameters, or with them the topology. */
export function pullBytes(model: SparseMlp, topology: boolean): number {
  return model.layers.reduce((sum, layer) => {
    const structure = topology ? 3 * layer.nnz + layer.inputs + layer.neurons + 2 : 0;
    return sum + 4 * (layer.nnz + layer.neurons + layer.shape.length + structure);
  }, topology ? 4 * LAYOUT_COLUMNS * model.layers.length : 0);
}

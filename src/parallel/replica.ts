/**
 * A worker's copy of the server's model, and how one model is copied into another.
 *
 * @module
 */
import { type LayerPlan, paddedWords, type SparseLayer } from "../model/layer.ts";
import { SparseMlp } from "../model/model.ts";
import type { ModelSettings } from "../model/settings.ts";
import type { TargetScaling } from "../model/target_scaling.ts";
import { LAYOUT_COLUMNS, type NetworkMemory } from "../native/layout.ts";
import type { OptimizerState } from "../optimizer/optimizer.ts";

/** A model in a form that can be sent to another Worker; its memory is shared, not copied. */
export interface SharedModel {
  readonly settings: ModelSettings;
  readonly plans: readonly LayerPlan[];
  readonly memory: NetworkMemory;
  readonly held: OptimizerState | undefined;
  /** Copied; targets are learned in it. */
  readonly targetScaling: TargetScaling | undefined;
}

/** Describes a model for {@linkcode attachModel}. */
export function shareModel(model: SparseMlp): SharedModel {
  const plans = model.layers.map(({ inputs, neurons, capacity, activation }) => ({
    inputs,
    neurons,
    capacity,
    activation,
  }));
  const { settings, memory, optimizerState: held, targetScaling } = model;
  return { settings, plans, memory, held, targetScaling };
}

/** The model that another Worker shared. */
export function attachModel({ settings, plans, memory, held, targetScaling }: SharedModel): SparseMlp {
  const model = SparseMlp.over(settings, plans, memory, held);
  if (targetScaling !== undefined) model.targetScaling = targetScaling;
  return model;
}

/** An empty model with the capacities of another, and room for its optimiser's state. */
export function emptyReplica(model: SparseMlp): SparseMlp {
  const { settings, plans } = shareModel(model);
  const replica = SparseMlp.allocate(settings, plans);
  if (model.targetScaling !== undefined) replica.targetScaling = model.targetScaling;
  if (model.optimizerState !== undefined) replica.holdState(model.optimizerState);
  return replica;
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
    target.activationParameters.set(layer.activationParameters);
  }
}

/** Copies what the optimiser keeps of all parameters; the topologies are equal. O(nnz). */
export function copyState(from: SparseMlp, to: SparseMlp): void {
  for (const [index, layer] of from.layers.entries()) {
    const target = to.layers[index];
    layer.planes.forEach((plane, place) => target.planes[place].set(plane.subarray(0, layer.nnz)));
    layer.biasPlanes.forEach((plane, place) => target.biasPlanes[place].set(plane));
    layer.activationPlanes.forEach((plane, place) => target.activationPlanes[place].set(plane));
  }
  to.updates = from.updates;
}

/** Copies a whole model, the optimiser's state included. O(nnz). */
export function copyModel(from: SparseMlp, to: SparseMlp): void {
  copyTopology(from, to);
  copyParameters(from, to);
  copyState(from, to);
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

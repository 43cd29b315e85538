/**
 * Models as copies of others.
 *
 * @module
 */
import type { LayerPlan } from "./layer.ts";
import { SparseMlp } from "./model.ts";

/** Shapes and capacities of a model's layers. */
export function plansOf(model: SparseMlp): LayerPlan[] {
  return model.layers.map(({ inputs, neurons, capacity, activation }) => ({
    inputs,
    neurons,
    capacity,
    activation,
  }));
}

/** An empty model with the capacities of another, of the same meaning; without its optimiser's state. */
export function emptyCopy(model: SparseMlp): SparseMlp {
  const copy = SparseMlp.allocate(model.settings, plansOf(model));
  copyMeaning(model, copy);
  return copy;
}

/** What goes in and out of a model: columns of tables, classes, the unit of targets, the temperature. */
export type Meaning = Pick<SparseMlp, "classNames" | "targetScaling" | "temperature" | "schema">;

/** Copies what goes in and out. */
export function copyMeaning(from: Meaning, to: SparseMlp): void {
  to.classNames = from.classNames;
  to.temperature = from.temperature;
  if (from.schema !== undefined) to.schema = from.schema;
  if (from.targetScaling !== undefined) to.targetScaling = from.targetScaling;
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

/**
 * Compaction: neurons that pruning left without a purpose are taken out of the arrays.
 *
 * @module
 */
import { refuseUnknown, resolveOptions, type TableOf, THREADS } from "../hyperparameter.ts";
import { activate, learnsSlope, parametersOf } from "../model/activation.ts";
import { copyMeaning } from "../model/copy.ts";
import type { SparseLayer } from "../model/layer.ts";
import { SparseMlp } from "../model/model.ts";
import { requireModel } from "../model/model_argument.ts";
import type { Task } from "../task.ts";
import { rebuildIncoming } from "../sparse/csr.ts";
import { sharedFloats, sharedWords } from "../sparse/shared.ts";

/** Options of {@linkcode compact}. */
export interface CompactOptions {
  /** Keep all inputs, also those without connections, so that SET can find them again. @default {false} */
  readonly keepInputs?: boolean;
  /** Threads of the kernels. @default {1} */
  readonly threads?: number;
}

const TASK = "compact the model";

/** Rows of {@linkcode CompactOptions}. */
const COMPACT_OPTIONS = {
  keepInputs: { kind: "flag", default: false, doc: "Keep all inputs." },
  threads: THREADS,
} as const satisfies TableOf<CompactOptions>;

/** A compacted model, and what became of the old one's neurons. */
export interface Compaction<T extends Task = Task> {
  /** A new model with arrays of its own; the old one is unchanged. */
  readonly model: SparseMlp<T>;
  /** Neurons that stayed, by their old index, ascending; inputs first, outputs last (they all stay). */
  readonly kept: readonly Uint32Array[];
  /** Neurons taken out, inputs included. */
  readonly removed: number;
}

/**
 * Takes out of a model what cannot matter to its outputs, and copies the rest into smaller arrays.
 *
 * A neuron without incoming connections is a constant: what it sends is added to the biases it reaches. A neuron without
 * outgoing connections goes with its incoming ones. Both are followed through all layers, so that compacting twice is
 * compacting once. Raw features that no longer matter (constant ones too, which are 0 once standardised) are listed in
 * `standardization.selection` and not read any more. Every layer keeps one neuron at least. Weights, biases and
 * what the optimiser keeps of them move with their neurons.
 *
 * Outputs are those of the model given, but for the rounding of the biases.
 *
 * Cost: O(connections + neurons) in time; memory of the new model besides the old one.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { compact, pruneByImportance, SparseMlp } from "@truly-sparse/truly-sparse";
 *
 * const model = SparseMlp.create({ sizes: [20, 100, 100, 2], epsilon: 4, seed: 1 });
 * for (const layer of model.layers.slice(0, -1)) pruneByImportance(layer, 50);
 * const small = compact(model).model;
 * assert(small.layers[0].neurons < 60 && small.stats().trainingBytes < model.stats().trainingBytes);
 * ```
 */
export function compact<T extends Task>(
  model: SparseMlp<T>,
  options: CompactOptions = {},
): Compaction<T> {
  requireModel(model, TASK);
  refuseUnknown(options, Object.keys(COMPACT_OPTIONS), TASK);
  const { keepInputs, threads } = resolveOptions(COMPACT_OPTIONS, options, { task: TASK }) as Required<
    CompactOptions
  >;
  const { layers, settings } = model;
  const { constants, biases } = foldConstants(model, keepInputs);
  const live = findLive(layers, constants, keepInputs);
  const kept = live.map((flags) => indicesOf(flags));
  const sizes = kept.map((indices) => indices.length);
  const plans = layers.map((layer, index) => ({
    inputs: sizes[index],
    neurons: sizes[index + 1],
    capacity: countLive(layer, live[index], live[index + 1]),
    activation: layer.activation,
  }));
  const small = SparseMlp.allocate({ ...settings, sizes }, plans);
  if (model.optimizerState !== undefined) small.holdState(model.optimizerState);
  small.updates = model.updates;
  for (const [index, layer] of layers.entries()) {
    copyLayer(layer, small.layers[index], { from: kept[index], to: kept[index + 1] }, live, index);
    kept[index + 1].forEach((neuron, place) => small.layers[index].bias[place] = biases[index][neuron]);
    rebuildIncoming(small.layers[index], threads);
  }
  copyMeaning(model, small);
  keepStandardization(model, small, kept[0]);
  const before = layers[0].inputs + layers.reduce((sum, layer) => sum + layer.neurons, 0);
  return { model: small as SparseMlp<T>, kept, removed: before - sizes.reduce((sum, size) => sum + size, 0) };
}

interface Folded {
  /** What each neuron of each layer always gives, inputs first; NaN where it depends on the sample. */
  readonly constants: readonly Float64Array[];
  /** Biases of each layer, with what constant neurons send them. */
  readonly biases: readonly Float64Array[];
}

/** Follows constants from the inputs on; one pass is enough, since a layer's constants depend on those before alone. */
function foldConstants({ layers, standardization }: SparseMlp, keepInputs: boolean): Folded {
  const inputs = new Float64Array(layers[0].inputs).fill(NaN);
  if (!keepInputs) standardization?.scale.forEach((scale, input) => scale === 0 && (inputs[input] = 0));
  const constants = [inputs];
  const biases: Float64Array[] = [];
  for (const [index, layer] of layers.entries()) {
    const bias = Float64Array.from(layer.bias);
    const varying = new Uint8Array(layer.neurons);
    for (let input = 0; input < layer.inputs; input++) {
      const value = constants[index][input];
      for (let place = layer.indptr[input]; place < layer.indptr[input + 1]; place++) {
        if (Number.isNaN(value)) varying[layer.indices[place]] = 1;
        else bias[layer.indices[place]] += value * layer.values[place];
      }
    }
    biases.push(bias);
    // Outputs are never taken out, so it does not matter whether they are constant.
    const values = Float64Array.from(varying, (flag, neuron) => {
      if (flag === 1 || index === layers.length - 1) return NaN;
      const own = parametersOf(layer.activation, layer.activationParameters, neuron);
      return activate(layer.activation, bias[neuron], own);
    });
    constants.push(values);
  }
  return { constants, biases };
}

/** Neurons that stay: they vary, and something that stays listens to them; 2 marks one kept only to fill its layer. */
function findLive(
  layers: readonly SparseLayer[],
  constants: readonly Float64Array[],
  keepInputs: boolean,
): Uint8Array[] {
  const live = [new Uint8Array(layers[layers.length - 1].neurons).fill(1)];
  for (let index = layers.length - 1; index >= 0; index--) {
    const layer = layers[index];
    const flags = new Uint8Array(layer.inputs);
    for (let input = 0; input < layer.inputs; input++) {
      if (!Number.isNaN(constants[index][input])) continue;
      const targets = layer.indices.subarray(layer.indptr[input], layer.indptr[input + 1]);
      if ((index === 0 && keepInputs) || targets.some((target) => live[0][target] === 1)) flags[input] = 1;
    }
    if (!flags.includes(1)) flags[0] = 2;
    live.unshift(flags);
  }
  return live;
}

function indicesOf(flags: Uint8Array): Uint32Array {
  const indices = new Uint32Array(flags.reduce((sum, flag) => sum + Number(flag > 0), 0));
  let next = 0;
  flags.forEach((flag, index) => flag > 0 && (indices[next++] = index));
  return indices;
}

function countLive(layer: SparseLayer, from: Uint8Array, to: Uint8Array): number {
  let count = 0;
  for (let input = 0; input < layer.inputs; input++) {
    if (from[input] !== 1) continue;
    for (let place = layer.indptr[input]; place < layer.indptr[input + 1]; place++) {
      if (to[layer.indices[place]] === 1) count++;
    }
  }
  return count;
}

function copyLayer(
  layer: SparseLayer,
  small: SparseLayer,
  kept: { readonly from: Uint32Array; readonly to: Uint32Array },
  live: readonly Uint8Array[],
  index: number,
): void {
  const newIndex = new Uint32Array(layer.neurons);
  const copyOwn = (from: Float32Array, to: Float32Array, width: number) =>
    kept.to.forEach((neuron, place) =>
      to.set(from.subarray(neuron * width, (neuron + 1) * width), place * width)
    );
  // A slope that is learned belongs to the layer, whichever neurons stay.
  const copyParameters = (from: Float32Array, to: Float32Array) =>
    learnsSlope(layer.activation) ? to.set(from) : copyOwn(from, to, layer.activation.parameters.length);
  kept.to.forEach((neuron, place) => newIndex[neuron] = place);
  copyParameters(layer.activationParameters, small.activationParameters);
  layer.biasPlanes.forEach((plane, at) => copyOwn(plane, small.biasPlanes[at], 1));
  layer.activationPlanes.forEach((plane, at) => copyParameters(plane, small.activationPlanes[at]));
  let next = 0;
  kept.from.forEach((input, row) => {
    small.indptr[row] = next;
    if (live[index][input] !== 1) return;
    for (let place = layer.indptr[input]; place < layer.indptr[input + 1]; place++) {
      const target = layer.indices[place];
      if (live[index + 1][target] !== 1) continue;
      small.indices[next] = newIndex[target];
      small.values[next] = layer.values[place];
      for (let at = 0; at < layer.planes.length; at++) small.planes[at][next] = layer.planes[at][place];
      next++;
    }
  });
  small.indptr[small.inputs] = next;
  small.nnz = next;
}

/** Statistics of the inputs that stayed, and which raw features those are. */
function keepStandardization(model: SparseMlp, small: SparseMlp, inputs: Uint32Array): void {
  const { standardization } = model;
  if (inputs.length === model.layers[0].inputs) {
    if (standardization !== undefined) small.standardization = standardization;
    return;
  }
  const [mean, scale] = [sharedFloats(inputs.length), sharedFloats(inputs.length)];
  const features = sharedWords(inputs.length);
  inputs.forEach((input, place) => {
    mean[place] = standardization?.mean[input] ?? 0;
    scale[place] = standardization?.scale[input] ?? 1;
    features[place] = standardization?.selection?.features[input] ?? input;
  });
  small.standardization = { mean, scale, selection: { featureCount: model.featureCount, features } };
}

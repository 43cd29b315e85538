/**
 * The tensors of models in a file: their names, and how they are read and checked.
 *
 * @module
 */
import { firstUnfit } from "../finite.ts";
import { activationCode, OUTPUT_CODE } from "../model/activation.ts";
import type { LayerPlan, SparseLayer } from "../model/layer.ts";
import { SparseMlp } from "../model/model.ts";
import { activationOf, type ModelSettings } from "../model/settings.ts";
import type { Standardization } from "../native/standardize.ts";
import type { OptimizerState } from "../optimizer/optimizer.ts";
import { rebuildIncoming, validateConnections } from "../sparse/csr.ts";
import { sharedFloats, sharedWords } from "../sparse/shared.ts";
import { parseField, type readState } from "./description.ts";
import type { RandomAccess } from "../data/random_access.ts";
import { readTensor, type SafetensorsFile, type Tensor } from "./safetensors.ts";

/** Adds the layers of a model, with what the optimiser keeps as the state says; checked as they will be when read. */
export function addLayers(
  tensors: Map<string, Tensor>,
  { layers }: SparseMlp,
  prefix: string,
  held?: OptimizerState,
): void {
  for (const [index, layer] of layers.entries()) {
    for (const [part, tensor, least] of partsOf(layer, held)) {
      const name = `${prefix}layers.${index}.${part}`;
      if (tensor instanceof Float32Array) checkNumbers(name, tensor, least);
      tensors.set(name, tensor);
    }
    validateConnections(layer);
  }
}

/** Adds how features are standardised before they reach a model, where that is known; checked likewise. */
export function addStandardization(
  tensors: Map<string, Tensor>,
  { settings: { sizes }, standardization }: SparseMlp,
  prefix: string,
): void {
  if (standardization === undefined) return;
  const { selection } = standardization;
  for (const part of ["mean", "scale"] as const) {
    const name = `${prefix}standardization.${part}`;
    const numbers = standardization[part];
    if (numbers.length !== sizes[0]) {
      throw new TypeError(`its standardisation has ${numbers.length} numbers for ${sizes[0]} inputs`);
    }
    checkNumbers(name, numbers);
    tensors.set(name, numbers);
  }
  if (selection !== undefined) tensors.set(`${prefix}standardization.features`, selection.features);
}

/** What reading takes; names of tensors that were read are added to those known. */
export interface Reader {
  readonly file: RandomAccess;
  readonly content: SafetensorsFile;
  readonly known: Set<string>;
  readonly threads: number;
  readonly onChunk: (bytes: number) => void;
}

/** Models of the same shape, each under a prefix, with what the optimiser keeps where that is held. */
export async function readModels(
  { file, content, known, threads, onChunk }: Reader,
  settings: ModelSettings,
  prefixes: readonly string[],
  state: (models: number) => ReturnType<typeof readState>,
): Promise<SparseMlp[]> {
  const plans = planLayers(content, settings, prefixes);
  const held = state(prefixes.length);
  const models: SparseMlp[] = [];
  for (const [place, prefix] of prefixes.entries()) {
    const model = SparseMlp.allocate(settings, plans);
    if (held !== undefined) model.holdState(held.state);
    model.updates = held?.updates[place] ?? 0;
    for (const [index, layer] of model.layers.entries()) {
      layer.nnz = tensorPlace(content, `${prefix}layers.${index}.indices`).length;
      for (const [part, tensor, least] of partsOf(layer, held?.state)) {
        const name = `${prefix}layers.${index}.${part}`;
        expectLength(content, name, tensor.length);
        await readTensor(file, tensorPlace(content, name), tensor, onChunk);
        known.add(name);
        if (tensor instanceof Float32Array) checkNumbers(name, tensor, least);
      }
      if (layer.indptr[layer.inputs] !== layer.nnz) {
        throw new RangeError(
          `layer ${index + 1} has ${layer.nnz} connections, its indptr ends at ${layer.indptr[layer.inputs]}`,
        );
      }
      validateConnections(layer);
      rebuildIncoming(layer, threads);
    }
    models.push(model);
  }
  return models;
}

/** How features are standardised before they reach a model; undefined where the file does not say. */
export async function readStandardization(
  { file, content, known, onChunk }: Reader,
  prefix: string,
  { sizes: [inputs] }: ModelSettings,
  description: Readonly<Record<string, string>>,
): Promise<Standardization | undefined> {
  if (!content.tensors.has(`${prefix}standardization.mean`)) return undefined;
  const [mean, scale] = [sharedFloats(inputs), sharedFloats(inputs)];
  for (const [part, tensor] of [["mean", mean], ["scale", scale]] as const) {
    const name = `${prefix}standardization.${part}`;
    await readTensor(file, tensorPlace(content, name), tensor, onChunk);
    known.add(name);
    checkNumbers(name, tensor);
  }
  const name = `${prefix}standardization.features`;
  known.add(name);
  const place = content.tensors.get(name);
  if (place === undefined) return { mean, scale };
  expectLength(content, name, inputs);
  const features = sharedWords(inputs);
  await readTensor(file, place, features, onChunk);
  const featureCount = parseField<number>(description, "featureCount");
  const ascending = features.every((feature, index) => index === 0 || feature > features[index - 1]);
  if (!Number.isSafeInteger(featureCount) || !ascending || !(features[inputs - 1] < featureCount)) {
    throw new RangeError(`its ${inputs} used features are not ascending numbers below ${featureCount}`);
  }
  return { mean, scale, selection: { featureCount, features } };
}

/** Shapes of the layers, checked; all models of a file get the capacity of the largest. */
function planLayers(
  content: SafetensorsFile,
  settings: ModelSettings,
  prefixes: readonly string[],
): LayerPlan[] {
  const last = settings.sizes.length - 2;
  return settings.sizes.slice(1).map((neurons, index): LayerPlan => {
    const inputs = settings.sizes[index];
    let capacity = 0;
    for (const prefix of prefixes) {
      const name = `${prefix}layers.${index}`;
      const { length } = tensorPlace(content, `${name}.indices`);
      if (length > inputs * neurons) throw new RangeError(`layer ${index + 1} has too many connections`);
      expectLength(content, `${name}.indptr`, inputs + 1);
      expectLength(content, `${name}.values`, length);
      expectLength(content, `${name}.bias`, neurons);
      capacity = Math.max(capacity, length);
    }
    const activation = index === last ? OUTPUT_CODE : activationCode(activationOf(settings, index), index);
    return { inputs, neurons, capacity, activation };
  });
}

/**
 * Arrays of a layer by the names of their tensors, with the least their numbers can be; planes are named after what
 * they hold and what it belongs to.
 */
function partsOf(
  layer: SparseLayer,
  held: OptimizerState | undefined,
): [string, Tensor, (number | undefined)?][] {
  const { nnz } = layer;
  const parts: [string, Tensor, (number | undefined)?][] = [
    ["indptr", layer.indptr],
    ["indices", layer.indices.subarray(0, nnz)],
    ["values", layer.values.subarray(0, nnz)],
    ["bias", layer.bias],
    ["shape", layer.activationParameters],
  ];
  for (const [place, { name, least }] of (held?.planes ?? []).entries()) {
    const end = name[0].toUpperCase() + name.slice(1);
    parts.push(
      [name, layer.planes[place].subarray(0, nnz), least],
      [`bias${end}`, layer.biasPlanes[place], least],
      [`shape${end}`, layer.activationPlanes[place], least],
    );
  }
  return parts;
}

/** Throws unless all numbers are finite and none is too small. */
function checkNumbers(name: string, numbers: Float32Array, least = -Infinity): void {
  const at = firstUnfit(numbers, least);
  if (at < 0) return;
  const needed = least === -Infinity ? "a finite one" : `a finite one of ${least} or more`;
  throw new RangeError(`number ${at} of tensor "${name}" is ${numbers[at]}, ${needed} is needed`);
}

function tensorPlace(
  content: SafetensorsFile,
  name: string,
): NonNullable<ReturnType<SafetensorsFile["tensors"]["get"]>> {
  const place = content.tensors.get(name);
  if (place === undefined) throw new SyntaxError(`it has no tensor "${name}"`);
  return place;
}

function expectLength(content: SafetensorsFile, name: string, length: number): void {
  const found = tensorPlace(content, name).length;
  if (found !== length) throw new SyntaxError(`tensor "${name}" has ${found} elements, expected ${length}`);
}

/**
 * Models and checkpoints as `.safetensors` files.
 *
 * A model file holds settings, structure, weights, biases, standardisation and class names: enough to predict on raw
 * features. A checkpoint also holds what the optimiser keeps and how far training came: enough to go on bit for bit, since all random
 * numbers are functions of seed and place.
 *
 * @module
 */
import { type Source, sourceName } from "../data/source.ts";
import { CheckpointError, messageOf } from "../errors.ts";
import { isRecord } from "../hyperparameter.ts";
import { activationCode, OUTPUT_CODE } from "../model/activation.ts";
import type { LayerPlan, SparseLayer } from "../model/layer.ts";
import { SparseMlp } from "../model/model.ts";
import { type ModelOptions, type ModelSettings, resolveSettings } from "../model/settings.ts";
import type { FeatureSelection } from "../native/standardize.ts";
import type { OptimizerState } from "../optimizer/optimizer.ts";
import { rebuildIncoming, validateConnections } from "../sparse/csr.ts";
import { sharedFloats, sharedWords } from "../sparse/shared.ts";
import { VERSION } from "../version.ts";
import {
  describeState,
  FORMAT_VERSION,
  parseField,
  READABLE_VERSIONS,
  readClassNames,
  readState,
  readTraining,
  readWorkerCount,
  type TrainingState,
} from "./description.ts";
import { readSchema, schemaToJson } from "./table_schema.ts";
import { RandomAccess } from "../data/random_access.ts";
import {
  readSafetensorsHeader,
  readTensor,
  type SafetensorsFile,
  type Tensor,
  writeSafetensors,
} from "./safetensors.ts";

/** Options of {@linkcode saveModel}. */
export interface SaveOptions {
  /** Makes the file a checkpoint, with the optimiser's state. */
  readonly training?: TrainingState;
  /** Models of the workers of phase 2 of parallel training, for a checkpoint; see `WorkerModels`. */
  readonly workers?: readonly SparseMlp[];
  /** Called with the bytes written and the bytes in all. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/**
 * Saves a model; the file appears whole or not at all, and an older one stays until then.
 *
 * @throws {CheckpointError} When it cannot be written; the message names the path and the reason.
 */
export async function saveModel(model: SparseMlp, path: string, options: SaveOptions = {}): Promise<void> {
  const { training, workers = [], onProgress } = options;
  const tensors = new Map<string, Tensor>();
  const held = training === undefined ? undefined : model.optimizerState;
  const add = ({ layers }: SparseMlp, prefix: string) => {
    for (const [index, layer] of layers.entries()) {
      for (const [part, tensor] of partsOf(layer, held)) {
        tensors.set(`${prefix}layers.${index}.${part}`, tensor);
      }
    }
  };
  add(model, "");
  workers.forEach((worker, number) => add(worker, workerPrefix(number)));
  if (model.standardization !== undefined) {
    tensors.set("standardization.mean", model.standardization.mean);
    tensors.set("standardization.scale", model.standardization.scale);
  }
  const selection = model.standardization?.selection;
  if (selection !== undefined) tensors.set("standardization.features", selection.features);
  const description = {
    format: "truly-sparse",
    formatVersion: FORMAT_VERSION,
    packageVersion: VERSION,
    settings: JSON.stringify(model.settings),
    classNames: JSON.stringify(model.classNames),
    ...(model.schema && { schema: schemaToJson(model.schema) }),
    ...(selection && { featureCount: JSON.stringify(selection.featureCount) }),
    ...(training && { training: JSON.stringify(training) }),
    ...(held && { optimizer: JSON.stringify(describeState(held, [model, ...workers])) }),
    ...(workers.length > 0 && { workers: JSON.stringify(workers.length) }),
  };
  try {
    await writeSafetensors(path, tensors, description, onProgress);
  } catch (cause) {
    throw new CheckpointError(`Cannot save the model to "${path}": ${messageOf(cause)}`, { cause });
  }
}

/** A model as read, and how far its training came when the file is a checkpoint. */
export interface LoadedModel {
  /** The model, ready to predict or to train on. */
  readonly model: SparseMlp;
  /** How far its training came; given for checkpoints alone. */
  readonly training?: TrainingState;
  /** Models of the workers, where the checkpoint is of phase 2 of parallel training. */
  readonly workers?: readonly SparseMlp[];
}

/** Options of {@linkcode loadModel}. */
export interface LoadModelOptions {
  /** Threads that check and rebuild the structure. @default {1} */
  readonly threads?: number;
  /** Called with the bytes read and the bytes in all. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/**
 * Loads a model or a checkpoint; nothing of a damaged file is used.
 *
 * Indices are validated and numbers must be finite before the model exists for the caller. Memory: the model; files
 * are read in chunks.
 *
 * @param source A path, a `file:` URL, or the bytes of a file.
 * @throws {CheckpointError} When the file cannot be read, is damaged, foreign, or of an unknown format version.
 */
export async function loadModel(source: Source, options: LoadModelOptions = {}): Promise<LoadedModel> {
  const name = sourceName(source);
  let file: RandomAccess;
  try {
    file = await RandomAccess.open(source);
  } catch (cause) {
    throw new CheckpointError(`Cannot open the model file "${name}": ${messageOf(cause)}`, { cause });
  }
  try {
    return await read(file, options);
  } catch (cause) {
    const text = messageOf(cause);
    const message = text.includes(`"${name}"`) ? text : `Cannot load "${name}": ${text}`;
    throw new CheckpointError(message, { cause });
  } finally {
    file[Symbol.dispose]();
  }
}

async function read(file: RandomAccess, options: LoadModelOptions): Promise<LoadedModel> {
  const { threads = 1, onProgress } = options;
  let done = 0;
  const onChunk = (bytes: number) => onProgress?.(done += bytes, file.size);
  const content = await readSafetensorsHeader(file);
  const { metadata: description } = content;
  if (description.format !== "truly-sparse") throw new SyntaxError("it was not written by truly-sparse");
  if (!READABLE_VERSIONS.includes(description.formatVersion)) {
    throw new SyntaxError(
      `it has format version ${description.formatVersion} (written by package ${description.packageVersion}), ` +
        `this package reads versions ${READABLE_VERSIONS.join(", ")}`,
    );
  }
  const given = parseField<unknown>(description, "settings");
  if (!isRecord(given)) throw new SyntaxError("its settings are no object");
  const settings = resolveSettings(given as unknown as ModelOptions);
  const workerCount = readWorkerCount(description);
  const prefixes = ["", ...Array.from({ length: workerCount }, (_, worker) => workerPrefix(worker))];
  const known = new Set<string>();
  const plans = planLayers(content, settings, prefixes);
  const training = description.training === undefined
    ? undefined
    : readTraining(parseField(description, "training"));
  const held = training === undefined ? undefined : readState(description, prefixes.length);
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
  const [model, ...workers] = models;
  if (content.tensors.has("standardization.mean")) {
    const [mean, scale] = [sharedFloats(settings.sizes[0]), sharedFloats(settings.sizes[0])];
    for (const [part, tensor] of [["mean", mean], ["scale", scale]] as const) {
      const name = `standardization.${part}`;
      await readTensor(file, tensorPlace(content, name), tensor, onChunk);
      known.add(name);
      checkNumbers(name, tensor);
    }
    known.add("standardization.features");
    const selection = await readSelection(file, content, settings.sizes[0], onChunk);
    model.standardization = { mean, scale, ...(selection && { selection }) };
  }
  const unknown = [...content.tensors.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) throw new SyntaxError(`its network has no place for tensor "${unknown}"`);
  model.classNames = readClassNames(parseField(description, "classNames"), settings);
  if (description.schema !== undefined) {
    const owner = { ...settings, featureCount: model.featureCount, outputCount: settings.sizes.at(-1)! };
    model.schema = readSchema(parseField(description, "schema"), owner);
  }
  return { model, ...(training && { training }), ...(workers.length > 0 && { workers }) };
}

/** Where the tensors of a worker's model stand. */
function workerPrefix(worker: number): string {
  return `workers.${worker}.`;
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
    const activation = index === last ? OUTPUT_CODE : activationCode(settings.activation, index);
    return { inputs, neurons, capacity, activation };
  });
}

/** The raw features a compacted model uses; undefined where it uses all. */
async function readSelection(
  file: RandomAccess,
  content: SafetensorsFile,
  inputs: number,
  onChunk: (bytes: number) => void,
): Promise<FeatureSelection | undefined> {
  const place = content.tensors.get("standardization.features");
  if (place === undefined) return undefined;
  expectLength(content, "standardization.features", inputs);
  const features = sharedWords(inputs);
  await readTensor(file, place, features, onChunk);
  const featureCount = parseField<number>(content.metadata, "featureCount");
  const ascending = features.every((feature, index) => index === 0 || feature > features[index - 1]);
  if (!Number.isSafeInteger(featureCount) || !ascending || !(features[inputs - 1] < featureCount)) {
    throw new RangeError(`its ${inputs} used features are not ascending numbers below ${featureCount}`);
  }
  return { featureCount, features };
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

/** Throws unless all numbers are finite and none is too small; in blocks, since a check of each costs ten times more. */
function checkNumbers(name: string, numbers: Float32Array, least = -Infinity): void {
  for (let start = 0; start < numbers.length; start += 4096) {
    const end = Math.min(start + 4096, numbers.length);
    // A number times zero is zero, but for NaN and infinities.
    let zero = 0;
    let smallest = Infinity;
    for (let at = start; at < end; at++) {
      zero += numbers[at] * 0;
      smallest = Math.min(smallest, numbers[at]);
    }
    if (zero === 0 && smallest >= least) continue;
    const at = numbers.subarray(start, end).findIndex((x) => !Number.isFinite(x) || x < least) + start;
    const needed = least === -Infinity ? "a finite one" : `a finite one of ${least} or more`;
    throw new RangeError(`number ${at} of tensor "${name}" is ${numbers[at]}, ${needed} is needed`);
  }
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

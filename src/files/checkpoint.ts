/**
 * Models and checkpoints as `.safetensors` files.
 *
 * A model file holds settings, structure, weights, biases, standardisation and class names or the unit of the targets:
 * enough to predict on raw features. A checkpoint also holds what the optimiser keeps and how far training came: enough
 * to go on bit for bit, since all random numbers are functions of seed and place.
 *
 * @module
 */
import { type Source, sourceName } from "../data/source.ts";
import { CheckpointError, messageOf } from "../errors.ts";
import { CALLBACK, isRecord, type NamesOf, onlyKnown, readValue, THREADS, unfit } from "../hyperparameter.ts";
import { isInstance, readItems, requirePath } from "../value.ts";
import { copyMeaning } from "../model/copy.ts";
import type { SparseMlp } from "../model/model.ts";
import { requireModel } from "../model/model_argument.ts";
import { VERSION } from "../version.ts";
import {
  describeMeaning,
  describeNetwork,
  describeState,
  FORMAT_VERSION,
  parseField,
  READABLE_VERSIONS,
  readMeaning,
  readRunning,
  readSettings,
  readState,
  readTraining,
  readWorkerCount,
  type TrainingState,
} from "./description.ts";
import { RandomAccess } from "../data/random_access.ts";
import {
  addLayers,
  addStandardization,
  type Reader,
  readModels,
  readStandardization,
} from "./model_tensors.ts";
import { readSafetensorsHeader, type Tensor, writeSafetensors } from "./safetensors.ts";

/** Options of {@linkcode saveModel}. */
export interface SaveOptions {
  /** Makes the file a checkpoint, with the optimiser's state, and with both models where the best epoch is kept. */
  readonly training?: TrainingState;
  /** Models of the workers of phase 2 of parallel training, for a checkpoint; see `WorkerModels`. */
  readonly workers?: readonly SparseMlp[];
  /** Called with the bytes written and the bytes in all. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/**
 * Saves a model; the file appears whole or not at all, and an older one stays until then.
 *
 * What {@linkcode loadModel} demands is checked first (one read of the model), so a model that could not be loaded
 * never takes the place of one that can. Training of the model waits until it is saved, awaited or not; nothing is
 * copied for it. A pipe or device is written to, a symbolic link is followed, and an older file's mode stays.
 *
 * @throws {CheckpointError} When it cannot be written or could not be loaded, or workers are in the middle of an epoch
 * of it; the message names the path and the reason.
 */
export async function saveModel(model: SparseMlp, path: string, options: SaveOptions = {}): Promise<void> {
  requireModel(model, SAVING);
  requirePath(path, { task: SAVING, name: "path" }, "the path of a file");
  const read = readSaveOptions(options);
  try {
    using _ = model.use.save();
    const { tensors, description } = contentOf(model, read);
    await writeSafetensors(path, tensors, description, read.onProgress);
  } catch (cause) {
    throw new CheckpointError(`Cannot save the model to "${path}": ${messageOf(cause)}`, { cause });
  }
}

const SAVING = "save the model";

const SAVE_OPTIONS: NamesOf<SaveOptions> = { training: true, workers: true, onProgress: true };

function readSaveOptions(options: SaveOptions): SaveOptions {
  const { training, workers, onProgress } = onlyKnown(options, SAVE_OPTIONS, SAVING);
  if (onProgress !== undefined) readValue(CALLBACK, onProgress, { task: SAVING, name: "onProgress" });
  if (training !== undefined && !isRecord(training)) {
    throw unfit({ task: SAVING, name: "training" }, training, "an object with epoch and options");
  }
  const models = readItems(workers ?? [], { task: SAVING, name: "workers" }, 65_536);
  for (const model of models) requireModel(model, SAVING);
  return {
    workers: models as readonly SparseMlp[],
    ...(training && { training }),
    ...(onProgress && { onProgress }),
  };
}

/** What a file of a model holds, checked as it will be when it is read. */
function contentOf(
  model: SparseMlp,
  { training, workers = [] }: SaveOptions,
): { readonly tensors: Map<string, Tensor>; readonly description: Record<string, string> } {
  // A file's model is the one to use: in the middle of a run that keeps its best epoch, the best so far.
  const used = training === undefined ? model : model.best ?? model;
  const running = training === undefined ? undefined : model.best === undefined ? model.running : model;
  const held = training === undefined ? undefined : (running ?? used).optimizerState;
  const tensors = new Map<string, Tensor>();
  addLayers(tensors, used, "", running === undefined ? held : undefined);
  addStandardization(tensors, used, "");
  if (running !== undefined) {
    addLayers(tensors, running, RUNNING, held);
    if (running.standardization !== used.standardization) addStandardization(tensors, running, RUNNING);
  }
  workers.forEach((worker, number) => addLayers(tensors, worker, workerPrefix(number), held));
  const description = {
    format: "truly-sparse",
    formatVersion: FORMAT_VERSION,
    packageVersion: VERSION,
    ...describeNetwork(used),
    ...describeMeaning(used),
    ...(running && { running: JSON.stringify(describeNetwork(running)) }),
    ...(training && { training: JSON.stringify(training) }),
    ...(held && { optimizer: JSON.stringify(describeState(held, [running ?? used, ...workers])) }),
    ...(workers.length > 0 && { workers: JSON.stringify(workers.length) }),
  };
  readSettings(description);
  readMeaning(description, used);
  if (description.training !== undefined) {
    readTraining(parseField({ training: description.training }, "training"));
  }
  return { tensors, description };
}

/** A model as read, and how far its training came when the file is a checkpoint. */
export interface LoadedModel {
  /**
   * The model, ready to predict or to train on; of a run that keeps its best epoch the best so far, with the one in
   * training as `SparseMlp.running`, with which `train` goes on.
   */
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

const LOAD_OPTIONS: NamesOf<LoadModelOptions> = { threads: true, onProgress: true };

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
  const task = "load a model";
  if (!(isInstance(source, Uint8Array) || isInstance(source, URL))) {
    requirePath(source, { task, name: "source" }, "the path or URL of a file, or its bytes");
  }
  const { threads, onProgress } = onlyKnown(options, LOAD_OPTIONS, task);
  if (onProgress !== undefined) readValue(CALLBACK, onProgress, { task, name: "onProgress" });
  const reading = {
    threads: readValue(THREADS, threads, { task, name: "threads" }),
    ...(onProgress && { onProgress }),
  };
  const name = sourceName(source);
  let file: RandomAccess;
  try {
    file = await RandomAccess.open(source);
  } catch (cause) {
    throw new CheckpointError(`Cannot open the model file "${name}": ${messageOf(cause)}`, { cause });
  }
  try {
    return await read(file, reading);
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
  const settings = readSettings(description);
  const training = description.training === undefined
    ? undefined
    : readTraining(parseField(description, "training"));
  const workerCount = readWorkerCount(description);
  const workers = Array.from({ length: workerCount }, (_, worker) => workerPrefix(worker));
  const trained = readRunning(description, training);
  const known = new Set<string>();
  const reader: Reader = { file, content, known, threads, onChunk };
  const goesOn = trained === undefined ? ["", ...workers] : [RUNNING, ...workers];
  const held = (models: number) => training && readState(description, models);
  const models = await readModels(reader, trained?.settings ?? settings, goesOn, held);
  const [last, ...workerModels] = models;
  const model = trained === undefined ? last : (await readModels(reader, settings, [""], () => undefined))[0];
  const standardization = await readStandardization(reader, "", settings, description);
  if (standardization !== undefined) model.standardization = standardization;
  copyMeaning(readMeaning(description, model), model);
  for (const worker of workerModels) copyMeaning(model, worker);
  if (trained !== undefined) {
    const own = await readStandardization(reader, RUNNING, trained.settings, trained.description) ??
      standardization;
    if (own !== undefined) last.standardization = own;
    copyMeaning(model, last);
    checkBeside(model, last);
    model.running = last;
  }
  const unknown = [...content.tensors.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) throw new SyntaxError(`its network has no place for tensor "${unknown}"`);
  return {
    model,
    ...(training && { training }),
    ...(workerModels.length > 0 && { workers: workerModels }),
  };
}

/** Refuses a model in training that is for other samples than the best. */
function checkBeside(best: SparseMlp, running: SparseMlp): void {
  const [one, other] = [best, running].map(({ settings: { sizes, task }, featureCount }) =>
    `${featureCount} features and ${sizes[sizes.length - 1]} outputs of a ${task}`
  );
  if (one !== other) throw new RangeError(`its best model is for ${one}, the one in training for ${other}`);
}

/** Where the tensors of the model in training stand, beside the best of its run. */
const RUNNING = "running.";

/** Where the tensors of a worker's model stand. */
function workerPrefix(worker: number): string {
  return `workers.${worker}.`;
}

/**
 * Models and checkpoints as `.safetensors` files.
 *
 * A model file holds settings, structure, weights, biases, standardisation and class names or the unit of the targets:
 * enough to predict on raw features. A checkpoint also holds what the optimiser keeps and how far training came: enough
 * to go on bit for bit, since all random numbers are functions of seed and place.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { RandomAccess } from "../data/random_access.ts";
import { CheckpointError, messageOf } from "../errors.ts";
import { plural } from "../format.ts";
import { CALLBACK, isRecord, type NamesOf, onlyKnown, readValue, THREADS, unfit } from "../hyperparameter.ts";
import { readItems, requireSignal } from "../value.ts";
import { copyMeaning } from "../model/copy.ts";
import type { SparseMlp } from "../model/model.ts";
import { requireModel } from "../model/model_argument.ts";
import { isTrainedElsewhere, TRAINED_ELSEWHERE } from "../model/sample_batch.ts";
import { modelDisplay, modelPicture } from "../model/picture.ts";
import { pictured } from "../picture.ts";
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
import { modelPath, modelSourceName, type OpenedModel, openModel } from "./model_source.ts";
import {
  addLayers,
  addStandardization,
  type Reader,
  readModels,
  readStandardization,
} from "./model_tensors.ts";
import { addHistory, describeHistory, readHistory } from "./history_tensors.ts";
import { describeRun, type RunRecord } from "./run_record.ts";
import { encodeSafetensors, readSafetensorsHeader, type Tensor, writeSafetensors } from "./safetensors.ts";

/** Options of {@linkcode saveModel} and {@linkcode encodeModel}. */
export interface SaveOptions {
  /** Makes the file a checkpoint, with the optimiser's state, and with both models where the best epoch is kept. */
  readonly training?: TrainingState;
  /** Models of the workers of phase 2 of parallel training, for a checkpoint; see `WorkerModels`. */
  readonly workers?: readonly SparseMlp[];
  /** Where the model comes from, for {@linkcode report}; see {@linkcode readRun}. */
  readonly run?: RunRecord;
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
 * @param place A path or a `file:` URL.
 * @throws {TypeError} When the model is none, the place is no file's, or there is no option of a name.
 * @throws {CheckpointError} When it cannot be written or could not be loaded, workers are in the middle of an epoch of it,
 * or another Worker has trained it; the message names the path and the reason.
 */
export async function saveModel(
  model: SparseMlp,
  place: string | URL,
  options: SaveOptions = {},
): Promise<void> {
  requireModel(model, "save the model");
  const read = readSaveOptions(options, "save the model");
  const path = modelPath(place);
  try {
    using _ = model.use.save();
    const { tensors, description } = contentOf(model, read);
    await writeSafetensors(path, tensors, description, read.onProgress);
  } catch (cause) {
    throw new CheckpointError(`Cannot save the model to "${path}": ${messageOf(cause)}`, { cause });
  }
}

/**
 * The bytes of the file that {@linkcode saveModel} would write: for a database, a message, the body of a request.
 *
 * Checked alike, and training of the model waits alike until they are there, awaited or not. With `training` they are a
 * checkpoint, from which a run goes on elsewhere bit for bit. Memory: the bytes, once.
 *
 * @throws {TypeError} When the model is none, or there is no option of a name.
 * @throws {CheckpointError} When the model could not be loaded again, workers are in the middle of an epoch of it, another
 * Worker has trained it, or there is no memory for its bytes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeModel, loadModel, SparseMlp } from "@truly-sparse/truly-sparse";
 *
 * const bytes = await encodeModel(SparseMlp.create({ sizes: [4, 8, 2], seed: 1 }));
 * const { model } = await loadModel(bytes);
 * assertEquals(model.settings.sizes, [4, 8, 2]);
 * ```
 */
export async function encodeModel(
  model: SparseMlp,
  options: SaveOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  requireModel(model, "encode the model");
  const read = readSaveOptions(options, "encode the model");
  try {
    using _ = model.use.save();
    const { tensors, description } = contentOf(model, read);
    return await encodeSafetensors(tensors, description, read.onProgress);
  } catch (cause) {
    throw new CheckpointError(`Cannot encode the model: ${messageOf(cause)}`, { cause });
  }
}

const SAVE_OPTIONS: NamesOf<SaveOptions> = { training: true, workers: true, run: true, onProgress: true };

function readSaveOptions(options: SaveOptions, task: string): SaveOptions {
  const { training, workers, run, onProgress } = onlyKnown(options, SAVE_OPTIONS, task);
  if (onProgress !== undefined) readValue(CALLBACK, onProgress, { task, name: "onProgress" });
  if (training !== undefined && !isRecord(training)) {
    throw unfit({ task, name: "training" }, training, "an object with epoch and options");
  }
  const models = readItems(workers ?? [], { task, name: "workers" }, 65_536);
  for (const model of models) requireModel(model, task);
  return {
    workers: models as readonly SparseMlp[],
    ...(training && { training }),
    ...(run && { run }),
    ...(onProgress && { onProgress }),
  };
}

/** What a file of a model holds, checked as it will be when it is read. */
function contentOf(
  model: SparseMlp,
  { training, workers = [], run }: SaveOptions,
): { readonly tensors: Map<string, Tensor>; readonly description: Record<string, string> } {
  // A file's model is the one to use: in the middle of a run that keeps its best epoch, the best so far.
  const used = training === undefined ? model : model.best ?? model;
  if (isTrainedElsewhere(used)) throw new TypeError(TRAINED_ELSEWHERE);
  const running = training === undefined ? undefined : model.best === undefined ? model.running : model;
  const held = training === undefined ? undefined : (running ?? used).optimizerState;
  const tensors = new Map<string, Tensor>();
  addLayers(tensors, used, "", running === undefined ? held : undefined);
  addStandardization(tensors, used, "");
  if (running !== undefined) {
    addLayers(tensors, running, RUNNING, held);
    if (running.standardization !== used.standardization) addStandardization(tensors, running, RUNNING);
  }
  const { history } = running ?? used;
  if (training !== undefined && history !== undefined) {
    // What has changed since the last look at the layers came with the last epoch.
    history.observe((running ?? used).layers);
    addHistory(tensors, history);
  }
  workers.forEach((worker, number) => addLayers(tensors, worker, workerPrefix(number), held));
  const description = {
    format: "truly-sparse",
    formatVersion: FORMAT_VERSION,
    packageVersion: VERSION,
    ...describeNetwork(used),
    ...describeMeaning(used),
    ...(running && { running: JSON.stringify(describeNetwork(running)) }),
    ...(training && history && { history: JSON.stringify(describeHistory(history)) }),
    ...(training && { training: JSON.stringify(training) }),
    ...(held && { optimizer: JSON.stringify(describeState(held, [running ?? used, ...workers])) }),
    ...(workers.length > 0 && { workers: JSON.stringify(workers.length) }),
    ...(run && { run: describeRun(run) }),
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
  /** Called with the bytes read and the bytes in all; of what comes as a stream once its header is there. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
  /** Stops what comes from a server or as a stream; the promise is then rejected with the reason. */
  readonly signal?: AbortSignal;
}

const LOAD_OPTIONS: NamesOf<LoadModelOptions> = { threads: true, onProgress: true, signal: true };

/**
 * Loads a model or a checkpoint; nothing of a damaged file is used.
 *
 * Indices are validated and numbers must be finite before the model exists for the caller. Memory: the model, for files
 * are read in chunks; beside it the bytes of what comes as a stream, of which no more is taken than its header says.
 *
 * @param source A path; a URL, of `http:` and `https:` with the permission for the network; the bytes of a file; a
 * blob, a response or a stream, which are read once.
 * @throws {TypeError} When the source is none of these, or there is no option of a name.
 * @throws {CheckpointError} When it cannot be read, a server refuses, or what comes is damaged, foreign, shorter or
 * longer than it says, or of an unknown format version.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeModel, loadModel, SparseMlp } from "@truly-sparse/truly-sparse";
 *
 * const bytes = await encodeModel(SparseMlp.create({ sizes: [4, 8, 2], seed: 1 }));
 * const { model } = await loadModel(new Response(bytes)); // as fetch() gives it
 * assertEquals(model.layers.length, 2);
 * ```
 */
export async function loadModel(source: ByteSource, options: LoadModelOptions = {}): Promise<LoadedModel> {
  const name = modelSourceName(source);
  const { signal, onProgress, threads } = checkedLoading(options);
  const failed = (what: string, cause: unknown) => {
    if (signal?.aborted) return signal.reason;
    const text = messageOf(cause);
    const message = text.includes(`"${name}"`) ? text : `Cannot ${what} "${name}": ${text}`;
    return new CheckpointError(message, { cause });
  };
  let opened: OpenedModel;
  try {
    opened = await openModel(source, { signal, onProgress });
  } catch (cause) {
    throw failed("open the model file", cause);
  }
  const { file, streamed } = opened;
  try {
    return await read(file, threads, streamed ? undefined : onProgress);
  } catch (cause) {
    throw failed("load", cause);
  } finally {
    file[Symbol.dispose]();
  }
}

function checkedLoading(options: LoadModelOptions): LoadModelOptions & { readonly threads: number } {
  const task = "load a model";
  const { threads, onProgress, signal } = onlyKnown(options, LOAD_OPTIONS, task);
  if (onProgress !== undefined) readValue(CALLBACK, onProgress, { task, name: "onProgress" });
  if (signal !== undefined) requireSignal(signal, task);
  return {
    threads: readValue(THREADS, threads, { task, name: "threads" }),
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
  };
}

async function read(
  file: RandomAccess,
  threads: number,
  onProgress: LoadModelOptions["onProgress"],
): Promise<LoadedModel> {
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
  const history = training && await readHistory(reader, last.layers, description);
  if (history !== undefined) last.history = history;
  const unknown = [...content.tensors.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) throw new SyntaxError(`its network has no place for tensor "${unknown}"`);
  const loaded: LoadedModel = {
    model,
    ...(training && { training }),
    ...(workerModels.length > 0 && { workers: workerModels }),
  };
  return pictured(loaded, loadedPicture, ({ model }) => modelDisplay(model));
}

/** A line for the model, and one for how far its training came. */
function loadedPicture({ model, training, workers = [] }: LoadedModel): string {
  const { epoch, state } = training ?? {};
  const inside = state === undefined || state.step === 0 ? "" : ` and ${plural(state.step, "step")}`;
  return [
    `LoadedModel: ${modelPicture(model)}`,
    ...(epoch === undefined ? [] : [`  a checkpoint after ${plural(epoch, "epoch")}${inside}`]),
    ...(workers.length === 0 ? [] : [`  with the models of ${plural(workers.length, "worker")}`]),
  ].join("\n");
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

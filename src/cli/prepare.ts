/**
 * What a run of the command `train` is prepared of: options, data, and a network or a checkpoint.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { trainingSamples } from "../data/validation_split.ts";
import { SparseMlp } from "../model/model.ts";
import type { ActivationPlan } from "../model/plan.ts";
import type { MpiPlace } from "../native/mpi.ts";
import { WorkerModels } from "../parallel/worker_models.ts";
import type { RunHooks } from "../train/hooks.ts";
import type { HyperparameterOptions } from "../train/hyperparameters.ts";
import { newRunState, type RunState } from "../train/state.ts";
import { askedWeights } from "./class_weights.ts";
import { describeData, loadData } from "./data.ts";
import { readModelFile } from "./model_file.ts";
import { UsageError } from "./option.ts";
import type { Values } from "./options.ts";
import { checkFolder, checkOutput } from "./output.ts";
import { PeakMemory } from "./peak_memory.ts";
import { fitMemory } from "./plan.ts";
import { loadingBar } from "./progress.ts";
import { checkFit, type Resumed, resumed } from "./resume.ts";
import { RunLog } from "./run_log.ts";
import {
  broughtBy,
  checkTogether,
  fillDefaults,
  modelOptions,
  trainOptions,
  withPreset,
} from "./settings.ts";
import { withSlope } from "./slope_search.ts";
import { settle } from "./suggestion.ts";

/** A run that is ready to begin. */
export interface Run {
  /** Options as they were given. */
  readonly given: Values;
  readonly values: Values;
  readonly data: Dataset;
  /** What is to be told of the data. */
  readonly notices: readonly string[];
  readonly model: SparseMlp;
  readonly options: HyperparameterOptions & Pick<RunHooks, "state">;
  /** Where the run stands; the trainer keeps it up to date. */
  readonly state: RunState;
  /** The most memory the program had, as seen between steps. */
  readonly memory: PeakMemory;
  /** What the model file is to keep of the run. */
  readonly log: RunLog;
  /** Models of the workers of parallel training, for checkpoints. */
  readonly workerModels: WorkerModels;
  /** How activations are kept, where memory was planned. */
  readonly choice?: ActivationPlan;
  /** Options that were chosen for the shape of the data; those given win over them. */
  readonly brought?: Values;
  /** The MPI job this process is a rank of. */
  readonly place?: MpiPlace;
}

/**
 * Makes a run ready to begin: what can be refused is, before data are loaded where that is possible.
 *
 * @param given Options as they were typed.
 * @throws {UsageError} When options do not go together, or with the checkpoint.
 */
export async function prepare(given: Values): Promise<Run> {
  const before = await checkpointOf(given);
  const asked = before?.wanted ?? given;
  const wanted = withPreset(asked);
  checkTogether(wanted);
  const named = describeData(wanted);
  // Data of one's own bring settings too, once their shape is known; a checkpoint and a preset have theirs.
  const suits = named === undefined && before === undefined && wanted.preset === undefined;
  const first = fillDefaults("train", wanted, broughtBy(wanted, named));
  const state = before?.state ?? newRunState();
  checkEpochs(first, state);
  if (first.output !== undefined) await checkOutput(first.output, first.data);
  if (first.tensorboard !== undefined) await checkFolder(first.tensorboard);
  const { data, notices } = await loadData(first, {
    showProgress: !first.json && !first.quiet,
    reader: before && { model: before.model, given },
  });
  const { values: settled, brought } = settle("train", wanted, first, suits ? data : undefined);
  if (before !== undefined) checkFit(given.resume!, before.model, data);
  const weights = await askedWeights(settled, data);
  const filled = before === undefined ? await withSlope(settled, data, named, weights.options) : settled;
  const sized = { ...filled, ...weights.values, ...ofData(data, filled) };
  // A network that is loaded has its memory.
  const sizes = [data.featureCount, ...sized.hidden ?? [], data.outputCount];
  const { values, choice } = before === undefined ? fitMemory(sizes, sized, asked) : { values: sized };
  const model = before?.model ?? makeModel(values, data);
  return {
    given,
    values,
    data,
    notices: [...notices, ...cutOff(model)],
    model,
    options: { ...trainOptions(values, named), ...weights.options, state },
    state,
    memory: new PeakMemory(),
    log: given.resume === undefined ? new RunLog() : await RunLog.goingOn(given.resume),
    workerModels: new WorkerModels(before?.workers),
    ...(choice && { choice }),
    ...(brought && { brought }),
  };
}

/** The run to go on with, where one is named; says which of its options have no place any more. */
async function checkpointOf(given: Values): Promise<Resumed | undefined> {
  if (given.resume === undefined) return undefined;
  const before = resumed(await readModelFile(given.resume, given), given);
  if (before.leftOut.length > 0) {
    const names = before.leftOut.map((name) => `--${name}`).join(", ");
    console.error(
      `Left out of the checkpoint's options, as those given now have no place for them: ${names}`,
    );
  }
  return before;
}

/** Refuses a run that has no epoch left to do. */
function checkEpochs({ epochs }: Values, { epoch }: RunState): void {
  if (epoch < epochs!) return;
  throw new UsageError(`Cannot go on to epoch ${epochs}: ${epoch} are done; give a larger --epochs`);
}

/** Options that follow from the data: a batch as training will cut it, and how their files are read. */
function ofData(data: Dataset, values: Values): Values {
  const { firstIndex } = data;
  const samples = trainingSamples(data, values["validation-fraction"] ?? 0);
  return {
    // Memory is planned for it, and a file tells it.
    "batch-size": Math.min(values["batch-size"]!, samples),
    // Files that the model meets later are read alike.
    ...(firstIndex !== undefined && { "first-index": firstIndex }),
  };
}

/** A sentence about a network in which no path of connections leads from the inputs to an output. */
function cutOff(model: SparseMlp): string[] {
  const full = model.layers.every(({ nnz }) => nnz > 0);
  // A layer without a connection is refused.
  return !full || model.reachedOutputs() > 0 ? [] : [
    "No path of connections leads from the inputs to an output, so nothing can be learned of them until one grows; " +
    "a larger --epsilon or density makes some",
  ];
}

/** Makes the network, with progress on the terminal. */
function makeModel(values: Values, data: Dataset): SparseMlp {
  using bar = loadingBar(!values.json && !values.quiet);
  return SparseMlp.for(data, {
    ...modelOptions(values),
    onProgress: (done, total) => bar.update("Making the network", done, total),
  });
}

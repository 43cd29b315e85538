/**
 * The epochs of a run of the command `train`: shown, saved and stopped in good order.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { saveModel } from "../files/checkpoint.ts";
import type { SparseMlp } from "../model/model.ts";
import type { ActivationPlan } from "../model/plan.ts";
import type { MpiPlace } from "../native/mpi.ts";
import { trainOverMpi } from "../parallel/mpi/train.ts";
import type { ParallelOptions } from "../parallel/options.ts";
import { trainParallel } from "../parallel/wasap.ts";
import { WorkerModels } from "../parallel/worker_models.ts";
import type { RunState } from "../train/state.ts";
import type { Calibration } from "../train/calibration.ts";
import type { EpochRecord, TrainSummary } from "../train/records.ts";
import { train } from "../train/trainer.ts";
import type { RunHooks } from "../train/hooks.ts";
import type { HyperparameterOptions } from "../train/hyperparameters.ts";
import type { Interruption } from "./interruption.ts";
import { writeModelFile } from "./model_file.ts";
import type { Observers } from "./observer.ts";
import type { Values } from "./options.ts";
import type { PeakMemory } from "./peak_memory.ts";
import type { RunLog } from "./run_log.ts";
import { farewell, isSame, type Place, placeOf } from "./place.ts";
import type { TrainingView } from "./progress.ts";
import { parallelOptions } from "./settings.ts";
import { printEvent } from "./output.ts";

/** A run that is ready to begin. */
export interface Run {
  /** Options as they were given. */
  readonly given: Values;
  readonly values: Values;
  readonly data: Dataset;
  /** What is to be told of the data. */
  readonly notices: readonly string[];
  readonly model: SparseMlp;
  readonly options: HyperparameterOptions;
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

/** What came out of the epochs of this run. */
export interface Outcome {
  readonly stoppedEarly: boolean;
  readonly interrupted: boolean;
  /** Exit code of a run that was interrupted. */
  readonly exitCode: number;
  /** Seconds of training. */
  readonly seconds: number;
  readonly samplesTrained: number;
  /** The temperature, where one was fitted at the end. */
  readonly calibration?: Calibration;
}

/**
 * Trains to the end, or until it is stopped in good order; saves checkpoints and what came of it.
 *
 * @param interruption Who stops it.
 * @param observers Who is told of its epochs.
 */
export async function runEpochs(
  run: Run,
  view: TrainingView,
  interruption: Interruption,
  observers: Observers,
): Promise<Outcome> {
  const { values, model, memory, state } = run;
  const { output, "checkpoint-every": every = Infinity, "checkpoint-minutes": minutes = Infinity } = values;
  let saved: Place | undefined;
  let savedAt = performance.now();
  let training = true;
  const save = async () => {
    const place = placeOf(state);
    if (output === undefined || isSame(saved, place)) return;
    const { resume: _, ...kept } = values;
    const reached = { epoch: state.epoch, options: { values: kept }, state };
    const told = run.log.record(run.given, values, run.data);
    const beside = { training: reached, workers: await run.workerModels.current(), run: told };
    if (training) await saveModel(model, output, { ...beside, onProgress: view.saving });
    else await writeModelFile(model, output, values, beside);
    [saved, savedAt] = [place, performance.now()];
  };
  const parallel = parallelOptions(values);
  const cores = navigator.hardwareConcurrency;
  if (run.place === undefined && (parallel?.workers ?? 1) > cores) {
    view.notice(`${parallel!.workers} workers take turns on ${cores} cores; as many as cores are fastest`);
  }
  // Workers take their steps where nobody can be called.
  const onStep = parallel === undefined ? observers.onStep : undefined;
  const options: HyperparameterOptions & RunHooks = {
    ...run.options,
    signal: interruption.signal,
    ...(onStep && { onStep }),
    onPhase: (progress) => {
      view.phase(progress);
      memory.look();
    },
    onProgress: async (progress) => {
      view.step(progress);
      observers.progress(progress);
      memory.look();
      if (performance.now() - savedAt > 60_000 * minutes) await save();
    },
  };
  const records = recordsOf(run, options, parallel);
  let [seconds, samplesTrained, stoppedEarly, stopped] = [0, 0, false, false];
  let calibration: Calibration | undefined;
  try {
    for (;;) {
      const { done, value } = await records.next();
      if (done) {
        stoppedEarly = value?.stoppedEarly ?? false;
        calibration = value?.calibration;
        // What was saved after the last epoch has no temperature yet.
        if (calibration !== undefined) saved = undefined;
        break;
      }
      run.log.add(value);
      seconds += value.seconds;
      samplesTrained += value.samplesPerSecond * value.seconds;
      memory.look();
      if (values.json) printEvent({ event: "epoch", ...value });
      view.epoch(value);
      for (const { worker, cause } of value.parallel?.replacedWorkers ?? []) {
        view.notice(`Worker ${worker} was lost and replaced in epoch ${value.epoch}: ${cause}`);
      }
      await observers.epoch(value, model);
      if (state.epoch % every === 0) await save();
      // After its last epoch a run has only its end before it.
      if (interruption.requested && state.epoch < values.epochs!) break;
    }
  } catch (cause) {
    // By a signal to this process, or to another rank of its job.
    stopped = cause instanceof DOMException && cause.name === "AbortError";
    if (!stopped) throw cause;
  } finally {
    view.stop();
    training = false;
  }
  stopped ||= interruption.requested;
  const interrupted = stopped && state.epoch < values.epochs! && !stoppedEarly;
  try {
    await save();
  } finally {
    // A run that was left between two epochs still has workers to let go; over MPI that ends the job in good order.
    await records.return(undefined);
  }
  if (interrupted) console.error(farewell(output, placeOf(state)));
  else if (output !== undefined && !values.json) console.error(`Saved the model to "${output}"`);
  const exitCode = interruption.exitCode({ saved: output !== undefined, ofJob: run.place !== undefined });
  return {
    stoppedEarly,
    interrupted,
    exitCode,
    seconds,
    samplesTrained,
    ...(calibration && { calibration }),
  };
}

function recordsOf(
  { model, data, place, workerModels }: Run,
  options: HyperparameterOptions & RunHooks,
  parallel: ParallelOptions | undefined,
): AsyncGenerator<EpochRecord, TrainSummary | undefined> {
  if (parallel === undefined) return train(model, data, options);
  if (place === undefined) return trainParallel(model, data, { ...options, ...parallel, workerModels });
  const { workers: _, ...rest } = parallel;
  return trainOverMpi(model, data, { ...options, ...rest, workerModels, place });
}

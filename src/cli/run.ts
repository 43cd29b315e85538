/**
 * The epochs of a run of the command `train`: shown, saved and stopped in good order.
 *
 * @module
 */
import { trainOverMpi } from "../parallel/mpi/train.ts";
import type { ParallelOptions } from "../parallel/options.ts";
import { trainParallel } from "../parallel/wasap.ts";
import type { Calibration } from "../train/calibration.ts";
import type { RunHooks } from "../train/hooks.ts";
import type { HyperparameterOptions } from "../train/hyperparameters.ts";
import type { EpochRecord, TrainSummary } from "../train/records.ts";
import { train } from "../train/trainer.ts";
import { Checkpoints } from "./checkpoints.ts";
import type { Interruption } from "./interruption.ts";
import type { Observers } from "./observer.ts";
import { printEvent } from "./output.ts";
import { farewell, placeOf } from "./place.ts";
import type { Run } from "./prepare.ts";
import type { TrainingView } from "./progress.ts";
import { parallelOptions } from "./settings.ts";

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
  const { values, state } = run;
  const { output, "checkpoint-every": every = Infinity } = values;
  const epochs = values.epochs!;
  const checkpoints = new Checkpoints(run, view.saving);
  const parallel = parallelOptions(values);
  noticeCores(view, run, parallel);
  const { signal } = interruption;
  const hooks = { signal, ...hooksOf(run, view, observers, checkpoints, parallel === undefined) };
  const records = recordsOf(run, { ...run.options, ...hooks }, parallel);
  let [seconds, samplesTrained, stopped] = [0, 0, false];
  let summary: TrainSummary | undefined;
  try {
    for (;;) {
      const { done, value } = await records.next();
      if (done) {
        summary = value;
        break;
      }
      seconds += value.seconds;
      samplesTrained += value.samplesPerSecond * value.seconds;
      await noteEpoch(run, value, view, observers);
      if (state.epoch % every === 0) await checkpoints.save();
      // After its last epoch a run has only its end before it.
      if (interruption.requested && state.epoch < epochs) break;
    }
  } catch (cause) {
    // By a signal to this process, or to another rank of its job.
    stopped = cause instanceof DOMException && cause.name === "AbortError";
    if (!stopped) throw cause;
  } finally {
    view.stop();
  }
  stopped ||= interruption.requested;
  const { stoppedEarly = false, calibration } = summary ?? {};
  const interrupted = stopped && state.epoch < epochs && !stoppedEarly;
  try {
    await checkpoints.end(calibration !== undefined);
  } finally {
    // A run that was left between two epochs still has workers to let go; over MPI that ends the job in good order.
    await records.return(undefined);
  }
  if (interrupted) console.error(farewell(output, placeOf(state)));
  else if (output !== undefined && !values.json) console.error(`Saved the model to "${output}"`);
  const exitCode = interruption.exitCode({ saved: output !== undefined, ofJob: run.place !== undefined });
  const came = { stoppedEarly, interrupted, exitCode, seconds, samplesTrained };
  return { ...came, ...(calibration && { calibration }) };
}

/** Says so where workers of this machine have to take turns. */
function noticeCores(view: TrainingView, { place }: Run, parallel: ParallelOptions | undefined): void {
  const { workers = 1 } = parallel ?? {};
  const cores = navigator.hardwareConcurrency;
  if (place !== undefined || workers <= cores) return;
  view.notice(`${workers} workers take turns on ${cores} cores; as many as cores are fastest`);
}

/** What the trainer calls between steps and kernel calls; after each step only where it takes them itself. */
function hooksOf(
  { memory }: Run,
  view: TrainingView,
  observers: Observers,
  checkpoints: Checkpoints,
  sequential: boolean,
): RunHooks {
  // Workers take their steps where nobody can be called.
  const onStep = sequential ? observers.onStep : undefined;
  return {
    ...(onStep && { onStep }),
    onPhase: (progress) => {
      view.phase(progress);
      memory.look();
    },
    onProgress: async (progress) => {
      view.step(progress);
      observers.progress(progress);
      memory.look();
      if (checkpoints.due) await checkpoints.save();
    },
  };
}

/** Keeps the record of an epoch, and tells it to everybody. */
async function noteEpoch(
  { model, values, log, memory }: Run,
  record: EpochRecord,
  view: TrainingView,
  observers: Observers,
): Promise<void> {
  log.add(record);
  memory.look();
  if (values.json) printEvent({ event: "epoch", ...record });
  view.epoch(record);
  for (const { worker, cause } of record.parallel?.replacedWorkers ?? []) {
    view.notice(`Worker ${worker} was lost and replaced in epoch ${record.epoch}: ${cause}`);
  }
  await observers.epoch(record, model);
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

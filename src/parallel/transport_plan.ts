/**
 * What a run over several workers is to be: its phases, the steps of an epoch, and the setup of the workers.
 *
 * @module
 */
import type { Dataset, Split } from "../data/dataset.ts";
import type { SparseMlp } from "../model/model.ts";
import { tileWidth } from "../model/tile.ts";
import { sharedBytes, sharedFloats, sharedWords } from "../sparse/shared.ts";
import type { EnginePlan } from "../train/engine.ts";
import { lastChange } from "../topology/interval.ts";
import type { Hyperparameters } from "../train/hyperparameters.ts";
import type { RunState } from "../train/state.ts";
import { type Beginning, beginningOf } from "./begun_epoch.ts";
import type { ParallelHyperparameters } from "./options.ts";
import type { ServerOptions } from "./server.ts";
import { passSteps } from "./shard.ts";
import type { WorkerSetup } from "./worker.ts";
import type { WorkerModels } from "./worker_models.ts";

/** What a transport is made for. */
export interface TransportPlan {
  readonly model: SparseMlp;
  /** Setup of each worker but for its number. */
  readonly setup: Omit<WorkerSetup, "worker">;
  readonly server: ServerOptions;
  /** Updates applied before, and in the whole of phase 1. */
  readonly updatesDone: number;
  readonly updatesTotal: number;
  /** Where the run begins in its first epoch. */
  readonly begun: Beginning;
  /** Steps of each worker's pass over its shard in phase 2. */
  readonly passes: readonly number[];
}

/** Plans the transport of a run, whose samples are copied to memory that Workers can see where they are not there. */
export function planTransport(
  model: SparseMlp,
  data: Dataset,
  { split, settings, epochsDone, startDensities }: EnginePlan,
  parallel: ParallelHyperparameters,
  workerModels: WorkerModels,
  state: RunState,
): TransportPlan {
  const { workers, algorithm } = parallel;
  const { batchSize, threads } = settings;
  const steps = serverSteps(split.samples, settings, parallel);
  // One synchronous worker is the sequential trainer; where a batch passes in several tiles, only its fused update
  // rounds alike.
  const tiles = batchSize > tileWidth(model.settings.sizes, batchSize, settings);
  const alone = algorithm === "wassp" && workers === 1 && tiles;
  const phaseOneEpochs = alone ? 0 : lastOfPhaseOne(settings, parallel, workerModels, state);
  const passes = Array.from(
    { length: workers },
    (_, worker) => passSteps(split.samples, workers, batchSize, worker),
  );
  const phaseOne = epochsDone < phaseOneEpochs;
  // In rounds all workers have as many steps as there are rounds.
  const own = phaseOne && algorithm === "wassp" ? passes.map(() => steps) : passes;
  const begun = beginningOf(state, { phaseOne, server: steps, workers: own });
  return {
    model,
    setup: {
      settings: { ...settings, threads: Math.max(1, Math.floor(threads / workers)) },
      parallel,
      split: sharedSplit(split),
      standardization: model.standardization!,
      image: data.image,
      epochsDone,
      begunSteps: begun.workerSteps,
      phaseOneEpochs,
      startDensities,
    },
    server: { settings, parallel, steps },
    updatesDone: Math.min(epochsDone, phaseOneEpochs) * steps + (phaseOne ? begun.step : 0),
    updatesTotal: phaseOneEpochs * steps,
    ...{ begun, passes },
  };
}

/** Updates of the server in an epoch of phase 1. */
function serverSteps(
  samples: number,
  { batchSize }: Hyperparameters,
  { algorithm, workers }: ParallelHyperparameters,
): number {
  return algorithm === "wassp" ? passSteps(samples, workers, batchSize) : Math.ceil(samples / batchSize);
}

/**
 * Share of the run that is done at the last change of the topology: of the server's in phase 1, or of the worker that is
 * first to stop changing its own in phase 2.
 */
export function lastChangeOfPhases(
  samples: number,
  settings: Hyperparameters,
  parallel: ParallelHyperparameters,
  workerModels: WorkerModels,
  state: RunState,
): number {
  const { evolveEvery, epochs, batchSize } = settings;
  const { workers } = parallel;
  const phaseOne = lastOfPhaseOne(settings, parallel, workerModels, state);
  const together = lastChange(evolveEvery, epochs, serverSteps(samples, settings, parallel), {
    until: phaseOne,
  });
  const alone = [0, workers - 1].map((worker) => passSteps(samples, workers, batchSize, worker))
    .map((steps) => lastChange(evolveEvery, epochs, steps, { after: phaseOne }));
  return Math.max(together, Math.min(...alone));
}

/** The last epoch of phase 1; a run that has been in phase 2 stays there, however many epochs it gets. */
function lastOfPhaseOne(
  { epochs }: Hyperparameters,
  { phaseOneFraction = 0 }: ParallelHyperparameters,
  { start }: WorkerModels,
  state: RunState,
): number {
  if (state.phaseOneEpochs !== undefined) return state.phaseOneEpochs;
  const planned = Math.round(epochs * phaseOneFraction);
  // Checkpoints that do not name the epoch have models of workers in phase 2 alone.
  return start.length > 0 ? Math.max(0, Math.min(planned, state.epoch - 1)) : planned;
}

/** The same samples in memory that Workers can see; copied only where they are not. */
function sharedSplit(split: Split): Split {
  const isShared = (view: ArrayBufferView) =>
    view.buffer instanceof SharedArrayBuffer || view.byteLength === 0;
  const shared = <T extends Uint8Array | Uint32Array | Float32Array>(
    view: T,
    make: (length: number) => T,
  ): T => {
    if (isShared(view)) return view;
    const copy = make(view.length);
    copy.set(view);
    return copy;
  };
  const { features, weights } = split;
  return {
    samples: split.samples,
    features: features instanceof Uint8Array ? shared(features, sharedBytes) : shared(features, sharedFloats),
    labels: shared(split.labels, sharedWords),
    targets: shared(split.targets, sharedFloats),
    ...(weights && { weights: shared(weights, sharedFloats) }),
  };
}

/**
 * WASAP-SGD, WASSP-SGD and gossip: many workers train one truly sparse network.
 *
 * @module
 */
import { type Dataset, usableDataset } from "../data/dataset.ts";
import { trainingSamples } from "../data/validation_split.ts";
import type { SparseMlp } from "../model/model.ts";
import { requireModel } from "../model/model_argument.ts";
import { makeRoomFor } from "../topology/spare_room.ts";
import { checkedRun, checkFalling } from "../train/compatibility.ts";
import type { EpochRecord, TrainSummary } from "../train/records.ts";
import { trainWith } from "../train/trainer.ts";
import { ParallelEngine } from "./engine.ts";
import {
  checkShards,
  type ParallelOptions,
  type ParallelRunOptions,
  refuseOverMpi,
  resolveParallelRun,
} from "./options.ts";
import type { ServerTransport } from "./transport.ts";
import { lastChangeOfPhases, planTransport, type TransportPlan } from "./transport_plan.ts";
import { checkWorkerModels, WorkerModels } from "./worker_models.ts";
import { WorkersTransport } from "./threads/transport.ts";

/** Makes the transport of a run. */
export type MakeTransport = (plan: TransportPlan) => ServerTransport | Promise<ServerTransport>;

/**
 * Trains a model in place with several workers, epoch by epoch; records and summary are those of {@linkcode train},
 * with `parallel` beside.
 *
 * Phase 1, the first 70 % of the epochs: workers compute gradients of mini-batches of their shards, the server applies
 * them in order of arrival (`wasap`) or their mean in rounds (`wassp`); after each epoch's worth of updates it pauses
 * and changes the topology, and gradients on their way are applied where their connections still exist. Phase 2: each
 * worker trains and evolves a model of its own; the average of all is what is evaluated, and what remains.
 *
 * `gossip` has no phase 1 and no server: from the first epoch on each worker has a model of its own, and after every
 * `localSteps` steps averages it with that of another, drawn by the seed, without anybody waiting.
 *
 * Paper: §2.1 Algorithm 1, Eq. 1 and 2. Workers are Deno Workers over shared memory; see `docs/parallel.md` for
 * permissions, deviations and measurements. `wassp` gives the same bits in each run with the same seed and workers, and
 * with one worker those of {@linkcode train}; `wasap` does not, nor does gossip in either phase.
 *
 * @throws {RangeError} At the call, when a value is out of range, there are more workers than batches, or gossip has one.
 * @throws {TypeError} At the call, when there is no option of a name, its value has the wrong type or is for sequential
 * training or MPI only, or model and data do not fit together; with the first record, when the model is in another run.
 * @throws {TrainingError} When the loss is no longer finite or a worker fails that may not be replaced; `cause` has its error.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { madelonLike, SparseMlp, trainParallel } from "@truly-sparse/truly-sparse";
 *
 * const data = madelonLike({ samples: 400, testSamples: 100, features: 20, seed: 1 });
 * const model = SparseMlp.create({ sizes: [20, 32, 2], epsilon: 8, seed: 1 });
 * const epochs = trainParallel(model, data, { workers: 2, epochs: 3, batchSize: 16 });
 * for await (const epoch of epochs) assert(epoch.parallel!.workers === 2);
 * ```
 */
export function trainParallel(
  model: SparseMlp,
  data: Dataset,
  options: ParallelOptions = {},
): AsyncGenerator<EpochRecord, TrainSummary> {
  return trainOver(model, data, options, (plan) => new WorkersTransport(plan));
}

/** As {@linkcode trainParallel}, over a transport of one's own. */
export function trainOver(
  model: SparseMlp,
  given: Dataset,
  options: ParallelOptions,
  makeTransport: MakeTransport,
): AsyncGenerator<EpochRecord, TrainSummary> {
  requireModel(model, "train in parallel");
  const data = usableDataset(given);
  const run = checkedParallelRun(model, data, options);
  refuseOverMpi(run.parallel);
  return trainChecked(model, data, run, makeTransport);
}

/**
 * Options of a parallel run, checked with its usable data and its model; only the number of workers may still change.
 *
 * @throws {RangeError} When a value is out of range.
 * @throws {TypeError} When an option is unknown, of the wrong type or for sequential training only, or model and data do
 * not fit together.
 */
export function checkedParallelRun(
  model: SparseMlp,
  data: Dataset,
  options: ParallelOptions,
): ParallelRunOptions {
  const validation = data.validation !== undefined;
  const run = checkedRun(model, data, resolveParallelRun(options, model.settings.seed, validation));
  if (data.train.source !== undefined) {
    throw new TypeError(
      `Cannot train on "${data.name}" in parallel: its features are made when a batch needs them, workers share arrays`,
    );
  }
  const { step, epoch, begun } = run.state;
  if (step > 0 && begun === undefined) {
    throw new TypeError(
      `Cannot go on in parallel inside epoch ${
        epoch + 1
      }, of which ${step} steps were done without workers: ` +
        "which samples they had, workers do not know; train this one to its end without workers first",
    );
  }
  checkWorkerModels(run.workerModels?.start ?? [], model);
  return run;
}

/**
 * As {@linkcode trainOver}, with options that {@linkcode checkedParallelRun} has made for this model and these data.
 *
 * @throws {RangeError} When there are more workers than batches.
 */
export function trainChecked(
  model: SparseMlp,
  data: Dataset,
  run: ParallelRunOptions,
  makeTransport: MakeTransport,
): AsyncGenerator<EpochRecord, TrainSummary> {
  const { parallel, settings, state, workerModels = new WorkerModels() } = run;
  const samples = trainingSamples(data, settings.validationFraction);
  if (parallel.phaseTwo === "gossip" && parallel.workers < 2) {
    throw new RangeError(
      "Cannot train with 1 worker by gossip: it has nobody to average with; give 2 or more, or train without workers",
    );
  }
  checkShards(parallel.workers, samples, settings.batchSize);
  checkFalling(model, settings, state, lastChangeOfPhases(samples, settings, parallel, workerModels, state));
  return trainWith(model, data, run, async (plan) => {
    // Where workers count their own steps, one that is behind the others still has more than the average.
    makeRoomFor(model, workerModels.start);
    const planned = planTransport(model, data, plan, parallel, workerModels, state);
    return new ParallelEngine(planned, plan, await makeTransport(planned), workerModels);
  });
}

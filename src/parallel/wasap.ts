/**
 * WASAP-SGD, WASSP-SGD and gossip: many workers train one truly sparse network.
 *
 * @module
 */
import { type Dataset, usableDataset } from "../data/dataset.ts";
import { trainingSamples } from "../data/validation_split.ts";
import type { SparseMlp } from "../model/model.ts";
import { requireModel } from "../model/model_argument.ts";
import { shuffle } from "../native/random.ts";
import { sharedWords } from "../sparse/shared.ts";
import type { RunHooks } from "../train/hooks.ts";
import { BatchRunner } from "../train/step_runner.ts";
import type { Hyperparameters } from "../train/hyperparameters.ts";
import { changesAt, changeTopology, type TopologyCounts } from "../topology/change.ts";
import type { Probe } from "../topology/probe.ts";
import { needsGradients } from "../topology/rules/rules.ts";
import { makeRoomFor } from "../topology/spare_room.ts";
import { changesInside, type Moment } from "../topology/interval.ts";
import { checkedRun, checkFalling } from "../train/compatibility.ts";
import {
  diverged,
  type Engine,
  type EnginePlan,
  type EvolutionInside,
  type Trained,
} from "../train/engine.ts";
import { learningRateOf } from "../train/rate.ts";
import type { EpochRecord, TrainSummary } from "../train/records.ts";
import { trainWith } from "../train/trainer.ts";
import type { RunState } from "../train/state.ts";
import { averageModels, type ModelSpread } from "./average.ts";
import { checkShards, type ParallelOptions, type ParallelRunOptions, resolveParallelRun } from "./options.ts";
import { ProgressCalls } from "./progress.ts";
import { phaseOneRate } from "./rates.ts";
import { addedSums, type EpochSums, type OnSums, type ServerTransport } from "./transport.ts";
import { lastChangeOfPhases, planTransport, type TransportPlan } from "./transport_plan.ts";
import { passSteps, stepsOfAll } from "./worker.ts";
import { WorkerModels } from "./worker_models.ts";
import { WorkersTransport } from "./workers.ts";

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
 * with one worker those of {@linkcode train}; `wasap` and `gossip` do not.
 *
 * @throws {RangeError} At the call, when a value is out of range, there are more workers than batches, or gossip has one.
 * @throws {TypeError} At the call, when there is no option of a name, its value has the wrong type or is for sequential
 * training only, or model and data do not fit together; with the first record, when the model is in another run.
 * @throws {TrainingError} When the loss is no longer finite or a worker fails; `cause` has its error.
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
  return trainChecked(model, data, checkedParallelRun(model, data, options), makeTransport);
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
  const { step, epoch } = run.state;
  if (step > 0) {
    throw new TypeError(
      `Cannot go on in parallel inside epoch ${
        epoch + 1
      }, of which ${step} steps are done: workers begin with an ` +
        "epoch; train this one to its end without workers first",
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
  if (parallel.algorithm === "gossip" && parallel.workers < 2) {
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

/** Refuses models of another shape than the server's. */
function checkWorkerModels(models: readonly SparseMlp[], model: SparseMlp): void {
  for (const [worker, { layers }] of models.entries()) {
    const fits = layers.length === model.layers.length && layers.every(({ inputs, neurons }, index) => {
      const own = model.layers[index];
      return inputs === own.inputs && neurons === own.neurons;
    });
    if (fits) continue;
    throw new TypeError(
      `Cannot go on with the model of worker ${
        worker + 1
      }: its layers are not those of the model in training`,
    );
  }
}

/** Both phases, told to a transport. */
class ParallelEngine implements Engine {
  readonly #plan: TransportPlan;
  readonly #settings: Hyperparameters;
  readonly #hooks: RunHooks;
  readonly #transport: ServerTransport;
  readonly #workerModels: WorkerModels;
  readonly #calls: ProgressCalls;
  /** For gradients of absent connections in phase 1, where a rule needs them. */
  readonly #runner: BatchRunner | undefined;
  readonly #order: Uint32Array;
  /** Lasts while workers change the model, until they have ended. */
  #moving: Disposable | undefined;
  #phaseTwo = false;

  constructor(
    plan: TransportPlan,
    { settings, hooks, split, cacheTile }: EnginePlan,
    transport: ServerTransport,
    workerModels: WorkerModels,
  ) {
    this.#plan = plan;
    this.#settings = settings;
    this.#hooks = hooks;
    this.#transport = transport;
    this.#workerModels = workerModels;
    this.#calls = new ProgressCalls(hooks.onProgress);
    const probes = plan.setup.phaseOneEpochs > 0 && needsGradients(settings);
    const { model, setup: { standardization, image } } = plan;
    this.#runner = probes
      ? new BatchRunner(
        { model, split, standardization, cacheTile },
        { ...settings, ...(image && { image }) },
        { training: false, dropout: false, probes },
      )
      : undefined;
    this.#order = sharedWords(probes ? split.samples : 0);
  }

  get work(): Uint32Array | undefined {
    return this.#runner?.work;
  }

  async epoch(epoch: number, state: RunState): Promise<Trained> {
    const { model, setup } = this.#plan;
    const started = performance.now();
    const first = epoch <= setup.phaseOneEpochs;
    const onSums = this.#progress(epoch, started);
    let sums: EpochSums;
    let evolution: EvolutionInside;
    let spread: ModelSpread | undefined;
    if (first) [sums, evolution] = await this.#runPhaseOne(epoch, onSums);
    else {
      await this.#beginPhaseTwo();
      sums = await this.#orEnded(this.#transport.runLocalEpoch(epoch, onSums));
      const replicas = await this.#transport.replicas();
      await model.use.saved();
      spread = averageModels(replicas, model, this.#settings.threads);
      state.phaseOneEpochs = setup.phaseOneEpochs;
      evolution = { replaced: sums.replaced, seconds: 0 };
    }
    onSums(sums);
    await this.#orEnded(Promise.resolve());
    const seconds = (performance.now() - started) / 1000 - evolution.seconds;
    const learningRate = this.#lastRate(epoch, first);
    if (!Number.isFinite(sums.loss)) throw diverged(`the loss is not finite in epoch ${epoch}`, learningRate);
    return {
      trainLoss: sums.loss / sums.samples,
      trainAccuracy: model.settings.task === "regression" ? NaN : sums.correct / sums.samples,
      learningRate,
      evolution,
      parallel: {
        phase: first ? 1 : 2,
        workers: setup.parallel.workers,
        updates: sums.updates,
        updatesPerSecond: sums.updates / seconds,
        meanStaleness: first ? sums.stalenessSum / sums.updates : 0,
        largestStaleness: sums.largestStaleness,
        workerStaleness: sums.workerStaleness.map((sum, worker) => sum / (sums.workerUpdates[worker] || 1)),
        droppedGradients: sums.droppedGradients,
        ...(setup.parallel.localSteps !== undefined && {
          exchanges: sums.exchanges,
          meanExchangeAge: sums.exchangeSteps / (sums.exchanges || 1),
        }),
        ...spread,
        idleSeconds: sums.idleSeconds,
        ...(sums.replacedWorkers?.length && { replacedWorkers: sums.replacedWorkers }),
      },
    };
  }

  /** The updates of an epoch of phase 1, and the changes of the topology between them. */
  async #runPhaseOne(epoch: number, onSums: OnSums): Promise<[EpochSums, EvolutionInside]> {
    const { model, server: { steps } } = this.#plan;
    const inside = changesInside(this.#settings.evolveEvery, { epoch, steps });
    let sums: EpochSums | undefined;
    const all = (part: EpochSums) => sums === undefined ? part : addedSums(sums, part);
    let [replaced, seconds] = [0, 0];
    for (const step of inside) {
      sums = await this.#runUpdates((epoch - 1) * steps + step, all, onSums);
      const began = performance.now();
      await model.use.saved();
      replaced += this.#change({ epoch, step, steps }).replaced;
      seconds += (performance.now() - began) / 1000;
    }
    return [await this.#runUpdates(epoch * steps, all, onSums), { replaced, seconds }];
  }

  /** Lets updates in up to a limit; `all` adds those before them. */
  async #runUpdates(limit: number, all: (part: EpochSums) => EpochSums, onSums: OnSums): Promise<EpochSums> {
    this.#moving = this.#plan.model.use.move();
    const part = await this.#orEnded(this.#transport.runUpdates(limit, (now) => onSums(all(now))));
    this.#moving[Symbol.dispose]();
    return all(part);
  }

  async changeTopology(epoch: number): Promise<TopologyCounts> {
    // A run that goes on may have to make up for the change after its last epoch, before there is another.
    if (epoch > this.#plan.setup.phaseOneEpochs) await this.#beginPhaseTwo();
    if (this.#phaseTwo) return await this.#orEnded(this.#transport.evolveReplicas(epoch));
    const { steps } = this.#plan.server;
    return this.#change({ epoch, step: steps, steps });
  }

  /** Changes the topology of the server's model, as far as that is due. */
  #change(moment: Moment): TopologyCounts {
    const { epoch, ...within } = moment;
    const { model, setup: { startDensities } } = this.#plan;
    const counts = changeTopology(model, this.#settings, epoch, {
      ...this.#hooks,
      ...{ within, startDensities, shared: true },
      probe: () => this.#probe(moment),
    });
    if (changesAt(this.#settings, moment)) this.#transport.topologyChanged();
    return counts;
  }

  /** A probe by the batch that the sequential trainer would have had in the epoch. */
  #probe(moment: Moment): Probe {
    const { seed, evolveEvery } = this.#settings;
    shuffle(this.#order, seed, moment.epoch);
    return this.#runner!.probe(this.#order, evolveEvery, moment);
  }

  mayStopAfter(epoch: number): boolean {
    const { phaseOneEpochs } = this.#plan.setup;
    return epoch > phaseOneEpochs || phaseOneEpochs >= this.#settings.epochs;
  }

  async close(): Promise<void> {
    await this.#transport.close();
    this.#moving?.[Symbol.dispose]();
  }

  async #beginPhaseTwo(): Promise<void> {
    if (this.#phaseTwo) return;
    const { start } = this.#workerModels;
    const { epochsDone, phaseOneEpochs, parallel } = this.#plan.setup;
    const goesOn = epochsDone > phaseOneEpochs && start.length === parallel.workers;
    await this.#transport.beginPhaseTwo(goesOn ? start : []);
    this.#phaseTwo = true;
    this.#workerModels.follow(() => this.#transport.replicas());
  }

  /** Learning rate of the last step of an epoch. */
  #lastRate(epoch: number, first: boolean): number {
    const { server, setup } = this.#plan;
    const { batchSize } = this.#settings;
    if (first) {
      return phaseOneRate(setup.parallel, this.#settings, epoch * server.steps - 1, server.steps)
        .learningRate;
    }
    const count = passSteps(setup.split.samples, setup.parallel.workers, batchSize);
    return learningRateOf(this.#settings, epoch * count - 1, count);
  }

  #progress(epoch: number, started: number): OnSums {
    const { epochs, batchSize } = this.#settings;
    const { server, setup: { phaseOneEpochs, parallel, split } } = this.#plan;
    const alone = epoch > phaseOneEpochs;
    const steps = alone ? stepsOfAll(split.samples, parallel.workers, batchSize) : server.steps;
    return ({ updates, samples, loss, correct }) => {
      if (samples === 0) return;
      const samplesPerSecond = samples / ((performance.now() - started) / 1000);
      const [meanLoss, accuracy] = [loss / samples, correct / samples];
      this.#calls.tell({ epoch, epochs, step: updates, steps, loss: meanLoss, accuracy, samplesPerSecond });
    };
  }

  /** As the work, but rejects at once when the run is aborted or `onProgress` throws; workers end within `close`. */
  async #orEnded<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#hooks;
    const ended = Promise.withResolvers<never>();
    const abort = () => ended.reject(signal?.reason);
    signal?.addEventListener("abort", abort);
    try {
      if (signal?.aborted) abort();
      return await Promise.race([ended.promise, this.#calls.during(work)]);
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }
}

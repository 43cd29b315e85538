/**
 * The epochs of a run with several workers, of both phases: what a transport is told, and what it gives recorded.
 *
 * @module
 */
import { shuffle } from "../native/random.ts";
import { sharedWords } from "../sparse/shared.ts";
import type { RunHooks } from "../train/hooks.ts";
import { BatchRunner } from "../train/step_runner.ts";
import type { Hyperparameters } from "../train/hyperparameters.ts";
import { changesAt, changeTopology, type TopologyCounts } from "../topology/change.ts";
import type { Probe } from "../topology/probe.ts";
import { needsGradients } from "../topology/rules/rules.ts";
import { changesInside, type Moment } from "../topology/interval.ts";
import { diverged } from "../train/divergence.ts";
import type { Engine, EnginePlan, EvolutionInside, Trained } from "../train/engine.ts";
import type { RunState } from "../train/state.ts";
import { averageModels, type ModelSpread } from "./average.ts";
import { added, type Beginning, noteBegun, sumsBefore } from "./begun_epoch.ts";
import { ProgressCalls } from "./progress.ts";
import { phaseOneRate, phaseTwoRate } from "./rates.ts";
import { addedSums, type EpochSums, type OnSums, type ServerTransport } from "./transport.ts";
import type { TransportPlan } from "./transport_plan.ts";
import type { WorkerModels } from "./worker_models.ts";

/** Both phases, told to a transport. */
export class ParallelEngine implements Engine {
  readonly #plan: TransportPlan;
  readonly #settings: Hyperparameters;
  readonly #hooks: RunHooks;
  readonly #transport: ServerTransport;
  readonly #workerModels: WorkerModels;
  readonly #calls: ProgressCalls;
  /** Ends an epoch early. */
  readonly #halt: () => void;
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
    this.#halt = () => transport.halt();
    this.#calls = new ProgressCalls(hooks.onProgress, this.#halt);
    hooks.signal?.addEventListener("abort", this.#halt);
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
    const { signal } = this.#hooks;
    // Whoever saves the run then shall have the models as they are.
    if (signal?.aborted && this.#phaseTwo) await this.#transport.replicas();
    signal?.throwIfAborted();
    const started = performance.now();
    const first = epoch <= setup.phaseOneEpochs;
    const before = sumsBefore(state, setup.parallel.workers);
    const onSums = this.#calls.ofEpoch({
      ...{ epoch, epochs: this.#settings.epochs, steps: this.#stepsOf(first), before },
      begun: this.#begun(epoch).step,
    });
    const part = { epoch, before, onSums };
    const { sums, evolution, spread } = first
      ? await this.#runPhaseOne(state, part)
      : await this.#runPhaseTwo(state, part);
    const seconds = (performance.now() - started) / 1000 - evolution.seconds;
    const learningRate = this.#lastRate(epoch, first);
    return {
      trainLoss: sums.loss / sums.samples,
      trainAccuracy: model.settings.task === "regression" ? NaN : sums.correct / sums.samples,
      learningRate,
      evolution: { ...evolution, replaced: sums.replaced },
      samples: sums.samples - before.samples,
      parallel: {
        phase: first ? 1 : 2,
        workers: setup.parallel.workers,
        updates: sums.updates,
        updatesPerSecond: (sums.updates - before.updates) / seconds,
        meanStaleness: first ? sums.stalenessSum / sums.updates : 0,
        largestStaleness: sums.largestStaleness,
        workerStaleness: sums.workerStaleness.map((sum, worker) => sum / (sums.workerUpdates[worker] || 1)),
        droppedGradients: sums.droppedGradients,
        ...(!first && setup.parallel.localSteps !== undefined && {
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
  async #runPhaseOne(
    state: RunState,
    { epoch, before, onSums }: EpochPart,
  ): Promise<EpochDone> {
    const { model, server: { steps } } = this.#plan;
    const begun = this.#begun(epoch).step;
    const inside = changesInside(this.#settings.evolveEvery, { epoch, steps });
    let [sums, replaced, seconds] = [before, 0, 0];
    for (const end of [...inside, steps].filter((end) => end > begun)) {
      const earlier = sums;
      this.#moving = model.use.move();
      const limit = (epoch - 1) * steps + end;
      const part = await this.#transport.runUpdates(limit, (now) => onSums(addedSums(earlier, now)));
      this.#moving[Symbol.dispose]();
      sums = addedSums(earlier, part);
      const step = begun + sums.updates - before.updates;
      if (step === end && end < steps) {
        const began = performance.now();
        await model.use.saved();
        replaced += this.#change({ epoch, step, steps }).replaced;
        seconds += (performance.now() - began) / 1000;
      }
      this.#requireFinite(sums, epoch);
      noteBegun(state, { ...sums, replaced: before.replaced + replaced }, { step, steps });
      await this.#calls.settled(this.#hooks.signal);
    }
    onSums(sums);
    await this.#calls.settled(this.#hooks.signal);
    return { sums: { ...sums, replaced: before.replaced + replaced }, evolution: { replaced, seconds } };
  }

  /** The workers' passes of an epoch of phase 2, and the average of their models. */
  async #runPhaseTwo(state: RunState, { epoch, before, onSums }: EpochPart): Promise<EpochDone> {
    const { model, setup, passes } = this.#plan;
    await this.#beginPhaseTwo();
    const begun = this.#begun(epoch).workerSteps;
    const part = await this.#transport.runLocalEpoch(epoch, (now) => onSums(addedSums(before, now)));
    const replicas = await this.#transport.replicas();
    await model.use.saved();
    const spread = averageModels(replicas, model, this.#settings.threads);
    const sums = addedSums(before, part);
    this.#requireFinite(sums, epoch);
    const workerSteps = begun.map((done, worker) => done + part.workerUpdates[worker]);
    state.phaseOneEpochs = setup.phaseOneEpochs;
    noteBegun(state, sums, { step: added(workerSteps), steps: added(passes), workerSteps });
    await this.#calls.settled(this.#hooks.signal);
    if (this.#goesOnFromAverage(epoch)) await this.#transport.goOnFromAverage();
    onSums(sums);
    await this.#calls.settled(this.#hooks.signal);
    return { sums, evolution: { replaced: 0, seconds: 0 }, spread };
  }

  /** Where the run begins in an epoch. */
  #begun(epoch: number): Beginning {
    const { begun, setup, passes } = this.#plan;
    return epoch === setup.epochsDone + 1 ? begun : { step: 0, workerSteps: passes.map(() => 0) };
  }

  async changeTopology(epoch: number): Promise<TopologyCounts> {
    // A run that goes on may have to make up for the change after its last epoch, before there is another.
    if (epoch > this.#plan.setup.phaseOneEpochs) await this.#beginPhaseTwo();
    if (this.#phaseTwo) return await this.#transport.evolveReplicas(epoch);
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
    this.#hooks.signal?.removeEventListener("abort", this.#halt);
    await this.#transport.close();
    this.#moving?.[Symbol.dispose]();
  }

  async #beginPhaseTwo(): Promise<void> {
    if (this.#phaseTwo) return;
    const { start } = this.#workerModels;
    const { begun, setup: { epochsDone, phaseOneEpochs, parallel } } = this.#plan;
    const inPhaseTwo = epochsDone > phaseOneEpochs || (epochsDone === phaseOneEpochs && begun.step > 0);
    const goesOn = inPhaseTwo && start.length === parallel.workers;
    await this.#transport.beginPhaseTwo(goesOn ? start : []);
    this.#phaseTwo = true;
    this.#workerModels.follow(() => this.#transport.replicas());
  }

  /** Whether all workers go on from the average of an epoch of phase 2. */
  #goesOnFromAverage(epoch: number): boolean {
    const { phaseOneEpochs, parallel: { averageEvery = 0 } } = this.#plan.setup;
    return averageEvery > 0 && (epoch - phaseOneEpochs) % averageEvery === 0;
  }

  /** Ends a run whose loss is not finite, before its state says otherwise; one that is aborted, too. */
  #requireFinite({ loss }: EpochSums, epoch: number): void {
    if (Number.isFinite(loss)) return;
    const learningRate = this.#lastRate(epoch, epoch <= this.#plan.setup.phaseOneEpochs);
    throw diverged(`the loss is not finite in epoch ${epoch}`, learningRate);
  }

  /** Learning rate of the last step of an epoch. */
  #lastRate(epoch: number, first: boolean): number {
    const { server, setup, passes: [count] } = this.#plan;
    if (first) {
      return phaseOneRate(setup.parallel, this.#settings, epoch * server.steps - 1, server.steps)
        .learningRate;
    }
    const last = { number: epoch * count - 1, steps: count, first: false };
    return phaseTwoRate(setup.parallel, this.#settings, setup, last).learningRate;
  }

  /** Steps of all workers in an epoch, for progress. */
  #stepsOf(first: boolean): number {
    const { server, passes } = this.#plan;
    return first ? server.steps : added(passes);
  }
}

/** What an epoch has come to, the part of it that was done before the run included. */
interface EpochDone {
  readonly sums: EpochSums;
  /** Of the changes of the topology inside it, in this run. */
  readonly evolution: EvolutionInside;
  /** How far the workers' models are apart, where each has its own. */
  readonly spread?: ModelSpread | undefined;
}

/** An epoch, of which a part was done before. */
interface EpochPart {
  readonly epoch: number;
  /** The sums of that part. */
  readonly before: EpochSums;
  readonly onSums: OnSums;
}

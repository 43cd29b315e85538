/**
 * What a worker does, whatever carries its requests.
 *
 * @module
 */
import type { ImageShape, Split } from "../data/dataset.ts";
import type { SparseMlp } from "../model/model.ts";
import type { Batch } from "../native/step.ts";
import type { Standardization } from "../native/standardize.ts";
import { changesAt, changeTopology, type TopologyCounts } from "../topology/change.ts";
import { changeNumber, evolvesAt, type Moment } from "../topology/interval.ts";
import type { Probe } from "../topology/probe.ts";
import { needsGradients } from "../topology/rules/rules.ts";
import type { Hyperparameters } from "../train/hyperparameters.ts";
import { samplesBetween } from "../train/sequential.ts";
import { StepRunner } from "../train/step_runner.ts";
import { Gossip } from "./gossip.ts";
import type { ParallelHyperparameters } from "./options.ts";
import { PeerAverage } from "./peer_average.ts";
import { phaseTwoRate } from "./rates.ts";
import { passSteps, Shard } from "./shard.ts";
import type { LocalReport, ServerReply, WorkerRequest } from "./transport.ts";

/** What a worker needs to know. */
export interface WorkerSetup {
  /** Number of this worker, from 0. */
  readonly worker: number;
  readonly settings: Hyperparameters;
  readonly parallel: ParallelHyperparameters;
  /** All training samples; a worker reads its shard. */
  readonly split: Split;
  readonly standardization: Standardization;
  readonly image: ImageShape | undefined;
  /** Whole epochs done before the run. */
  readonly epochsDone: number;
  /** Steps that each worker has done of its pass over its shard, in the epoch after those. */
  readonly begunSteps: readonly number[];
  /** Steps of phase 1 since then that a worker has done in whose place this one begins. */
  readonly stepsDone?: number;
  /** Last epoch of phase 1. */
  readonly phaseOneEpochs: number;
  /** Density of each layer but the output's when the run began, where the density falls. */
  readonly startDensities?: readonly number[] | undefined;
}

/**
 * A worker from its first pull to its end, as a generator of requests.
 *
 * Phase 1: pull, compute the gradient of the shard's next mini-batch, push, until the phase is over. Phase 2: one
 * epoch, or one change of the topology, a command. Paper: §2.1 Algorithm 1.
 *
 * Random numbers: order and growth are drawn by `epoch · K + worker`, dropout by `step · K + worker`, so that streams
 * of workers are apart and one worker has the sequential trainer's.
 *
 * @param replica The worker's model; pulls are written into it.
 * @param gradients The worker's gradients, read by pushes.
 */
export function* workerProgram(
  setup: WorkerSetup,
  replica: SparseMlp,
  gradients: Uint32Array,
): Generator<WorkerRequest, void, ServerReply> {
  const steps = new WorkerSteps(setup, replica, gradients);
  const { worker, epochsDone, begunSteps, stepsDone = 0 } = setup;
  const done = begunSteps[worker] + stepsDone;
  let begun = done % steps.passSteps;
  for (let pass = epochsDone + 1 + Math.floor(done / steps.passSteps);; pass++) {
    const over = yield* onePass(steps, pass, begun, worker);
    if (over) break;
    begun = 0;
  }
  let lastReport: LocalReport | undefined;
  for (;;) {
    if (lastReport !== undefined) {
      const changed: boolean = steps.takeChanged();
      yield { kind: "report", report: lastReport, changed };
    }
    const command = yield { kind: "next" };
    switch (command.kind) {
      case "stop":
        return;
      case "epoch":
        lastReport = yield* steps.localEpoch(command.epoch);
        if (lastReport === undefined) return;
        break;
      case "evolve":
        lastReport = steps.evolve(command.epoch);
        break;
      default:
        throw new TypeError(`Cannot follow the command "${command.kind}" in phase 2`);
    }
  }
}

/** One pass over the shard in phase 1, of which some steps may be done; returns whether the phase is over. */
function* onePass(
  steps: WorkerSteps,
  pass: number,
  begun: number,
  worker: number,
): Generator<WorkerRequest, boolean, ServerReply> {
  steps.beginPass(pass);
  for (let step = begun; step < steps.passSteps; step++) {
    const pulled = yield { kind: "pull" };
    if (pulled.kind !== "parameters") return true;
    const { version, clock } = pulled;
    const samples = steps.gradient(pass, step);
    const [loss, correct] = samples > 0 ? steps.totals : [0, 0];
    yield { kind: "push", header: { worker, version, clock, loss, correct, samples } };
  }
  return false;
}

/** A worker's shard, and what runs its batches. */
class WorkerSteps {
  /** Steps of a pass of phase 1. */
  readonly passSteps: number;
  /** Steps of an epoch of phase 2. */
  readonly #localPassSteps: number;
  readonly #setup: WorkerSetup;
  readonly #replica: SparseMlp;
  readonly #runner: StepRunner;
  readonly #shard: Shard;
  readonly #gossip: Gossip | undefined;
  #localSteps: number;
  #changed = false;

  constructor(setup: WorkerSetup, replica: SparseMlp, gradients: Uint32Array) {
    const { settings, parallel, split, standardization, image, worker } = setup;
    const { workers, algorithm, shards, localSteps, peerAverage } = parallel;
    this.#setup = setup;
    this.#replica = replica;
    this.#localSteps = setup.epochsDone < setup.phaseOneEpochs ? 0 : setup.begunSteps[worker];
    this.#shard = new Shard(split.samples, workers, worker, settings.seed, shards);
    // In a synchronous phase all workers have as many rounds; a smaller shard may have nothing in the last.
    this.passSteps = passSteps(
      split.samples,
      workers,
      settings.batchSize,
      algorithm === "wassp" ? 0 : worker,
    );
    this.#localPassSteps = passSteps(split.samples, workers, settings.batchSize, worker);
    if (localSteps !== undefined && peerAverage !== undefined) {
      const average = new PeerAverage(replica, peerAverage, settings.threads);
      this.#gossip = new Gossip(average, { worker, workers, localSteps, seed: settings.seed });
    }
    const probes = needsGradients(settings);
    this.#runner = new StepRunner({
      model: replica,
      ...{ split, standardization, settings, image, probes, gradients },
    });
  }

  /** Summed loss and hits of the last batch. */
  get totals(): Float64Array {
    return this.#runner.totals;
  }

  /** Whether the topology of the replica may be another than when this was last asked. */
  takeChanged(): boolean {
    const averaged = this.#gossip?.takeChanged() ?? false;
    const changed = this.#changed || averaged;
    this.#changed = false;
    return changed;
  }

  beginPass(pass: number): void {
    this.#shard.shuffle(pass);
  }

  /** Writes the gradient of one mini-batch of phase 1; returns its samples. */
  gradient(pass: number, step: number): number {
    const batch = this.#batch(pass, step);
    if (batch === undefined) return 0;
    this.#runner.gradient(batch, this.#draw((pass - 1) * this.passSteps + step));
    return batch.samples;
  }

  /**
   * Trains the replica on one pass over the shard, or what is left of it; returns nothing when everybody shall end, and
   * at once when the run halts.
   */
  *localEpoch(epoch: number): Generator<WorkerRequest, LocalReport | undefined, ServerReply> {
    const { worker, settings, parallel } = this.#setup;
    const { epochsDone, begunSteps } = this.#setup;
    const [steps, begun] = [this.#localPassSteps, epoch === epochsDone + 1 ? begunSteps[worker] : 0];
    const started = performance.now();
    this.beginPass(epoch);
    let [loss, correct, replaced, end] = [0, 0, 0, begun];
    for (let step = begun; step < steps; step++) {
      const number = (epoch - 1) * steps + step;
      const first = this.#localSteps++ === 0;
      const rate = phaseTwoRate(parallel, settings, this.#setup, { number, steps, first });
      const batch = this.#batch(epoch, step)!;
      this.#runner.step(batch, this.#draw(number), rate.learningRate, rate.rateRatio);
      const [batchLoss, batchCorrect] = this.totals;
      loss += batchLoss;
      correct += batchCorrect;
      const moment = { epoch, step: step + 1, steps };
      if (step + 1 < steps && evolvesAt(settings.evolveEvery, moment)) {
        replaced += this.#change(moment).replaced;
      }
      end = step + 1;
      const changed = this.takeChanged();
      const done = { samples: batch.samples, loss: batchLoss, correct: batchCorrect, changed };
      const told = this.#gossip === undefined
        ? yield { kind: "working", done }
        : yield* this.#gossip.between(number + 1, done);
      if (told.kind === "stop") return undefined;
      if (told.kind === "halt") break;
    }
    const seconds = (performance.now() - started) / 1000;
    if (this.#gossip !== undefined && !(yield* this.#gossip.settle((epoch - 1) * steps + end))) {
      return undefined;
    }
    const samples = samplesBetween(begun, end, this.#shard.order.length, settings.batchSize);
    const counts = { replaced, pruned: 0 };
    return {
      ...{ worker, steps: end - begun, samples, loss, correct, seconds, counts },
      ...this.#exchanges(),
    };
  }

  /** Changes the topology of the replica on its own after an epoch, as far as that is due. */
  evolve(epoch: number): LocalReport {
    const { worker } = this.#setup;
    const started = performance.now();
    const steps = this.#localPassSteps;
    const counts = this.#change({ epoch, step: steps, steps });
    const seconds = (performance.now() - started) / 1000;
    return { worker, steps: 0, samples: 0, loss: 0, correct: 0, seconds, counts, ...this.#exchanges() };
  }

  /** The exchanges since the last report. */
  #exchanges(): Pick<LocalReport, "exchanges" | "exchangeSteps"> {
    return this.#gossip?.takeCounts() ?? { exchanges: 0, exchangeSteps: 0 };
  }

  #change(moment: Moment): TopologyCounts {
    const { epoch, ...within } = moment;
    const { settings, startDensities } = this.#setup;
    this.#changed ||= changesAt(settings, moment);
    return changeTopology(this.#replica, settings, epoch, {
      ...{ within, startDensities, shared: true },
      draw: this.#draw(changeNumber(settings.evolveEvery, moment)),
      probe: () => this.#probe(moment),
    });
  }

  /** A probe by a batch of its shard that the worker has had in an epoch. */
  #probe(moment: Moment): Probe {
    this.beginPass(moment.epoch);
    return this.#runner.probe(this.#shard.order, this.#setup.settings.evolveEvery, moment);
  }

  #batch(pass: number, step: number): Batch | undefined {
    const { batchSize } = this.#setup.settings;
    const { order } = this.#shard;
    const size = Math.min(batchSize, order.length - step * batchSize);
    return size > 0 ? this.#runner.build(order, step * batchSize, size, pass) : undefined;
  }

  /** Number of a step, or of a change of the topology, among those of all workers. */
  #draw(number: number): number {
    const { parallel, worker } = this.#setup;
    return number * parallel.workers + worker;
  }
}

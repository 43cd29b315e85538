/**
 * The parameter server: one model, and what pulls and pushes do to it.
 *
 * Its state lies in shared memory, so each worker of a process can have a server object over the same state. Whoever
 * calls a method holds the server's lock (or is the only one who could call). One may be called without it:
 * {@linkcode ParameterServer.sums}, to show how far an epoch is. It only reads, and its numbers need not be of one
 * moment; waiting for the lock would stop the thread that looks for workers who are lost, perhaps with the lock.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import { accumulate, retainValid, scale } from "../native/merge.ts";
import { applyGradients } from "../native/update.ts";
import { TrainingError } from "../errors.ts";
import type { Hyperparameters } from "../train/hyperparameters.ts";
import { StepSettings } from "../optimizer/step_settings.ts";
import type { ParallelHyperparameters } from "./options.ts";
import { phaseOneRate } from "./rates.ts";
import { copyParameters, copyTopology } from "../model/copy.ts";
import { gradientViews } from "./replica.ts";
import type { EpochSums, PushHeader, StepDone } from "./transport.ts";

/** Places of the server's numbers. */
const UPDATES = 0;
const PULLS = 1;
const VERSION = 2;
const EPOCH_UPDATES = 3;
const SAMPLES = 4;
const LOSS = 5;
const CORRECT = 6;
const STALENESS_SUM = 7;
const STALENESS_MAX = 8;
const DROPPED = 9;
const COUNT = 10;

/** What a server is made of; can be sent to another Worker. */
export interface ServerState {
  /** Counters, over a SharedArrayBuffer. */
  readonly numbers: Float64Array;
  /** Seconds each worker has waited in this epoch. */
  readonly idle: Float64Array;
  /** Of each worker's updates in this epoch: the sum of their staleness, and how many there were. */
  readonly staleness: Float64Array;
  /** What each worker did in this epoch of phase 2: its steps, their samples, loss and hits. It alone writes its own. */
  readonly stepped: Float64Array;
}

/** Numbers of a worker in `stepped`. */
const STEPPED = 4;

/** State of a server that has applied `updates` updates. */
export function serverState(workers: number, updates: number): ServerState {
  const numbers = new Float64Array(new SharedArrayBuffer(8 * COUNT));
  numbers[UPDATES] = updates;
  numbers[PULLS] = updates;
  const [idle, staleness, stepped] = [workers, 2 * workers, STEPPED * workers].map((length) =>
    new Float64Array(new SharedArrayBuffer(8 * length))
  );
  return { numbers, idle, staleness, stepped };
}

/** Settings of a server. */
export interface ServerOptions {
  readonly settings: Hyperparameters;
  readonly parallel: ParallelHyperparameters;
  /** Updates an epoch. */
  readonly steps: number;
}

/** What the server gives with its parameters. */
export interface Pulled {
  readonly version: number;
  readonly clock: number;
}

/** The server's model and its rules. Methods run under the server's lock, {@linkcode sums} where it must be exact. */
export class ParameterServer {
  readonly model: SparseMlp;
  readonly #numbers: Float64Array;
  readonly #idle: Float64Array;
  readonly #staleness: Float64Array;
  readonly #stepped: Float64Array;
  readonly #options: ServerOptions;
  readonly #step: StepSettings;
  /** Where stale gradients are brought into the current order; made at the first need. */
  #retained: Uint32Array | undefined;

  constructor(model: SparseMlp, state: ServerState, options: ServerOptions) {
    this.model = model;
    this.#numbers = state.numbers;
    this.#idle = state.idle;
    this.#staleness = state.staleness;
    this.#stepped = state.stepped;
    this.#options = options;
    // One thread: whoever calls holds the lock, and others compute.
    const planes = model.optimizerState?.planes.length ?? 0;
    this.#step = new StepSettings({ ...options.settings, threads: 1 }, planes);
  }

  /** Updates applied since the first epoch. */
  get updates(): number {
    return this.#numbers[UPDATES];
  }

  /** Version of the topology. */
  get version(): number {
    return this.#numbers[VERSION];
  }

  /** Pulls given, one for each update that may come. */
  get pulls(): number {
    return this.#numbers[PULLS];
  }

  /**
   * Copies the parameters into a replica, and the topology where the replica has another version.
   *
   * A snapshot: an update is in it wholly or not at all. O(nnz).
   *
   * @param version What the replica has; −1 for nothing.
   */
  pull(replica: SparseMlp, version: number): Pulled {
    this.#numbers[PULLS]++;
    if (version !== this.version) copyTopology(this.model, replica);
    copyParameters(this.model, replica);
    return { version: this.version, clock: this.updates };
  }

  /**
   * Applies the gradients of one mini-batch: one step of the optimiser.
   *
   * Where they are of an older topology, only those of connections that still exist count (RetainValidUpdates).
   * Paper: §2.1 Algorithm 1, Eq. 1. O(nnz).
   *
   * @param sender The model the gradients belong to, with the topology of the header's version.
   */
  push(gradients: Uint32Array, header: PushHeader, sender: SparseMlp): void {
    this.#note(header);
    const current = header.version === this.version ? gradients : this.#retain(gradients, sender);
    const staleness = this.updates - header.clock;
    this.#numbers[STALENESS_SUM] += staleness;
    this.#numbers[STALENESS_MAX] = Math.max(this.#numbers[STALENESS_MAX], staleness);
    this.#staleness[2 * header.worker] += staleness;
    this.#staleness[2 * header.worker + 1]++;
    this.#apply(current);
  }

  /**
   * Applies the mean gradient of a synchronous round: the mean over all its samples. O(workers · nnz).
   *
   * Summed in the order of the workers, so the bits depend on nothing else. One gradient is applied as it is.
   *
   * @param gradients Of all workers, in their order; the first one is overwritten.
   * @param headers In the same order; those with 0 samples do not count.
   */
  pushRound(gradients: readonly Uint32Array[], headers: readonly PushHeader[]): void {
    const samples = headers.reduce((sum, header) => sum + header.samples, 0);
    headers.forEach((header) => this.#note(header));
    const sent = gradients.filter((_, worker) => headers[worker].samples > 0);
    const counts = headers.filter((header) => header.samples > 0).map((header) => header.samples);
    if (sent.length > 1) this.#average(sent, counts.map((count) => count / samples));
    this.#apply(sent[0]);
  }

  /** Marks all gradients computed until now as stale. */
  topologyChanged(): void {
    this.#numbers[VERSION]++;
  }

  /** Adds seconds a worker has waited. */
  waited(worker: number, seconds: number): void {
    this.#idle[worker] += seconds;
  }

  /** Adds a step of a worker in phase 2, to show how far the epoch is; what counts in the end are the reports. */
  stepped(worker: number, { samples, loss, correct }: Omit<StepDone, "changed">): void {
    [1, samples, loss, correct].forEach((value, place) => this.#stepped[STEPPED * worker + place] += value);
  }

  /** Sums since {@linkcode beginEpoch}; of one moment under the lock alone. */
  sums(): EpochSums {
    const numbers = this.#numbers;
    const stepped = (place: number) =>
      this.#idle.reduce((sum, _, worker) => sum + this.#stepped[STEPPED * worker + place], 0);
    return {
      updates: numbers[EPOCH_UPDATES] + stepped(0),
      samples: numbers[SAMPLES] + stepped(1),
      loss: numbers[LOSS] + stepped(2),
      correct: numbers[CORRECT] + stepped(3),
      stalenessSum: numbers[STALENESS_SUM],
      largestStaleness: numbers[STALENESS_MAX],
      droppedGradients: numbers[DROPPED],
      ...{ replaced: 0, exchanges: 0, exchangeSteps: 0 },
      idleSeconds: [...this.#idle],
      workerStaleness: Array.from(this.#idle, (_, worker) => this.#staleness[2 * worker]),
      workerUpdates: Array.from(this.#idle, (_, worker) => this.#staleness[2 * worker + 1]),
    };
  }

  /** Sets the sums to zero. */
  beginEpoch(): void {
    this.#numbers.fill(0, EPOCH_UPDATES);
    this.#idle.fill(0);
    this.#staleness.fill(0);
    this.#stepped.fill(0);
  }

  #note({ loss, correct, samples }: PushHeader): void {
    if (!Number.isFinite(loss)) {
      throw new TrainingError(
        `Cannot go on training: the loss of a mini-batch is ${loss}, at update ${this.updates + 1}; ` +
          "try a learning rate ten times smaller, fewer workers, or weights scaled to the sparse fan-in",
      );
    }
    this.#numbers[LOSS] += loss;
    this.#numbers[CORRECT] += correct;
    this.#numbers[SAMPLES] += samples;
  }

  /** Writes the weighted sum of several gradients into the first of them, which no kernel is given twice. */
  #average([first, ...others]: readonly Uint32Array[], [weight, ...weights]: readonly number[]): void {
    const { layers } = this.model;
    const sections = (arena: Uint32Array) =>
      gradientViews(layers, arena).flatMap(({ values, bias, activationParameters }, index) => [
        values.subarray(0, layers[index].nnz),
        bias,
        activationParameters,
      ]);
    const sums = sections(first);
    for (const sum of sums) scale(sum, weight);
    for (const [place, arena] of others.entries()) {
      for (const [index, values] of sections(arena).entries()) {
        accumulate(values, weights[place], sums[index]);
      }
    }
  }

  #retain(gradients: Uint32Array, sender: SparseMlp): Uint32Array {
    const retained = this.#retained ??= this.model.allocateGradients();
    const from = gradientViews(sender.layers, gradients);
    const to = gradientViews(this.model.layers, retained);
    for (const [index, layer] of this.model.layers.entries()) {
      const { values, bias, activationParameters } = to[index];
      this.#numbers[DROPPED] += retainValid(sender.layers[index], from[index].values, layer, values);
      bias.set(from[index].bias);
      activationParameters.set(from[index].activationParameters);
    }
    return retained;
  }

  #apply(gradients: Uint32Array): void {
    const { settings, parallel, steps } = this.#options;
    const { learningRate, rateRatio } = phaseOneRate(parallel, settings, this.updates, steps);
    const update = this.model.updates + 1;
    this.#step.next(this.updates, update, learningRate, rateRatio);
    applyGradients(this.model.memory, gradients, this.#step.block);
    this.model.updates = update;
    this.#numbers[UPDATES]++;
    this.#numbers[EPOCH_UPDATES]++;
  }
}

/**
 * The parameter server: one model, its books, and what pulls and pushes do to both.
 *
 * Each thread of a process can have a server object over the same model. Its methods write into books of its own. Where
 * there are several threads, they take turns: in a turn a server {@linkcode ParameterServer.read reads} the shared books
 * first, and what it did counts once it has {@linkcode ParameterServer.save saved} them, or with the change of the model
 * by a push. So a thread that is lost in its turn has either done all or nothing; see `threads/lock.ts`. A server that
 * is alone needs neither.
 *
 * @module
 */
import { gradientViews } from "../model/layer.ts";
import type { SparseMlp } from "../model/model.ts";
import { accumulate, retainValid, scale } from "../native/merge.ts";
import { applyGradients } from "../native/update.ts";
import { TrainingError } from "../errors.ts";
import type { Hyperparameters } from "../train/hyperparameters.ts";
import { StepSettings } from "../optimizer/step_settings.ts";
import type { ParallelHyperparameters } from "./options.ts";
import type { Turn } from "./threads/lock.ts";
import { phaseOneRate } from "./rates.ts";
import { DelayCompensation, stalenessFactor } from "./staleness.ts";
import { copyParameters, copyTopology } from "../model/copy.ts";
import type { ModelSnapshot } from "./replica.ts";
import type { EpochSums, PushHeader, StepDone } from "./transport.ts";

/** Places in the books: first what is counted since the start, from {@linkcode EPOCH_UPDATES} on in the epoch. */
const UPDATES = 0;
const ROUND = 1;
const VERSION = 2;
const EPOCH_UPDATES = 3;
const SAMPLES = 4;
const LOSS = 5;
const CORRECT = 6;
const STALENESS_SUM = 7;
const STALENESS_MAX = 8;
const DROPPED = 9;
const COUNT = 10;
/**
 * Places of each worker behind them: seconds it has waited in this epoch, the sum of the staleness of its updates in
 * this epoch, how many they were; 1 where it has pulled and not yet pushed; gradients that were taken of it since the
 * start; and of its last gradient for a round, which one that was and what describes it.
 */
const IDLE = 0;
const STALENESS = 1;
const OWN_UPDATES = 2;
const PULLED = 3;
const TAKEN = 4;
const OWN_ROUND = 5;
const HEADER = 6;
const OF_WORKER = 11;

/** The books of a server in two copies, of which one counts; can be sent to another Worker. */
export interface ServerState {
  readonly workers: number;
  readonly books: readonly [Float64Array, Float64Array];
  /** What each worker did in this epoch of phase 2: its steps, their samples, loss and hits. It alone writes its own. */
  readonly stepped: Float64Array;
}

/** Numbers of a worker in `stepped`. */
const STEPPED = 4;

/** State of a server that has applied `updates` updates; the first copy counts. */
export function serverState(workers: number, updates: number): ServerState {
  const floats = (length: number) => new Float64Array(new SharedArrayBuffer(8 * length));
  const books = [floats(COUNT + OF_WORKER * workers), floats(COUNT + OF_WORKER * workers)] as const;
  books[0][UPDATES] = updates;
  // The first round.
  books[0][ROUND] = 1;
  return { workers, books, stepped: floats(STEPPED * workers) };
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

/** The server's model and its rules. */
export class ParameterServer {
  readonly model: SparseMlp;
  readonly #state: ServerState;
  readonly #numbers: Float64Array;
  readonly #workers: readonly number[];
  readonly #options: ServerOptions;
  readonly #step: StepSettings;
  readonly #connections: Uint32Array | undefined;
  /** Where stale gradients are brought into the current order; made at the first need. */
  #retained: Uint32Array | undefined;
  readonly #compensation: DelayCompensation | undefined;

  /**
   * @param connections Where the model is a part of one: the connections of each whole layer, read at each update.
   */
  constructor(model: SparseMlp, state: ServerState, options: ServerOptions, connections?: Uint32Array) {
    this.model = model;
    this.#state = state;
    this.#numbers = state.books[0].slice();
    this.#workers = Array.from({ length: state.workers }, (_, worker) => worker);
    this.#options = options;
    this.#connections = connections;
    // One thread: whoever calls has the turn, and others compute.
    const planes = model.optimizerState?.planes.length ?? 0;
    this.#step = new StepSettings({ ...options.settings, threads: 1 }, planes);
    const { delayCompensation } = options.parallel;
    if (delayCompensation !== undefined) this.#compensation = new DelayCompensation(model, delayCompensation);
  }

  /** Reads the copy of the shared books that counts. Outside a turn their numbers need not be of one moment. */
  read(copy: 0 | 1): void {
    this.#numbers.set(this.#state.books[copy]);
  }

  /**
   * Makes count what was done in this turn, where the model was not changed.
   *
   * @param beside Changes other shared memory meanwhile; does not throw.
   * @throws {TurnLost} When the turn was taken away: nothing was done.
   */
  save(turn: Turn, beside: () => void = () => {}): void {
    turn.begin();
    beside();
    this.#write(turn);
    turn.end();
  }

  /** Updates applied since the first epoch. */
  get updates(): number {
    return this.#numbers[UPDATES];
  }

  /** Version of the topology. */
  get version(): number {
    return this.#numbers[VERSION];
  }

  /** Updates applied, and those that may still come: pulls whose push has not come yet. */
  get pulls(): number {
    return this.#workers.reduce((sum, worker) => sum + this.#of(worker, PULLED), this.updates);
  }

  /** Number of the synchronous round that is being gathered. */
  get round(): number {
    return this.#numbers[ROUND];
  }

  /** Whether all gradients of the round have come. */
  get roundIsWhole(): boolean {
    return this.#workers.every((worker) => this.hasArrived(worker));
  }

  /** Whether a worker's gradient of the round has come. */
  hasArrived(worker: number): boolean {
    return this.#of(worker, OWN_ROUND) === this.round;
  }

  /** Gradients that were taken of a worker since the start. */
  taken(worker: number): number {
    return this.#of(worker, TAKEN);
  }

  /**
   * Copies the parameters into a replica, and the topology where the replica has another version.
   *
   * A snapshot: an update is in it wholly or not at all. O(nnz).
   *
   * @param version What the replica has; −1 for nothing.
   * @param worker Whose replica it is.
   */
  pull(replica: SparseMlp, version: number, worker: number): Pulled {
    this.#set(worker, PULLED, 1);
    if (version !== this.version) copyTopology(this.model, replica);
    copyParameters(this.model, replica);
    return { version: this.version, clock: this.updates };
  }

  /**
   * Applies the gradients of one mini-batch: one step of the optimiser.
   *
   * Where they are of an older topology, only those of connections that still exist count (RetainValidUpdates). Updates
   * that came since the pull are met by the rule of staleness. Paper: §2.1 Algorithm 1, Eq. 1. O(nnz).
   *
   * @param gradients May be overwritten.
   * @param sender What the gradients were computed with, of the topology of the header's version.
   * @param turn Ends with the update, where there are several threads.
   * @throws {TurnLost} When the turn was taken away: nothing was done.
   */
  push(gradients: Uint32Array, header: PushHeader, sender: ModelSnapshot, turn?: Turn): void {
    const { worker } = header;
    this.#note(header);
    const current = header.version === this.version ? gradients : this.#retain(gradients, sender);
    const staleness = this.updates - header.clock;
    this.#numbers[STALENESS_SUM] += staleness;
    this.#numbers[STALENESS_MAX] = Math.max(this.#numbers[STALENESS_MAX], staleness);
    if (staleness > 0) this.#compensation?.apply(current, sender, current !== gradients);
    this.#add(worker, STALENESS, staleness);
    this.#add(worker, OWN_UPDATES, 1);
    this.#add(worker, TAKEN, 1);
    this.#set(worker, PULLED, 0);
    this.#apply(current, stalenessFactor(this.#options.parallel.staleness, staleness), turn);
  }

  /** Notes that a worker's gradient of the round has come. */
  arrive({ worker, version, clock, loss, correct, samples }: PushHeader): void {
    this.#add(worker, TAKEN, 1);
    this.#set(worker, PULLED, 0);
    const place = COUNT + OF_WORKER * worker;
    this.#numbers.set([this.round, version, clock, loss, correct, samples], place + OWN_ROUND);
  }

  /** What describes the gradients that have come, in the order of the workers. */
  headers(): PushHeader[] {
    return this.#workers.map((worker) => {
      const place = COUNT + OF_WORKER * worker + HEADER;
      const [version, clock, loss, correct, samples] = this.#numbers.subarray(place);
      return { worker, version, clock, loss, correct, samples };
    });
  }

  /**
   * Applies the mean gradient of a synchronous round: the mean over all its samples. O(workers · nnz).
   *
   * Summed in the order of the workers, so the bits depend on nothing else. One gradient is applied as it is.
   *
   * @param gradients Of all workers, in their order; without `into` the first one is overwritten.
   * @param headers In the same order; those with 0 samples do not count.
   * @param into Where the mean is computed, none of the gradients.
   * @param turn Ends with the update, where there are several threads.
   * @throws {TurnLost} When the turn was taken away: nothing was done.
   */
  pushRound(
    gradients: readonly Uint32Array[],
    headers: readonly PushHeader[],
    into?: Uint32Array,
    turn?: Turn,
  ): void {
    const samples = headers.reduce((sum, header) => sum + header.samples, 0);
    headers.forEach((header) => this.#note(header));
    const sent = gradients.filter((_, worker) => headers[worker].samples > 0);
    const counts = headers.filter((header) => header.samples > 0).map((header) => header.samples);
    const [first, ...others] = sent;
    const mean = others.length > 0 && into !== undefined ? into : first;
    if (mean !== first) mean.set(first);
    if (others.length > 0) this.#average([mean, ...others], counts.map((count) => count / samples));
    this.#numbers[ROUND]++;
    this.#apply(mean, 1, turn);
  }

  /** Gives the pull of a worker again that was lost before it pushed; its steps of this epoch of phase 2 are done anew. */
  lost(worker: number): void {
    this.#set(worker, PULLED, 0);
    this.#state.stepped.fill(0, STEPPED * worker, STEPPED * (worker + 1));
  }

  /** Marks all gradients computed until now as stale: the topology is of a new version. */
  topologyChanged(version: number = this.version + 1): void {
    this.#numbers[VERSION] = version;
  }

  /** Adds seconds a worker has waited. */
  waited(worker: number, seconds: number): void {
    this.#add(worker, IDLE, seconds);
  }

  /** Adds a step of a worker in phase 2, to show how far the epoch is; what counts in the end are the reports. */
  stepped(worker: number, { samples, loss, correct }: Omit<StepDone, "changed">): void {
    const { stepped } = this.#state;
    const first = STEPPED * worker;
    stepped[first]++;
    stepped[first + 1] += samples;
    stepped[first + 2] += loss;
    stepped[first + 3] += correct;
  }

  /** Sums since {@linkcode beginEpoch}. */
  sums(): EpochSums {
    const numbers = this.#numbers;
    const ofAll = (place: number) => this.#workers.map((worker) => this.#of(worker, place));
    const stepped = (place: number) =>
      this.#workers.reduce((sum, worker) => sum + this.#state.stepped[STEPPED * worker + place], 0);
    return {
      updates: numbers[EPOCH_UPDATES] + stepped(0),
      samples: numbers[SAMPLES] + stepped(1),
      loss: numbers[LOSS] + stepped(2),
      correct: numbers[CORRECT] + stepped(3),
      stalenessSum: numbers[STALENESS_SUM],
      largestStaleness: numbers[STALENESS_MAX],
      droppedGradients: numbers[DROPPED],
      ...{ replaced: 0, exchanges: 0, exchangeSteps: 0 },
      idleSeconds: ofAll(IDLE),
      workerStaleness: ofAll(STALENESS),
      workerUpdates: ofAll(OWN_UPDATES),
    };
  }

  /** Sets the sums to zero. */
  beginEpoch(): void {
    this.#numbers.fill(0, EPOCH_UPDATES, COUNT);
    for (const worker of this.#workers) {
      for (const place of [IDLE, STALENESS, OWN_UPDATES]) this.#set(worker, place, 0);
    }
    this.#state.stepped.fill(0);
  }

  #of(worker: number, place: number): number {
    return this.#numbers[COUNT + OF_WORKER * worker + place];
  }

  #set(worker: number, place: number, value: number): void {
    this.#numbers[COUNT + OF_WORKER * worker + place] = value;
  }

  #add(worker: number, place: number, value: number): void {
    this.#numbers[COUNT + OF_WORKER * worker + place] += value;
  }

  /** Writes the copy of the shared books that does not count yet. */
  #write({ copy }: Turn): void {
    this.#state.books[1 - copy].set(this.#numbers);
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

  #retain(gradients: Uint32Array, sender: ModelSnapshot): Uint32Array {
    const retained = this.#retained ??= this.model.allocateGradients();
    const from = gradientViews(this.model.layers, gradients);
    const to = gradientViews(this.model.layers, retained);
    for (const [index, layer] of this.model.layers.entries()) {
      const { values, bias, activationParameters } = to[index];
      this.#numbers[DROPPED] += retainValid(sender.layers[index], from[index].values, layer, values);
      bias.set(from[index].bias);
      activationParameters.set(from[index].activationParameters);
    }
    return retained;
  }

  /** @param factor How many times the learning rate; and the decay, where that is not part of the rate already. */
  #apply(gradients: Uint32Array, factor: number, turn: Turn | undefined): void {
    const { settings, parallel, steps } = this.#options;
    const { learningRate, rateRatio } = phaseOneRate(parallel, settings, this.updates, steps);
    const update = this.model.updates + 1;
    this.#step.next(this.updates, update, factor * learningRate, rateRatio);
    if (settings.weightDecayForm === "outside") {
      this.#step.block.set("weightDecay", factor * settings.weightDecay);
    }
    this.#numbers[UPDATES]++;
    this.#numbers[EPOCH_UPDATES]++;
    turn?.begin();
    if (turn !== undefined) this.#write(turn);
    this.model.updates = update;
    applyGradients(this.model.memory, gradients, this.#step.block, {
      connections: this.#connections,
      done: turn?.ended,
    });
  }
}

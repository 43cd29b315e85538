/**
 * The transport over Deno Workers: one process, shared memory, no copies through messages.
 *
 * @module
 */
import { messageOf, TrainingError } from "../../errors.ts";
import type { SparseMlp } from "../../model/model.ts";
import { kernelsPath } from "../../native/library.ts";
import type { TopologyCounts } from "../../topology/change.ts";
import type { Turn } from "./lock.ts";
import { afterEpochs, LEAVING_MS, LostWorkers, silence } from "./lost_workers.ts";
import { START_MS } from "../options.ts";
import { copyModel } from "../../model/copy.ts";
import { emptyReplica } from "../replica.ts";
import { questionsMemory, reopenQuestions } from "../questions.ts";
import { ParameterServer, serverState } from "../server.ts";
import type { WorkerMessage } from "./link.ts";
import { SharedState, sharedStateMemory } from "./shared_state.ts";
import { WorkerThreads } from "./threads.ts";
import {
  changedInAll,
  type EpochSums,
  type LocalReport,
  type OnSums,
  type ServerTransport,
  trainedInAll,
} from "../transport.ts";
import type { TransportPlan } from "../transport_plan.ts";
import type { WorkerStart } from "./worker_main.ts";

/** How often progress is reported and silence looked for. */
const LOOK_MS = 100;
/** How long workers may take to end before they are ended. */
const FAREWELL_MS = 2000;
/** How long other workers are waited for at once before a lost one is replaced. */
const TURN_MS = 20;

/** What a {@linkcode WorkersTransport} is made of. */
export interface WorkersOptions
  extends Pick<TransportPlan, "model" | "setup" | "server" | "updatesDone" | "updatesTotal"> {
  /** Module the Workers run; tests have others. */
  readonly module?: URL;
  /** How long workers may take to begin, the more of them did not; tests have less. */
  readonly startMs?: number;
}

/** Workers over shared memory. A push is applied by the worker that brings it, in its turn. */
export class WorkersTransport implements ServerTransport {
  readonly #options: WorkersOptions;
  readonly #threads: WorkerThreads;
  /** What all threads are given alike. */
  readonly #shared: Omit<
    WorkerStart,
    "setup" | "thread" | "replica" | "gradients" | "commandsDone" | "hasModel"
  >;
  readonly #replicas: SparseMlp[];
  readonly #state: SharedState;
  readonly #server: ParameterServer;
  readonly #timeLimitMs: number;
  /** How long a worker may take to begin, and how far that grows. */
  #startMs: number;
  readonly #longestStartMs: number;
  readonly #ended = new Set<number>();
  readonly #lost: LostWorkers;
  /** Updates after which workers wait, and the last epoch of phase 2 that all have trained. */
  #limit: number;
  #epochsDone: number;
  /** Of each worker, whether it has followed its last command, so that its replica is whole. */
  readonly #whole: boolean[];
  #failure: unknown;
  /** Who waits for updates, or for the reports of a command. */
  #waiting: PromiseWithResolvers<void> | undefined;
  #commanded = false;
  #gathered: LocalReport[] = [];
  #onSums: OnSums | undefined;
  readonly #look: ReturnType<typeof setInterval>;
  #farewell: PromiseWithResolvers<void> | undefined;
  #closed = false;

  /**
   * Starts the Workers; they wait until updates are let in.
   *
   * @throws {Deno.errors.NotCapable} When the package's own modules may not be read.
   * @throws {RangeError} When there is not enough memory for the replicas.
   * @throws {DOMException} When the settings have something in them that cannot be sent to a Worker.
   */
  constructor(options: WorkersOptions) {
    const { model, setup, updatesDone, updatesTotal, module } = options;
    const { workers, timeLimitSeconds, lostWorkers, localSteps } = setup.parallel;
    this.#options = options;
    this.#threads = new WorkerThreads(module ?? new URL("./worker_main.ts", import.meta.url), {
      hear: (message) => this.#hear(message),
      fail: (worker, cause) => this.#lose(worker, cause),
    });
    const memory = sharedStateMemory(workers, lostWorkers);
    this.#timeLimitMs = 1000 * timeLimitSeconds;
    this.#startMs = options.startMs ?? START_MS;
    this.#longestStartMs = 4 * Math.max(this.#timeLimitMs, this.#startMs);
    this.#state = new SharedState(memory);
    this.#state.limit = this.#limit = updatesDone;
    this.#state.total = updatesTotal;
    this.#state.phase = 1;
    this.#epochsDone = setup.epochsDone;
    const state = serverState(workers, updatesDone);
    this.#server = new ParameterServer(model, state, options.server);
    this.#replicas = Array.from({ length: workers }, () => emptyReplica(model));
    const gradients = this.#replicas.map((replica) => replica.allocateGradients());
    this.#whole = this.#replicas.map(() => false);
    this.#lost = new LostWorkers(lostWorkers);
    // What a lost worker has brought to a round outlives it in a copy.
    const kept = setup.parallel.algorithm === "wassp" && lostWorkers > 0;
    this.#shared = {
      server: model.share(),
      serverState: state,
      serverOptions: options.server,
      round: kept ? this.#replicas.map((replica) => replica.allocateGradients()) : gradients,
      state: memory,
      questions: localSteps === undefined ? undefined : questionsMemory(workers, model),
      kernels: kernelsPath(),
    };
    try {
      for (const worker of this.#replicas.keys()) {
        const begin = { setup: { ...setup, worker }, commandsDone: 0, hasModel: false };
        this.#start(begin, gradients[worker]);
      }
    } catch (cause) {
      // Nobody would close what was not made, and a Worker that lives keeps the program from ending.
      this.#threads.endAll();
      throw cause;
    }
    let looked = performance.now();
    this.#look = setInterval(() => {
      const now = performance.now();
      this.#lookAfterWorkers(Math.min(now - looked, 2 * LOOK_MS));
      looked = now;
      // Whoever applied the last update may have been lost before it could say so.
      this.#tellIfFull();
      if (this.#onSums === undefined) return;
      this.#server.read(this.#state.copy);
      this.#onSums(this.#server.sums());
    }, LOOK_MS);
  }

  async runUpdates(limit: number, onSums: OnSums): Promise<EpochSums> {
    await this.#watched(onSums, () => {
      this.#locked((turn) => {
        this.#server.beginEpoch();
        this.#server.save(turn, () => this.#state.limit = limit);
      });
      this.#limit = limit;
      this.#state.changed();
      if (this.#state.halted) this.#waiting!.resolve();
    });
    return { ...this.#locked(() => this.#server.sums()), replacedWorkers: this.#lost.takeReplaced() };
  }

  beginPhaseTwo(models: readonly SparseMlp[]): void {
    // No worker has pulled anything where models are given: the run goes on in phase 2.
    for (const [worker, model] of models.entries()) copyModel(model, this.#replicas[worker]);
    this.#state.replicasLoaded = models.length > 0;
    this.#whole.fill(models.length > 0);
    this.#state.phase = 2;
    this.#state.changed();
  }

  async runLocalEpoch(epoch: number, onSums: OnSums): Promise<EpochSums> {
    this.#locked((turn) => {
      this.#server.beginEpoch();
      this.#server.save(turn);
    });
    const started = performance.now();
    const reports = await this.#command("epoch", epoch, onSums);
    this.#epochsDone = epoch;
    const elapsed = (performance.now() - started) / 1000;
    return {
      ...this.#locked(() => this.#server.sums()),
      ...trainedInAll(reports),
      replacedWorkers: this.#lost.takeReplaced(),
      idleSeconds: reports.map((report) => Math.max(0, elapsed - report.seconds)),
    };
  }

  async evolveReplicas(epoch: number): Promise<TopologyCounts> {
    return changedInAll(await this.#command("evolve", epoch, () => {}));
  }

  replicas(): readonly SparseMlp[] {
    return this.#replicas;
  }

  goOnFromAverage(): void {
    // Between two commands every worker waits; it sees the copy with the next.
    for (const replica of this.#replicas) copyModel(this.#server.model, replica);
  }

  halt(): void {
    this.#state.halt();
    // Workers in the middle of a pass report; who is in the middle of an update has the lock, and the sums wait for it.
    if (!this.#commanded) this.#waiting?.resolve();
  }

  topologyChanged(): void {
    this.#locked((turn) => {
      this.#server.topologyChanged();
      this.#server.save(turn);
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#state.stop();
    if (!this.#allEnded() && this.#failure === undefined) {
      const farewell = this.#farewell = Promise.withResolvers<void>();
      const timer = setTimeout(farewell.resolve, FAREWELL_MS);
      await farewell.promise;
      clearTimeout(timer);
    }
    clearInterval(this.#look);
    this.#threads.endAll();
  }

  /** Starts the thread of a worker, over its replica and gradients of its own. */
  #start(begin: Pick<WorkerStart, "setup" | "commandsDone" | "hasModel">, gradients?: Uint32Array): void {
    const replica = this.#replicas[begin.setup.worker];
    gradients ??= replica.allocateGradients();
    this.#threads.start({ ...this.#shared, ...begin, replica: replica.share(), gradients });
  }

  /** Gives all workers a command, and waits until they have followed it. */
  async #command(kind: "epoch" | "evolve", epoch: number, onSums: OnSums): Promise<LocalReport[]> {
    await this.#watched(onSums, () => {
      this.#gathered = [];
      this.#whole.fill(false);
      this.#commanded = true;
      this.#state.order(kind, epoch);
    });
    return this.#gathered;
  }

  /** Waits for what `begin` begins, and reports progress meanwhile. */
  async #watched(onSums: OnSums, begin: () => void): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const waiting = this.#waiting = Promise.withResolvers<void>();
    // Where `begin` throws what has failed, nobody else is told.
    waiting.promise.catch(() => {});
    this.#onSums = onSums;
    try {
      begin();
      await waiting.promise;
    } finally {
      this.#onSums = this.#waiting = undefined;
      this.#commanded = false;
    }
  }

  /** A worker that has been silent for too long is lost; a lost one is replaced once it has left the server. */
  #lookAfterWorkers(elapsedMs: number): void {
    for (const worker of this.#replicas.keys()) {
      if (this.#lost.waiting.has(worker) || this.#ended.has(worker)) continue;
      const thread = this.#threads.of(worker);
      const beats = this.#state.beats(thread);
      // A Worker that somebody has terminated goes on with what it does; only its messages do not come any more.
      const unheard = this.#commanded && !this.#whole[worker] &&
        this.#state.followed(thread) === this.#state.command.number;
      const limitMs = beats === 0 ? Math.max(this.#timeLimitMs, this.#startMs) : this.#timeLimitMs;
      if (this.#threads.silentMs(worker, unheard ? undefined : beats, elapsedMs) <= limitMs) continue;
      // Where the machine is too busy to begin one, another is no help: the next has more time.
      if (beats === 0) this.#startMs = Math.min(2 * limitMs, this.#longestStartMs);
      this.#lose(worker, silence({ begun: beats > 0, unheard }, limitMs));
    }
    this.#replaceLost();
    for (const gone of this.#lost.takeGone()) {
      if (this.#shared.questions !== undefined) reopenQuestions(this.#shared.questions, gone);
    }
  }

  #hear(message: WorkerMessage): void {
    switch (message.kind) {
      case "updates":
        this.#tellIfFull();
        return;
      case "report":
        this.#gathered[message.report.worker] = message.report;
        this.#whole[message.report.worker] = true;
        if (Object.keys(this.#gathered).length === this.#replicas.length) this.#waiting?.resolve();
        return;
      case "failed":
        this.#lose(message.worker, message.cause, message.final);
        return;
      case "ended":
        this.#ended.add(message.worker);
        if (this.#allEnded()) this.#farewell?.resolve();
        return;
      default: {
        const unknown: never = message;
        throw new TypeError(`Cannot understand the message ${JSON.stringify(unknown)}`);
      }
    }
  }

  #allEnded(): boolean {
    return this.#ended.size + this.#lost.waiting.size >= this.#replicas.length;
  }

  /** Ends the wait for updates once they have been applied. */
  #tellIfFull(): void {
    if (this.#waiting === undefined || this.#commanded) return;
    this.#server.read(this.#state.copy);
    if (this.#server.updates >= this.#limit) this.#waiting.resolve();
  }

  /**
   * Runs `work` in a turn.
   *
   * @throws {TrainingError} When a worker that is lost keeps the server, and cannot be replaced.
   */
  #locked<T>(work: (turn: Turn) => T): T {
    for (;;) {
      const found = this.#state.lockedWithin(this.#timeLimitMs, (turn) => {
        this.#server.read(turn.copy);
        return work(turn);
      });
      if (found !== undefined) return found.value;
      const worker = this.#threads.workerOf(this.#state.holder);
      if (worker < 0) continue;
      if (this.#lost.waiting.has(worker)) this.#replaceLost();
      else this.#lose(worker, new Error(`it has kept the server for ${this.#timeLimitMs / 1000} s`));
      if (this.#failure !== undefined) throw this.#failure;
    }
  }

  /**
   * A worker is lost: it is ended, and replaced if one more may be.
   *
   * @param final Whether another in its place would fail in the same way.
   */
  #lose(worker: number, cause: unknown, final = false): void {
    if (this.#failure !== undefined || this.#closed) return;
    if (final || !this.#lost.mayReplace) return this.#fail(worker, cause);
    this.#threads.end(worker);
    this.#lost.lose(worker, cause);
    this.#replaceLost();
  }

  #replaceLost(): void {
    for (const [worker, { cause, sinceMs }] of this.#lost.waiting) {
      const thread = this.#threads.of(worker);
      try {
        if (!this.#state.takeFrom(thread)) {
          // It is in the middle of an update, and comes to its end unless it was lost there.
          const said = `${messageOf(cause)}, in the middle of an update, so that the model is in doubt`;
          if (performance.now() - sinceMs > LEAVING_MS) this.#fail(worker, said);
        } else if (this.#replace(worker)) this.#lost.replaced({ worker, thread });
      } catch (failed) {
        this.#fail(worker, failed);
      }
    }
  }

  /** Lets a new thread work in the place of one that is lost; returns whether others let it come to its turn. */
  #replace(worker: number): boolean {
    const { model, setup } = this.#options;
    const server = this.#server;
    const found = this.#state.lockedWithin(TURN_MS, (turn) => {
      server.read(turn.copy);
      server.lost(worker);
      server.save(turn, () => this.#state.replace({ worker, thread: this.#threads.next }));
      return server.taken(worker);
    });
    if (found === undefined) return false;
    // The lost one may still write into its own memory.
    const replica = emptyReplica(model);
    const hasModel = this.#state.phase === 2;
    if (hasModel) copyModel(this.#whole[worker] ? this.#replicas[worker] : model, replica);
    this.#replicas[worker] = replica;
    const whole = this.#whole[worker];
    const { number, epoch } = this.#state.command;
    const place = hasModel
      ? afterEpochs(setup, whole && number > 0 ? epoch : this.#epochsDone)
      : { stepsDone: found.value };
    const commandsDone = this.#commanded && !whole ? number - 1 : number;
    this.#start({ setup: { ...setup, worker, ...place }, commandsDone, hasModel });
    // Others may have the pull that it did not use.
    this.#state.changed();
    return true;
  }

  /** Stops everybody; what is waited for is rejected. Only the first failure counts. */
  #fail(worker: number, cause: unknown): void {
    if (this.#failure !== undefined || this.#closed) return;
    const said = `worker ${worker + 1} failed: ${this.#lost.describe(cause)}`;
    this.#failure = new TrainingError(`Cannot go on training: ${said}`, { cause });
    this.#state.stop();
    this.#waiting?.reject(this.#failure);
  }
}

/**
 * What Workers of one process share beside the model: a lock, a gate, and commands, all through Atomics.
 *
 * @module
 */
import { LOCK_WORDS, type Turn, TurnLock, TurnLost } from "./lock.ts";

/** The first words are the lock's. */
const GATE = LOCK_WORDS;
const STOP = GATE + 1;
const PHASE = GATE + 2;
const COMMAND = GATE + 3;
const KIND = GATE + 4;
const EPOCH = GATE + 5;
const LOADED = GATE + 6;
const HALT = GATE + 7;
/** Where the numbers of the threads begin that the workers have; behind them, two words for each thread by its number. */
const THREADS = GATE + 8;
const LIMIT = 0;
const TOTAL = 1;

/** How long a waiting thread sleeps before it looks again. */
const SLICE_MS = 200;

/** The memory behind a {@linkcode SharedState}; can be sent to another Worker. */
export interface SharedStateMemory {
  readonly workers: number;
  readonly words: Int32Array;
  readonly limits: Float64Array;
}

/**
 * Memory for some workers, everything free and closed.
 *
 * Worker w is thread w + 1 at first. Threads that begin in its place have numbers of their own, so what one that is lost
 * still says is not taken for theirs.
 *
 * @param replacements How many threads may begin in the place of others.
 */
export function sharedStateMemory(workers: number, replacements = 0): SharedStateMemory {
  const threads = workers + replacements;
  const words = new Int32Array(new SharedArrayBuffer(4 * (THREADS + workers + 2 * threads)));
  for (let worker = 0; worker < workers; worker++) words[THREADS + worker] = worker + 1;
  return { workers, words, limits: new Float64Array(new SharedArrayBuffer(8 * 2)) };
}

/** A thread of a worker among all there were. */
export interface Thread {
  readonly worker: number;
  readonly thread: number;
}

/** A command of phase 2, numbered so that each is followed once. */
export interface Command {
  readonly number: number;
  readonly kind: "epoch" | "evolve";
  readonly epoch: number;
}

/** Views of the shared state. Limits are read and written in a turn. */
export class SharedState {
  readonly #words: Int32Array;
  readonly #limits: Float64Array;
  /** Of each thread, how often it has shown life, and the last command it has followed. */
  readonly #life: Int32Array;
  readonly #self: Thread | undefined;
  readonly #lock: TurnLock;

  /** @param self The worker's thread whose view it is; the last number there is, for the thread that starts the others. */
  constructor(memory: SharedStateMemory, self?: Thread) {
    const { words, limits, workers } = memory;
    this.#words = words;
    this.#limits = limits;
    this.#life = words.subarray(THREADS + workers);
    this.#self = self;
    this.#lock = new TurnLock(words, self?.thread ?? this.#life.length / 2 + 1);
  }

  /**
   * Runs `work` in a turn at the server. Blocks the thread, as long as it takes; a worker shows that it lives.
   *
   * @throws {TurnLost} When another thread works in the place of this one.
   */
  locked<T>(work: (turn: Turn) => T): T {
    const self = this.#self;
    const found = this.#lock.locked((turn) => {
      if (self !== undefined && !this.isOf(self)) {
        throw new TurnLost(`worker ${self.worker + 1} was replaced`);
      }
      return { value: work(turn) };
    }, () => {
      this.beat();
      return true;
    });
    return found!.value;
  }

  /**
   * As {@linkcode locked}; undefined where the lock is not free within a time, in which the whole process being stopped
   * does not count.
   */
  lockedWithin<T>(limitMs: number, work: (turn: Turn) => T): { readonly value: T } | undefined {
    let [waitedMs, looked] = [0, performance.now()];
    return this.#lock.locked((turn) => ({ value: work(turn) }), () => {
      const now = performance.now();
      waitedMs += Math.min(now - looked, 2 * SLICE_MS);
      looked = now;
      return waitedMs < limitMs;
    });
  }

  /** Which copy of the server's books counts at this moment. */
  get copy(): 0 | 1 {
    return this.#lock.copy;
  }

  /** The thread that has its turn; 0 for none. */
  get holder(): number {
    return this.#lock.holder;
  }

  /** Takes the turn away from a thread that is lost; false while it is in the middle of a change. */
  takeFrom(thread: number): boolean {
    return this.#lock.takeFrom(thread);
  }

  /** Whether a thread is the one that works for its worker. */
  isOf({ worker, thread }: Thread): boolean {
    return Atomics.load(this.#words, THREADS + worker) === thread;
  }

  /** Puts a thread in the place of another. In a turn. */
  replace({ worker, thread }: Thread): void {
    Atomics.store(this.#words, THREADS + worker, thread);
  }

  /** A number that changes whenever something does that others may wait for. */
  get gate(): number {
    return Atomics.load(this.#words, GATE);
  }

  /** Tells all who wait that something has changed. */
  changed(): void {
    Atomics.add(this.#words, GATE, 1);
    Atomics.notify(this.#words, GATE);
  }

  /** Blocks the thread while the gate is as it was `seen`, for a moment at most. */
  waitForChange(seen: number): void {
    Atomics.wait(this.#words, GATE, seen, SLICE_MS);
  }

  get stopped(): boolean {
    return Atomics.load(this.#words, STOP) !== 0;
  }

  /** Asks everybody to end. */
  stop(): void {
    Atomics.store(this.#words, STOP, 1);
    this.changed();
  }

  get halted(): boolean {
    return Atomics.load(this.#words, HALT) !== 0;
  }

  /** Ends the epoch under way: no more updates are applied, and workers leave the rest of their passes. */
  halt(): void {
    Atomics.store(this.#words, HALT, 1);
    this.changed();
  }

  get phase(): number {
    return Atomics.load(this.#words, PHASE);
  }

  set phase(phase: number) {
    Atomics.store(this.#words, PHASE, phase);
  }

  /** Whether the replicas hold the models that phase 2 begins with. */
  get replicasLoaded(): boolean {
    return Atomics.load(this.#words, LOADED) !== 0;
  }

  set replicasLoaded(loaded: boolean) {
    Atomics.store(this.#words, LOADED, loaded ? 1 : 0);
  }

  /** Updates that may have been applied before workers wait. */
  get limit(): number {
    return this.#limits[LIMIT];
  }

  set limit(updates: number) {
    this.#limits[LIMIT] = updates;
  }

  /** Updates of the whole of phase 1. */
  get total(): number {
    return this.#limits[TOTAL];
  }

  set total(updates: number) {
    this.#limits[TOTAL] = updates;
  }

  /** The last command. Its number is written last and so read first: a new number never comes with old contents. */
  get command(): Command {
    const number = Atomics.load(this.#words, COMMAND);
    const [kind, epoch] = [Atomics.load(this.#words, KIND), Atomics.load(this.#words, EPOCH)];
    return { number, kind: kind === 0 ? "epoch" : "evolve", epoch };
  }

  /** Gives all workers a command. */
  order(kind: Command["kind"], epoch: number): void {
    Atomics.store(this.#words, KIND, kind === "epoch" ? 0 : 1);
    Atomics.store(this.#words, EPOCH, epoch);
    Atomics.add(this.#words, COMMAND, 1);
    this.changed();
  }

  /** Shows that this thread lives. */
  beat(): void {
    if (this.#self !== undefined) Atomics.add(this.#life, 2 * this.#self.thread - 2, 1);
  }

  /** How often a thread has shown that it lives. */
  beats(thread: number): number {
    return Atomics.load(this.#life, 2 * thread - 2);
  }

  /** Notes that this thread has followed a command, and has said so. */
  follow(command: number): void {
    if (this.#self !== undefined) Atomics.store(this.#life, 2 * this.#self.thread - 1, command);
  }

  /** Number of the last command that a thread has followed. */
  followed(thread: number): number {
    return Atomics.load(this.#life, 2 * thread - 1);
  }

  /** Whether this thread shall end: everybody shall, or another works in its place. */
  get isOver(): boolean {
    return this.stopped || (this.#self !== undefined && !this.isOf(this.#self));
  }
}

/**
 * What Workers of one process share beside the model: a lock, a gate, and commands, all through Atomics.
 *
 * @module
 */

const LOCK = 0;
const GATE = 1;
const STOP = 2;
const PHASE = 3;
const COMMAND = 4;
const KIND = 5;
const EPOCH = 6;
const ARRIVED = 7;
const ROUND = 8;
const LOADED = 9;
const WORKERS = 16;
const LIMIT = 0;
const TOTAL = 1;

/** A lock is free, taken, or taken while others wait. */
const FREE = 0;
const TAKEN = 1;
const CONTENDED = 2;

/** How long a waiting thread sleeps before it looks again. */
const SLICE_MS = 200;

/** The memory behind a {@linkcode SharedState}; can be sent to another Worker. */
export interface SharedStateMemory {
  readonly words: Int32Array;
  readonly limits: Float64Array;
}

/** Memory for some workers, everything free and closed. */
export function sharedStateMemory(workers: number): SharedStateMemory {
  return {
    words: new Int32Array(new SharedArrayBuffer(4 * (WORKERS + workers))),
    limits: new Float64Array(new SharedArrayBuffer(8 * 2)),
  };
}

/** A command of phase 2, numbered so that each is followed once. */
export interface Command {
  readonly number: number;
  readonly kind: "epoch" | "evolve";
  readonly epoch: number;
}

/** Views of the shared state. Limits and rounds are read and written under the lock. */
export class SharedState {
  readonly #words: Int32Array;
  readonly #limits: Float64Array;
  readonly #timeLimitMs: number;

  constructor(memory: SharedStateMemory, timeLimitMs: number) {
    this.#words = memory.words;
    this.#limits = memory.limits;
    this.#timeLimitMs = timeLimitMs;
  }

  /**
   * Runs `work` under the lock. Blocks the thread.
   *
   * @throws {Error} When the lock is not free within the time limit: its holder is lost. Time in which the whole process
   * was stopped does not count.
   */
  locked<T>(work: () => T): T {
    const words = this.#words;
    if (Atomics.compareExchange(words, LOCK, FREE, TAKEN) !== FREE) {
      let [waitedMs, looked] = [0, performance.now()];
      while (Atomics.exchange(words, LOCK, CONTENDED) !== FREE) {
        Atomics.wait(words, LOCK, CONTENDED, SLICE_MS);
        const now = performance.now();
        waitedMs += Math.min(now - looked, 2 * SLICE_MS);
        looked = now;
        if (waitedMs > this.#timeLimitMs) {
          throw new Error(
            `Cannot take the lock of the parameter server: it was held for ${this.#timeLimitMs / 1000} s`,
          );
        }
      }
    }
    try {
      return work();
    } finally {
      if (Atomics.exchange(words, LOCK, FREE) === CONTENDED) Atomics.notify(words, LOCK, 1);
    }
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

  /** Number of the synchronous round that is being gathered. */
  get round(): number {
    return Atomics.load(this.#words, ROUND);
  }

  /** Notes that one more worker has brought its gradient; returns how many have. Under the lock. */
  arrive(): number {
    return Atomics.add(this.#words, ARRIVED, 1) + 1;
  }

  /** Begins the next round. Under the lock. */
  endRound(): void {
    Atomics.store(this.#words, ARRIVED, 0);
    Atomics.add(this.#words, ROUND, 1);
  }

  /** Shows that a worker lives. */
  beat(worker: number): void {
    Atomics.add(this.#words, WORKERS + worker, 1);
  }

  /** How often a worker has shown that it lives. */
  beats(worker: number): number {
    return Atomics.load(this.#words, WORKERS + worker);
  }
}

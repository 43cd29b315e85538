/**
 * Questions of workers to each other for their models, and the answers, in memory that all of them see.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import { inbox, type PeerModel, sendParametersTo, sendTopologyTo } from "./inbox.ts";

/** No question is open. One to worker `p` is `1 + p`, and `-1 - p` once it is answered. */
const NONE = 0;
/** Inboxes with no topology of anybody's. */
const NOBODY = 0;

/** The memory behind {@linkcode Questions}; can be sent to another Worker. */
export interface QuestionsMemory {
  /** The question of each worker. */
  readonly open: Int32Array;
  /** How often the topology of each worker has changed. */
  readonly versions: Int32Array;
  /** Whose topology each inbox has (1 + worker), and which version of it, `[workers][2]`. */
  readonly held: Int32Array;
  readonly inboxes: readonly PeerModel[];
}

/** Memory for some workers with models like this one. */
export function questionsMemory(workers: number, model: SparseMlp): QuestionsMemory {
  const words = (length: number) => new Int32Array(new SharedArrayBuffer(4 * length));
  return {
    open: words(workers),
    versions: words(workers),
    held: words(2 * workers),
    inboxes: Array.from({ length: workers }, () => inbox(model)),
  };
}

/**
 * One worker's view of all questions.
 *
 * An inbox has one writer: between question and answer the worker that was asked, from then on nobody until the next
 * question, so that no lock is needed. A worker that takes the place of another finds its open question, and answers
 * those to the other.
 */
export class Questions {
  readonly #memory: QuestionsMemory;
  readonly #worker: number;
  readonly #replica: SparseMlp;

  constructor(memory: QuestionsMemory, worker: number, replica: SparseMlp) {
    this.#memory = memory;
    this.#worker = worker;
    this.#replica = replica;
  }

  /** Asks a worker for its model, unless a question is open. */
  ask(peer: number): void {
    Atomics.compareExchange(this.#memory.open, this.#worker, NONE, 1 + peer);
  }

  /** The topology of the replica is another now. */
  topologyChanged(): void {
    Atomics.add(this.#memory.versions, this.#worker, 1);
  }

  /**
   * Answers all who ask for the replica as it is now; returns whether anybody did.
   *
   * O(workers), and a copy of the parameters for each who asks; the topology goes with them where theirs is another.
   */
  answer(): boolean {
    const { open } = this.#memory;
    let any = false;
    for (let asker = 0; asker < open.length; asker++) {
      if (Atomics.load(open, asker) !== 1 + this.#worker) continue;
      this.#send(asker);
      if (Atomics.compareExchange(open, asker, 1 + this.#worker, -1 - this.#worker) < NONE) continue;
      any = true;
    }
    return any;
  }

  /** Whether the model that the worker has asked for is there. */
  get isAnswered(): boolean {
    return Atomics.load(this.#memory.open, this.#worker) < NONE;
  }

  /** The model that the worker has asked for, once it is there; it may be read until the next question. */
  take(): { readonly peer: number; readonly model: PeerModel } | undefined {
    const { open, inboxes } = this.#memory;
    const state = Atomics.load(open, this.#worker);
    if (state >= NONE) return undefined;
    Atomics.store(open, this.#worker, NONE);
    return { peer: -1 - state, model: inboxes[this.#worker] };
  }

  #send(asker: number): void {
    const { held, versions, inboxes } = this.#memory;
    const version = Atomics.load(versions, this.#worker);
    const known = held[2 * asker] === 1 + this.#worker && held[2 * asker + 1] === version;
    if (!known) {
      // Whoever is ended in the middle leaves an inbox that nobody takes for whole.
      held[2 * asker] = NOBODY;
      sendTopologyTo(inboxes[asker], this.#replica);
      held[2 * asker + 1] = version;
      held[2 * asker] = 1 + this.#worker;
    }
    sendParametersTo(inboxes[asker], this.#replica);
  }
}

/**
 * Questions of workers to each other for their models, and the answers, in memory that all of them see.
 *
 * No lock is needed: one word a worker says which question it has open and who writes into its inbox. Words name threads,
 * not workers, where a worker may have been replaced: a thread that counts as lost, and yet works on for a moment, can
 * neither take the answer of the one in its place nor write into an inbox together with it.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import { inbox, sendParametersTo, sendTopologyTo } from "./inbox.ts";
import type { ModelSnapshot } from "./replica.ts";
import type { Thread } from "./threads/shared_state.ts";

/** What a word says: no question; a thread asks a worker; a thread writes the answer; the answer of a worker is there. */
const NONE = 0;
const ASKED = 1;
const WRITING = 2;
const ANSWERED = 3;
const STATE_BITS = 3;
/** Behind it: whom was asked or has answered, or which thread writes; and which thread has asked. */
const WHO_SHIFT = 2;
const WHO_BITS = 0x3fff;
const ASKER_SHIFT = 16;
/** Inboxes with no topology of any thread's. */
const NOBODY = 0;

/** The memory behind {@linkcode Questions}; can be sent to another Worker. */
export interface QuestionsMemory {
  /** The question of each worker. */
  readonly open: Int32Array;
  /** The topology of which thread each inbox has, and which of its, `[workers][2]`. */
  readonly held: Int32Array;
  readonly inboxes: readonly ModelSnapshot[];
}

/** Memory for some workers with models like this one. */
export function questionsMemory(workers: number, model: SparseMlp): QuestionsMemory {
  const words = (length: number) => new Int32Array(new SharedArrayBuffer(4 * length));
  return {
    open: words(workers),
    held: words(2 * workers),
    inboxes: Array.from({ length: workers }, () => inbox(model)),
  };
}

/** One thread's view of all questions. */
export class Questions {
  readonly #memory: QuestionsMemory;
  readonly #self: Thread;
  readonly #replica: SparseMlp;
  /** How often the topology of the replica has changed. */
  #version = 0;
  /** Whom the thread asks, until it has the answer. */
  #peer: number | undefined;

  constructor(memory: QuestionsMemory, self: Thread, replica: SparseMlp) {
    this.#memory = memory;
    this.#self = self;
    this.#replica = replica;
  }

  /** Asks a worker for its model, unless a question is open. */
  ask(peer: number): void {
    this.#peer ??= peer;
    this.#post();
  }

  /** The topology of the replica is another now. */
  topologyChanged(): void {
    this.#version++;
  }

  /**
   * Answers all who ask for the replica as it is now; returns whether anybody did.
   *
   * O(workers), and a copy of the parameters for each who asks; the topology goes with them where theirs is another.
   */
  answer(): boolean {
    const { open } = this.#memory;
    const { worker, thread } = this.#self;
    let any = false;
    for (let asker = 0; asker < open.length; asker++) {
      const asked = Atomics.load(open, asker);
      if ((asked & STATE_BITS) !== ASKED || whoOf(asked) !== worker) continue;
      const writing = wordOf(WRITING, thread, askerOf(asked));
      if (Atomics.compareExchange(open, asker, asked, writing) !== asked) continue;
      this.#send(asker);
      const answered = wordOf(ANSWERED, worker, askerOf(asked));
      any = Atomics.compareExchange(open, asker, writing, answered) === writing || any;
    }
    return any;
  }

  /** Whether the model that the thread has asked for is there. */
  get isAnswered(): boolean {
    this.#post();
    return this.#answered() !== undefined;
  }

  /** The model that the thread has asked for, once it is there; it may be read until the next question. */
  take(): { readonly peer: number; readonly model: ModelSnapshot } | undefined {
    const { open, inboxes } = this.#memory;
    const { worker } = this.#self;
    this.#post();
    const answered = this.#answered();
    if (answered === undefined) return undefined;
    Atomics.compareExchange(open, worker, answered, NONE);
    this.#peer = undefined;
    return { peer: whoOf(answered), model: inboxes[worker] };
  }

  #answered(): number | undefined {
    const found = Atomics.load(this.#memory.open, this.#self.worker);
    return (found & STATE_BITS) === ANSWERED && askerOf(found) === this.#self.thread ? found : undefined;
  }

  /** Puts the question where the one of a thread may be, or have been, in whose place this one works. */
  #post(): void {
    if (this.#peer === undefined) return;
    const { open } = this.#memory;
    const { worker, thread } = this.#self;
    const found = Atomics.load(open, worker);
    const state = found & STATE_BITS;
    // An inbox that is being written into is free once that is done.
    if (state === WRITING || (state !== NONE && askerOf(found) >= thread)) return;
    Atomics.compareExchange(open, worker, found, wordOf(ASKED, this.#peer, thread));
  }

  #send(asker: number): void {
    const { held, inboxes } = this.#memory;
    const { thread } = this.#self;
    if (held[2 * asker] !== thread || held[2 * asker + 1] !== this.#version) {
      // Whoever is ended in the middle leaves an inbox that nobody takes for whole.
      held[2 * asker] = NOBODY;
      sendTopologyTo(inboxes[asker], this.#replica);
      held[2 * asker + 1] = this.#version;
      held[2 * asker] = thread;
    }
    sendParametersTo(inboxes[asker], this.#replica);
  }
}

/** Asks anew what a thread was answering that is at its end; another of its worker answers then. */
export function reopenQuestions({ open }: QuestionsMemory, { worker, thread }: Thread): void {
  for (let asker = 0; asker < open.length; asker++) {
    const found = Atomics.load(open, asker);
    if ((found & STATE_BITS) !== WRITING || whoOf(found) !== thread) continue;
    Atomics.compareExchange(open, asker, found, wordOf(ASKED, worker, askerOf(found)));
  }
}

function wordOf(state: number, who: number, asker: number): number {
  return asker << ASKER_SHIFT | who << WHO_SHIFT | state;
}

function whoOf(word: number): number {
  return word >> WHO_SHIFT & WHO_BITS;
}

function askerOf(word: number): number {
  return word >> ASKER_SHIFT;
}

/**
 * A lock between threads that may be lost at any moment, and turns of which each happens wholly or not at all.
 *
 * One word says everything: who holds the lock, whether the holder has begun to change what is shared, and which of two
 * copies of the books counts. Whoever has a turn works on memory of its own. To make its work count it {@linkcode
 * Turn.begin begins} a change, which it can only while nobody has taken the turn away; writes into the copy of the books
 * that does not count; and {@linkcode Turn.end ends} the change with a single store, which turns the copies over and
 * frees the lock. So of a thread that was lost one knows exactly: it was not in its turn; or it was, but has changed
 * nothing, and the turn is taken away from it; or it was in the middle of a change, which nobody can make good. A thread
 * that wakes up after its turn was taken away cannot begin a change.
 *
 * @module
 */
import type { SharedMark } from "../../native/update.ts";

/** Bits of the word: nobody has the lock; somebody has it; somebody has it and is changing what is shared. */
const FREE = 0;
const HELD = 1;
const CHANGING = 2;
const STATE_BITS = 3;
/** Which copy of the books counts. */
const COPY_BIT = 4;
/** Where the number of the holder begins. */
const HOLDER_SHIFT = 3;

const WORD = 0;
const WAITING = 1;
/** Words of a lock. */
export const LOCK_WORDS = 2;

/** How long a waiting thread sleeps before it looks again. */
const SLICE_MS = 200;

/** A turn that was taken away from a thread that counted as lost; it must change nothing any more. */
export class TurnLost extends Error {
  /** Name of the class. */
  override readonly name = "TurnLost";
}

/** One thread's turn. */
export interface Turn {
  /** Which copy of the books counts, 0 or 1. */
  readonly copy: 0 | 1;
  /**
   * Says that from here on what is shared changes.
   *
   * @throws {TurnLost} When the turn was taken away.
   */
  begin(): void;
  /** The end of the change as a store: the other copy of the books counts, the lock is free. */
  readonly ended: SharedMark;
  /** Ends the change. */
  end(): void;
}

/** A lock over shared words, seen by one thread. */
export class TurnLock {
  readonly #words: Int32Array;
  readonly #holder: number;

  /**
   * @param words At least {@linkcode LOCK_WORDS}, shared.
   * @param holder Number of the thread, from 1, below 2 ** 28; no other has it, before or after.
   */
  constructor(words: Int32Array, holder: number) {
    this.#words = words;
    this.#holder = holder;
  }

  /** Which copy of the books counts at this moment. */
  get copy(): 0 | 1 {
    return copyOf(Atomics.load(this.#words, WORD));
  }

  /** Who has the lock; 0 for nobody. */
  get holder(): number {
    return Atomics.load(this.#words, WORD) >> HOLDER_SHIFT;
  }

  /**
   * Runs `work` in a turn. Blocks the thread.
   *
   * What `work` throws leaves the lock free, unless a change was begun: then nobody gets it any more.
   *
   * @param waiting Called now and then while somebody else has the lock; returns whether to wait on.
   * @returns What `work` returns; undefined when the lock was not waited for.
   */
  locked<T>(work: (turn: Turn) => T, waiting: () => boolean): T | undefined {
    const words = this.#words;
    for (;;) {
      const found = Atomics.load(words, WORD);
      if ((found & STATE_BITS) === FREE) {
        const mine = this.#holder << HOLDER_SHIFT | found & COPY_BIT | HELD;
        if (Atomics.compareExchange(words, WORD, found, mine) === found) return this.#run(mine, work);
        continue;
      }
      // A thread that is lost here leaves the count too high, which costs others a needless call.
      Atomics.add(words, WAITING, 1);
      Atomics.wait(words, WORD, found, SLICE_MS);
      Atomics.sub(words, WAITING, 1);
      if (!waiting()) return undefined;
    }
  }

  /**
   * Takes the lock away from a thread that is lost.
   *
   * @returns Whether it does not hold it now; false while it is in the middle of a change.
   */
  takeFrom(holder: number): boolean {
    const words = this.#words;
    for (;;) {
      const found = Atomics.load(words, WORD);
      if (found >> HOLDER_SHIFT !== holder) return true;
      if ((found & STATE_BITS) === CHANGING) return false;
      if (Atomics.compareExchange(words, WORD, found, found & COPY_BIT) !== found) continue;
      this.#wake();
      return true;
    }
  }

  #run<T>(mine: number, work: (turn: Turn) => T): T {
    const words = this.#words;
    const changing = mine ^ HELD ^ CHANGING;
    const ended = { words, place: WORD, value: mine & COPY_BIT ^ COPY_BIT };
    try {
      return work({
        copy: copyOf(mine),
        begin: () => {
          if (Atomics.compareExchange(words, WORD, mine, changing) !== mine) {
            throw new TurnLost("Cannot change anything: the turn was taken away");
          }
        },
        ended,
        end: () => Atomics.store(words, WORD, ended.value),
      });
    } finally {
      Atomics.compareExchange(words, WORD, mine, mine & COPY_BIT);
      this.#wake();
    }
  }

  #wake(): void {
    if (Atomics.load(this.#words, WAITING) > 0) Atomics.notify(this.#words, WORD, 1);
  }
}

function copyOf(word: number): 0 | 1 {
  return (word & COPY_BIT) === 0 ? 0 : 1;
}

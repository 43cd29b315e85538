/**
 * Pauses in long work, so that other tasks of the program run.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Pieces } from "./pieces.ts";

/** How long work may go on before others get their turn. */
const WORK_MS = 20;
/**
 * How long they get it at least: a request takes about fifty passes of the event loop from its connection to its answer,
 * a pass in which nothing happens a microsecond.
 */
const TURN_MS = 0.1;

/** Knows when the event loop last had its turn; one for a run, whatever the run is at. */
export class EventLoopTurn {
  readonly #now: () => number;
  #last: number;
  #asked: number;

  /** @param now Milliseconds since some moment. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#last = this.#asked = now();
  }

  /** Whether it is time: another piece of work as long as the one since the last question would take too long. */
  get due(): boolean {
    const now = this.#now();
    const piece = now - this.#asked;
    this.#asked = now;
    return now - this.#last + piece > WORK_MS;
  }

  /**
   * Does work piece by piece; others have their turn where it is due, after the last piece too, and may abort it.
   *
   * @throws {unknown} The reason of the signal, between two pieces.
   */
  async between<T>(work: Pieces<T>, signal?: AbortSignal): Promise<T> {
    for (;;) {
      const { done, value } = work.next();
      if (this.due) await this.take();
      if (done) return value;
      if (signal?.aborted) signal.throwIfAborted();
    }
  }

  /** Lets timers, messages, requests and signals run; 0.5 % of the time where nobody has anything to do. */
  async take(): Promise<void> {
    const until = this.#now() + TURN_MS;
    do await new Promise<void>((resolve) => void setImmediate(resolve)); while (this.#now() < until);
    this.#last = this.#asked = this.#now();
  }
}

/**
 * Pauses in long work, so that other tasks of the program run.
 *
 * @module
 */

/** How long work may go on before others get their turn. */
const TURN_MS = 100;

/** Knows when the event loop last had its turn. */
export class EventLoopTurn {
  #last = performance.now();

  /** Whether it is time. */
  get due(): boolean {
    return performance.now() - this.#last > TURN_MS;
  }

  /** Lets timers, messages and signals run. */
  async take(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#last = performance.now();
  }
}

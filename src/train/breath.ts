/**
 * Pauses in long work, so that other tasks of the program run.
 *
 * @module
 */

/** How long work may go on before others get their turn. */
const BREATH_MS = 100;

/** Knows when others last had their turn. */
export class Breath {
  #last = performance.now();

  /** Whether it is time. */
  get due(): boolean {
    return performance.now() - this.#last > BREATH_MS;
  }

  /** Lets others run. */
  async take(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#last = performance.now();
  }
}

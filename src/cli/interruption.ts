/**
 * Ctrl-C in good order.
 *
 * @module
 */

/** Listens for Ctrl-C while a run lasts; dispose of it when the run is over. */
export class Interruption implements Disposable {
  readonly #abort = new AbortController();
  readonly #finishEpoch: boolean;
  readonly #notice: (text: string) => void;
  readonly #onSignal = () => this.#interrupt();
  #requested = false;

  /**
   * @param finishEpoch Whether the first Ctrl-C lets the epoch end, so that a checkpoint can be saved.
   * @param notice Tells the user what happens.
   */
  constructor(finishEpoch: boolean, notice: (text: string) => void) {
    this.#finishEpoch = finishEpoch;
    this.#notice = notice;
    Deno.addSignalListener("SIGINT", this.#onSignal);
  }

  /** Whether the run shall end. */
  get requested(): boolean {
    return this.#requested;
  }

  /** Aborts training between two steps. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  #interrupt(): void {
    if (this.#finishEpoch && !this.#requested) {
      this.#notice("Stopping after this epoch to save a checkpoint; Ctrl-C again stops at once");
    } else {
      this.#notice("Stopping after this step");
      this.#abort.abort();
      // A third Ctrl-C ends the program the hard way.
      Deno.removeSignalListener("SIGINT", this.#onSignal);
    }
    this.#requested = true;
  }

  /** Lets Ctrl-C end the program again. */
  [Symbol.dispose](): void {
    if (!this.#abort.signal.aborted) Deno.removeSignalListener("SIGINT", this.#onSignal);
  }
}

/**
 * Ctrl-C and SIGTERM in good order.
 *
 * @module
 */

/** Signals that end a run in good order; Windows can send the first alone. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];

/** Listens for Ctrl-C and SIGTERM while a run lasts; dispose of it when the run is over. */
export class Interruption implements Disposable {
  readonly #abort = new AbortController();
  readonly #finishEpoch: boolean;
  readonly #notice: (text: string) => void;
  readonly #listeners = SIGNALS.map((name) => [name, () => this.#interrupt(name)] as const);
  #requested: Deno.Signal | undefined;

  /**
   * @param finishEpoch Whether the first Ctrl-C lets the epoch end, so that a checkpoint can be saved.
   * @param notice Tells the user what happens.
   */
  constructor(finishEpoch: boolean, notice: (text: string) => void) {
    this.#finishEpoch = finishEpoch;
    this.#notice = notice;
    for (const [name, listener] of this.#listeners) Deno.addSignalListener(name, listener);
  }

  /** Whether the run shall end. */
  get requested(): boolean {
    return this.#requested !== undefined;
  }

  /** Exit code of a run that was stopped, as shells count: 128 and the number of the signal. */
  get exitCode(): number {
    return this.#requested === "SIGTERM" ? 143 : 130;
  }

  /** Aborts training between two steps. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  #interrupt(name: Deno.Signal): void {
    if (this.#finishEpoch && this.#requested === undefined) {
      this.#notice("Stopping after this epoch to save a checkpoint; Ctrl-C again stops at once");
    } else {
      this.#notice("Stopping after this step");
      this.#abort.abort();
      // A third Ctrl-C ends the program the hard way.
      this.#stopListening();
    }
    this.#requested ??= name;
  }

  /** Lets Ctrl-C end the program again. */
  [Symbol.dispose](): void {
    if (!this.#abort.signal.aborted) this.#stopListening();
  }

  #stopListening(): void {
    for (const [name, listener] of this.#listeners) Deno.removeSignalListener(name, listener);
  }
}

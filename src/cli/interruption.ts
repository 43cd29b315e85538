/**
 * Ctrl-C, SIGTERM and SIGUSR1 in good order.
 *
 * @module
 */

/** Signals that end a run in good order, and their numbers; Windows can send the first alone. */
const SIGNALS: ReadonlyMap<Deno.Signal, number> = new Map<Deno.Signal, number>([
  ["SIGINT", 2],
  ...Deno.build.os === "windows" ? [] : [
    ["SIGTERM", 15] as const,
    // What batch systems send before the time of a job is up.
    ["SIGUSR1", Deno.build.os === "linux" ? 10 : 30] as const,
  ],
]);

/**
 * Exit code of a run that has saved a checkpoint, and that whoever stopped it may start again: that of a failure which is
 * temporary (`EX_TEMPFAIL`).
 */
const GO_ON_CODE = 75;

/** Listens for the signals while a run lasts; dispose of it when the run is over. */
export class Interruption implements Disposable {
  readonly #abort = new AbortController();
  readonly #notice: (text: string) => void;
  readonly #listeners: Map<Deno.Signal, () => void>;
  #requested: Deno.Signal | undefined;

  /** @param notice Tells the user what happens. */
  constructor(notice: (text: string) => void) {
    this.#notice = notice;
    this.#listeners = new Map([...SIGNALS.keys()].map((name) => [name, () => this.#interrupt(name)]));
    for (const [name, listener] of this.#listeners) Deno.addSignalListener(name, listener);
  }

  /** Whether the run shall end. */
  get requested(): boolean {
    return this.#requested !== undefined;
  }

  /**
   * Exit code of a run that was stopped, as shells count: 128 and the number of the signal. With a checkpoint it is
   * {@linkcode GO_ON_CODE} after SIGUSR1, and in a job of several ranks after SIGTERM too, which one of them may have got.
   */
  exitCode({ saved, ofJob }: { saved: boolean; ofJob: boolean } = { saved: false, ofJob: false }): number {
    const name = this.#requested ?? "SIGTERM";
    const goesOn = name === "SIGUSR1" || (ofJob && name === "SIGTERM");
    return saved && goesOn ? GO_ON_CODE : 128 + SIGNALS.get(name)!;
  }

  /** Aborts training between two steps. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  #interrupt(name: Deno.Signal): void {
    // Launchers and batch systems may say it twice, while a checkpoint is being saved.
    if (this.#requested !== undefined) return;
    this.#requested = name;
    this.#notice("Stopping after this step");
    this.#abort.abort();
    // A second Ctrl-C ends the program the hard way.
    this.#stopListening("SIGINT");
  }

  /** Lets signals end the program again. */
  [Symbol.dispose](): void {
    for (const name of [...this.#listeners.keys()]) this.#stopListening(name);
  }

  #stopListening(name: Deno.Signal): void {
    const listener = this.#listeners.get(name);
    if (listener === undefined) return;
    Deno.removeSignalListener(name, listener);
    this.#listeners.delete(name);
  }
}

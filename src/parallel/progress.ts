/**
 * Telling the caller how far an epoch is, while workers are at it.
 *
 * @module
 */
import type { Progress, RunHooks } from "../train/hooks.ts";
import { pictured } from "../picture.ts";
import { progressPicture } from "../train/record_pictures.ts";
import type { EpochSums, OnSums } from "./transport.ts";

/** An epoch whose progress is told. */
export interface ToldEpoch extends Pick<Progress, "epoch" | "epochs" | "steps"> {
  /** Steps that were done before the run. */
  readonly begun: number;
  /** The sums of these. */
  readonly before: EpochSums;
}

/**
 * Calls of `onProgress`, one at a time: while one runs, nothing more is told.
 *
 * Workers go on meanwhile; the epoch ends when both they and the call have. What a call throws ends the run.
 */
export class ProgressCalls {
  readonly #onProgress: RunHooks["onProgress"];
  readonly #onFailure: () => void;
  #running: Promise<void> | undefined;

  /** @param onFailure Called once, when a call has thrown. */
  constructor(onProgress: RunHooks["onProgress"], onFailure: () => void) {
    this.#onProgress = onProgress;
    this.#onFailure = onFailure;
  }

  /** What tells the progress of an epoch, which begins now, by the sums of it so far. */
  ofEpoch({ epoch, epochs, steps, begun, before }: ToldEpoch): OnSums {
    const started = performance.now();
    return ({ updates, samples, loss, correct }) => {
      if (samples === 0) return;
      const samplesPerSecond = (samples - before.samples) / ((performance.now() - started) / 1000);
      const step = begun + updates - before.updates;
      this.tell({
        epoch,
        epochs,
        step,
        steps,
        loss: loss / samples,
        accuracy: correct / samples,
        samplesPerSecond,
      });
    };
  }

  /** Calls, unless a call is running or has failed; never throws. */
  tell(progress: Progress): void {
    if (this.#onProgress === undefined || this.#running !== undefined) return;
    this.#running = this.#call(this.#onProgress, progress);
    this.#running.catch(this.#onFailure);
  }

  /** Waits for the call that is running; throws what a call has thrown, or at once when the run is aborted. */
  async settled(signal?: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal?.reason);
    signal?.addEventListener("abort", abort);
    try {
      if (signal?.aborted) abort();
      await Promise.race([aborted.promise, this.#running]);
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  async #call(onProgress: NonNullable<RunHooks["onProgress"]>, progress: Progress): Promise<void> {
    await onProgress(pictured(progress, progressPicture));
    this.#running = undefined;
  }
}

/**
 * Telling the caller how far an epoch is, while workers are at it.
 *
 * @module
 */
import type { Progress, RunHooks } from "../train/hooks.ts";
import { pictured } from "../picture.ts";
import { progressPicture } from "../train/record_pictures.ts";

/**
 * Calls of `onProgress`, one at a time: while one runs, nothing more is told.
 *
 * Workers go on meanwhile; the epoch ends when both they and the call have. What a call throws ends the run.
 */
export class ProgressCalls {
  readonly #onProgress: RunHooks["onProgress"];
  #running: Promise<void> | undefined;
  readonly #failed = Promise.withResolvers<never>();

  constructor(onProgress: RunHooks["onProgress"]) {
    this.#onProgress = onProgress;
    // Who waits for an epoch hears of it; between two epochs nobody does.
    this.#failed.promise.catch(() => {});
  }

  /** Calls, unless a call is running or has failed; never throws. */
  tell(progress: Progress): void {
    if (this.#onProgress === undefined || this.#running !== undefined) return;
    this.#running = this.#call(this.#onProgress, progress);
    this.#running.catch(this.#failed.reject);
  }

  /** As the work, and the last call after it; rejects at once with what a call throws. */
  async during<T>(work: Promise<T>): Promise<T> {
    const result = await Promise.race([work, this.#failed.promise]);
    await this.#running;
    return result;
  }

  async #call(onProgress: NonNullable<RunHooks["onProgress"]>, progress: Progress): Promise<void> {
    await onProgress(pictured(progress, progressPicture));
    this.#running = undefined;
  }
}

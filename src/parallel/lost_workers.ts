/**
 * Workers that throw, hang or vanish: which of them were replaced, and how many more may be.
 *
 * @module
 */
import { messageOf } from "../errors.ts";
import type { ReplacedWorker } from "../train/records.ts";

/** Workers that are lost and not replaced yet, and how many may still be. */
export class LostWorkers {
  readonly #most: number;
  #replaced = 0;
  #told: ReplacedWorker[] = [];
  readonly #waiting = new Map<number, { readonly cause: unknown; readonly sinceMs: number }>();

  /** @param most How many are replaced at most. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether one more may be replaced. */
  get mayReplace(): boolean {
    return this.#replaced + this.#waiting.size < this.#most;
  }

  /** Workers that are lost and not replaced yet. */
  get waiting(): ReadonlyMap<number, { readonly cause: unknown; readonly sinceMs: number }> {
    return this.#waiting;
  }

  /** Notes that a worker is lost. */
  lose(worker: number, cause: unknown): void {
    this.#waiting.set(worker, { cause, sinceMs: performance.now() });
  }

  /** Notes that a lost worker has been replaced. */
  replaced(worker: number): void {
    const { cause } = this.#waiting.get(worker)!;
    this.#waiting.delete(worker);
    this.#replaced++;
    this.#told.push({ worker: worker + 1, cause: messageOf(cause) });
  }

  /** Those that were replaced since this was last asked. */
  takeReplaced(): ReplacedWorker[] {
    const told = this.#told;
    this.#told = [];
    return told;
  }

  /** What a failure is that ends the run, in words. */
  describe(cause: unknown): string {
    const before = this.#replaced === 0 ? "" : `; ${this.#replaced} had been replaced before`;
    return `${messageOf(cause)}${before}`;
  }
}

/**
 * Workers that throw, hang or vanish: which of them were replaced, and how many more may be.
 *
 * @module
 */
import { messageOf } from "../../errors.ts";
import type { ReplacedWorker } from "../../train/records.ts";
import type { Thread } from "./shared_state.ts";
import type { WorkerSetup } from "../worker.ts";

/** How long a thread that was silent for too long, and was ended, may take to come to the end of a change. */
export const LEAVING_MS = 3000;

/** What is to be said of a worker that was silent for too long. */
export function silence(
  { begun, unheard }: { readonly begun: boolean; readonly unheard: boolean },
  limitMs: number,
): Error {
  const said = !begun
    ? "it has not begun within"
    : unheard
    ? "its report has not come within"
    : "it has done nothing for";
  return new Error(`${said} ${limitMs / 1000} s`);
}

/** Workers that are lost and not replaced yet, and how many may still be. */
export class LostWorkers {
  readonly #most: number;
  #replaced = 0;
  #told: ReplacedWorker[] = [];
  #leaving: { readonly lost: Thread; readonly sinceMs: number }[] = [];
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

  /** Notes that a lost worker has been replaced, and which thread was its. */
  replaced(lost: Thread): void {
    const { worker } = lost;
    const { cause, sinceMs } = this.#waiting.get(worker)!;
    this.#waiting.delete(worker);
    this.#leaving.push({ lost, sinceMs });
    this.#replaced++;
    this.#told.push({ worker: worker + 1, cause: messageOf(cause) });
  }

  /** Threads that were ended so long ago that they will not finish what they had begun; each is given once. */
  takeGone(): Thread[] {
    const now = performance.now();
    const gone = this.#leaving.filter(({ sinceMs }) => now - sinceMs > LEAVING_MS);
    this.#leaving = this.#leaving.filter((leaving) => !gone.includes(leaving));
    return gone.map(({ lost }) => lost);
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

/**
 * Where a thread begins, in the place of a lost one, that has a model of its own after so many whole epochs: what was done
 * of an epoch before the run is done, of a later one nothing is.
 */
export function afterEpochs(
  setup: Pick<WorkerSetup, "epochsDone" | "begunSteps">,
  epochsDone: number,
): Pick<WorkerSetup, "epochsDone" | "begunSteps"> {
  const { begunSteps } = setup;
  return { epochsDone, begunSteps: epochsDone === setup.epochsDone ? begunSteps : begunSteps.map(() => 0) };
}

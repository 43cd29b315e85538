/**
 * Whose request comes next, where workers take turns in one thread.
 *
 * @module
 */
import type { WorkerRequest } from "./transport.ts";

/** A worker and what it asks for. */
export interface Waiting {
  readonly worker: number;
  readonly request: WorkerRequest;
}

/** An order of arrivals. */
export interface Arrivals {
  /**
   * Decides who is served.
   *
   * @param waiting Requests that can be served now, at least one, in the order of the workers; each stands here until it
   * is chosen.
   * @returns One of them.
   */
  next<T extends Waiting>(waiting: readonly T[]): T;
  /** Says that all workers have met, and begin an epoch on models of their own. */
  beginLocalEpoch(epoch: number): void;
}

/** Every time any of those who wait: with enough seeds, every interleaving. */
export class RandomArrivals implements Arrivals {
  readonly #seed: number;
  #random: number;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = started(seed, 0);
  }

  next<T extends Waiting>(waiting: readonly T[]): T {
    // A linear congruential generator; its high bits choose.
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return waiting[Math.floor(this.#random / 2 ** 32 * waiting.length)];
  }

  beginLocalEpoch(epoch: number): void {
    // The order of an epoch is its own, so that a run that goes on with it has the same.
    this.#random = started(this.#seed, epoch);
  }
}

/** The start of the order in an epoch of phase 2, or from the first one of phase 1. */
function started(seed: number, epoch: number): number {
  return (seed ^ Math.imul(0x9e37_79b9, 2 * epoch + 1)) >>> 0;
}

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
}

/** Every time any of those who wait: with enough seeds, every interleaving. */
export class RandomArrivals implements Arrivals {
  #random: number;

  constructor(seed: number) {
    this.#random = (seed ^ 0x9e37_79b9) >>> 0;
  }

  next<T extends Waiting>(waiting: readonly T[]): T {
    // A linear congruential generator; its high bits choose.
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return waiting[Math.floor(this.#random / 2 ** 32 * waiting.length)];
  }
}

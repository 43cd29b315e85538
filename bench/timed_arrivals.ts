/**
 * An order of arrivals for workers that take turns in one thread: each has a clock, and who would be next with a core of
 * its own is next.
 *
 * @module
 */
import type { Arrivals, Waiting } from "../src/parallel/arrivals.ts";

/** Seconds of what workers and server do. */
export interface StepCosts {
  /** A mini-batch forward and back, on average. */
  readonly gradient: number;
  /** An update in a turn, on the topology the gradient was computed on and on a later one. */
  readonly push: number;
  readonly stalePush: number;
  /** The parameters copied in a turn, without the topology and with it. */
  readonly pull: number;
  readonly topologyPull: number;
  /** The change of the topology. */
  readonly pause: number;
}

/** Factors with mean 1 and a relative standard deviation of `spread`, log-normal: a function of the seed. */
export function logNormal(seed: number, spread: number): () => number {
  const sigma = Math.sqrt(Math.log1p(spread ** 2));
  let state = seed >>> 0;
  // Counter and hash of "mulberry32".
  const uniform = () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let hash = Math.imul(state ^ state >>> 15, state | 1);
    hash ^= hash + Math.imul(hash ^ hash >>> 7, hash | 61);
    return ((hash ^ hash >>> 14) >>> 0) / 2 ** 32;
  };
  return () => {
    const normal = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    return Math.exp(sigma * normal - sigma ** 2 / 2);
  };
}

/** Workers on cores of their own, and a lock that lets one at a time to the server, in order of arrival. */
export class TimedArrivals implements Arrivals {
  readonly #costs: StepCosts;
  readonly #pushesBetween: number;
  readonly #jitter: () => number;
  /** When each worker's request has come. */
  readonly #at: number[];
  /** Topologies that each worker has seen, and that there were. */
  readonly #seen: number[];
  #changes = 0;
  #pushes = 0;
  /** When the lock is free. */
  #free = 0;
  #now = 0;

  /**
   * @param pushesBetween Pushes between two pauses of the server.
   * @param jitter What a mini-batch takes, as a multiple of the mean.
   */
  constructor(costs: StepCosts, workers: number, pushesBetween: number, jitter: () => number) {
    this.#costs = costs;
    this.#pushesBetween = pushesBetween;
    this.#jitter = jitter;
    this.#at = Array.from({ length: workers }, () => 0);
    this.#seen = Array.from({ length: workers }, () => -1);
  }

  /** Seconds since the run began, by the clocks. */
  get seconds(): number {
    return Math.max(this.#now, this.#free);
  }

  next<T extends Waiting>(waiting: readonly T[]): T {
    const chosen = waiting.reduce((one, other) =>
      this.#at[other.worker] < this.#at[one.worker] ? other : one
    );
    const { worker, request } = chosen;
    const { gradient, push, stalePush, pull, topologyPull, pause } = this.#costs;
    this.#now = Math.max(this.#now, this.#at[worker]);
    switch (request.kind) {
      case "pull":
        this.#at[worker] = this.#locked(worker, this.#seen[worker] === this.#changes ? pull : topologyPull) +
          gradient * this.#jitter();
        this.#seen[worker] = this.#changes;
        break;
      case "push":
        // Who has pushed pulls before the others get the lock: its request counts as having come with the push.
        this.#locked(worker, this.#seen[worker] === this.#changes ? push : stalePush);
        if (++this.#pushes % this.#pushesBetween === 0) {
          this.#free += pause;
          this.#changes++;
        }
        break;
      case "working":
        // A step on the worker's own model, nobody's lock.
        this.#at[worker] += gradient * this.#jitter() + push;
        break;
      case "answer":
        // It has come by now, and not before.
        this.#at[worker] = this.#now;
        break;
      default:
        break;
    }
    return chosen;
  }

  beginLocalEpoch(): void {
    this.#at.fill(this.seconds);
  }

  /** Takes the lock for some seconds as soon as it is free; returns when it is given back. */
  #locked(worker: number, seconds: number): number {
    this.#free = Math.max(this.#free, this.#at[worker]) + seconds;
    return this.#free;
  }
}

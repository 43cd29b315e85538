/**
 * Which samples a worker learns from, and in which order.
 *
 * @module
 */
import { shuffle } from "../native/random.ts";

/** Names the draw of the shards; epochs count from 1. */
const SHARD_DRAW = 0;

/** Samples of worker `worker`'s shard: shards differ by one sample at most, the first ones have more. */
export function shardSize(samples: number, workers: number, worker: number): number {
  return Math.floor(samples / workers) + (worker < samples % workers ? 1 : 0);
}

/** One worker's part of the shuffled data. */
export class Shard {
  readonly #samples: Uint32Array;
  readonly #places: Uint32Array;
  readonly #seed: number;
  readonly #workers: number;
  readonly #worker: number;
  /** The samples of the shard in the order of the pass last shuffled for. */
  readonly order: Uint32Array;

  /** Cuts shard `worker` of `workers` out of all samples, shuffled by `seed`; one worker has them all. */
  constructor(samples: number, workers: number, worker: number, seed: number) {
    const size = shardSize(samples, workers, worker);
    const all = new Uint32Array(samples);
    if (workers > 1) shuffle(all, seed, SHARD_DRAW);
    else for (let sample = 0; sample < samples; sample++) all[sample] = sample;
    let first = 0;
    for (let before = 0; before < worker; before++) first += shardSize(samples, workers, before);
    this.#samples = all.slice(first, first + size);
    this.#places = new Uint32Array(size);
    this.order = new Uint32Array(size);
    this.#seed = seed;
    this.#workers = workers;
    this.#worker = worker;
  }

  /** Puts the samples into the random order of a pass, counted from 1. */
  shuffle(pass: number): void {
    // With one worker this is the order of the sequential trainer's epoch.
    shuffle(this.#places, this.#seed, pass * this.#workers + this.#worker);
    for (let place = 0; place < this.order.length; place++) {
      this.order[place] = this.#samples[this.#places[place]];
    }
  }
}

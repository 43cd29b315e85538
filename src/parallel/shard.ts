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

/** Steps of worker `worker`'s pass over its shard; of the first one, as many as any has. */
export function passSteps(samples: number, workers: number, batchSize: number, worker = 0): number {
  return Math.ceil(shardSize(samples, workers, worker) / batchSize);
}

/** Whether shards are drawn once, or anew for every pass. */
export type ShardDraw = "once" | "epoch";

/**
 * One worker's part of the shuffled data.
 *
 * Drawn once, the shard is the same samples in every pass, each time in another order. Drawn for every epoch, all samples
 * are shuffled for the pass, and the shard is its part of them; the shards of all workers in one pass are a partition in
 * either case. Memory: 12 bytes a sample of the shard, or 4 a sample of all.
 */
export class Shard {
  readonly #samples: Uint32Array;
  readonly #places: Uint32Array;
  readonly #draw: ShardDraw;
  readonly #seed: number;
  readonly #workers: number;
  readonly #worker: number;
  /** The samples of the shard in the order of the pass last shuffled for. */
  readonly order: Uint32Array;

  /** Cuts shard `worker` of `workers` out of all samples, shuffled by `seed`; one worker has them all. */
  constructor(samples: number, workers: number, worker: number, seed: number, draw: ShardDraw = "once") {
    const size = shardSize(samples, workers, worker);
    const all = new Uint32Array(samples);
    let first = 0;
    for (let before = 0; before < worker; before++) first += shardSize(samples, workers, before);
    if (draw === "epoch") {
      this.#samples = this.#places = all;
      this.order = all.subarray(first, first + size);
    } else {
      if (workers > 1) shuffle(all, seed, SHARD_DRAW);
      else for (let sample = 0; sample < samples; sample++) all[sample] = sample;
      this.#samples = all.slice(first, first + size);
      this.#places = new Uint32Array(size);
      this.order = new Uint32Array(size);
    }
    this.#draw = draw;
    this.#seed = seed;
    this.#workers = workers;
    this.#worker = worker;
  }

  /** Puts the samples into the random order of a pass, counted from 1; where shards are drawn anew, draws them. */
  shuffle(pass: number): void {
    if (this.#draw === "epoch") {
      shuffle(this.#samples, this.#seed, pass * this.#workers);
      return;
    }
    // With one worker this is, either way, the order of the sequential trainer's epoch.
    shuffle(this.#places, this.#seed, pass * this.#workers + this.#worker);
    for (let place = 0; place < this.order.length; place++) {
      this.order[place] = this.#samples[this.#places[place]];
    }
  }
}

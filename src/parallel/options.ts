/**
 * Settings of parallel training: the paper's where it has them.
 *
 * @module
 */
import type { TrainOptions } from "../train/options.ts";
import type { WorkerModels } from "./worker_models.ts";

/** Options of {@linkcode trainParallel} beside those of sequential training. */
export interface ParallelOptions extends TrainOptions {
  /** `wasap`: asynchronous phase 1; `wassp`: synchronous phase 1. @default {"wasap"} */
  readonly algorithm?: "wasap" | "wassp";
  /**
   * Workers (K), each on a thread of its own; `threads` is what each may use for kernels.
   *
   * @default the number of cores
   */
  readonly workers?: number;
  /** Part of the epochs that train one model together, before each worker trains its own. @default {0.7} */
  readonly phaseOneFraction?: number;
  /**
   * WASAP: the learning rate is this many times as large in the first epochs.
   *
   * @default {2}
   */
  readonly initialRateFactor?: number;
  /** WASAP: how many epochs that is. @default {5} */
  readonly initialRateEpochs?: number;
  /** WASSP: epochs in which the learning rate rises from η to K·η. @default {5} */
  readonly warmUpEpochs?: number;
  /**
   * Seconds after which a worker that does nothing counts as lost; up to 1,000,000.
   *
   * @default 120, over MPI 25
   */
  readonly timeLimitSeconds?: number;
  /** The models of the workers in phase 2: to go on with those of a checkpoint, and to save them in one. */
  readonly workerModels?: WorkerModels;
}

/** How long a worker may take at least to begin: to load its modules, or to prepare its data. */
export const START_MS = 60_000;

/** Every parallel setting, filled in and checked. */
export interface ParallelSettings {
  readonly algorithm: "wasap" | "wassp";
  readonly workers: number;
  readonly phaseOneFraction: number;
  readonly initialRateFactor: number;
  readonly initialRateEpochs: number;
  readonly warmUpEpochs: number;
  readonly timeLimitSeconds: number;
}

/**
 * Fills in defaults and checks ranges.
 *
 * @throws {RangeError} When a setting is out of range.
 */
export function resolveParallelOptions(options: ParallelOptions): ParallelSettings {
  const settings: ParallelSettings = {
    algorithm: options.algorithm ?? "wasap",
    workers: options.workers ?? navigator.hardwareConcurrency,
    phaseOneFraction: options.phaseOneFraction ?? 0.7,
    initialRateFactor: options.initialRateFactor ?? 2,
    initialRateEpochs: options.initialRateEpochs ?? 5,
    warmUpEpochs: options.warmUpEpochs ?? 5,
    timeLimitSeconds: options.timeLimitSeconds ?? 120,
  };
  const { algorithm, workers, phaseOneFraction } = settings;
  if (algorithm !== "wasap" && algorithm !== "wassp") throw problem("algorithm", algorithm, "wasap or wassp");
  if (!Number.isSafeInteger(workers) || workers < 1 || workers > 1024) {
    throw problem("workers", workers, "a whole number from 1 to 1024");
  }
  if (!(phaseOneFraction >= 0 && phaseOneFraction <= 1)) {
    throw problem("phaseOneFraction", phaseOneFraction, "a value from 0 to 1");
  }
  const { initialRateFactor, timeLimitSeconds } = settings;
  if (!(initialRateFactor > 0 && initialRateFactor < Infinity)) {
    throw problem("initialRateFactor", initialRateFactor, "a number above 0");
  }
  if (!(timeLimitSeconds > 0 && timeLimitSeconds <= 1e6)) {
    throw problem("timeLimitSeconds", timeLimitSeconds, "a number above 0, 1,000,000 at most");
  }
  for (const name of ["initialRateEpochs", "warmUpEpochs"] as const) {
    const value = settings[name];
    if (!(value >= 0 && value < Infinity)) throw problem(name, value, "a number of at least 0");
  }
  return settings;
}

function problem(name: string, value: unknown, expected: string): RangeError {
  return new RangeError(`Cannot train in parallel: ${name} is ${value}, expected ${expected}`);
}

/**
 * Refuses more workers than there are batches: every worker needs a shard of at least one whole batch.
 *
 * More workers than cores are allowed (they take turns); that is for the caller to warn of.
 *
 * @throws {RangeError} With the most workers the data allow.
 */
export function checkShards(workers: number, samples: number, batchSize: number): void {
  const most = Math.max(1, Math.floor(samples / batchSize));
  if (workers <= most) return;
  throw new RangeError(
    `Cannot train with ${workers} workers: ${samples} samples in batches of ${batchSize} are enough for ${most}; ` +
      "choose fewer workers or smaller batches",
  );
}

/**
 * The factors that the parallel algorithms put on rate and momentum.
 *
 * @module
 */
import type { TrainSettings } from "../train/options.ts";
import { learningRateOf, momentumOf } from "../train/rate.ts";
import type { ParallelSettings } from "./options.ts";

/** Learning rate and momentum of one update or step. */
export interface UpdateRate {
  readonly learningRate: number;
  readonly momentum: number;
}

/**
 * How many times the base rate an update of phase 1 has.
 *
 * WASAP: a larger rate in the first epochs, then the base rate (Paper: §2.3). WASSP: linear scaling to K·η, reached by
 * a gradual warm-up (Goyal et al. 2017).
 *
 * @param progress Epochs done, with fraction.
 */
export function phaseOneFactor(parallel: ParallelSettings, progress: number): number {
  const { algorithm, workers, initialRateEpochs, initialRateFactor, warmUpEpochs } = parallel;
  if (algorithm === "wasap") return progress < initialRateEpochs ? initialRateFactor : 1;
  const share = warmUpEpochs === 0 ? 1 : Math.min(1, progress / warmUpEpochs);
  return 1 + (workers - 1) * share;
}

/**
 * Rate and momentum of update `number` of phase 1; WASSP corrects momentum where the factor changes.
 *
 * @param steps Updates an epoch.
 */
export function phaseOneRate(
  parallel: ParallelSettings,
  settings: TrainSettings,
  number: number,
  steps: number,
): UpdateRate {
  const factor = phaseOneFactor(parallel, number / steps);
  const before = parallel.algorithm === "wassp"
    ? phaseOneFactor(parallel, Math.max(0, number - 1) / steps)
    : factor;
  return {
    learningRate: learningRateOf(settings, number, steps, factor),
    momentum: momentumOf(settings.momentum, factor, before),
  };
}

/** A step of a worker in phase 2. */
export interface LocalStep {
  /** Steps before it, since the first epoch. */
  readonly number: number;
  /** Steps of an epoch. */
  readonly steps: number;
  /** Whether it is the worker's first in this run. */
  readonly first: boolean;
}

/**
 * Rate and momentum of a step of phase 2: the base rate by the schedule. The velocity that a synchronous phase 1 leaves
 * was built with its scaled rate, for which the first step corrects momentum.
 *
 * @param phaseOneEpochs Last epoch of phase 1.
 */
export function phaseTwoRate(
  parallel: ParallelSettings,
  settings: TrainSettings,
  phaseOneEpochs: number,
  { number, steps, first }: LocalStep,
): UpdateRate {
  const scaled = parallel.algorithm === "wassp" && phaseOneEpochs > 0 &&
    settings.epochsDone <= phaseOneEpochs;
  const before = first && scaled ? phaseOneFactor(parallel, phaseOneEpochs) : 1;
  return {
    learningRate: learningRateOf(settings, number, steps),
    momentum: momentumOf(settings.momentum, 1, before),
  };
}

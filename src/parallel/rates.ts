/**
 * The learning rate of an update, as the parallel algorithms want it.
 *
 * @module
 */
import { scheduleFactor } from "../model/schedule.ts";
import type { Hyperparameters } from "../train/hyperparameters.ts";
import type { ParallelHyperparameters } from "./options.ts";

/** Learning rate and momentum of one update. */
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
export function phaseOneFactor(parallel: ParallelHyperparameters, progress: number): number {
  const { algorithm, workers, initialRateEpochs, initialRateFactor, warmUpEpochs } = parallel;
  if (algorithm === "wasap") return progress < initialRateEpochs ? initialRateFactor : 1;
  const share = warmUpEpochs === 0 ? 1 : Math.min(1, progress / warmUpEpochs);
  return 1 + (workers - 1) * share;
}

/**
 * Rate and momentum of update `number` of phase 1.
 *
 * WASSP has momentum correction: the velocity already contains the rate of the update before, so where the factor
 * changes, momentum is scaled by the ratio (Goyal et al. 2017, remark 3). The user's own schedule is not corrected for,
 * as in sequential training.
 *
 * @param steps Updates an epoch.
 */
export function phaseOneRate(
  parallel: ParallelHyperparameters,
  settings: Hyperparameters,
  number: number,
  steps: number,
): UpdateRate {
  const { learningRate, schedule, epochs, momentum } = settings;
  const factor = phaseOneFactor(parallel, number / steps);
  const base = learningRate * scheduleFactor(schedule, number / steps, epochs);
  const before = phaseOneFactor(parallel, Math.max(0, number - 1) / steps);
  const corrected = parallel.algorithm === "wassp" ? momentum * (factor / before) : momentum;
  return { learningRate: base * factor, momentum: corrected };
}

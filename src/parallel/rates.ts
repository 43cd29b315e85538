/**
 * The factors that the parallel algorithms put on the learning rate.
 *
 * @module
 */
import { optimizerNamed } from "../optimizer/optimizers.ts";
import type { Hyperparameters } from "../train/hyperparameters.ts";
import { learningRateOf, type StepRate } from "../train/rate.ts";
import type { ParallelHyperparameters } from "./options.ts";

/**
 * How many times the base rate an update of phase 1 has.
 *
 * WASAP: a larger rate in the first epochs, then the base rate (Paper: §2.3). WASSP: to K·η for SGD (or what the
 * optimiser asks for where an update has K times as many samples), reached by a gradual warm-up (Goyal et al. 2017).
 *
 * @param progress Epochs done, with fraction.
 */
function phaseOneFactor(
  parallel: ParallelHyperparameters,
  settings: Hyperparameters,
  progress: number,
): number {
  const { algorithm, workers, initialRateEpochs = 0, initialRateFactor = 1, warmUpEpochs = 0 } = parallel;
  if (algorithm === "wasap") return progress < initialRateEpochs ? initialRateFactor : 1;
  const share = warmUpEpochs === 0 ? 1 : Math.min(1, progress / warmUpEpochs);
  return 1 + (optimizerNamed(settings.optimizer).rateFactor(workers) - 1) * share;
}

/**
 * Rate of update `number` of phase 1; in WASSP a change of the factor is corrected for.
 *
 * @param steps Updates an epoch.
 */
export function phaseOneRate(
  parallel: ParallelHyperparameters,
  settings: Hyperparameters,
  number: number,
  steps: number,
): StepRate {
  const factor = phaseOneFactor(parallel, settings, number / steps);
  const before = parallel.algorithm === "wassp"
    ? phaseOneFactor(parallel, settings, Math.max(0, number - 1) / steps)
    : factor;
  return {
    learningRate: learningRateOf(settings, number, steps, factor),
    rateRatio: factor / before,
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

/** The most that gossip multiplies the base rate by. */
const MOST_GOSSIP_FACTOR = 10;

/**
 * How many times the base rate a step of phase 2 has.
 *
 * Gossip: what the optimiser asks for where an update has 2·K times as many samples. K workers make 1/K of the steps, and
 * an answer that is some steps old takes back a part of what was learned since.
 */
function phaseTwoFactor(
  { algorithm, workers, phaseTwoRateFactor }: ParallelHyperparameters,
  { optimizer }: Hyperparameters,
): number {
  if (phaseTwoRateFactor !== undefined) return phaseTwoRateFactor;
  return algorithm === "gossip"
    ? optimizerNamed(optimizer).rateFactor(Math.min(2 * workers, MOST_GOSSIP_FACTOR))
    : 1;
}

/**
 * Rate of a step of phase 2: the base rate by the schedule, times a factor. What phase 1 leaves was built
 * with another rate, where it was synchronous or the factor is not 1; for that the first step corrects.
 *
 * @param run Epochs done before this run, and the last epoch of phase 1.
 */
export function phaseTwoRate(
  parallel: ParallelHyperparameters,
  settings: Hyperparameters,
  run: { readonly epochsDone: number; readonly phaseOneEpochs: number },
  { number, steps, first }: LocalStep,
): StepRate {
  const { epochsDone, phaseOneEpochs } = run;
  const factor = phaseTwoFactor(parallel, settings);
  const other = first && phaseOneEpochs > 0 && epochsDone <= phaseOneEpochs;
  const phaseOne = parallel.algorithm === "wassp" ? phaseOneFactor(parallel, settings, phaseOneEpochs) : 1;
  return {
    learningRate: learningRateOf(settings, number, steps, factor),
    rateRatio: other ? factor / phaseOne : 1,
  };
}

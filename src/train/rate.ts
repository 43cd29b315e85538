/**
 * Learning rate and momentum of a step, for all who train or tell of it.
 *
 * @module
 */
import { type LearningRateSchedule, scheduleFactor } from "../model/schedule.ts";

/** What the learning rate of a run is made of. */
export interface RateSettings {
  /** η */
  readonly learningRate: number;
  readonly schedule: LearningRateSchedule;
  /** Epochs of the run. */
  readonly epochs: number;
}

/**
 * Learning rate of a step: the base rate, by the schedule's factor, by a factor of the algorithm's own.
 *
 * @param number Steps before it, since the first epoch.
 * @param steps Steps of an epoch.
 */
export function learningRateOf(settings: RateSettings, number: number, steps: number, factor = 1): number {
  const { learningRate, schedule, epochs } = settings;
  return learningRate * scheduleFactor(schedule, number / steps, epochs) * factor;
}

/**
 * Momentum of a step whose rate has another factor than the step before: the velocity contains the rate of that step,
 * so momentum is scaled by the ratio (Goyal et al. 2017, remark 3). A schedule is not corrected for.
 *
 * @param momentum μ
 * @param factor Factor of the algorithm's own on the rate of this step.
 * @param before That of the step before.
 */
export function momentumOf(momentum: number, factor: number, before: number): number {
  return momentum * (factor / before);
}

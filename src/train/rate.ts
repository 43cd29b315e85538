/**
 * Learning rate of a step, for all who train or tell of it.
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

/** The rate of a step. */
export interface StepRate {
  readonly learningRate: number;
  /**
   * How many times the algorithm's own factor on the rate is that of the step before. Who keeps a sum of past steps
   * corrects it by that (Goyal et al. 2017, remark 3); a schedule is not corrected for.
   */
  readonly rateRatio: number;
}

/**
 * Learning rate of a step, for all who train or tell of it.
 *
 * @module
 */
import { shown } from "../hyperparameter.ts";
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

/** Where a step stands that a {@linkcode ScheduleFunction} is asked for. */
export interface SchedulePlace {
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Epochs of the run. */
  readonly epochs: number;
  /** Number of the step in its epoch, from 1. */
  readonly step: number;
  /** Steps of an epoch. */
  readonly steps: number;
  /** η: the option `learningRate`. */
  readonly learningRate: number;
}

/** A schedule of one's own: the learning rate of a step, 0 or more. */
export type ScheduleFunction = (place: SchedulePlace) => number;

/**
 * As {@linkcode learningRateOf}, by a schedule of one's own.
 *
 * @throws {TypeError} When what the function gives is no number.
 * @throws {RangeError} When it is below 0, or not finite in 32 bits.
 */
export function ownRateOf(
  schedule: ScheduleFunction,
  { learningRate, epochs }: RateSettings,
  number: number,
  steps: number,
): number {
  const [epoch, step] = [Math.floor(number / steps) + 1, number % steps + 1];
  const rate: unknown = schedule({ epoch, epochs, step, steps, learningRate });
  if (typeof rate === "number" && rate >= 0 && Number.isFinite(Math.fround(rate))) return rate;
  const text = typeof rate === "string" ? " (a string)" : "";
  const found = `schedule gave ${shown(rate)}${text} for step ${step} of epoch ${epoch}`;
  const message = `Cannot train: ${found}, expected a learning rate: a finite number of at least 0`;
  throw typeof rate === "number" ? new RangeError(message) : new TypeError(message);
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

/**
 * Learning-rate schedules: a factor on the learning rate for each moment of training.
 *
 * @module
 */

/** How the learning rate changes while training. Lengths are in epochs. */
export type LearningRateSchedule =
  | { readonly kind: "constant" }
  /** Rises linearly from 1/`epochs`-th of a step to the full rate within `epochs` (Goyal et al. 2017). */
  | { readonly kind: "warm-up"; readonly epochs: number }
  /** Multiplied by `factor` after each `every` epochs. */
  | { readonly kind: "step"; readonly every: number; readonly factor: number }
  /** Falls along half a cosine to `floor` times the rate at the last epoch (Loshchilov & Hutter 2017). */
  | { readonly kind: "cosine"; readonly floor?: number };

/** Names of the schedules, in the order help texts show them. */
export const SCHEDULE_KINDS: readonly LearningRateSchedule["kind"][] = [
  "constant",
  "warm-up",
  "step",
  "cosine",
];

/**
 * The factor on the learning rate.
 *
 * @param progress Epochs done, with fraction: 2.5 is the middle of the third epoch.
 * @param epochs Epochs in all.
 * @throws {RangeError} When a setting of the schedule is out of range.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scheduleFactor } from "./schedule.ts";
 *
 * assertEquals(scheduleFactor({ kind: "step", every: 10, factor: 0.5 }, 25, 100), 0.25);
 * assertEquals(scheduleFactor({ kind: "cosine" }, 50, 100), 0.5);
 * ```
 */
export function scheduleFactor(schedule: LearningRateSchedule, progress: number, epochs: number): number {
  switch (schedule.kind) {
    case "constant":
      return 1;
    case "warm-up":
      positive(schedule.epochs, "the length of the warm-up");
      return Math.min(1, Math.max(progress, 1e-3) / schedule.epochs);
    case "step":
      positive(schedule.every, "the length of a step");
      positive(schedule.factor, "the factor of a step");
      return schedule.factor ** Math.floor(progress / schedule.every);
    case "cosine": {
      const floor = schedule.floor ?? 0;
      if (!(floor >= 0 && floor <= 1)) {
        throw new RangeError(
          `Cannot schedule the learning rate: floor is ${floor}, expected a value from 0 to 1`,
        );
      }
      // Rounding would leave 0.5 at half way a little off.
      const share = Number(((1 + Math.cos(Math.PI * Math.min(1, progress / epochs))) / 2).toFixed(12));
      return floor + (1 - floor) * share;
    }
    default: {
      const unknown: never = schedule;
      throw new TypeError(`Cannot schedule the learning rate: ${JSON.stringify(unknown)} is no schedule`);
    }
  }
}

function positive(value: number, what: string): void {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new RangeError(`Cannot schedule the learning rate: ${what} is ${value}, expected a number above 0`);
  }
}

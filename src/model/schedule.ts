/**
 * Learning-rate schedules: a factor on the learning rate for each moment of training.
 *
 * @module
 */
import {
  type HyperparameterTable,
  isRecord,
  type Place,
  refuseUnknown,
  resolveOptions,
  unfit,
} from "../hyperparameter.ts";
import { readByName } from "../value.ts";

/** How the learning rate changes while training. Lengths are in epochs. */
export type LearningRateSchedule =
  | { readonly kind: "constant" }
  /** Rises linearly from 1/`epochs`-th of a step to the full rate within `epochs` (Goyal et al. 2017). */
  | { readonly kind: "warm-up"; readonly epochs: number }
  /** Multiplied by `factor` after each `every` epochs. */
  | { readonly kind: "step"; readonly every: number; readonly factor: number }
  /**
   * Falls along half a cosine to `floor` times the rate at the last epoch (Loshchilov & Hutter 2017), and within the first
   * `warmUp` epochs also rises as a warm-up does.
   */
  | { readonly kind: "cosine"; readonly floor?: number; readonly warmUp?: number };

/** Rows of each schedule, beside its kind. */
const SCHEDULES = {
  constant: {},
  "warm-up": { epochs: { kind: "number", above: 0, required: true, doc: "Length of the warm-up." } },
  step: {
    every: { kind: "number", above: 0, required: true, doc: "Epochs from one step to the next." },
    factor: { kind: "number", above: 0, required: true, doc: "What a step multiplies the rate by." },
  },
  cosine: {
    floor: { kind: "number", least: 0, most: 1, doc: "Share of the rate at the end." },
    warmUp: { kind: "number", above: 0, doc: "Epochs in which the rate rises first." },
  },
} as const satisfies Readonly<Record<LearningRateSchedule["kind"], HyperparameterTable>>;

/** Names of the schedules, in the order help texts show them. */
export const SCHEDULE_KINDS = Object.keys(SCHEDULES) as readonly LearningRateSchedule["kind"][];

const KIND = {
  kind: { kind: "choice", choices: SCHEDULE_KINDS, required: true, doc: "Which schedule it is." },
} as const satisfies HyperparameterTable;

/**
 * Checks a schedule.
 *
 * @returns A frozen copy.
 * @throws {RangeError} When there is no such schedule, or a setting is out of range.
 * @throws {TypeError} When the schedule has no such setting, lacks one, or one has the wrong type.
 */
export function readSchedule(value: unknown, place: Place): LearningRateSchedule {
  if (!isRecord(value)) throw unfit(place, value, "an object with a kind");
  const { task } = place;
  const within = `${place.name}.`;
  const { kind } = resolveOptions(KIND, readByName(value, ["kind"], task, within), { task, within }) as {
    readonly kind: LearningRateSchedule["kind"];
  };
  const table: HyperparameterTable = SCHEDULES[kind];
  refuseUnknown(value, ["kind", ...Object.keys(table)], task, within);
  return Object.freeze({ kind, ...resolveOptions(table, value, { task, within }) }) as LearningRateSchedule;
}

/**
 * The factor on the learning rate.
 *
 * @param schedule As {@linkcode readSchedule} has checked it.
 * @param progress Epochs done, with fraction: 2.5 is the middle of the third epoch.
 * @param epochs Epochs in all.
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
      return rising(progress, schedule.epochs);
    case "step":
      return schedule.factor ** Math.floor(progress / schedule.every);
    case "cosine": {
      const floor = schedule.floor ?? 0;
      // Rounding would leave 0.5 at half way a little off.
      const share = Number(((1 + Math.cos(Math.PI * Math.min(1, progress / epochs))) / 2).toFixed(12));
      const height = schedule.warmUp === undefined ? 1 : rising(progress, schedule.warmUp);
      return height * (floor + (1 - floor) * share);
    }
    default: {
      const unknown: never = schedule;
      throw new TypeError(`Cannot schedule the learning rate: ${JSON.stringify(unknown)} is no schedule`);
    }
  }
}

/** The share of the rate that a warm-up has reached. */
function rising(progress: number, epochs: number): number {
  return Math.min(1, Math.max(progress, 1e-3) / epochs);
}

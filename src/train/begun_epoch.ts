/**
 * What workers have done of an epoch that is not over: the part of a run's state that parallel training alone has.
 *
 * @module
 */
import { isRecord } from "../hyperparameter.ts";

/** What workers have done of an epoch that is not over, beside the step and the sums that every run keeps. */
export interface BegunEpoch {
  /** Steps of the whole epoch, with the workers it was begun with. */
  readonly steps: number;
  /** Updates that were applied; other than `step` where the number of workers has changed inside the epoch. */
  readonly updates: number;
  /** Samples of these updates. */
  readonly samples: number;
  /** Sum of the staleness of these updates. */
  readonly stalenessSum: number;
  /** The largest staleness of any of them. */
  readonly largestStaleness: number;
  /** Gradients of connections that were gone. */
  readonly droppedGradients: number;
  /** Gossip: averages of two workers' models. */
  readonly exchanges: number;
  /** Steps between the questions and answers of these, summed. */
  readonly exchangeSteps: number;
  /** Phase 2: steps that each worker has done of its own pass. */
  readonly workerSteps?: readonly number[];
}

/** Names of the numbers. */
const COUNTS = [
  "steps",
  "updates",
  "samples",
  "stalenessSum",
  "largestStaleness",
  "droppedGradients",
  "exchanges",
  "exchangeSteps",
] as const satisfies readonly (keyof BegunEpoch)[];

/**
 * Checks a begun epoch that comes from outside.
 *
 * @param step Steps that are done of it.
 * @returns A copy of it.
 * @throws {TypeError} When it is no object.
 * @throws {RangeError} When a number is out of range, or they do not fit together.
 */
export function checkBegunEpoch(found: unknown, step: number): BegunEpoch {
  const refused = (name: string, value: unknown, expected: string) =>
    new RangeError(
      `Cannot go on from this state: begun.${name} is ${JSON.stringify(value)}, expected ${expected}`,
    );
  if (!isRecord(found)) {
    throw new TypeError(
      `Cannot go on from this state: begun is ${
        JSON.stringify(found)
      }, expected what workers have done of an epoch`,
    );
  }
  for (const name of COUNTS) {
    if (!isCount(found[name])) throw refused(name, found[name], "a whole number of at least 0");
  }
  const counts = Object.fromEntries(COUNTS.map((name) => [name, found[name]])) as Omit<
    BegunEpoch,
    "workerSteps"
  >;
  if (counts.steps < Math.max(1, step)) {
    throw refused("steps", counts.steps, `at least 1 and the ${step} steps that are done`);
  }
  const { workerSteps } = found;
  if (workerSteps === undefined) return counts;
  if (!Array.isArray(workerSteps) || !workerSteps.every(isCount)) {
    throw refused("workerSteps", workerSteps, "whole numbers of at least 0");
  }
  if (workerSteps.reduce((sum, own) => sum + own, 0) !== step) {
    throw refused("workerSteps", workerSteps, `the ${step} steps that are done, in all`);
  }
  return { ...counts, workerSteps: [...workerSteps] };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

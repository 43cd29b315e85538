/**
 * Epochs that several runs cut in parts: where workers begin, and what the state of the run keeps of an epoch that is not
 * over.
 *
 * @module
 */
import type { RunState } from "../train/state.ts";
import type { EpochSums } from "./transport.ts";

/** Where a run begins in its first epoch. */
export interface Beginning {
  /** Steps done of the epoch: updates in phase 1, steps of all workers in phase 2. */
  readonly step: number;
  /** Steps that each worker has done of its own pass. */
  readonly workerSteps: readonly number[];
}

/** The steps of an epoch. */
export interface EpochSteps {
  /** Whether it is of phase 1. */
  readonly phaseOne: boolean;
  /** Updates of the server. */
  readonly server: number;
  /** Steps of each worker's pass over its shard. */
  readonly workers: readonly number[];
}

/**
 * Where a run begins in the epoch that its state stands in.
 *
 * With as many workers as before, and the same algorithm, exactly where it stood; otherwise after the same share of the
 * epoch. In phase 1 workers begin after that share of their passes: in rounds, where all have as many steps as there are
 * rounds, that is the round itself.
 */
export function beginningOf({ step, begun }: RunState, steps: EpochSteps): Beginning {
  const { phaseOne, server, workers } = steps;
  if (step === 0 || begun === undefined) return { step: 0, workerSteps: workers.map(() => 0) };
  if (phaseOne) {
    const same = begun.workerSteps === undefined && begun.steps === server;
    const at = same ? step : Math.floor(step * server / begun.steps);
    return { step: at, workerSteps: workers.map((own) => Math.floor(at * own / server)) };
  }
  const { workerSteps } = begun;
  const fits = workerSteps?.length === workers.length && begun.steps === added(workers) &&
    workerSteps.every((done, worker) => done <= workers[worker]);
  // A worker that is not at the beginning of its first epoch of phase 2 must not be taken for one that is.
  const now = fits ? workerSteps : workers.map((own) => Math.ceil(step * own / begun.steps));
  return { step: added(now), workerSteps: now };
}

/** The sums of the part of an epoch that was done before the run; what is counted for each worker begins anew. */
export function sumsBefore({ loss, correct, replaced, begun }: RunState, workers: number): EpochSums {
  const none = () => new Array<number>(workers).fill(0);
  return {
    updates: begun?.updates ?? 0,
    samples: begun?.samples ?? 0,
    stalenessSum: begun?.stalenessSum ?? 0,
    largestStaleness: begun?.largestStaleness ?? 0,
    droppedGradients: begun?.droppedGradients ?? 0,
    exchanges: begun?.exchanges ?? 0,
    exchangeSteps: begun?.exchangeSteps ?? 0,
    ...{ loss, correct, replaced },
    ...{ idleSeconds: none(), workerStaleness: none(), workerUpdates: none() },
  };
}

/**
 * Writes into the state of a run what is done of its epoch.
 *
 * @param sums Of the whole epoch so far.
 * @param place Steps done of those of the epoch; in phase 2, of each worker's own pass too.
 */
export function noteBegun(
  state: RunState,
  sums: EpochSums,
  { step, steps, workerSteps }: { step: number; steps: number; workerSteps?: readonly number[] },
): void {
  const { loss, correct, replaced, updates, samples } = sums;
  const { stalenessSum, largestStaleness, droppedGradients, exchanges, exchangeSteps } = sums;
  Object.assign(state, { step, loss, correct, replaced });
  if (step === 0) delete state.begun;
  else {
    state.begun = {
      ...{
        steps,
        updates,
        samples,
        stalenessSum,
        largestStaleness,
        droppedGradients,
        exchanges,
        exchangeSteps,
      },
      ...(workerSteps && { workerSteps }),
    };
  }
}

/** The sum of numbers. */
export function added(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

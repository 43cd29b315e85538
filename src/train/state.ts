/**
 * Where a run stands between two steps: with the model, all that is needed to go on bit for bit.
 *
 * Random numbers are functions of seed, epoch and step, so no generator has a state of its own.
 *
 * @module
 */

/** Where a run stands. The trainer keeps it up to date; JSON can hold it. */
export interface RunState {
  /** Whole epochs done. */
  epoch: number;
  /** Steps done of the epoch after those. */
  step: number;
  /** Sum of the losses of the samples of these steps. */
  loss: number;
  /** How many of these samples were classified rightly. */
  correct: number;
  /** Sum of the squared gradient norms of these steps, where they are asked for. */
  flow: number;
  /** Whether the topology has changed after the last whole epoch; it does not after the last of a run. */
  evolved: boolean;
  /** Lowest validation loss so far; absent before the first. */
  lowestValidationLoss?: number;
  /** Evaluations since that one. */
  waited: number;
  /** Last epoch of phase 1, once a parallel run has been in phase 2: it stays there, however many epochs it gets. */
  phaseOneEpochs?: number;
}

/** The state of a run of which so many whole epochs are done. */
export function newRunState(epoch = 0): RunState {
  return { epoch, step: 0, loss: 0, correct: 0, flow: 0, evolved: true, waited: 0 };
}

/**
 * Checks a state that comes from outside.
 *
 * @returns A copy of it.
 * @throws {TypeError} When a part is missing or has another type.
 * @throws {RangeError} When a number is out of range.
 */
export function checkRunState(found: unknown): RunState {
  if (typeof found !== "object" || found === null) {
    throw new TypeError(`Cannot go on from this state: found ${JSON.stringify(found)}, expected an object`);
  }
  const given = found as Readonly<Record<string, unknown>>;
  const number = (name: keyof RunState, whole: boolean): number => {
    const value = given[name];
    const fits = typeof value === "number" && Number.isFinite(value) &&
      (!whole || (Number.isSafeInteger(value) && value >= 0));
    if (fits) return value;
    const expected = whole ? "a whole number of at least 0" : "a finite number";
    throw new RangeError(
      `Cannot go on from this state: ${name} is ${JSON.stringify(value)}, expected ${expected}`,
    );
  };
  if (typeof given.evolved !== "boolean") {
    throw new TypeError(
      `Cannot go on from this state: evolved is ${JSON.stringify(given.evolved)}, expected true or false`,
    );
  }
  return {
    epoch: number("epoch", true),
    step: number("step", true),
    loss: number("loss", false),
    correct: number("correct", true),
    flow: number("flow", false),
    evolved: given.evolved,
    waited: number("waited", true),
    ...(given.lowestValidationLoss !== undefined &&
      { lowestValidationLoss: number("lowestValidationLoss", false) }),
    ...(given.phaseOneEpochs !== undefined && { phaseOneEpochs: number("phaseOneEpochs", true) }),
  };
}

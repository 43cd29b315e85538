/**
 * Where a run stands between two steps: with the model, all that is needed to go on bit for bit.
 *
 * Random numbers are functions of seed, epoch and step, so no generator has a state of its own.
 *
 * @module
 */
import { isRecord, readWhole } from "../hyperparameter.ts";
import { MAX_TILE } from "../model/tile.ts";
import { type BegunEpoch, checkBegunEpoch } from "./begun_epoch.ts";
import { type BestEpoch, METRIC_NAMES } from "./selection.ts";
import { checkTally, type Tally } from "./tally.ts";

/** Where a run stands. The trainer keeps it up to date; JSON can hold it. */
export interface RunState {
  /** Whole epochs done. */
  epoch: number;
  /** Steps done of the epoch after those: with workers, updates in phase 1, and steps of all workers in phase 2. */
  step: number;
  /** Sum of the losses of the samples of these steps. */
  loss: number;
  /** How many of these samples were classified rightly. */
  correct: number;
  /** Sum of the squared gradient norms of these steps, where they are asked for. */
  flow: number;
  /** Connections that grew between these steps in place of others. */
  replaced: number;
  /**
   * Whether the topology has changed after the last whole epoch, or after the last of these steps where it was due
   * there; it does not at the end of a run.
   */
  evolved: boolean;
  /** Samples of a step, which can change at the end of an epoch alone. Absent before the run begins. */
  batchSize?: number;
  /**
   * Samples of the widest tile that suits the caches (128, 64, 32; 0 where none does), of the network as the run began:
   * one that shrinks keeps it, since the width of tiles decides how sums are rounded. Absent before the run begins.
   */
  cacheTile?: number;
  /** The best epoch so far; absent before the first that was judged. */
  best?: BestEpoch;
  /** Evaluations since that one; those inside an epoch do not count. */
  evaluationsSinceBest: number;
  /** What the run has reached. Absent before it begins. */
  tally?: Tally;
  /** Density of each layer but the output's when the run began, where the density falls. */
  startDensities?: readonly number[];
  /** Last epoch of phase 1, once a parallel run has been in phase 2: it stays there, however many epochs it gets. */
  phaseOneEpochs?: number;
  /** What workers have done of an epoch that is not over. */
  begun?: BegunEpoch;
}

/** The state of a run of which so many whole epochs are done. */
export function newRunState(epoch = 0): RunState {
  readWhole(epoch, { task: "begin a run", name: "epoch" });
  return {
    epoch,
    step: 0,
    loss: 0,
    correct: 0,
    flow: 0,
    replaced: 0,
    evolved: true,
    evaluationsSinceBest: 0,
  };
}

/** States of runs that are not over. */
const IN_USE = new WeakSet<RunState>();

/**
 * Takes a state for a run, which keeps it up to date until what is returned is disposed of.
 *
 * @throws {TypeError} When it is that of another run.
 */
export function takeState(state: RunState): Disposable {
  if (IN_USE.has(state)) {
    throw new TypeError(
      "Cannot train: state is that of another run, which is not over; each needs its own newRunState()",
    );
  }
  IN_USE.add(state);
  return { [Symbol.dispose]: () => void IN_USE.delete(state) };
}

/** What the validation samples say at the end of an epoch. */
type Judged = Required<Pick<RunState, "best" | "evaluationsSinceBest">>;

/**
 * Puts a state behind a whole epoch.
 *
 * @param evolved Whether the topology has changed after it, or will before the next step.
 * @param judged What the validation samples said of it, where they were asked.
 */
export function passEpoch(
  state: RunState,
  epoch: number,
  { evolved, judged }: { readonly evolved: boolean; readonly judged: Judged | undefined },
): void {
  Object.assign(state, { epoch, step: 0, loss: 0, correct: 0, flow: 0, replaced: 0, evolved });
  delete state.begun;
  if (judged === undefined) return;
  state.best = judged.best;
  state.evaluationsSinceBest = judged.evaluationsSinceBest;
}

/**
 * Refuses to go on inside an epoch whose steps would not be those that were begun.
 *
 * @param batchSize Samples of a step from now on.
 * @param steps Steps of an epoch with it.
 * @throws {RangeError} With the batch size the epoch was begun with, where the state knows it.
 */
export function checkStepInside(
  { epoch, step, batchSize: begun, begun: byWorkers }: RunState,
  batchSize: number,
  steps: number,
): void {
  if (step === 0) return;
  if (begun !== undefined && begun !== batchSize) {
    throw new RangeError(
      `Cannot go on inside epoch ${
        epoch + 1
      } with a batch size of ${batchSize}: its first ${step} steps had one of ` +
        `${begun}; give ${begun}, which can change at the end of an epoch`,
    );
  }
  // Workers count other steps; their state says how many an epoch has.
  if (byWorkers === undefined && step > steps) {
    throw new RangeError(
      `Cannot go on from step ${step}: with a batch size of ${batchSize} an epoch has ${steps}`,
    );
  }
}

/**
 * Refuses to go on without workers inside an epoch that workers have begun.
 *
 * @throws {TypeError} When the state is of the middle of such an epoch.
 */
export function refuseBegun({ epoch, step, begun }: RunState): void {
  if (step === 0 || begun === undefined) return;
  throw new TypeError(
    `Cannot go on without workers inside epoch ${
      epoch + 1
    }, of which ${step} of ${begun.steps} steps are done: ` +
      "which samples workers have had is theirs to know; train this one to its end in parallel first",
  );
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
  const number = (name: keyof RunState | "waited" | "lowestValidationLoss", whole: boolean): number => {
    const value = given[name];
    const fits = typeof value === "number" && Number.isFinite(value) &&
      (!whole || (Number.isSafeInteger(value) && value >= 0));
    if (fits) return value;
    const expected = whole ? "a whole number of at least 0" : "a finite number";
    throw new RangeError(
      `Cannot go on from this state: ${name} is ${JSON.stringify(value)}, expected ${expected}`,
    );
  };
  const tile = (): number => {
    const value = number("cacheTile", true);
    if (value % 16 === 0 && value <= MAX_TILE) return value;
    throw new RangeError(
      `Cannot go on from this state: cacheTile is ${value}, expected a multiple of 16 up to ${MAX_TILE}`,
    );
  };
  if (typeof given.evolved !== "boolean") {
    throw new TypeError(
      `Cannot go on from this state: evolved is ${JSON.stringify(given.evolved)}, expected true or false`,
    );
  }
  const tally = given.tally === undefined ? undefined : checkTally(given.tally);
  const lowest = given.lowestValidationLoss === undefined ? undefined : number("lowestValidationLoss", false);
  const best = given.best !== undefined
    ? checkBest(given.best)
    : lowest !== undefined
    ? oldBest(lowest, tally)
    : undefined;
  return {
    epoch: number("epoch", true),
    step: number("step", true),
    loss: number("loss", false),
    correct: number("correct", true),
    flow: number("flow", false),
    // Where it is missing, topologies changed between epochs alone.
    replaced: given.replaced === undefined ? 0 : number("replaced", true),
    evolved: given.evolved,
    // Checkpoints of format 2 had the first name.
    evaluationsSinceBest: number("waited" in given ? "waited" : "evaluationsSinceBest", true),
    ...(given.batchSize !== undefined && { batchSize: number("batchSize", true) }),
    ...(given.cacheTile !== undefined && { cacheTile: tile() }),
    ...(best && { best }),
    ...(tally && { tally }),
    ...(given.startDensities !== undefined && { startDensities: checkDensities(given.startDensities) }),
    ...(given.phaseOneEpochs !== undefined && { phaseOneEpochs: number("phaseOneEpochs", true) }),
    ...(given.begun !== undefined && { begun: checkBegunEpoch(given.begun, number("step", true)) }),
  };
}

/** The best epoch of files up to format 3, which kept the lowest validation loss alone. */
export function oldBest(lowestValidationLoss: number, tally: Tally | undefined): BestEpoch {
  return { epoch: tally?.selected?.epoch ?? 0, metric: "loss", value: lowestValidationLoss };
}

function checkDensities(found: unknown): readonly number[] {
  const fits = Array.isArray(found) &&
    found.every((density) => typeof density === "number" && density >= 0 && density <= 1);
  if (fits) return found;
  throw new RangeError(
    `Cannot go on from this state: startDensities is ${JSON.stringify(found)}, expected numbers from 0 to 1`,
  );
}

function checkBest(found: unknown): BestEpoch {
  const { epoch, metric, value } = isRecord(found) ? found : {};
  const known = METRIC_NAMES.some((name) => name === metric);
  if (known && Number.isSafeInteger(epoch) && (epoch as number) >= 0 && Number.isFinite(value)) {
    return { epoch, metric, value } as BestEpoch;
  }
  throw new RangeError(
    `Cannot go on from this state: best is ${
      JSON.stringify(found)
    }, expected an epoch, a metric and its value`,
  );
}

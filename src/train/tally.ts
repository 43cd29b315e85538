/**
 * What a run has reached, across interruptions: from the records of its epochs to its summary.
 *
 * @module
 */
import { pictured } from "../picture.ts";
import { summaryPicture } from "./record_pictures.ts";
import type { BestEpoch } from "./selection.ts";
import type { EpochRecord, RunSummary } from "./records.ts";

/** Measures of the test samples after an epoch. */
export interface TestMark {
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Mean loss of the test samples. */
  readonly loss?: number;
  /** Absent for regression. */
  readonly accuracy?: number;
}

/** What a run has reached; JSON can hold it, so that a checkpoint can. All numbers are finite. */
export interface Tally {
  /** Whole epochs done. */
  epochs: number;
  /** Steps done of the epoch after those, where `maxSteps` ended the run inside it. */
  steps?: number;
  /** Parameters before the first epoch. */
  parametersStart: number;
  /** Parameters after the last. */
  parametersEnd: number;
  /** Seconds of training in all. */
  trainSeconds: number;
  /** Seconds of pruning and evolution in all. */
  evolutionSeconds: number;
  /** Seconds of evaluation in all. */
  evaluationSeconds: number;
  /** Mean training loss of the last epoch. */
  lastTrainLoss?: number;
  /** Absent for regression. */
  lastTrainAccuracy?: number;
  /** The best whole epoch by the test samples: highest accuracy, or for regression lowest loss. */
  best?: TestMark;
  /** The last evaluation. */
  last?: TestMark;
  /** The whole epoch that is the best by the validation samples. */
  selected?: TestMark;
  /** The learning curve: the test measure of each epoch evaluated; or validation's, or training's loss. */
  curve: [epoch: number, value: number][];
}

/** The tally of a run that has not begun, of a network with so many parameters. */
export function newTally(parameters: number): Tally {
  return {
    epochs: 0,
    parametersStart: parameters,
    parametersEnd: parameters,
    trainSeconds: 0,
    evolutionSeconds: 0,
    evaluationSeconds: 0,
    curve: [],
  };
}

/**
 * Adds an epoch, or what was trained of it.
 *
 * What was evaluated inside an epoch never is the best or the one selected: the run that goes on evaluates at its end.
 *
 * @param selects Whether it is the best of the run by the validation samples.
 */
export function tallyEpoch(tally: Tally, record: EpochRecord, selects: boolean): void {
  const { epoch, steps, testLoss, testAccuracy } = record;
  const whole = steps === undefined;
  tally.epochs = whole ? epoch : epoch - 1;
  if (whole) delete tally.steps;
  else tally.steps = steps;
  tally.parametersEnd = record.parameters;
  tally.trainSeconds += record.seconds;
  tally.evolutionSeconds += record.evolutionSeconds;
  tally.evaluationSeconds += record.evaluationSeconds;
  Object.assign(
    tally,
    finite({ lastTrainLoss: record.trainLoss, lastTrainAccuracy: record.trainAccuracy }),
  );
  const mark: TestMark = { epoch, ...finite({ loss: testLoss, accuracy: testAccuracy }) };
  if (testLoss !== undefined) {
    tally.last = mark;
    if (whole && (tally.best === undefined || better(mark, tally.best))) tally.best = mark;
  }
  if (whole && selects) tally.selected = mark;
  const value = measure(record);
  if (tally.curve.at(-1)?.[0] === epoch) tally.curve.pop();
  if (value !== undefined) tally.curve.push([epoch, value]);
}

/**
 * The summary of what a run has reached.
 *
 * @param kept The epoch whose weights the model has in the end, where they are not simply the last.
 */
export function summarize(tally: Tally, kept?: BestEpoch): RunSummary {
  const { best, last, selected, steps, lastTrainLoss, lastTrainAccuracy, curve: _, ...sums } = tally;
  return pictured({
    ...sums,
    ...(kept && { kept }),
    ...finite({
      steps,
      bestTestAccuracy: best?.accuracy,
      bestTestLoss: best?.accuracy === undefined ? best?.loss : undefined,
      bestEpoch: best?.epoch,
      lastTestAccuracy: last?.accuracy,
      lastTestLoss: last?.loss,
      validationSelectedTestAccuracy: selected?.accuracy,
      lastTrainLoss,
      lastTrainAccuracy,
    }),
  }, summaryPicture);
}

const SUMS = [
  "epochs",
  "parametersStart",
  "parametersEnd",
  "trainSeconds",
  "evolutionSeconds",
  "evaluationSeconds",
] as const;

/**
 * Checks a tally that comes from outside.
 *
 * @returns A copy of it, without what is unknown.
 * @throws {TypeError} When a part has another type.
 * @throws {RangeError} When a number is missing or not finite, or the epochs of the curve do not ascend.
 */
export function checkTally(found: unknown): Tally {
  const given = record(found, "the tally");
  const { steps, lastTrainLoss, lastTrainAccuracy, best, last, selected, curve } = given;
  const sums = Object.fromEntries(SUMS.map((name) => [name, number(given[name], name)]));
  const marks = Object.entries({ best, last, selected }).filter(([, value]) => value !== undefined);
  const measures = Object.entries({ steps, lastTrainLoss, lastTrainAccuracy }).filter(([, value]) =>
    value !== undefined
  );
  if (!Array.isArray(curve)) throw problem(TypeError, "curve", curve, "a list of points");
  return {
    ...sums as Record<typeof SUMS[number], number>,
    ...Object.fromEntries(measures.map(([name, value]) => [name, number(value, name)])),
    ...Object.fromEntries(marks.map(([name, value]) => [name, checkMark(value, name)])),
    curve: curve.map((point, place) => checkPoint(point, curve[place - 1])),
  };
}

function checkMark(found: unknown, name: string): TestMark {
  const { epoch, loss, accuracy } = record(found, name);
  return {
    epoch: number(epoch, `${name}.epoch`),
    ...(loss !== undefined && { loss: number(loss, `${name}.loss`) }),
    ...(accuracy !== undefined && { accuracy: number(accuracy, `${name}.accuracy`) }),
  };
}

function checkPoint(found: unknown, before: unknown): [number, number] {
  const fits = Array.isArray(found) && found.length === 2 && found.every((part) => Number.isFinite(part)) &&
    (before === undefined || (before as number[])[0] < found[0]);
  if (!fits) throw problem(RangeError, "a point of the curve", found, "an epoch after the last, and a value");
  return [found[0], found[1]];
}

function record(found: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof found === "object" && found !== null) return found as Readonly<Record<string, unknown>>;
  throw problem(TypeError, name, found, "an object");
}

function number(found: unknown, name: string): number {
  if (typeof found === "number" && Number.isFinite(found)) return found;
  throw problem(RangeError, name, found, "a finite number");
}

function problem(
  ErrorClass: new (message: string) => Error,
  name: string,
  found: unknown,
  expected: string,
): Error {
  return new ErrorClass(
    `Cannot go on from what the run had reached: ${name} is ${JSON.stringify(found)}, expected ${expected}`,
  );
}

/** Higher accuracy; where there is none, lower loss. */
function better(one: TestMark, other: TestMark): boolean {
  if (one.accuracy !== undefined && other.accuracy !== undefined) return one.accuracy > other.accuracy;
  return (one.loss ?? Infinity) < (other.loss ?? Infinity);
}

/** What the curve shows: the accuracy of the best part there is, or its loss. */
function measure(record: EpochRecord): number | undefined {
  const { testAccuracy, validationAccuracy, trainAccuracy, testLoss, validationLoss, trainLoss } = record;
  if (Number.isNaN(trainAccuracy)) return [testLoss, validationLoss, trainLoss].find(Number.isFinite);
  // Without test samples every epoch has a point; with them, only those that were evaluated.
  return [testAccuracy, validationAccuracy].find(Number.isFinite);
}

function finite<T extends Record<string, number | undefined>>(values: T): { [K in keyof T]?: number } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value))) as {
    [K in keyof T]?: number;
  };
}

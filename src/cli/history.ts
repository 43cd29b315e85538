/**
 * What a run has reached so far, across interruptions.
 *
 * The trainer's own summary knows one uninterrupted run; this one ends early, and goes on from a checkpoint.
 *
 * @module
 */
import type { EpochRecord } from "../train/records.ts";
import type { Point } from "./curve.ts";

/** Measures of one epoch that matter later. */
interface Mark {
  readonly epoch: number;
  readonly loss?: number;
  readonly accuracy?: number;
}

/** Everything a history holds; what JSON can carry, so that a checkpoint can. */
export interface HistoryState {
  epochs: number;
  /** Steps of the epoch after those, where the run ended inside it. */
  steps?: number | undefined;
  readonly parametersStart: number;
  parametersEnd: number;
  trainSeconds: number;
  evolutionSeconds: number;
  evaluationSeconds: number;
  lastTrainLoss?: number;
  lastTrainAccuracy?: number;
  best?: Mark;
  last?: Mark;
  lowestValidationLoss?: number;
  selected?: Mark;
  /** The test measure of each epoch evaluated; or validation's, or training's. */
  readonly curve: [epoch: number, value: number][];
}

/** The summary of a run as `--json` prints it; accuracies are fractions. */
export interface RunSummary {
  readonly epochs: number;
  /** Steps of the epoch after those, where the run ended inside it. */
  readonly steps?: number;
  readonly bestTestAccuracy?: number;
  /** Lowest test loss of a regression. */
  readonly bestTestLoss?: number;
  readonly bestEpoch?: number;
  readonly lastTestAccuracy?: number;
  readonly lastTestLoss?: number;
  readonly validationSelectedTestAccuracy?: number;
  readonly lastTrainLoss?: number;
  readonly lastTrainAccuracy?: number;
  readonly trainSeconds: number;
  readonly evolutionSeconds: number;
  readonly evaluationSeconds: number;
  readonly parametersStart: number;
  readonly parametersEnd: number;
  readonly peakRssBytes: number;
}

/** Gathers records of epochs. */
export class History {
  readonly #state: HistoryState;
  #peakRssBytes = 0;

  /** @param before What an earlier part of the run had reached. */
  constructor(parametersStart: number, before?: HistoryState) {
    this.#state = before ?? {
      epochs: 0,
      parametersStart,
      parametersEnd: parametersStart,
      trainSeconds: 0,
      evolutionSeconds: 0,
      evaluationSeconds: 0,
      curve: [],
    };
  }

  /** What a checkpoint keeps. */
  get state(): HistoryState {
    return this.#state;
  }

  /** Points of the learning curve. */
  get curve(): readonly Point[] {
    return this.#state.curve;
  }

  /** Notes how much memory the program has now. */
  noteMemory(): void {
    this.#peakRssBytes = Math.max(this.#peakRssBytes, Deno.memoryUsage().rss);
  }

  /** Adds an epoch. */
  add(record: EpochRecord): void {
    const state = this.#state;
    const { epoch, steps, trainLoss, validationLoss } = record;
    state.epochs = steps === undefined ? epoch : epoch - 1;
    state.steps = steps;
    state.parametersEnd = record.parameters;
    state.trainSeconds += record.seconds;
    state.evolutionSeconds += record.evolutionSeconds;
    state.evaluationSeconds += record.evaluationSeconds;
    Object.assign(state, finite({ lastTrainLoss: trainLoss, lastTrainAccuracy: record.trainAccuracy }));
    const mark: Mark = { epoch, ...finite({ loss: record.testLoss, accuracy: record.testAccuracy }) };
    if (record.testLoss !== undefined) {
      state.last = mark;
      if (state.best === undefined || better(mark, state.best)) state.best = mark;
    }
    if (validationLoss !== undefined && !(validationLoss >= (state.lowestValidationLoss ?? Infinity))) {
      state.lowestValidationLoss = validationLoss;
      state.selected = mark;
    }
    const value = measure(record);
    if (state.curve.at(-1)?.[0] === epoch) state.curve.pop();
    if (value !== undefined) state.curve.push([epoch, value]);
  }

  /** What has been reached. */
  summary(): RunSummary {
    const { best, last, selected, epochs, steps, lastTrainLoss, lastTrainAccuracy, ...state } = this.#state;
    return {
      epochs,
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
      trainSeconds: state.trainSeconds,
      evolutionSeconds: state.evolutionSeconds,
      evaluationSeconds: state.evaluationSeconds,
      parametersStart: state.parametersStart,
      parametersEnd: state.parametersEnd,
      peakRssBytes: this.#peakRssBytes,
    };
  }
}

/** Higher accuracy; where there is none, lower loss. */
function better(one: Mark, other: Mark): boolean {
  if (one.accuracy !== undefined && other.accuracy !== undefined) return one.accuracy > other.accuracy;
  return (one.loss ?? Infinity) < (other.loss ?? Infinity);
}

/** What the curve shows: the accuracy of the best part there is, or its loss. */
function measure(record: EpochRecord): number | undefined {
  const { testAccuracy, validationAccuracy, trainAccuracy, testLoss, validationLoss, trainLoss } = record;
  if (Number.isNaN(trainAccuracy)) return [testLoss, validationLoss, trainLoss].find(isFinite);
  // Without test samples every epoch has a point; with them, only those that were evaluated.
  return [testAccuracy, validationAccuracy].find(isFinite);
}

function isFinite(value: number | undefined): value is number {
  return Number.isFinite(value);
}

function finite<T extends Record<string, number | undefined>>(values: T): { [K in keyof T]?: number } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value))) as {
    [K in keyof T]?: number;
  };
}

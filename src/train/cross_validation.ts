/**
 * Cross-validation: what a network is worth on samples it has not learned from, and how much that varies.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { groupFolds, stratifiedFolds } from "../data/folds.ts";
import { numberGroups } from "../data/groups.ts";
import type { Labels } from "../data/own_labels.ts";
import {
  CALLBACK,
  COUNT,
  isRecord,
  type NamesOf,
  onlyKnown,
  readValue,
  readWhole,
  refuseUnknown,
  SEED,
  unfit,
} from "../hyperparameter.ts";
import { SparseMlp } from "../model/model.ts";
import { described } from "../numbers.ts";
import { guarded } from "../value.ts";
import { evaluate, type Measures } from "./measures.ts";
import { TRAIN_OPTION_NAMES, type TrainOptions } from "./options.ts";
import type { BestEpoch } from "./selection.ts";
import { suggestSettings } from "./suggested.ts";
import { train } from "./trainer.ts";
import { pictured } from "../picture.ts";
import { crossValidationDisplay, crossValidationPicture, foldPicture } from "./measure_pictures.ts";

/** Options of {@linkcode crossValidate}. */
export interface CrossValidationOptions {
  /** How many parts the samples are dealt into, at least 2. @default {5} */
  readonly folds?: number;
  /** How often all samples are dealt anew and every fold is tested. @default {1} */
  readonly repeats?: number;
  /**
   * What each sample belongs to (a patient, a batch), a number or a text for each: those of one group are always in one
   * fold.
   *
   * @default every sample is its own group
   */
  readonly groups?: Labels;
  /** Seed of the deals, and of models that are not made by `model`. @default {0} */
  readonly seed?: number;
  /** Makes the network of a fold, for the data it is trained on. @default one with the settings of `suggestSettings` */
  readonly model?: (data: Dataset) => SparseMlp;
  /** Options of each training, all that are to differ from those of `train`. @default those of `suggestSettings` */
  readonly training?: Omit<TrainOptions, "state" | "epochsDone">;
}

/** What one fold gave. */
export interface FoldRecord {
  /** Number of the repetition, from 1. */
  readonly repeat: number;
  /** Number of the fold, from 1. */
  readonly fold: number;
  /** Samples it was trained on, validation samples included. */
  readonly trainSamples: number;
  /** Samples it was tested with. */
  readonly testSamples: number;
  /** Epochs trained. */
  readonly epochs: number;
  /** The epoch whose weights were tested, where the best was kept. */
  readonly kept?: BestEpoch;
  /** What the fold's samples gave. */
  readonly measures: Measures;
  /** Seconds of training and testing. */
  readonly seconds: number;
}

/** A metric over all folds. */
export interface MetricSpread {
  /** Mean over the folds that define it. */
  readonly mean: number;
  /** Sample standard deviation; 0 of a single fold. */
  readonly standardDeviation: number;
  /** Folds that define the metric. */
  readonly folds: number;
}

/** What all folds gave. */
export interface CrossValidationSummary {
  /** Folds of a repetition. */
  readonly folds: number;
  /** Repetitions. */
  readonly repeats: number;
  /** By name: `loss`, and those of the task's metrics that are one number. */
  readonly metrics: Readonly<Record<string, MetricSpread>>;
}

/** Every name of the options. */
const NAMES: NamesOf<CrossValidationOptions> = {
  folds: true,
  repeats: true,
  groups: true,
  seed: true,
  model: true,
  training: true,
};

/** What a training of a fold may be told: it begins anew. */
const TRAINING_NAMES = TRAIN_OPTION_NAMES.filter((name) => name !== "state" && name !== "epochsDone");

/** Options as they were checked. */
interface Plan extends Required<Pick<CrossValidationOptions, "folds" | "repeats" | "seed">> {
  readonly groups?: Uint32Array;
  readonly model?: CrossValidationOptions["model"];
  readonly training?: CrossValidationOptions["training"];
}

const task = "cross-validate";

/** Checks what does not depend on a fold. */
function readPlan(data: Dataset, options: CrossValidationOptions): Plan {
  const { folds, repeats, groups, seed, model, training } = onlyKnown(options, NAMES, task);
  if (training !== undefined) refuseUnknown(training, TRAINING_NAMES, task, "training.");
  return {
    folds: readWhole(folds ?? 5, { task, name: "folds" }, { least: 2 }),
    repeats: readValue({ ...COUNT, default: 1, doc: "" }, repeats, { task, name: "repeats" }),
    seed: readValue(SEED, seed, { task, name: "seed" }),
    ...(groups !== undefined &&
      { groups: numberGroups(groups, data.train.samples, { task, name: "groups" }) }),
    ...(model !== undefined &&
      { model: readValue(CALLBACK, model, { task, name: "model" }) as typeof model }),
    ...(training !== undefined && { training }),
  };
}

/**
 * Trains a network for each fold of the training samples on the other folds, and tests it with that fold.
 *
 * Each class is dealt evenly. Each fold is standardised with the statistics of its own training samples. A test part of
 * the data set is left alone. The folds of all repetitions are trained one after another; memory: a copy of the samples,
 * and one network.
 *
 * @param onFold Called after each fold, and waited for.
 * @returns What all folds gave: mean and deviation of every metric.
 * @throws {TypeError} When there is no option of a name, with the nearest there is, or one has the wrong type, or
 * `model` gives the model of another fold.
 * @throws {RangeError} When there are too few samples or groups, or an option is out of range.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { crossValidate, madelonLike, SparseMlp } from "@truly-sparse/truly-sparse";
 *
 * const data = madelonLike({ samples: 120, testSamples: 10, features: 20, seed: 1 });
 * const { metrics } = await crossValidate(data, {
 *   folds: 3,
 *   model: () => SparseMlp.create({ sizes: [20, 16, 2], epsilon: 8, seed: 1 }),
 *   training: { epochs: 3, batchSize: 16 },
 * }, ({ fold, measures }) => assert(fold <= 3 && measures.samples === 40));
 * assert(metrics.accuracy.mean > 0.4 && metrics.accuracy.standardDeviation < 0.3);
 * ```
 */
export async function crossValidate(
  data: Dataset,
  options: CrossValidationOptions = {},
  onFold?: (record: FoldRecord) => void | Promise<void>,
): Promise<CrossValidationSummary> {
  if (onFold !== undefined && typeof onFold !== "function") {
    throw unfit({ task, name: "onFold" }, onFold, "a function");
  }
  const folds = trainFolds(data, options);
  for (;;) {
    const { done, value } = await folds.next();
    if (done) return value;
    await onFold?.(value);
  }
}

/** As {@linkcode crossValidate}, a fold at a time: yields what each gave, and returns the summary. */
export async function* trainFolds(
  data: Dataset,
  options: CrossValidationOptions,
): AsyncGenerator<FoldRecord, CrossValidationSummary> {
  if (!isRecord(data) || !isRecord(guarded({ task, name: "data.train" }, () => data.train))) {
    throw unfit({ task, name: "data" }, data, "a data set");
  }
  const plan = readPlan(data, options);
  const made = new WeakSet<SparseMlp>();
  const found: Measures[] = [];
  for (let repeat = 0; repeat < plan.repeats; repeat++) {
    const { groups } = plan;
    const options = { folds: plan.folds, seed: plan.seed, repeat };
    const folds = groups === undefined ? stratifiedFolds(data, options) : groupFolds(data, groups, options);
    let fold = 0;
    for (const parted of folds) {
      const record = await trainFold(parted, plan, made);
      found.push(record.measures);
      yield pictured({ repeat: repeat + 1, fold: ++fold, ...record }, foldPicture);
    }
  }
  const summary = { folds: plan.folds, repeats: plan.repeats, metrics: spreadOf(found.map(scoresOf)) };
  return pictured(summary, crossValidationPicture, crossValidationDisplay);
}

/**
 * Trains on a data set and measures with its test part.
 *
 * @param made The models of other folds, which have seen its test part.
 */
async function trainFold(
  { test, ...data }: Dataset,
  { seed, model: makeModel, training }: Plan,
  made: WeakSet<SparseMlp>,
): Promise<Omit<FoldRecord, "repeat" | "fold">> {
  const started = performance.now();
  const model = makeModel === undefined
    ? SparseMlp.create({ ...suggestSettings(data).model, seed })
    : makeModel(data);
  if (!SparseMlp.isModel(model)) {
    throw new TypeError(`Cannot ${task}: model() gave ${described(model)}, expected a SparseMlp`);
  }
  if (made.has(model)) {
    throw new TypeError(
      `Cannot ${task}: model() gave one model twice, which has learned from the samples of this fold; make one in each call`,
    );
  }
  made.add(model);
  const options = training ?? suggestSettings(data).training;
  const epochs = train(model, data, options);
  let step = await epochs.next();
  while (!step.done) step = await epochs.next();
  const { threads = navigator.hardwareConcurrency } = training ?? {};
  return {
    trainSamples: data.train.samples,
    testSamples: test!.samples,
    epochs: step.value.epochs,
    ...(step.value.kept && { kept: step.value.kept }),
    measures: evaluate(model, test, { threads }),
    seconds: (performance.now() - started) / 1000,
  };
}

/** The measures that are one number, by name. */
export function scoresOf({ samples: _, ...measures }: Measures): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(measures).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}

function spreadOf(scores: readonly Readonly<Record<string, number>>[]): Record<string, MetricSpread> {
  const names = new Set(scores.flatMap((score) => Object.keys(score)));
  return Object.fromEntries([...names].map((name) => {
    const values = scores.map((score) => score[name]).filter((value) => value !== undefined);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const standardDeviation = Math.sqrt(squares / Math.max(1, values.length - 1));
    return [name, { mean, standardDeviation, folds: values.length }];
  }));
}

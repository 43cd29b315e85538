/**
 * Cross-validation: what a network is worth on samples it has not learned from, and how much that varies.
 *
 * @module
 */
import { type NamesOf, onlyKnown, readWhole, unfit } from "../hyperparameter.ts";
import type { Dataset } from "../data/dataset.ts";
import { foldDataset, type FoldOptions, foldsOf } from "../data/folds.ts";
import type { SparseMlp } from "../model/model.ts";
import { measureModel, type Measures } from "./measurement.ts";
import type { BestEpoch } from "./selection.ts";
import type { TrainOptions } from "./options.ts";
import { train } from "./trainer.ts";
import { pictured } from "../picture.ts";
import { crossValidationPicture, foldPicture } from "./measure_pictures.ts";

/** Options of {@linkcode crossValidate}. */
export interface CrossValidationOptions extends Omit<FoldOptions, "repeat"> {
  /** How often all samples are dealt anew and every fold is tested. @default {1} */
  readonly repeats?: number;
  /** Makes the network of a fold, for the data it is trained on. */
  readonly makeModel: (data: Dataset) => SparseMlp;
  /** Options of each training. */
  readonly training?: Omit<TrainOptions, "state" | "epochsDone">;
}

const OPTIONS: NamesOf<CrossValidationOptions> = {
  folds: true,
  repeats: true,
  seed: true,
  groups: true,
  makeModel: true,
  training: true,
};

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
  /** By name: `loss`, and those of `ClassificationMetrics` or `RegressionMetrics` that are one number. */
  readonly metrics: Readonly<Record<string, MetricSpread>>;
}

/**
 * Trains a network for each fold of the training samples on the other folds, and tests it with that fold.
 *
 * Each fold is standardised with the statistics of its own training samples. A test part of the data set is left alone.
 * The folds of all repetitions are trained one after another; memory: a copy of the samples, and one network.
 *
 * @returns An iterator over the folds, whose return value is the summary.
 * @throws {RangeError} When there are too few samples or groups.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { crossValidate, madelonLike, SparseMlp } from "@truly-sparse/truly-sparse";
 *
 * const data = madelonLike({ samples: 120, testSamples: 10, features: 20, seed: 1 });
 * const folds = crossValidate(data, {
 *   folds: 3,
 *   makeModel: () => SparseMlp.create({ sizes: [20, 16, 2], epsilon: 8, seed: 1 }),
 *   training: { epochs: 3, batchSize: 16 },
 * });
 * for await (const { measures } of folds) assert(measures.samples === 40);
 * ```
 */
export async function* crossValidate(
  data: Dataset,
  options: CrossValidationOptions,
): AsyncGenerator<FoldRecord, CrossValidationSummary> {
  const task = "cross-validate";
  const { repeats = 1, folds: count = 5, makeModel, training = {}, ...draw } = onlyKnown(
    options,
    OPTIONS,
    task,
  );
  readWhole(repeats, { task, name: "repeats" }, { least: 1 });
  if (typeof makeModel !== "function") throw unfit({ task, name: "makeModel" }, makeModel, "a function");
  const found: Measures[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const folds = foldsOf(data, { ...draw, folds: count, repeat });
    for (let fold = 0; fold < count; fold++) {
      const started = performance.now();
      const { test, ...part } = foldDataset(data, folds, fold);
      const model = makeModel(part);
      const epochs = train(model, part, training);
      let step = await epochs.next();
      while (!step.done) step = await epochs.next();
      const { threads = navigator.hardwareConcurrency } = training;
      const measures = measureModel(model, [test!], { threads });
      found.push(measures);
      const record: FoldRecord = {
        repeat: repeat + 1,
        fold: fold + 1,
        trainSamples: part.train.samples,
        testSamples: test!.samples,
        epochs: step.value.epochs,
        ...(step.value.kept && { kept: step.value.kept }),
        measures,
        seconds: (performance.now() - started) / 1000,
      };
      yield pictured(record, foldPicture);
    }
  }
  const summary = { folds: count, repeats, metrics: spreadOf(found.map(scoresOf)) };
  return pictured(summary, crossValidationPicture);
}

/** The measures that are one number, by name. */
export function scoresOf({ loss, classification, regression }: Measures): Readonly<Record<string, number>> {
  const all = Object.entries({ loss, ...classification, ...regression });
  return Object.fromEntries(all.filter((entry): entry is [string, number] => typeof entry[1] === "number"));
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

/**
 * Calibration: the temperature with which probabilities are as sure as they are right.
 *
 * Source: Guo et al. 2017 ("On Calibration of Modern Neural Networks"), §4.2.
 *
 * @module
 */
import type { Split } from "../data/dataset.ts";
import type { SparseMlp } from "../model/model.ts";
import { meaningOf } from "../data/finished.ts";
import { readSplit } from "../data/split_argument.ts";
import { requireModel } from "../model/model_argument.ts";
import { refuseUnknown, resolveOptions } from "../hyperparameter.ts";
import { answerCount } from "../model/outputs.ts";
import type { Matrix, Numbers } from "../numbers.ts";
import { atOnce, inRanges, type Pieces } from "../pieces.ts";
import { applyTemperature, logit } from "../model/temperature.ts";
import type { Task } from "../task.ts";
import {
  EVALUATION_ROWS,
  type EvaluationOptions,
  type EvaluationSettings,
  requireTrained,
  shapeOf,
  SplitEvaluator,
} from "./evaluation.ts";
import { type ClassifiedSamples, measuredOf, readClassified } from "./measured_samples.ts";
import { requireSameMeaning } from "./meaning.ts";
import { classificationPieces } from "./metrics.ts";
import { isRecord } from "../value.ts";

/** How far a temperature goes: samples that are all classified rightly would ask for 0. */
const [LEAST, MOST] = [0.1, 10];

/** What a calibration found, on the samples it was made with. */
export interface Calibration {
  /** What outputs are divided by before they become probabilities; from 0.1 to 10. */
  readonly temperature: number;
  /** Expected calibration error with temperature 1. */
  readonly errorBefore: number;
  /** Expected calibration error with the temperature found. */
  readonly errorAfter: number;
  /** Log loss with temperature 1. */
  readonly logLossBefore: number;
  /** Log loss with the temperature found: never larger. */
  readonly logLossAfter: number;
}

/**
 * The temperature with the lowest log loss.
 *
 * The loss is convex in 1 / T: its slope is halved in, to the last bit that matters. Cost: O(samples · classes), 60 times.
 *
 * @param probabilities With temperature 1, shape `[samples, classes]`; not modified.
 * @param labels Class of each sample.
 * @param weights How much each sample counts; all alike without them.
 * @returns From 0.1 to 10.
 * @throws {TypeError} When the lengths do not fit each other, there is no sample, or a class is past the last.
 * @throws {RangeError} When a probability is not finite or not from 0 to 1, or a class or a weight is out of range.
 */
export function fitTemperature(probabilities: Matrix, labels: Numbers, weights?: Numbers): number {
  const read = readClassified(probabilities, labels, weights, "fit a temperature");
  return atOnce(temperaturePieces(read));
}

/** Halving by halving. */
function* temperaturePieces(read: ClassifiedSamples): Pieces<number> {
  const { outputs, samples, width } = read;
  const logits = new Float64Array(outputs.length);
  yield* inRanges(logits.length, (first, end) => {
    for (let place = first; place < end; place++) logits[place] = logit(outputs[place]);
  });
  let [low, high] = [1 / MOST, 1 / LEAST];
  for (let halving = 0; halving < 60 && low < high; halving++) {
    const middle = (low + high) / 2;
    let total = 0;
    yield* inRanges(samples, (first, end) => {
      total = slope(logits, read, middle, { first, end, total });
    }, width);
    if (total > 0) high = middle;
    else low = middle;
  }
  return 2 / (low + high);
}

/** How the summed log loss of softmax(β·z) changes with β: `total`, and what some of the samples add to it. */
function slope(
  logits: Float64Array,
  { classOf, weight, width }: ClassifiedSamples,
  beta: number,
  { first, end, total }: { readonly first: number; readonly end: number; readonly total: number },
): number {
  let sum = total;
  for (let sample = first; sample < end; sample++) {
    const row = sample * width;
    let [largest, powers, mean] = [-Infinity, 0, 0];
    for (let place = row; place < row + width; place++) largest = Math.max(largest, logits[place]);
    for (let place = row; place < row + width; place++) {
      const power = Math.exp(beta * (logits[place] - largest));
      powers += power;
      mean += power * (logits[place] - largest);
    }
    sum += weight(sample) * (mean / powers - (logits[row + classOf[sample]] - largest));
  }
  return sum;
}

/**
 * Refuses what no temperature can be fitted for.
 *
 * @throws {TypeError} When the task is not classification.
 */
export function refuseCalibration(task: Task, what: string): void {
  if (task === "classification") return;
  const why = task === "regression" ? "has no probabilities" : "has no classes that exclude each other";
  throw new TypeError(`Cannot calibrate ${what}: it is for ${task}, which ${why}`);
}

/**
 * Fits the temperature of a trained model on samples it has not learned from, and sets it: `predictProbabilities` then
 * uses it, files keep it. Which class is the most probable stays as it is.
 *
 * @throws {TypeError} When the model is not for classification, or was never trained, or a class or column of the samples
 * has another place than in the model.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { calibrate, madelonLike, SparseMlp, splitValidation, train } from "@truly-sparse/truly-sparse";
 *
 * const data = madelonLike({ samples: 300, testSamples: 50, features: 20, seed: 1 });
 * const { train: part, validation } = splitValidation(data, 0.3, 1);
 * const model = SparseMlp.create({ sizes: [20, 16, 2], epsilon: 8, seed: 1 });
 * for await (const _ of train(model, { ...data, train: part }, { epochs: 20, batchSize: 16, dropout: 0 }));
 * const { logLossBefore, logLossAfter } = calibrate(model, validation);
 * assert(logLossAfter <= logLossBefore);
 * ```
 */
export function calibrate(model: SparseMlp, split: Split, options: EvaluationOptions = {}): Calibration {
  const task = "calibrate";
  requireModel(model, task);
  refuseCalibration(model.settings.task, "the model");
  refuseUnknown(options, Object.keys(EVALUATION_ROWS), task);
  const settings = resolveOptions(EVALUATION_ROWS, options, { task }) as unknown as EvaluationSettings;
  requireTrained(model, task);
  const meaning = isRecord(split) ? meaningOf(split) : undefined;
  if (meaning !== undefined) requireSameMeaning(model, meaning, task, "refuse");
  return atOnce(calibrationPieces(model, readSplit(split, shapeOf(model), task), settings));
}

/** As {@linkcode calibrate}, in pieces, of a trained model for classification and samples that are checked. */
export function* calibrationPieces(
  model: SparseMlp,
  split: Split,
  settings: EvaluationSettings,
): Pieces<Calibration> {
  const classes = answerCount(model.settings);
  const probabilities = new Float32Array(split.samples * classes);
  yield* new SplitEvaluator(model, split, settings).batches(probabilities);
  const measured = measuredOf(probabilities, split);
  const before = yield* classificationPieces(measured, false);
  const temperature = yield* temperaturePieces(measured);
  yield* inRanges(split.samples, (first, end) => {
    applyTemperature(probabilities.subarray(first * classes, end * classes), classes, temperature);
  }, classes);
  const after = yield* classificationPieces(measured, false);
  model.temperature = temperature;
  return {
    temperature,
    errorBefore: before.expectedCalibrationError,
    errorAfter: after.expectedCalibrationError,
    logLossBefore: before.logLoss,
    logLossAfter: after.logLoss,
  };
}

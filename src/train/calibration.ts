/**
 * Calibration: the temperature with which probabilities are as sure as they are right.
 *
 * Source: Guo et al. 2017 ("On Calibration of Modern Neural Networks"), §4.2.
 *
 * @module
 */
import type { Split } from "../data/dataset.ts";
import type { SparseMlp } from "../model/model.ts";
import { readSplit } from "../data/split_argument.ts";
import { requireModel } from "../model/model_argument.ts";
import { answerCount } from "../model/outputs.ts";
import { type Matrix, type Numbers, readIndices } from "../numbers.ts";
import { atOnce, type Pieces } from "../pieces.ts";
import { applyTemperature, logit } from "../model/temperature.ts";
import type { Task } from "../task.ts";
import { type EvaluationOptions, Evaluator } from "./evaluation.ts";
import { readOutputs } from "./measured_samples.ts";
import { classificationMetrics } from "./metrics.ts";

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
 * @throws {TypeError} When the lengths do not fit each other, or a class is past the last.
 */
export function fitTemperature(probabilities: Matrix, labels: Numbers, weights?: Numbers): number {
  const classOf = readIndices(labels, { task: "fit a temperature", name: "labels" });
  const { outputs, width: classes, weight } = readOutputs(
    probabilities,
    classOf.length,
    weights,
    "fit a temperature",
  );
  const wrong = classOf.findIndex((label) => label >= classes);
  if (classes < 2 || wrong >= 0) {
    throw new TypeError(
      `Cannot fit a temperature: there are ${classes} probabilities for a sample, ` +
        (wrong >= 0 ? `sample ${wrong} has class ${classOf[wrong]}` : "at least 2 are needed"),
    );
  }
  return atOnce(temperaturePieces(outputs, { classOf, weight }, classes));
}

/** Samples with the class and the weight of each. */
interface Judged {
  readonly classOf: Uint32Array;
  readonly weight: (sample: number) => number;
}

/** Halving by halving. */
function* temperaturePieces(outputs: Float32Array, judged: Judged, classes: number): Pieces<number> {
  const logits = Float64Array.from(outputs, logit);
  let [low, high] = [1 / MOST, 1 / LEAST];
  for (let halving = 0; halving < 60 && low < high; halving++) {
    const middle = (low + high) / 2;
    if (slope(logits, judged, classes, middle) > 0) high = middle;
    else low = middle;
    yield;
  }
  return 2 / (low + high);
}

/** How the summed log loss of softmax(β·z) changes with β. */
function slope(
  logits: Float64Array,
  { classOf, weight }: Judged,
  classes: number,
  beta: number,
): number {
  let total = 0;
  for (const [sample, label] of classOf.entries()) {
    const row = sample * classes;
    let [largest, sum, mean] = [-Infinity, 0, 0];
    for (let place = row; place < row + classes; place++) largest = Math.max(largest, logits[place]);
    for (let place = row; place < row + classes; place++) {
      const power = Math.exp(beta * (logits[place] - largest));
      sum += power;
      mean += power * (logits[place] - largest);
    }
    total += weight(sample) * (mean / sum - (logits[row + label] - largest));
  }
  return total;
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
 * @throws {TypeError} When the model is not for classification, or was never trained.
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
  return atOnce(calibrationPieces(model, split, options));
}

/** As {@linkcode calibrate}, in pieces. */
export function* calibrationPieces(
  model: SparseMlp,
  samples: Split,
  options: EvaluationOptions,
): Pieces<Calibration> {
  requireModel(model, "calibrate");
  refuseCalibration(model.settings.task, "the model");
  const classes = answerCount(model.settings);
  const shape = { task: "classification", featureCount: model.featureCount, outputCount: classes } as const;
  const { labels, weights, ...split } = readSplit(samples, shape, "calibrate");
  const probabilities = new Float32Array(split.samples * classes);
  yield* new Evaluator(model, { ...split, labels, ...(weights && { weights }) }, options).batches(
    probabilities,
  );
  const before = classificationMetrics(probabilities, labels, weights);
  yield;
  const judged = { classOf: labels, weight: (sample: number) => weights?.[sample] ?? 1 };
  const temperature = yield* temperaturePieces(probabilities, judged, classes);
  applyTemperature(probabilities, classes, temperature);
  const after = classificationMetrics(probabilities, labels, weights);
  model.temperature = temperature;
  return {
    temperature,
    errorBefore: before.expectedCalibrationError,
    errorAfter: after.expectedCalibrationError,
    logLossBefore: before.logLoss,
    logLossAfter: after.logLoss,
  };
}

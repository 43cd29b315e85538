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
import { atOnce, type Pieces } from "../pieces.ts";
import { logit } from "../model/temperature.ts";
import { readFloats, readIndices } from "../numbers.ts";
import { Evaluator, type EvaluatorOptions } from "./evaluation.ts";
import { measureModel } from "./measurement.ts";
import { readSampleWeights, requireFractions } from "./metrics.ts";

/** How far a temperature goes: samples that are all classified rightly would ask for 0. */
const [LEAST, MOST] = [0.1, 10];

const TASK = "fit a temperature";

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
 * @throws {TypeError} When the lengths do not fit each other.
 */
export function fitTemperature(
  probabilities: Float32Array,
  labels: Uint32Array,
  weights?: Float32Array,
): number {
  const of = (name: string) => ({ task: TASK, name });
  const given = readFloats(probabilities, of("probabilities"));
  const samples = readIndices(labels, of("labels"));
  const classes = given.length / samples.length;
  if (!Number.isInteger(classes) || classes < 2) {
    throw new TypeError(
      `Cannot fit a temperature: there are ${given.length} probabilities for ${samples.length} samples`,
    );
  }
  const known = readIndices(samples, of("labels"), classes);
  const counts = weights === undefined ? undefined : readSampleWeights(weights, of("weights"), known.length);
  requireFractions(given, of("probabilities"));
  return atOnce(temperaturePieces(given, known, classes, counts));
}

/** Halving by halving. */
function* temperaturePieces(
  probabilities: Float32Array,
  labels: Uint32Array,
  classes: number,
  weights: Float32Array | undefined,
): Pieces<number> {
  const logits = Float64Array.from(probabilities, logit);
  let [low, high] = [1 / MOST, 1 / LEAST];
  for (let halving = 0; halving < 60 && low < high; halving++) {
    const middle = (low + high) / 2;
    if (slope(logits, { labels, weights }, classes, middle) > 0) high = middle;
    else low = middle;
    yield;
  }
  return 2 / (low + high);
}

/** How the summed log loss of softmax(β·z) changes with β. */
function slope(
  logits: Float64Array,
  { labels, weights }: { readonly labels: Uint32Array; readonly weights: Float32Array | undefined },
  classes: number,
  beta: number,
): number {
  let total = 0;
  for (const [sample, label] of labels.entries()) {
    const row = sample * classes;
    let [largest, sum, mean] = [-Infinity, 0, 0];
    for (let place = row; place < row + classes; place++) largest = Math.max(largest, logits[place]);
    for (let place = row; place < row + classes; place++) {
      const power = Math.exp(beta * (logits[place] - largest));
      sum += power;
      mean += power * (logits[place] - largest);
    }
    total += (weights?.[sample] ?? 1) * (mean / sum - (logits[row + label] - largest));
  }
  return total;
}

/**
 * Fits the temperature of a trained model on samples it has not learned from, and sets it: `predictProbabilities` then
 * uses it, files keep it. Which class is the most probable stays as it is.
 *
 * @throws {TypeError} When the model is for regression, or was never trained.
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
export function calibrate(model: SparseMlp, split: Split, options: EvaluatorOptions = {}): Calibration {
  requireModel(model, "calibrate");
  return atOnce(calibrationPieces(model, split, options));
}

/** As {@linkcode calibrate}, in pieces. */
export function* calibrationPieces(
  model: SparseMlp,
  samples: Split,
  options: EvaluatorOptions,
): Pieces<Calibration> {
  const { standardization, settings: { task, sizes } } = model;
  if (task !== "classification") {
    throw new TypeError("Cannot calibrate: the model is for regression, which has no probabilities");
  }
  const shape = { featureCount: model.featureCount, outputCount: sizes[sizes.length - 1], task };
  const split = readSplit(samples, shape, "calibrate");
  model.temperature = 1;
  const before = measureModel(model, [split], options).classification!;
  const probabilities = new Float32Array(split.samples * sizes[sizes.length - 1]);
  yield* new Evaluator(model, split, standardization!, options).batches(probabilities);
  const classes = sizes[sizes.length - 1];
  model.temperature = yield* temperaturePieces(probabilities, split.labels, classes, split.weights);
  const after = measureModel(model, [split], options).classification!;
  return {
    temperature: model.temperature,
    errorBefore: before.expectedCalibrationError,
    errorAfter: after.expectedCalibrationError,
    logLossBefore: before.logLoss,
    logLossAfter: after.logLoss,
  };
}

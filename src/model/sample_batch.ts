/**
 * Samples as somebody brings them, checked, and made what the network of a model takes.
 *
 * @module
 */
import { FeatureError } from "../errors.ts";
import { firstUnfit } from "../finite.ts";
import type { Place } from "../hyperparameter.ts";
import { gatherBatch } from "../native/batch.ts";
import type { BatchSource, Standardization } from "../native/standardize.ts";
import type { Batch } from "../native/step.ts";
import {
  isPlain,
  type Matrix,
  type Numbers,
  readFloatMatrix,
  readFloats,
  readIndices,
  readMatrix,
} from "../numbers.ts";
import { inputNames, type TableSchema } from "../schema.ts";
import { sharedFloats } from "../sparse/shared.ts";
import type { SparseLayer } from "./layer.ts";
import { answerCount, lossOf } from "./outputs.ts";
import type { Task } from "./settings.ts";
import { type TargetScaling, unscaled } from "./target_scaling.ts";
import { passWidth } from "./tile.ts";

/** Samples and what a model should give for them. */
export interface SampleBatch {
  /** Raw features, shape `[samples, featureCount]`. */
  readonly features: Matrix;
  /** Classification: the class of each sample, by its index; 0 or 1 where one output tells two classes apart. */
  readonly labels?: Numbers;
  /**
   * Regression: values in the targets' own unit; several labels: 1 where one applies, else 0 (or how far it does). Shape
   * `[samples, outputs]`.
   */
  readonly targets?: Matrix;
  /**
   * What the loss of each sample is multiplied by, at least 0.
   *
   * @default 1 each
   */
  readonly weights?: Numbers;
  /** Threads of the kernels; they do not change the result. @default {1} */
  readonly threads?: number;
}

/** What decides how features are standardised. */
interface StandardizedModel {
  readonly settings: { readonly sizes: readonly number[] };
  readonly standardization?: Standardization;
  readonly trainedMark?: Uint32Array;
}

/** What decides how samples enter a network, and what it should give for them. */
export interface SampleReader extends StandardizedModel {
  readonly settings: { readonly sizes: readonly number[]; readonly task: Task };
  readonly layers: readonly SparseLayer[];
  readonly targetScaling?: TargetScaling;
  readonly featureCount: number;
  readonly schema?: TableSchema;
}

/** Samples as tiles of a batch. */
export type TiledSamples = Pick<Batch, "input" | "samples" | "width">;

/** Why a model is not used whose weights another one has trained. */
export const TRAINED_ELSEWHERE =
  "another Worker has trained the model, which alone knows how features are standardised; " +
  "let it send its own share() back, and use the model that fromShared() makes of that";

/** Whether a model has weights that were trained over the same memory, but not what was learned of the features. */
export function isTrainedElsewhere(
  { standardization, trainedMark }: Pick<StandardizedModel, "standardization" | "trainedMark">,
): boolean {
  return standardization === undefined && trainedMark !== undefined && Atomics.load(trainedMark, 0) === 1;
}

/**
 * The model's standardisation, or the one that changes nothing where it was never trained.
 *
 * @param task What is done with it, for messages.
 * @throws {TypeError} When somebody has put something else in its place, or another model over the same memory was trained, which alone knows how features are standardised.
 */
export function standardizationOf(
  { standardization, trainedMark, settings: { sizes: [inputs] } }: StandardizedModel,
  task: string,
): Standardization {
  if (standardization !== undefined) {
    const { mean, scale } = standardization;
    if ([mean, scale].every((array) => isPlain(array, Float32Array) && array.length === inputs)) {
      return standardization;
    }
    throw new TypeError(
      `Cannot ${task}: the standardization of the model is none, expected mean and scale, two Float32Array of ${inputs}`,
    );
  }
  if (isTrainedElsewhere({ ...(trainedMark && { trainedMark }) })) {
    throw new TypeError(`Cannot ${task}: ${TRAINED_ELSEWHERE}`);
  }
  return { mean: new Float32Array(inputs), scale: new Float32Array(inputs).fill(1) };
}

/** Memory for the tiles of one batch after another. */
export class TileMemory {
  #floats: Float32Array = new Float32Array(0);

  /**
   * Standardises samples and cuts them into tiles, as wide as those of training on a batch of so many.
   *
   * @returns The tiles, valid until the next are made, and what they were made of.
   * @throws {TypeError} When it is no such array, or its length no multiple of the model's features.
   * @throws {FeatureError} When a feature is not finite once it is standardised.
   */
  fill(
    model: SampleReader,
    features: unknown,
    task: string,
    threads: number,
  ): TiledSamples & { readonly source: BatchSource } {
    const place = { task, name: "features" };
    const { values, rows: samples } = readMatrix(features, place, model.featureCount);
    const width = passWidth(model.settings.sizes, samples);
    const source = { ...standardizationOf(model, task), features: values };
    if (samples === 0) return { input: new Float32Array(0), samples, width, source };
    const count = Math.ceil(samples / width) * width * source.mean.length;
    if (this.#floats.length < count) this.#floats = sharedFloats(count);
    const input = this.#floats.subarray(0, count);
    const order = new Uint32Array(samples);
    for (let sample = 0; sample < samples; sample++) order[sample] = sample;
    try {
      gatherBatch(source, order, width, threads, input);
    } catch (cause) {
      throw named(cause, model);
    }
    return { input, samples, width, source };
  }
}

/** The error with the name of the feature, where the model knows it. */
export function named(cause: unknown, { schema }: Pick<SampleReader, "schema">): unknown {
  if (!(cause instanceof FeatureError) || schema === undefined) return cause;
  return cause.at({ name: inputNames(schema)[cause.place.feature] });
}

/**
 * What samples should give, as kernels take it: classes, or standardised targets; and the weights of the samples.
 *
 * @throws {TypeError} When what the task asks for is missing, or has another length or type.
 * @throws {RangeError} When a class is none of the model's, a number is not finite or a weight below 0.
 */
export function readTruth(
  model: SampleReader,
  { labels, targets, weights }: Omit<SampleBatch, "features">,
  samples: number,
  task: string,
): Pick<Batch, "loss" | "labels" | "targets" | "weights"> {
  const classes = model.settings.task === "classification";
  const [wanted, unwanted] = classes ? ["labels", "targets"] : ["targets", "labels"];
  if ((classes ? labels : targets) === undefined || (classes ? targets : labels) !== undefined) {
    throw new TypeError(
      `Cannot ${task}: the model is for ${model.settings.task}, it takes ${wanted} and no ${unwanted}`,
    );
  }
  const count = answerCount(model.settings);
  return {
    loss: lossOf(model.settings),
    labels: classes ? readIndices(labels, { task, name: "labels" }, count, samples) : new Uint32Array(0),
    targets: classes ? new Float32Array(0) : readTargets(model, targets, samples, task),
    ...(weights !== undefined && { weights: readWeights(weights, samples, task) }),
  };
}

function readTargets(model: SampleReader, targets: unknown, samples: number, task: string): Float32Array {
  const { neurons } = model.layers[model.layers.length - 1];
  const values = readRows(targets, { task, name: "targets" }, samples, neurons);
  const odd = values.findIndex((value) => value < 0 || value > 1);
  if (model.settings.task === "multi-label" && odd >= 0) {
    throw new RangeError(
      `Cannot ${task}: number ${odd} of targets is ${values[odd]}, expected a value from 0 to 1`,
    );
  }
  const { mean, deviation } = model.targetScaling ?? unscaled(neurons);
  return values.map((value, at) => (value - mean[at % neurons]) / deviation[at % neurons]);
}

function readWeights(weights: unknown, samples: number, task: string): Float32Array {
  const values = readFloats(weights, { task, name: "weights" }, samples);
  const at = firstUnfit(values, 0);
  if (at < 0) return values;
  throw new RangeError(
    `Cannot ${task}: number ${at} of weights is ${values[at]}, expected a finite number of at least 0`,
  );
}

/**
 * Finite numbers with a row for each sample.
 *
 * @throws {TypeError} When there is another number of rows, or of numbers in a row.
 * @throws {RangeError} When one is not finite.
 */
export function readRows(value: unknown, place: Place, samples: number, width: number): Float32Array {
  const { values, rows } = readFloatMatrix(value, place, width);
  if (rows !== samples) {
    throw new TypeError(
      `Cannot ${place.task}: ${place.name} are of ${rows} samples, features of ${samples}`,
    );
  }
  requireFinite(values, place);
  return values;
}

/** @throws {RangeError} When a number is not finite. */
export function requireFinite(values: Float32Array, { task, name }: Place): void {
  const at = firstUnfit(values);
  if (at < 0) return;
  throw new RangeError(
    `Cannot ${task}: number ${at} of ${name} is ${values[at]}, a finite number is needed`,
  );
}

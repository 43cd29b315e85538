/**
 * What a model is worth on samples: all metrics of its task.
 *
 * @module
 */
import type { Split } from "../data/dataset.ts";
import { meaningOf } from "../data/finished.ts";
import { readSplit } from "../data/split_argument.ts";
import { FeatureError } from "../errors.ts";
import { CALLBACK, refuseUnknown, resolveOptions, type TableOf } from "../hyperparameter.ts";
import type { SparseMlp } from "../model/model.ts";
import { answerCount } from "../model/outputs.ts";
import { atOnce } from "../pieces.ts";
import { applyTemperature } from "../model/temperature.ts";
import type { Task } from "../task.ts";
import { requireModel } from "../model/model_argument.ts";
import { isList, isRecord, readItems } from "../value.ts";
import { pictured } from "../picture.ts";
import { requireSameMeaning } from "./meaning.ts";
import { measuresDisplay, measuresPicture } from "./measure_pictures.ts";
import {
  EVALUATION_ROWS,
  type EvaluationOptions,
  type EvaluationSettings,
  requireTrained,
  shapeOf,
  SplitEvaluator,
} from "./evaluation.ts";
import { measuredOf } from "./measured_samples.ts";
import { type MetricsByTask, taskMetrics } from "./task_metrics.ts";

/** What is measured whatever the task is. */
export interface MeasuresOf<T extends Task> {
  /** What the model is for, and so which metrics there are beside. */
  readonly task: T;
  /** Samples measured. */
  readonly samples: number;
  /** Mean loss a sample, as training counts it: without the temperature of a calibrated model. */
  readonly loss: number;
}

/**
 * What a model is worth on samples, all in one object; each sample counts as its weight, where they have any.
 *
 * Where the task is not known, `measures.task` tells which metrics there are.
 */
export type Measures<T extends Task = Task> = T extends Task ? MeasuresOf<T> & MetricsByTask[T] : never;

/** Options of {@linkcode evaluate}. */
export interface EvaluateOptions extends EvaluationOptions {
  /** Called between batches, with samples done and to do. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Parts that are measured together. */
const MOST_PARTS = 2 ** 20;

const OPTIONS = { ...EVALUATION_ROWS, onProgress: CALLBACK } as const satisfies TableOf<EvaluateOptions>;

/**
 * Measures a trained model on samples, by all metrics of its task.
 *
 * Features and targets may be arrays of any kind: those that are neither 32-bit floats nor bytes are converted, once.
 * Cost: one pass forward, and the outputs of all samples in memory, 4 bytes each.
 *
 * @param samples Part of a data set, or several that are measured together, with the class indices of the model or with
 * targets.
 * @throws {TypeError} When there are no samples, they do not fit the model, a class or column of the data set they are part of
 * has another place than in the model or is none of it, or the model was never trained, so that it cannot standardise features.
 * @throws {FeatureError} When a feature is so far from those of training that nothing can be computed.
 * @throws {RangeError} When a class, target or weight is out of range, all samples of a part have weight 0, or the loss
 * is not finite.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { evaluate, madelonLike, SparseMlp, train } from "@truly-sparse/truly-sparse";
 *
 * const data = madelonLike({ samples: 200, testSamples: 50, features: 20, seed: 1 });
 * const model = SparseMlp.create({ sizes: [20, 16, 2], epsilon: 8, seed: 1 });
 * for await (const _ of train(model, data, { epochs: 2, batchSize: 16 }));
 * const { accuracy, confusion } = evaluate(model, data.test);
 * assert(accuracy > 0.4);
 * assert(confusion.flat().reduce((sum, count) => sum + count) === 50);
 * ```
 */
export function evaluate<T extends Task>(
  model: SparseMlp<T>,
  samples: Split | undefined | readonly Split[],
  options: EvaluateOptions = {},
): Measures<T> {
  return measured(model, samples, options).measures;
}

/** What was measured of a model. */
export interface Measured<T extends Task> {
  readonly measures: Measures<T>;
  /** All samples, as one, with what the model gave for them. */
  readonly samples: ReturnType<typeof measuredOf>;
}

/** As {@linkcode evaluate}, with the outputs that were measured. */
export function measured<T extends Task>(
  model: SparseMlp<T>,
  samples: Split | undefined | readonly Split[],
  options: EvaluateOptions = {},
): Measured<T> {
  requireModel(model, "evaluate");
  refuseUnknown(options, Object.keys(OPTIONS), "evaluate");
  const { onProgress, ...settings } = resolveOptions(OPTIONS, options, {
    task: "evaluate",
  }) as unknown as EvaluationSettings & Pick<EvaluateOptions, "onProgress">;
  requireTrained(model, "evaluate");
  const shape = shapeOf(model);
  const given = isList(samples)
    ? readItems(samples, { task: "evaluate", name: "samples" }, MOST_PARTS)
    : [samples];
  if (given.length === 0) {
    throw new TypeError("Cannot evaluate: there are no samples, the list of parts is empty");
  }
  const parts = given.map((part) => {
    const meaning = isRecord(part) ? meaningOf(part) : undefined;
    if (meaning !== undefined) requireSameMeaning(model, meaning, "evaluate", "refuse");
    return readSplit(part, shape, "evaluate");
  });
  const count = parts.reduce((sum, part) => sum + part.samples, 0);
  const outputs = new Float32Array(count * shape.outputCount);
  const loss = run(model, parts, outputs, settings, (done) => onProgress?.(done, count));
  if (!Number.isFinite(loss)) {
    throw new RangeError(
      `Cannot evaluate: the loss on these ${count} samples is ${loss}; the weights of the model are too large, ` +
        "or samples lie too far from those of training",
    );
  }
  if (shape.task === "classification") applyTemperature(outputs, shape.outputCount, model.temperature);
  const whole = joinedParts(parts, outputs);
  const metrics = atOnce(taskMetrics(shape.task, whole));
  const measures = { task: shape.task, samples: count, loss, ...metrics };
  return {
    measures: pictured(measures, measuresPicture, measuresDisplay) as unknown as Measures<T>,
    samples: whole,
  };
}

/** Writes the outputs of all parts, one behind the other, and gives their mean loss. */
function run(
  model: SparseMlp,
  parts: readonly Split[],
  outputs: Float32Array,
  settings: EvaluationSettings,
  onProgress: (done: number) => void,
): number {
  const width = answerCount(model.settings);
  let [first, loss, weight] = [0, 0, 0];
  try {
    for (const part of parts) {
      const evaluator = new SplitEvaluator(model, part, settings);
      const batches = evaluator.batches(outputs.subarray(first * width, (first + part.samples) * width));
      for (;;) {
        const { done, value } = batches.next();
        if (done) {
          loss += value.loss * evaluator.weight;
          weight += evaluator.weight;
          first += part.samples;
          break;
        }
        onProgress(first + value);
      }
    }
  } catch (cause) {
    throw cause instanceof FeatureError ? cause.at({ name: model.featureNames[cause.place.feature] }) : cause;
  }
  return loss / weight;
}

/** The samples of all parts as one. */
function joinedParts(parts: readonly Split[], outputs: Float32Array): ReturnType<typeof measuredOf> {
  const samples = parts.reduce((sum, part) => sum + part.samples, 0);
  const weights = weightsOf(parts);
  return measuredOf(outputs, {
    samples,
    labels: joined(parts.map((part) => part.labels), Uint32Array),
    targets: joined(parts.map((part) => part.targets), Float32Array),
    ...(weights && { weights }),
  });
}

/** How much each sample counts; undefined where all count alike. */
function weightsOf(parts: readonly Split[]): Float32Array | undefined {
  if (parts.every(({ weights }) => weights === undefined)) return undefined;
  const each = parts.map((part) => part.weights ?? new Float32Array(part.samples).fill(1));
  return joined(each, Float32Array);
}

/** The arrays one behind the other; the only one as it is. */
function joined<T extends Float32Array | Uint32Array>(
  arrays: readonly T[],
  Kind: new (length: number) => T,
): T {
  if (arrays.length === 1) return arrays[0];
  const all = new Kind(arrays.reduce((sum, array) => sum + array.length, 0));
  let place = 0;
  for (const array of arrays) {
    all.set(array, place);
    place += array.length;
  }
  return all;
}

/**
 * Measuring a model on samples: all metrics of its task.
 *
 * @module
 */
import type { Split } from "../data/dataset.ts";
import { readSplit } from "../data/split_argument.ts";
import { CALLBACK, type NamesOf, onlyKnown, readValue } from "../hyperparameter.ts";
import { requireModel } from "../model/model_argument.ts";
import { readItems } from "../value.ts";
import { FeatureError } from "../errors.ts";
import type { SparseMlp } from "../model/model.ts";
import { applyTemperature } from "../model/temperature.ts";
import { Evaluator, type EvaluatorOptions } from "./evaluation.ts";
import {
  type ClassificationMetrics,
  classificationMetrics,
  type RegressionMetrics,
  regressionMetrics,
} from "./metrics.ts";
import { pictured } from "../picture.ts";
import { measuresPicture } from "./measure_pictures.ts";

/** What a model is worth on samples; each counts as its weight, where they have any. */
export interface Measures {
  /** Samples measured. */
  readonly samples: number;
  /** Mean loss a sample, as training counts it: without the temperature of a calibrated model. */
  readonly loss: number;
  /** Given for classification. */
  readonly classification?: ClassificationMetrics;
  /** Given for regression. */
  readonly regression?: RegressionMetrics;
}

/** Options of {@linkcode measureModel}. */
export interface MeasureOptions extends EvaluatorOptions {
  /** Called between batches, with samples done and to do. */
  readonly onProgress?: (done: number, total: number) => void;
}

const TASK = "measure the model";

const MEASURE_OPTIONS: NamesOf<MeasureOptions> = {
  threads: true,
  microBatch: true,
  activationStorage: true,
  cacheTile: true,
  work: true,
  onProgress: true,
};

/**
 * Measures a trained model on samples, whatever parts they come in.
 *
 * Cost: one pass forward, and the outputs of all samples in memory, 4 bytes each.
 *
 * @param parts Samples with the class indices of the model, or with targets.
 * @throws {TypeError} When the model was never trained, so that it cannot standardise features.
 * @throws {FeatureError} When a feature is so far from those of training that nothing can be computed.
 * @throws {RangeError} When all samples of a part have weight 0, or the loss is not finite.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { madelonLike, measureModel, SparseMlp, train } from "@truly-sparse/truly-sparse";
 *
 * const data = madelonLike({ samples: 200, testSamples: 50, features: 20, seed: 1 });
 * const model = SparseMlp.create({ sizes: [20, 16, 2], epsilon: 8, seed: 1 });
 * for await (const _ of train(model, data, { epochs: 2, batchSize: 16 }));
 * assert(measureModel(model, [data.test!]).classification!.rocAuc! > 0.5);
 * ```
 */
export function measureModel(
  model: SparseMlp,
  given: readonly Split[],
  measuring: MeasureOptions = {},
): Measures {
  requireModel(model, TASK);
  const { onProgress, ...options } = onlyKnown(measuring, MEASURE_OPTIONS, TASK);
  if (onProgress !== undefined) readValue(CALLBACK, onProgress, { task: TASK, name: "onProgress" });
  const shape = {
    featureCount: model.featureCount,
    outputCount: model.settings.sizes.at(-1)!,
    task: model.settings.task,
  };
  const parts = readItems(given, { task: TASK, name: "parts" }, 2 ** 20)
    .map((part) => readSplit(part as Split, shape, TASK));
  const { standardization, settings: { task, sizes } } = model;
  if (standardization === undefined) {
    throw new TypeError("Cannot measure the model: it was never trained, so it cannot standardise features");
  }
  const samples = parts.reduce((sum, split) => sum + split.samples, 0);
  const width = sizes[sizes.length - 1];
  const outputs = new Float32Array(samples * width);
  let [first, loss, weight] = [0, 0, 0];
  try {
    for (const split of parts) {
      const evaluator = new Evaluator(model, split, standardization, options);
      const batches = evaluator.batches(outputs.subarray(first * width, (first + split.samples) * width));
      for (;;) {
        const { done, value } = batches.next();
        if (done) {
          loss += value.loss * evaluator.weight;
          weight += evaluator.weight;
          first += split.samples;
          break;
        }
        onProgress?.(first + value, samples);
      }
    }
  } catch (cause) {
    throw cause instanceof FeatureError ? cause.at({ name: model.featureNames[cause.place.feature] }) : cause;
  }
  const found = { samples, loss: loss / weight };
  if (!Number.isFinite(found.loss)) {
    throw new RangeError(
      `Cannot measure the model: its loss on these ${samples} samples is ${found.loss}; its weights are too large, ` +
        "or samples lie too far from those of training",
    );
  }
  const weights = weightsOf(parts, samples);
  if (task === "regression") {
    const targets = joined(parts.map((split) => split.targets), new Float32Array(outputs.length));
    const regression = regressionMetrics(outputs, targets, width, weights);
    return pictured({ ...found, regression }, measuresPicture);
  }
  applyTemperature(outputs, width, model.temperature);
  const labels = joined(parts.map((split) => split.labels), new Uint32Array(samples));
  const classification = classificationMetrics(outputs, labels, weights);
  return pictured({ ...found, classification }, measuresPicture);
}

/** How much each sample counts; undefined where all count alike. */
function weightsOf(parts: readonly Split[], samples: number): Float32Array | undefined {
  if (parts.every(({ weights }) => weights === undefined)) return undefined;
  const each = parts.map((split) => split.weights ?? new Float32Array(split.samples).fill(1));
  return joined(each, new Float32Array(samples));
}

/** The arrays one behind the other; the only one as it is. */
function joined<T extends Float32Array | Uint32Array>(arrays: readonly T[], into: T): T {
  if (arrays.length === 1) return arrays[0];
  let place = 0;
  for (const array of arrays) {
    into.set(array, place);
    place += array.length;
  }
  return into;
}

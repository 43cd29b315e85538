/**
 * What a data set is: samples in shared memory, their labels or targets, and what can be asked of them.
 *
 * @module
 */
import { firstUnfit } from "../finite.ts";
import { readWhole, shown } from "../hyperparameter.ts";
import { readByName } from "../value.ts";
import { readIndices } from "../numbers.ts";
import type { TableSchema } from "../schema.ts";

/** Makes the features of samples when a batch needs them, where there is no room for those of all samples. */
export interface FeatureSource {
  /**
   * Writes raw features; the same for a sample in each call, for any number of threads.
   *
   * @param order Which samples.
   * @param features Shape `[order.length, features]`.
   */
  gather(order: Uint32Array, features: Float32Array, threads: number): void;
}

/** Samples of one part of a data set, sample-major. */
export interface Split {
  /** Number of samples. */
  readonly samples: number;
  /** Shape `[samples, features]`, raw (not standardised); bytes for images; empty where there is a source. */
  readonly features: Float32Array | Uint8Array;
  /** Makes the features instead of an array that holds them. */
  readonly source?: FeatureSource;
  /** Classification: class index of each sample, shape `[samples]`; empty for regression. */
  readonly labels: Uint32Array;
  /** Regression: shape `[samples, outputs]`; empty for classification. */
  readonly targets: Float32Array;
  /**
   * How much each sample counts in the loss, shape `[samples]`: finite, 0 or more, not all 0. Only their ratios matter.
   *
   * @default 1 each
   */
  readonly weights?: Float32Array;
}

/** Size of the images a data set holds; the features of a sample are planar: `[channels, height, width]`. */
export interface ImageShape {
  /** Rows of pixels. */
  readonly height: number;
  /** Pixels in a row. */
  readonly width: number;
  /** Colours: 1 for grey, 3 for red, green and blue. */
  readonly channels: number;
}

/** Samples to learn from, and perhaps others to test with. */
export interface Dataset {
  /** What messages and saved files call it. */
  readonly name: string;
  /** Whether samples have a class, or numbers to predict. */
  readonly task: "classification" | "regression" | "multi-label";
  /** Features of each sample. */
  readonly featureCount: number;
  /** Classes (classification) or outputs (regression). */
  readonly outputCount: number;
  /** Name of each class; empty for regression. */
  readonly classNames: readonly string[];
  /** Name of each feature; empty when unknown. */
  readonly featureNames: readonly string[];
  /** Given when each sample is an image. */
  readonly image?: ImageShape;
  /** What the columns of the table are that the samples come from; a model that is trained on them keeps it. */
  readonly schema?: TableSchema;
  /** Index of the first feature, in svmlight text: what other files of its kind are to be read with. */
  readonly firstIndex?: 0 | 1;
  /** The samples to learn from. */
  readonly train: Split;
  /** The samples to choose a model with. */
  readonly validation?: Split;
  /** The samples to test with. */
  readonly test?: Split;
}

/**
 * Refuses a data set that no model could be trained on, with the first thing found wrong.
 *
 * Cost: one read of all features, labels, targets and weights.
 *
 * @throws {TypeError} When something is missing, or a length does not agree with the counts.
 * @throws {RangeError} When there is no sample, a label is past the last class, a number is not finite, or weights are
 * below 0 or all 0.
 */
export function validateDataset(dataset: Dataset): void {
  const { featureCount, outputCount, classNames, featureNames, image } = dataset;
  const because = (found: string) => `Cannot use data set "${dataset.name}": ${found}`;
  if (dataset.task !== "classification" && dataset.task !== "regression") {
    throw new TypeError(because(`its task is ${shown(dataset.task)}, expected classification or regression`));
  }
  for (const [names, what] of [[classNames, "classNames"], [featureNames, "featureNames"]] as const) {
    if (!Array.isArray(names)) {
      throw new TypeError(
        because(`its ${what} are ${shown(names)}, expected an array of texts, or an empty one`),
      );
    }
  }
  for (const [count, what] of [[featureCount, "features"], [outputCount, "outputs"]] as const) {
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new RangeError(because(`it has ${count} ${what}, at least 1 is needed`));
    }
  }
  if (dataset.task === "classification" && outputCount < 2) {
    throw new RangeError(because(`it has ${outputCount} class, at least 2 are needed`));
  }
  const classes = dataset.task === "classification" ? outputCount : 0;
  if (classNames.length !== classes) {
    throw new TypeError(because(`it has ${classes} classes and ${classNames.length} class names`));
  }
  if (featureNames.length !== 0 && featureNames.length !== featureCount) {
    throw new TypeError(because(`it has ${featureCount} features and ${featureNames.length} feature names`));
  }
  if (image !== undefined && image.channels * image.height * image.width !== featureCount) {
    const shape = `${image.channels} × ${image.height} × ${image.width}`;
    throw new TypeError(because(`images of ${shape} do not have ${featureCount} features`));
  }
  validateSplit(dataset, dataset.train, "training", because);
  if (dataset.test !== undefined) validateSplit(dataset, dataset.test, "test", because);
}

/** What the arrays of a split are. */
const ARRAYS = [
  ["features", "Float32Array or Uint8Array", [Float32Array, Uint8Array]],
  ["labels", "Uint32Array", [Uint32Array]],
  ["targets", "Float32Array", [Float32Array]],
] as const;

function validateSplit(
  dataset: Dataset,
  split: Split,
  part: string,
  because: (found: string) => string,
): void {
  if (typeof split !== "object" || split === null) {
    throw new TypeError(because(`its ${part} part is ${shown(split)}, expected samples`));
  }
  const { samples, features, labels, targets, weights } = split;
  for (const [what, array, kinds] of ARRAYS) {
    if (kinds.some((Kind) => split[what] instanceof Kind)) continue;
    throw new TypeError(
      because(`the ${what} of its ${part} part are ${shown(split[what])}, expected a ${array}`),
    );
  }
  if (weights !== undefined && !(weights instanceof Float32Array)) {
    throw new TypeError(
      because(`the weights of its ${part} part are ${shown(weights)}, expected a Float32Array`),
    );
  }
  const { featureCount, outputCount } = dataset;
  if (!Number.isSafeInteger(samples) || samples < 1) {
    throw new RangeError(because(`the ${part} part has ${samples} samples, at least 1 is needed`));
  }
  if (samples > 0xffff_ffff) {
    throw new RangeError(because(`the ${part} part has ${samples} samples, at most 4294967295 are possible`));
  }
  const lengths = dataset.task === "classification" ? [samples, 0] : [0, samples * outputCount];
  const found = [
    ["features", features.length, split.source === undefined ? samples * featureCount : 0],
    ["labels", labels.length, lengths[0]],
    ["targets", targets.length, lengths[1]],
    ["weights", weights?.length, weights && samples],
  ] as const;
  for (const [what, length, needed] of found) {
    if (length !== needed) {
      throw new TypeError(
        because(`the ${part} part has ${length} ${what}, its ${samples} samples need ${needed}`),
      );
    }
  }
  for (let sample = 0; sample < labels.length; sample++) {
    if (labels[sample] >= outputCount) {
      throw new RangeError(
        because(
          `sample ${sample} of the ${part} part has class ${labels[sample]}, the last class is ${
            outputCount - 1
          }`,
        ),
      );
    }
  }
  for (
    const [what, values, width] of [["feature", features, featureCount], [
      "target",
      targets,
      outputCount,
    ]] as const
  ) {
    if (!(values instanceof Float32Array)) continue;
    const place = firstUnfit(values);
    if (place < 0) continue;
    throw new RangeError(
      because(
        `${what} ${place % width} of sample ${Math.floor(place / width)} of the ${part} part is ` +
          `${values[place]}, a finite number is needed`,
      ),
    );
  }
  if (weights !== undefined) validateWeights(weights, part, because);
}

function validateWeights(weights: Float32Array, part: string, because: (found: string) => string): void {
  const wrong = weights.findIndex((weight) => !(weight >= 0 && weight < Infinity));
  if (wrong >= 0) {
    throw new RangeError(
      because(
        `the weight of sample ${wrong} of the ${part} part is ${
          weights[wrong]
        }, a finite number of at least 0 is needed`,
      ),
    );
  }
  if (weights.every((weight) => weight === 0)) {
    throw new RangeError(because(`all weights of the ${part} part are 0, one above 0 is needed`));
  }
}

/** More classes than any network can have outputs for. */
const MOST_CLASSES = 2 ** 28;

/**
 * Counts the samples of each class.
 *
 * @returns Shape `[classes]`; all 0 for a regression split.
 * @throws {RangeError} When a label is not below `classes`.
 * @example
 * ```ts
 * import { classCounts } from "@truly-sparse/truly-sparse";
 * const split = {
 *   samples: 3,
 *   features: new Uint8Array(3),
 *   labels: Uint32Array.of(1, 0, 1),
 *   targets: new Float32Array(0),
 * };
 * if (classCounts(split, 2).join() !== "1,2") throw new Error("wrong counts");
 * ```
 */
export function classCounts(split: Split, classes: number): Uint32Array {
  const task = "count the classes";
  const { labels } = readByName(split, ["labels"], task, "samples.");
  const counts = new Uint32Array(
    readWhole(classes, { task, name: "classes" }, { least: 0, most: MOST_CLASSES }),
  );
  for (const label of readIndices(labels, { task, name: "labels" })) {
    if (label >= classes) {
      throw new RangeError(
        `Cannot count the classes: found class ${label}, the last class is ${classes - 1}`,
      );
    }
    counts[label]++;
  }
  return counts;
}

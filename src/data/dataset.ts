/**
 * What a data set is: samples in shared memory, their labels or targets, and what can be asked of them.
 *
 * @module
 */
import type { FeatureSelection } from "../native/batch.ts";
import { shuffle } from "../native/random.ts";
import { standardize, standardizePart, STATISTICS_ROWS } from "../native/standardize.ts";
import { sharedBytes, sharedFloats, sharedWords } from "../sparse/shared.ts";

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

/** How raw features become the inputs of a network: `(x − mean) · scale`. */
export interface Standardization {
  /** Mean of each feature, shape `[features]`. */
  readonly mean: Float32Array;
  /** One over the population standard deviation of each feature, 0 for a constant one; shape `[features]`. */
  readonly scale: Float32Array;
  /** The raw features that mean and scale are of, where a compacted network leaves others out. */
  readonly selection?: FeatureSelection;
}

/** Samples to learn from, and perhaps others to test with. */
export interface Dataset {
  /** What messages and saved files call it. */
  readonly name: string;
  /** Whether samples have a class, or numbers to predict. */
  readonly task: "classification" | "regression";
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
  /** The samples to learn from. */
  readonly train: Split;
  /** The samples to test with. */
  readonly test?: Split;
}

/**
 * Refuses a data set that no model could be trained on, with the first thing found wrong.
 *
 * Cost: one read of all features, labels and targets.
 *
 * @throws {TypeError} When a length does not agree with the counts.
 * @throws {RangeError} When there is no sample, a label is past the last class, or a number is not finite.
 */
export function validateDataset(dataset: Dataset): void {
  const { featureCount, outputCount, classNames, featureNames, image } = dataset;
  const because = (found: string) => `Cannot use data set "${dataset.name}": ${found}`;
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

function validateSplit(
  dataset: Dataset,
  split: Split,
  part: string,
  because: (found: string) => string,
): void {
  const { samples, features, labels, targets } = split;
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
    const place = firstNotFinite(values);
    if (place < 0) continue;
    throw new RangeError(
      because(
        `${what} ${place % width} of sample ${Math.floor(place / width)} of the ${part} part is ` +
          `${values[place]}, a finite number is needed`,
      ),
    );
  }
}

/** Index of the first NaN or infinity, −1 when there is none. */
function firstNotFinite(values: Float32Array): number {
  for (let start = 0; start < values.length; start += 4096) {
    const end = Math.min(start + 4096, values.length);
    let zero = 0;
    for (let index = start; index < end; index++) zero += values[index] * 0;
    if (zero === 0) continue;
    for (let index = start; index < end; index++) if (!Number.isFinite(values[index])) return index;
  }
  return -1;
}

/**
 * Counts the samples of each class.
 *
 * @returns Shape `[classes]`; all 0 for a regression split.
 * @throws {RangeError} When a label is not below `classes`.
 * @example
 * ```ts
 * import { classCounts } from "./dataset.ts";
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
  const counts = new Uint32Array(classes);
  for (const label of split.labels) {
    if (label >= classes) {
      throw new RangeError(
        `Cannot count the classes: found class ${label}, the last class is ${classes - 1}`,
      );
    }
    counts[label]++;
  }
  return counts;
}

/**
 * Finds mean and scale of each feature, with which samples get zero mean and unit variance.
 *
 * Two passes with sums in f64; a feature that is constant, or constant up to the rounding of f32, has scale 0.
 * The same bits for any number of threads. Cost: two reads of the features.
 *
 * Paper: §4.1 (features standardised to zero mean and unit variance), with the statistics of the training set.
 *
 * @param features Shape `[samples, featureCount]`; not modified.
 * @param threads Most threads to use.
 * @throws {TypeError} When the array does not have `samples * featureCount` elements.
 * @throws {RangeError} When there is no sample, or a feature is not finite.
 */
export function standardization(
  features: Float32Array | Uint8Array,
  samples: number,
  featureCount: number,
  threads = 1,
): Standardization {
  const mean = sharedFloats(featureCount);
  const scale = sharedFloats(featureCount);
  standardize(features, samples, mean, scale, threads);
  return { mean, scale };
}

/** Numbers a source makes at once while statistics are found. */
const PART_NUMBERS = 1 << 23;

/**
 * As {@linkcode standardization}, of a split whose features may come from a source: the same bits then, from two
 * passes over features made a part at a time.
 *
 * @param onProgress Called between parts, with samples done and to do; each counts twice.
 */
export function standardizationOf(
  split: Split,
  featureCount: number,
  threads = 1,
  onProgress?: (done: number, total: number) => void,
): Standardization {
  const { samples, features, source } = split;
  if (source === undefined) return standardization(features, samples, featureCount, threads);
  const [mean, scale] = [sharedFloats(featureCount), sharedFloats(featureCount)];
  const state = new Float64Array(STATISTICS_ROWS * featureCount);
  const size = Math.min(samples, Math.max(1, Math.floor(PART_NUMBERS / featureCount)));
  const made = sharedFloats(size * featureCount);
  for (const squares of [false, true]) {
    for (let first = 0; first < samples; first += size) {
      const order = Uint32Array.from({ length: Math.min(size, samples - first) }, (_, row) => first + row);
      const part = made.subarray(0, order.length * featureCount);
      source.gather(order, part, threads);
      standardizePart(part, { first, samples, squares }, state, mean, scale, threads);
      onProgress?.((squares ? samples : 0) + first + order.length, 2 * samples);
    }
  }
  return { mean, scale };
}

/** The two parts {@linkcode splitValidation} makes of the training samples. */
export interface ValidationSplit {
  /** The samples to learn from. */
  readonly train: Split;
  /** The samples to choose a model with. */
  readonly validation: Split;
}

/** An epoch no training reaches, so that the draw is apart from the order of any epoch. */
const VALIDATION_DRAW = 0xffff_ffff;

/**
 * Sets a random part of the training samples aside to choose a model with.
 *
 * Each class gives its share (within one sample), and keeps at least one sample in training. Samples stay in
 * their order. Both parts are copies; a function of the data set, the fraction and the seed alone.
 *
 * @param fraction Share of the samples to set aside, above 0 and below 1.
 * @throws {RangeError} When the fraction is out of range, or one of the parts would be empty.
 */
export function splitValidation(dataset: Dataset, fraction: number, seed: number): ValidationSplit {
  const { train, featureCount, outputCount } = dataset;
  const { quota, size } = validationQuota(dataset, fraction);
  const chosen = chooseValidation(train, quota, seed);
  const outputs = dataset.task === "regression" ? outputCount : 0;
  return {
    train: gather(train, chosen, 0, train.samples - size, featureCount, outputs),
    validation: gather(train, chosen, 1, size, featureCount, outputs),
  };
}

/**
 * How many samples {@linkcode splitValidation} would leave to learn from; all with a fraction of 0.
 *
 * @throws {RangeError} As `splitValidation`.
 */
export function trainingSamples(dataset: Dataset, fraction: number): number {
  return dataset.train.samples - (fraction === 0 ? 0 : validationQuota(dataset, fraction).size);
}

/** How many samples of each class to set aside, and of all: neither none nor all. */
function validationQuota(dataset: Dataset, fraction: number): { quota: Float64Array; size: number } {
  const { train, outputCount } = dataset;
  if (!(fraction > 0 && fraction < 1)) {
    throw new RangeError(
      `Cannot set validation samples aside: the fraction is ${fraction}, expected a value between 0 and 1`,
    );
  }
  const counts = new Float64Array(dataset.task === "classification" ? outputCount : 1);
  for (let sample = 0; sample < train.samples; sample++) counts[classOf(train, sample)]++;
  const quota = Float64Array.from(
    counts,
    (count) => Math.min(Math.floor(count * fraction), Math.max(count - 1, 0)),
  );
  // Largest remainders get what rounding down has left over.
  let left = Math.round(train.samples * fraction) - quota.reduce((sum, value) => sum + value, 0);
  const byRemainder = Array.from(counts.keys()).sort((a, b) =>
    (counts[b] * fraction - quota[b]) - (counts[a] * fraction - quota[a]) || a - b
  );
  for (const index of byRemainder) {
    if (left > 0 && quota[index] < counts[index] - 1) {
      quota[index]++;
      left--;
    }
  }
  const size = quota.reduce((sum, count) => sum + count, 0);
  if (size === 0 || size === train.samples) {
    throw new RangeError(
      `Cannot set validation samples aside: a fraction of ${fraction} of ${train.samples} samples leaves ` +
        `${train.samples - size} to train and ${size} to validate, both need at least 1`,
    );
  }
  return { quota, size };
}

/** The class of a sample; 0 for regression. */
function classOf(split: Split, sample: number): number {
  return split.labels.length === 0 ? 0 : split.labels[sample];
}

/** Marks the samples to set aside with 1: of each class as many as the quota, which is used up. */
function chooseValidation(train: Split, quota: Float64Array, seed: number): Uint8Array {
  const order = new Uint32Array(train.samples);
  shuffle(order, seed, VALIDATION_DRAW);
  const chosen = new Uint8Array(train.samples);
  for (const sample of order) {
    if (quota[classOf(train, sample)] > 0) {
      quota[classOf(train, sample)]--;
      chosen[sample] = 1;
    }
  }
  return chosen;
}

/** The samples whose flag is `part`: copies of them, or a source that knows them by their place. */
function gather(
  from: Split,
  flags: Uint8Array,
  part: number,
  samples: number,
  featureCount: number,
  outputs: number,
): Split {
  const { source } = from;
  const kept = source === undefined ? samples * featureCount : 0;
  const features = from.features instanceof Uint8Array ? sharedBytes(kept) : sharedFloats(kept);
  const labels = sharedWords(from.labels.length === 0 ? 0 : samples);
  const targets = sharedFloats(samples * outputs);
  const chosen = sharedWords(source === undefined ? 0 : samples);
  let next = 0;
  for (let sample = 0; sample < from.samples; sample++) {
    if (flags[sample] !== part) continue;
    if (source === undefined) {
      const row = from.features.subarray(sample * featureCount, (sample + 1) * featureCount);
      features.set(row, next * featureCount);
    } else chosen[next] = sample;
    if (labels.length > 0) labels[next] = from.labels[sample];
    targets.set(from.targets.subarray(sample * outputs, (sample + 1) * outputs), next * outputs);
    next++;
  }
  const split = { samples, features, labels, targets };
  if (source === undefined) return split;
  const gather: FeatureSource["gather"] = (order, made, threads) =>
    source.gather(order.map((place) => chosen[place]), made, threads);
  return { ...split, source: { gather } };
}

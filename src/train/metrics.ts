/**
 * What predictions are worth: measures of probabilities against classes, and of numbers against targets.
 *
 * Sums are taken in f64. A measure that samples do not define (an area under a curve with one class alone, R² of a
 * constant target) is undefined, never NaN.
 *
 * @module
 */

import { firstUnfit } from "../finite.ts";
import { type Place, readWhole } from "../hyperparameter.ts";
import { readFloats, readIndices } from "../numbers.ts";

const TASK = "measure";

/** Bins of the expected calibration error. */
const CALIBRATION_BINS = 15;

/** The least positive f32: what a probability of 0 counts as in the log loss. */
const LEAST_PROBABILITY = 2 ** -149;

/** Measures of a classification. All but the losses are fractions. */
export interface ClassificationMetrics {
  /** Fraction of the samples whose most probable class is right; the first of equal ones counts. */
  readonly accuracy: number;
  /** Mean over the classes that occur of the fraction of their samples that is right. */
  readonly balancedAccuracy: number;
  /** Mean F1 over the classes that occur or were predicted. */
  readonly macroF1: number;
  /**
   * Area under the ROC curve: the chance that a sample of the second class has a higher probability of it than one of
   * the first, ties counting half. For more than two classes the mean of each against the rest. Undefined where a
   * class has no sample.
   */
  readonly rocAuc?: number;
  /** Mean −ln of the probability of the right class, where 0 counts as 2⁻¹⁴⁹. */
  readonly logLoss: number;
  /** Mean squared error of the probabilities, summed over the classes; for two classes that of one of them. */
  readonly brierScore: number;
  /** Mean distance of confidence and accuracy over 15 bins of confidence, each counting as its samples. */
  readonly expectedCalibrationError: number;
  /** Samples (or their weights) of each class, `[true class][predicted class]`. */
  readonly confusion: readonly (readonly number[])[];
}

/** Measures of a regression, in the unit of the targets. */
export interface RegressionMetrics {
  /** Root of the mean squared error, over all targets. */
  readonly rmse: number;
  /** Mean absolute error, over all targets. */
  readonly mae: number;
  /** 1 − squared error / squared deviation from the mean; the mean over the targets. Undefined where one is constant. */
  readonly r2?: number;
  /** The same of each target, where there are several. */
  readonly targets?: readonly Omit<RegressionMetrics, "targets">[];
}

/**
 * Measures probabilities against the right classes.
 *
 * Cost: O(samples · classes), and one sort of the samples a class for the area under the curve.
 *
 * @param probabilities Shape `[samples, classes]`; not modified.
 * @param labels Class of each sample, shape `[samples]`.
 * @param weights How much each sample counts, ≥ 0 with a sum above 0; all alike without them.
 * @throws {TypeError} When the lengths do not fit each other, or there is no sample.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { classificationMetrics } from "@truly-sparse/truly-sparse";
 *
 * const { accuracy, rocAuc, confusion } = classificationMetrics(
 *   Float32Array.of(0.75, 0.25, 0.25, 0.75, 0.625, 0.375),
 *   Uint32Array.of(0, 1, 1),
 * );
 * assertEquals([accuracy, rocAuc, confusion], [2 / 3, 1, [[1, 0], [1, 1]]]);
 * ```
 */
export function classificationMetrics(
  probabilities: Float32Array,
  labels: Uint32Array,
  weights?: ArrayLike<number>,
): ClassificationMetrics {
  const of = (name: string) => ({ task: TASK, name });
  probabilities = readFloats(probabilities, of("probabilities"));
  labels = readIndices(labels, of("labels"));
  const samples = labels.length;
  const counted = weights === undefined ? undefined : readSampleWeights(weights, of("weights"));
  const classes = widthOf(probabilities, samples, counted);
  requireFractions(probabilities, of("probabilities"));
  const weight = weightOf(counted);
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const bins = Array.from({ length: CALIBRATION_BINS }, () => ({ confidence: 0, right: 0 }));
  let [total, right, logLoss, squares] = [0, 0, 0, 0];
  for (let sample = 0; sample < samples; sample++) {
    const row = sample * classes;
    const [label, counts] = [labels[sample], weight(sample)];
    if (label >= classes) {
      throw new TypeError(`Cannot measure: sample ${sample} has class ${label} of ${classes}`);
    }
    let best = 0;
    let square = 0;
    for (let index = 0; index < classes; index++) {
      const probability = probabilities[row + index];
      if (probability > probabilities[row + best]) best = index;
      square += (probability - Number(index === label)) ** 2;
    }
    const confidence = probabilities[row + best];
    total += counts;
    right += best === label ? counts : 0;
    confusion[label][best] += counts;
    logLoss -= counts * Math.log(Math.max(probabilities[row + label], LEAST_PROBABILITY));
    squares += counts * square;
    const bin = bins[Math.min(CALIBRATION_BINS, Math.max(1, Math.ceil(confidence * CALIBRATION_BINS))) - 1];
    bin.confidence += counts * confidence;
    bin.right += best === label ? counts : 0;
  }
  const rocAuc = areaUnderCurve(probabilities, labels, classes, weight);
  const apart = bins.reduce((sum, bin) => sum + Math.abs(bin.confidence - bin.right), 0);
  return {
    accuracy: right / total,
    ...ofConfusion(confusion),
    ...(rocAuc !== undefined && { rocAuc }),
    logLoss: logLoss / total,
    brierScore: squares / total / (classes === 2 ? 2 : 1),
    expectedCalibrationError: apart / total,
    confusion,
  };
}

/** Balanced accuracy and macro F1; classes that neither occur nor were predicted do not count. */
function ofConfusion(
  confusion: readonly (readonly number[])[],
): Pick<ClassificationMetrics, "balancedAccuracy" | "macroF1"> {
  const recalls: number[] = [];
  const scores: number[] = [];
  for (const [index, row] of confusion.entries()) {
    const occurred = row.reduce((sum, count) => sum + count, 0);
    const predicted = confusion.reduce((sum, other) => sum + other[index], 0);
    if (occurred > 0) recalls.push(row[index] / occurred);
    if (occurred + predicted > 0) scores.push(2 * row[index] / (occurred + predicted));
  }
  return { balancedAccuracy: mean(recalls), macroF1: mean(scores) };
}

/** The area of the second class against the first, or the mean of each class against the rest. */
function areaUnderCurve(
  probabilities: Float32Array,
  labels: Uint32Array,
  classes: number,
  weight: (sample: number) => number,
): number | undefined {
  const order = new Uint32Array(labels.length);
  const scores = new Float32Array(labels.length);
  const areas: number[] = [];
  for (let index = classes === 2 ? 1 : 0; index < classes; index++) {
    for (let sample = 0; sample < scores.length; sample++) {
      order[sample] = sample;
      scores[sample] = probabilities[sample * classes + index];
    }
    order.sort((one, other) => scores[one] - scores[other]);
    let [below, positives, pairs] = [0, 0, 0];
    for (let first = 0, end = 0; first < order.length; first = end) {
      let [tiedPositives, tiedNegatives] = [0, 0];
      while (end < order.length && scores[order[end]] === scores[order[first]]) {
        const counts = weight(order[end]);
        if (labels[order[end++]] === index) tiedPositives += counts;
        else tiedNegatives += counts;
      }
      pairs += tiedPositives * (below + tiedNegatives / 2);
      positives += tiedPositives;
      below += tiedNegatives;
    }
    if (positives === 0 || below === 0) return undefined;
    areas.push(pairs / positives / below);
  }
  return mean(areas);
}

/**
 * Measures predicted numbers against targets, both in the targets' own unit.
 *
 * Cost: O(samples · outputs).
 *
 * @param values Shape `[samples, outputs]`; not modified.
 * @param targets Of the same shape.
 * @param outputs Numbers to predict of a sample.
 * @param weights How much each sample counts, ≥ 0 with a sum above 0; all alike without them.
 * @throws {TypeError} When the lengths do not fit each other, or there is no sample.
 */
export function regressionMetrics(
  values: Float32Array,
  targets: Float32Array,
  outputs: number,
  weights?: ArrayLike<number>,
): RegressionMetrics {
  const of = (name: string) => ({ task: TASK, name });
  values = readFloats(values, of("values"));
  targets = readFloats(targets, of("targets"));
  readWhole(outputs, of("outputs"), { least: 1 });
  const samples = targets.length / outputs;
  const counted = weights === undefined ? undefined : readSampleWeights(weights, of("weights"));
  widthOf(values, samples, counted);
  requireFinite(values, of("values"));
  requireFinite(targets, of("targets"));
  if (values.length !== targets.length) {
    throw new TypeError(`Cannot measure: there are ${values.length} values for ${targets.length} targets`);
  }
  const weight = weightOf(counted);
  let total = 0;
  for (let sample = 0; sample < samples; sample++) total += weight(sample);
  const found = Array.from({ length: outputs }, (_, output) => {
    let [absolute, squares, sum, deviation] = [0, 0, 0, 0];
    // Differences from the first one: of a constant target all are exactly 0.
    const apart = (place: number) => targets[place] - targets[output];
    for (let sample = 0; sample < samples; sample++) {
      const place = sample * outputs + output;
      const error = values[place] - targets[place];
      absolute += weight(sample) * Math.abs(error);
      squares += weight(sample) * error * error;
      sum += weight(sample) * apart(place);
    }
    for (let sample = 0; sample < samples; sample++) {
      deviation += weight(sample) * (apart(sample * outputs + output) - sum / total) ** 2;
    }
    const rmse = Math.sqrt(squares / total);
    return { rmse, mae: absolute / total, ...(deviation > 0 && { r2: 1 - squares / deviation }) };
  });
  if (outputs === 1) return found[0];
  const determined = found.map(({ r2 }) => r2).filter((r2) => r2 !== undefined);
  return {
    rmse: Math.sqrt(mean(found.map(({ rmse }) => rmse ** 2))),
    mae: mean(found.map(({ mae }) => mae)),
    ...(determined.length === outputs && { r2: mean(determined) }),
    targets: found,
  };
}

/**
 * How much each sample counts: finite numbers of at least 0, one above 0.
 *
 * @param samples How many there must be.
 */
export function readSampleWeights(weights: ArrayLike<number>, place: Place, samples?: number): Float32Array {
  const read = readFloats(weights, place, samples);
  const wrong = firstUnfit(read, 0);
  if (wrong >= 0 || read.every((weight) => weight === 0)) {
    throw new RangeError(
      `Cannot ${place.task}: ` +
        (wrong >= 0 ? `weight ${wrong} is ${read[wrong]}` : "all weights are 0") +
        ", finite numbers of at least 0 are needed, one of them above 0",
    );
  }
  return read;
}

/** Refuses probabilities that are none; rounding may put one a little above 1. */
export function requireFractions(probabilities: Float32Array, { task, name }: Place): void {
  const wrong = probabilities.findIndex((probability) => !(probability >= 0 && probability <= 1.001));
  if (wrong < 0) return;
  throw new RangeError(
    `Cannot ${task}: number ${wrong} of ${name} is ${probabilities[wrong]}, expected a value from 0 to 1`,
  );
}

function requireFinite(values: Float32Array, { task, name }: Place): void {
  const wrong = firstUnfit(values);
  if (wrong < 0) return;
  throw new RangeError(
    `Cannot ${task}: number ${wrong} of ${name} is ${values[wrong]}, a finite one is needed`,
  );
}

/** Numbers a sample, where all lengths fit. */
function widthOf(values: Float32Array, samples: number, weights: ArrayLike<number> | undefined): number {
  const width = values.length / samples;
  const fits = samples > 0 && Number.isInteger(width) && width > 0;
  if (fits && (weights === undefined || weights.length === samples)) return width;
  const weighed = weights === undefined ? "" : ` and ${weights.length} weights`;
  throw new TypeError(`Cannot measure: there are ${values.length} values${weighed} for ${samples} samples`);
}

function weightOf(weights: ArrayLike<number> | undefined): (sample: number) => number {
  return weights === undefined ? () => 1 : (sample) => weights[sample];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

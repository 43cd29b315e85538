/**
 * What predictions are worth: measures of probabilities against classes, and of numbers against targets.
 *
 * Sums are taken in f64. A measure that samples do not define (an area under a curve with one class alone, R² of a
 * constant target) is undefined, never NaN.
 *
 * @module
 */
import type { Matrix, Numbers } from "../numbers.ts";
import { atOnce, inRanges, type Pieces } from "../pieces.ts";
import {
  type ClassifiedSamples,
  LEAST_PROBABILITY,
  mean,
  type MeasuredSamples,
  readClassified,
  readMeasured,
  refuseUnfit,
  totalWeight,
} from "./measured_samples.ts";
import { rankingPieces, rankingWork } from "./ranking.ts";

/** Bins of the expected calibration error. */
const CALIBRATION_BINS = 15;

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
 * @param probabilities Shape `[samples, classes]`, at least two classes; not modified.
 * @param labels Class of each sample, shape `[samples]`.
 * @param weights How much each sample counts, ≥ 0 with a sum above 0; all alike without them.
 * @throws {TypeError} When the lengths do not fit each other, there is no sample, or a class is past the last.
 * @throws {RangeError} When a probability is not finite or not from 0 to 1, or a class or a weight is out of range.
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
  probabilities: Matrix,
  labels: Numbers,
  weights?: Numbers,
): ClassificationMetrics {
  return atOnce(classificationPieces(readClassified(probabilities, labels, weights, "measure")));
}

/**
 * As {@linkcode classificationMetrics}, in pieces, of samples that are checked.
 *
 * @param ranked Whether the area under the curve is asked for, which takes a sort.
 * @throws {RangeError} When a probability is not finite.
 */
export function* classificationPieces(
  read: ClassifiedSamples,
  ranked = true,
): Pieces<ClassificationMetrics> {
  const { outputs, classOf, samples, width: classes, weight } = read;
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const bins = Array.from({ length: CALIBRATION_BINS }, () => ({ confidence: 0, right: 0 }));
  const sums = { total: 0, right: 0, logLoss: 0, squares: 0 };
  yield* inRanges(samples, (first, end) => {
    let { total, right, logLoss, squares } = sums;
    for (let sample = first; sample < end; sample++) {
      const row = sample * classes;
      const [label, counts] = [classOf[sample], weight(sample)];
      let best = 0;
      let square = 0;
      for (let index = 0; index < classes; index++) {
        const probability = outputs[row + index];
        if (probability > outputs[row + best]) best = index;
        square += (probability - Number(index === label)) ** 2;
      }
      const confidence = outputs[row + best];
      total += counts;
      right += best === label ? counts : 0;
      confusion[label][best] += counts;
      logLoss -= counts * Math.log(Math.max(outputs[row + label], LEAST_PROBABILITY));
      squares += counts * square;
      const bin = bins[Math.min(CALIBRATION_BINS, Math.max(1, Math.ceil(confidence * CALIBRATION_BINS))) - 1];
      bin.confidence += counts * confidence;
      bin.right += best === label ? counts : 0;
    }
    Object.assign(sums, { total, right, logLoss, squares });
  }, classes);
  const { total, right, logLoss, squares } = sums;
  if (!Number.isFinite(squares)) refuseUnfit(outputs, { task: "measure", name: "outputs" });
  const rocAuc = ranked ? yield* areaUnderCurve(read) : undefined;
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
function* areaUnderCurve(
  { outputs, samples, width, weight, classOf }: ClassifiedSamples,
): Pieces<number | undefined> {
  const work = rankingWork(samples);
  const areas: number[] = [];
  for (let index = width === 2 ? 1 : 0; index < width; index++) {
    yield* inRanges(samples, (first, end) => {
      for (let sample = first; sample < end; sample++) work.scores[sample] = outputs[sample * width + index];
    });
    const { rocAuc } = yield* rankingPieces(work, (sample) => classOf[sample] === index, weight);
    if (rocAuc === undefined) return undefined;
    areas.push(rocAuc);
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
 * @throws {RangeError} When a number is not finite, or a weight is out of range.
 */
export function regressionMetrics(
  values: Matrix,
  targets: Matrix,
  outputs: number,
  weights?: Numbers,
): RegressionMetrics {
  return atOnce(regressionPieces(readMeasured(values, targets, outputs, weights, "values")));
}

/**
 * As {@linkcode regressionMetrics}, in pieces, of samples that are checked.
 *
 * @throws {RangeError} When a value is not finite.
 */
export function* regressionPieces(measured: MeasuredSamples): Pieces<RegressionMetrics> {
  const outputs = measured.width;
  const total = yield* totalWeight(measured);
  const each: RegressionMetrics[] = [];
  for (let output = 0; output < outputs; output++) each.push(yield* targetPieces(measured, output, total));
  if (outputs === 1) return each[0];
  const determined = each.map(({ r2 }) => r2).filter((r2) => r2 !== undefined);
  return {
    rmse: Math.sqrt(mean(each.map(({ rmse }) => rmse ** 2))),
    mae: mean(each.map(({ mae }) => mae)),
    ...(determined.length === outputs && { r2: mean(determined) }),
    targets: each,
  };
}

/** The measures of one target. */
function* targetPieces(
  { outputs: found, targets: known, samples, width, weight }: MeasuredSamples,
  output: number,
  total: number,
): Pieces<RegressionMetrics> {
  const sums = { absolute: 0, squares: 0, sum: 0, deviation: 0 };
  // Differences from the first one: of a constant target all are exactly 0.
  const apart = (place: number) => known[place] - known[output];
  yield* inRanges(samples, (first, end) => {
    let { absolute, squares, sum } = sums;
    for (let sample = first; sample < end; sample++) {
      const place = sample * width + output;
      const error = found[place] - known[place];
      absolute += weight(sample) * Math.abs(error);
      squares += weight(sample) * error * error;
      sum += weight(sample) * apart(place);
    }
    Object.assign(sums, { absolute, squares, sum });
  });
  const mean = sums.sum / total;
  yield* inRanges(samples, (first, end) => {
    let { deviation } = sums;
    for (let sample = first; sample < end; sample++) {
      deviation += weight(sample) * (apart(sample * width + output) - mean) ** 2;
    }
    sums.deviation = deviation;
  });
  const { absolute, squares, deviation } = sums;
  if (!Number.isFinite(squares)) refuseUnfit(found, { task: "measure", name: "outputs" });
  const rmse = Math.sqrt(squares / total);
  return { rmse, mae: absolute / total, ...(deviation > 0 && { r2: 1 - squares / deviation }) };
}

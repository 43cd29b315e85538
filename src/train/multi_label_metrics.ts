/**
 * What predictions of several labels are worth, each of which applies to a sample or does not.
 *
 * Sums are taken in f64. A measure that samples do not define is undefined, never NaN.
 *
 * @module
 */
import type { Matrix, Numbers } from "../numbers.ts";
import { atOnce, inRanges, type Pieces } from "../pieces.ts";
import {
  LEAST_PROBABILITY,
  mean,
  type MeasuredSamples,
  readMeasured,
  refuseUnfit,
  totalWeight,
} from "./measured_samples.ts";
import { type RankingMetrics, rankingPieces, rankingWork } from "./ranking.ts";

/** Measures of one label. */
export interface LabelMetrics extends RankingMetrics {
  /**
   * Of the samples it was predicted for, the fraction it applies to; 0 where it was predicted for none, but applies to
   * some. Undefined where it neither applies nor was predicted.
   */
  readonly precision?: number;
  /** Of the samples it applies to, the fraction it was predicted for; 0 where it applies to none, but was predicted. */
  readonly recall?: number;
  /** Harmonic mean of precision and recall. */
  readonly f1?: number;
  /** Mean −ln of the probability of what is the case, where 0 counts as 2⁻¹⁴⁹. */
  readonly logLoss: number;
  /** Samples (or their weights), `[does not apply, applies][not predicted, predicted]`. */
  readonly confusion: readonly (readonly number[])[];
}

/** Measures of a classification with several labels; a label is predicted where its probability is above ½. */
export interface MultiLabelMetrics {
  /** Subset accuracy: fraction of the samples all of whose labels are right. */
  readonly accuracy: number;
  /** Fraction of all labels of all samples that are wrong. */
  readonly hammingLoss: number;
  /** F1 of all labels counted together; undefined where none applies to a sample or was predicted for one. */
  readonly microF1?: number;
  /** Precision of all labels counted together. */
  readonly microPrecision?: number;
  /** Recall of all labels counted together. */
  readonly microRecall?: number;
  /** Mean F1 over the labels that apply to a sample or were predicted for one. */
  readonly macroF1?: number;
  /** Mean precision over the same labels. */
  readonly macroPrecision?: number;
  /** Mean recall over the same labels. */
  readonly macroRecall?: number;
  /** Mean area under the ROC curve over the labels; undefined where one applies to all samples or to none. */
  readonly rocAuc?: number;
  /** Mean over the labels of the average precision; undefined where a label applies to no sample. */
  readonly meanAveragePrecision?: number;
  /** Mean over samples and labels of −ln of the probability of what is the case, where 0 counts as 2⁻¹⁴⁹. */
  readonly logLoss: number;
  /** The same of each label. */
  readonly labels: readonly LabelMetrics[];
}

/**
 * Measures probabilities of labels against the labels that apply.
 *
 * Cost: O(samples · labels), and one sort of the samples a label.
 *
 * @param probabilities Shape `[samples, labels]`; not modified.
 * @param targets 1 where a label applies to a sample, 0 where it does not; of the same shape.
 * @param labels How many labels there are.
 * @param weights How much each sample counts, ≥ 0 with a sum above 0; all alike without them.
 * @throws {TypeError} When the lengths do not fit each other, or there is no sample.
 * @throws {RangeError} When a target is neither 0 nor 1, a probability is not finite or not from 0 to 1, or a weight
 * is out of range.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { multiLabelMetrics } from "@truly-sparse/truly-sparse";
 *
 * const { accuracy, hammingLoss, macroF1 } = multiLabelMetrics(
 *   [[0.9, 0.2], [0.6, 0.7]],
 *   [[1, 0], [0, 1]],
 *   2,
 * );
 * assertEquals([accuracy, hammingLoss, macroF1], [1 / 2, 1 / 4, (2 / 3 + 1) / 2]);
 * ```
 */
export function multiLabelMetrics(
  probabilities: Matrix,
  targets: Matrix,
  labels: number,
  weights?: Numbers,
): MultiLabelMetrics {
  const read = readMeasured(probabilities, targets, labels, weights, "probabilities");
  const place = read.targets.findIndex((target) => target !== 0 && target !== 1);
  if (place >= 0) {
    throw new RangeError(
      `Cannot measure: target ${place % labels} of sample ${Math.floor(place / labels)} is ${
        read.targets[place]
      }, expected 0 or 1`,
    );
  }
  return atOnce(multiLabelPieces(read));
}

/**
 * As {@linkcode multiLabelMetrics}, in pieces, of samples that are checked.
 *
 * @param ranked Whether the measures of rankings are asked for, which take a sort a label.
 * @throws {RangeError} When a probability is not finite.
 */
export function* multiLabelPieces(read: MeasuredSamples, ranked = true): Pieces<MultiLabelMetrics> {
  const { outputs, targets, samples, width: labels, weight } = read;
  const total = yield* totalWeight(read);
  let right = 0;
  yield* inRanges(samples, (first, end) => {
    for (let sample = first; sample < end; sample++) {
      let all = true;
      for (let at = sample * labels; at < (sample + 1) * labels && all; at++) {
        all = predicted(outputs[at]) === (targets[at] === 1);
      }
      right += all ? weight(sample) : 0;
    }
  }, labels);
  const found = yield* labelPieces(read, total, ranked);
  const counts = found.map(({ confusion }) => confusion);
  const sum = (row: number, column: number) =>
    counts.reduce((so, confusion) => so + confusion[row][column], 0);
  const known = found.filter(({ f1 }) => f1 !== undefined);
  const rank = (name: keyof RankingMetrics) => {
    const values = found.map((label) => label[name]).filter((value) => value !== undefined);
    return values.length === labels ? mean(values) : undefined;
  };
  const [rocAuc, meanAveragePrecision] = [rank("rocAuc"), rank("averagePrecision")];
  const { f1, precision, recall } = ofCounts(sum(1, 1), sum(0, 1), sum(1, 0));
  return {
    accuracy: right / total,
    hammingLoss: (sum(0, 1) + sum(1, 0)) / total / labels,
    ...(f1 !== undefined && {
      ...{ microF1: f1, microPrecision: precision!, microRecall: recall! },
      macroF1: mean(known.map((label) => label.f1!)),
      macroPrecision: mean(known.map((label) => label.precision!)),
      macroRecall: mean(known.map((label) => label.recall!)),
    }),
    ...(rocAuc !== undefined && { rocAuc }),
    ...(meanAveragePrecision !== undefined && { meanAveragePrecision }),
    logLoss: mean(found.map(({ logLoss }) => logLoss)),
    labels: found,
  };
}

/** Whether a label is predicted, by its probability. */
function predicted(probability: number): boolean {
  return probability > 0.5;
}

/** The measures of each label. */
function* labelPieces(
  { outputs, targets, width, samples, weight }: MeasuredSamples,
  total: number,
  ranked: boolean,
): Pieces<LabelMetrics[]> {
  const work = rankingWork(ranked ? samples : 0);
  const found: LabelMetrics[] = [];
  for (let label = 0; label < width; label++) {
    const confusion = [[0, 0], [0, 0]];
    const applies = (sample: number) => targets[sample * width + label] === 1;
    let logLoss = 0;
    yield* inRanges(samples, (first, end) => {
      for (let sample = first; sample < end; sample++) {
        const probability = outputs[sample * width + label];
        if (ranked) work.scores[sample] = probability;
        confusion[Number(applies(sample))][Number(predicted(probability))] += weight(sample);
        const ofWhatIs = applies(sample) ? probability : 1 - probability;
        logLoss -= weight(sample) * Math.log(Math.max(ofWhatIs, LEAST_PROBABILITY));
      }
    });
    if (!Number.isFinite(logLoss)) refuseUnfit(outputs, { task: "measure", name: "outputs" });
    const ranking = ranked ? yield* rankingPieces(work, applies, weight) : {};
    const counted = ofCounts(confusion[1][1], confusion[0][1], confusion[1][0]);
    found.push({ ...counted, ...ranking, logLoss: logLoss / total, confusion });
  }
  return found;
}

/** Precision, recall and F1 of those found, those wrongly taken and those missed; nothing where there are none. */
function ofCounts(
  found: number,
  wrong: number,
  missed: number,
): Pick<LabelMetrics, "precision" | "recall" | "f1"> {
  if (found + wrong + missed === 0) return {};
  return {
    precision: found + wrong > 0 ? found / (found + wrong) : 0,
    recall: found + missed > 0 ? found / (found + missed) : 0,
    f1: 2 * found / (2 * found + wrong + missed),
  };
}

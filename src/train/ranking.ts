/**
 * How well scores put those that are meant above the others, whatever threshold one would choose.
 *
 * @module
 */

/** What an order of scores is worth; a measure that samples do not define is absent. */
export interface RankingMetrics {
  /**
   * Area under the ROC curve: the chance that a positive sample scores higher than a negative one, ties counting half.
   * Undefined without samples of both kinds.
   */
  readonly rocAuc?: number;
  /**
   * Mean precision over the positive samples: of those that score at least as high as it, the fraction that is positive.
   * Undefined without a positive sample.
   */
  readonly averagePrecision?: number;
}

/** Memory for {@linkcode rankingMetrics} of so many samples, to be used again and again. */
export interface RankingWork {
  /** Score of each sample; written by the caller. */
  readonly scores: Float32Array;
  /** Samples by their score. */
  readonly order: Uint32Array;
}

/** Allocates the memory of rankings of so many samples. */
export function rankingWork(samples: number): RankingWork {
  return { scores: new Float32Array(samples), order: new Uint32Array(samples) };
}

/**
 * Measures the scores of samples.
 *
 * Cost: one sort of the samples; nothing allocated. Sums are taken in f64.
 *
 * @param isPositive Whether a sample is one that should score high.
 * @param weight How much a sample counts.
 */
export function rankingMetrics(
  { scores, order }: RankingWork,
  isPositive: (sample: number) => boolean,
  weight: (sample: number) => number,
): RankingMetrics {
  let [positives, negatives] = [0, 0];
  for (let sample = 0; sample < order.length; sample++) {
    order[sample] = sample;
    if (isPositive(sample)) positives += weight(sample);
    else negatives += weight(sample);
  }
  order.sort((one, other) => scores[one] - scores[other]);
  let [pairs, precision, positivesBelow, negativesBelow] = [0, 0, 0, 0];
  for (let first = 0, end = 0; first < order.length; first = end) {
    let [tiedPositives, tiedNegatives] = [0, 0];
    while (end < order.length && scores[order[end]] === scores[order[first]]) {
      const sample = order[end++];
      if (isPositive(sample)) tiedPositives += weight(sample);
      else tiedNegatives += weight(sample);
    }
    pairs += tiedPositives * (negativesBelow + tiedNegatives / 2);
    if (tiedPositives > 0) {
      const above = positives - positivesBelow;
      precision += tiedPositives * above / (above + negatives - negativesBelow);
    }
    positivesBelow += tiedPositives;
    negativesBelow += tiedNegatives;
  }
  return {
    ...(positives > 0 && negatives > 0 && { rocAuc: pairs / positives / negatives }),
    ...(positives > 0 && { averagePrecision: precision / positives }),
  };
}

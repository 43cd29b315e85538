/**
 * How well scores put those that are meant above the others, whatever threshold one would choose.
 *
 * @module
 */
import { inRanges, type Pieces } from "../pieces.ts";

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

/** Memory for {@linkcode rankingPieces} of so many samples, to be used again and again. */
export interface RankingWork {
  /** Score of each sample; written by the caller, and overwritten. */
  readonly scores: Float32Array;
  /** The same memory: the scores as whole numbers of the same order. */
  readonly keys: Uint32Array;
  /** Samples by their score. */
  readonly order: Uint32Array;
  /** Samples half sorted. */
  readonly spare: Uint32Array;
  /** How many keys have each value of each digit, then where the next of them goes; `[PASSES][DIGITS]`. */
  readonly places: Uint32Array;
}

/** Bits that a pass sorts by. */
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const PASSES = Math.ceil(32 / DIGIT_BITS);

/** Allocates the memory of rankings of so many samples. */
export function rankingWork(samples: number): RankingWork {
  const scores = new Float32Array(samples);
  return {
    scores,
    keys: new Uint32Array(scores.buffer),
    order: new Uint32Array(samples),
    spare: new Uint32Array(samples),
    places: new Uint32Array(PASSES * DIGITS),
  };
}

/**
 * Measures the scores of samples, in pieces.
 *
 * Cost: O(samples), in three passes of a sort by digits; no array is allocated. Sums are taken in f64, in the order of the
 * scores, and of the samples where scores are equal.
 *
 * @param work Scores that are no NaN; they are overwritten.
 * @param isPositive Whether a sample is one that should score high.
 * @param weight How much a sample counts.
 */
export function* rankingPieces(
  work: RankingWork,
  isPositive: (sample: number) => boolean,
  weight: (sample: number) => number,
): Pieces<RankingMetrics> {
  const sums: RankingSums = {
    ...{ positives: 0, negatives: 0, pairs: 0, precision: 0 },
    ...{ positivesBelow: 0, negativesBelow: 0, tiedPositives: 0, tiedNegatives: 0 },
  };
  const { keys, order } = work;
  yield* inRanges(order.length, (first, end) => {
    for (let sample = first; sample < end; sample++) {
      if (isPositive(sample)) sums.positives += weight(sample);
      else sums.negatives += weight(sample);
    }
  });
  yield* sortPieces(work);
  yield* inRanges(order.length, (first, end) => {
    for (let place = first; place < end; place++) {
      const sample = order[place];
      if (isPositive(sample)) sums.tiedPositives += weight(sample);
      else sums.tiedNegatives += weight(sample);
      if (place + 1 === order.length || keys[order[place + 1]] !== keys[sample]) addTied(sums);
    }
  });
  const { positives, negatives, pairs, precision } = sums;
  return {
    ...(positives > 0 && negatives > 0 && { rocAuc: pairs / positives / negatives }),
    ...(positives > 0 && { averagePrecision: precision / positives }),
  };
}

/** What is known of a ranking on the way from the lowest score up; weights of samples, but for the precision. */
interface RankingSums {
  positives: number;
  negatives: number;
  pairs: number;
  precision: number;
  positivesBelow: number;
  negativesBelow: number;
  /** Of the samples of one score. */
  tiedPositives: number;
  tiedNegatives: number;
}

/** Adds the samples of one score to those below the next. */
function addTied(sums: RankingSums): void {
  const { positives, negatives, positivesBelow, negativesBelow, tiedPositives, tiedNegatives } = sums;
  sums.pairs += tiedPositives * (negativesBelow + tiedNegatives / 2);
  if (tiedPositives > 0) {
    const above = positives - positivesBelow;
    sums.precision += tiedPositives * above / (above + negatives - negativesBelow);
  }
  sums.positivesBelow += tiedPositives;
  sums.negativesBelow += tiedNegatives;
  sums.tiedPositives = sums.tiedNegatives = 0;
}

/** Writes the samples in the order of their scores; those of equal scores in their own. */
function* sortPieces({ scores, keys, order, spare, places }: RankingWork): Pieces<void> {
  places.fill(0);
  yield* inRanges(keys.length, (first, end) => {
    for (let sample = first; sample < end; sample++) {
      // Of the two zeros one; then the bits of a float, turned so that they ascend with it.
      scores[sample] += 0;
      const bits = keys[sample];
      const key = (bits ^ (-(bits >>> 31) | 0x8000_0000)) >>> 0;
      keys[sample] = key;
      for (let pass = 0; pass < PASSES; pass++) places[pass * DIGITS + digitOf(key, pass)]++;
    }
  });
  for (let pass = 0; pass < PASSES; pass++) {
    let next = 0;
    for (let place = pass * DIGITS; place < (pass + 1) * DIGITS; place++) {
      const count = places[place];
      places[place] = next;
      next += count;
    }
    const [from, to] = pass % 2 === 0 ? [spare, order] : [order, spare];
    yield* inRanges(keys.length, (first, end) => {
      for (let place = first; place < end; place++) {
        const sample = pass === 0 ? place : from[place];
        to[places[pass * DIGITS + digitOf(keys[sample], pass)]++] = sample;
      }
    });
  }
}

/** The part of a key that a pass sorts by. */
function digitOf(key: number, pass: number): number {
  return (key >>> (pass * DIGIT_BITS)) & (DIGITS - 1);
}

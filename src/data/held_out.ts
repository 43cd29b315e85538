/**
 * Draws of samples that are set aside: which of them test a model, or choose one.
 *
 * @module
 */
import { shuffle } from "../native/random.ts";

/** Epochs no training reaches, so that draws are apart from the order of any epoch. */
export const [VALIDATION_DRAW, TEST_DRAW, FIRST_FOLD_DRAW] = [0xffff_ffff, 0xffff_fffe, 0xffff_fffd];

/** What is drawn from. */
export interface Drawn {
  /** 0 for each sample that can be drawn, shape `[samples]`; drawn ones are marked. */
  readonly flags: Uint8Array;
  /** Class of each sample, whose shares are kept; empty where there are none, or they do not matter. */
  readonly labels: Uint32Array;
  /** Classes; 1 without labels. */
  readonly classes: number;
  /** What each sample belongs to, from 0 without a gap: those of one group stay together. */
  readonly groups?: Uint32Array | undefined;
}

/** How samples are drawn. */
export interface Draw {
  /** Share of the samples that can be drawn, above 0 and below 1. */
  readonly fraction: number;
  readonly seed: number;
  /** Which draw it is. */
  readonly draw: number;
  /** What drawn samples are marked with. */
  readonly mark: number;
}

/**
 * How many samples of each class to draw: its share within one sample, but never the last one.
 *
 * @param counts Samples of each class.
 */
export function quotasOf(counts: Float64Array, fraction: number): Float64Array {
  const quotas = counts.map((count) => Math.min(Math.floor(count * fraction), Math.max(count - 1, 0)));
  const samples = sumOf(counts);
  // Largest remainders get what rounding down has left over.
  let left = Math.round(samples * fraction) - sumOf(quotas);
  const byRemainder = Array.from(counts.keys()).sort((a, b) =>
    (counts[b] * fraction - quotas[b]) - (counts[a] * fraction - quotas[a]) || a - b
  );
  for (const index of byRemainder) {
    if (left > 0 && quotas[index] < counts[index] - 1) {
      quotas[index]++;
      left--;
    }
  }
  return quotas;
}

/** Samples of each class that can still be drawn. */
export function countsOf({ flags, labels, classes }: Drawn): Float64Array {
  const counts = new Float64Array(classes);
  for (let sample = 0; sample < flags.length; sample++) {
    if (flags[sample] === 0) counts[labels.length === 0 ? 0 : labels[sample]]++;
  }
  return counts;
}

/**
 * Draws and marks samples: a function of what is drawn from, the seed and the number of the draw alone.
 *
 * Each class gives its share, within one sample. Groups stay whole: in random order, each is taken that brings the shares
 * of the classes nearer to what is asked for, and at least the one that misses it least.
 *
 * @returns How many samples were drawn.
 */
export function drawSamples(from: Drawn, { fraction, seed, draw, mark }: Draw): number {
  const { flags, labels, groups } = from;
  const order = new Uint32Array(flags.length);
  shuffle(order, seed, draw);
  const counts = countsOf(from);
  if (groups !== undefined) return drawGroups({ ...from, groups }, order, counts, fraction, mark);
  const quotas = quotasOf(counts, fraction);
  const size = sumOf(quotas);
  for (const sample of order) {
    const label = labels.length === 0 ? 0 : labels[sample];
    if (flags[sample] !== 0 || quotas[label] === 0) continue;
    quotas[label]--;
    flags[sample] = mark;
  }
  return size;
}

function drawGroups(
  { flags, labels, classes, groups }: Drawn & { readonly groups: Uint32Array },
  order: Uint32Array,
  all: Float64Array,
  fraction: number,
  mark: number,
): number {
  /** Samples of each class in each group, in the order of the draw. */
  const members = new Map<number, Float64Array>();
  for (const sample of order) {
    if (flags[sample] !== 0) continue;
    const counts = members.get(groups[sample]) ?? new Float64Array(classes);
    counts[labels.length === 0 ? 0 : labels[sample]]++;
    members.set(groups[sample], counts);
  }
  const held = new Float64Array(classes);
  /** How far the shares would be from what is asked for, with these samples beside those held. */
  const missed = (counts: Float64Array) => {
    let sum = 0;
    for (let label = 0; label < classes; label++) {
      if (all[label] > 0) sum += ((held[label] + counts[label]) / all[label] - fraction) ** 2;
    }
    return sum;
  };
  let least = missed(new Float64Array(classes));
  const taken = new Set<number>();
  const take = (group: number, counts: Float64Array) => {
    taken.add(group);
    least = missed(counts);
    counts.forEach((count, label) => held[label] += count);
  };
  for (const [group, counts] of members) {
    if (missed(counts) < least) take(group, counts);
  }
  if (taken.size === 0) {
    const nearest = [...members].sort(([, one], [, other]) => missed(one) - missed(other))[0];
    if (nearest !== undefined) take(...nearest);
  }
  for (let sample = 0; sample < flags.length; sample++) {
    if (flags[sample] === 0 && taken.has(groups[sample])) flags[sample] = mark;
  }
  return sumOf(held);
}

function sumOf(numbers: Float64Array): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/**
 * Which of several choices of features predicts best samples that it was not made on.
 *
 * @module
 */
import type { Dataset, Split } from "../data/dataset.ts";
import type { EventLoopTurn } from "../event_loop_turn.ts";
import { SparseMlp } from "../model/model.ts";
import { fit } from "../train/fit.ts";
import { samplePart } from "./sample_part.ts";
import { withFeatures } from "./reduced.ts";

/** The small network that compares, and its training. */
const JUDGE = {
  network: { hidden: [128], density: 1, activation: { kind: "tanh" }, initializer: "xavier" },
  training: { epochs: 30, batchSize: 64, learningRate: 0.02, weightDecay: 1e-3, dropout: 0.2, zeta: 0 },
} as const;

/** What a judgement needs beside the data. */
export interface JudgementPlan {
  readonly seed: number;
  readonly threads: number;
  readonly signal?: AbortSignal;
  /** When others last had their turn. */
  readonly turn: EventLoopTurn;
}

/**
 * The error of each validation sample, by a small network that learned the given features of the training samples and is as
 * it was after its best epoch.
 *
 * @param data With a validation part.
 * @param features Places of the features.
 */
export async function validationErrors(
  data: Dataset,
  features: Uint32Array,
  { seed, threads, signal, turn }: JudgementPlan,
): Promise<Float64Array> {
  const { test: _, ...reduced } = withFeatures(data, features);
  const model = SparseMlp.for(reduced, { ...JUDGE.network, seed });
  if (turn.due) await turn.take();
  await fit(model, reduced, { ...JUDGE.training, seed, threads, metric: "loss", ...(signal && { signal }) });
  if (turn.due) await turn.take();
  return errorsOf(model, reduced.validation!, reduced, threads);
}

/** 1 for a wrong class, the share of wrong labels, or the squared error of standardised targets. */
function errorsOf(model: SparseMlp, split: Split, { outputCount, featureCount }: Dataset, threads: number) {
  const { samples, labels, targets } = split;
  const features = samplePart(split, Uint32Array.from({ length: samples }, (_, at) => at), featureCount);
  if (model.is("classification")) {
    return Float64Array.from(
      model.predictClasses(features, { threads }),
      (found, sample) => found === labels[sample] ? 0 : 1,
    );
  }
  const errors = new Float64Array(samples);
  const deviation = model.targetScaling?.deviation ?? new Float32Array(outputCount).fill(1);
  const found = model.is("regression")
    ? model.predictValues(features, { threads })
    : (model as SparseMlp<"multi-label">).predictLabels(features, { threads });
  found.forEach((value, at) => {
    const away = (value - targets[at]) / deviation[at % outputCount];
    errors[Math.floor(at / outputCount)] += away ** 2 / outputCount;
  });
  return errors;
}

/**
 * The first choice whose errors are not clearly above the lowest: by one standard error of the difference at most, so that
 * chance is no reason for a method that costs more.
 *
 * @param errors Of the same samples, for each choice; the simplest choice first.
 * @returns Its place.
 */
export function simplestOfBest(errors: readonly Float64Array[]): number {
  const means = errors.map(meanOf);
  const best = means.indexOf(Math.min(...means));
  return errors.findIndex((own) => {
    const differences = own.map((error, sample) => error - errors[best][sample]);
    const mean = meanOf(differences);
    const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) /
      Math.max(1, differences.length - 1);
    return mean <= Math.sqrt(variance / differences.length);
  });
}

/** Mean of some numbers. */
export function meanOf(numbers: Float64Array): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** Small data sets and whole runs for the tests of the trainer. @module */
import type { Dataset, Split } from "../../src/data/dataset.ts";
import { SparseMlp } from "../../src/model/model.ts";
import type { ModelOptions, Task } from "../../src/model/settings.ts";
import { sharedFloats, sharedWords } from "../../src/sparse/shared.ts";
import type { TrainOptions } from "../../src/train/options.ts";
import type { EpochRecord, TrainSummary } from "../../src/train/records.ts";
import { train } from "../../src/train/trainer.ts";
import { numbers } from "../oracle/batch.ts";

/** Settings that leave out what a test is not about. */
export const PLAIN = { dropout: 0, zeta: 0, weightDecay: 0 } as const;

/** A small model for {@linkcode xorData}. */
export function xorModel<const T extends Task = "classification">(
  options: Partial<ModelOptions<T>> = {},
): SparseMlp<T> {
  return SparseMlp.create<T>({ sizes: [4, 24, 2], epsilon: 3, seed: 1, ...options });
}

/** What a run yields and returns. */
export interface Finished {
  readonly records: EpochRecord[];
  readonly summary: TrainSummary;
}

/** Trains to the end. */
export async function finish(model: SparseMlp, data: Dataset, options: TrainOptions): Promise<Finished> {
  const epochs = train(model, data, { threads: 1, ...options });
  const records: EpochRecord[] = [];
  for (;;) {
    const { done, value } = await epochs.next();
    if (done) return { records, summary: value };
    records.push(value);
  }
}

/** A signal that aborts before step `steps` of a run. */
export function abortBefore(steps: number): AbortSignal {
  let seen = 0;
  return {
    throwIfAborted() {
      if (seen++ === steps) throw new DOMException("stopped", "AbortError");
    },
  } as AbortSignal;
}

/** Samples of which `classOf` names the class and `valuesOf` the targets; one of them is given. */
export interface Recipe {
  readonly samples: number;
  readonly features: number;
  readonly seed: number;
  readonly classOf?: (features: Float32Array, sample: number) => number;
  readonly valuesOf?: (features: Float32Array) => readonly number[];
}

/** Random features in [−1, 1), labelled by the recipe. */
export function splitOf({ samples, features, seed, classOf, valuesOf }: Recipe): Split {
  const next = numbers(seed);
  const all = sharedFloats(samples * features).map(next);
  const row = (sample: number) => all.subarray(sample * features, (sample + 1) * features);
  const rows = Array.from({ length: samples }, (_, sample) => row(sample));
  const labels = sharedWords(classOf ? samples : 0);
  if (classOf) rows.forEach((values, sample) => labels[sample] = classOf(values, sample));
  const targets = valuesOf
    ? Float32Array.from(rows.flatMap((values) => [...valuesOf(values)]))
    : sharedFloats(0);
  return { samples, features: all, labels, targets };
}

/** Two classes: whether the first two features have the same sign. */
export function xorData(samples: number, testSamples = 0): Dataset {
  const classOf = (x: Float32Array) => x[0] * x[1] > 0 ? 1 : 0;
  return {
    name: "xor",
    task: "classification",
    featureCount: 4,
    outputCount: 2,
    classNames: ["different", "same"],
    featureNames: [],
    train: splitOf({ samples, features: 4, seed: 1, classOf }),
    ...(testSamples > 0 && { test: splitOf({ samples: testSamples, features: 4, seed: 2, classOf }) }),
  };
}

/** Classes that nothing tells. */
export function noiseData(samples: number, testSamples = 0): Dataset {
  const next = numbers(5);
  const classOf = () => next() > 0 ? 1 : 0;
  return {
    ...xorData(samples),
    name: "noise",
    train: splitOf({ samples, features: 4, seed: 1, classOf }),
    ...(testSamples > 0 && { test: splitOf({ samples: testSamples, features: 4, seed: 2, classOf }) }),
  };
}

/** Two linear functions of three features. */
export function linearData(samples: number, testSamples = 0): Dataset {
  const valuesOf = (x: Float32Array) => [2 * x[0] - x[1] + 0.5, x[2] - 3 * x[0]];
  return {
    name: "linear",
    task: "regression",
    featureCount: 3,
    outputCount: 2,
    classNames: [],
    featureNames: [],
    train: splitOf({ samples, features: 3, seed: 1, valuesOf }),
    ...(testSamples > 0 && { test: splitOf({ samples: testSamples, features: 3, seed: 2, valuesOf }) }),
  };
}

/** Features standardised in f64 with mean and population deviation of `by`, one row a sample. */
export function standardized(split: Split, features: number, by: Split = split): Float32Array[] {
  const column = (feature: number) =>
    Array.from({ length: by.samples }, (_, sample) => by.features[sample * features + feature]);
  const laws = Array.from({ length: features }, (_, feature) => {
    const values = column(feature);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return [mean, variance > 0 ? 1 / Math.sqrt(variance) : 0];
  });
  return Array.from(
    { length: split.samples },
    (_, sample) =>
      Float32Array.from(
        laws,
        ([mean, scale], feature) => (split.features[sample * features + feature] - mean) * scale,
      ),
  );
}

/** Targets standardised in f64, flat `[samples][outputs]`; none where there are none. */
export function standardizedTargets({ targets, samples }: Split, outputs: number): number[] {
  const laws = Array.from({ length: outputs }, (_, output) => {
    const values = Array.from({ length: samples }, (_, sample) => targets[sample * outputs + output]);
    const mean = values.reduce((sum, value) => sum + value, 0) / samples;
    return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / samples)];
  });
  return Array.from(targets, (target, place) => {
    const [mean, deviation] = laws[place % outputs];
    return (target - mean) / deviation;
  });
}

/** The same data whose training samples have weights from 0.1 to 4. */
export function withWeights(data: Dataset): Dataset {
  const next = numbers(11);
  const weights = sharedFloats(data.train.samples).map(() => 2.05 + 1.95 * next());
  return { ...data, train: { ...data.train, weights } };
}

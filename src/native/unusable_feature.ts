/**
 * Which feature of a batch a kernel could not use: found when one has refused the batch, so that it costs nothing before.
 *
 * @module
 */
import { FeatureError } from "../errors.ts";
import type { BatchSource, Standardization } from "./standardize.ts";

/** Raw feature behind an input of the network. */
function featureOf({ selection }: Standardization, input: number): number {
  return selection?.features[input] ?? input;
}

function featureCountOf({ selection, mean }: Standardization): number {
  return selection?.featureCount ?? mean.length;
}

/** As kernels standardise: rounded to f32 after each step. */
function standardized(value: number, mean: number, scale: number): number {
  return Math.fround(Math.fround(value - mean) * scale);
}

/**
 * The error that names the first feature which is not finite once it is standardised.
 *
 * @param samples Numbers of the samples of the batch.
 * @returns Undefined where there is none.
 */
export function unusableFeature(
  task: string,
  source: BatchSource,
  samples: Iterable<number>,
): FeatureError | undefined {
  const { features, mean, scale } = source;
  for (const sample of samples) {
    const start = sample * featureCountOf(source);
    for (let input = 0; input < mean.length; input++) {
      const feature = featureOf(source, input);
      const value = features[start + feature];
      if (Number.isFinite(standardized(value, mean[input], scale[input]))) continue;
      return new FeatureError(
        task,
        { sample, feature },
        Number.isFinite(value)
          ? `is ${shown(value)}, too far from the mean ${shown(mean[input])} of training for 32 bits`
          : `is ${value}, a finite number is needed`,
      );
    }
  }
  return undefined;
}

/** The error for a sample whose outputs are not finite: it names the feature that lies farthest from those of training. */
export function unusableSample(task: string, source: BatchSource, sample: number): FeatureError {
  const { features, mean, scale } = source;
  const start = sample * featureCountOf(source);
  let [farthest, distance] = [0, -1];
  for (let input = 0; input < mean.length; input++) {
    const value = features[start + featureOf(source, input)];
    const deviations = Math.abs(standardized(value, mean[input], scale[input]));
    if (deviations > distance) [farthest, distance] = [input, deviations];
  }
  const feature = featureOf(source, farthest);
  return new FeatureError(
    task,
    { sample, feature },
    `is ${shown(features[start + feature])}, ${
      shown(distance)
    } standard deviations from the mean of training, ` +
      "and the outputs of the sample are not finite",
  );
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}

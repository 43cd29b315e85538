/**
 * Made-up samples of bytes, for benches whose times do not depend on what the samples are.
 *
 * @module
 */
import type { Dataset, Split } from "../mod.ts";
import { sharedBytes, sharedWords } from "../src/sparse/shared.ts";

/** Samples as wide as the network, whose classes come in turns. */
export function madeUpSplit(sizes: readonly number[], samples: number): Split {
  const [inputs, classes] = [sizes[0], sizes[sizes.length - 1]];
  const features = sharedBytes(samples * inputs);
  for (let place = 0; place < features.length; place++) {
    features[place] = Math.imul(place, 2_654_435_761) >>> 24;
  }
  const labels = sharedWords(samples);
  for (let sample = 0; sample < samples; sample++) labels[sample] = sample % classes;
  return { samples, features, labels, targets: new Float32Array(0) };
}

/** A data set of such samples, with test samples where there are any. */
export function madeUpData(sizes: readonly number[], samples: number, testSamples = 0): Dataset {
  const [inputs, classes] = [sizes[0], sizes[sizes.length - 1]];
  return {
    name: "made up",
    task: "classification",
    featureCount: inputs,
    outputCount: classes,
    classNames: Array.from({ length: classes }, (_, index) => `${index}`),
    featureNames: [],
    train: madeUpSplit(sizes, samples),
    ...(testSamples > 0 && { test: madeUpSplit(sizes, testSamples) }),
  };
}

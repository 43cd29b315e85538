/**
 * The F-test: how much the mean of an input differs between classes, or how far it follows a number, one input at a time.
 *
 * @module
 */
import type { Dataset, Split } from "../data/dataset.ts";
import type { Pieces } from "../pieces.ts";
import { samplePart } from "./sample_part.ts";

/** Numbers that are read at once. */
const PIECE_NUMBERS = 1 << 20;

type Tested = Pick<Dataset, "train" | "task" | "featureCount" | "outputCount">;

/**
 * F of each input: of an analysis of variance between classes, or of the correlation with the number or label that it
 * follows most closely. Samples count with their weights.
 *
 * Sums are taken in f64 around the means. Cost: two reads of the features, classes or outputs × features of memory.
 *
 * @returns `[features]`, at least 0; 0 for a constant input, the largest number there is where nothing is left unexplained.
 */
export function* fTestPieces(data: Tested): Pieces<Float64Array> {
  return data.task === "classification" ? yield* betweenClasses(data) : yield* withOutputs(data);
}

function* betweenClasses({ train, featureCount, outputCount }: Tested): Pieces<Float64Array> {
  const { labels, samples, weights } = train;
  const weightOf = (sample: number) => weights?.[sample] ?? 1;
  const counts = new Float64Array(outputCount);
  for (let sample = 0; sample < samples; sample++) counts[labels[sample]] += weightOf(sample);
  const means = new Float64Array(outputCount * featureCount);
  yield* eachSample(train, featureCount, (features, at, sample) => {
    const [row, weight] = [labels[sample] * featureCount, weightOf(sample)];
    for (let input = 0; input < featureCount; input++) means[row + input] += weight * features[at + input];
  });
  const [all, total] = [new Float64Array(featureCount), counts.reduce((sum, count) => sum + count, 0)];
  for (let label = 0; label < outputCount; label++) {
    for (let input = 0; input < featureCount; input++) {
      all[input] += means[label * featureCount + input] / total;
      if (counts[label] > 0) means[label * featureCount + input] /= counts[label];
    }
  }
  const within = new Float64Array(featureCount);
  yield* eachSample(train, featureCount, (features, at, sample) => {
    const [row, weight] = [labels[sample] * featureCount, weightOf(sample)];
    for (let input = 0; input < featureCount; input++) {
      within[input] += weight * (features[at + input] - means[row + input]) ** 2;
    }
  });
  const classes = counts.reduce((sum, count) => sum + Number(count > 0), 0);
  return all.map((mean, input) => {
    let between = 0;
    for (let label = 0; label < outputCount; label++) {
      if (counts[label] > 0) between += counts[label] * (means[label * featureCount + input] - mean) ** 2;
    }
    return ratio(between / Math.max(1, classes - 1), within[input] / Math.max(1, samples - classes));
  });
}

function* withOutputs({ train, featureCount, outputCount }: Tested): Pieces<Float64Array> {
  const { targets, samples, weights } = train;
  const weightOf = (sample: number) => weights?.[sample] ?? 1;
  const [means, centres] = [new Float64Array(featureCount), new Float64Array(outputCount)];
  let total = 0;
  yield* eachSample(train, featureCount, (features, at, sample) => {
    const weight = weightOf(sample);
    total += weight;
    for (let input = 0; input < featureCount; input++) means[input] += weight * features[at + input];
    for (let output = 0; output < outputCount; output++) {
      centres[output] += weight * targets[sample * outputCount + output];
    }
  });
  means.forEach((sum, input) => means[input] = sum / total);
  centres.forEach((sum, output) => centres[output] = sum / total);
  const [squares, spreads] = [new Float64Array(featureCount), new Float64Array(outputCount)];
  const products = new Float64Array(outputCount * featureCount);
  yield* eachSample(train, featureCount, (features, at, sample) => {
    const weight = weightOf(sample);
    for (let input = 0; input < featureCount; input++) {
      squares[input] += weight * (features[at + input] - means[input]) ** 2;
    }
    for (let output = 0; output < outputCount; output++) {
      const away = weight * (targets[sample * outputCount + output] - centres[output]);
      spreads[output] += away * (targets[sample * outputCount + output] - centres[output]);
      for (let input = 0; input < featureCount; input++) {
        products[output * featureCount + input] += away * (features[at + input] - means[input]);
      }
    }
  });
  return squares.map((square, input) => {
    let most = 0;
    for (let output = 0; output < outputCount; output++) {
      const explained = products[output * featureCount + input] ** 2;
      const left = Math.max(0, square * spreads[output] - explained);
      most = Math.max(most, ratio(explained, left / Math.max(1, samples - 2)));
    }
    return most;
  });
}

function ratio(explained: number, left: number): number {
  return explained > 0 ? Math.min(explained / left, Number.MAX_VALUE) : 0;
}

/** Goes through all samples, some rows at a time. */
function* eachSample(
  split: Split,
  featureCount: number,
  look: (features: Float32Array | Uint8Array, at: number, sample: number) => void,
): Pieces<void> {
  const rows = Math.max(1, Math.floor(PIECE_NUMBERS / featureCount));
  for (let first = 0; first < split.samples; first += rows) {
    const count = Math.min(rows, split.samples - first);
    const features = samplePart(
      split,
      Uint32Array.from({ length: count }, (_, row) => first + row),
      featureCount,
    );
    for (let row = 0; row < count; row++) look(features, row * featureCount, first + row);
    yield;
  }
}

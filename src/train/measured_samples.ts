/**
 * What is measured: outputs of samples, what is known of them, and how much each counts.
 *
 * @module
 */
import type { Split } from "../data/dataset.ts";
import { firstUnfit } from "../finite.ts";
import { isRows, type Matrix, type Numbers, readFloatMatrix, readFloats, readIndices } from "../numbers.ts";
import { inRanges, type Pieces } from "../pieces.ts";
import { type Place, shown } from "../value.ts";

/** The least positive f32: what a probability of 0 counts as in a log loss. */
export const LEAST_PROBABILITY = 2 ** -149;

/** How far a probability may lie outside of [0, 1]: what sums and means in f32 make of a 1. */
const ROUNDING = 2 ** -20;

/** Outputs of samples, checked. */
export interface MeasuredOutputs {
  /** Shape `[samples, width]`, all finite. */
  readonly outputs: Float32Array;
  readonly samples: number;
  readonly width: number;
  /** How much a sample counts. */
  readonly weight: (sample: number) => number;
}

/** Outputs and targets of samples, checked. */
export interface MeasuredSamples extends MeasuredOutputs {
  /** Of the shape of the outputs, all finite. */
  readonly targets: Float32Array;
}

/** Probabilities of at least two classes, and the class of each sample, checked. */
export interface ClassifiedSamples extends MeasuredOutputs {
  /** Class of each sample, below the width. */
  readonly classOf: Uint32Array;
}

/** What a model gave for samples that are checked, as measures take it. */
export function measuredOf(
  outputs: Float32Array,
  { samples, labels, targets, weights }: Pick<Split, "samples" | "labels" | "targets" | "weights">,
): MeasuredSamples & ClassifiedSamples {
  const [width, weight] = [outputs.length / samples, weightIn(weights)];
  return { outputs, samples, width, weight, targets, classOf: labels };
}

/**
 * Reads outputs and targets of one shape.
 *
 * @param kind What the outputs are.
 * @throws {TypeError} When the lengths do not fit each other, or there is no sample.
 * @throws {RangeError} When a number is not finite, a probability is not from 0 to 1, or a weight is out of range.
 */
export function readMeasured(
  outputs: Matrix,
  targets: Matrix,
  width: number,
  weights: Numbers | undefined,
  kind: "values" | "probabilities",
): MeasuredSamples {
  if (!Number.isSafeInteger(width) || width < 1) {
    throw new RangeError(`Cannot measure: a sample has ${shown(width)} outputs, at least 1 is needed`);
  }
  const task = "measure";
  const known = readFloatMatrix(targets, { task, name: "targets" }, width);
  const found = readOutputs(outputs, known.rows, weights, task);
  if (found.width !== width) {
    throw new TypeError(
      `Cannot measure: there are ${found.outputs.length} values for ${known.values.length} targets`,
    );
  }
  refuseUnfit(known.values, { task, name: "targets" });
  if (kind === "probabilities") refuseImprobable(found.outputs, task);
  return { ...found, targets: known.values };
}

/**
 * Reads probabilities of classes, and the class of each sample.
 *
 * @param task What cannot be done without them, for messages.
 * @throws {TypeError} When the lengths do not fit each other, there is no sample, or a class is past the last.
 * @throws {RangeError} When a probability is not finite or not from 0 to 1, or a class or a weight is out of range.
 */
export function readClassified(
  probabilities: Matrix,
  labels: Numbers,
  weights: Numbers | undefined,
  task: string,
): ClassifiedSamples {
  const classOf = readIndices(labels, { task, name: "labels" });
  const read = readOutputs(probabilities, classOf.length, weights, task);
  const { samples, width, outputs } = read;
  if (width < 2) {
    throw new TypeError(
      `Cannot ${task}: there are ${samples} probabilities for ${samples} samples, one for each class is needed`,
    );
  }
  const wrong = classOf.findIndex((label) => label >= width);
  if (wrong >= 0) {
    throw new TypeError(`Cannot ${task}: sample ${wrong} has class ${classOf[wrong]} of ${width}`);
  }
  refuseImprobable(outputs, task);
  return { ...read, classOf };
}

/** Reads outputs of so many samples. */
function readOutputs(
  outputs: Matrix,
  samples: number,
  weights: Numbers | undefined,
  task: string,
): MeasuredOutputs {
  const place = { task, name: "outputs" };
  // In one line, how long it is tells how wide a sample is.
  const inRows = isRows(outputs, place);
  const { values, rows } = readFloatMatrix(outputs, place, inRows ? undefined : 1);
  const width = values.length / samples;
  if (samples === 0 || (inRows && rows !== samples) || !Number.isInteger(width) || width === 0) {
    throw new TypeError(`Cannot ${task}: there are ${values.length} values for ${samples} samples`);
  }
  refuseUnfit(values, place);
  return { outputs: values, samples, width, weight: weightIn(readWeights(weights, samples, task)) };
}

function readWeights(
  weights: Numbers | undefined,
  samples: number,
  task: string,
): Float32Array | undefined {
  if (weights === undefined) return undefined;
  const read = readFloats(weights, { task, name: "weights" }, samples);
  const wrong = firstUnfit(read, 0);
  if (wrong >= 0) {
    throw new RangeError(
      `Cannot ${task}: the weight of sample ${wrong} is ${
        read[wrong]
      }, a finite number of at least 0 is needed`,
    );
  }
  if (read.every((one) => one === 0)) {
    throw new RangeError(`Cannot ${task}: all weights are 0, one above 0 is needed`);
  }
  return read;
}

function weightIn(weights: Float32Array | undefined): (sample: number) => number {
  return weights === undefined ? () => 1 : (sample) => weights[sample];
}

/** Weight of all samples together. */
export function* totalWeight({ samples, weight }: MeasuredOutputs): Pieces<number> {
  let total = 0;
  yield* inRanges(samples, (first, end) => {
    for (let sample = first; sample < end; sample++) total += weight(sample);
  });
  return total;
}

/**
 * Refuses numbers that are not finite.
 *
 * @throws {RangeError} With the first of them.
 */
export function refuseUnfit(values: Float32Array, { task, name }: Place): void {
  const place = firstUnfit(values);
  if (place < 0) return;
  throw new RangeError(
    `Cannot ${task}: number ${place} of the ${name} is ${values[place]}, a finite number is needed`,
  );
}

/** Refuses numbers that are no probabilities, but for what rounding made of one. */
function refuseImprobable(values: Float32Array, task: string): void {
  const place = firstUnfit(values, -ROUNDING, 1 + ROUNDING);
  if (place < 0) return;
  throw new RangeError(
    `Cannot ${task}: number ${place} of the outputs is ${values[place]}, a probability from 0 to 1 is needed`,
  );
}

/** The mean of numbers, of which there are some. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

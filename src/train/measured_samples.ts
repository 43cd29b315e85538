/**
 * What is measured: outputs of samples, what is known of them, and how much each counts.
 *
 * @module
 */
import { firstUnfit } from "../finite.ts";
import { type Place, shown } from "../value.ts";
import { isRows, type Matrix, type Numbers, readFloatMatrix, readFloats } from "../numbers.ts";

/** The least positive f32: what a probability of 0 counts as in a log loss. */
export const LEAST_PROBABILITY = 2 ** -149;

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

/**
 * Reads outputs and targets of one shape.
 *
 * @throws {TypeError} When the lengths do not fit each other, or there is no sample.
 * @throws {RangeError} When a number is not finite, or a weight is out of range.
 */
export function readMeasured(
  outputs: Matrix,
  targets: Matrix,
  width: number,
  weights: Numbers | undefined,
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
  return { ...found, targets: known.values };
}

/**
 * Reads outputs of so many samples.
 *
 * @param task What cannot be done without them, for messages.
 * @throws {TypeError} When the lengths do not fit each other, or there is no sample.
 * @throws {RangeError} When an output is not finite, or a weight is out of range.
 */
export function readOutputs(
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
  const weight = weightOf(weights, samples, task);
  return { outputs: values, samples, width, weight };
}

function weightOf(
  weights: Numbers | undefined,
  samples: number,
  task: string,
): (sample: number) => number {
  if (weights === undefined) return () => 1;
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
  return (sample) => read[sample];
}

function refuseUnfit(values: Float32Array, { task, name }: Place): void {
  const place = firstUnfit(values);
  if (place < 0) return;
  throw new RangeError(
    `Cannot ${task}: number ${place} of the ${name} is ${values[place]}, a finite number is needed`,
  );
}

/** The mean of numbers, of which there are some. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

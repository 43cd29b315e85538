/**
 * The unit of regression targets: networks learn them with zero mean and unit variance, and predict in their own unit.
 *
 * @module
 */
import { isRecord } from "../hyperparameter.ts";

/** How the outputs of a regression network become values in the unit of the targets: `mean + deviation · output`. */
export interface TargetScaling {
  /** Mean of each target, shape `[outputs]`. */
  readonly mean: Float64Array;
  /** Population standard deviation of each target, 1 for a constant one; shape `[outputs]`. */
  readonly deviation: Float64Array;
}

/**
 * Finds mean and deviation of each target, in two passes with sums in f64.
 *
 * @param targets Shape `[samples, outputs]`, with one sample at least.
 */
export function targetScalingOf(targets: Float32Array, outputs: number): TargetScaling {
  const samples = targets.length / outputs;
  const { mean, deviation } = unscaled(outputs);
  mean.fill(0);
  deviation.fill(0);
  for (let place = 0; place < targets.length; place++) mean[place % outputs] += targets[place];
  for (let output = 0; output < outputs; output++) mean[output] /= samples;
  const varies = new Uint8Array(outputs);
  for (let place = 0; place < targets.length; place++) {
    const output = place % outputs;
    deviation[output] += (targets[place] - mean[output]) ** 2;
    // Rounding gives a constant a mean beside it.
    if (targets[place] !== targets[output]) varies[output] = 1;
  }
  for (let output = 0; output < outputs; output++) {
    deviation[output] = varies[output] === 1 ? Math.sqrt(deviation[output] / samples) : 1;
  }
  return { mean, deviation };
}

/** The scaling that changes nothing: that of networks that learned targets as they were. */
export function unscaled(outputs: number): TargetScaling {
  return { mean: new Float64Array(outputs), deviation: new Float64Array(outputs).fill(1) };
}

/** Whether a scaling changes nothing. */
export function isUnscaled({ mean, deviation }: TargetScaling): boolean {
  return mean.every((value) => value === 0) && deviation.every((value) => value === 1);
}

/** Turns outputs of a network, shape `[samples, outputs]`, into values in the unit of the targets, in place. */
export function toOwnUnit({ mean, deviation }: TargetScaling, outputs: Float32Array): void {
  const count = mean.length;
  for (let place = 0; place < outputs.length; place++) {
    const output = place % count;
    outputs[place] = mean[output] + deviation[output] * outputs[place];
  }
}

/**
 * The root of the mean squared error in the unit of the target, by the loss of standardised targets; undefined where there
 * are several, since a loss is of all of them together.
 */
export function errorInOwnUnit({ deviation }: TargetScaling, loss: number): number | undefined {
  return deviation.length === 1 ? deviation[0] * Math.sqrt(loss) : undefined;
}

/** A scaling as JSON can hold it. */
export function describeScaling({ mean, deviation }: TargetScaling): object {
  return { mean: [...mean], deviation: [...deviation] };
}

/**
 * Reads what {@linkcode describeScaling} made, from outside.
 *
 * @throws {SyntaxError} When it is no object with two lists of a number an output.
 * @throws {RangeError} When a number is not finite, or a deviation not above 0.
 */
export function readScaling(found: unknown, outputs: number): TargetScaling {
  const read = (name: "mean" | "deviation", above: number): Float64Array => {
    const numbers: unknown = isRecord(found) ? found[name] : undefined;
    if (!Array.isArray(numbers) || numbers.length !== outputs) {
      throw new SyntaxError(`the ${name} of its targets is no list of ${outputs} numbers`);
    }
    const wrong = numbers.findIndex((number) => !Number.isFinite(number) || !(number > above));
    if (wrong < 0) return Float64Array.from(numbers);
    const needed = above === 0 ? "a finite number above 0" : "a finite number";
    throw new RangeError(
      `the ${name} of its target ${wrong} is ${JSON.stringify(numbers[wrong])}, ${needed} is needed`,
    );
  };
  return { mean: read("mean", -Infinity), deviation: read("deviation", 0) };
}

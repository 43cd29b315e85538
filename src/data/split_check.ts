/**
 * Samples as people bring them: checked, and made what kernels take.
 *
 * @module
 */
import { firstUnfit } from "../finite.ts";
import { isList, isRecord, type Place, readByName, shown } from "../value.ts";
import { described, readFloatMatrix, readFloats, readIndices, readMatrix } from "../numbers.ts";
import type { Split, SplitShape } from "./split.ts";

/** The arrays of a split, and what they are to be. */
const ARRAYS = {
  features: "Float32Array or Uint8Array",
  labels: "Uint32Array",
  targets: "Float32Array",
} as const;

/**
 * A part of a data set as kernels take it: each property is read once, each array is checked, and those of other kinds
 * (Float64Array, lists of numbers, lists of rows …) are converted as `readMatrix` does.
 *
 * Cost: one read of all features, labels, targets and weights, and a copy of those that are converted; the others are
 * given back as they are.
 *
 * @param value What should be a {@linkcode Split}.
 * @param place What is done with it, and what it is called: "the test part".
 * @throws {TypeError} When something is missing, is of a kind that cannot be converted, or a length does not agree with
 * the counts.
 * @throws {RangeError} When there is no sample, a label is past the last class, a number is not finite, or weights are
 * below 0 or all 0.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { checkSplit } from "./split_check.ts";
 *
 * const shape = { task: "classification", featureCount: 2, outputCount: 2 } as const;
 * const place = { task: "evaluate", name: "the test part" };
 * const given = { samples: 1, features: [[1, 2]], labels: [1], targets: [] };
 * assertEquals(checkSplit(given, shape, place).features, Float32Array.of(1, 2));
 * assertThrows(() => checkSplit({ ...given, labels: [2] }, shape, place), RangeError, "the last class is 1");
 * ```
 */
export function checkSplit(value: unknown, shape: SplitShape, { task, name }: Place): Split {
  const because = (found: string) => `Cannot ${task}: ${found}`;
  if (!isRecord(value)) throw new TypeError(because(`${name} is ${described(value)}, expected samples`));
  const { samples, source, weights, ...arrays } = readOnce(value, { task, name });
  for (const [what, array] of Object.entries(ARRAYS)) {
    const found = arrays[what as keyof typeof ARRAYS];
    if (ArrayBuffer.isView(found) || isList(found)) continue;
    throw new TypeError(because(`the ${what} of ${name} are ${described(found)}, expected a ${array}`));
  }
  if (weights !== undefined && !ArrayBuffer.isView(weights) && !isList(weights)) {
    throw new TypeError(
      because(`the weights of ${name} are ${described(weights)}, expected a Float32Array`),
    );
  }
  if (source !== undefined && typeof source?.gather !== "function") {
    throw new TypeError(because(`the source of ${name} is ${described(source)}, expected one that gathers`));
  }
  if (!Number.isSafeInteger(samples) || samples < 1) {
    throw new RangeError(because(`${name} has ${shown(samples)} samples, at least 1 is needed`));
  }
  if (samples > 0xffff_ffff) {
    throw new RangeError(because(`${name} has ${samples} samples, at most 4294967295 are possible`));
  }
  const { featureCount, outputCount } = shape;
  const of = (what: string): Place => ({ task, name: `the ${what} of ${name}` });
  const split = {
    samples,
    // Arrays in one line say themselves how long they are; rows have to be as long as a sample.
    features: readMatrix(arrays.features, of("features"), widthOf(arrays.features, featureCount)).values,
    labels: readLabels(arrays.labels, of("labels")),
    targets: readFloatMatrix(arrays.targets, of("targets"), widthOf(arrays.targets, outputCount)).values,
    ...(weights !== undefined && { weights: readFloats(weights, of("weights")) }),
    ...(source !== undefined && { source }),
  };
  requireLengths(split, shape, name, because);
  requireClasses(split, shape, name, because);
  requireFinite(split, shape, name, because);
  if (shape.task === "multi-label") requireLabelTargets(split, shape, name, because);
  if (split.weights !== undefined) requireWeights(split.weights, name, because);
  return split;
}

type Because = (found: string) => string;

/** Each property of what should be a split, which may be a getter that changes its mind. */
function readOnce(
  value: object,
  { task, name }: Place,
): Pick<Split, keyof typeof ARRAYS | "samples"> & Absent<Split> {
  const names = ["samples", "features", "labels", "targets", "source", "weights"];
  return readByName(value, names, task, `${name}.`) as unknown as ReturnType<typeof readOnce>;
}

/** What need not be there. */
interface Absent<S extends Split> {
  readonly source: S["source"] | undefined;
  readonly weights: S["weights"] | undefined;
}

function widthOf(array: unknown, width: number): number {
  return ArrayBuffer.isView(array) ? 1 : width;
}

/** Class indices; whoever has labels of another kind is told where they are read. */
function readLabels(value: unknown, place: Place): Uint32Array {
  try {
    return readIndices(value, place);
  } catch (cause) {
    if (!(cause instanceof TypeError) || !isList(value)) throw cause;
    throw new TypeError(`${cause.message}; Dataset.from() takes labels of any kind`, { cause });
  }
}

function requireLengths(
  { samples, features, source, labels, targets, weights }: Split,
  { task, featureCount, outputCount }: SplitShape,
  name: string,
  because: Because,
): void {
  const classes = task === "classification";
  const found = [
    ["features", features.length, source === undefined ? samples * featureCount : 0],
    ["labels", labels.length, classes ? samples : 0],
    ["targets", targets.length, classes ? 0 : samples * outputCount],
    ["weights", weights?.length, weights && samples],
  ] as const;
  for (const [what, length, needed] of found) {
    if (length === needed) continue;
    throw new TypeError(because(`${name} has ${length} ${what}, its ${samples} samples need ${needed}`));
  }
}

function requireClasses(
  { labels }: Split,
  { outputCount }: SplitShape,
  name: string,
  because: Because,
): void {
  for (let sample = 0; sample < labels.length; sample++) {
    if (labels[sample] < outputCount) continue;
    throw new RangeError(
      because(
        `sample ${sample} of ${name} has class ${labels[sample]}, the last class is ${outputCount - 1}`,
      ),
    );
  }
}

function requireFinite(
  { features, targets }: Split,
  { featureCount, outputCount }: SplitShape,
  name: string,
  because: Because,
): void {
  const found = [["feature", features, featureCount], ["target", targets, outputCount]] as const;
  for (const [what, values, width] of found) {
    if (!(values instanceof Float32Array)) continue;
    const place = firstUnfit(values);
    if (place < 0) continue;
    throw new RangeError(
      because(
        `${what} ${place % width} of sample ${Math.floor(place / width)} of ${name} is ${values[place]}, ` +
          "a finite number is needed",
      ),
    );
  }
}

function requireLabelTargets(
  { targets }: Split,
  { outputCount }: SplitShape,
  name: string,
  because: Because,
): void {
  const place = targets.findIndex((target) => target !== 0 && target !== 1);
  if (place < 0) return;
  throw new RangeError(
    because(
      `target ${place % outputCount} of sample ${Math.floor(place / outputCount)} of ${name} is ${
        targets[place]
      }, ` +
        "expected 1 for a label that the sample has, or 0",
    ),
  );
}

function requireWeights(weights: Float32Array, name: string, because: Because): void {
  const wrong = weights.findIndex((weight) => !(weight >= 0 && weight < Infinity));
  if (wrong >= 0) {
    throw new RangeError(
      because(
        `the weight of sample ${wrong} of ${name} is ${
          weights[wrong]
        }, a finite number of at least 0 is needed`,
      ),
    );
  }
  if (weights.every((weight) => weight === 0)) {
    throw new RangeError(because(`all weights of ${name} are 0, one above 0 is needed`));
  }
}

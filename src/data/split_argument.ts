/**
 * What is given as samples: whether they are samples of the shape that is needed, made what kernels take.
 *
 * @module
 */
import { firstUnfit } from "../finite.ts";
import { described, readFloatMatrix, readFloats, readIndices, readMatrix } from "../numbers.ts";
import { guarded, isList, isRecord, type Place, readByName, shown } from "../value.ts";
import type { FeatureSource, Split, SplitShape } from "./split.ts";

/** The arrays of a split, and what they are to be. */
const ARRAYS = {
  features: "Float32Array or Uint8Array",
  labels: "Uint32Array",
  targets: "Float32Array",
} as const;

const NAMES = ["samples", ...Object.keys(ARRAYS), "source", "weights"];

/** Most samples that u32 can count. */
const MOST_SAMPLES = 0xffff_ffff;

/**
 * Reads samples that a function is given, as {@linkcode readPart} does; arrays that there is nothing to say in may be
 * absent. Whether features are finite is left to the kernels, which see each of them anyway.
 *
 * @param task What cannot be done without them: "evaluate".
 * @throws {TypeError} When there are none, or they are a whole data set; or as {@linkcode readPart}.
 * @throws {RangeError} As {@linkcode readPart}.
 */
export function readSplit(value: unknown, shape: SplitShape, task: string): Split {
  if (value === undefined || value === null) {
    throw new TypeError(
      `Cannot ${task}: there are no samples (${value}); a data set has a test part where one was set aside, ` +
        "as the option test of Dataset.from() does, its training samples are data.train",
    );
  }
  const place = { task, name: "the part given" };
  const { train, ...given } = isRecord(value)
    ? readByName(value, [...NAMES, "train"], task, `${place.name}.`)
    : { train: value };
  if (train !== undefined) {
    const found = isRecord(value) ? "a data set" : described(value);
    throw new TypeError(
      `Cannot ${task}: the samples are ${found}, expected a part of a data set, like data.test`,
    );
  }
  const unused = shape.task === "classification" ? "targets" : "labels";
  const absent = { [unused]: [], ...(given.source !== undefined && { features: [] }) };
  return readPart({ ...absent, ...given }, shape, place);
}

/**
 * A part of a data set as kernels take it: each property is read once, each array is checked, and those of other kinds
 * (Float64Array, lists of numbers, lists of rows …) are converted as `readMatrix` does.
 *
 * Cost: one read of all labels, targets and weights, and a copy of what is converted; other arrays are given back as they
 * are. Whether features are finite is for {@linkcode requireFiniteFeatures} to say.
 *
 * @param value What should be a {@linkcode Split}.
 * @param place What is done with it, and what it is called: "the test part".
 * @throws {TypeError} When something is missing, is of a kind that cannot be converted, or a length does not agree with
 * the counts.
 * @throws {RangeError} When there is no sample, a label is past the last class, a target is not finite, or weights are
 * below 0 or all 0.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { readPart } from "./split_argument.ts";
 *
 * const shape = { task: "classification", featureCount: 2, outputCount: 2 } as const;
 * const place = { task: "evaluate", name: "the test part" };
 * const given = { samples: 1, features: [[1, 2]], labels: [1], targets: [] };
 * assertEquals(readPart(given, shape, place).features, Float32Array.of(1, 2));
 * assertThrows(() => readPart({ ...given, labels: [2] }, shape, place), RangeError, "the last class is 1");
 * ```
 */
export function readPart(value: unknown, shape: SplitShape, { task, name }: Place): Split {
  const because = (found: string) => `Cannot ${task}: ${found}`;
  if (!isRecord(value)) throw new TypeError(because(`${name} is ${described(value)}, expected samples`));
  const { source, ...given } = readByName(value, NAMES, task, `${name}.`);
  for (const [what, array] of Object.entries({ ...ARRAYS, weights: "Float32Array" })) {
    const found = given[what];
    if (ArrayBuffer.isView(found) || isList(found)) continue;
    if (what === "weights" && found === undefined) continue;
    throw new TypeError(because(`the ${what} of ${name} are ${described(found)}, expected a ${array}`));
  }
  const samples = given.samples as number;
  if (!Number.isSafeInteger(samples) || samples < 1) {
    throw new RangeError(because(`${name} has ${shown(samples)} samples, at least 1 is needed`));
  }
  if (samples > MOST_SAMPLES) {
    throw new RangeError(because(`${name} has ${samples} samples, at most ${MOST_SAMPLES} are possible`));
  }
  const { featureCount, outputCount } = shape;
  const of = (what: string): Place => ({ task, name: `the ${what} of ${name}` });
  const split = {
    samples,
    // Arrays in one line say themselves how long they are; rows have to be as long as a sample.
    features: readMatrix(given.features, of("features"), widthOf(given.features, featureCount)).values,
    labels: readLabels(given.labels, of("labels")),
    targets: readFloatMatrix(given.targets, of("targets"), widthOf(given.targets, outputCount)).values,
    ...(given.weights !== undefined && { weights: readFloats(given.weights, of("weights")) }),
    ...(source !== undefined && { source: readSource(source, of("source")) }),
  };
  requireLengths(split, shape, name, because);
  requireClasses(split.labels, shape, name, because);
  requireTargets(split.targets, shape, name, because);
  if (split.weights !== undefined) requireWeights(split.weights, name, because);
  return split;
}

/**
 * Refuses samples one of whose features is not finite; a source is not asked.
 *
 * Cost: one read of the features.
 *
 * @throws {RangeError} The first such feature.
 */
export function requireFiniteFeatures(
  { features }: Split,
  { featureCount }: SplitShape,
  { task, name }: Place,
): void {
  if (!(features instanceof Float32Array)) return;
  const at = firstUnfit(features);
  if (at < 0) return;
  const where = `feature ${at % featureCount} of sample ${Math.floor(at / featureCount)} of ${name}`;
  throw new RangeError(`Cannot ${task}: ${where} is ${features[at]}, a finite number is needed`);
}

type Because = (found: string) => string;

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

function readSource(source: unknown, place: Place): FeatureSource {
  const gathers = isRecord(source) && typeof guarded(place, () => source.gather) === "function";
  if (gathers) return source as unknown as FeatureSource;
  throw new TypeError(
    `Cannot ${place.task}: ${place.name} is ${described(source)}, expected one with gather()`,
  );
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
  labels: Uint32Array,
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

/** Numbers to predict are finite; labels are there, 1, or not, 0. */
function requireTargets(
  targets: Float32Array,
  { task, outputCount }: SplitShape,
  name: string,
  because: Because,
): void {
  const flags = task === "multi-label";
  const at = flags ? targets.findIndex((target) => target !== 0 && target !== 1) : firstUnfit(targets);
  if (at < 0) return;
  const where = `target ${at % outputCount} of sample ${Math.floor(at / outputCount)} of ${name}`;
  const needed = flags ? "expected 1 for a label that the sample has, or 0" : "a finite number is needed";
  throw new RangeError(because(`${where} is ${targets[at]}, ${needed}`));
}

function requireWeights(weights: Float32Array, name: string, because: Because): void {
  const wrong = firstUnfit(weights, 0);
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

/**
 * What is given as samples: whether they are samples of the shape that is needed, made what kernels take.
 *
 * @module
 */
import { firstUnfit } from "../finite.ts";
import { isRecord, readWhole } from "../hyperparameter.ts";
import { described, readFloatMatrix, readFloats, readIndices, readMatrix } from "../numbers.ts";
import { type Place, readByName } from "../value.ts";
import type { FeatureSource, Split, SplitShape } from "./split.ts";

/** What is read of samples; of a data set, which has samples to train, that it is none. */
const NAMES = ["samples", "features", "source", "labels", "targets", "weights", "train"];

/**
 * Reads samples; arrays that kernels take are not copied.
 *
 * @param task What cannot be done without them: "evaluate".
 * @throws {TypeError} When there are none, or an array is missing, of another kind or of another length.
 * @throws {RangeError} When a class is past the last, or a target or weight is out of range.
 */
export function readSplit(value: unknown, shape: SplitShape, task: string): Split {
  if (value === undefined || value === null) {
    throw new TypeError(
      `Cannot ${task}: there are no samples (${value}); a data set has a test part where one was set aside, ` +
        "as the option test of Dataset.from() does, its training samples are data.train",
    );
  }
  const { train, ...given } = isRecord(value) ? readByName(value, NAMES, task, "samples.") : { train: value };
  if (train !== undefined) {
    const found = isRecord(value) ? "a data set" : described(value);
    throw new TypeError(
      `Cannot ${task}: the samples are ${found}, expected a part of a data set, like data.test`,
    );
  }
  const { source } = given as { readonly source?: unknown };
  const count = readWhole(given.samples, { task, name: "the number of samples" }, {
    least: 1,
    below: 2 ** 32,
  });
  const { outputCount } = shape;
  const place = (name: string) => ({ task, name });
  const classes = shape.task === "classification";
  const split = {
    samples: count,
    features: source === undefined
      ? rows(readMatrix(given.features, place("features"), shape.featureCount), count, place("features"))
      : new Float32Array(0),
    labels: classes
      ? readIndices(given.labels, place("labels"), outputCount, count)
      : nothing(given.labels, new Uint32Array(0), place("labels")),
    targets: classes
      ? nothing(given.targets, new Float32Array(0), place("targets"))
      : rows(readFloatMatrix(given.targets, place("targets"), outputCount), count, place("targets")),
  };
  const unfit = firstUnfit(split.targets);
  if (unfit >= 0) {
    throw new RangeError(
      `Cannot ${task}: target ${unfit % outputCount} of sample ${Math.floor(unfit / outputCount)} is ${
        split.targets[unfit]
      }, a finite number is needed`,
    );
  }
  const other = shape.task === "multi-label" ? split.targets.findIndex((one) => one !== 0 && one !== 1) : -1;
  if (other >= 0) {
    throw new RangeError(
      `Cannot ${task}: target ${other % outputCount} of sample ${Math.floor(other / outputCount)} is ${
        split.targets[other]
      }, expected 0 or 1`,
    );
  }
  return {
    ...split,
    ...(source !== undefined && { source: readSource(source, task) }),
    ...(given.weights !== undefined && { weights: readWeights(given.weights, count, task) }),
  };
}

/** The values of a matrix that has a row for each sample. */
function rows<A>(
  { values, rows }: { readonly values: A; readonly rows: number },
  samples: number,
  { task, name }: Place,
): A {
  if (rows === samples) return values;
  throw new TypeError(`Cannot ${task}: there are ${name} of ${rows} samples, expected those of ${samples}`);
}

/** Nothing, where nothing was given that is meant for another task. */
function nothing<A>(
  value: unknown,
  none: A,
  { task, name }: Place,
): A {
  if (value === undefined || readFloats(value, { task, name }).length === 0) return none;
  throw new TypeError(
    `Cannot ${task}: the samples have ${name} (${described(value)}), which the model's task has none of`,
  );
}

function readSource(source: unknown, task: string): FeatureSource {
  if (isRecord(source) && typeof source.gather === "function") return source as unknown as FeatureSource;
  throw new TypeError(
    `Cannot ${task}: the source of the features is ${described(source)}, expected one with gather()`,
  );
}

function readWeights(value: unknown, samples: number, task: string): Float32Array {
  const weights = readFloats(value, { task, name: "weights" }, samples);
  const wrong = firstUnfit(weights, 0);
  if (wrong < 0) return weights;
  throw new RangeError(
    `Cannot ${task}: the weight of sample ${wrong} is ${
      weights[wrong]
    }, a finite number of at least 0 is needed`,
  );
}

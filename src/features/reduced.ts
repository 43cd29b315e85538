/**
 * Data of some features alone.
 *
 * @module
 */
import { type Dataset, type Split, usableDataset } from "../data/dataset.ts";
import { finished } from "../data/finished.ts";
import { readIndices } from "../numbers.ts";
import type { Numbers } from "../numbers.ts";
import { inputNames, type TableSchema } from "../schema.ts";
import { sharedBytes, sharedFloats } from "../sparse/shared.ts";
import { featureColumns } from "./columns.ts";

/**
 * The data set of some features: all samples, the other features left out.
 *
 * A model that is trained on it reads the whole table too: the schema says of the other columns that they are ignored.
 * Features without a name are called by their old places, “feature 7”.
 * Cost: a copy of the features that stay, in shared memory; nothing where samples are made on demand.
 *
 * @param features Places of features, from 0, as {@linkcode selectFeatures} numbers them: columns of a table count once,
 * whatever inputs they make.
 * @throws {RangeError} When there is none, or one is past the last.
 * @throws {TypeError} When they are no whole numbers, or it is no data set.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Dataset, withFeatures } from "@truly-sparse/truly-sparse";
 *
 * const data = Dataset.from({ features: [[1, 2, 3], [4, 5, 6]], labels: ["a", "b"], featureNames: ["x", "y", "z"] });
 * const { featureNames, train } = withFeatures(data, [2, 0]);
 * assertEquals(featureNames, ["x", "z"]);
 * assertEquals(train.features, Float32Array.of(1, 3, 4, 6));
 * ```
 */
export function withFeatures(data: Dataset, features: Numbers): Dataset {
  const usable = usableDataset(data);
  const task = `leave features of "${usable.name}" out`;
  const columns = featureColumns(usable);
  const chosen = new Set(readIndices(features, { task, name: "features" }, columns.length));
  if (chosen.size === 0) throw new RangeError(`Cannot ${task}: no feature is named, at least 1 is needed`);
  const kept = columns.filter((_, feature) => chosen.has(feature));
  const inputs = Uint32Array.from(
    kept.flatMap(({ first, inputs }) => Array.from({ length: inputs }, (_, at) => first + at)),
  );
  const { image: _, schema, train, validation, test, ...rest } = usable;
  const places = new Set(kept.map(({ column }) => column));
  const left = schema && withColumns(schema, (column) => places.has(column));
  const part = (split: Split) => withInputs(split, inputs, usable.featureCount);
  return finished({
    ...rest,
    featureCount: inputs.length,
    featureNames: left === undefined
      ? kept.map(({ name }) => name)
      : usable.featureNames.length > 0
      ? Array.from(inputs, (input) => usable.featureNames[input])
      : inputNames(left),
    ...(left && { schema: left }),
    train: part(train),
    ...(validation && { validation: part(validation) }),
    ...(test && { test: part(test) }),
  });
}

/** A schema whose other inputs are ignored. */
function withColumns(schema: TableSchema, keeps: (column: number) => boolean): TableSchema {
  return {
    ...schema,
    columns: schema.columns.map((column, place) =>
      (column.kind === "number" || column.kind === "category") && !keeps(place)
        ? { kind: "ignored", name: column.name, because: "not chosen" }
        : column
    ),
  };
}

function withInputs(split: Split, inputs: Uint32Array, featureCount: number): Split {
  const { features, source, samples } = split;
  const copy = (
    from: Float32Array | Uint8Array,
    to: Float32Array | Uint8Array,
    count: number,
  ) => {
    for (let sample = 0; sample < count; sample++) {
      for (let at = 0; at < inputs.length; at++) {
        to[sample * inputs.length + at] = from[sample * featureCount + inputs[at]];
      }
    }
  };
  if (source !== undefined) {
    return {
      ...split,
      source: {
        gather(order, made, threads) {
          const whole = sharedFloats(order.length * featureCount);
          source.gather(order, whole, threads);
          copy(whole, made, order.length);
        },
      },
    };
  }
  const length = samples * inputs.length;
  const kept = features instanceof Uint8Array ? sharedBytes(length) : sharedFloats(length);
  copy(features, kept, samples);
  return { ...split, features: kept };
}

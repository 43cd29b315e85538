/**
 * What a data set is: samples to learn from, to choose a model with and to test with, and what can be asked of them.
 *
 * @module
 */
import { readWhole } from "../hyperparameter.ts";
import { described, type Matrix, readElements, readIndices } from "../numbers.ts";
import type { TableSchema } from "../schema.ts";
import { finished } from "./finished.ts";
import type { DatasetOptions } from "./division.ts";
import type { Label, Labels } from "./own_labels.ts";
import { ownSamples, type SampleSource } from "./own_samples.ts";
import type { Task } from "../task.ts";
import { isList, isRecord, readByName, shown } from "../value.ts";
import type { ImageShape, Split } from "./split.ts";
import { readPart, requireFiniteFeatures } from "./split_argument.ts";

export type { FeatureSource, ImageShape, Split } from "./split.ts";

/**
 * Samples to learn from, and perhaps others to test with.
 *
 * @template T What there is to learn, where that is known: it says for which task {@linkcode SparseMlp.for} makes a model.
 */
export interface Dataset<out T extends Task = Task> {
  /** What messages and saved files call it. */
  readonly name: string;
  /** Whether samples have one class, numbers to predict, or any of several labels. */
  readonly task: T;
  /** Features of each sample. */
  readonly featureCount: number;
  /** Classes (classification), numbers to predict (regression) or labels (multi-label). */
  readonly outputCount: number;
  /** Name of each class or label; empty for regression. */
  readonly classNames: readonly string[];
  /** Name of each feature; empty when unknown. */
  readonly featureNames: readonly string[];
  /** Given when each sample is an image. */
  readonly image?: ImageShape;
  /** What the columns of the table are that the samples come from; a model that is trained on them keeps it. */
  readonly schema?: TableSchema;
  /** Index of the first feature, in svmlight text: what other files of its kind are to be read with. */
  readonly firstIndex?: 0 | 1;
  /** The samples to learn from. */
  readonly train: Split;
  /** The samples to choose the best epoch by, in place of a `validationFraction` of the training samples. */
  readonly validation?: Split;
  /** The samples to test with. */
  readonly test?: Split;
}

/** What makes data sets. */
export interface DatasetMaker {
  /**
   * Makes a data set of samples of one's own: arrays of any kind, rows, or objects.
   *
   * Labels make the classes: the different ones, in order; `classNames` fixes names and order. With `test` and
   * `validation`, samples are drawn with the seed and set aside; each class gives its share, groups stay whole, and the
   * samples of each part keep their order. The validation part chooses the best epoch of {@linkcode train}.
   *
   * Cost: one read of each number. Memory: a copy of what is not already a Float32Array or bytes in one line, and of all
   * samples in shared memory where they are divided. Undivided arrays are used as they are, not copied: whoever changes
   * one changes the data set.
   *
   * @throws {TypeError} When something is missing, is unknown (with the nearest name) or of a wrong kind, or lengths do
   * not agree.
   * @throws {RangeError} When a number is not finite in 32 bits, a label is not among `classNames`, an option is out of
   * range, or a part would be empty.
   * @throws {SyntaxError} When a cell of objects can be of no use.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { Dataset } from "@truly-sparse/truly-sparse";
   *
   * const features = [[5.1, 3.5], [4.9, 3.0], [6.2, 2.9], [5.9, 3.0], [5.0, 3.4], [6.4, 2.8]];
   * const labels = ["setosa", "setosa", "virginica", "virginica", "setosa", "virginica"];
   * const data = Dataset.from({ features, labels, featureNames: ["length", "width"] }, { test: 1 / 3 });
   * assertEquals(data.classNames, ["setosa", "virginica"]);
   * assertEquals([data.train.samples, data.test?.samples], [4, 2]);
   * ```
   */
  from<const T extends Task>(
    source: SampleSource & { readonly task: T },
    options?: DatasetOptions,
  ): Dataset<T>;
  /** Samples that each have one class. */
  from(
    source: SampleSource & { readonly labels: Labels | string; readonly task?: undefined },
    options?: DatasetOptions,
  ): Dataset<"classification">;
  /** Samples that each have any of several labels. */
  from(
    source: SampleSource & { readonly labels: readonly (readonly Label[])[]; readonly task?: undefined },
    options?: DatasetOptions,
  ): Dataset<"multi-label">;
  /** Samples with numbers to predict. */
  from(
    source: SampleSource & {
      readonly targets: Matrix | string | readonly string[];
      readonly task?: undefined;
    },
    options?: DatasetOptions,
  ): Dataset<"regression">;
  /** Samples whose task the types do not tell. */
  from(source: SampleSource, options?: DatasetOptions): Dataset;
}

/** Makes data sets of samples of one's own. */
export const Dataset: DatasetMaker = Object.freeze({
  from: ((source: SampleSource, options?: DatasetOptions): Dataset =>
    finished(ownSamples(source, options))) as DatasetMaker["from"],
});

/**
 * Refuses a data set that no model could be trained on, with the first thing found wrong.
 *
 * Cost: one read of all features, labels, targets and weights; a copy of arrays of other kinds than kernels take.
 *
 * @throws {TypeError} When something is missing, of a kind that cannot be converted, or a length does not agree with the
 * counts.
 * @throws {RangeError} When there is no sample, a label is past the last class, a number is not finite, or weights are
 * below 0 or all 0.
 */
export function validateDataset(dataset: Dataset): void {
  usableDataset(dataset);
}

const NAMES = [
  ...["name", "task", "featureCount", "outputCount", "classNames", "featureNames", "image", "schema"],
  ...["firstIndex", "train", "validation", "test"],
];

/**
 * A data set as training takes it: each property read once into a plain object, and checked.
 *
 * Arrays that kernels take are those of the data set, not copies. Of other kinds (Float64Array, lists of numbers, rows …)
 * copies are made, rounded to 32 bits. Cost and errors: those of {@linkcode validateDataset}.
 */
export function usableDataset<T extends Task>(dataset: Dataset<T>): Dataset<T> {
  if (!isRecord(dataset) || ArrayBuffer.isView(dataset)) {
    throw new TypeError(
      `Cannot use a data set: found ${described(dataset)}, expected one; Dataset.from() makes it of arrays`,
    );
  }
  const given = readByName(dataset, NAMES, "use a data set", "data.") as unknown as Dataset<T>;
  const { name, task, featureCount, outputCount, schema, firstIndex, train, validation, test } = given;
  if (train === undefined && name === undefined) {
    throw new TypeError(
      "Cannot use a data set: found an object without a part to train with, expected a data set; " +
        "Dataset.from() makes it of arrays",
    );
  }
  if (typeof name !== "string") {
    throw new TypeError(`Cannot use a data set: its name is ${described(name)}, expected a text`);
  }
  const doing = `use data set "${shown(name)}"`;
  const because = (found: string) => `Cannot ${doing}: ${found}`;
  if (task !== "classification" && task !== "regression" && task !== "multi-label") {
    throw new TypeError(
      because(`its task is ${shown(task)}, expected classification, regression or multi-label`),
    );
  }
  const classNames = readNames(given.classNames, "classNames", because);
  const featureNames = readNames(given.featureNames, "featureNames", because);
  for (const [count, what] of [[featureCount, "features"], [outputCount, "outputs"]] as const) {
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new RangeError(because(`it has ${shown(count)} ${what}, at least 1 is needed`));
    }
  }
  if (task === "classification" && outputCount < 2) {
    throw new RangeError(because(`it has ${outputCount} class, at least 2 are needed`));
  }
  const [named, kind] = [
    task === "regression" ? 0 : outputCount,
    task === "multi-label" ? "labels" : "classes",
  ];
  if (classNames.length !== named) {
    throw new TypeError(because(`it has ${named} ${kind} and ${classNames.length} class names`));
  }
  if (featureNames.length !== 0 && featureNames.length !== featureCount) {
    throw new TypeError(because(`it has ${featureCount} features and ${featureNames.length} feature names`));
  }
  const image = given.image === undefined ? undefined : readImage(given.image, featureCount, because);
  const meaning = { name, task, featureCount, outputCount, classNames, featureNames };
  const part = (given: unknown, what: string) => {
    const place = { task: doing, name: `the ${what} part` };
    const split = readPart(given, meaning, place);
    requireFiniteFeatures(split, meaning, place);
    return split;
  };
  return {
    ...meaning,
    ...(image && { image }),
    ...(schema !== undefined && { schema }),
    ...(firstIndex !== undefined && { firstIndex }),
    train: part(train, "training"),
    ...(validation !== undefined && { validation: part(validation, "validation") }),
    ...(test !== undefined && { test: part(test, "test") }),
  };
}

function readNames(value: unknown, what: string, because: (found: string) => string): readonly string[] {
  if (!isList(value)) {
    throw new TypeError(
      because(`its ${what} are ${shown(value)}, expected an array of texts, or an empty one`),
    );
  }
  return Array.from(readElements(value, { task: "use a data set", name: what }), (text) => {
    if (typeof text === "string") return text;
    throw new TypeError(because(`one of its ${what} is ${described(text)}, expected a text`));
  });
}

function readImage(value: unknown, featureCount: number, because: (found: string) => string): ImageShape {
  if (!isRecord(value)) throw new TypeError(because(`its image is ${described(value)}, expected a size`));
  const read = readByName(value, ["height", "width", "channels"], "use a data set", "data.image.");
  const { height, width, channels } = read as unknown as ImageShape;
  const whole = [height, width, channels].every((count) => Number.isSafeInteger(count) && count > 0);
  if (!whole || channels * height * width !== featureCount) {
    const shape = [channels, height, width].map(shown).join(" × ");
    throw new TypeError(because(`images of ${shape} do not have ${featureCount} features`));
  }
  return { height, width, channels };
}

/** More classes than any network can have outputs for. */
const MOST_CLASSES = 2 ** 28;

/**
 * Counts the samples of each class.
 *
 * @returns Shape `[classes]`; all 0 for a regression split.
 * @throws {RangeError} When a label is not below `classes`.
 * @example
 * ```ts
 * import { classCounts } from "@truly-sparse/truly-sparse";
 * const split = {
 *   samples: 3,
 *   features: new Uint8Array(3),
 *   labels: Uint32Array.of(1, 0, 1),
 *   targets: new Float32Array(0),
 * };
 * if (classCounts(split, 2).join() !== "1,2") throw new Error("wrong counts");
 * ```
 */
export function classCounts(split: Split, classes: number): Uint32Array {
  const task = "count the classes";
  const { labels } = readByName(split, ["labels"], task, "samples.");
  const counts = new Uint32Array(
    readWhole(classes, { task, name: "classes" }, { least: 0, most: MOST_CLASSES }),
  );
  for (const label of readIndices(labels, { task, name: "labels" })) {
    if (label >= classes) {
      throw new RangeError(
        `Cannot count the classes: found class ${label}, the last class is ${classes - 1}`,
      );
    }
    counts[label]++;
  }
  return counts;
}

/**
 * The shape of data that a model is made for: how many numbers go in, how many come out, and what those mean.
 *
 * @module
 */
import { isRecord, readWhole, refuseUnknown } from "../hyperparameter.ts";
import { type Matrix, readList, readMatrix } from "../numbers.ts";
import type { CorrelatedSamples } from "../sparse/correlation.ts";
import { readByName, unfit } from "../value.ts";
import { MODEL_OPTION_NAMES, type ModelOptions, type Task } from "./settings.ts";

/** What a model must know of data; a `Dataset` has it. */
export interface DataShape<out T extends Task = Task> {
  /** Features of a sample. */
  readonly featureCount: number;
  /** Classes, labels, or numbers to predict. */
  readonly outputCount: number;
  /** What the outputs mean. */
  readonly task: T;
  /** The samples to learn from, `[samples, featureCount]`: needed where the start of the model correlates features. */
  readonly train?: { readonly features: Matrix };
}

/** Options of {@linkcode SparseMlp.for}: those of a model, but for what the data say. */
export interface ModelForOptions extends Omit<ModelOptions, "sizes" | "task"> {
  /** Neurons of each hidden layer, first to last; an empty list for a linear model. */
  readonly hidden: readonly number[];
}

const TASK = "make a model for the data";

/** Names of {@linkcode ModelForOptions}. */
export const MODEL_FOR_NAMES: readonly string[] = [
  "hidden",
  ...MODEL_OPTION_NAMES.filter((name) => name !== "sizes" && name !== "task"),
];

/**
 * The options of a model for data.
 *
 * @throws {TypeError} When the data have no shape, or there is no option of a name.
 * @throws {RangeError} When a count is no whole number of at least 1.
 */
export function optionsFor<T extends Task>(data: DataShape<T>, options: ModelForOptions): ModelOptions<T> {
  const { featureCount, outputCount, task } = readByName(
    data,
    ["featureCount", "outputCount", "task"],
    TASK,
    "data.",
  );
  if (task === undefined) throw unfit({ task: TASK, name: "data.task" }, task, "that of a data set");
  if (options === undefined) {
    throw new TypeError(
      `Cannot ${TASK}: its hidden layers are missing, expected { hidden: [100, 50] }; suggestSettings() names some`,
    );
  }
  refuseUnknown(options, MODEL_FOR_NAMES, TASK);
  const { hidden, ...settings } = readByName(options, MODEL_FOR_NAMES, TASK);
  const count = (value: unknown, name: string) =>
    readWhole(value, { task: TASK, name }, { least: 1, below: 2 ** 32 });
  const sizes = [
    count(featureCount, "data.featureCount"),
    ...readList(hidden, { task: TASK, name: "hidden" }),
    count(outputCount, "data.outputCount"),
  ];
  return { ...settings, sizes, task: task as T };
}

/**
 * The samples whose features a start correlates.
 *
 * @throws {TypeError} When the data have no samples in memory.
 */
export function samplesFor(data: DataShape): CorrelatedSamples {
  const task = 'make a model with start "csti"';
  const { featureCount, train } = readByName(data, ["featureCount", "train"], task, "data.");
  if (!isRecord(train)) throw unfit({ task, name: "data.train" }, train, "samples to correlate features of");
  const { features: given, source } = readByName(train, ["features", "source"], task, "data.train.");
  if (source !== undefined) {
    throw new TypeError(`Cannot ${task}: the features of the data are made when a batch needs them`);
  }
  const width = readWhole(featureCount, { task, name: "data.featureCount" }, { least: 1, below: 2 ** 32 });
  const { values: features, rows: samples } = readMatrix(given, { task, name: "data.train.features" }, width);
  if (samples > 0) return { features, samples, featureCount: width };
  throw new RangeError(`Cannot ${task}: there is no sample`);
}

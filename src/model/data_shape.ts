/**
 * The shape of data that a model is made for: how many numbers go in, how many come out, and what those mean.
 *
 * @module
 */
import { readWhole, refuseUnknown } from "../hyperparameter.ts";
import { readList } from "../numbers.ts";
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
}

/** Options of {@linkcode SparseMlp.for}: those of a model, but for what the data say. */
export interface ModelForOptions extends Omit<ModelOptions, "sizes" | "task"> {
  /** Neurons of each hidden layer, first to last; an empty list for a linear model. */
  readonly hidden: readonly number[];
}

const TASK = "make a model for the data";

/** Names of {@linkcode ModelForOptions}. */
const NAMES = ["hidden", ...MODEL_OPTION_NAMES.filter((name) => name !== "sizes" && name !== "task")];

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
  refuseUnknown(options, NAMES, TASK);
  const { hidden, ...settings } = readByName(options, NAMES, TASK);
  const count = (value: unknown, name: string) =>
    readWhole(value, { task: TASK, name }, { least: 1, below: 2 ** 32 });
  const sizes = [
    count(featureCount, "data.featureCount"),
    ...readList(hidden, { task: TASK, name: "hidden" }),
    count(outputCount, "data.outputCount"),
  ];
  return { ...settings, sizes, task: task as T };
}

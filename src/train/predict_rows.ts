/**
 * Predictions of rows: objects with a cell for each column of the table a model was trained on.
 *
 * @module
 */
import { CALLBACK, type NamesOf, onlyKnown, readValue, THREADS } from "../hyperparameter.ts";
import { guarded, isInstance, isList, type Place, unfit } from "../value.ts";
import { inputsOfRows } from "../data/table/row_samples.ts";
import type { OnNotice } from "../data/table/reading.ts";
import type { Row } from "../data/table/rows.ts";
import { InferenceModel } from "../model/inference.ts";
import { SparseMlp } from "../model/model.ts";
import type { Task } from "../model/settings.ts";
import { type TableSchema, targetNames } from "../schema.ts";

/** Options of {@linkcode predictRows}. */
export interface PredictRowsOptions {
  /** Threads of the kernels; they do not change the result. @default {1} */
  readonly threads?: number;
  /** Called with what was passed over (columns the model does not know), filled in or unknown: a line each. */
  readonly onNotice?: OnNotice;
}

const OPTIONS: NamesOf<PredictRowsOptions> = { threads: true, onNotice: true };

/** What a model for classes says of a row. */
export interface PredictedClass {
  /** Name of the likeliest class, the first of equal ones. */
  readonly class: string;
  /** Of each class by its name; they sum to 1. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** Of another task. */
  readonly labels?: undefined;
  /** Of another task. */
  readonly values?: undefined;
}

/** What a model for several labels says of a row. */
export interface PredictedLabels {
  /** Names of the labels that are likelier there than not. */
  readonly labels: readonly string[];
  /** Of each label by its name. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** Of another task. */
  readonly class?: undefined;
  /** Of another task. */
  readonly values?: undefined;
}

/** What a model for numbers says of a row. */
export interface PredictedValues {
  /** Each target by its name, in its own unit. */
  readonly values: Readonly<Record<string, number>>;
  /** Of another task. */
  readonly class?: undefined;
  /** Of another task. */
  readonly labels?: undefined;
  /** Of another task. */
  readonly probabilities?: undefined;
}

/** What a model for a task says of a row; any of the three where the task is not known. */
export type PredictedRow<T extends Task = Task> = T extends "classification" ? PredictedClass
  : T extends "regression" ? PredictedValues
  : PredictedLabels;

/**
 * Predicts rows by the names of their columns, with the checks that a file is read with.
 *
 * The model was trained on a table with a header (a file, or rows), whose schema it keeps. Columns may stand in any
 * order; one that no row has is refused with the nearest name, others than those of the schema are passed over. A missing
 * cell (null, undefined, NaN, "") is filled in and a category never seen in training is treated as in a file; `onNotice`
 * is told. In a column of numbers true is 1 and false is 0, and texts must spell numbers.
 *
 * A `SparseMlp` is laid out anew in each call (O(connections)): for many calls give an `InferenceModel`, which also reads
 * the schema once.
 *
 * @param rows Objects with a cell for each column; each cell is read once.
 * @returns One prediction a row, in their order (none for an empty list): `{ class, probabilities }`, `{ labels, probabilities }` or `{ values }`.
 * @throws {TypeError} When the model has no names of columns, the rows are no list of objects, or a cell is a Date, an
 * object or an infinite number.
 * @throws {RangeError} When a column is missing.
 * @throws {SyntaxError} When a cell is no number where one is needed; the message names row and column.
 * @throws {FeatureError} When a number is so far from those of training that the outputs are not finite.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { predictRows, readTable, SparseMlp, train } from "@truly-sparse/truly-sparse";
 *
 * const lines = Array.from({ length: 60 }, (_, i) => `${i % 7},${i % 2 ? "red" : "blue"},${i % 2 ? "ripe" : "raw"}`);
 * const csv = new TextEncoder().encode(`mass,colour,state\n${lines.join("\n")}\n`);
 * const data = await readTable(csv, { label: "state" });
 * const model = SparseMlp.create({ sizes: [data.featureCount, 16, 2], epsilon: 8, seed: 1 });
 * for await (const _ of train(model, data, { epochs: 20, batchSize: 8, learningRate: 0.05 }));
 * const [row] = predictRows(model.toInference(), [{ colour: "red", mass: 3 }]);
 * assertEquals(row.class, "ripe");
 * ```
 */
export function predictRows<T extends Task>(
  model: SparseMlp<T> | InferenceModel<T>,
  rows: readonly Row[],
  options: PredictRowsOptions = {},
): PredictedRow<T>[] {
  const { threads, onNotice } = checkedOptions(options);
  const inference = inferenceOf(model);
  const schema = schemaOf(inference);
  if (isList(rows) && rows.length === 0) return [];
  const features = inputsOfRows(schema, rows, PLACE, { threads, onNotice });
  const samples = features.length / inference.featureCount;
  const { task } = inference;
  const outputs = inference.is("regression")
    ? inference.predictValues(features, { threads })
    : (inference as InferenceModel<"classification">).predictProbabilities(features, { threads });
  const width = outputs.length / samples;
  const names = outputNames(inference, schema, width);
  const of = OF_TASK[task];
  return Array.from(
    { length: samples },
    (_, row) => of(names, outputs.subarray(row * width, (row + 1) * width)),
  ) as PredictedRow<T>[];
}

const PLACE: Place = { task: "predict", name: "rows" };

function checkedOptions(options: PredictRowsOptions): { threads: number; onNotice: OnNotice | undefined } {
  const { threads, onNotice } = onlyKnown(options, OPTIONS, "predict rows");
  const place = (name: string) => ({ task: "predict rows", name });
  if (onNotice !== undefined) readValue(CALLBACK, onNotice, place("onNotice"));
  return { threads: readValue(THREADS, threads, place("threads")), onNotice };
}

function inferenceOf(model: unknown): InferenceModel {
  if (isInstance(model, InferenceModel)) return model;
  const place = { task: "predict rows", name: "the model" };
  if (guarded(place, () => model instanceof SparseMlp)) return new InferenceModel(model as SparseMlp);
  throw unfit(place, model, "a SparseMlp or an InferenceModel");
}

/** The schema of a model whose columns have names. */
function schemaOf({ schema, task }: InferenceModel): TableSchema {
  if (schema?.header === true) return schema;
  const found = schema === undefined
    ? "the model was trained on arrays of numbers, not on a table"
    : "the table that the model was trained on had no header, so its columns have no names";
  const method = {
    classification: "predictClasses or predictProbabilities",
    regression: "predictValues",
    "multi-label": "predictLabels or predictProbabilities",
  }[task];
  throw new TypeError(`Cannot predict rows by the names of their columns: ${found}; ${method} takes arrays`);
}

/** Names of the outputs; their numbers where a model does not know them. */
function outputNames({ classNames, task }: InferenceModel, schema: TableSchema, width: number): string[] {
  const names = task === "regression" ? targetNames(schema) : classNames;
  return Array.from({ length: width }, (_, output) => names[output] ?? String(output));
}

const OF_TASK: Readonly<
  Record<InferenceModel["task"], (names: readonly string[], outputs: Float32Array) => PredictedRow>
> = {
  classification: (names, outputs) => {
    let best = 0;
    for (let output = 1; output < outputs.length; output++) {
      if (outputs[output] > outputs[best]) best = output;
    }
    return { class: names[best], probabilities: named(names, outputs) };
  },
  "multi-label": (names, outputs) => ({
    labels: names.filter((_, output) => outputs[output] > 0.5),
    probabilities: named(names, outputs),
  }),
  regression: (names, outputs) => ({ values: named(names, outputs) }),
};

/** Numbers by name. */
function named(names: readonly string[], outputs: Float32Array): Record<string, number> {
  return Object.fromEntries(names.map((name, output) => [name, outputs[output]]));
}

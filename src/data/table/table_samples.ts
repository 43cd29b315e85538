/**
 * Samples out of a table: a training table decides what its columns are, others are read as a model knows them.
 *
 * @module
 */
import { inputNames, type TableSchema } from "../../schema.ts";
import type { FileSamples } from "../samples.ts";
import type { Task } from "../split.ts";
import type { ReadProgress } from "../source.ts";
import { chooseSchema, type SchemaOptions } from "./choose_schema.ts";
import { chooseAnswers, type Column, findColumns } from "./columns.ts";
import {
  knownClasses,
  type LabelClasses,
  labelClasses,
  MISSING_CLASS,
  type MissingLabels,
  requireAnswers,
} from "./label_kinds.ts";
import { describeLosses } from "./losses.ts";
import { matchTable } from "./match.ts";
import { type AnswerPlan, LEFT_OUT, NO_ANSWERS, planRoles } from "./role_plan.ts";
import type { EncodedRows, Table, TableOptions, TableProfile } from "./table.ts";

/** What a model knows of the tables it reads. */
export interface KnownTable {
  readonly schema: TableSchema;
  readonly task: Task;
  /** Name of each class; empty for regression, or where the table is to say. */
  readonly classNames: readonly string[];
}

/** Called with what was guessed, put right or lost: a line each. */
export type OnNotice = (notice: string) => void;

/** How a table is read. */
export interface TableReading {
  /** Most threads to use; they do not change the result. @default {navigator.hardwareConcurrency} */
  readonly threads?: number | undefined;
  /** Called now and then, in both readings. */
  readonly onProgress?: ReadProgress | undefined;
  /** Called before the samples are there. */
  readonly onNotice?: OnNotice | undefined;
  /** Whether rows without a label are refused, left out, or a class of their own. @default {"refuse"} */
  readonly missingLabels?: MissingLabels | undefined;
  /** Where the answers stand, where the header calls them otherwise than in training. */
  readonly labelColumn?: Column | readonly Column[] | undefined;
}

/** Samples of a table, with what its columns are. */
export interface TableSamples extends FileSamples {
  readonly schema: TableSchema;
}

/**
 * Reads a training table: decides what its columns are, and encodes them so.
 *
 * Time: one reading of delimited text that is all plain numbers and classes, otherwise two. Memory: the arrays
 * returned, in shared memory.
 *
 * @throws {SyntaxError} When a cell cannot be read or is of no use; the message names line and column.
 * @throws {RangeError} When columns are unknown, or labels make no classes.
 */
export async function readTrainingTable(
  table: Table,
  options: SchemaOptions & TableReading = {},
): Promise<TableSamples> {
  const { onNotice, missingLabels = "refuse", categories, task } = options;
  const answers = chooseAnswers(table, options);
  const spelled = [
    ...(task === "regression" ? [] : answers.labels),
    ...(categories === undefined ? [] : findColumns(categories, table)),
  ];
  const profile = await table.profile({ ...readings(options, 0), spelled });
  const chosen = chooseSchema(table, profile, answers, options);
  for (const line of [...table.notices.map((text) => `"${table.name}": ${text}`), ...chosen.lines]) {
    onNotice?.(line);
  }
  const places = chosen.schema.columns.map((_, place) => place);
  const known = { schema: chosen.schema, task: chosen.task, classNames: chosen.classNames };
  const plan = answerPlan(known, chosen.classes, missingLabels);
  return await encodeTable(table, profile, known, places, plan, options, true);
}

/**
 * Reads a table as a model knows it: columns are found by {@linkcode matchTable}, and classes are the model's.
 *
 * @throws {SyntaxError} When a cell cannot be read or is of no use; the message names line and column.
 * @throws {RangeError} When a column is missing.
 */
export async function readKnownTable(
  table: Table,
  known: KnownTable,
  options: TableReading = {},
): Promise<TableSamples> {
  const { schema, task, classNames } = known;
  const { onNotice, missingLabels = classNames.includes(MISSING_CLASS) ? "class" : "refuse" } = options;
  const answers = schema.columns.some(({ kind }) => kind === "class" || kind === "target");
  const { places, notices } = matchTable(schema, table, { answers, labels: labelsOf(table, options) });
  for (const line of [...table.notices.map((text) => `"${table.name}": ${text}`), ...notices]) {
    onNotice?.(line);
  }
  const labels = schema.columns.flatMap(({ kind }, index) => kind === "class" ? [places[index]!] : []);
  const profile = await table.profile({ ...readings(options, 0), spelled: labels });
  for (const [index, column] of schema.columns.entries()) {
    const { kind } = column;
    const place = places[index];
    if (place === undefined || (kind !== "class" && kind !== "target" && kind !== "weight")) continue;
    requireAnswers(profile.columns[place], place, table.name, { kind, missing: missingLabels });
  }
  if (task === "regression") {
    return await encodeTable(
      table,
      profile,
      known,
      places,
      answerPlan(known, new Map(), missingLabels),
      options,
      false,
    );
  }
  const [label] = labels;
  const found = label === undefined ? undefined : profile.columns[label];
  const classes = found === undefined
    ? { classNames, classes: new Map() }
    : classNames.length === 0
    ? labelClasses(found, label, table.name, false)
    : { classNames, classes: knownClasses(found, classNames) };
  const named = { ...known, classNames: classes.classNames };
  const plan = answerPlan(named, classes.classes, missingLabels);
  return await encodeTable(table, profile, named, places, plan, options, false);
}

/** Windows of the inputs of a table as a model knows it, without answers: for tables larger than memory. */
export async function* knownWindows(
  table: Table,
  schema: TableSchema,
  options: TableReading & { readonly windowBytes?: number | undefined } = {},
): AsyncGenerator<EncodedRows> {
  const { threads, onNotice, windowBytes } = options;
  const { places, notices } = matchTable(schema, table, { answers: false, labels: labelsOf(table, options) });
  for (const line of [...table.notices.map((text) => `"${table.name}": ${text}`), ...notices]) {
    onNotice?.(line);
  }
  const plan = planRoles(schema, places, table.columnCount, NO_ANSWERS);
  const windows = table.windows(plan, { threads, ...(windowBytes !== undefined && { windowBytes }) });
  for (;;) {
    const { done, value } = await windows.next();
    if (done) {
      for (const line of describeLosses(table.name, schema, places, value)) onNotice?.(line);
      return;
    }
    yield value;
  }
}

function labelsOf(table: Table, { labelColumn }: TableReading): readonly number[] | undefined {
  return labelColumn === undefined ? undefined : findColumns(labelColumn, table);
}

/** Options of the first or second of two readings. */
function readings({ threads, onProgress }: TableReading, reading: 0 | 1): TableOptions {
  return {
    threads,
    onProgress: onProgress && ((done, total) => onProgress(reading * total + done, 2 * total)),
  };
}

function answerPlan(
  { schema, task, classNames }: KnownTable,
  classes: LabelClasses["classes"],
  missingLabels: MissingLabels,
): AnswerPlan {
  const classified = task === "classification";
  const missingClass = missingLabels === "drop"
    ? LEFT_OUT
    : missingLabels === "class" && classNames.includes(MISSING_CLASS)
    ? classNames.indexOf(MISSING_CLASS)
    : undefined;
  return {
    ...(classified && schema.columns.some(({ kind }) => kind === "class") && { classes }),
    ...(missingClass !== undefined && { missingClass }),
    targets: !classified,
    missingTargets: missingLabels === "drop",
    weights: schema.columns.some(({ kind }) => kind === "weight"),
  };
}

async function encodeTable(
  table: Table,
  profile: TableProfile,
  { schema, task, classNames }: KnownTable,
  places: readonly (number | undefined)[],
  answers: AnswerPlan,
  options: TableReading,
  training: boolean,
): Promise<TableSamples> {
  const plan = planRoles(schema, places, table.columnCount, answers);
  const { counts, ...encoded } = await table.encode(plan, profile.rows, readings(options, 1));
  const kept = { training, leftOut: options.missingLabels === "drop" };
  for (const line of describeLosses(table.name, schema, places, counts, kept)) options.onNotice?.(line);
  const { rows, features, labels, targets, weights } = options.missingLabels === "drop"
    ? withAnswers(encoded, plan.targetCount, table.name)
    : encoded;
  return {
    schema,
    task,
    samples: rows,
    features,
    labels,
    targets,
    ...(weights.length > 0 && { weights }),
    featureCount: plan.inputCount,
    featureNames: schema.header ? inputNames(schema) : [],
    classNames,
  };
}

/** The rows with a label, moved to the front of the arrays where others are to be left out. */
function withAnswers(encoded: EncodedRows, targetCount: number, source: string): EncodedRows {
  const { rows, features, labels, targets, weights } = encoded;
  const isLeftOut = (row: number) =>
    labels[row] === LEFT_OUT ||
    targets.subarray(row * targetCount, (row + 1) * targetCount).some(Number.isNaN);
  let kept = 0;
  const width = features.length / rows;
  for (let row = 0; row < rows; row++) {
    if (isLeftOut(row)) continue;
    if (kept < row) {
      features.copyWithin(kept * width, row * width, (row + 1) * width);
      targets.copyWithin(kept * targetCount, row * targetCount, (row + 1) * targetCount);
      if (labels.length > 0) labels[kept] = labels[row];
      if (weights.length > 0) weights[kept] = weights[row];
    }
    kept++;
  }
  if (kept === rows) return encoded;
  if (kept === 0) throw new RangeError(`Cannot learn from "${source}": no row has a label`);
  return {
    rows: kept,
    features: features.subarray(0, kept * width),
    labels: labels.subarray(0, labels.length > 0 ? kept : 0),
    targets: targets.subarray(0, kept * targetCount),
    weights: weights.subarray(0, weights.length > 0 ? kept : 0),
  };
}

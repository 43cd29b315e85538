/**
 * How a table becomes samples, whoever reads it: what its first reading is to gather, and what the second makes of it.
 *
 * @module
 */
import { inputNames, type TableSchema, targetNames } from "../../schema.ts";
import type { FileSamples } from "../samples.ts";
import type { Task } from "../../task.ts";
import type { ReadProgress } from "../source.ts";
import { chooseSchema, type SchemaOptions } from "./choose_schema.ts";
import { chooseAnswers, type Column, findColumns } from "./columns.ts";
import {
  flagsOf,
  knownClasses,
  type LabelClasses,
  labelClasses,
  MISSING_CLASS,
  type MissingLabels,
  requireAnswers,
} from "./label_kinds.ts";
import { describeLosses } from "./losses.ts";
import { matchTable } from "./match.ts";
import { type AnswerPlan, LEFT_OUT, planRoles } from "./role_plan.ts";
import type { CellRole, EncodedRows, EncodingCounts, RolePlan, Table, TableProfile } from "./table.ts";

/** What a model knows of the tables it reads. */
export interface KnownTable {
  readonly schema: TableSchema;
  readonly task: Task;
  /** Name of each class or label; empty for regression, or where the table is to say. */
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
  readonly features: Float32Array;
  readonly schema: TableSchema;
}

/** What is known of a table that was opened. */
export type OpenedTable = Pick<Table, "name" | "columnNames" | "columnCount" | "notices">;

/** Rows that were encoded, and what was lost. */
export type CountedRows = EncodedRows & { readonly counts: EncodingCounts };

/** The steps of a reading. */
export interface Reading {
  /** Columns whose spellings the first reading gathers. */
  readonly spelled: readonly number[];
  /**
   * What the second reading has to do.
   *
   * @throws {SyntaxError} When a column or an answer is of no use; the message says where and what to do.
   * @throws {RangeError} When labels make no classes.
   */
  encoding(profile: TableProfile): Encoding;
}

/** What a second reading does. */
export interface Encoding {
  readonly plan: RolePlan;
  /** Of labels that are flags: makes an input of each, which are the targets. */
  readonly flagPlan?: RolePlan;
  /** The samples, and tells what was lost. */
  samples(encoded: CountedRows, flags?: Float32Array): TableSamples;
}

/** Reads a training table: decides what its columns are. */
export function trainingReading(table: OpenedTable, options: SchemaOptions & TableReading): Reading {
  const { onNotice, missingLabels = "refuse", categories, task } = options;
  const answers = chooseAnswers(table, options);
  const spelled = [
    ...(task === "regression" ? [] : answers.labels),
    ...(categories === undefined ? [] : findColumns(categories, table)),
  ];
  const encoding = (profile: TableProfile): Encoding => {
    const chosen = chooseSchema(table, profile, answers, options);
    tell(table, chosen.lines, onNotice);
    const places = chosen.schema.columns.map((_, place) => place);
    const plan = answerPlan(chosen, chosen.classes, missingLabels);
    return encodingOf(table, profile, chosen, places, plan, options, true);
  };
  return { spelled, encoding };
}

/**
 * Reads a table as a model knows it: columns are found by {@linkcode matchTable}, and classes are the model's.
 *
 * @throws {RangeError} When a column is missing.
 */
export function knownReading(table: OpenedTable, known: KnownTable, options: TableReading): Reading {
  const { schema, task, classNames } = known;
  const { onNotice, missingLabels = classNames.includes(MISSING_CLASS) ? "class" : "refuse" } = options;
  const answers = schema.columns.some(({ kind }) => kind === "class" || kind === "target");
  const { places, notices } = matchTable(schema, table, { answers, labels: labelsOf(table, options) });
  tell(table, notices, onNotice);
  const spelled = schema.columns.flatMap(({ kind }, index) =>
    kind === "class" || kind === "target" && task === "multi-label" ? [places[index]!] : []
  );
  const encoding = (profile: TableProfile): Encoding => {
    for (const [index, column] of schema.columns.entries()) {
      const { kind } = column;
      const place = places[index];
      if (place === undefined || (kind !== "class" && kind !== "target" && kind !== "weight")) continue;
      // Flags are looked at where they are encoded.
      if (kind === "target" && task === "multi-label") continue;
      requireAnswers(profile.columns[place], place, table.name, { kind, missing: missingLabels });
    }
    const [label] = task === "classification" ? spelled : [];
    const found = label === undefined ? undefined : profile.columns[label];
    const classes = found === undefined
      ? { classNames, classes: new Map() }
      : classNames.length === 0
      ? labelClasses(found, label, table.name, false)
      : { classNames, classes: knownClasses(found, classNames) };
    const named = { ...known, classNames: task === "regression" ? [] : classes.classNames };
    const plan = answerPlan(named, classes.classes, missingLabels);
    return encodingOf(table, profile, named, places, plan, options, false);
  };
  return { spelled, encoding };
}

/** Where the answers of another table stand, where somebody says it. */
export function labelsOf(table: OpenedTable, { labelColumn }: TableReading): readonly number[] | undefined {
  return labelColumn === undefined ? undefined : findColumns(labelColumn, table);
}

/** Tells what was guessed about a file, and then what was found in it. */
export function tell(table: OpenedTable, lines: readonly string[], onNotice: OnNotice | undefined): void {
  for (const line of [...table.notices.map((text) => `"${table.name}": ${text}`), ...lines]) {
    onNotice?.(line);
  }
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
    targets: task === "regression",
    missingTargets: missingLabels === "drop",
    weights: schema.columns.some(({ kind }) => kind === "weight"),
  };
}

function encodingOf(
  table: OpenedTable,
  profile: TableProfile,
  known: KnownTable,
  places: readonly (number | undefined)[],
  answers: AnswerPlan,
  options: TableReading,
  training: boolean,
): Encoding {
  const { schema, task } = known;
  const plan = planRoles(schema, places, table.columnCount, answers);
  const flagged = task === "multi-label" && schema.columns.some(({ kind }) => kind === "target");
  const classNames = flagged && known.classNames.length === 0 ? targetNames(schema) : known.classNames;
  const samples = ({ counts, ...encoded }: CountedRows, flags?: Float32Array): TableSamples => {
    const leftOut = options.missingLabels === "drop";
    for (const line of describeLosses(table.name, schema, places, counts, { training, leftOut })) {
      options.onNotice?.(line);
    }
    const { rows, features, labels, targets, weights } = leftOut
      ? withAnswers(encoded, plan.targetCount, table.name)
      : encoded;
    return {
      schema,
      task,
      samples: rows,
      features,
      labels,
      targets: flags ?? targets,
      ...(weights.length > 0 && { weights }),
      featureCount: plan.inputCount,
      featureNames: schema.header ? inputNames(schema) : [],
      classNames,
    };
  };
  return { plan, samples, ...(flagged && { flagPlan: planFlags(table, profile, schema, places) }) };
}

/** A plan whose inputs are 1 where a sample has a label. */
function planFlags(
  table: OpenedTable,
  profile: TableProfile,
  { columns }: TableSchema,
  places: readonly (number | undefined)[],
): RolePlan {
  const roles: CellRole[] = Array.from({ length: table.columnCount }, () => ({ kind: "skip" }));
  let inputCount = 0;
  for (const [index, column] of columns.entries()) {
    const place = places[index];
    if (column.kind !== "target" || place === undefined) continue;
    const { spelled } = flagsOf(profile.columns[place], place, table.name);
    roles[place] = {
      kind: "category",
      inputs: new Map(spelled.map((spelling) => [spelling, column.output])),
    };
    inputCount++;
  }
  return { roles, inputCount, targetCount: 0 };
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

/**
 * Delimited text: CSV, TSV, columns between semicolons or blanks.
 *
 * Each row is a line of numbers, one of them (or a name) the label.
 *
 * @module
 */
import { canonical, isNumber, LabelTable } from "./labels.ts";
import { quote } from "./quote.ts";
import type { FileSamples, Task } from "./samples.ts";
import type { ReadProgress, Source } from "./source.ts";
import { type DelimitedOptions, openDelimited } from "./table/delimited.ts";
import type { CellRole, Table } from "./table/table.ts";

/** A column: its name in the header, or its index from 0, or from the end if negative. */
export type Column = string | number;

/** Options of {@linkcode readCsv}. */
export interface CsvOptions extends DelimitedOptions {
  /** What the label is. @default {"classification"} */
  readonly task?: Task | undefined;
  /**
   * The label's column, or several of them for regression; "first", "last" or "none". A text of digits that is
   * no name is an index.
   *
   * Without it, the column the header calls label, class, target, response, output or y (in this order of
   * preference, capitals or not), and the last one where the header has none of them or there is no header.
   */
  readonly labelColumn?: Column | readonly Column[] | undefined;
  /** Columns that are no features, like a row number. @default {[]} */
  readonly ignoreColumns?: readonly Column[] | undefined;
  /** Classes known from another file; a label that is none of them is an error. */
  readonly classNames?: readonly string[] | undefined;
  /**
   * What another file gave: columns, label and classes must be as there.
   *
   * `labelColumn` and `classNames` have no effect then.
   */
  readonly like?: CsvSamples | undefined;
  /** Most threads to use. @default {navigator.hardwareConcurrency} */
  readonly threads?: number | undefined;
  /** Called now and then; the file may be read twice, so the total is twice its size. */
  readonly onProgress?: ReadProgress | undefined;
}

/** Samples of delimited text. */
export interface CsvSamples extends FileSamples {
  /** How many columns there are. */
  readonly columns: number;
  /** What the header calls them; empty without a header. */
  readonly columnNames: readonly string[];
  /** Index of each label column, from 0. */
  readonly labelColumns: readonly number[];
}

/** Header names that mean the label. */
export const LABEL_NAMES: readonly string[] = ["label", "class", "target", "response", "output", "y"];

/**
 * Reads delimited text, packed with gzip or not.
 *
 * Class labels may be any text; regression targets and features are decimal numbers, read as the nearest f32.
 * Cells are cut as {@linkcode openDelimited} says; no cell may be missing.
 * Classes that are numbers are ordered by value, others by code units.
 *
 * Memory: the arrays returned and about 20 MiB (several times the longest row, if that is more). Time: one reading of
 * at most 2²⁸ cells, two of larger tables.
 * The same bits for any number of threads.
 *
 * @param source Path, `file:` URL, or the bytes.
 * @throws {SyntaxError} When the text cannot be read; the message names line and column.
 * @throws {RangeError} When a column is unknown, there is no feature, or the labels make no classes.
 * @example
 * ```ts
 * import { readCsv } from "./csv.ts";
 * const text = "length,width,class\n5.1,3.5,rose\n4.9,3,iris\n";
 * const flowers = await readCsv(new TextEncoder().encode(text));
 * if (flowers.classNames[flowers.labels[1]] !== "iris") throw new Error("wrong class");
 * if (flowers.features[1] !== 3.5) throw new Error("wrong feature");
 * ```
 */
export async function readCsv(source: Source, options: CsvOptions = {}): Promise<CsvSamples> {
  return await readTable(source, options, 1);
}

/**
 * Reads a text with one label a line, or one regression target in each column; see {@linkcode readCsv}.
 *
 * @throws {RangeError} When classes are read and there is more than one column.
 */
export async function readLabels(source: Source, options: CsvOptions = {}): Promise<CsvSamples> {
  const samples = await readTable(source, { labelColumn: 0, ...options }, 0);
  if (samples.featureCount === 0) return samples;
  throw new RangeError(
    `Cannot read labels from "${samples.name}": it has ${samples.featureCount + 1} columns, 1 is needed`,
  );
}

async function readTable(
  source: Source,
  options: CsvOptions,
  leastFeatures: number,
): Promise<CsvSamples & { readonly name: string }> {
  const { task = "classification", threads, onProgress } = options;
  const table = await openDelimited(source, options);
  const { name, columnCount: columns, columnNames: names } = table;
  if (options.like !== undefined) requireLike(table, options.like);
  const assigned = assignRoles(columns, names, task, options, name);
  const { featureCount, targetCount, labelled, labelColumns } = assigned;
  const roles = [...assigned.roles];
  if (featureCount < leastFeatures) throw tooFewColumns(name, columns, targetCount + Number(labelled));
  const profile = await table.profile({
    threads,
    spelled: labelled ? labelColumns : [],
    onProgress: onProgress && ((done, total) => onProgress(done, 2 * total)),
  });
  let classNames: readonly string[] = [];
  if (labelled) {
    const [column] = labelColumns;
    const { values } = profile.columns[column];
    const classes = classesOf(values?.keys(), name, options.like?.classNames ?? options.classNames);
    classNames = classes.classNames;
    roles[column] = { kind: "class", classes: classes.classOf };
  }
  const plan = { roles, inputCount: featureCount, targetCount };
  const { features, labels, targets } = await table.encode(plan, profile.rows, {
    threads,
    onProgress: onProgress && ((done, total) => onProgress(total + done, 2 * total)),
  });
  const featureNames = names.filter((_, column) => roles[column].kind === "number");
  return {
    ...{ name, task, samples: profile.rows, features, labels, targets, classNames },
    ...{ featureCount, featureNames, columns, columnNames: names, labelColumns },
  };
}

/** The classes of the spellings of a label; those that are none of the given ones have no class. */
function classesOf(
  spellings: Iterable<string> | undefined,
  source: string,
  given: readonly string[] | undefined,
): { readonly classNames: readonly string[]; readonly classOf: ReadonlyMap<string, number> } {
  if (spellings === undefined) {
    throw new RangeError(
      `Cannot take the labels of "${source}" for classes: found more than 65536 different ones; ` +
        `use regression, or name another label column`,
    );
  }
  const labels = [...spellings];
  if (given !== undefined) {
    const numeric = given.every(isNumber);
    const nameOf = (label: string) => numeric && isNumber(label) ? canonical(label) : label;
    const index = new Map(given.map((label, position) => [nameOf(label), position]));
    const known = labels.flatMap((label) =>
      index.has(nameOf(label)) ? [[label, index.get(nameOf(label))!] as const] : []
    );
    return { classNames: given, classOf: new Map(known) };
  }
  const table = new LabelTable();
  for (const label of labels) table.add(label, 0);
  const { classNames, classOf } = table.classes(source);
  return { classNames, classOf: new Map(labels.map((label, number) => [label, classOf[number]])) };
}

function requireLike(
  { name: source, columnCount: columns, columnNames: names }: Table,
  like: CsvSamples,
): void {
  const fail = (found: string) => new RangeError(`Cannot use "${source}" for testing: ${found}`);
  if (columns !== like.columns) {
    throw fail(`it has ${columns} columns, the training file has ${like.columns}`);
  }
  if (names.length === 0 || like.columnNames.length === 0) return;
  const other = names.findIndex((name, column) => name !== like.columnNames[column]);
  if (other < 0) return;
  throw fail(
    `its column ${other + 1} is ${quote(names[other])}, in the training file ${
      quote(like.columnNames[other])
    }`,
  );
}

/** What each column is, and how many there are of each kind. */
interface Roles {
  readonly roles: readonly CellRole[];
  readonly featureCount: number;
  readonly targetCount: number;
  readonly labelled: boolean;
  readonly labelColumns: readonly number[];
}

function assignRoles(
  columns: number,
  names: readonly string[],
  task: Task,
  options: CsvOptions,
  source: string,
): Roles {
  const find = (column: Column) => findColumn(column, columns, names, source);
  const labels = (options.like?.labelColumns ?? chooseLabels(options.labelColumn, names)).map(find);
  if (task === "classification" && labels.length > 1) {
    throw new TypeError(
      `Cannot read classes from "${source}": ${labels.length} label columns are given, a class has one`,
    );
  }
  const roles = new Array<CellRole | undefined>(columns).fill(undefined);
  for (const column of (options.ignoreColumns ?? []).map(find)) roles[column] = { kind: "skip" };
  labels.forEach((column, output) =>
    roles[column] = task === "classification"
      ? { kind: "class", classes: new Map() }
      : { kind: "target", output }
  );
  let featureCount = 0;
  const filled = roles.map((role): CellRole =>
    role ?? { kind: "number", input: featureCount++, offset: 0, factor: 1 }
  );
  const labelled = task === "classification" && labels.length > 0;
  const targetCount = filled.filter(({ kind }) => kind === "target").length;
  if (!labelled && targetCount !== labels.length) {
    throw new TypeError(`Cannot read targets from "${source}": a label column is given twice`);
  }
  return { roles: filled, featureCount, targetCount, labelled, labelColumns: labels };
}

function tooFewColumns(source: string, columns: number, labels: number): RangeError {
  const [has, ignored] = [columns === 1 ? "1 column" : `${columns} columns`, columns - labels];
  return new RangeError(
    `Cannot read features from "${source}": it has ${has}, ${labels} for the label` +
      `${ignored > 0 ? ` and ${ignored} ignored` : ""}, at least 1 more is needed`,
  );
}

function chooseLabels(
  given: Column | readonly Column[] | undefined,
  names: readonly string[],
): readonly Column[] {
  if (given === undefined) {
    const lower = names.map((name) => name.toLowerCase());
    const known = LABEL_NAMES.map((name) => lower.indexOf(name)).find((index) => index >= 0);
    return [known ?? -1];
  }
  if (typeof given !== "string" || names.includes(given)) {
    return typeof given === "object" ? given : [given];
  }
  if (/^-?\d+$/.test(given)) return [Number(given)];
  return given === "none" ? [] : given === "first" ? [0] : given === "last" ? [-1] : [given];
}

function findColumn(column: Column, columns: number, names: readonly string[], source: string): number {
  const index = typeof column === "string" ? names.indexOf(column) : column < 0 ? columns + column : column;
  if (Number.isInteger(index) && index >= 0 && index < columns) return index;
  if (typeof column === "number") {
    throw new RangeError(
      `Cannot find column ${column} of "${source}": it has ${columns} columns, counted from 0 to ${
        columns - 1
      }`,
    );
  }
  const shown = names.slice(0, 8).map(quote).join(", ") + (names.length > 8 ? ", …" : "");
  const found = names.length === 0 ? "it has no header, give an index" : `its columns are ${shown}`;
  throw new RangeError(`Cannot find column ${quote(column)} of "${source}": ${found}`);
}

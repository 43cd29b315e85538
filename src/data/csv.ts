/**
 * Delimited text: CSV, TSV, columns between semicolons or blanks.
 *
 * Each row is a line of numbers, one of them (or a name) the label.
 *
 * @module
 */
import { delimitedParse, delimitedScan } from "../native/text.ts";
import { detectLayout, type Layout, type LayoutOptions } from "./csv_layout.ts";
import { quote } from "./quote.ts";
import type { FileSamples, Task } from "./samples.ts";
import { type ReadProgress, type Source, sourceName } from "./source.ts";
import { parseText, scanText } from "./text.ts";

/** A column: its name in the header, or its index from 0, or from the end if negative. */
export type Column = string | number;

/** Options of {@linkcode readCsv}. */
export interface CsvOptions extends LayoutOptions {
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
  /** Called now and then; the file is read twice, so the total is twice its size. */
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

/** Roles of columns; those of `kernels/src/text/delimited.rs`. This one is passed over. */
export const SKIPPED = 0xffff_ffff;
const LABEL = 0xffff_fffe, TARGET = 0x8000_0000;

/**
 * Reads delimited text, packed with gzip or not.
 *
 * Class labels may be any text; regression targets and features are decimal numbers, read as the nearest f32.
 * Cells may be quoted; blanks around cells, empty lines, CRLF and a byte order mark are passed over.
 * Classes that are numbers are ordered by value, others by code units.
 *
 * Memory: the arrays returned and about 8 MiB (twice the longest line, if that is more). Time: two readings.
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
    `Cannot read labels from "${sourceName(source)}": it has ${
      samples.featureCount + 1
    } columns, 1 is needed`,
  );
}

async function readTable(source: Source, options: CsvOptions, leastFeatures: number): Promise<CsvSamples> {
  const name = sourceName(source);
  const { task = "classification", threads = navigator.hardwareConcurrency, onProgress } = options;
  let layout: Layout | undefined;
  const columnName = (column: number) => layout?.names[column - 1];
  const scanned = await scanText(
    source,
    {
      begin: (window) => {
        if (layout !== undefined) return { skip: 0, lines: 0 };
        layout = detectLayout(window, options);
        return layout ?? { skip: 0, lines: 0 };
      },
      // Lines before the layout is known are empty, so they have no columns to count.
      count: (text, counts, detail) =>
        delimitedScan(text, layout?.delimiter ?? 0x20, layout?.columns ?? 1, threads, counts, detail),
      columnName,
    },
    new BigUint64Array(2),
    onProgress,
  );
  const { delimiter, columns, names } = layout!;
  if (options.like !== undefined) requireLike(layout!, options.like, name);
  const { roles, featureCount, targetCount, labelled, labelColumns } = assignRoles(
    columns,
    names,
    task,
    options,
    name,
  );
  if (featureCount < leastFeatures) throw tooFewColumns(name, columns, targetCount + Number(labelled));
  const parsed = await parseText(
    source,
    scanned,
    {
      featureCount,
      targetCount,
      labelled,
      parse: (text, outputs, detail) => delimitedParse(text, delimiter, roles, threads, outputs, detail),
      columnName,
    },
    options.like?.classNames ?? options.classNames,
    onProgress,
  );
  const featureNames = names.filter((_, column) => roles[column] < TARGET);
  return { ...parsed, task, featureCount, featureNames, columns, columnNames: names, labelColumns };
}

function requireLike({ columns, names }: Layout, like: CsvSamples, source: string): void {
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
  readonly roles: Uint32Array;
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
  const roles = new Uint32Array(columns);
  for (const column of (options.ignoreColumns ?? []).map(find)) roles[column] = SKIPPED;
  labels.forEach((column, index) => roles[column] = task === "classification" ? LABEL : TARGET + index);
  let featureCount = 0;
  for (let column = 0; column < columns; column++) if (roles[column] === 0) roles[column] = featureCount++;
  const labelled = task === "classification" && labels.length > 0;
  const targetCount = new Set(roles.filter((role) => role >= TARGET && role < LABEL)).size;
  if (!labelled && targetCount !== labels.length) {
    throw new TypeError(`Cannot read targets from "${source}": a label column is given twice`);
  }
  return { roles, featureCount, targetCount, labelled, labelColumns: labels };
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

/**
 * Columns as people point at them: by name, by place, several at once; and which of them hold the answers.
 *
 * @module
 */
import { nearest } from "../../nearest.ts";
import { quote } from "../../quote.ts";
import type { Table } from "./table.ts";

/** A column: its name in the header, or its index from 0, or from the end if negative. */
export type Column = string | number;

/** Header names that mean the label, in order of preference, capitals or not. */
export const LABEL_NAMES: readonly string[] = ["label", "class", "target", "response", "output", "y"];

/** What is known of a table before it is read. */
export type TableHead = Pick<Table, "name" | "columnNames" | "columnCount">;

/** A name where there is one, else a place, from 1. */
export function called(name: string | undefined, place: number): string {
  return name === undefined || name === "" ? `column ${place + 1}` : quote(name);
}

/** The first few of many, in a row. */
export function listed(texts: readonly string[], most = 5): string {
  const more = texts.length - most;
  return texts.slice(0, most).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/**
 * Finds columns. A text that is no name but digits is an index, one with commas is a list; "first" and "last" are
 * places, "none" is no column.
 *
 * @returns Their indices, in the order given.
 * @throws {RangeError} When there is no such column, with the nearest name, or two have the name.
 */
export function findColumns(given: Column | readonly Column[], table: TableHead): number[] {
  if (typeof given === "object") return given.flatMap((column) => findColumns(column, table));
  if (typeof given === "number") return [placeOf(given, table)];
  const { name, columnNames } = table;
  const index = columnNames.indexOf(given.normalize());
  if (index >= 0) {
    const other = columnNames.indexOf(columnNames[index], index + 1);
    if (other < 0) return [index];
    throw new RangeError(
      `Cannot find column ${quote(given)} of "${name}": columns ${index + 1} and ${other + 1} have this name`,
    );
  }
  if (/^-?\d+$/.test(given)) return [placeOf(Number(given), table)];
  if (given === "none") return [];
  if (given === "first" || given === "last") return [placeOf(given === "first" ? 0 : -1, table)];
  if (given.includes(",")) return given.split(",").flatMap((part) => findColumns(part.trim(), table));
  const near = nearest(given, columnNames);
  const found = columnNames.length === 0
    ? "it has no header, give an index"
    : `its columns are ${listed(columnNames.map(quote), 8)}` +
      (near === undefined ? "" : `; did you mean ${quote(near)}?`);
  throw new RangeError(`Cannot find column ${quote(given)} of "${name}": ${found}`);
}

function placeOf(column: number, { name, columnCount }: TableHead): number {
  const index = column < 0 ? columnCount + column : column;
  if (Number.isInteger(index) && index >= 0 && index < columnCount) return index;
  throw new RangeError(
    `Cannot find column ${column} of "${name}": it has ${columnCount} columns, counted from 0 to ${
      columnCount - 1
    }`,
  );
}

/** Where the answers stand. */
export interface Answers {
  /** Columns of the label, or of several targets. */
  readonly labels: readonly number[];
  /** How the label was found, where nobody said it: by its name, or only by its place. */
  readonly guess?: "name" | "place";
  /** Column of the samples' weights. */
  readonly weight?: number;
}

/**
 * Chooses the columns of label and weight: those given, else the one whose name means the label, else the last.
 *
 * @throws {RangeError} When there is no such column.
 * @throws {TypeError} When a column is given twice.
 */
export function chooseAnswers(
  table: TableHead,
  options: {
    readonly labelColumn?: Column | readonly Column[] | undefined;
    readonly weightColumn?: Column | undefined;
  },
): Answers {
  const { labelColumn, weightColumn } = options;
  const found = weightColumn === undefined ? [] : findColumns(weightColumn, table);
  if (found.length > 1) {
    throw new TypeError(`Cannot weigh the samples of "${table.name}": ${found.length} columns are given`);
  }
  const weight = found.length === 0 ? {} : { weight: found[0] };
  if (labelColumn !== undefined) {
    const labels = findColumns(labelColumn, table);
    const twice = labels.find((column, index) => labels.indexOf(column) < index || column === found[0]);
    if (twice === undefined) return { labels, ...weight };
    throw new TypeError(
      `Cannot read the answers of "${table.name}": ${called(table.columnNames[twice], twice)} is given twice`,
    );
  }
  const lower = table.columnNames.map((name) => name.toLowerCase());
  const meant = LABEL_NAMES.find((name) => lower.includes(name));
  if (meant === undefined) {
    const last = table.columnCount - 1 - Number(found[0] === table.columnCount - 1);
    return { labels: [Math.max(0, last)], guess: "place", ...weight };
  }
  const label = lower.indexOf(meant);
  const other = lower.indexOf(meant, label + 1);
  if (other < 0) return { labels: [label], guess: "name", ...weight };
  throw new RangeError(
    `Cannot tell which column of "${table.name}" is the label: columns ${label + 1} and ${
      other + 1
    } are called ` +
      `${quote(table.columnNames[label])} and ${quote(table.columnNames[other])}; give its index`,
  );
}

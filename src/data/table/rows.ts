/**
 * A table of objects in memory, a cell for each column by its name: read as the same table in a CSV file would be.
 *
 * The cells, each taken once, are written as delimited text, which the kernels read as they read files: so the inputs are
 * those of the file bit for bit, and nothing an object does later changes them.
 *
 * @module
 */
import { isInstance, isList, isRecord, type Place, shown } from "../../value.ts";
import { delimitedEncode, type DelimitedPlan } from "../../native/delimited.ts";
import { described } from "../../numbers.ts";
import { quote } from "../../quote.ts";
import { WINDOW_BYTES } from "../source.ts";
import { TextDetail } from "../text_problem.ts";
import { partOf, sharedRows, Tally } from "./encoded.ts";
import { Gathering } from "./gathering.ts";
import { MOST_OTHERS, MOST_SPELLED } from "./delimited.ts";
import { packPlan } from "./plan.ts";
import type { CountedRows } from "./reading.ts";
import type { RolePlan, TableProfile } from "./table.ts";

/** A cell of a row; null, undefined, NaN and the empty text are missing. */
export type Cell = string | number | bigint | boolean | null | undefined;

/** A row of a table: a cell for each column, by its name. */
export type Row = Readonly<Record<string, Cell>>;

/** Delimiter, no comments, decimal mark, no delimiter at the end of a row. */
const MARKS: Uint8Array = Uint8Array.of(0x2c, 0, 0x2e, 0);

/** What makes a text a cell between quotes. */
const QUOTED = /[",\r\n]/;

/** Columns to take from rows. */
export interface RowColumns {
  /** What each is called in the rows. */
  readonly keys: readonly string[];
  /** Whether true is 1 and false is 0 in each; otherwise they are texts. */
  readonly numeric?: readonly boolean[];
}

/** Rows as text, and where their lines are. */
export class RowTable {
  /** What messages call it. */
  readonly name: string;
  readonly columnNames: readonly string[];
  readonly columnCount: number;
  readonly notices: readonly string[] = [];
  /** Rows. */
  readonly rows: number;
  readonly #threads: number;
  /** Whole rows each. */
  readonly #windows: readonly Uint8Array[];
  /** Rows that have one line break more, a place for each. */
  readonly #broken: readonly number[];

  /**
   * Takes the cells of rows.
   *
   * @throws {TypeError} When a cell is nothing a table can hold; the message names row and column.
   */
  constructor(rows: readonly Row[], { keys, numeric }: RowColumns, place: Place, threads: number) {
    this.name = place.name;
    this.columnNames = keys.map((key) => key.normalize());
    this.columnCount = keys.length;
    this.rows = rows.length;
    this.#threads = threads;
    const windows: Uint8Array[] = [];
    const broken: number[] = [];
    const encoder = new TextEncoder();
    let text = "";
    for (const [row, object] of rows.entries()) {
      const from = text.length;
      for (const [column, key] of keys.entries()) {
        const cell = cellText(object, key, row, place, numeric?.[column] === true);
        if (column > 0) text += ",";
        if (!QUOTED.test(cell)) {
          text += cell;
          continue;
        }
        text += `"${cell.replaceAll('"', '""')}"`;
        for (const _ of cell.matchAll(/\r\n?|\n/g)) broken.push(row);
      }
      // An empty line would be no row.
      text += text.length === from ? '""\n' : "\n";
      if (text.length < WINDOW_BYTES && row < rows.length - 1) continue;
      windows.push(encoder.encode(text));
      text = "";
    }
    [this.#windows, this.#broken] = [windows, broken];
  }

  /** What the columns hold, as the first reading of a file finds it. */
  profile(spelled: readonly number[]): TableProfile {
    const caps = new Uint32Array(this.columnCount);
    for (const column of spelled) caps[column] = MOST_SPELLED;
    for (;;) {
      const found = new Gathering(caps, 0);
      const detail = new TextDetail(0);
      for (const text of this.#windows) {
        const bytes = found.add({ text, dialect: MARKS, last: true, threads: this.#threads }, detail.detail);
        if (bytes === undefined) throw this.#problem(detail, text, found.lines);
      }
      const late = found.ungathered();
      if (late.length === 0) return { rows: found.rows, columns: found.columns(this.columnNames) };
      for (const column of late) caps[column] = MOST_OTHERS;
    }
  }

  /** The rows as a network takes them, in shared memory. */
  encode(plan: RolePlan, packed: DelimitedPlan = packPlan(plan, this.columnCount, this.name)): CountedRows {
    const samples = sharedRows(plan, this.rows, this.name);
    const tally = new Tally(this.columnCount);
    const detail = new TextDetail(0);
    const counts = new BigUint64Array(3);
    let [row, lines] = [0, 0];
    for (const text of this.#windows) {
      const window = { text, dialect: MARKS, last: true, threads: this.#threads };
      const part = partOf(samples, plan, row, this.rows);
      const { above, tallies } = tally;
      if (!delimitedEncode(window, lines, packed, part, above, tallies, counts, detail.detail)) {
        throw this.#problem(detail, text, lines);
      }
      tally.note(text);
      row += Number(counts[1]);
      lines += Number(counts[2]);
    }
    return { ...samples, counts: tally.counts() };
  }

  /** A message about lines as one about rows, from 0. */
  inWords(message: string): string {
    return message.replaceAll(
      /"[^"]*"|\bline (\d+)\b/g,
      (whole: string, line?: string) => line === undefined ? whole : `row ${this.#rowOf(Number(line))}`,
    );
  }

  #rowOf(line: number): number {
    let row = line - 1;
    for (const broken of this.#broken) row -= Number(broken < row);
    return row;
  }

  #problem(detail: TextDetail, text: Uint8Array, lines: number): Error {
    return detail.problem(this.name, text, lines, (column) => this.columnNames[column - 1]);
  }
}

/**
 * The rows of a list, each taken once.
 *
 * @throws {TypeError} When it is no list, empty, or something in it is no object with names.
 */
export function takeRows(rows: unknown, { task, name }: Place): readonly Row[] {
  const refuse = (found: string) =>
    new TypeError(
      `Cannot ${task}: ${name} are ${found}, expected a list of objects with a cell for each column`,
    );
  if (!isList(rows)) throw refuse(described(rows));
  const count = read(() => rows.length, () => `Cannot ${task}: the length of ${name}`);
  if (!Number.isSafeInteger(count) || count > MOST_ROWS) throw refuse(`a list of length ${shown(count)}`);
  if (count === 0) throw refuse("an empty list");
  return Array.from({ length: count }, (_, row) => {
    const value = read(() => {
      const value = rows[row];
      const isRow = isRecord(value) && !ArrayBuffer.isView(value) && !isInstance(value, Date);
      return isRow ? { row: value as Row } : { found: described(value) };
    }, () => `Cannot ${task}: row ${row} of ${name}`);
    if (value.row !== undefined) return value.row;
    throw new TypeError(
      `Cannot ${task}: row ${row} of ${name} is ${value.found}, expected an object with a cell for each column`,
    );
  });
}

/** Most rows an array of samples can count. */
const MOST_ROWS = 2 ** 32 - 1;

/** What somebody's object gives, whose own code may throw. */
function read<T>(get: () => T, what: () => string): T {
  try {
    return get();
  } catch (cause) {
    throw new TypeError(`${what()} cannot be read`, { cause });
  }
}

/**
 * The keys of all columns that some row has, in the order they are met.
 *
 * @throws {TypeError} When there are none, or a row hides them.
 */
export function keysOf(rows: readonly Row[], { task, name }: Place): string[] {
  const keys = new Set<string>();
  for (const [row, object] of rows.entries()) {
    const found = read(() => Object.keys(object), () => `Cannot ${task}: row ${row} of ${name}`);
    for (const key of found) keys.add(key);
  }
  if (keys.size > 0) return [...keys];
  throw new TypeError(`Cannot ${task}: ${name} have no columns`);
}

/** A cell as a file spells it, read once. */
function cellText(
  row: Row,
  key: string,
  index: number,
  { task, name }: Place,
  numeric: boolean,
): string {
  const where = () => `Cannot ${task}: ${quote(key)} of row ${index} of ${name}`;
  const refuse = (found: string) => new TypeError(`${where()} ${found}`);
  const cell: unknown = read(() => row[key], where);
  switch (typeof cell) {
    case "undefined":
      return "";
    case "number":
      if (Number.isFinite(cell)) return String(cell);
      if (Number.isNaN(cell)) return "";
      throw refuse(`is ${cell}, a finite number is needed`);
    case "bigint":
      return String(cell);
    case "boolean":
      return numeric ? String(Number(cell)) : String(cell);
    case "string":
      if (cell.isWellFormed()) return cell;
      throw refuse("is a text with half a character in it, whole ones are needed");
    case "object":
      if (cell === null) return "";
      if (isInstance(cell, Date)) {
        throw refuse("is a Date, make numbers of it (its getTime(), year, month …)");
      }
  }
  const found = typeof cell === "symbol" ? "a symbol" : read(() => described(cell), where);
  throw refuse(`is ${found}, expected a number, a text, true or false, or null where it is missing`);
}

/**
 * How a delimited text is laid out: its delimiter, its header, its columns.
 *
 * @module
 */
import { isNumber } from "./labels.ts";

/** Options of the layout; what is not given is found out from the first two rows. */
export interface LayoutOptions {
  /** What stands between cells: one ASCII character, or a blank for any run of blanks. */
  readonly delimiter?: string | undefined;
  /**
   * Whether the first row holds the names of the columns.
   *
   * Without it, it does when it holds names only, or names where the second row has numbers; in the latter
   * case its numbers must count up, as in `label,0,1,2`.
   */
  readonly header?: boolean | undefined;
}

/** How a text is laid out. */
export interface Layout {
  /** Character code of the delimiter; a blank stands for any run of blanks. */
  readonly delimiter: number;
  /** Cells of a row. */
  readonly columns: number;
  /** Names of the columns; empty without a header. */
  readonly names: readonly string[];
  /** Bytes up to the first row of data. */
  readonly skip: number;
  /** Lines up to the first row of data. */
  readonly lines: number;
}

/** Words that stand for a missing value and so are no names. */
const MISSING = /^(\?|-|na|n\/a|nan|[+-]?inf(inity)?|null|none)?$/i;

/**
 * Finds the layout of a text from its first rows; undefined when there are only empty lines.
 *
 * @throws {TypeError} When the delimiter is not one ASCII character that can separate cells.
 */
export function detectLayout(text: Uint8Array, options: LayoutOptions): Layout | undefined {
  const [first, second] = firstRows(text);
  if (first === undefined) return undefined;
  const delimiter = options.delimiter === undefined
    ? detectDelimiter(first.text)
    : delimiterCode(options.delimiter);
  const cells = splitCells(first.text, delimiter);
  const next = second === undefined ? [] : splitCells(second.text, delimiter);
  const header = options.header ?? isHeader(cells, next);
  return {
    delimiter,
    columns: cells.length,
    names: header ? cells : [],
    skip: header ? first.end : 0,
    lines: header ? first.line : 0,
  };
}

interface Row {
  readonly text: string;
  /** Offset of the byte after its line end. */
  readonly end: number;
  /** From 1. */
  readonly line: number;
}

function firstRows(text: Uint8Array): Row[] {
  const rows: Row[] = [];
  const decoder = new TextDecoder();
  for (let start = 0, line = 1; start < text.length && rows.length < 2; line++) {
    const found = text.indexOf(10, start);
    const end = found < 0 ? text.length : found + 1;
    const content = decoder.decode(text.subarray(start, end)).replace(/\r?\n?$/, "");
    if (/[^ \t\r]/.test(content)) rows.push({ text: content, end, line });
    start = end;
  }
  return rows;
}

function delimiterCode(delimiter: string): number {
  if (/^[\t -~]$/.test(delimiter) && !/["0-9A-Za-z.+-]/.test(delimiter)) return delimiter.charCodeAt(0);
  throw new TypeError(
    `Cannot separate cells at ${JSON.stringify(delimiter)}: ` +
      `expected one ASCII character that is no letter, digit, quote, sign or point`,
  );
}

/** The character that stands most often between cells; blanks where there is none. */
function detectDelimiter(line: string): number {
  const bare = line.replaceAll(/"[^"]*"/g, "");
  const counts = [",", ";", "\t", "|"].map((mark) => [bare.split(mark).length - 1, mark.charCodeAt(0)]);
  const [count, code] = counts.reduce((best, other) => other[0] > best[0] ? other : best);
  return count > 0 ? code : 0x20;
}

/** The cells of a row, trimmed and unquoted, as `kernels/src/text/text_cells.rs` cuts them. */
function splitCells(line: string, delimiter: number): string[] {
  const mark = String.fromCharCode(delimiter);
  const between = delimiter === 0x20 ? "[ \\t]" : `[${"\\" + mark}]`;
  const blank = delimiter === 0x09 ? " *" : "[ \\t]*";
  const stop = delimiter === 0x20 ? " \\t" : "\\" + mark;
  const cell = new RegExp(
    `${blank}(?:"((?:[^"]|"")*)"${blank}(?=${between}|$)|([^${stop}]*))(${between}|$)`,
    "y",
  );
  const text = delimiter === 0x20 ? line.trim() : line;
  const cells: string[] = [];
  for (let more = true; more;) {
    const match = cell.exec(text);
    if (match === null) break;
    cells.push(match[1] === undefined ? match[2].trim() : match[1].replaceAll('""', '"'));
    more = match[3] !== "";
  }
  return cells;
}

function isHeader(first: readonly string[], second: readonly string[]): boolean {
  const named = first.filter((cell) => !isNumber(cell) && !MISSING.test(cell));
  if (named.length === 0) return false;
  const others = first.filter((cell) => cell !== "" && !named.includes(cell));
  if (others.length === 0) return true;
  const contrast = first.some((cell, index) => named.includes(cell) && isNumber(second[index] ?? ""));
  const counting = others.every((cell, index) =>
    isNumber(cell) && Number.isInteger(Number(cell)) && Number(cell) === Number(others[0]) + index
  );
  return contrast && counting && Number(others[0]) <= 1 && others.length > 1;
}

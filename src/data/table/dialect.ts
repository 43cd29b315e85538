/**
 * How a delimited text is written: what separates its cells, what its header says.
 *
 * @module
 */
import { isNumber } from "../labels.ts";
import { quote } from "../../quote.ts";
import { type Cells, splitCells } from "./head_cells.ts";
import { isHeader } from "./header.ts";

/** Options of a dialect; what is not given is found out from the first rows. */
export interface DialectOptions {
  /** What stands between cells: one ASCII character, or a blank for any run of blanks. */
  readonly delimiter?: string | undefined;
  /** Whether the first row holds the names of the columns. */
  readonly header?: boolean | undefined;
  /** What a line begins with that holds no data; empty for none. */
  readonly comment?: string | undefined;
  /** What stands before the decimals of a number. */
  readonly decimal?: "." | "," | undefined;
  /** Names that a first row is known by, where it could be data too: it holds more than half of them, each once. */
  readonly knownNames?: ReadonlySet<string> | undefined;
  /** Whether each row begins with a name that the header, one cell shorter, does not speak of. */
  readonly rowNames?: boolean | undefined;
}

/** How a text is written. */
export interface Dialect {
  /** As the kernels take it: delimiter, comment mark, decimal mark, whether a delimiter may end a row. */
  readonly marks: Uint8Array;
  /** Cells of a row. */
  readonly columns: number;
  /** Names of the columns; empty without a header. */
  readonly names: readonly string[];
  /** Bytes up to the first row of data. */
  readonly skip: number;
  /** Lines up to there. */
  readonly lines: number;
  /** What was guessed, a line each. */
  readonly notices: readonly string[];
}

/** Name of a column of row names that the header does not speak of. */
export const ROW_NAMES = "row names";

/** Most rows that are looked at. */
const SAMPLE_ROWS = 100;

const CANDIDATES = [",", ";", "\t", "|", " "];
const COMMENTS = ["#", "%"];

/**
 * Finds out how a text is written.
 *
 * @param head Its first rows, or all of it; a row that is cut off at its end is no matter.
 * @throws {SyntaxError} When there are no rows, or columns have the same name.
 * @throws {TypeError} When an option is no mark that can be used.
 */
export function detectDialect(head: Uint8Array, name: string, options: DialectOptions): Dialect {
  const notices: string[] = [];
  const front = readFront(head, name, options);
  let { comment } = front;
  const body = head.subarray(front.skip);
  const given = options.delimiter === undefined ? undefined : delimiterMark(options.delimiter);
  if (options.delimiter === undefined && front.delimiter !== undefined) {
    notices.push(`cells are separated by "${front.delimiter}", as its first line says`);
  }
  const delimiters = given ?? front.delimiter;
  const chosen = delimiters === undefined ? chooseDelimiter(body, comment) : delimiters;
  if (delimiters === undefined && (chosen === ";" || chosen === "|")) {
    notices.push(`cells are separated by "${chosen}"`);
  }
  let marks = marksOf(chosen, comment, ".");
  let cells = splitCells(body, marks, SAMPLE_ROWS);
  const later = options.comment === undefined && comment === "" ? laterComment(cells) : "";
  if (later !== "") {
    comment = later;
    marks = marksOf(chosen, comment, ".");
    cells = splitCells(body, marks, SAMPLE_ROWS);
  }
  if (comment !== "" && options.comment === undefined) {
    notices.push(`lines that begin with "${comment}" are comments`);
  }
  if (cells.rows.length === 0) throw new SyntaxError(`Cannot read "${name}": ${noRows(head)}`);
  const named = front.named === undefined
    ? undefined
    : splitCells(front.named, marksOf(chosen, "", "."), 1).rows[0];
  const decimal = options.decimal ?? (chosen !== "," && hasDecimalCommas(cells.rows) ? "," : ".");
  if (decimal === "," && options.decimal === undefined) notices.push("numbers have decimal commas");
  if (decimal === chosen) {
    throw new TypeError(`Cannot read "${name}": "${decimal}" cannot separate cells and be the decimal mark`);
  }
  const header = findHeader(cells.rows, named, decimal, options, notices);
  const data = header.inComment || header.names === undefined ? cells.rows : cells.rows.slice(1);
  // One name has one spelling, however its accents are stored.
  const names = header.names?.map((name) => name.normalize());
  const shape = findShape(names, data, options, name, notices);
  refuseTwins(shape.names, name);
  const unnamed = shape.names.filter((name) => name === "").length;
  if (unnamed > 0) {
    notices.push(
      unnamed === 1 ? `column ${shape.names.indexOf("") + 1} has no name` : `${unnamed} columns have no name`,
    );
  }
  const skip = front.skip + (header.names === undefined || header.inComment ? 0 : cells.firstRowBytes);
  return {
    marks: marksOf(chosen, comment, decimal, shape.trailing),
    columns: shape.columns,
    names: shape.names,
    skip,
    lines: countLines(head.subarray(0, skip)),
    notices,
  };
}

function marksOf(delimiter: string, comment: string, decimal: string, trailing = false): Uint8Array {
  return Uint8Array.of(
    delimiter.charCodeAt(0),
    comment === "" ? 0 : comment.charCodeAt(0),
    decimal.charCodeAt(0),
    +trailing,
  );
}

function delimiterMark(delimiter: string): string {
  if (/^[\t -~]$/.test(delimiter) && !/["0-9A-Za-z.+-]/.test(delimiter)) return delimiter;
  throw new TypeError(
    `Cannot separate cells at ${JSON.stringify(delimiter)}: ` +
      `expected one ASCII character that is no letter, digit, quote, sign or point`,
  );
}

/** What stands before the first row. */
interface Front {
  readonly skip: number;
  readonly delimiter?: string;
  readonly comment: string;
  /** The comment right before the first row, without its mark. */
  readonly named?: Uint8Array;
}

function readFront(head: Uint8Array, name: string, options: DialectOptions): Front {
  const decoder = new TextDecoder();
  const lineEnd = (start: number) => {
    const end = head.subarray(start).findIndex((byte) => byte === 10 || byte === 13);
    return end < 0 ? head.length : start + end;
  };
  let comment = options.comment ?? "";
  if (comment !== "" && (!/^[!-~]$/.test(comment) || /["0-9A-Za-z+-]/.test(comment))) {
    throw new TypeError(
      `Cannot take ${JSON.stringify(comment)} for the mark of comments: ` +
        "expected one ASCII character that is no letter, digit, quote or sign",
    );
  }
  const said = /^"?sep=([^"\r\n])"?\r?\n?/i.exec(decoder.decode(head.subarray(0, 16)));
  const skip = said === null ? 0 : said[0].length;
  let named: Uint8Array | undefined;
  for (let at = skip; at < head.length;) {
    const end = lineEnd(at);
    const start = decoder.decode(head.subarray(at, Math.min(end, at + 64))).trimStart();
    const lead = start[0] ?? "";
    const next = end + (head[end] === 13 && head[end + 1] === 10 ? 2 : 1);
    if (/^@(relation|attribute|data)\b/i.test(start)) {
      throw new SyntaxError(
        `Cannot read "${name}": it is an ARFF file (Weka); save it as CSV, as its lines after "@data" are, ` +
          "with a first line of names",
      );
    }
    if (options.comment === undefined && comment === "" && COMMENTS.includes(lead)) comment = lead;
    if (lead === "") named = undefined;
    else if (lead !== comment) break;
    else {
      const mark = head.subarray(at, end).indexOf(lead.charCodeAt(0));
      // A name may begin with "%", hardly with "#".
      named = head.subarray(at + mark + Number(lead !== "%" || /^%\s/.test(start)), end);
    }
    at = next;
  }
  const delimiter = said === null ? {} : { delimiter: delimiterMark(said[1]) };
  return { skip, comment, ...delimiter, ...(named === undefined ? {} : { named }) };
}

/** The mark with which rows have the same number of cells, most of them numbers, as many as possible. */
function chooseDelimiter(body: Uint8Array, comment: string): string {
  let [best, bestScore] = [" ", -1];
  for (const delimiter of CANDIDATES) {
    const { rows } = splitCells(body, marksOf(delimiter, comment, "."), SAMPLE_ROWS);
    const widths = rows.map((row) => row.length);
    if (rows.length === 0 || Math.max(...widths) < 2) continue;
    const rest = widths.slice(1);
    const usual = rest.length === 0 ? widths[0] : median(rest);
    const agreeing = rest.filter((width) => width === usual).length / Math.max(1, rest.length);
    const sample = (rest.length === 0 ? rows : rows.slice(1)).flatMap((row) => row.slice(0, 50));
    const comma = delimiter !== ",";
    const numbers = sample.filter((cell) => isNumber(comma ? cell.replace(",", ".") : cell)).length /
      sample.length;
    // Agreement goes first, then numbers, then the number of cells; blanks stand in texts too.
    // A header one cell shorter or longer is a rare thing beside one that fits.
    const fit = widths[0] === usual ? 1 : Math.abs(widths[0] - usual) === 1 ? 0.75 : 0;
    const whole = agreeing === 1 ? fit : 0;
    const score = (usual < 2 ? 0 : 8 * whole + 4 * agreeing) + 2 * numbers + (1 - 1 / Math.max(1, usual)) -
      (delimiter === " " ? 1.5 : 0);
    if (score > bestScore) [best, bestScore] = [delimiter, score];
  }
  return best;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** A mark of comments between rows: lines that begin with it have another number of cells. */
function laterComment({ rows }: Cells): string {
  const usual = median(rows.map((row) => row.length));
  const odd = rows.find((row, index) => index > 0 && row.length !== usual && COMMENTS.includes(row[0][0]));
  const mark = odd?.[0][0] ?? "";
  return rows.some((row) => row.length === usual && row[0].startsWith(mark)) ? "" : mark;
}

function noRows(head: Uint8Array): string {
  return head.length === 0 ? "it is empty" : "it has no rows of data";
}

interface Header {
  readonly names?: readonly string[];
  readonly inComment: boolean;
}

function findHeader(
  rows: readonly (readonly string[])[],
  named: readonly string[] | undefined,
  decimal: string,
  { header: given, knownNames = new Set() }: DialectOptions,
  notices: string[],
): Header {
  const [first] = rows;
  const known = new Set(first).size === first.length &&
    2 * first.filter((name) => knownNames.has(name)).length > first.length;
  const pointed = decimal === "." ? rows : rows.map((row) => row.map((cell) => cell.replace(decimal, ".")));
  if (given ?? (known || isHeader(pointed[0], pointed.slice(1)))) {
    const numbers = first.filter(isNumber).length;
    if (given === undefined && numbers > 0) {
      notices.push(`its first line is a header, though ${numbers} of its names are numbers`);
    }
    return { names: first, inComment: false };
  }
  const fits = named !== undefined && named.length > 1 && Math.abs(named.length - first.length) <= 1;
  if (given === undefined && fits && isHeader(named, pointed)) {
    notices.push("the comment before its first row is the header");
    return { names: named, inComment: true };
  }
  return { inComment: false };
}

interface Shape {
  readonly columns: number;
  readonly names: readonly string[];
  readonly trailing: boolean;
}

/** Columns, with what ends each row and what begins it. */
function findShape(
  header: readonly string[] | undefined,
  data: readonly (readonly string[])[],
  { rowNames }: DialectOptions,
  name: string,
  notices: string[],
): Shape {
  const width = data[0]?.length ?? header!.length;
  const openEnd = (row: readonly string[]) => row.length > 1 && row[row.length - 1] === "";
  const ends = data.every((row) => row.length === width && openEnd(row));
  if (header === undefined) {
    const trailing = ends && data.length > 1;
    if (trailing) notices.push("a delimiter ends each row, which makes no column");
    return { columns: width - Number(trailing), names: [], trailing };
  }
  const bare = openEnd(header) ? header.slice(0, -1) : header;
  const trailing = data.length > 0 && rowNames !== true &&
    (ends && bare.length === width - 1 || bare.length < header.length && bare.length === width);
  if (trailing) {
    notices.push("a delimiter ends each row or the header, which makes no column");
    return { columns: bare.length, names: bare, trailing };
  }
  const shorter = data.length > 0 && data.every((row) => row.length === header.length + 1);
  if (rowNames === true && !shorter) {
    throw new SyntaxError(
      `Cannot read "${name}": its header has ${header.length} cells and its first row ${width}, ` +
        "one more is needed for row names",
    );
  }
  if (!shorter || rowNames === false) return { columns: header.length, names: header, trailing: false };
  if (rowNames === undefined) {
    notices.push("the header is one cell shorter than the rows, which begin with row names");
  }
  return { columns: width, names: [ROW_NAMES, ...header], trailing: false };
}

/** Whether numbers have commas for points: some do, and none has a point. */
function hasDecimalCommas(data: readonly (readonly string[])[]): boolean {
  let commas = 0;
  for (const row of data) {
    for (const cell of row) {
      if (/^[+-]?\d*,\d+([eE][+-]?\d+)?$/.test(cell)) commas++;
      else if (/^[+-]?\d*\.\d+([eE][+-]?\d+)?$/.test(cell)) return false;
    }
  }
  return commas > 0;
}

function refuseTwins(names: readonly string[], source: string): void {
  const seen = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    const first = seen.get(name);
    if (first !== undefined && name !== "") {
      throw new SyntaxError(
        `Cannot read "${source}": columns ${first + 1} and ${index + 1} are both called ${quote(name)}, ` +
          "each needs a name of its own",
      );
    }
    seen.set(name, index);
  }
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === 10 || bytes[at] === 13 && bytes[at + 1] !== 10) lines++;
  }
  return lines;
}

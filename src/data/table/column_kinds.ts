/**
 * What one column of a training table is to a model, decided by what it holds.
 *
 * @module
 */
import type { CategoryColumn, ColumnSchema, NumberColumn } from "../../schema.ts";
import { isNumber } from "../labels.ts";
import { quote } from "../../quote.ts";
import { called } from "./columns.ts";
import { ROW_NAMES } from "./dialect.ts";
import type { ColumnProfile, FoundCell } from "./table.ts";

/** Most inputs that the categories of a column get; rarer ones share one. */
export const MOST_CATEGORIES = 255;

/** Texts of which more than this, and more than every other row, are different are names or notes and no categories. */
const FEW_DIFFERENT = 10;

/** Categories in fewer rows than this, or in less than a thousandth of them, share an input. */
const LEAST_ROWS = 2;

/**
 * How many deviations numbers may be away from 0 before they are standardised in 64 bits: 32 bits then keep a
 * deviation to four decimals.
 */
const MOST_DEVIATIONS = 1024;

/** Numbers beyond these do not fit, or lose digits, in 32 bits. */
const SMALLEST = 1e-30, LARGEST = 1e30;

/** What is to become of missing cells: filled in, or refused. */
export type MissingCells = "fill" | "refuse";

/** What a column stands in. */
export interface ColumnContext {
  /** What messages call the table. */
  readonly source: string;
  readonly rows: number;
  readonly header: boolean;
  /** Index of the column. */
  readonly place: number;
  /** What somebody said that it is. */
  readonly wish?: "number" | "category" | undefined;
  readonly missing: MissingCells;
}

/**
 * Decides what a column that is no answer is to a model.
 *
 * - Without a value: ignored. Row numbers (see {@linkcode isRowNumber}) too, and a text that is always the same.
 * - Numbers alone: a number, raw where 32 bits hold it well and standardised in 64 bits otherwise.
 * - Texts: categories, unless they are dates, numbers with marks ("5 %", "$1,234"), or nearly all different.
 * - As many numbers as texts, or more: refused, as one of the two is probably wrong; somebody has to say which.
 *
 * @throws {SyntaxError} When the column can be no input as it is: what it holds, and what to do.
 */
export function columnSchema(profile: ColumnProfile, context: ColumnContext): ColumnSchema {
  const { name, numbers, texts, missing, values, firstText, firstMissing } = profile;
  const { rows, wish } = context;
  const refuse = (found: string, advice: string) =>
    new SyntaxError(
      `Cannot use ${called(name, context.place)} of "${context.source}": ${found}; ${advice}`,
    );
  if (numbers + texts === 0) return { kind: "ignored", name, because: "no values" };
  if (name === ROW_NAMES && context.place === 0) {
    return { kind: "ignored", name, because: "not named by the header" };
  }
  if (missing > 0 && context.missing === "refuse") {
    throw refuse(`${at(firstMissing)} is missing (${shown(firstMissing)})`, "a value is needed");
  }
  if (wish === "category") return categories(profile, context);
  if (wish === "number" && numbers === 0) {
    throw refuse(
      `${at(firstText)} is ${shown(firstText)}, as all others it is no number`,
      "numbers are needed",
    );
  }
  if (texts === 0 || wish === "number") {
    if (isRowNumber(profile, context)) return { kind: "ignored", name, because: "counts the rows" };
    return numberColumn(profile, context);
  }
  const ways = "ignore the column (--ignore-columns)";
  const asCategories = "take each spelling for a category (--categories)";
  if (areMarkedNumbers(profile)) {
    throw refuse(
      `${at(firstText)} is ${shown(firstText)}, a number with a blank, %, currency or thousands mark`,
      `write digits alone (5 or 1234.5), ${asCategories}, or ${ways}`,
    );
  }
  if (numbers >= texts) {
    throw refuse(
      `${at(firstText)} is ${shown(firstText)}, ${
        numbers === 1 ? "another is a number" : `${numbers} others are numbers`
      }`,
      `correct it, take texts for missing (--numbers), ${asCategories}, or ${ways}`,
    );
  }
  if (firstText !== undefined && isDate(firstText.text)) {
    throw refuse(
      `${at(firstText)} is ${shown(firstText)}, a date or time`,
      `make numbers of it (year, month, days since …), or ${ways}`,
    );
  }
  if (values === undefined || values.size > Math.max(FEW_DIFFERENT, rows / 2)) {
    const different = values === undefined ? `more than ${MOST_CATEGORIES}` : values.size;
    throw refuse(
      `it holds ${different} different texts in ${rows} rows, the first ${shown(firstText)}`,
      `${ways}, or ${asCategories}`,
    );
  }
  if (values.size === 1 && missing === 0) {
    return { kind: "ignored", name, because: `always ${quote([...values.keys()][0])}` };
  }
  return categories(profile, context);
}

/** "line 3" */
function at(cell: FoundCell | undefined): string {
  return cell === undefined ? "a cell" : `line ${cell.line}`;
}

function shown(cell: FoundCell | undefined): string {
  return cell === undefined || cell.text === "" ? "empty" : quote(cell.text);
}

function numberColumn(profile: ColumnProfile, { missing: policy, wish }: ColumnContext): NumberColumn {
  const { name, minimum, maximum, mean, missing, texts } = profile;
  const largest = Math.max(Math.abs(minimum), Math.abs(maximum));
  const { deviation } = profile;
  // Beyond 1e154 squares overflow, and sums somewhat later.
  const spread = Number.isFinite(deviation) && Number.isFinite(mean) ? deviation : maximum / 2 - minimum / 2;
  const raw = minimum === maximum
    ? largest < LARGEST
    : largest > SMALLEST && largest < LARGEST && largest <= MOST_DEVIATIONS * spread;
  const centre = Number.isFinite(mean) ? mean : minimum / 2 + maximum / 2;
  return {
    kind: "number",
    name,
    offset: raw ? 0 : centre,
    factor: raw || !(spread > 0) || !Number.isFinite(1 / spread) ? 1 : 1 / spread,
    ...(policy === "fill" && { missing: centre }),
    ...(wish === "number" && { lenient: true }),
    indicator: policy === "fill" && missing + texts > 0,
  };
}

function categories(
  { name, values, missing }: ColumnProfile,
  { rows, missing: policy, source, place }: ColumnContext,
): CategoryColumn {
  if (values === undefined) {
    throw new SyntaxError(
      `Cannot take ${
        called(name, place)
      } of "${source}" for categories: it holds too many different spellings; ` +
        "ignore the column (--ignore-columns)",
    );
  }
  const least = Math.max(LEAST_ROWS, rows / 1000);
  const byCount = [...values.keys()].sort((a, b) => values.get(b)! - values.get(a)! || order(a, b));
  const own = new Set(byCount.filter((value) => values.get(value)! >= least).slice(0, MOST_CATEGORIES));
  const rare = byCount.filter((value) => !own.has(value)).sort(order);
  return {
    kind: "category",
    name,
    categories: [...own].sort(order),
    rare,
    other: rare.length > 0,
    missing: policy === "refuse" ? "refuse" : missing > 0 ? "input" : "zero",
  };
}

/** Numbers by value, before all else; texts by their UTF-16 code units. */
function order(a: string, b: string): number {
  const [first, second] = [isNumber(a), isNumber(b)];
  if (first && second && Number(a) !== Number(b)) return Number(a) - Number(b);
  if (first !== second) return first ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Names under which row numbers stand. */
const INDEX_NAME =
  /^(|unnamed: ?\d+|index|idx|id|#|no\.?|nr\.?|row([_ .-]?(id|number|no|nr|index))?|.*[_ .-]id|.*[a-z]Id)$/i;

/**
 * Whether a column only counts the rows: it has no name, or one like index, id or Unnamed: 0, and its numbers are as
 * many whole numbers in a row as there are rows.
 */
function isRowNumber(
  { name, numbers, whole, minimum, maximum, mean, deviation, values }: ColumnProfile,
  { rows, header }: Pick<ColumnContext, "rows" | "header">,
): boolean {
  if (!header || !INDEX_NAME.test(name) || !whole || rows < 2) return false;
  if (numbers !== rows || maximum - minimum !== rows - 1) return false;
  if (values !== undefined) return values.size === rows;
  // Of all ways to fill this range, different numbers alone have this mean and deviation to so many digits.
  const expected = Math.sqrt((rows * rows - 1) / 12);
  return Math.abs(mean - (minimum + maximum) / 2) <= 1e-9 * rows &&
    Math.abs(deviation - expected) <= 1e-9 * rows;
}

/** A number with what people write beside it: thousands apart, a decimal comma, a percent or currency sign, odd blanks. */
const MARKED_NUMBER =
  /^\s*((\p{Sc}|EUR|USD|GBP|CHF)\s*)?[+\-\u2212(]?(\d{1,3}([,.'\u2019\s]\d{3})+|\d+)([.,]\d*)?([eEdD][+-]?\d+)?\)?(\s*(%|\p{Sc}|EUR|USD|GBP|CHF))?\s*$/u;

/** Whether all texts of a column are numbers with marks beside their digits. */
export function areMarkedNumbers({ texts, values, firstText }: ColumnProfile): boolean {
  const spellings = values === undefined ? [firstText?.text ?? ""] : [...values.keys()];
  return texts > 0 && spellings.every((text) => isNumber(text) || MARKED_NUMBER.test(text));
}

const MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
const DATES: readonly RegExp[] = [
  /^\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([T ]\d{1,2}:\d{2}.*)?$/,
  /^\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}([T ,]+\d{1,2}:\d{2}.*)?$/,
  /^\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[ap]m)?$/i,
  new RegExp(
    `^(\\d{1,2}[ -.]*)?(${MONTHS})[a-z]*[ -.,]*\\d{1,4}([ ,]+\\d{4})?([T ,]+\\d{1,2}:\\d{2}.*)?$`,
    "i",
  ),
];

/** Whether a text looks like a date or a time of day. */
function isDate(text: string): boolean {
  return DATES.some((pattern) => pattern.test(text.trim()));
}

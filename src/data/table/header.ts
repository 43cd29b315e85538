/**
 * Whether the first row of a table holds the names of its columns.
 *
 * @module
 */
import { isNumber } from "../labels.ts";

/** Spellings of a missing cell; those of `kernels/src/text/delimited.rs`. */
const MISSING: ReadonlySet<string> = new Set(
  "NA N/A n/a #N/A <NA> NaN nan NAN null NULL Null None none ? - .".split(" ").concat(""),
);

/** Whether a cell, without blanks around it, spells that its value is missing. */
export function isMissing(cell: string): boolean {
  return MISSING.has(cell);
}

/** Rows that must repeat a text before a text above them counts as its name. */
const FEW_ROWS = 3;

/**
 * Whether a row holds names rather than data.
 *
 * It does when it has names only, unless all of them occur again below; and when it has names and numbers, if a name
 * stands above numbers, or above texts that repeat each other but not the name, and the numbers look like names:
 * counting up, rising or falling where the rows do not, or whole where the rows are not.
 *
 * @param first The row.
 * @param rows Those after it.
 */
export function isHeader(first: readonly string[], rows: readonly (readonly string[])[]): boolean {
  const infinite = (cell: string) => /^[+-]?inf(inity)?$/i.test(cell);
  const named: number[] = [];
  first.forEach((cell, index) => {
    if (!isNumber(cell) && !isMissing(cell) && !infinite(cell)) named.push(index);
  });
  if (named.length === 0) return false;
  // Where the header is one cell shorter, its names stand above the cells one further on.
  const shift = rows.length > 0 && rows.every((row) => row.length === first.length + 1) ? 1 : 0;
  const below = (index: number) =>
    rows.map((row) => row[index + shift] ?? "").filter((cell) => !isMissing(cell));
  const numbers = first.filter(isNumber);
  const missing = first.some((cell) => cell !== "" && isMissing(cell) || infinite(cell));
  const aboveNumbers = (index: number) => {
    const cells = below(index);
    return cells.length > 0 && cells.every(isNumber);
  };
  const fresh = (index: number) => {
    const cells = below(index);
    return cells.length >= FEW_ROWS && !cells.includes(first[index]) && new Set(cells).size < cells.length;
  };
  if (numbers.length === 0 && !missing) {
    // A header that stands once more between the rows, as in files put together, tells nothing.
    const others = rows.filter((row) => row.some((cell, index) => cell !== first[index]));
    return others.length < FEW_ROWS ||
      !named.every((index) => others.some((row) => row[index] === first[index]));
  }
  const above = named.some(aboveNumbers);
  if (!above && !named.some(fresh)) return false;
  if (numbers.length === 0) return true;
  if (above && counting(first)) return true;
  return likeNames(numbers) && !rows.slice(0, 20).every((row) => likeNames(row.filter(isNumber)));
}

/** Whether the numbers among the cells count up by one, from 0 or 1 at most, with their places. */
function counting(cells: readonly string[]): boolean {
  const places = cells.flatMap((cell, index) => isNumber(cell) ? [[Number(cell), index]] : []);
  const [[first, start]] = places;
  return places.length > 1 && first <= 1 &&
    places.every(([value, index]) => Number.isInteger(value) && value - first === index - start);
}

/** Whether numbers may be names: three or more that rise or fall, or whole ones, each once. */
function likeNames(cells: readonly string[]): boolean {
  const values = cells.map(Number);
  if (values.length < 2) return false;
  const rising = values.every((value, index) => index === 0 || value > values[index - 1]);
  const falling = values.every((value, index) => index === 0 || value < values[index - 1]);
  if ((rising || falling) && values.length > 2) return true;
  return values.every((value) => Number.isInteger(value) && value >= 0) &&
    new Set(values).size === values.length;
}

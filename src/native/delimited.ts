/**
 * Windows of delimited text: what their columns hold, and their rows as samples.
 *
 * @module
 */
import { kernels } from "./library.ts";
import { buffer, check, expectLength } from "./status.ts";
import { TEXT_DETAIL, wellFormed } from "./text.ts";

/** Elements of a dialect: delimiter, comment mark (0 for none), decimal mark, whether a delimiter may end a row. */
const DIALECT = 4;

/** Elements of each cell in a list of cells: start, end, line. */
export const CELL_PLACE = 3;

/**
 * Elements of a column in a profile: numbers, missing cells, texts; minimum, maximum, mean and sum of squares about it of
 * the numbers; whether some are not whole, whole ones beyond 2⁵³; line, start and end of the first text and of the first
 * missing cell (line 0 without); of kept numbers, the last, and how many vanish in 32 bits beside the one above.
 */
export const COLUMN_PROFILE = 17;

/** Elements of each spelling: column, start, end, line, how often. */
export const SPELLING = 5;

/** Elements of a column in a tally: missing, unknown, vanished cells; line, start and end of the first unknown one. */
export const COLUMN_TALLY = 6;

/** What a window of text is to a kernel. */
export interface DelimitedWindow {
  readonly text: Uint8Array;
  /** {@linkcode DIALECT} elements. */
  readonly dialect: Uint8Array;
  /** Whether the text ends with it; otherwise a row may go on after it. */
  readonly last: boolean;
  readonly threads: number;
}

function windowArguments({ text, dialect, last, threads }: DelimitedWindow) {
  expectLength("read the text", "dialect", dialect, DIALECT);
  return [buffer(text), text.length, buffer(dialect), Number(last), threads] as const;
}

/**
 * Lists the cells of the first rows of a text, as many as there is room for.
 *
 * @param places Start, end and line of each cell, written; cells of one row share their line.
 * @param counts Number of cells, and the bytes they take, written.
 */
export function delimitedCells(
  text: Uint8Array,
  dialect: Uint8Array,
  places: BigUint64Array,
  counts: BigUint64Array,
): void {
  expectLength("read the text", "dialect", dialect, DIALECT);
  expectLength("read the text", "counts", counts, 2);
  const status = kernels().ts_delimited_cells(
    ...[buffer(text), text.length, buffer(dialect)] as const,
    ...[buffer(places), places.length, buffer(counts)] as const,
  );
  check(status, "read the text");
}

/**
 * Counts the whole rows of a window, at most `most` of them.
 *
 * @param counts Bytes, rows and lines, written.
 * @param detail The first fault, written; {@linkcode TEXT_DETAIL} elements.
 * @returns Whether the text is well formed.
 */
export function delimitedRows(
  window: DelimitedWindow,
  most: number,
  counts: BigUint64Array,
  detail: BigUint64Array,
): boolean {
  expectLength("read the text", "counts", counts, 3);
  expectLength("read the text", "detail", detail, TEXT_DETAIL);
  const status = kernels().ts_delimited_rows(
    ...windowArguments(window),
    ...[most, buffer(counts), buffer(detail)] as const,
  );
  return wellFormed(status, "read the text");
}

/**
 * Adds what the columns of a window hold to a profile.
 *
 * @param linesBefore Lines of the text before the window.
 * @param caps Most spellings of each column, 0 where they are not gathered; becomes 0 where the window has more.
 * @param profile Shape `[columns, COLUMN_PROFILE]`, added to.
 * @param names Shape `[spellings, SPELLING]`, written. Without enough room only `counts` is written.
 * @param kept Written where it has room for every cell of the whole rows: `[rows, columns without a cap]` numbers, then
 * `[rows, columns with one]` which of the window's spellings of its column a cell is. It holds anything where a cell is
 * missing, a column without a cap holds a text, or a cap becomes 0.
 * @param counts Bytes, rows, lines and spellings of the whole rows, written.
 * @param detail The first fault, written; {@linkcode TEXT_DETAIL} elements.
 * @returns Whether the text is well formed.
 */
export function delimitedProfile(
  window: DelimitedWindow,
  linesBefore: number,
  caps: Uint32Array,
  profile: Float64Array,
  names: BigUint64Array,
  kept: Float32Array,
  counts: BigUint64Array,
  detail: BigUint64Array,
): boolean {
  expectLength("read the text", "counts", counts, 4);
  expectLength("read the text", "detail", detail, TEXT_DETAIL);
  const status = kernels().ts_delimited_profile(
    ...windowArguments(window),
    ...[linesBefore, buffer(caps), caps.length, buffer(profile), profile.length] as const,
    ...[buffer(names), names.length, buffer(kept), kept.length, buffer(counts), buffer(detail)] as const,
  );
  return wellFormed(status, "read the text");
}

/** A plan as the kernel takes it; see `kernels/src/text/delimited/plan.rs`. */
export interface DelimitedPlan {
  readonly roles: Uint32Array;
  readonly scales: Float64Array;
  readonly firstWords: Uint32Array;
  readonly wordStarts: Uint32Array;
  readonly words: Uint8Array;
  readonly values: Uint32Array;
  readonly inputCount: number;
  readonly targetCount: number;
}

/** Where samples go: at most `rows` of them; arrays that no role fills are empty. */
export interface DelimitedSamples {
  readonly rows: number;
  readonly features: Float32Array;
  readonly labels: Uint32Array;
  readonly targets: Float32Array;
  readonly weights: Float32Array;
}

/**
 * Turns the whole rows of a window into samples, as many as there is room for.
 *
 * @param linesBefore Lines of the text before the window.
 * @param above The last number of each column, NaN for none; renewed.
 * @param tallies Shape `[columns, COLUMN_TALLY]`, added to.
 * @param counts Bytes, rows and lines, written.
 * @param detail The first fault, written; {@linkcode TEXT_DETAIL} elements.
 * @returns Whether every cell could be taken; if not, the outputs hold anything.
 */
export function delimitedEncode(
  window: DelimitedWindow,
  linesBefore: number,
  plan: DelimitedPlan,
  samples: DelimitedSamples,
  above: Float64Array,
  tallies: Float64Array,
  counts: BigUint64Array,
  detail: BigUint64Array,
): boolean {
  expectLength("read the text", "counts", counts, 3);
  expectLength("read the text", "detail", detail, TEXT_DETAIL);
  const { roles, scales, firstWords, wordStarts, words, values, inputCount, targetCount } = plan;
  const { rows, features, labels, targets, weights } = samples;
  const status = kernels().ts_delimited_encode(
    ...windowArguments(window),
    linesBefore,
    ...[buffer(roles), roles.length, buffer(scales), scales.length] as const,
    ...[buffer(firstWords), firstWords.length, buffer(wordStarts), wordStarts.length] as const,
    ...[buffer(words), words.length, buffer(values), values.length] as const,
    ...[inputCount, targetCount, rows, buffer(features), features.length] as const,
    ...[buffer(labels), labels.length, buffer(targets), targets.length] as const,
    ...[buffer(weights), weights.length, buffer(above), above.length] as const,
    ...[buffer(tallies), tallies.length, buffer(counts), buffer(detail)] as const,
  );
  return wellFormed(status, "read the text");
}

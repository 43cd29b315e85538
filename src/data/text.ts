/**
 * The two readings of a text: the first counts and checks its rows, the second parses them into their arrays.
 *
 * Windows of whole lines go to the kernels one after another, so a text may be larger than memory.
 *
 * @module
 */
import type { TextOutputs } from "../native/text.ts";
import type { Split } from "./split.ts";
import { LabelTable } from "./labels.ts";
import { allocateSplit } from "./samples.ts";
import { lineWindows, type ReadProgress, type Source, sourceName, SourceReader } from "./source.ts";
import { TextDetail } from "./text_problem.ts";

/** A window of whole lines, as the first reading met it. */
export interface TextWindow {
  /** Lines of the source before the rows. */
  readonly linesBefore: number;
  /** Rows. */
  readonly rows: number;
}

/** What the first reading found. */
export interface ScannedText {
  /** Every window. */
  readonly windows: readonly TextWindow[];
  /** Rows of all windows. */
  readonly rows: number;
  /** Bytes of the text, unpacked. */
  readonly bytes: number;
}

/** How a format counts the rows of a window. */
export interface TextScan {
  /** Counts rows and lines into `counts`; false when `detail` holds a problem. */
  readonly count: (text: Uint8Array, counts: BigUint64Array, detail: BigUint64Array) => boolean;
}

/**
 * Reads a text for the first time.
 *
 * @param counts Rows and lines of a window, and whatever else the format counts.
 * @throws {SyntaxError} When it is no text, holds no rows, or the format finds a problem.
 */
export async function scanText(
  source: Source,
  scan: TextScan,
  counts: BigUint64Array,
  onProgress?: ReadProgress,
): Promise<ScannedText> {
  const name = sourceName(source);
  const windows: TextWindow[] = [];
  const found = new TextDetail(0);
  let [rows, linesBefore, bytes] = [0, 0, 0];
  await using reader = await SourceReader.open(source);
  for await (const window of lineWindows(reader)) {
    if (!scan.count(window, counts, found.detail)) throw found.problem(name, window, linesBefore);
    windows.push({ linesBefore, rows: Number(counts[0]) });
    rows += Number(counts[0]);
    linesBefore += Number(counts[1]);
    bytes += window.length;
    onProgress?.(reader.storedDone, 2 * reader.storedBytes);
  }
  if (rows > 0) return { windows, rows, bytes };
  const content = linesBefore === 0 ? "it is empty" : "it has no rows of data";
  throw new SyntaxError(`Cannot read "${name}": ${content}`);
}

/** How a format parses the rows of a window. */
export interface TextParse {
  /** Features of a row. */
  readonly featureCount: number;
  /** Regression targets of a row. */
  readonly targetCount: number;
  /** Whether class labels are read. */
  readonly labelled: boolean;
  /** Parses a window into its part of the arrays; false when `detail` holds a problem. */
  readonly parse: (text: Uint8Array, outputs: TextOutputs, detail: BigUint64Array) => boolean;
}

/** What the second reading makes of a text. */
export interface ParsedText extends Split {
  readonly features: Float32Array;
  /** Name of each class; empty where class labels were not read. */
  readonly classNames: readonly string[];
}

/**
 * Reads a text for the second time, into arrays in shared memory.
 *
 * @param given Names of the classes, when they are known from another file.
 * @throws {SyntaxError} When the format finds a problem, or the file is not what it was.
 * @throws {RangeError} When memory does not suffice or the labels make no classes.
 */
export async function parseText(
  source: Source,
  { windows, rows }: ScannedText,
  { featureCount, targetCount, labelled, parse }: TextParse,
  given?: readonly string[],
  onProgress?: ReadProgress,
): Promise<ParsedText> {
  const name = sourceName(source);
  const split = allocateSplit(name, rows, featureCount, labelled, targetCount);
  const found = new TextDetail(labelled ? rows : 0);
  const table = new LabelTable();
  const changed = () => new SyntaxError(`Cannot read "${name}": it changed while it was read`);
  let [row, index] = [0, 0];
  await using reader = await SourceReader.open(source);
  for await (const window of lineWindows(reader)) {
    if (index === windows.length) throw changed();
    const { linesBefore, rows: count } = windows[index++];
    const part = <T extends Float32Array | Uint32Array>(array: T, width: number): T =>
      array.subarray(row * width, (row + count) * width) as T;
    const labels = part(split.labels, labelled ? 1 : 0);
    const outputs: TextOutputs = {
      rows: count,
      features: part(split.features, featureCount),
      featureCount,
      targets: part(split.targets, targetCount),
      targetCount,
      labels,
      names: found.names,
    };
    let wellFormed: boolean;
    try {
      wellFormed = parse(window, outputs, found.detail);
    } catch (cause) {
      // The arrays fit the rows counted before, so only other rows can make lengths disagree.
      throw cause instanceof TypeError ? changed() : cause;
    }
    if (!wellFormed) throw found.problem(name, window, linesBefore);
    if (labelled) renumber(labels, found, window, linesBefore, table);
    row += count;
    onProgress?.(reader.storedBytes + reader.storedDone, 2 * reader.storedBytes);
  }
  if (index !== windows.length) throw changed();
  if (!labelled) return { ...split, classNames: [] };
  const { classNames, classOf } = table.classes(name, given);
  for (let sample = 0; sample < rows; sample++) split.labels[sample] = classOf[split.labels[sample]];
  return { ...split, classNames };
}

/** Turns the numbers a window gave its labels into those of the whole text. */
function renumber(
  labels: Uint32Array,
  found: TextDetail,
  text: Uint8Array,
  linesBefore: number,
  table: LabelTable,
): void {
  const numbers = Uint32Array.from(
    found.labels(text, linesBefore),
    ([label, line]) => table.add(label, line),
  );
  for (let index = 0; index < labels.length; index++) labels[index] = numbers[labels[index]];
}

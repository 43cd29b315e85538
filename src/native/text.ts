/**
 * Text parsed into rows.
 *
 * @module
 */
import { kernels } from "./library.ts";
import { buffer, check, expectLength } from "./status.ts";

/** Status of a kernel that found a fault in a text; its detail output says where. */
const SYNTAX = 6;

/** Elements of the detail output of a text kernel: kind, line, column, start, end, found, expected, names. */
export const TEXT_DETAIL = 8;

/** Elements of the names output for each distinct label: start, end and line of its first occurrence. */
export const TEXT_NAME = 3;

/** Where the rows of a text go; every array is as long as `rows` rows need. */
export interface TextOutputs {
  /** Rows of the text. */
  readonly rows: number;
  /** Shape `[rows, featureCount]`, written. */
  readonly features: Float32Array;
  /** Features of a row. */
  readonly featureCount: number;
  /** Shape `[rows, targetCount]`, written. */
  readonly targets: Float32Array;
  /** Regression targets of a row. */
  readonly targetCount: number;
  /** Number of each row's label, shape `[rows]`, written; empty where no label is read. */
  readonly labels: Uint32Array;
  /** Shape `[distinct labels, TEXT_NAME]`, written; its length is the room. */
  readonly names: BigUint64Array;
}

/**
 * Outputs of a scan for a kernel: counts, detail.
 *
 * @throws {TypeError} Unless they have the lengths that the kernel takes for granted.
 */
function scanArguments(counts: BigUint64Array, length: number, detail: BigUint64Array) {
  expectLength("scan the text", "counts", counts, length);
  expectLength("scan the text", "detail", detail, TEXT_DETAIL);
  return [buffer(counts), buffer(detail)] as const;
}

/**
 * Outputs for a kernel: rows; features and targets with their lengths and counts; labels and names with theirs; detail.
 *
 * @throws {TypeError} Unless `detail` has the length that the kernel takes for granted.
 */
function outputArguments(
  { rows, features, featureCount, targets, targetCount, labels, names }: TextOutputs,
  detail: BigUint64Array,
) {
  expectLength("parse the text", "detail", detail, TEXT_DETAIL);
  return [
    rows,
    ...[buffer(features), features.length, featureCount] as const,
    ...[buffer(targets), targets.length, targetCount] as const,
    ...[buffer(labels), labels.length, buffer(names), names.length, buffer(detail)] as const,
  ] as const;
}

/**
 * Checks svmlight text; counts rows, lines, the smallest and the largest index (2⁶⁴ − 1 and 0 without any).
 *
 * @param detail The first fault, written; {@linkcode TEXT_DETAIL} elements.
 * @returns Whether the text is well formed.
 */
export function svmlightScan(
  text: Uint8Array,
  threads: number,
  counts: BigUint64Array,
  detail: BigUint64Array,
): boolean {
  const status = kernels().ts_svmlight_scan(
    ...[buffer(text), text.length, threads, ...scanArguments(counts, 4, detail)] as const,
  );
  return wellFormed(status, "scan the text");
}

/**
 * Parses svmlight text into dense rows; the label is a class with `targetCount` 0, the target with 1.
 *
 * @param firstIndex Index of the first feature, 0 or 1.
 * @param detail The first fault, or the number of names, written; {@linkcode TEXT_DETAIL} elements.
 * @returns Whether the text is well formed; if not, the outputs hold anything.
 */
export function svmlightParse(
  text: Uint8Array,
  firstIndex: number,
  threads: number,
  outputs: TextOutputs,
  detail: BigUint64Array,
): boolean {
  const status = kernels().ts_svmlight_parse(
    ...[buffer(text), text.length, firstIndex, threads] as const,
    ...outputArguments(outputs, detail),
  );
  return wellFormed(status, "parse the text");
}

/** Whether a text is well formed, by the status of its kernel; throws what is no fault of the text. */
export function wellFormed(status: number, task: string): boolean {
  if (status !== SYNTAX) check(status, task);
  return status === 0;
}

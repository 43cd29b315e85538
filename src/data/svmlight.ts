/**
 * Svmlight text, the sparse format of svmlight and libsvm: `label index:value index:value …`.
 *
 * @module
 */
import { svmlightParse, svmlightScan } from "../native/text.ts";
import type { FileSamples } from "./samples.ts";
import type { Task } from "../task.ts";
import { type ReadProgress, type Source, sourceName } from "./source.ts";
import { parseText, type ScannedText, scanText } from "./text.ts";

/** Options of {@linkcode readSvmlight}. */
export interface SvmlightOptions {
  /** What the label is. @default {"classification"} */
  readonly task?: Task | undefined;
  /** Features of a sample. @default The largest index in the file. */
  readonly featureCount?: number | undefined;
  /** Index of the first feature. @default {0} where index 0 occurs, otherwise 1. */
  readonly firstIndex?: 0 | 1 | undefined;
  /**
   * Most bytes of the dense features.
   *
   * Without it, 1,000 times the text, at least 256 MiB: one wrong index shall not fill the memory.
   */
  readonly maxBytes?: number | undefined;
  /** Classes known from another file; a label that is none of them is an error. */
  readonly classNames?: readonly string[] | undefined;
  /** Most threads to use. @default {navigator.hardwareConcurrency} */
  readonly threads?: number | undefined;
  /** Called now and then; the file is read twice, so the total is twice its size. */
  readonly onProgress?: ReadProgress | undefined;
}

/** What a first reading finds in an svmlight file. */
export interface SvmlightScan extends ScannedText {
  /** The smallest index; infinite where there is no feature at all. */
  readonly leastIndex: number;
  /** The largest index. */
  readonly mostIndex: number;
}

/**
 * Checks an svmlight file and finds its range of indices.
 *
 * @throws {SyntaxError} When the text cannot be read; the message names line and column.
 */
export async function scanSvmlight(source: Source, options: SvmlightOptions = {}): Promise<SvmlightScan> {
  const { threads = navigator.hardwareConcurrency, onProgress } = options;
  const counts = new BigUint64Array(4);
  let [leastIndex, mostIndex] = [Infinity, 0];
  const scanned = await scanText(
    source,
    {
      count: (text, counts, detail) => {
        if (!svmlightScan(text, threads, counts, detail)) return false;
        leastIndex = Math.min(leastIndex, Number(counts[2]));
        mostIndex = Math.max(mostIndex, Number(counts[3]));
        return true;
      },
    },
    counts,
    onProgress,
  );
  return { ...scanned, leastIndex, mostIndex };
}

/**
 * Reads an svmlight file into dense features, packed with gzip or not.
 *
 * Indices count from 1, or from 0 where index 0 occurs, and must ascend within a line; absent ones are 0.
 * `qid:…` is passed over; `#` starts a comment. Labels are classes (any text) or regression targets.
 *
 * Memory: the dense arrays returned and about 8 MiB. Time: two readings.
 * The same bits for any number of threads.
 *
 * @param source Path, `file:` URL, or the bytes.
 * @throws {SyntaxError} When the text cannot be read; the message names line and column, the label's being 1.
 * @throws {RangeError} When there is no feature, or dense features would take too much memory.
 * @example
 * ```ts
 * import { readSvmlight } from "./svmlight.ts";
 * const data = await readSvmlight(new TextEncoder().encode("-1 1:0.5 3:2\n+1 2:1\n"));
 * if (data.featureCount !== 3 || data.features[2] !== 2) throw new Error("wrong features");
 * if (data.labels.join() !== "0,1") throw new Error("wrong labels");
 * ```
 */
export async function readSvmlight(source: Source, options: SvmlightOptions = {}): Promise<FileSamples> {
  return await parseSvmlight(source, await scanSvmlight(source, options), options);
}

/** Reads an svmlight file that {@linkcode scanSvmlight} has checked; see {@linkcode readSvmlight}. */
export async function parseSvmlight(
  source: Source,
  scanned: SvmlightScan,
  options: SvmlightOptions,
): Promise<FileSamples> {
  const name = sourceName(source);
  const { task = "classification", threads = navigator.hardwareConcurrency } = options;
  const firstIndex = firstIndexOf(name, scanned, options.firstIndex);
  const featureCount = options.featureCount ?? scanned.mostIndex + 1 - firstIndex;
  if (
    !Number.isSafeInteger(featureCount) || featureCount < 1 ||
    (scanned.leastIndex === Infinity && options.featureCount === undefined)
  ) {
    throw new RangeError(`Cannot read "${name}": it has no features`);
  }
  const bytes = 4 * scanned.rows * featureCount;
  const maxBytes = options.maxBytes ?? Math.max(2 ** 28, 1000 * scanned.bytes);
  if (bytes > maxBytes) {
    throw new RangeError(
      `Cannot hold "${name}": ${scanned.rows} samples of ${featureCount} features (the largest index is ` +
        `${scanned.mostIndex}) take ${gibibytes(bytes)} when dense, at most ${
          gibibytes(maxBytes)
        } are allowed`,
    );
  }
  const parsed = await parseText(
    source,
    scanned,
    {
      featureCount,
      targetCount: task === "regression" ? 1 : 0,
      labelled: task === "classification",
      parse: (text, outputs, detail) => svmlightParse(text, firstIndex, threads, outputs, detail),
    },
    options.classNames,
    options.onProgress,
  );
  return { ...parsed, task, featureCount, featureNames: [], firstIndex };
}

/**
 * Index of the first feature: as given, or 0 where index 0 occurs and otherwise 1.
 *
 * @throws {RangeError} When an index is below the one that is given.
 */
export function firstIndexOf(name: string, { leastIndex }: SvmlightScan, given?: 0 | 1): 0 | 1 {
  const firstIndex = given ?? (leastIndex === 0 ? 0 : 1);
  if (leastIndex >= firstIndex) return firstIndex;
  throw new RangeError(`Cannot read "${name}": it has index 0, but the first index is given as 1`);
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toPrecision(2)} GiB`;
}

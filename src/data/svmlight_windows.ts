/**
 * Svmlight text in windows of dense features, to predict on: the file may be larger than memory.
 *
 * @module
 */
import { svmlightParse, svmlightScan } from "../native/text.ts";
import { lineWindows, SourceReader } from "./source.ts";
import { firstIndexOf, scanSvmlight } from "./svmlight.ts";
import { TextDetail } from "./text_problem.ts";

/** Options of {@linkcode svmlightWindows}. */
export interface SvmlightWindowOptions {
  /** Features of a sample; absent ones are 0. */
  readonly featureCount: number;
  /** Index of the first feature. @default {0} where index 0 occurs, otherwise 1. */
  readonly firstIndex?: 0 | 1 | undefined;
  /** Bytes of the dense features of a window, about (one sample at least). @default {32 MiB} */
  readonly windowBytes?: number | undefined;
  /** Most threads to use. @default {navigator.hardwareConcurrency} */
  readonly threads?: number | undefined;
}

/**
 * Reads svmlight text in windows; labels are passed over.
 *
 * Time: two readings, the first finds the range of indices. Memory: a window.
 *
 * @throws {SyntaxError} When the text cannot be read, or a line has an index beyond the features; both are named.
 * @throws {RangeError} When there is an index below the first.
 */
export async function* svmlightWindows(
  path: string,
  options: SvmlightWindowOptions,
): AsyncGenerator<{ readonly samples: number; readonly features: Float32Array }> {
  const { featureCount, windowBytes = 32 << 20, threads = navigator.hardwareConcurrency } = options;
  const scanned = await scanSvmlight(path, { threads });
  const firstIndex = firstIndexOf(path, scanned, options.firstIndex);
  const lineBytes = scanned.bytes / scanned.rows;
  const textBytes = Math.ceil(Math.min(8 << 20, Math.max(256, lineBytes * windowBytes / (4 * featureCount))));
  const found = new TextDetail(0);
  const counts = new BigUint64Array(4);
  let linesBefore = 0;
  await using reader = await SourceReader.open(path);
  for await (const text of lineWindows(reader, textBytes)) {
    const fail = () => found.problem(path, text, linesBefore);
    if (!svmlightScan(text, threads, counts, found.detail)) throw fail();
    const samples = Number(counts[0]);
    const features = new Float32Array(samples * featureCount);
    const outputs = {
      rows: samples,
      features,
      featureCount,
      targets: new Float32Array(0),
      targetCount: 0,
      // The text of a label may be anything here; its number is not used.
      labels: new Uint32Array(samples),
      names: new BigUint64Array(3 * samples),
    };
    if (!svmlightParse(text, firstIndex, threads, outputs, found.detail)) throw fail();
    linesBefore += Number(counts[1]);
    if (samples > 0) yield { samples, features };
  }
}

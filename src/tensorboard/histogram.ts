/**
 * How numbers are spread, in columns of one width.
 *
 * @module
 */
import type { Histogram } from "./messages.ts";

/** Columns of a histogram; TensorBoard shows half as many. */
const COLUMNS = 64;

/**
 * The histogram of finite numbers; none where there are no numbers, or some are not finite.
 *
 * Cost: two passes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { histogramOf } from "./histogram.ts";
 *
 * const { min, max, bucket } = histogramOf(Float32Array.of(-1, 1, 1))!;
 * assertEquals([min, max, bucket.at(0), bucket.at(-1)], [-1, 1, 1, 2]);
 * ```
 */
export function histogramOf(numbers: ArrayLike<number>): Histogram | undefined {
  const num = numbers.length;
  let [min, max, sum, sum_squares] = [Infinity, -Infinity, 0, 0];
  for (let at = 0; at < num; at++) {
    const number = numbers[at];
    if (number < min) min = number;
    if (number > max) max = number;
    sum += number;
    sum_squares += number * number;
  }
  if (num === 0 || !Number.isFinite(sum_squares)) return undefined;
  const moments = { min, max, num, sum, sum_squares };
  if (min === max) return { ...moments, bucket_limit: [max], bucket: [num] };
  const counts = new Float64Array(COLUMNS);
  const scale = COLUMNS / (max - min);
  for (let at = 0; at < num; at++) {
    counts[Math.min(COLUMNS - 1, Math.floor((numbers[at] - min) * scale))]++;
  }
  const bucket_limit = Array.from({ length: COLUMNS - 1 }, (_, column) => min + (column + 1) / scale);
  return { ...moments, bucket_limit: [...bucket_limit, max], bucket: Array.from(counts) };
}

/**
 * Of many places, those with the largest scores.
 *
 * @module
 */
import type { Places } from "./grow.ts";
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";

/**
 * Keeps the `count` places whose scores lie farthest from zero, in their order; of equal scores the first stays.
 *
 * Exact selection, O(places).
 *
 * @param places Overwritten; what is returned are views of it.
 * @throws {TypeError} When there is not one score a place.
 */
export function keepStrongest({ rows, columns }: Places, scores: Float32Array, count: number): Places {
  const status = kernels().ts_keep_strongest(
    buffer(scores),
    scores.length,
    count,
    buffer(rows),
    rows.length,
    buffer(columns),
    columns.length,
  );
  check(status, "choose the strongest places");
  return { rows: rows.subarray(0, count), columns: columns.subarray(0, count) };
}

/**
 * Of many places, those with the largest scores.
 *
 * @module
 */
import { readWhole } from "../hyperparameter.ts";
import { readFloats } from "../numbers.ts";
import { type Places, readPlaces } from "./grow.ts";
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
export function keepStrongest(places: Places, scores: Float32Array, count: number): Places {
  const task = "choose the strongest places";
  const { rows, columns } = readPlaces(places, task);
  const numbers = readFloats(scores, { task, name: "scores" }, rows.length);
  const kept = Math.min(readWhole(count, { task, name: "count" }), rows.length);
  const status = kernels().ts_keep_strongest(
    buffer(numbers),
    numbers.length,
    kept,
    buffer(rows),
    rows.length,
    buffer(columns),
    columns.length,
  );
  check(status, task);
  return { rows: rows.subarray(0, kept), columns: columns.subarray(0, kept) };
}

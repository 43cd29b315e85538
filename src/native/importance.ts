/**
 * Neuron importance and the removal of neurons.
 *
 * @module
 */
import { kernels } from "./library.ts";
import { changeConnections, type IncomingArrays, type OutgoingArrays, requireIncoming } from "./csr.ts";
import { buffer, check, expectKind } from "./status.ts";

/** Writes the importance of each neuron to `out` `[neurons]`. O(nnz). */
export function importance(
  layer: Pick<OutgoingArrays & IncomingArrays, "incomingPtr" | "position" | "values">,
  out: Float32Array,
  threads = 1,
): void {
  const task = "score the neurons of a layer";
  const { incomingPtr, position, values } = layer;
  expectKind(task, "incomingPtr", incomingPtr, Uint32Array);
  expectKind(task, "position", position, Uint32Array);
  expectKind(task, "values", values, Float32Array);
  requireIncoming({ incomingPtr, position }, task);
  const status = kernels().ts_importance(
    buffer(incomingPtr),
    incomingPtr.length,
    buffer(position),
    position.length,
    buffer(values),
    values.length,
    buffer(out),
    out.length,
    threads,
  );
  check(status, task);
}

/** The percentile of `values`, interpolated linearly as by NumPy; NaN when a value is NaN. O(n). */
export function percentileOf(values: Float32Array, percentile: number): number {
  const out = new Float64Array(1);
  const status = kernels().ts_percentile(buffer(values), values.length, percentile, out, 1);
  check(status, `take percentile ${percentile} of ${values.length} values`);
  return out[0];
}

/**
 * Removes the incoming connections of neurons whose score is at or below the threshold; returns the new nnz.
 *
 * @throws {RangeError} When no connection would be left; nothing has changed then.
 */
export function removeIncoming(
  layer: OutgoingArrays,
  scores: Float32Array,
  threshold: number,
  threads = 1,
): number {
  const task = "remove the unimportant neurons of a layer";
  return changeConnections(
    layer,
    task,
    (target) => kernels().ts_remove_incoming(...target, buffer(scores), scores.length, threshold, threads),
  );
}

/**
 * Batches out of a data set.
 *
 * @module
 */
import { kernels } from "./library.ts";
import type { BatchSource } from "./standardize.ts";
import { buffer, check, NOT_FINITE } from "./status.ts";
import { unusableFeature } from "./unusable_feature.ts";

const NONE = new Uint32Array(0);

/** Raw samples for a kernel: data, data_len, is_bytes, raw_features, selection, selection_len. */
export function sourceArguments(
  { features, mean, selection }: BatchSource,
): readonly [BufferSource, number, number, number, BufferSource, number] {
  const chosen = selection?.features ?? NONE;
  return [
    ...[buffer(features), features.length, features instanceof Uint8Array ? 1 : 0] as const,
    ...[selection?.featureCount ?? mean.length, buffer(chosen), chosen.length] as const,
  ];
}

/**
 * Builds the standardised batch of the samples in `order` as tiles, `[tiles][features][width]`. One pass over them.
 *
 * @throws {FeatureError} When a feature is not finite once it is standardised.
 * @throws {RangeError} When an index lies past the data, or `width` is no multiple of 16.
 * @throws {TypeError} When `output` has another length.
 */
export function gatherBatch(
  source: BatchSource,
  order: Uint32Array,
  width: number,
  threads: number,
  output: Float32Array,
): void {
  const { features, mean, scale, selection } = source;
  const chosen = selection?.features ?? NONE;
  if (mean.length !== scale.length) {
    throw new TypeError(`Cannot build a batch: ${mean.length} means and ${scale.length} scales do not agree`);
  }
  // One by one: a call with a spread list takes three microseconds more, in each step of training.
  const status = kernels().ts_gather_batch(
    buffer(features),
    features.length,
    features instanceof Uint8Array ? 1 : 0,
    selection?.featureCount ?? mean.length,
    buffer(chosen),
    chosen.length,
    buffer(order),
    order.length,
    buffer(mean),
    buffer(scale),
    mean.length,
    width,
    threads,
    buffer(output),
    output.length,
  );
  const unusable = status === NOT_FINITE
    ? unusableFeature("standardise the samples", source, order)
    : undefined;
  if (unusable !== undefined) throw unusable;
  check(status, "build a batch");
}

/**
 * Statistics of features.
 *
 * @module
 */
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";

/** Writes mean and scale of each feature, `[features]` each, of `[samples, features]`. */
export function standardize(
  features: Float32Array | Uint8Array,
  samples: number,
  mean: Float32Array,
  scale: Float32Array,
  threads: number,
): void {
  const library = kernels();
  const kernel = features instanceof Uint8Array ? library.ts_standardize_u8 : library.ts_standardize_f32;
  const status = kernel(
    buffer(features),
    features.length,
    samples,
    buffer(mean),
    mean.length,
    buffer(scale),
    scale.length,
    threads,
  );
  check(status, "standardise the features");
}

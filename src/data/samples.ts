/**
 * Samples read from one file.
 *
 * @module
 */
import type { TableSchema } from "../schema.ts";
import type { Task } from "../task.ts";
import type { ImageShape, Split } from "./split.ts";
import { sharedBytes, sharedFloats, sharedWords } from "../sparse/shared.ts";

/** Samples of one file, with what the file says about them; the arrays are in shared memory. */
export interface FileSamples extends Split {
  /** Whether `labels` or `targets` are filled; both are empty where labels were not asked for. */
  readonly task: Task;
  /** Features of each sample. */
  readonly featureCount: number;
  /** Name of each feature; empty when the file has none. */
  readonly featureNames: readonly string[];
  /** Name of each class; empty for regression. */
  readonly classNames: readonly string[];
  /** Given when each sample is an image. */
  readonly image?: ImageShape;
  /** What the columns of the table are, where they come from one. */
  readonly schema?: TableSchema;
  /** Index of the first feature, in svmlight text. */
  readonly firstIndex?: 0 | 1;
}

/**
 * Makes the arrays of a split.
 *
 * @throws {RangeError} When there is not enough memory, or more samples than u32 can count.
 */
export function allocateSplit(
  source: string,
  samples: number,
  featureCount: number,
  labelled: boolean,
  targetCount: number,
): Split & { readonly features: Float32Array } {
  if (samples > 0xffff_ffff) {
    throw new RangeError(
      `Cannot hold "${source}": it has ${samples} samples, at most 4294967295 are possible`,
    );
  }
  try {
    return {
      samples,
      features: sharedFloats(samples * featureCount),
      labels: sharedWords(labelled ? samples : 0),
      targets: sharedFloats(samples * targetCount),
    };
  } catch (cause) {
    const gibibytes = (4 * samples * (featureCount + targetCount) / 2 ** 30).toFixed(1);
    throw new RangeError(
      `Cannot hold "${source}": ${samples} samples of ${featureCount} features need ` +
        `${gibibytes} GiB in one array`,
      { cause },
    );
  }
}

/**
 * Copies bytes into shared memory.
 */
export function shareBytes(bytes: Uint8Array): Uint8Array {
  const shared = sharedBytes(bytes.length);
  shared.set(bytes);
  return shared;
}

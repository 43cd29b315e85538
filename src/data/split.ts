/**
 * Samples in memory, and what there is to learn of them.
 *
 * @module
 */
import type { Task } from "../task.ts";

/** Makes the features of samples when a batch needs them, where there is no room for those of all samples. */
export interface FeatureSource {
  /**
   * Writes raw features; the same for a sample in each call, for any number of threads.
   *
   * @param order Which samples.
   * @param features Shape `[order.length, features]`.
   */
  gather(order: Uint32Array, features: Float32Array, threads: number): void;
}

/** Samples of one part of a data set, sample-major. */
export interface Split {
  /** Number of samples. */
  readonly samples: number;
  /** Shape `[samples, features]`, raw (not standardised); bytes for images; empty where there is a source. */
  readonly features: Float32Array | Uint8Array;
  /** Makes the features instead of an array that holds them. */
  readonly source?: FeatureSource;
  /** Classification: class index of each sample, shape `[samples]`; empty otherwise. */
  readonly labels: Uint32Array;
  /** Shape `[samples, outputs]`: numbers for regression, 1 for each label a sample has and else 0 for multi-label. */
  readonly targets: Float32Array;
  /**
   * How much each sample counts in the loss, shape `[samples]`: finite, 0 or more, not all 0. Only their ratios matter.
   *
   * @default 1 each
   */
  readonly weights?: Float32Array;
}

/** What the samples of a part have to fit. */
export interface SplitShape {
  /** What is to be learned. */
  readonly task: Task;
  /** Features of each sample. */
  readonly featureCount: number;
  /** Classes, numbers to predict, or labels. */
  readonly outputCount: number;
}

/** Size of the images a data set holds; the features of a sample are planar: `[channels, height, width]`. */
export interface ImageShape {
  /** Rows of pixels. */
  readonly height: number;
  /** Pixels in a row. */
  readonly width: number;
  /** Colours: 1 for grey, 3 for red, green and blue. */
  readonly channels: number;
}

/**
 * Rotated, shifted and mirrored copies of images, made anew for each epoch.
 *
 * @module
 */
import { resolveOptions, type TableOf } from "../hyperparameter.ts";
import { augment } from "../native/augment.ts";
import type { ImageShape } from "./split.ts";

/** How much training images may change, at random. */
export interface Augmentation {
  /** The largest rotation either way, in degrees, from 0 to 180. */
  readonly rotationDegrees: number;
  /** The largest shift either way, as a fraction of height and of width, from 0 to 1. */
  readonly shiftFraction: number;
  /** Whether half the copies, at random, are mirrored left to right. */
  readonly flip: boolean;
}

/** How the paper changes the images of CIFAR-10. */
export const PAPER_AUGMENTATION: Augmentation = { rotationDegrees: 10, shiftFraction: 0.1, flip: true };

/** Rows of {@linkcode Augmentation}. */
export const AUGMENTATION = {
  rotationDegrees: {
    kind: "number",
    least: 0,
    most: 180,
    required: true,
    doc: "The largest rotation either way.",
  },
  shiftFraction: { kind: "number", least: 0, most: 1, required: true, doc: "The largest shift either way." },
  flip: { kind: "flag", required: true, doc: "Whether half the copies, at random, are mirrored." },
} as const satisfies TableOf<Augmentation>;

/** Where a copy's random numbers come from, and how many threads make a batch. */
export interface AugmentPlace {
  /** Seed of the run. */
  readonly seed: number;
  /** Epoch the copies are for. */
  readonly epoch: number;
  /** Most threads to use; the copies do not depend on it. */
  readonly threads: number;
}

/** Longest side whose coordinates the kernel can hold. */
const LONGEST_SIDE = 8192;

/**
 * Refuses changes that cannot be made to images of this shape.
 *
 * @throws {RangeError} When the rotation, the shift or the size of the images is out of range.
 * @throws {TypeError} When `flip` is not a boolean.
 */
export function validateAugmentation(augmentation: Augmentation, image: ImageShape): void {
  resolveOptions(AUGMENTATION, augmentation, { task: "augment images" });
  const { channels, height, width } = image;
  if (![channels, height, width].every((side) => side >= 1 && side <= LONGEST_SIDE)) {
    throw new RangeError(
      `Cannot augment images of ${channels} × ${height} × ${width}: ` +
        `channels, height and width from 1 to ${LONGEST_SIDE} are possible`,
    );
  }
}

/**
 * Writes changed copies of the images of a batch: rotated about the middle, shifted, then mirrored.
 *
 * Angle and shifts are uniform within their range, a mirror has probability ½. Pixels are interpolated bilinearly;
 * beyond the edges the nearest pixel goes on: the order and the fill of Keras's `ImageDataGenerator`, which the
 * authors used. A copy is a function of seed, epoch and image alone. Allocates nothing.
 *
 * Paper: CIFAR-10 (rotation ±10°, shifts ±10 %, horizontal flip). Cost: about 4 ns a pixel on one thread.
 *
 * @param features Images, shape `[images, channels, height, width]`; not modified.
 * @param image Shape of an image.
 * @param order Images to copy, shape `[batch]`.
 * @param augmentation How much they change; see {@linkcode validateAugmentation}.
 * @param output Overwritten, shape `[batch, channels, height, width]`.
 * @throws {TypeError} When the arrays do not have these shapes.
 * @throws {RangeError} When `order` names an image past the last, or the change is out of range.
 * @example
 * ```ts
 * import { augmentBatch } from "./augment.ts";
 * const [images, copies] = [Uint8Array.of(1, 2, 3, 4), new Uint8Array(4)];
 * const still = { rotationDegrees: 0, shiftFraction: 0, flip: false };
 * const image = { channels: 1, height: 2, width: 2 };
 * augmentBatch(images, image, Uint32Array.of(0), still, { seed: 1, epoch: 1, threads: 1 }, copies);
 * if (copies.join() !== "1,2,3,4") throw new Error("a still image moved");
 * ```
 */
export function augmentBatch(
  features: Uint8Array,
  image: ImageShape,
  order: Uint32Array,
  augmentation: Augmentation,
  place: AugmentPlace,
  output: Uint8Array,
): void {
  augment(features, image, order, augmentation, place, output);
}

/**
 * Images changed at random.
 *
 * @module
 */
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";

/** How the copies of {@linkcode augment} differ from their images. */
export interface ImageChange {
  /** The largest rotation either way, in degrees. */
  readonly rotationDegrees: number;
  /** The largest shift either way, as a fraction of height and width. */
  readonly shiftFraction: number;
  /** Whether half the copies are mirrored left to right. */
  readonly flip: boolean;
}

/** Writes changed copies `[order, channels, height, width]` of the images that `order` names. */
export function augment(
  images: Uint8Array,
  shape: { readonly channels: number; readonly height: number; readonly width: number },
  order: Uint32Array,
  change: ImageChange,
  place: { readonly seed: number; readonly epoch: number; readonly threads: number },
  output: Uint8Array,
): void {
  const status = kernels().ts_augment(
    buffer(images),
    images.length,
    buffer(order),
    order.length,
    shape.channels,
    shape.height,
    shape.width,
    change.rotationDegrees,
    change.shiftFraction,
    change.flip,
    place.seed,
    place.epoch,
    place.threads,
    buffer(output),
    output.length,
  );
  check(status, "augment the images");
}

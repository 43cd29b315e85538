/**
 * The shape of the images that a model of a named data set reads.
 *
 * @module
 */
import { CATALOGUE } from "./catalogue.ts";
import type { ImageShape } from "./split.ts";

/**
 * The shape of the images of a named data set; undefined where there is none of this name, its samples are no images, or
 * they have another number of features.
 *
 * @param name As the data set is called.
 * @param features Raw features of a sample of the model.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { imageShape } from "./image_shape.ts";
 *
 * assertEquals(imageShape("fashion-mnist", 784), { height: 28, width: 28, channels: 1 });
 * assertEquals(imageShape("madelon", 500), undefined);
 * ```
 */
export function imageShape(name: string, features: number): ImageShape | undefined {
  const image = CATALOGUE.find((known) => known.name === name)?.image;
  if (image === undefined || image.height * image.width * image.channels !== features) return undefined;
  return image;
}

/**
 * The shape that is written as `28x28` (width, height) or `32x32x3` (and channels); undefined where a text is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readImageShape } from "./image_shape.ts";
 *
 * assertEquals(readImageShape("32x16x3"), { width: 32, height: 16, channels: 3 });
 * assertEquals(readImageShape("wide"), undefined);
 * ```
 */
export function readImageShape(text: string): ImageShape | undefined {
  const [, width, height, channels = "1"] = /^(\d{1,5})[x×](\d{1,5})(?:[x×](\d{1,3}))?$/.exec(text) ?? [];
  const shape = { width: Number(width), height: Number(height), channels: Number(channels) };
  return Object.values(shape).every((size) => size > 0) ? shape : undefined;
}

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

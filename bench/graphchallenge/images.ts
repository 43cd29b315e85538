/**
 * The challenge's inputs: MNIST's training images at other sizes, black and white.
 *
 * @module
 */
import { loadFiles } from "../../mod.ts";

const SIDE = 28;
/**
 * Brightness, of 255, above which a pixel is 1: with it the first 1,200 images of 32 × 32 have as many ones as the
 * challenge's own, 122,713.
 */
const THRESHOLD = 173.1;

/**
 * Images of `side` × `side` pixels, `[samples][side · side]`, resampled linearly; column after column, as the challenge
 * has them.
 *
 * @param pixels Images of 28 × 28, row after row.
 */
export function challengeImages(pixels: Uint8Array, samples: number, side: number): Uint8Array {
  const images = new Uint8Array(samples * side * side);
  const places = Array.from({ length: side }, (_, at) => {
    const place = (at + 0.5) * SIDE / side - 0.5;
    const low = Math.floor(place);
    return { low: Math.max(low, 0), high: Math.min(low + 1, SIDE - 1), share: place - low };
  });
  let next = 0;
  for (let sample = 0; sample < samples; sample++) {
    const image = pixels.subarray(sample * SIDE ** 2, (sample + 1) * SIDE ** 2);
    for (const column of places) {
      const along = (row: number) =>
        image[row * SIDE + column.low] * (1 - column.share) + image[row * SIDE + column.high] * column.share;
      for (const { low, high, share } of places) {
        images[next++] = along(low) * (1 - share) + along(high) * share > THRESHOLD ? 1 : 0;
      }
    }
  }
  return images;
}

/** MNIST's training images, a byte a pixel, from a folder with its four files. */
export async function mnistPixels(folder: string): Promise<Uint8Array> {
  const files = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) =>
    name.includes("ubyte")
  );
  const { train } = await loadFiles(files.map((name) => `${folder}/${name}`));
  if (train.features instanceof Uint8Array && train.features.length === train.samples * SIDE ** 2) {
    return train.features;
  }
  throw new Error(`"${folder}" does not hold the images of MNIST, 28 × 28 bytes each`);
}

/**
 * The features of some samples, wherever they come from.
 *
 * @module
 */
import type { Split } from "../data/dataset.ts";
import { sharedFloats } from "../sparse/shared.ts";

/** Raw features of some samples, `[places.length, featureCount]`; those in a row of an array are not copied. */
export function samplePart(
  { features, source }: Split,
  places: Uint32Array,
  featureCount: number,
): Float32Array | Uint8Array {
  const { length } = places;
  if (source !== undefined) {
    const made = sharedFloats(length * featureCount);
    source.gather(places, made, 1);
    return made;
  }
  const first = places[0] ?? 0;
  if (places.every((place, at) => place === first + at)) {
    return features.subarray(first * featureCount, (first + length) * featureCount);
  }
  const part = features instanceof Uint8Array
    ? new Uint8Array(length * featureCount)
    : new Float32Array(length * featureCount);
  places.forEach((place, at) => {
    part.set(features.subarray(place * featureCount, (place + 1) * featureCount), at * featureCount);
  });
  return part;
}

/** So many of the places below `length`, evenly spread. */
export function evenly(length: number, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, at) => Math.floor(at * length / count));
}

/**
 * Some of the samples of a part, copied.
 *
 * @module
 */
import { atOnce, type Pieces } from "../pieces.ts";
import { sharedBytes, sharedFloats, sharedWords } from "../sparse/shared.ts";
import type { FeatureSource, Split, SplitShape } from "./split.ts";

/** Features of the samples that are copied in one piece. */
const PIECE_NUMBERS = 1 << 18;

/**
 * The samples at the given places, in that order: copies of them in shared memory, or a source that knows them by their
 * place.
 *
 * @param places Below the samples there are; a place may occur more than once.
 */
export function samplesAt(from: Split, places: Uint32Array, shape: SplitShape): Split {
  return atOnce(samplePieces(from, places, shape));
}

/** As {@linkcode samplesAt}, a megabyte at a time. */
export function* samplePieces(from: Split, places: Uint32Array, shape: SplitShape): Pieces<Split> {
  const { source } = from;
  const { featureCount } = shape;
  const rows = Math.ceil(PIECE_NUMBERS / featureCount);
  const samples = places.length;
  const outputs = shape.task === "classification" ? 0 : shape.outputCount;
  const kept = source === undefined ? samples * featureCount : 0;
  const features = from.features instanceof Uint8Array ? sharedBytes(kept) : sharedFloats(kept);
  const labels = sharedWords(from.labels.length === 0 ? 0 : samples);
  const targets = sharedFloats(samples * outputs);
  const weights = from.weights && sharedFloats(samples);
  for (let next = 0; next < samples; next++) {
    if (next % rows === 0) yield;
    const sample = places[next];
    if (source === undefined) {
      const row = from.features.subarray(sample * featureCount, (sample + 1) * featureCount);
      features.set(row, next * featureCount);
    }
    if (labels.length > 0) labels[next] = from.labels[sample];
    if (weights !== undefined) weights[next] = from.weights![sample];
    targets.set(from.targets.subarray(sample * outputs, (sample + 1) * outputs), next * outputs);
  }
  const split = { samples, features, labels, targets, ...(weights && { weights }) };
  if (source === undefined) return split;
  const gather: FeatureSource["gather"] = (order, made, threads) =>
    source.gather(order.map((place) => places[place]), made, threads);
  return { ...split, source: { gather } };
}

/** The places whose flag is `part`, from the first on. */
export function placesOf(flags: Uint8Array, part: number): Uint32Array {
  const places = new Uint32Array(flags.reduce((sum, flag) => sum + Number(flag === part), 0));
  let next = 0;
  for (let place = 0; place < flags.length; place++) {
    if (flags[place] === part) places[next++] = place;
  }
  return places;
}

/**
 * What is given as samples: whether they are samples, of the shape that is needed.
 *
 * @module
 */
import { readWhole, unfit } from "../hyperparameter.ts";
import { readByName } from "../value.ts";
import { described, isPlain, readIndices } from "../numbers.ts";
import type { Split, SplitShape } from "./split.ts";

/** Rows of a split, and the arrays they may be. */
const ARRAYS = {
  features: [Float32Array, Uint8Array],
  labels: [Uint32Array],
  targets: [Float32Array],
  weights: [Float32Array],
} as const;

/**
 * Refuses what are no samples of a shape. Cost: one read of the labels.
 *
 * @param task What cannot be done with them: "measure the model".
 * @returns The parts, each read once.
 * @throws {TypeError} When a part is missing, has another type or another length.
 * @throws {RangeError} When a label is past the last class.
 */
export function readSplit(
  value: Split,
  { featureCount, outputCount, task: kind }: SplitShape,
  task: string,
): Split {
  const names = ["samples", "features", "source", "labels", "targets", "weights"];
  const split = readByName(value, names, task, "samples.") as unknown as Split;
  const samples = readWhole(split.samples, { task, name: "samples.samples" }, { least: 1, below: 2 ** 32 });
  if (split.source !== undefined && typeof split.source?.gather !== "function") {
    throw unfit({ task, name: "samples.source" }, split.source, "an object with a method gather");
  }
  const needed = {
    features: split.source === undefined ? samples * featureCount : 0,
    labels: kind === "classification" ? samples : 0,
    targets: kind === "classification" ? 0 : samples * outputCount,
    weights: samples,
  };
  for (
    const [name, kinds] of Object.entries(ARRAYS) as [
      keyof typeof ARRAYS,
      readonly { name: string; prototype: ArrayBufferView }[],
    ][]
  ) {
    const array: unknown = split[name];
    if (name === "weights" && array === undefined) continue;
    const known = kinds.some((Kind) => isPlain(array, Kind));
    if (known && (array as Float32Array).length === needed[name]) continue;
    throw new TypeError(
      `Cannot ${task}: the ${name} of the samples are ${described(array)}, ` +
        `expected a ${kinds.map((kind) => kind.name).join(" or ")} of ${needed[name]}`,
    );
  }
  readIndices(split.labels, { task, name: "labels" }, outputCount);
  return split;
}

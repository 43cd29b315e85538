/**
 * A data set of some of the training samples of another.
 *
 * @module
 */
import { type Numbers, readIndices } from "../numbers.ts";
import type { Task } from "../task.ts";
import { type Dataset, usableDataset } from "./dataset.ts";
import { finished } from "./finished.ts";
import { samplesAt } from "./samples_at.ts";

/**
 * The data set that learns from some of the training samples alone; its other parts stay as they are.
 *
 * For curves of how much more data would help, samples drawn with replacement (a sample may be named more than once),
 * folds of one's own. Cost: a copy of the samples in shared memory.
 *
 * @param samples Which training samples, from 0, in the order they are to have.
 * @throws {RangeError} When there is none, or one is past the last.
 * @throws {TypeError} When they are no whole numbers, or it is no data set that a model could be trained on.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Dataset, subset } from "@truly-sparse/truly-sparse";
 *
 * const data = Dataset.from({ features: [[1], [2], [3]], labels: ["a", "b", "a"] });
 * const { train } = subset(data, [2, 1]);
 * assertEquals([train.features, train.labels], [Float32Array.of(3, 2), Uint32Array.of(0, 1)]);
 * ```
 */
export function subset<T extends Task>(data: Dataset<T>, samples: Numbers): Dataset<T> {
  const usable = usableDataset(data);
  const task = `make a subset of "${usable.name}"`;
  const places = readIndices(samples, { task, name: "samples" }, usable.train.samples).slice();
  if (places.length === 0) throw new RangeError(`Cannot ${task}: no sample is named, at least 1 is needed`);
  return finished({ ...usable, train: samplesAt(usable.train, places, usable) });
}

/**
 * What is given as a model: whether it is one.
 *
 * @module
 */
import { described } from "../numbers.ts";
import { SparseMlp } from "./model.ts";

/**
 * Refuses what is no model, however much it looks like one: its arrays go to kernels, which trust them.
 *
 * @param task What cannot be done without it: "train".
 * @throws {TypeError} When it is something else, as the copy of a model that `structuredClone` or a spread makes.
 */
export function requireModel(value: unknown, task: string): asserts value is SparseMlp {
  if (SparseMlp.isModel(value)) return;
  throw new TypeError(
    `Cannot ${task}: the model is ${
      described(value)
    }, expected a SparseMlp as SparseMlp.create() or loadModel() make it`,
  );
}

/** States of optimisers to hold in tests: no plane, one, two. @module */
import type { SparseMlp } from "../../src/model/model.ts";
import type { OptimizerState } from "../../src/optimizer/optimizer.ts";
import { stateFor } from "../../src/optimizer/optimizers.ts";
import { resolveHyperparameters } from "../../src/train/hyperparameters.ts";

/** Options whose optimiser keeps no plane, one plane, two planes of each parameter. */
export const KEEPING = [{ momentum: 0 }, {}, { optimizer: "adam" }] as const;

/** A state of so many planes. */
export function stateOf(planes: 0 | 1 | 2): OptimizerState {
  return stateFor(resolveHyperparameters(KEEPING[planes], 1));
}

/** Makes a model hold a state of so many planes, and gives every number in it another value. */
export function holdNumbers(model: SparseMlp, planes: 0 | 1 | 2, updates = 7): void {
  model.holdState(stateOf(planes));
  model.updates = updates;
  let next = 1;
  for (const { nnz, planes, biasPlanes, activationPlanes } of model.layers) {
    const arrays = [...planes.map((plane) => plane.subarray(0, nnz)), ...biasPlanes, ...activationPlanes];
    for (const array of arrays) array.forEach((_, at) => array[at] = next++);
  }
}

/**
 * Momentum SGD, the paper's optimiser.
 *
 * Paper: §2.1 Eq. 1. v ← μ·v − η·g, then w moves by v, or with Nesterov's form by μ·v − η·g.
 *
 * @module
 */
import type { Optimizer, StatePlane } from "./optimizer.ts";

/** Settings of momentum SGD. */
export interface SgdSettings {
  /** μ; with 0 nothing is kept. */
  readonly momentum: number;
  /** Whether momentum looks ahead. */
  readonly nesterov: boolean;
}

const VELOCITY: StatePlane = { name: "velocity", fresh: "zero" };

/** Momentum SGD. */
export const SGD: Optimizer<SgdSettings> = {
  name: "sgd",
  code: 0,
  fields: ["momentum", "nesterov"],
  allPlanes: [VELOCITY],
  planes: ({ momentum }) => momentum > 0 ? [VELOCITY] : [],
  // The velocity takes part of the gradient with each tile; who looks ahead, or keeps none, needs all of it.
  needsWholeGradient: ({ momentum, nesterov }) => nesterov || momentum === 0,
  write(own, { momentum, nesterov }, rateRatio) {
    // The velocity contains the rate of the step before (Goyal et al. 2017, remark 3).
    own[0] = momentum * rateRatio;
    own[1] = nesterov ? 1 : 0;
  },
  // Linear scaling (Goyal et al. 2017).
  rateFactor: (batches) => batches,
};

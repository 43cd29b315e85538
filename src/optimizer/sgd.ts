/**
 * Momentum SGD, the paper's optimiser.
 *
 * Paper: §2.1 Eq. 1. v ← μ·v − η·g, then w moves by v, or with Nesterov's form by μ·v − η·g.
 *
 * @module
 */
import { FRACTION, type TableOf } from "../hyperparameter.ts";
import type { Optimizer, StatePlane } from "./optimizer.ts";

/** What momentum SGD may be told. */
export interface SgdOptions {
  /**
   * μ
   *
   * @default {0.9}
   */
  readonly momentum?: number;
  /**
   * Whether momentum looks ahead (Nesterov).
   *
   * @default {false}
   */
  readonly nesterov?: boolean;
}

/** Rows of {@linkcode SgdOptions}. */
export const SGD_HYPERPARAMETERS = {
  momentum: {
    kind: "number",
    ...FRACTION,
    default: 0.9,
    symbol: "μ",
    doc: "Share of the last step's velocity that is kept.",
  },
  nesterov: { kind: "flag", default: false, doc: "Look ahead along the velocity (Nesterov's momentum)." },
} as const satisfies TableOf<SgdOptions>;

/** Settings of momentum SGD. */
export type SgdSettings = Readonly<Required<SgdOptions>>;

const VELOCITY: StatePlane = { name: "velocity", fresh: "zero" };

/** Momentum SGD. */
export const SGD: Optimizer<SgdSettings> = {
  name: "sgd",
  defaults: { learningRate: 0.01, weightDecay: 0.0002, weightDecayForm: "outside" },
  code: 0,
  fields: ["momentum", "nesterov"],
  states: [[], [VELOCITY]],
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

/**
 * Adam (Kingma & Ba 2015), and with decoupled weight decay AdamW (Loshchilov & Hutter 2019).
 *
 * m ← β₁·m + (1 − β₁)·g, s ← β₂·s + (1 − β₂)·g², then w moves by −η·m̂ / (√ŝ + ε), with both means corrected for the
 * zeros they began with. All parameters share one count of updates; a connection that has just grown begins with m = 0
 * and the mean of s over its layer. With s = 0 its first steps would be about √10 times as long as those of the others
 * (`docs/algorithms.md`).
 *
 * @module
 */
import { FRACTION, type TableOf } from "../hyperparameter.ts";
import type { Optimizer, StatePlane } from "./optimizer.ts";

/** What Adam may be told. */
export interface AdamOptions {
  /**
   * β₁: how much of the mean gradient is kept.
   *
   * @default {0.9}
   */
  readonly beta1?: number;
  /**
   * β₂: how much of the mean square is kept.
   *
   * @default {0.999}
   */
  readonly beta2?: number;
  /**
   * ε, added to the root of the mean square; without it, a parameter that never had a gradient would become NaN.
   *
   * @default {1e-8}
   */
  readonly adamEpsilon?: number;
}

/** Rows of {@linkcode AdamOptions}. */
export const ADAM_HYPERPARAMETERS = {
  beta1: { kind: "number", ...FRACTION, default: 0.9, doc: "Share of the mean gradient that Adam keeps." },
  beta2: { kind: "number", ...FRACTION, default: 0.999, doc: "Share of the mean square that Adam keeps." },
  adamEpsilon: {
    kind: "number",
    least: 1e-30,
    most: 1e30,
    default: 1e-8,
    doc: "What Adam adds to the root of the mean square.",
  },
} as const satisfies TableOf<AdamOptions>;

/** Settings of Adam. */
export type AdamSettings = Readonly<Required<AdamOptions>>;

const PLANES: readonly StatePlane[] = [
  { name: "meanGradient", fresh: "zero" },
  { name: "meanSquare", fresh: "mean", least: 0 },
];

/** Adam. */
export const ADAM: Optimizer<AdamSettings> = {
  name: "adam",
  defaults: { learningRate: 0.001, weightDecay: 0.01, weightDecayForm: "decoupled" },
  code: 1,
  fields: ["beta1", "beta2", "adamEpsilon"],
  states: [PLANES],
  planes: () => PLANES,
  needsWholeGradient: () => true,
  write(own, { beta1, beta2, adamEpsilon }) {
    // Neither mean contains a rate, so a change of it corrects nothing.
    own[0] = beta1;
    own[1] = beta2;
    own[2] = adamEpsilon;
  },
  // The noise of a step falls with the root of its samples (Malladi et al. 2022).
  rateFactor: (batches) => Math.sqrt(batches),
};

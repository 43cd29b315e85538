/**
 * What decides how an update moves parameters, whoever found the gradients.
 *
 * @module
 */
import { FRACTION, type TableOf } from "../hyperparameter.ts";
import { DECAY_FORMS } from "../native/settings.ts";
import {
  OPTIMIZER_HYPERPARAMETERS,
  OPTIMIZER_NAMES,
  type OptimizerName,
  type OptimizerOptions,
  suiting,
} from "./optimizers.ts";

/** How parameters move. */
export interface UpdateOptions extends OptimizerOptions {
  /**
   * η
   *
   * @default what suits the optimizer: 0.01 for sgd
   */
  readonly learningRate?: number;
  /**
   * How parameters move by their gradients.
   *
   * @default {"sgd"}
   */
  readonly optimizer?: OptimizerName;
  /**
   * λ, a step.
   *
   * @default what suits the optimizer: 0.0002 for sgd
   */
  readonly weightDecay?: number;
  /**
   * `outside`: w ← (1 − λ)·w beside the step, outside the learning rate, as the authors do; `coupled`: g ← g + λ·w, as
   * textbooks do; `decoupled`: w ← (1 − η·λ)·w beside the step (Loshchilov & Hutter 2019).
   *
   * @default what suits the optimizer: outside for sgd
   */
  readonly weightDecayForm?: "outside" | "coupled" | "decoupled";
}

/** Rows of {@linkcode UpdateOptions}, those of optimisers from their own tables. */
export const UPDATE_HYPERPARAMETERS = {
  optimizer: {
    kind: "choice",
    choices: OPTIMIZER_NAMES,
    default: "sgd",
    doc: "How parameters move by their gradients.",
  },
  ...OPTIMIZER_HYPERPARAMETERS,
  learningRate: {
    kind: "number",
    above: 0,
    default: suiting("learningRate"),
    follows: "optimizer",
    symbol: "η",
    doc: "Length of a step.",
  },
  weightDecay: {
    kind: "number",
    ...FRACTION,
    default: suiting("weightDecay"),
    follows: "optimizer",
    symbol: "λ",
    doc: "Share of each parameter that a step takes away.",
  },
  weightDecayForm: {
    kind: "choice",
    choices: DECAY_FORMS,
    default: suiting("weightDecayForm"),
    follows: "optimizer",
    doc:
      "outside: w ← (1 − λ)·w beside the step, as the authors do; coupled: the gradient becomes g + λ·w, as in " +
      "textbooks; decoupled: w ← (1 − η·λ)·w beside the step.",
  },
} as const satisfies TableOf<UpdateOptions>;

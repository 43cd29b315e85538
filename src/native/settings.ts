/**
 * The settings of a step as they cross the border: one block of numbers, whose fields are named here once.
 *
 * @module
 */

/** What all steps have alike, in the order of `StepSettings` in `kernels/src/network/settings.rs`. */
export const STEP_FIELDS = [
  /** Code of the optimiser. */
  "optimizer",
  /** Planes of the state. */
  "planes",
  /** Number of the optimiser's update, from 1. */
  "update",
  /** η */
  "learningRate",
  /** Incoming connections a neuron may have before its weights learn slower; Infinity for no limit. */
  "fanInLimit",
  /** λ */
  "weightDecay",
  /** Code of what λ acts on. */
  "decayForm",
  /** Fraction of the hidden units dropped. */
  "dropout",
  /** Share of each answer that is spread over all classes. */
  "labelSmoothing",
  "seed",
  /** Number of the step, for dropout. */
  "step",
  /** Whether activations are kept in bfloat16: 0 or 1. */
  "bf16",
  /** Whether every second hidden layer is computed again on the way back: 0 or 1. */
  "recompute",
  /** Whether each two tiles are the halves of one, whose gradients the optimiser takes together: 0 or 1. */
  "halves",
  "threads",
] as const;

/** Name of a field. */
export type StepField = typeof STEP_FIELDS[number];

/** What λ acts on, by code: the weight beside the rate, the gradient, or the weight within the rate. */
export const DECAY_FORMS = ["outside", "coupled", "decoupled"] as const;

/** The settings of steps in one array that kernels read; made once, changed between steps. */
export class SettingsBlock {
  /** What kernels get. */
  readonly numbers: Float64Array;
  /** The optimiser's own settings. */
  readonly own: Float64Array;

  /** @param own How many settings the optimiser has of its own. */
  constructor(own: number) {
    this.numbers = new Float64Array(STEP_FIELDS.length + own);
    this.own = this.numbers.subarray(STEP_FIELDS.length);
  }

  /** Sets one field. */
  set(field: StepField, value: number): void {
    this.numbers[STEP_FIELDS.indexOf(field)] = value;
  }
}

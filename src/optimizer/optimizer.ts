/**
 * What an optimiser is to those who keep, move, send and save its state, and to those who make its settings.
 *
 * How parameters move stands in the kernels (`kernels/src/network/`, under the same name).
 *
 * @module
 */
import type { DECAY_FORMS } from "../native/settings.ts";

/** A plane of floats that an optimiser keeps: one number a parameter. */
export interface StatePlane {
  /** What the number is; model files call the plane so. */
  readonly name: string;
  /** What it is for a connection that has just grown: 0, or the mean over the layer's connections. */
  readonly fresh: "zero" | "mean";
  /** The least it can be, where there is one; a file with less is refused. */
  readonly least?: number;
}

/** What suits an optimiser where nothing is given. */
export interface OptimizerDefaults {
  /** η */
  readonly learningRate: number;
  /** λ */
  readonly weightDecay: number;
  /** What λ acts on. */
  readonly weightDecayForm: typeof DECAY_FORMS[number];
}

/** An optimiser, for settings of its own. */
export interface Optimizer<Settings = never> {
  /** Name, as options have it. */
  readonly name: string;
  /** What suits it. */
  readonly defaults: OptimizerDefaults;
  /** What kernels call it. */
  readonly code: number;
  /** Its settings in a block, in the order of the kernel's struct. */
  readonly fields: readonly (keyof Settings & string)[];
  /** What it keeps with these settings. */
  planes(settings: Settings): readonly StatePlane[];
  /** All that it can be found to keep: what `planes` gives for some settings. */
  readonly states: readonly (readonly StatePlane[])[];
  /** Whether a batch that passes in several tiles has to write its whole gradient first. */
  needsWholeGradient(settings: Settings): boolean;
  /**
   * Writes the settings of a step.
   *
   * @param own Receives one number a field.
   * @param rateRatio How many times the rate of the step before this step has, by the parallel algorithms' doing:
   * who keeps a sum of past steps scales it by that.
   */
  write(own: Float64Array, settings: Settings, rateRatio: number): void;
  /** How the rate grows with the samples of an update, K times as many as usual: K for plain gradients. */
  rateFactor(batches: number): number;
}

/** What a model holds of an optimiser. */
export interface OptimizerState {
  /** Name of the optimiser. */
  readonly optimizer: string;
  /** What it keeps of each parameter. */
  readonly planes: readonly StatePlane[];
}

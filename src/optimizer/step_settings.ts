/**
 * The settings of the steps of a run in the kernels' terms, whatever its optimiser.
 *
 * @module
 */
import { DECAY_FORMS, SettingsBlock } from "../native/settings.ts";
import type { Optimizer } from "./optimizer.ts";
import { optimizerNamed, type OptimizerSettings } from "./optimizers.ts";

/** What the steps of a run have alike. */
export interface StepOptions extends OptimizerSettings {
  readonly fanInLimit: number;
  readonly weightDecay: number;
  readonly weightDecayForm: typeof DECAY_FORMS[number];
  readonly dropout: number;
  readonly labelSmoothing: number;
  readonly seed: number;
  readonly activationStorage: "f32" | "bf16";
  readonly recompute: boolean;
  readonly threads: number;
}

/** What all steps of a run have alike is written once; rate and number change from step to step. */
export class StepSettings {
  /** What kernels get. */
  readonly block: SettingsBlock;
  readonly #settings: OptimizerSettings;
  readonly #optimizer: Optimizer<OptimizerSettings>;

  /** @param planes Planes of state that the model holds. */
  constructor(settings: StepOptions, planes: number) {
    this.#settings = settings;
    this.#optimizer = optimizerNamed(settings.optimizer);
    this.block = new SettingsBlock(this.#optimizer.fields.length);
    const { fanInLimit, weightDecay, weightDecayForm, dropout, labelSmoothing, seed, threads } = settings;
    const decayForm = DECAY_FORMS.indexOf(weightDecayForm);
    const bf16 = settings.activationStorage === "bf16" ? 1 : 0;
    const recompute = settings.recompute ? 1 : 0;
    const constants = {
      ...{ optimizer: this.#optimizer.code, planes, fanInLimit, weightDecay, decayForm },
      ...{ dropout, labelSmoothing, seed, bf16, recompute, threads },
    };
    for (const [field, value] of Object.entries(constants)) {
      this.block.set(field as keyof typeof constants, value);
    }
    this.next(0, 1, 0, 1);
  }

  /**
   * Sets what changes from step to step. Allocates nothing.
   *
   * @param number Number of the step, for dropout.
   * @param update Number of the optimiser's update, from 1.
   * @param rateRatio See `StepRate` in `rate.ts`.
   */
  next(number: number, update: number, learningRate: number, rateRatio: number): void {
    this.block.set("step", number);
    this.block.set("update", update);
    this.block.set("learningRate", learningRate);
    this.#optimizer.write(this.block.own, this.#settings, rateRatio);
  }
}

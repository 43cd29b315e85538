/**
 * From the records of a run to its summary, and when it stops early.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import type { Evaluation } from "./evaluation.ts";
import type { RunState } from "./state.ts";
import type { EpochRecord, TrainSummary } from "./records.ts";

/** Whether the test accuracy has risen, or, for regression, the test loss fallen. */
function better(record: EpochRecord, best: EpochRecord): boolean {
  const [accuracy = NaN, bestAccuracy = NaN] = [record.testAccuracy, best.testAccuracy];
  return Number.isNaN(accuracy) ? record.testLoss! < best.testLoss! : accuracy > bestAccuracy;
}

/** Sums and bests over the epochs. */
export class Tally {
  readonly #parametersStart: number;
  #epochs = 0;
  #best: EpochRecord | undefined;
  #last: EpochRecord | undefined;
  #lastTest: EpochRecord | undefined;
  #selected: EpochRecord | undefined;
  readonly #state: RunState;
  #stopped = false;
  #seconds = { trainSeconds: 0, evolutionSeconds: 0, evaluationSeconds: 0 };

  /** @param state Keeps what early stopping needs across interruptions. */
  constructor(model: SparseMlp, state: RunState) {
    this.#parametersStart = model.stats().parameters;
    this.#state = state;
  }

  /**
   * Whether validation has not improved for `patience` evaluations.
   *
   * @param counts Whether this evaluation is one of them; otherwise the count begins anew after it.
   */
  stopsEarly(validation: Evaluation | undefined, patience: number | undefined, counts: boolean): boolean {
    if (validation === undefined) return false;
    const { lowestValidationLoss = Infinity, waited } = this.#state;
    this.#state.waited = !counts || validation.loss < lowestValidationLoss ? 0 : waited + 1;
    this.#stopped = patience !== undefined && this.#state.waited >= patience;
    return this.#stopped;
  }

  add(record: EpochRecord): void {
    this.#epochs = record.steps === undefined ? record.epoch : record.epoch - 1;
    this.#last = record;
    this.#seconds.trainSeconds += record.seconds;
    this.#seconds.evolutionSeconds += record.evolutionSeconds;
    this.#seconds.evaluationSeconds += record.evaluationSeconds;
    if (record.testAccuracy !== undefined) {
      this.#lastTest = record;
      if (this.#best === undefined || better(record, this.#best)) this.#best = record;
    }
    // The end of the epoch will tell; a run that goes on must not have been told before.
    if (record.steps !== undefined) return;
    const { lowestValidationLoss = Infinity } = this.#state;
    if (record.validationLoss !== undefined && record.validationLoss < lowestValidationLoss) {
      this.#state.lowestValidationLoss = record.validationLoss;
      this.#selected = record;
    }
  }

  summary(classes: ArrayLike<number>): TrainSummary {
    const summary: Record<string, unknown> = {
      epochs: this.#epochs,
      steps: this.#last?.steps,
      bestTestAccuracy: this.#best?.testAccuracy,
      bestEpoch: this.#best?.epoch,
      lastTestAccuracy: this.#lastTest?.testAccuracy,
      lastTestLoss: this.#lastTest?.testLoss,
      validationSelectedTestAccuracy: this.#selected?.testAccuracy,
      lastTrainLoss: this.#last?.trainLoss ?? NaN,
      ...this.#seconds,
      parametersStart: this.#parametersStart,
      parametersEnd: this.#last?.parameters ?? this.#parametersStart,
      classCounts: Array.from(classes),
      stoppedEarly: this.#stopped,
    };
    const given = Object.entries(summary).filter(([, value]) => value !== undefined);
    return Object.fromEntries(given) as unknown as TrainSummary;
  }
}

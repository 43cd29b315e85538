/**
 * Evaluation: loss and accuracy of a model on samples, and its predictions.
 *
 * @module
 */
import type { Split, Standardization } from "../data/dataset.ts";
import type { SparseMlp } from "../model/model.ts";
import { tileWidth } from "../model/tile.ts";
import { evaluateBatch, workspaceWords } from "../native/step.ts";
import { sharedWords } from "../sparse/shared.ts";
import { BatchBuilder } from "./batches.ts";

/** Samples evaluated in one call. */
const EVALUATION_BATCH = 128;

/** What an evaluation gives. */
export interface Evaluation {
  /** Mean loss a sample. */
  readonly loss: number;
  /** Fraction of samples whose class is right; NaN for regression. */
  readonly accuracy: number;
}

/** Evaluates one model on one split again and again, in buffers of its own. */
export class Evaluator {
  readonly #model: SparseMlp;
  readonly #split: Split;
  readonly #builder: BatchBuilder;
  readonly #order: Uint32Array;
  readonly #work: Uint32Array;
  readonly #threads: number;
  readonly #totals = new Float64Array(2);

  /** Allocates the buffers of evaluations of `model` on `split`; `threads` do not change the result. */
  constructor(model: SparseMlp, split: Split, standardization: Standardization, threads = 1) {
    const batchSize = Math.min(EVALUATION_BATCH, split.samples);
    const width = tileWidth(model.settings.sizes, batchSize);
    this.#model = model;
    this.#split = split;
    this.#threads = threads;
    this.#builder = new BatchBuilder({ split, standardization, batchSize, width, threads });
    this.#order = sharedWords(split.samples);
    for (let sample = 0; sample < split.samples; sample++) this.#order[sample] = sample;
    this.#work = sharedWords(workspaceWords(model.memory, width, { training: false, dropout: false }));
  }

  /**
   * Runs all samples forward.
   *
   * @param outputs Receives probabilities (classification) or values (regression), `[samples, outputs]`; or empty.
   */
  run(outputs: Float32Array = new Float32Array(0)): Evaluation {
    const { samples, labels } = this.#split;
    const count = this.#model.layers[this.#model.layers.length - 1].neurons;
    let [loss, correct] = [0, 0];
    for (let first = 0; first < samples; first += EVALUATION_BATCH) {
      const size = Math.min(EVALUATION_BATCH, samples - first);
      const batch = this.#builder.build(this.#order, first, size, 0);
      const part = outputs.subarray(first * count, outputs.length > 0 ? (first + size) * count : 0);
      evaluateBatch(this.#model.memory, batch, this.#threads, this.#work, part, this.#totals);
      loss += this.#totals[0];
      correct += this.#totals[1];
    }
    return { loss: loss / samples, accuracy: labels.length > 0 ? correct / samples : NaN };
  }
}

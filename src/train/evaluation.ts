/**
 * Evaluation: loss and accuracy of a model on samples, and its predictions.
 *
 * @module
 */
import type { Split } from "../data/dataset.ts";
import type { SplitShape } from "../data/split.ts";
import { readSplit } from "../data/split_argument.ts";
import { type NamesOf, onlyKnown, resolveOptions, type TableOf, THREADS } from "../hyperparameter.ts";
import type { SparseMlp } from "../model/model.ts";
import { requireModel } from "../model/model_argument.ts";
import { answerCount, isOneSided, writeBothSides } from "../model/outputs.ts";
import { standardizationOf } from "../model/sample_batch.ts";
import { toOwnUnit } from "../model/target_scaling.ts";
import { sharedWords } from "../sparse/shared.ts";
import { HYPERPARAMETERS } from "./hyperparameters.ts";
import { BatchRunner } from "./step_runner.ts";

/** Samples evaluated in one call. */
const EVALUATION_BATCH = 128;

/** What an evaluation gives. */
export interface Evaluation {
  /**
   * Mean loss a sample, weighted where the samples have weights; for regression, of standardised targets (see
   * `TargetScaling`).
   */
  readonly loss: number;
  /**
   * Fraction of samples whose class is right, or all of whose labels are, each counted once; NaN for regression.
   */
  readonly accuracy: number;
}

/** How samples are evaluated. */
export interface EvaluationOptions {
  /** Threads of the kernels; they do not change the result. @default {1} */
  readonly threads?: number | undefined;
  /** The most samples that pass through the network at once, to save memory. */
  readonly microBatch?: number | undefined;
  /** How activations are kept; `bf16` takes half of the memory. @default {"f32"} */
  readonly activationStorage?: "f32" | "bf16" | undefined;
}

/** Rows of {@linkcode EvaluationOptions}. */
export const EVALUATION_ROWS = {
  threads: THREADS,
  microBatch: HYPERPARAMETERS.microBatch,
  activationStorage: HYPERPARAMETERS.activationStorage,
} as const satisfies TableOf<EvaluationOptions>;

/** How an {@linkcode Evaluator} works. */
export interface EvaluatorOptions extends EvaluationOptions {
  /** The widest tile that suits the caches, where it is not that of the model's sizes: `RunState.cacheTile`. */
  readonly cacheTile?: number | undefined;
  /** Work memory of others to use while they rest; memory of its own where it does not suffice. */
  readonly work?: Uint32Array | undefined;
}

/** How samples are evaluated, checked. */
export interface EvaluationSettings extends EvaluatorOptions {
  readonly threads: number;
}

const NAMES: NamesOf<EvaluatorOptions> = {
  threads: true,
  microBatch: true,
  activationStorage: true,
  cacheTile: true,
  work: true,
};

/** What samples are to be that a model can be asked about. */
export function shapeOf({ featureCount, settings }: SparseMlp): SplitShape {
  return { task: settings.task, featureCount, outputCount: answerCount(settings) };
}

/**
 * Refuses a model that cannot be evaluated.
 *
 * @param task What cannot be done with it, for messages.
 * @throws {TypeError} When it was never trained, so that it cannot standardise features.
 */
export function requireTrained(model: SparseMlp, task: string): void {
  standardizationOf(model, task);
  if (model.standardization !== undefined) return;
  throw new TypeError(`Cannot ${task}: the model was never trained, so it cannot standardise features`);
}

/**
 * Evaluates one model on one split again and again, in buffers of its own.
 *
 * Memory: the activations of two layers, for as many samples as pass at once, however deep the network is.
 */
export class SplitEvaluator {
  readonly #model: SparseMlp;
  readonly #split: Split;
  readonly #runner: BatchRunner;
  readonly #order: Uint32Array;
  /** The outputs of a batch, where a sample has one for two classes. */
  readonly #sides = new Float32Array(EVALUATION_BATCH);
  /** Weight of all samples together: their number, where all count alike. */
  readonly weight: number;

  /** Samples it evaluates. */
  get samples(): number {
    return this.#split.samples;
  }

  /**
   * Allocates the buffers of evaluations.
   *
   * @param model One that was trained, or is about to be.
   * @param split Checked; it fits the model.
   * @throws {RangeError} When all samples have weight 0.
   */
  constructor(model: SparseMlp, split: Split, settings: EvaluationSettings) {
    const { cacheTile, work, threads, microBatch, activationStorage = "f32" } = settings;
    const batchSize = Math.min(EVALUATION_BATCH, split.samples);
    this.weight = split.weights?.reduce((sum, weight) => sum + weight, 0) ?? split.samples;
    if (this.weight === 0) {
      throw new RangeError(`Cannot evaluate ${split.samples} samples: all their weights are 0`);
    }
    this.#model = model;
    this.#split = split;
    this.#runner = new BatchRunner(
      { model, split, standardization: model.standardization!, cacheTile },
      { batchSize, threads, microBatch, activationStorage },
      { training: false, dropout: false, probes: false, work },
    );
    this.#order = sharedWords(split.samples);
    for (let sample = 0; sample < split.samples; sample++) this.#order[sample] = sample;
  }

  /**
   * Runs all samples forward.
   *
   * @param outputs Receives probabilities (of classes or labels) or values in the targets' own unit (regression),
   * `[samples, outputs]`, with a column for each of two classes also where the network has one output; or empty.
   */
  run(outputs: Float32Array = new Float32Array(0)): Evaluation {
    const batches = this.batches(outputs);
    for (;;) {
      const { done, value } = batches.next();
      if (done) return value;
    }
  }

  /** As {@linkcode run}, a batch at a time, for who does other things between: yields how many samples are done. */
  *batches(outputs: Float32Array = new Float32Array(0)): Generator<number, Evaluation> {
    const { samples } = this.#split;
    const { targetScaling, settings } = this.#model;
    const count = answerCount(settings);
    const oneSided = outputs.length > 0 && isOneSided(settings);
    let [loss, correct] = [0, 0];
    for (let first = 0; first < samples; first += EVALUATION_BATCH) {
      const size = Math.min(EVALUATION_BATCH, samples - first);
      const batch = this.#runner.build(this.#order, first, size, 0);
      const part = outputs.subarray(first * count, outputs.length > 0 ? (first + size) * count : 0);
      const own = oneSided ? this.#sides.subarray(0, size) : part;
      this.#runner.evaluate(batch, own);
      if (oneSided) writeBothSides(own, part);
      if (targetScaling !== undefined) toOwnUnit(targetScaling, part);
      loss += this.#runner.totals[0];
      correct += this.#runner.totals[1];
      yield first + size;
    }
    return { loss: loss / this.weight, accuracy: settings.task === "regression" ? NaN : correct / samples };
  }
}

/** A {@linkcode SplitEvaluator} of samples as people bring them. */
export class Evaluator extends SplitEvaluator {
  /**
   * Checks the samples, and allocates the buffers of evaluations of `model` on them.
   *
   * @throws {TypeError} When the samples do not fit the model, or it was never trained, so that it cannot standardise
   * features.
   * @throws {RangeError} When a class or a target is out of range, or all samples have weight 0.
   */
  constructor(model: SparseMlp, samples: Split, options: EvaluatorOptions = {}) {
    const task = "evaluate";
    requireModel(model, task);
    const { cacheTile, work, ...given } = onlyKnown(options, NAMES, task);
    const settings = resolveOptions(EVALUATION_ROWS, given, { task }) as unknown as EvaluationSettings;
    requireTrained(model, task);
    super(model, readSplit(samples, shapeOf(model), task), { ...settings, cacheTile, work });
  }
}

/**
 * Evaluation: loss and accuracy of a model on samples, and its predictions.
 *
 * @module
 */
import type { Split } from "../data/dataset.ts";
import { readSplit } from "../data/split_argument.ts";
import { type NamesOf, onlyKnown, readWhole, resolveOptions, THREADS } from "../hyperparameter.ts";
import type { Standardization } from "../native/standardize.ts";
import type { SparseMlp } from "../model/model.ts";
import { expectKind, expectLength } from "../native/status.ts";
import { readByName } from "../value.ts";
import { requireModel } from "../model/model_argument.ts";
import { toOwnUnit } from "../model/target_scaling.ts";
import { sharedWords } from "../sparse/shared.ts";
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
  /** Fraction of samples whose class is right, each counted once; NaN for regression. */
  readonly accuracy: number;
}

/** How an {@linkcode Evaluator} works. */
export interface EvaluatorOptions {
  /** Threads of the kernels; they do not change the result. @default {1} */
  readonly threads?: number | undefined;
  /** The most samples that pass through the network at once, to save memory. */
  readonly microBatch?: number | undefined;
  /** How activations are kept; `bf16` takes half of the memory. @default {"f32"} */
  readonly activationStorage?: "f32" | "bf16" | undefined;
  /** The widest tile that suits the caches, where it is not that of the model's sizes: `RunState.cacheTile`. */
  readonly cacheTile?: number | undefined;
  /** Work memory of others to use while they rest; memory of its own where it does not suffice. */
  readonly work?: Uint32Array | undefined;
}

const TASK = "evaluate";

const EVALUATOR_OPTIONS: NamesOf<EvaluatorOptions> = {
  threads: true,
  microBatch: true,
  activationStorage: true,
  cacheTile: true,
  work: true,
};

const ROWS = {
  threads: THREADS,
  activationStorage: {
    kind: "choice",
    choices: ["f32", "bf16"],
    default: "f32",
    doc: "How activations are kept.",
  },
} as const;

/** Reads statistics; refuses those that are not one number an input. */
function readStandardization(value: Standardization, { layers: [{ inputs }] }: SparseMlp): Standardization {
  const read = readByName(value, ["mean", "scale", "selection"], TASK, "standardization.");
  const { mean, scale } = read;
  for (const [name, numbers] of Object.entries({ mean, scale })) {
    expectKind(TASK, `standardization.${name}`, numbers, Float32Array);
    expectLength(TASK, `standardization.${name}`, numbers, inputs);
  }
  return read as unknown as Standardization;
}

type Resolved = { readonly threads: number; readonly activationStorage: "f32" | "bf16" };

/**
 * Evaluates one model on one split again and again, in buffers of its own.
 *
 * Memory: the activations of two layers, for as many samples as pass at once, however deep the network is.
 */
export class Evaluator {
  readonly #model: SparseMlp;
  readonly #split: Split;
  readonly #runner: BatchRunner;
  readonly #order: Uint32Array;
  /** Weight of all samples together: their number, where all count alike. */
  readonly weight: number;

  /** Samples it evaluates. */
  get samples(): number {
    return this.#split.samples;
  }

  /**
   * Allocates the buffers of evaluations of `model` on `split`.
   *
   * @throws {RangeError} When all samples have weight 0.
   */
  constructor(
    model: SparseMlp,
    samples: Split,
    statistics: Standardization,
    options: EvaluatorOptions = {},
  ) {
    requireModel(model, TASK);
    const { microBatch, cacheTile, work, ...rows } = onlyKnown(options, EVALUATOR_OPTIONS, TASK);
    const { threads, activationStorage } = resolveOptions(ROWS, rows, { task: TASK }) as Resolved;
    if (microBatch !== undefined) readWhole(microBatch, { task: TASK, name: "microBatch" }, { least: 1 });
    const standardization = readStandardization(statistics, model);
    const outputCount = model.layers[model.layers.length - 1].neurons;
    const split = readSplit(samples, {
      featureCount: model.featureCount,
      outputCount,
      task: model.settings.task,
    }, TASK);
    const batchSize = Math.min(EVALUATION_BATCH, split.samples);
    this.weight = split.weights?.reduce((sum, weight) => sum + weight, 0) ?? split.samples;
    if (this.weight === 0) {
      throw new RangeError(`Cannot evaluate ${split.samples} samples: all their weights are 0`);
    }
    this.#model = model;
    this.#split = split;
    this.#runner = new BatchRunner(
      { model, split, standardization, cacheTile },
      { batchSize, threads, microBatch, activationStorage },
      { training: false, dropout: false, probes: false, work },
    );
    this.#order = sharedWords(split.samples);
    for (let sample = 0; sample < split.samples; sample++) this.#order[sample] = sample;
  }

  /**
   * Runs all samples forward.
   *
   * @param outputs Receives probabilities (classification) or values in the targets' own unit (regression),
   * `[samples, outputs]`; or empty.
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
    const { samples, labels } = this.#split;
    const { targetScaling } = this.#model;
    const count = this.#model.layers[this.#model.layers.length - 1].neurons;
    let [loss, correct] = [0, 0];
    for (let first = 0; first < samples; first += EVALUATION_BATCH) {
      const size = Math.min(EVALUATION_BATCH, samples - first);
      const batch = this.#runner.build(this.#order, first, size, 0);
      const part = outputs.subarray(first * count, outputs.length > 0 ? (first + size) * count : 0);
      this.#runner.evaluate(batch, part);
      if (targetScaling !== undefined) toOwnUnit(targetScaling, part);
      loss += this.#runner.totals[0];
      correct += this.#runner.totals[1];
      yield first + size;
    }
    return { loss: loss / this.weight, accuracy: labels.length > 0 ? correct / samples : NaN };
  }
}

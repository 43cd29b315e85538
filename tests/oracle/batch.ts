/** Random networks and batches for the tests of the step, and one call that runs a step on them. @module */
import type { Activation } from "../../src/model/activation.ts";
import { SparseMlp } from "../../src/model/model.ts";
import { answerCount, lossOf } from "../../src/model/outputs.ts";
import type { ModelOptions, Task } from "../../src/model/settings.ts";
import { applyGradients } from "../../src/native/update.ts";
import type { SettingsBlock } from "../../src/native/settings.ts";
import { type Batch, evaluateBatch, type Loss, trainBatch, workspaceWords } from "../../src/native/step.ts";
import type { OptimizerState } from "../../src/optimizer/optimizer.ts";
import { optimizerNamed, stateFor } from "../../src/optimizer/optimizers.ts";
import { sharedFloats, sharedWords } from "../../src/sparse/shared.ts";
import { type Hyperparameters, resolveHyperparameters } from "../../src/train/hyperparameters.ts";
import { StepSettings } from "../../src/optimizer/step_settings.ts";
import type { OracleBatch } from "./mlp.ts";

/** Uniform numbers in [−1, 1), fully given by the seed (the generator mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/** A model whose biases, activation parameters and whole state differ from their start values. */
export function randomModel(options: ModelOptions, state: OptimizerState = stateFor(STEP)): SparseMlp {
  const model = SparseMlp.create(options);
  model.holdState(state);
  const next = numbers((options.seed ?? 0) + 77);
  for (const layer of model.layers) {
    for (let at = 0; at < layer.neurons; at++) layer.bias[at] = 0.3 * next();
    for (let at = 0; at < layer.activationParameters.length; at++) {
      layer.activationParameters[at] += 0.1 * next();
    }
  }
  fillState(model, next);
  return model;
}

/** Fills the planes of a model: the first with numbers of both signs, the second as if it were of squares. */
export function fillState(model: SparseMlp, next: () => number): void {
  for (const { nnz, planes, biasPlanes, activationPlanes } of model.layers) {
    const counted = planes.map((plane) => plane.subarray(0, nnz));
    for (const [first, ...others] of [counted, biasPlanes, activationPlanes]) {
      first?.forEach((_, at) => first[at] = 0.01 * next());
      for (const plane of others) plane.forEach((_, at) => plane[at] = 0.001 * Math.abs(next()));
    }
  }
}

/** A random batch, for the oracle and as the tiles of the kernels. */
export interface TestBatch extends OracleBatch {
  /** The batch cut into tiles of `width` samples, `[tiles][features][width]`. */
  tiles(width: number): Batch;
}

/** A batch of these samples: tiles for the kernels, rows for the oracle. */
export function batchOf(
  features: readonly Float32Array[],
  labels: Uint32Array,
  targets: Float32Array,
  loss: Loss = labels.length > 0 ? "softmax-cross-entropy" : "squared-error",
): TestBatch {
  const count = features[0].length;
  const samples = features.length;
  const tiles = (width: number): Batch => {
    const input = sharedFloats(Math.ceil(samples / width) * width * count);
    for (const [sample, row] of features.entries()) {
      for (const [feature, value] of row.entries()) {
        input[(Math.floor(sample / width) * count + feature) * width + sample % width] = value;
      }
    }
    return { loss, input, labels, targets, samples, width };
  };
  return { features, labels, targets, tiles };
}

/** The same samples with random weights from 0 to 3, some of them 0. */
export function weighted(batch: TestBatch, seed: number): TestBatch {
  const next = numbers(seed);
  const weights = sharedFloats(batch.features.length).map(() => Math.max(0, 1.2 + 1.8 * next()));
  return { ...batch, weights, tiles: (width) => ({ ...batch.tiles(width), weights }) };
}

/** Random samples for a network of these sizes. */
export function randomBatch(sizes: readonly number[], samples: number, task: Task, seed: number): TestBatch {
  const next = numbers(seed);
  const outputs = sizes[sizes.length - 1];
  const features = Array.from({ length: samples }, () => Float32Array.from({ length: sizes[0] }, next));
  const labels = sharedWords(task === "classification" ? samples : 0);
  const targets = sharedFloats(task === "classification" ? 0 : samples * outputs);
  const classes = answerCount({ task, sizes });
  for (let sample = 0; sample < labels.length; sample++) {
    labels[sample] = Math.min(classes - 1, Math.floor((next() + 1) / 2 * classes));
  }
  for (let place = 0; place < targets.length; place++) {
    targets[place] = task === "regression" ? next() : Math.max(0, Math.round(2 * next()) / 2);
  }
  return batchOf(features, labels, targets, lossOf({ task, sizes }));
}

/** Settings of one step, in the terms of training. */
export type TestStep = Hyperparameters & {
  /** Number of the step, for dropout. */
  readonly step: number;
};

const PLAIN = { weightDecay: 0.01, dropout: 0, threads: 1 };

/** Plain settings, to be changed where a test is about one of them. */
export const STEP: TestStep = { ...resolveHyperparameters({ ...PLAIN, learningRate: 0.1 }, 1), step: 0 };

/** The same for Adam. */
export const ADAM_STEP: TestStep = {
  ...resolveHyperparameters({ ...PLAIN, optimizer: "adam", learningRate: 0.02 }, 1),
  step: 0,
};

/** Settings of a model's next step, as kernels get them. */
export function blockOf(model: SparseMlp, settings: TestStep): SettingsBlock {
  const next = new StepSettings(settings, model.optimizerState?.planes.length ?? 0);
  next.next(settings.step, model.updates + 1, settings.learningRate, 1);
  return next.block;
}

/** One `trainBatch` in fresh work memory (filled with NaN, so that reading what was not written shows). */
export function runStep(
  model: SparseMlp,
  batch: Batch,
  settings: TestStep,
  gradients: Uint32Array = new Uint32Array(0),
): { loss: number; correct: number } {
  const use = { training: true, dropout: settings.dropout > 0 };
  const work = sharedWords(workspaceWords(model.memory, batch.width, use)).fill(0x7fc0_0000);
  const totals = new Float64Array(2);
  trainBatch(model.memory, gradients, batch, blockOf(model, settings), work, totals);
  if (gradients.length === 0) model.updates++;
  return { loss: totals[0], correct: totals[1] };
}

/** One `applyGradients`. */
export function runApply(model: SparseMlp, gradients: Uint32Array, settings: TestStep): void {
  applyGradients(model.memory, gradients, blockOf(model, settings));
  model.updates++;
}

/** One whole update: written gradients where the optimiser needs those of several tiles at once, else fused. */
export function runUpdate(
  model: SparseMlp,
  batch: Batch,
  settings: TestStep,
): { loss: number; correct: number } {
  const { needsWholeGradient } = optimizerNamed(settings.optimizer);
  if (batch.samples <= batch.width || !needsWholeGradient(settings)) return runStep(model, batch, settings);
  const gradients = model.allocateGradients();
  const totals = runStep(model, batch, settings, gradients);
  runApply(model, gradients, settings);
  return totals;
}

/** One `evaluateBatch` likewise. */
export function runEvaluation(
  model: SparseMlp,
  batch: Batch,
  outputs: Float32Array = new Float32Array(0),
  threads = 1,
): { loss: number; correct: number } {
  const use = { training: false, dropout: false };
  const work = sharedWords(workspaceWords(model.memory, batch.width, use)).fill(0x7fc0_0000);
  const totals = new Float64Array(2);
  evaluateBatch(model.memory, batch, threads, work, outputs, totals);
  return { loss: totals[0], correct: totals[1] };
}

/** Views of a gradient arena, in the order of the kernels: per layer weights, biases, activation parameters. */
export function gradientViews(
  model: SparseMlp,
  gradients: Uint32Array,
): { weights: Float32Array; bias: Float32Array; activationParameters: Float32Array }[] {
  let place = 0;
  const take = (length: number) => {
    const view = new Float32Array(gradients.buffer, gradients.byteOffset + 4 * place, length);
    place += Math.ceil(length / 16) * 16;
    return view;
  };
  return model.layers.map((layer) => ({
    weights: take(layer.capacity),
    bias: take(layer.neurons),
    activationParameters: take(layer.activationParameters.length),
  }));
}

/** The gradients of one step, as the arena and as views of it. */
export function gradientsOf(
  model: SparseMlp,
  batch: Batch,
  settings: TestStep,
): {
  arena: Uint32Array;
  totals: { loss: number; correct: number };
  layers: ReturnType<typeof gradientViews>;
} {
  const arena = model.allocateGradients();
  const totals = runStep(model, batch, settings, arena);
  return { arena, totals, layers: gradientViews(model, arena) };
}

/** Every activation of hidden layers, with a slope that shows where it matters. */
export const ACTIVATIONS: readonly Activation[] = [
  { kind: "all-relu", alpha: 0.6 },
  { kind: "relu" },
  { kind: "leaky-relu", alpha: 0.1 },
  { kind: "prelu" },
  { kind: "srelu" },
  { kind: "sigmoid" },
  { kind: "tanh" },
  { kind: "identity" },
  { kind: "all-relu", alpha: "learned" },
];

/** Random networks and batches for the tests of the step, and one call that runs a step on them. @module */
import type { ActivationKind } from "../../src/model/activation.ts";
import { type ModelOptions, SparseMlp, type Task } from "../../src/model/model.ts";
import {
  type Batch,
  evaluateBatch,
  type StepSettings,
  trainBatch,
  workspaceWords,
} from "../../src/native/step.ts";
import { sharedFloats, sharedWords } from "../../src/sparse/shared.ts";
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

/** A model whose biases, activation parameters and all velocities differ from their start values. */
export function randomModel(options: ModelOptions): SparseMlp {
  const model = SparseMlp.create(options);
  const next = numbers((options.seed ?? 0) + 77);
  for (const layer of model.layers) {
    for (let at = 0; at < layer.nnz; at++) layer.planes[0][at] = 0.01 * next();
    for (let at = 0; at < layer.neurons; at++) {
      layer.bias[at] = 0.3 * next();
      layer.biasPlanes[0][at] = 0.01 * next();
    }
    for (let at = 0; at < layer.activationParameters.length; at++) {
      layer.activationParameters[at] += 0.1 * next();
      layer.activationPlanes[0][at] = 0.01 * next();
    }
  }
  return model;
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
    return { input, labels, targets, samples, width };
  };
  return { features, labels, targets, tiles };
}

/** Random samples for a network of these sizes. */
export function randomBatch(sizes: readonly number[], samples: number, task: Task, seed: number): TestBatch {
  const next = numbers(seed);
  const outputs = sizes[sizes.length - 1];
  const features = Array.from({ length: samples }, () => Float32Array.from({ length: sizes[0] }, next));
  const labels = sharedWords(task === "classification" ? samples : 0);
  const targets = sharedFloats(task === "regression" ? samples * outputs : 0);
  for (let sample = 0; sample < labels.length; sample++) {
    labels[sample] = Math.min(outputs - 1, Math.floor((next() + 1) / 2 * outputs));
  }
  for (let place = 0; place < targets.length; place++) targets[place] = next();
  return batchOf(features, labels, targets);
}

/** Plain settings, to be changed where a test is about one of them. */
export const STEP: StepSettings = {
  learningRate: 0.1,
  fanInLimit: Infinity,
  momentum: 0.9,
  weightDecay: 0.01,
  coupledDecay: false,
  nesterov: false,
  dropout: 0,
  seed: 1,
  step: 0,
  threads: 1,
};

/** One `trainBatch` in fresh work memory (filled with NaN, so that reading what was not written shows). */
export function runStep(
  model: SparseMlp,
  batch: Batch,
  settings: StepSettings,
  gradients: Uint32Array = new Uint32Array(0),
): { loss: number; correct: number } {
  const use = { training: true, dropout: settings.dropout > 0 };
  const work = sharedWords(workspaceWords(model.memory, batch.width, use)).fill(0x7fc0_0000);
  const totals = new Float64Array(2);
  trainBatch(model.memory, gradients, batch, settings, work, totals);
  return { loss: totals[0], correct: totals[1] };
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
): { weights: Float32Array; bias: Float32Array; shape: Float32Array }[] {
  let place = 0;
  const take = (length: number) => {
    const view = new Float32Array(gradients.buffer, gradients.byteOffset + 4 * place, length);
    place += Math.ceil(length / 16) * 16;
    return view;
  };
  return model.layers.map((layer) => ({
    weights: take(layer.capacity),
    bias: take(layer.neurons),
    shape: take(layer.activationParameters.length),
  }));
}

/** The gradients of one step, as the arena and as views of it. */
export function gradientsOf(
  model: SparseMlp,
  batch: Batch,
  settings: StepSettings,
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
export const ACTIVATIONS: readonly { readonly kind: ActivationKind; readonly alpha?: number }[] = [
  { kind: "all-relu", alpha: 0.6 },
  { kind: "relu" },
  { kind: "leaky-relu", alpha: 0.1 },
  { kind: "prelu" },
  { kind: "srelu" },
  { kind: "sigmoid" },
  { kind: "tanh" },
  { kind: "identity" },
];

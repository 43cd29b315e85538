/**
 * Training, on one thread and on several, and what a network is worth.
 *
 * @module
 */
import * as api from "../../../mod.ts";
import * as engine from "../../../engine.ts";
import {
  data,
  drain,
  type Entry,
  labels,
  model,
  numbers,
  ofTable,
  PARALLEL,
  probabilities,
  SAMPLES,
  split,
  TRAINING,
} from "../given.ts";

/** Entry points. */
export const TRAIN: Readonly<Record<string, Entry>> = {
  "multiLabelMetrics": {
    right: () => [numbers(24).map((x) => Math.abs(x) / 2), numbers(24).map((x) => Number(x > 0)), 2],
    call: (probabilities: never, targets: never, labels: never, weights: never) =>
      api.multiLabelMetrics(probabilities, targets, labels, weights),
    arrays: [0, 1],
  },
  "calibrate": {
    right: () => [model(), split(), { threads: 1 }],
    call: (model: never, split: never, options: never) => api.calibrate(model, split, options),
    options: [2],
    passes: true,
  },
  "fitTemperature": {
    right: () => [probabilities(), labels(), new Float32Array(SAMPLES).fill(2)],
    call: (probabilities: never, labels: never, weights: never) =>
      api.fitTemperature(probabilities, labels, weights),
    arrays: [0, 1, 2],
  },
  "classificationMetrics": {
    right: () => [probabilities(), labels(), new Float32Array(SAMPLES).fill(2)],
    call: (probabilities: never, labels: never, weights: never) =>
      api.classificationMetrics(probabilities, labels, weights),
    arrays: [0, 1, 2],
  },
  "regressionMetrics": {
    right: () => [
      numbers(2 * SAMPLES),
      numbers(2 * SAMPLES).map((x) => x + 0.5),
      2,
      new Float32Array(SAMPLES).fill(2),
    ],
    call: (values: never, targets: never, outputs: never, weights: never) =>
      api.regressionMetrics(values, targets, outputs, weights),
    arrays: [0, 1, 3],
  },
  "evaluate": {
    right: () => [model(), [split()], { threads: 1, onProgress: () => {} }],
    call: (model: never, parts: never, options: never) => api.evaluate(model, parts, options),
    options: [2],
    passes: true,
  },
  "Evaluator": {
    right: () => [model(), split(), { threads: 1, microBatch: 16 }],
    call: (model: never, split: never, options: never) => new engine.Evaluator(model, split, options).run(),
    options: [2],
    passes: true,
    unbounded: true,
  },
  "crossValidate": {
    right: () => [data(), { folds: 2, seed: 1, model: () => model(), training: TRAINING }],
    call: (data: never, options: never) => api.crossValidate(data, options),
    options: [1],
    passes: true,
    rarely: 4,
  },
  "searchSlope": {
    right: () => [data(), { hidden: [4], seed: 1 }, { batchSize: 8 }, {
      slopes: [0, 0.5],
      epochs: 1,
      samples: 40,
      onProgress: () => {},
    }],
    call: (data: never, network: never, training: never, search: never) =>
      api.searchSlope(data, network, training, search).then(({ seconds: _, ...found }) => found),
    options: [1, 2, 3],
    passes: true,
    rarely: 4,
  },
  "recipe": { right: () => ["fast"], call: (name: never) => api.recipe(name) },
  "newRunState": { right: () => [2], call: (epoch: never) => api.newRunState(epoch) },
  "suggestSettings": {
    right: () => [{ samples: 100, features: 20, outputs: 3, task: "classification" }],
    call: (shape: never) => api.suggestSettings(shape),
    options: [0],
  },
  "train": {
    right: () => [model(), data(), {
      ...TRAINING,
      schedule: { kind: "step", every: 1, factor: 0.5 },
      importancePruning: { start: 1, every: 1, percentile: 5 },
      onProgress: () => {},
      classWeights: "balanced",
    }],
    call: (model: never, data: never, options: never) => drain(api.train(model, data, options), 2),
    options: [2],
    passes: true,
  },
  "fit": {
    right: () => [
      model(),
      data(),
      { ...TRAINING, schedule: () => 0.01, onStep: () => {}, onProgress: () => {} },
      () => {},
    ],
    call: (model: never, data: never, options: never, onEpoch: never) =>
      api.fit(model, data, options, onEpoch).then(({ lastTrainLoss }) => lastTrainLoss),
    options: [2],
    passes: true,
    unbounded: true,
  },
  "predictRows": {
    right:
      () => [ofTable, [{ mass: 1, width: 2 }, { mass: 0.5, width: 3 }], { threads: 1, onNotice: () => {} }],
    call: (model: never, rows: never, options: never) => api.predictRows(model, rows, options),
    options: [2],
    passes: true,
  },
  "trainParallel": {
    right: () => [model(), data(), { ...PARALLEL }],
    call: (model: never, data: never, options: never) => drain(api.trainParallel(model, data, options), 2),
    options: [2],
    passes: true,
    rarely: 60,
  },
  "WorkerModels": {
    right: () => [[model(), model()]],
    call: (start: never) => ({ models: new api.WorkerModels(start).start.length }),
  },
  "WorkerModels#current": { right: () => [], call: () => new api.WorkerModels().current() },
};

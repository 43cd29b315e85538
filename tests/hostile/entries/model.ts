/**
 * Networks: what they are made of, predict and give to a graph of one's own.
 *
 * @module
 */
import * as api from "../../../mod.ts";
import {
  contentOf,
  data,
  type Entry,
  estimator,
  labels,
  model,
  numbers,
  SAMPLES,
  SIZES,
  tagger,
} from "../given.ts";

/** Entry points. */
export const MODEL: Readonly<Record<string, Entry>> = {
  "SparseMlp.create": {
    right: () => [{
      sizes: [...SIZES],
      epsilon: 4,
      activation: { kind: "leaky-relu", alpha: 0.1 },
      initializer: "xavier",
      fanIn: "sparse",
      zeroOutput: false,
      task: "classification",
      seed: 1,
      threads: 1,
      onProgress: () => {},
    }],
    call: (options: never) => contentOf(api.SparseMlp.create(options)),
    options: [0],
  },
  "SparseMlp.for": {
    right: () => [data(), { hidden: [5], density: [0.5, 1], seed: 1 }],
    call: (data: never, options: never) => contentOf(api.SparseMlp.for(data, options)),
    options: [1],
    passes: true,
  },
  "SparseMlp#predict": {
    right: () => [numbers(12), { threads: 1 }],
    call: (features: never, options: never) => model().predict(features, options),
    options: [1],
    arrays: [0],
  },
  "SparseMlp#predictProbabilities": {
    right: () => [numbers(12), { threads: 1 }],
    call: (features: never, options: never) => model().predictProbabilities(features, options),
    options: [1],
    arrays: [0],
  },
  "SparseMlp#predictClasses": {
    right: () => [numbers(12), { threads: 1 }],
    call: (features: never, options: never) => model().predictClasses(features, options),
    options: [1],
    arrays: [0],
  },
  "SparseMlp#predictLabels": {
    right: () => [numbers(12), { threads: 1 }],
    call: (features: never, options: never) => tagger().predictLabels(features, options),
    options: [1],
    arrays: [0],
  },
  "SparseMlp#predictValues": {
    right: () => [numbers(12), { threads: 1 }],
    call: (features: never, options: never) => estimator().predictValues(features, options),
    options: [1],
    arrays: [0],
  },
  "SparseMlp#is": {
    right: () => ["regression"],
    call: (task: never) => model().is(task),
  },
  "propagate": {
    right: () => [
      numbers(12),
      [{
        inputs: 6,
        indptr: Uint32Array.of(0, 2, 3),
        indices: Uint32Array.of(0, 5, 1),
        weights: numbers(3),
        bias: -0.1,
        activation: "relu",
      }],
      { threads: 1, dropDead: true },
    ],
    call: (features: never, layers: never, options: never) => api.propagate(features, layers, options),
    options: [2],
    arrays: [0],
    passes: true,
  },
  "InferenceModel#predictClasses": {
    right: () => [numbers(12), { threads: 1 }],
    call: (features: never, options: never) => model().toInference().predictClasses(features, options),
    options: [1],
    arrays: [0],
  },
  "InferenceModel#predictLabels": {
    right: () => [numbers(12), { threads: 1 }],
    call: (features: never, options: never) => tagger().toInference().predictLabels(features, options),
    options: [1],
    arrays: [0],
  },
  "InferenceModel#predictValues": {
    right: () => [numbers(12), { threads: 1 }],
    call: (features: never, options: never) => estimator().toInference().predictValues(features, options),
    options: [1],
    arrays: [0],
  },
  "InferenceModel#is": {
    right: () => ["regression"],
    call: (task: never) => model().toInference().is(task),
  },
  "InferenceModel": {
    right: () => [model()],
    call: (model: never) => new api.InferenceModel(model).predict(numbers(12)),
  },
  "InferenceModel#predict": {
    right: () => [numbers(12), { threads: 1 }],
    call: (features: never, options: never) => model().compile().predict(features, options),
    options: [1],
    arrays: [0],
  },
  "InferenceModel#predictProbabilities": {
    right: () => [numbers(12), { threads: 1 }],
    call: (features: never, options: never) => model().toInference().predictProbabilities(features, options),
    options: [1],
    arrays: [0],
  },
  "SparseMlp.fromShared": {
    right: () => [model().share()],
    call: (shared: never) => contentOf(api.SparseMlp.fromShared(shared)),
    passes: true,
    unbounded: true,
  },
  "InferenceModel.fromShared": {
    right: () => [model().compile().share()],
    call: (shared: never) => api.InferenceModel.fromShared(shared).predict(numbers(12)),
    passes: true,
    unbounded: true,
  },
  "SparseMlp#forward": {
    right: () => [numbers(6 * SAMPLES), { threads: 1 }],
    call: (features: never, options: never) => model().forward(features, options),
    options: [1],
    arrays: [0],
  },
  "SparseMlp#activations": {
    right: () => [numbers(6 * SAMPLES), 0, { threads: 1 }],
    call: (features: never, layer: never, options: never) => model().activations(features, layer, options),
    options: [2],
    arrays: [0],
  },
  "SparseMlp#gradients": {
    right: () => [{ features: numbers(6 * SAMPLES), labels: labels() }],
    call: (batch: never) => model().gradients(batch),
    options: [0],
  },
  "SparseMlp#backward": {
    right: () => [numbers(3 * SAMPLES), numbers(6 * SAMPLES), { threads: 1 }],
    call: (gradient: never, features: never, options: never) => model().backward(gradient, features, options),
    options: [2],
    arrays: [0, 1],
  },
  "SparseMlp#update": {
    right: () => [
      model().layers.map(({ nnz, neurons }) => ({
        values: numbers(nnz),
        bias: numbers(neurons),
        activationParameters: new Float32Array(0),
      })),
      { learningRate: 0.1 },
    ],
    call: (layers: never, options: never) => model().update(layers, options),
    options: [1],
  },
  "SparseMlp#absentGradients": {
    right: () => [
      0,
      Uint32Array.of(0, 1),
      Uint32Array.of(1, 2),
      { features: numbers(6 * SAMPLES), labels: labels() },
    ],
    call: (layer: never, rows: never, columns: never, batch: never) =>
      model().absentGradients(layer, rows, columns, batch),
    options: [3],
    arrays: [1, 2],
  },
};

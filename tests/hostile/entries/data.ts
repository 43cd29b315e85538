/**
 * Samples: sets of them, tables, files, and parts.
 *
 * @module
 */
import * as api from "../../../mod.ts";
import { data, drain, type Entry, labels, numbers, path, SAMPLES, split } from "../given.ts";

/** Entry points. */
export const DATA: Readonly<Record<string, Entry>> = {
  "classCounts": {
    right: () => [split(), 3],
    call: (split: never, classes: never) => api.classCounts(split, classes),
    passes: true,
  },
  "validateDataset": {
    right: () => [data()],
    call: (data: never) => api.validateDataset(data),
    passes: true,
  },
  "splitValidation": {
    right: () => [data(), 0.25, 1],
    call: (data: never, fraction: never, seed: never) => api.splitValidation(data, fraction, seed),
    passes: true,
  },
  "Dataset.from": {
    right: () => [{
      features: numbers(6 * SAMPLES),
      featureCount: 6,
      featureNames: ["a", "b", "c", "d", "e", "f"],
      labels: Array.from(labels(), (label) => "xyz"[label]),
      weights: new Float32Array(SAMPLES).fill(2),
      classNames: ["x", "y", "z"],
      name: "small",
      task: "classification",
    }, {
      test: 0.25,
      validation: 0.25,
      stratify: true,
      groups: Array.from({ length: SAMPLES }, (_, index) => `g${index}`),
      seed: 1,
    }],
    call: (source: never, options: never) => api.Dataset.from(source, options),
    options: [1],
  },
  "subset": {
    right: () => [data(), Uint32Array.of(5, 0, 3)],
    call: (data: never, samples: never) => api.subset(data, samples),
    arrays: [1],
    passes: true,
  },
  "stratifiedFolds": {
    right: () => [data(), { folds: 3, repeat: 1, seed: 1 }],
    call: (data: never, options: never) => [...api.stratifiedFolds(data, options)],
    options: [1],
    passes: true,
  },
  "groupFolds": {
    right: () => [
      data(),
      Uint32Array.from({ length: SAMPLES }, (_, index) => index >> 1),
      { folds: 3, repeat: 1, seed: 1 },
    ],
    call: (data: never, groups: never, options: never) => [...api.groupFolds(data, groups, options)],
    options: [2],
    arrays: [1],
    passes: true,
  },
  "madelonLike": {
    right: () => [{
      samples: 12,
      testSamples: 4,
      features: 6,
      informative: 3,
      redundant: 1,
      repeated: 1,
      classes: 2,
      clustersPerClass: 2,
      classSeparation: 1,
      labelNoise: 0,
      shuffle: true,
      seed: 1,
      threads: 1,
      onDemand: false,
    }],
    call: (options: never) => api.madelonLike(options),
    options: [0],
  },
  "datasets.names": { right: () => [], call: () => api.datasets.names() },
  "datasets.list": { right: () => [], call: () => ({ sets: api.datasets.list().length }) },
  "datasets.describe": {
    right: () => ["mnist"],
    call: (name: never) => ({ found: api.datasets.describe(name).name }),
  },
  "datasets.load": {
    right: () => ["madelon-like", { seed: 1, threads: 1 }],
    call: (name: never, options: never) => api.datasets.load(name, options),
    options: [1],
    rarely: 5,
  },
  "loadFiles": {
    right: () => [[path("table.csv")], {
      testFraction: 0.25,
      seed: 1,
      threads: 1,
      labelColumn: "class",
      task: "classification",
      missing: "fill",
      header: true,
    }],
    call: (paths: never, options: never) => api.loadFiles(paths, options),
    options: [1],
    system: true,
  },
  "readTable": {
    right: () => [path("table.csv"), {
      label: "class",
      test: 0.25,
      validation: 0.25,
      stratify: true,
      seed: 1,
      threads: 1,
      task: "classification",
      missing: "fill",
      header: true,
      maxBytes: 1e6,
      onNotice: () => {},
    }],
    call: (source: never, options: never) => api.readTable(source, options),
    options: [1],
    system: true,
  },
  "sampleWindows": {
    right: () => [path("table.csv"), { featureCount: 2, threads: 1, windowBytes: 64, labelColumn: 2 }],
    call: (source: never, options: never) => drain(api.sampleWindows(source, options)),
    options: [1],
    system: true,
  },
  "inputNames": {
    right: () => [{
      header: true,
      columns: [{ kind: "number", name: "mass", offset: 0, factor: 1, missing: 0, indicator: true }],
    }],
    call: (schema: never) => api.inputNames(schema),
    passes: true,
  },
};

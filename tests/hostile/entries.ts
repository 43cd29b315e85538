/**
 * Every public entry point by its name, with arguments that are right; those that are not called, with the reason.
 *
 * What `mod.ts` exports and neither table has is told by `tests/hostile_api_test.ts`: add a row.
 *
 * @module
 */
import * as api from "../../mod.ts";
import * as engine from "../../engine.ts";
import type { Connections, Dataset, Split } from "../../mod.ts";

/** How an entry point is called. */
export interface Entry {
  /** Arguments that are right, made anew for each call. */
  readonly right: () => unknown[];
  readonly call: (...given: never[]) => unknown;
  /** Numbers of the arguments that are options, whose every value counts. */
  readonly options?: readonly number[];
  /** Options that are objects of the caller's own, with any names. */
  readonly free?: readonly string[];
  /** Numbers of the arguments that are arrays of numbers. */
  readonly arrays?: readonly number[];
  /**
   * What a getter of an argument (a data set, a layer, a rule) throws reaches the caller as it is; options and arrays of
   * numbers have no such excuse.
   */
  readonly passes?: true;
  /** It opens files: the system's own errors reach the caller, as documented. */
  readonly system?: true;
  /** A result may hold NaN or Infinity: what is computed of weights or features that are not finite. */
  readonly unbounded?: true;
  /** One call of so many is made. @default {1} */
  readonly rarely?: number;
}

const SIZES = [6, 5, 3];
const SAMPLES = 12;

/** A model that can predict. */
export function model(): api.SparseMlp<"classification"> {
  const made = api.SparseMlp.create({ sizes: SIZES, density: 0.8, seed: 1 });
  made.standardization = { mean: new Float32Array(6), scale: new Float32Array(6).fill(1) };
  made.classNames = ["a", "b", "c"];
  return made;
}

/** What can be compared of a model. */
function contentOf({ settings, layers }: api.SparseMlp): unknown {
  return { settings, weights: layers.map(({ values, nnz, bias }) => [...values.subarray(0, nnz), ...bias]) };
}

/** A model of several labels. */
function tagger(): api.SparseMlp<"multi-label"> {
  return api.SparseMlp.create({ sizes: SIZES, density: 0.8, seed: 1, task: "multi-label" });
}

/** A model of values. */
function estimator(): api.SparseMlp<"regression"> {
  return api.SparseMlp.create({ sizes: SIZES, density: 0.8, seed: 1, task: "regression" });
}

function numbers(length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => ((index * 7) % 11 - 5) / 4);
}

function labels(): Uint32Array {
  return Uint32Array.from({ length: SAMPLES }, (_, index) => index % 3);
}

function split(): Split {
  return { samples: SAMPLES, features: numbers(6 * SAMPLES), labels: labels(), targets: new Float32Array(0) };
}

function data(): Dataset {
  return {
    name: "small",
    task: "classification",
    featureCount: 6,
    outputCount: 3,
    classNames: ["a", "b", "c"],
    featureNames: [],
    train: split(),
    test: split(),
  };
}

/** A layer as an object of its own, so that any of its parts can be replaced. */
function layer(): Connections {
  const { inputs, neurons, nnz, capacity, indptr, indices, values, planes, incomingPtr, source, position } =
    model().layers[0];
  return {
    inputs,
    neurons,
    nnz,
    capacity,
    indptr,
    indices,
    values,
    planes: [...planes],
    incomingPtr,
    source,
    position,
  };
}

function probabilities(): Float32Array {
  return Float32Array.from({ length: 3 * SAMPLES }, (_, index) => [0.5, 0.3, 0.2][(index + (index % 3)) % 3]);
}

const PLACE = { seed: 1, epoch: 1, layer: 0, threads: 1 };
const LAW = { kind: "uniform", scale: 0.5 } as const;
/** However many epochs are asked for, a few steps are enough. */
const TRAINING = {
  maxSteps: 10,
  epochs: 1,
  batchSize: 4,
  threads: 1,
  seed: 1,
  learningRate: 0.01,
  zeta: 0.2,
  dropout: 0.1,
};

/** Runs an iterator to its end, or for so many records. */
async function drain(iterator: AsyncIterable<unknown>, most = Infinity): Promise<void> {
  let records = 0;
  for await (const _ of iterator) if (++records >= most) break;
}

const { maxSteps: _, ...SETTINGS } = TRAINING;
const PARALLEL = { ...SETTINGS, workers: 2 };

const folder = Deno.cwd();
const path = (name: string) => `${folder}/${name}`;

/** A model that was trained on a table. */
let ofTable: api.SparseMlp;

/** Files and models that the right arguments name. */
export async function makeFiles(): Promise<void> {
  const rows = Array.from({ length: 20 }, (_, index) => `${index / 7},${(index * 3) % 5},${"ab"[index % 2]}`);
  await Deno.writeTextFile(path("table.csv"), ["mass,width,class", ...rows].join("\n") + "\n");
  const table = await api.readTable(path("table.csv"), { label: "class" });
  ofTable = api.SparseMlp.for(table, { hidden: [5], density: 1, seed: 1 });
  await api.fit(ofTable, table, { epochs: 1, batchSize: 4, threads: 1 });
  await api.exportScipy(model(), path("matrices"));
  await api.saveModel(model(), path("model.safetensors"));
}

/** Entry points. */
export const ENTRIES: Readonly<Record<string, Entry>> = {
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
  "multiLabelMetrics": {
    right: () => [numbers(24).map((x) => Math.abs(x) / 2), numbers(24).map((x) => Number(x > 0)), 2],
    call: (probabilities: never, targets: never, labels: never, weights: never) =>
      api.multiLabelMetrics(probabilities, targets, labels, weights),
    arrays: [0, 1],
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
  "foldsOf": {
    right: () => [data(), {
      folds: 3,
      repeat: 1,
      seed: 1,
      groups: Uint32Array.from({ length: SAMPLES }, (_, index) => index >> 1),
    }],
    call: (data: never, options: never) => engine.foldsOf(data, options),
    options: [1],
    passes: true,
  },
  "foldDataset": {
    right: () => [data(), Uint32Array.from({ length: SAMPLES }, (_, index) => index % 3), 1],
    call: (data: never, folds: never, fold: never) => engine.foldDataset(data, folds, fold),
    arrays: [1],
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
  "loadModel": {
    right: () => [path("model.safetensors"), { threads: 1, onProgress: () => {} }],
    call: async (source: never, options: never) => contentOf((await api.loadModel(source, options)).model),
    options: [1],
    system: true,
  },
  "saveModel": {
    right: () => [model(), path("saved.safetensors"), {
      training: { epoch: 1, options: {} },
      onProgress: () => {},
    }],
    call: (model: never, path: never, options: never) => api.saveModel(model, path, options),
    options: [2],
    free: ["training"],
    rarely: 4,
  },
  "encodeModel": {
    right: () => [model(), { training: { epoch: 1, options: {} }, onProgress: () => {} }],
    call: (model: never, options: never) => api.encodeModel(model, options),
    options: [1],
    free: ["training"],
    rarely: 4,
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
  "exportOnnx": {
    right: () => [model(), path("model.onnx")],
    call: (model: never, path: never) => api.exportOnnx(model, path),
    rarely: 4,
  },
  "exportDense": {
    right: () => [model(), path("dense")],
    call: (model: never, folder: never) => api.exportDense(model, folder),
    rarely: 8,
  },
  "exportScipy": {
    right: () => [model(), path("scipy")],
    call: (model: never, folder: never) => api.exportScipy(model, folder),
    rarely: 8,
  },
  "importScipy": {
    right: () => [path("matrices"), { seed: 1 }],
    call: async (folder: never, options: never) => contentOf(await api.importScipy(folder, options)),
    options: [1],
    rarely: 4,
  },
  "loadKernels": { right: () => [{}], call: (options: never) => api.loadKernels(options), options: [0] },
  "WorkerModels": {
    right: () => [[model(), model()]],
    call: (start: never) => ({ models: new api.WorkerModels(start).start.length }),
  },
  "WorkerModels#current": { right: () => [], call: () => new api.WorkerModels().current() },
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
  "selectFeatures": {
    right: () => [data(), {
      ...{ count: 2, method: "strength", seed: 1, threads: 1, onProgress: () => {} },
      network: { hidden: [4], epsilon: 2 },
      training: { epochs: 1, batchSize: 4 },
    }],
    call: (data: never, options: never) => api.selectFeatures(data, options),
    options: [1],
    passes: true,
    rarely: 4,
  },
  "saveTable": {
    right: () => [data(), path("table.csv")],
    call: (data: never, path: never) => api.saveTable(data, path),
    passes: true,
    system: true,
    rarely: 4,
  },
  "strongestFeatures": {
    right: () => [model(), 2],
    call: (model: never, count: never) => api.strongestFeatures(model, count),
    unbounded: true,
  },
  "withFeatures": {
    right: () => [data(), Uint32Array.of(0, 2)],
    call: (data: never, features: never) => api.withFeatures(data, features),
    arrays: [1],
    passes: true,
  },
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
  "evolveConnections": {
    right: () => [layer(), { ...PLACE, zeta: 0.3, weights: { ...LAW }, fresh: [] }],
    call: (layer: never, options: never) => api.evolveConnections(layer, options),
    options: [1],
    passes: true,
  },
  "evolveByRules": {
    right: () => [layer(), { ...PLACE, drop: api.smallestMagnitude(0.3), grow: api.uniformGrowth(LAW) }],
    call: (layer: never, options: never) => api.evolveByRules(layer, options),
    passes: true,
  },
  "smallestMagnitude": {
    right: () => [0.3],
    call: (zeta: never) => ({ rule: api.smallestMagnitude(zeta).name }),
  },
  "smallestMagnitude().drop": {
    right: () => [layer(), { ...PLACE }],
    call: (layer: never, place: never) => api.smallestMagnitude(0.3).drop(layer, place),
    passes: true,
  },
  "uniformGrowth": {
    right: () => [{ ...LAW }],
    call: (law: never) => ({ rule: api.uniformGrowth(law).name }),
    options: [0],
  },
  "uniformGrowth().grow": {
    right: () => {
      const [room, place] = [layer(), { ...PLACE, fresh: [] }];
      api.smallestMagnitude(0.5).drop(room, PLACE);
      return [room, 2, place];
    },
    call: (layer: never, count: never, place: never) => api.uniformGrowth(LAW).grow(layer, count, place),
    passes: true,
  },
  "compact": {
    right: () => [model(), { keepInputs: true, threads: 1 }],
    call: (model: never, options: never) => contentOf(api.compact(model, options).model),
    options: [1],
  },
  "neuronImportance": {
    right: () => [layer(), 1],
    call: (layer: never, threads: never) => api.neuronImportance(layer, threads),
    passes: true,
    unbounded: true,
  },
  "pruneByImportance": {
    right: () => [layer(), 30, 1],
    call: (layer: never, percentile: never, threads: never) =>
      api.pruneByImportance(layer, percentile, threads),
    passes: true,
    unbounded: true,
  },
  "absentPlaces": {
    right: () => [layer(), 3, { ...PLACE }],
    call: (layer: never, count: never, place: never) => api.absentPlaces(layer, count, place),
    passes: true,
  },
  "insertConnections": {
    right: () => {
      const full = layer();
      api.smallestMagnitude(0.5).drop(full, PLACE);
      return [full, { rows: new Uint32Array(0), columns: new Uint32Array(0) }, { weights: { ...LAW } }, {
        ...PLACE,
      }];
    },
    call: (layer: never, places: never, seedling: never, place: never) =>
      api.insertConnections(layer, places, seedling, place),
    passes: true,
  },
  "removeConnections": {
    right: () => [layer(), { rows: new Uint32Array(0), columns: new Uint32Array(0) }],
    call: (layer: never, places: never) => api.removeConnections(layer, places),
    passes: true,
  },
  "rebuildIncoming": {
    right: () => [layer(), 1],
    call: (layer: never, threads: never) => api.rebuildIncoming(layer, threads),
    passes: true,
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
  "keepStrongest": {
    right: () => [
      { rows: Uint32Array.of(0, 1, 2), columns: Uint32Array.of(1, 0, 2) },
      Float32Array.of(1, -3, 2),
      2,
    ],
    call: (places: never, scores: never, count: never) => api.keepStrongest(places, scores, count),
    arrays: [1],
    passes: true,
  },
};

const ENGINE = "for engines, whose arguments are theirs to keep right";
const NOTHING = "takes no argument";
const ERROR = "an error, which holds what it is told";

/** What is not called, and why. */
export const EXCLUDED: Readonly<Record<string, string>> = {
  "SparseMlp.isModel": "it takes anything, and says whether it is a model",
  "SparseMlp.allocate": ENGINE,
  "SparseMlp.over": ENGINE,
  "SparseMlp.assemble": ENGINE,
  "SparseMlp#clone": NOTHING,
  "SparseMlp#share": NOTHING,
  "InferenceModel#share": NOTHING,
  "SparseMlp#adopt": ENGINE,
  "SparseMlp#holdState": ENGINE,
  "SparseMlp#discardState": NOTHING,
  "SparseMlp#allocateGradients": NOTHING,
  "SparseMlp#featureStrength": NOTHING,
  "SparseMlp#compile": NOTHING,
  "SparseMlp#toInference": NOTHING,
  "SparseMlp#stats": NOTHING,
  "SparseMlp": "its constructor is private",
  "Evaluator#run": ENGINE,
  "Evaluator#batches": ENGINE,
  "WorkerModels#follow": ENGINE,
  "trainOverMpi":
    "a process takes part in one job; its options are those of trainParallel, and tests/hyperparameter_test.ts has its names",
  "CheckpointError": ERROR,
  "DatasetError": ERROR,
  "FeatureError": ERROR,
  "KernelError": ERROR,
  "LibraryError": ERROR,
  "TrainingError": ERROR,
};

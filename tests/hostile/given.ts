/**
 * What the entry points are given: models, samples and files that are right, made anew for each call.
 *
 * @module
 */
import * as api from "../../mod.ts";
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

export const SIZES = [6, 5, 3];
export const SAMPLES = 12;

/** A model that can predict. */
export function model(): api.SparseMlp<"classification"> {
  const made = api.SparseMlp.create({ sizes: SIZES, density: 0.8, seed: 1 });
  made.standardization = { mean: new Float32Array(6), scale: new Float32Array(6).fill(1) };
  made.classNames = ["a", "b", "c"];
  return made;
}

/** What can be compared of a model. */
export function contentOf({ settings, layers }: api.SparseMlp): unknown {
  return { settings, weights: layers.map(({ values, nnz, bias }) => [...values.subarray(0, nnz), ...bias]) };
}

/** A model of several labels. */
export function tagger(): api.SparseMlp<"multi-label"> {
  return api.SparseMlp.create({ sizes: SIZES, density: 0.8, seed: 1, task: "multi-label" });
}

/** A model of values. */
export function estimator(): api.SparseMlp<"regression"> {
  return api.SparseMlp.create({ sizes: SIZES, density: 0.8, seed: 1, task: "regression" });
}

export function numbers(length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => ((index * 7) % 11 - 5) / 4);
}

export function labels(): Uint32Array {
  return Uint32Array.from({ length: SAMPLES }, (_, index) => index % 3);
}

export function split(): Split {
  return { samples: SAMPLES, features: numbers(6 * SAMPLES), labels: labels(), targets: new Float32Array(0) };
}

export function data(): Dataset {
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

/** What a file keeps of a run. */
export function run(): api.RunRecord {
  const record = {
    ...{ epoch: 1, trainLoss: 1, trainAccuracy: 0.5, learningRate: 0.1, parameters: 9, connections: 8 },
    ...{ seconds: 1, evolutionSeconds: 0, evaluationSeconds: 0, samplesPerSecond: 9, replaced: 1, pruned: 0 },
  };
  return {
    ...{ command: ["train"], options: {}, settings: { epochs: 1 }, dataset: "small", version: "0.1.0" },
    ...{ seed: 1, seconds: 1, recorded: 1, records: [record] },
  };
}

/** A layer as an object of its own, so that any of its parts can be replaced. */
export function layer(): Connections {
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

export function probabilities(): Float32Array {
  return Float32Array.from({ length: 3 * SAMPLES }, (_, index) => [0.5, 0.3, 0.2][(index + (index % 3)) % 3]);
}

export const PLACE = { seed: 1, epoch: 1, layer: 0, threads: 1 };
export const LAW = { kind: "uniform", scale: 0.5 } as const;
/** However many epochs are asked for, a few steps are enough. */
export const TRAINING = {
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
export async function drain(iterator: AsyncIterable<unknown>, most = Infinity): Promise<void> {
  let records = 0;
  for await (const _ of iterator) if (++records >= most) break;
}

const { maxSteps: _, ...SETTINGS } = TRAINING;
export const PARALLEL = { ...SETTINGS, workers: 2 };

const folder = Deno.cwd();
export const path = (name: string): string => `${folder}/${name}`;

/** A model that was trained on a table. */
export let ofTable: api.SparseMlp;

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

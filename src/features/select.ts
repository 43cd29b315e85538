/**
 * Feature selection: the few features that are worth most to a classifier, a regression or labels.
 *
 * @module
 */
import { type Dataset, usableDataset } from "../data/dataset.ts";
import { standardizationPieces } from "../data/standardization.ts";
import { validationPieces } from "../data/validation_split.ts";
import {
  CALLBACK,
  COUNT,
  type NamesOf,
  onlyKnown,
  type Place,
  readValue,
  refuseUnknown,
  SEED,
  THREADS,
} from "../hyperparameter.ts";
import { MODEL_FOR_NAMES, type ModelForOptions } from "../model/data_shape.ts";
import type { SparseMlp } from "../model/model.ts";
import { requireModel } from "../model/model_argument.ts";
import { pictured } from "../picture.ts";
import { EventLoopTurn } from "../event_loop_turn.ts";
import { lastChange, readEvolveEvery } from "../topology/interval.ts";
import { TRAIN_OPTION_NAMES, type TrainOptions } from "../train/options.ts";
import { requireSignal } from "../value.ts";
import { columnScores, type FeatureColumn, featureColumns } from "./columns.ts";
import { meanOf, simplestOfBest, validationErrors } from "./comparison.ts";
import { removalEnd } from "./elimination.ts";
import { selectionPicture } from "./picture.ts";
import { type Ranking, RANKING_METHODS, type RankingMethod, type RankingPlan, rankings } from "./rankings.ts";

/** Name of a way to choose features; `best` compares the others on validation samples. */
export type FeatureMethod = RankingMethod | "best";

/** How features are chosen. */
export const FEATURE_METHODS: readonly FeatureMethod[] = ["best", ...RANKING_METHODS];

/** How far a selection is. */
export interface SelectionProgress {
  /** What goes on: a method, or the comparison of methods on validation samples. */
  readonly phase: RankingMethod | "comparison";
  /** Epochs of the training, or methods compared. */
  readonly done: number;
  /** Epochs or methods in all. */
  readonly total: number;
}

/** Options of {@linkcode selectFeatures}. */
export interface FeatureSelectionOptions {
  /** How many features to choose (K). */
  readonly count: number;
  /**
   * How: by `strength` or `attribution` over a training, by a training in which inputs compete (`neurofs`), by an `f-test`
   * of each feature alone, by how near samples of different classes differ in it (`relief-f`); `best` takes of these the one whose features a small network predicts validation samples best from.
   *
   * @default {"best"}
   */
  readonly method?: FeatureMethod;
  /** Options of the network, all that are to differ. @default two hidden layers of 500 tanh units, ε = 20 */
  readonly network?: Partial<Omit<ModelForOptions, "seed">>;
  /** Options of each training, all that are to differ. @default 50 epochs at rate 0.01, batches of 8 to 128, ζ = 0.2 */
  readonly training?: Omit<
    TrainOptions,
    | ("state" | "epochsDone" | "drop" | "growth" | "seed" | "threads")
    | ("validationFraction" | "metric" | "keep" | "patience" | "calibrate")
  >;
  /** Seed of the networks, their trainings and of the validation samples. @default {0} */
  readonly seed?: number;
  /** Threads of the kernels; they do not change the result. @default the number of cores */
  readonly threads?: number;
  /** Called after each epoch. */
  readonly onProgress?: (progress: SelectionProgress) => void;
  /** Stops the selection, which is then rejected with the reason. */
  readonly signal?: AbortSignal;
}

/** A feature and what it is worth. */
export interface RankedFeature {
  /** Place in the ranking, from 1. */
  readonly rank: number;
  /** Its name: of the column, or “feature 3”, by its place from 0, where there are no names. */
  readonly name: string;
  /** Its place among the features of the data, from 0. */
  readonly feature: number;
  /** What the method gives it, at least 0; to be compared within one method alone. */
  readonly score: number;
}

/** What a method was worth on validation samples. */
export interface MethodComparison {
  /** The method. */
  readonly method: RankingMethod;
  /**
   * What a small network makes of validation samples by its choice: the share of wrong classes or labels, or the squared
   * error of standardised targets.
   */
  readonly validationError: number;
}

/** Chosen features. */
export interface SelectedFeatures {
  /** How they were chosen; never `best`, but what that took. */
  readonly method: RankingMethod;
  /** The chosen ones, best first. */
  readonly features: readonly RankedFeature[];
  /** Features they were chosen from. */
  readonly featureCount: number;
  /** What `best` compared. */
  readonly comparisons?: readonly MethodComparison[];
}

const NAMES: NamesOf<FeatureSelectionOptions> = {
  count: true,
  method: true,
  network: true,
  training: true,
  seed: true,
  threads: true,
  onProgress: true,
  signal: true,
};
/** What a selection says of its trainings itself: their beginning and end, the rules of competing inputs, seed and threads. */
const OWN_OPTIONS: Readonly<
  Record<Exclude<keyof TrainOptions, keyof NonNullable<FeatureSelectionOptions["training"]>>, true>
> = {
  ...{ state: true, epochsDone: true, drop: true, growth: true, seed: true, threads: true },
  ...{ validationFraction: true, metric: true, keep: true, patience: true, calibrate: true },
};
const TRAINING_NAMES = TRAIN_OPTION_NAMES.filter((name) => !Object.hasOwn(OWN_OPTIONS, name));
const NETWORK_NAMES = MODEL_FOR_NAMES.filter((name) => name !== "seed");

const task = "select features";

/** Network and training of a selection, where nothing else is asked for. */
export const SELECTION_DEFAULTS = {
  network: { hidden: [500, 500], epsilon: 20, activation: { kind: "tanh" } },
  training: {
    epochs: 50,
    learningRate: 0.01,
    weightDecay: 1e-5,
    dropout: 0,
    zeta: 0.2,
    growthWeights: "zero",
  },
} as const;

/** Share of the training samples that compares methods. */
const COMPARED_FRACTION = 0.2;

/**
 * Chooses the features of a data set that are worth most.
 *
 * Features are columns of a table: one that holds categories is one feature, whose inputs stay together. With `best`, a
 * fifth of the training samples (or the validation part of the data) compares the methods: each chooses on the others,
 * and a small network learns its choice. Of the methods whose validation error is within one standard error of the lowest,
 * the simplest chooses again on all training samples: f-test before relief-f, neurofs, strength
 * and attribution.
 * A test part is never looked at.
 *
 * Cost: a training for `neurofs`, one for `strength` or `attribution` (whose passes back are as many as outputs),
 * two reads of the features for the `f-test`, up to 4·10⁹ differences for `relief-f`; `best` is all of these and five
 * small trainings.
 *
 * @throws {TypeError} When it is no data set, or there is no option of a name.
 * @throws {RangeError} When more features are asked for than there are, or than vary.
 * @throws {TrainingError} As {@linkcode train}.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { madelonLike, selectFeatures } from "@truly-sparse/truly-sparse";
 *
 * const data = madelonLike({ samples: 300, features: 40, seed: 1 });
 * const { features } = await selectFeatures(data, { count: 10, method: "neurofs", training: { epochs: 10 } });
 * assertEquals(features.map(({ rank }) => rank), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
 * assert(features[0].score > 0);
 * ```
 */
export async function selectFeatures(
  data: Dataset,
  options: FeatureSelectionOptions,
): Promise<SelectedFeatures> {
  const turn = new EventLoopTurn();
  const usable = usableDataset(data);
  const read = { ...readOptions(options, usable.train.samples), turn };
  const columns = featureColumns(usable);
  const varying = await varyingColumns(usable, columns, read);
  const plan = { ...read, columns, varying };
  if (read.method !== "best") return await chosenBy(usable, read.method, plan);
  const { method, comparisons } = await compareMethods(usable, plan);
  return pictured({ ...await chosenBy(usable, method, plan), comparisons }, selectionPicture);
}

/**
 * The features of a trained model with the strongest connections, as they are now: no data are needed.
 *
 * Source: QuickSelection (Atashgahi et al. 2022). Cost: O(connections of the first layer).
 *
 * @param count How many.
 * @throws {RangeError} When the model has fewer features.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { SparseMlp, strongestFeatures } from "@truly-sparse/truly-sparse";
 *
 * const model = SparseMlp.create({ sizes: [20, 16, 2], epsilon: 4, seed: 1 });
 * const { features, method } = strongestFeatures(model, 5);
 * assertEquals([method, features.length], ["strength", 5]);
 * ```
 */
export function strongestFeatures(model: SparseMlp, count: number): SelectedFeatures {
  requireModel(model, task);
  const columns = featureColumns(model);
  requireCount(readValue<number>(COUNT_ROW, count, { task, name: "count" }), columns.length);
  const scores = columnScores(columns, model.featureStrength());
  const order = Uint32Array.from([...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b));
  return selection("strength", { order, scores }, columns, count);
}

const COUNT_ROW = { ...COUNT, required: true, doc: "Features to choose." } as const;
const METHOD_ROW = {
  kind: "choice",
  choices: FEATURE_METHODS,
  default: "best",
  doc: "How features are chosen.",
} as const;

/** Options as they were checked, filled in. */
interface Resolved extends Omit<RankingPlan, "columns" | "varying" | "turn"> {
  readonly method: FeatureMethod;
  readonly seed: number;
  readonly threads: number;
  readonly onProgress: (progress: SelectionProgress) => void;
}

function readOptions(options: FeatureSelectionOptions, samples: number): Resolved {
  const given = onlyKnown(options, NAMES, task);
  const at = (name: string): Place => ({ task, name });
  if (given.network !== undefined) refuseUnknown(given.network, NETWORK_NAMES, task, "network.");
  if (given.training !== undefined) refuseUnknown(given.training, TRAINING_NAMES, task, "training.");
  if (given.signal !== undefined) requireSignal(given.signal, task);
  const seed = readValue(SEED, given.seed, at("seed"));
  const threads = readValue(
    { ...THREADS, default: navigator.hardwareConcurrency },
    given.threads,
    at("threads"),
  );
  const { training = {}, network = {} } = given;
  const epochs = readValue(
    { ...COUNT, default: SELECTION_DEFAULTS.training.epochs, doc: "" },
    training.epochs,
    {
      task,
      name: "training.epochs",
    },
  );
  const onProgress = given.onProgress === undefined
    ? () => {}
    : readValue(CALLBACK, given.onProgress, at("onProgress")) as NonNullable<typeof given.onProgress>;
  const method = readValue(METHOD_ROW, given.method, at("method")) as FeatureMethod;
  const whole = {
    ...SELECTION_DEFAULTS.training,
    batchSize: batchFor(samples),
    ...training,
    ...{ seed, epochs, threads },
    ...(given.signal && { signal: given.signal }),
  };
  checkCompetition(method, whole, samples);
  return {
    count: readValue<number>(COUNT_ROW, given.count, at("count")),
    method,
    network: { ...networkFor(network), seed } as ModelForOptions,
    training: whole,
    seed,
    threads,
    onProgress,
    onEpoch: (phase: RankingMethod, done: number) => onProgress({ phase, done, total: epochs }),
  };
}

/** Refuses a training in which the topology does not change until all inputs that are to go could have gone. */
function checkCompetition(method: FeatureMethod, training: Resolved["training"], samples: number): void {
  if (method !== "neurofs" && method !== "best") return;
  const { epochs, batchSize = batchFor(samples), maxSteps = Infinity, zeta, zetaStop = 1 } = training;
  const steps = Math.ceil(samples / batchSize);
  const every = readEvolveEvery(training.evolveEvery ?? 1, { task, name: "training.evolveEvery" });
  const last = zeta === 0
    ? 0
    : Math.min(zetaStop, lastChange(every, epochs, steps, { until: maxSteps / steps }));
  const needed = removalEnd(epochs) / epochs;
  if (last > 0 && last >= needed && zetaStop > needed) return;
  const until = last === 0 ? "never changes" : `changes until ${last}`;
  throw new RangeError(
    `Cannot ${task} by "${method}": inputs lose their connections until ${needed} of the training is done, its topology ` +
      `${until}; expected more epochs, changes for longer, a zeta above 0, or another method`,
  );
}

/** Steps of an epoch, where there are enough samples: fewer teach a network too little before inputs go. */
const STEPS = 60;

/** Samples of a batch: a power of two from 8 to 128. */
function batchFor(samples: number): number {
  return 2 ** Math.round(Math.log2(Math.max(8, Math.min(samples / STEPS, 128))));
}

/** A density instead of ε takes its place, of each layer or of all. */
function networkFor(network: Partial<Omit<ModelForOptions, "seed">>): object {
  const { epsilon, ...others } = SELECTION_DEFAULTS.network;
  const { density, overallDensity } = network;
  return { ...others, ...(density === undefined && overallDensity === undefined && { epsilon }), ...network };
}

type Plan = Resolved & RankingPlan;

/** 1 for each feature of which some input is not constant. */
async function varyingColumns(
  { train, featureCount }: Dataset,
  columns: readonly FeatureColumn[],
  { count, threads, turn, training: { signal } }: Resolved & Pick<RankingPlan, "turn">,
): Promise<Uint8Array> {
  requireCount(count, columns.length);
  const { scale } = await turn.between(
    standardizationPieces(train, featureCount, threads),
    signal,
  );
  const varying = Uint8Array.from(columnScores(columns, scale), (most) => most > 0 ? 1 : 0);
  const left = varying.reduce((sum, flag) => sum + flag, 0);
  if (left >= count) return varying;
  throw new RangeError(
    `Cannot ${task}: count is ${count}, ${left} of ${columns.length} features vary in the training samples; ` +
      "constant ones tell nothing",
  );
}

function requireCount(count: number, features: number): void {
  if (count <= features) return;
  throw new RangeError(`Cannot ${task}: count is ${count}, there are ${features} features`);
}

async function chosenBy(data: Dataset, method: RankingMethod, plan: Plan): Promise<SelectedFeatures> {
  const ranking = (await rankings(data, [method], plan)).get(method)!;
  return selection(method, ranking, plan.columns, plan.count);
}

function selection(
  method: RankingMethod,
  { order, scores }: Ranking,
  columns: readonly FeatureColumn[],
  count: number,
): SelectedFeatures {
  const features = Array.from(order.subarray(0, count), (feature, place) => ({
    rank: place + 1,
    name: columns[feature].name,
    feature,
    score: scores[feature],
  }));
  return pictured({ method, features, featureCount: columns.length }, selectionPicture);
}

/** What each method's choice is worth on samples it was not made on, and which method to take. */
async function compareMethods(
  data: Dataset,
  plan: Plan,
): Promise<{ readonly method: RankingMethod; readonly comparisons: readonly MethodComparison[] }> {
  const parts = data.validation === undefined
    ? await plan.turn.between(validationPieces(data, COMPARED_FRACTION, plan.seed), plan.training.signal)
    : { train: data.train, validation: data.validation };
  const { test: _, ...rest } = data;
  const compared: Dataset = { ...rest, ...parts };
  const found = await rankings(compared, RANKING_METHODS, plan);
  const errors: Float64Array[] = [];
  for (const method of RANKING_METHODS) {
    const chosen = found.get(method)!.order.subarray(0, plan.count);
    errors.push(await validationErrors(compared, chosen, { ...plan.training, turn: plan.turn }));
    plan.onProgress({ phase: "comparison", done: errors.length, total: RANKING_METHODS.length });
  }
  const comparisons = RANKING_METHODS.map((method, place) => ({
    method,
    validationError: meanOf(errors[place]),
  }));
  return { method: RANKING_METHODS[simplestOfBest(errors)], comparisons };
}

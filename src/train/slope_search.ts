/**
 * The slope of All-ReLU by search: successive halving over a few slopes, on a part of the training samples.
 *
 * @module
 */
import { type Dataset, usableDataset } from "../data/dataset.ts";
import { validationPieces, type ValidationSplit } from "../data/validation_split.ts";
import { TrainingError } from "../errors.ts";
import {
  CALLBACK,
  COUNT,
  type NamesOf,
  onlyKnown,
  readValue,
  refuseUnknown,
  unfit,
} from "../hyperparameter.ts";
import { type ModelForOptions, optionsFor } from "../model/data_shape.ts";
import { SparseMlp } from "../model/model.ts";
import { readList } from "../numbers.ts";
import { readByName, requireSignal } from "../value.ts";
import { EventLoopTurn } from "../event_loop_turn.ts";
import { HOOK_NAMES, type RunHooks } from "./hooks.ts";
import { resolveRunOptions, TRAIN_OPTION_NAMES, type TrainOptions } from "./options.ts";
import type { EpochRecord } from "./records.ts";
import { isBetter, type MetricName } from "./selection.ts";
import { train } from "./trainer.ts";

/** What to search, and how long. */
export interface SlopeSearchOptions {
  /** Slopes |α| to choose among, at least two. @default {[0, 0.1, 0.25, 0.4, 0.6, 0.8]} */
  readonly slopes?: readonly number[];
  /**
   * Epochs of the first round; each later one trains as long again as all before it. A few epochs find the slope that
   * learns fastest, which for a long run is another than the best.
   *
   * @default a twentieth of the epochs of the run, but at least 4
   */
  readonly epochs?: number;
  /** The most training samples used, a quarter of which judge. @default a fifth of them, but at least 2,000 */
  readonly samples?: number;
  /** Stops the search within a step or two; it is then rejected with the reason. */
  readonly signal?: AbortSignal;
  /** Called after each epoch of each training, and waited for. */
  readonly onProgress?: (progress: SlopeSearchProgress) => void | Promise<void>;
}

/** How far a search is. */
export interface SlopeSearchProgress {
  /** Number of the round, from 1. */
  readonly round: number;
  /** The slope that is being tried. */
  readonly alpha: number;
  /** Epochs done, of all trainings together. */
  readonly done: number;
  /** Epochs of the whole search. */
  readonly total: number;
}

/** What became of one slope. */
export interface SlopeTrial {
  /** The slope |α|. */
  readonly alpha: number;
  /** Mean of the metric over the later half of its last round, of the samples that judge; NaN where training diverged. */
  readonly value: number;
  /** Epochs it was trained. */
  readonly epochs: number;
}

/** What a search has found, and what that took. */
export interface SlopeSearch {
  /** The slope to use. */
  readonly alpha: number;
  /** All slopes, the best first: those that came further stand before those that went out earlier. */
  readonly ranking: readonly SlopeTrial[];
  /** What they were judged by. */
  readonly metric: MetricName;
  /** How many networks were begun. */
  readonly trainings: number;
  /** Training samples that passed through them, over all epochs. */
  readonly samples: number;
  /** How long it took. */
  readonly seconds: number;
}

const NAMES: NamesOf<SlopeSearchOptions> = {
  slopes: true,
  epochs: true,
  samples: true,
  signal: true,
  onProgress: true,
};

/** What a trial may be told: hooks and where it begins are the search's own. */
const TRIAL_OPTION_NAMES = TRAIN_OPTION_NAMES.filter((name) =>
  !(HOOK_NAMES as readonly string[]).includes(name)
);

const TASK = "search for a slope";
const SLOPES: readonly number[] = [0, 0.1, 0.25, 0.4, 0.6, 0.8];
/** Share of the training samples that is used, and the fewest where there are as many. */
const PART = 1 / 5;
const FEWEST = 2000;
/** Epochs of the first round: this share of those of the run, and the least there are. */
const SHARE = 1 / 20;
const LEAST_EPOCHS = 4;
/** Share of the part that judges. */
const JUDGING = 1 / 4;

/** A slope on trial: its training goes on from round to round. */
interface Trial {
  readonly alpha: number;
  readonly run: AsyncGenerator<EpochRecord, unknown>;
  epochs: number;
  value: number;
  /** Rounds it was in. */
  rounds: number;
}

/**
 * Finds a slope for All-ReLU: trains a network with each of a few, and goes on with the better half until one is left.
 *
 * All of it happens on a part of the training samples, a quarter of which is set aside to judge; samples that `training`
 * sets aside for validation, validation and test parts of the data are not touched. Trainings are sequential and have the
 * model's seed: they differ in the slope alone. A function of data and options, for any number of threads. Cost with the
 * defaults: a tenth of the steps of the run, half of them where there are 2,000 samples or less; the memory of six
 * networks.
 *
 * Deviation: the paper takes α from a grid of whole runs (Table 5). Source: Jamieson & Talwalkar 2016 (successive halving).
 *
 * @param model Options of the network as for {@linkcode SparseMlp.for}; `activation` is what is searched for.
 * @param training Options of a training as it will be; its `epochs` decide how long trials are.
 * @throws {TypeError} When an option has the wrong type or there is none of its name, or there are less than two slopes.
 * @throws {RangeError} When an option is out of range, or there are too few samples to set some aside.
 * @throws {TrainingError} When the training of every slope diverges.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { madelonLike, searchSlope, SparseMlp } from "@truly-sparse/truly-sparse";
 *
 * const data = madelonLike({ samples: 400, features: 20, seed: 1 });
 * const network = { hidden: [32, 16], epsilon: 8, seed: 1 };
 * const { alpha, ranking } = await searchSlope(data, network, { batchSize: 16 }, { slopes: [0, 0.3, 0.6], epochs: 1 });
 * assert(ranking.length === 3 && ranking[0].alpha === alpha);
 * const model = SparseMlp.for(data, { ...network, activation: { kind: "all-relu", alpha } });
 * assert(model.layers[0].slope === -alpha);
 * ```
 */
export async function searchSlope(
  data: Dataset,
  model: Omit<ModelForOptions, "activation" | "onProgress">,
  training: Omit<TrainOptions, keyof RunHooks> = {},
  search: SlopeSearchOptions = {},
): Promise<SlopeSearch> {
  const started = performance.now();
  const usable = usableDataset(data);
  const { slopes, signal, onProgress, ...given } = readSearch(search);
  const network = readNetwork(usable, model);
  refuseUnknown(training, TRIAL_OPTION_NAMES, TASK, "training.");
  const run: TrainOptions = readByName(training, TRIAL_OPTION_NAMES, TASK, "training.");
  // A metric may be given for the search alone.
  const judged = usable.validation !== undefined || !run.validationFraction;
  const { settings } = resolveRunOptions(run, network.seed ?? 0, { validation: judged });
  const { metric, seed } = settings;
  const parts = await partsOf(usable, settings, given.samples, signal);
  const { test: _, ...rest } = usable;
  const part = { ...rest, ...parts };
  const first = given.epochs ?? Math.max(LEAST_EPOCHS, Math.ceil(SHARE * settings.epochs));
  const rounds = roundsOf(slopes.length, first);
  const options = trialOptions({ ...run, seed, ...(signal && { signal }) }, rounds);
  const trials = slopes.map((alpha): Trial => {
    const made = SparseMlp.for(part, { ...network, activation: { kind: "all-relu", alpha } });
    return { alpha, run: train(made, part, options), epochs: 0, value: NaN, rounds: 0 };
  });
  try {
    await halve(trials, rounds, metric, onProgress);
  } finally {
    for (const { run } of trials) await run.return(undefined);
  }
  const ranking = ranked(trials, metric);
  const [{ alpha, value }] = ranking;
  if (Number.isNaN(value)) {
    throw new TrainingError(
      `Cannot ${TASK}: every training diverged; a smaller learningRate may help (it is ${settings.learningRate})`,
    );
  }
  return {
    alpha,
    ranking,
    metric,
    trainings: trials.length,
    samples: trials.reduce((sum, { epochs }) => sum + epochs, 0) * parts.train.samples,
    seconds: (performance.now() - started) / 1000,
  };
}

/** Trainings that go on beside each other, and how long. */
interface Round {
  readonly trials: number;
  readonly epochs: number;
}

/**
 * The rounds of a search: in each half of the slopes of that before, until two are left, one of which wins; it trains as
 * many epochs as all before it together.
 *
 * @param first Epochs of the first.
 */
function roundsOf(slopes: number, first: number): Round[] {
  const rounds: Round[] = [{ trials: slopes, epochs: first }];
  for (let [left, epochs] = [slopes, first]; left > 2; epochs *= 2) {
    left = Math.ceil(left / 2);
    rounds.push({ trials: left, epochs });
  }
  return rounds;
}

/** Options of each training: those of the run, without what might end it early; the winner comes to its last epoch. */
function trialOptions(run: TrainOptions, rounds: readonly Round[]): TrainOptions {
  const { patience: _p, calibrate: _c, maxSteps: _m, ...options } = run;
  return {
    ...options,
    epochs: rounds.reduce((sum, { epochs }) => sum + epochs, 0),
    validationFraction: 0,
    keep: "last",
    evaluateEvery: 1,
    importancePruning: false,
  };
}

/** Successive halving: trains the slopes round by round, in each the better half of those before. */
async function halve(
  trials: readonly Trial[],
  rounds: readonly Round[],
  metric: MetricName,
  onProgress: SlopeSearchOptions["onProgress"],
): Promise<void> {
  const total = rounds.reduce((sum, { trials, epochs }) => sum + trials * epochs, 0);
  let [left, done] = [trials, 0];
  for (const [place, round] of rounds.entries()) {
    left = left.slice(0, round.trials);
    for (const trial of left) {
      const { alpha } = trial;
      const tell = () => onProgress?.({ round: place + 1, alpha, done: ++done, total });
      await trainOn(trial, round.epochs, metric, tell);
    }
    left = left.toSorted((one, other) => compare(metric, one, other));
  }
}

/** The best first: those that came further stand before those that went out earlier. */
function ranked(trials: readonly Trial[], metric: MetricName): SlopeTrial[] {
  return trials.toSorted((one, other) => other.rounds - one.rounds || compare(metric, one, other))
    .map(({ alpha, value, epochs }) => ({ alpha, value, epochs }));
}

/** Trains a slope for some epochs more; its value is the mean of what the later half of them gave. */
async function trainOn(
  trial: Trial,
  epochs: number,
  metric: MetricName,
  tell: () => void | Promise<void>,
): Promise<void> {
  trial.rounds++;
  let sum = 0;
  const judging = Math.ceil(epochs / 2);
  for (let epoch = 0; epoch < epochs; epoch++) {
    try {
      const { value, done } = await trial.run.next();
      if (done) sum = NaN;
      else if (epoch >= epochs - judging) sum += measured(value, metric);
    } catch (cause) {
      if (!(cause instanceof TrainingError)) throw cause;
      sum = NaN;
    }
    // A training that diverged is over; its epochs count as done.
    if (!Number.isNaN(sum)) trial.epochs++;
    await tell();
  }
  trial.value = sum / judging;
}

function measured(record: EpochRecord, metric: MetricName): number {
  const { validationScore, validationLoss = NaN, validationAccuracy = NaN } = record;
  return validationScore ?? (metric === "loss" ? validationLoss : validationAccuracy);
}

/** The better first; those that diverged last, in their order. */
function compare(metric: MetricName, { value: one }: Trial, { value: other }: Trial): number {
  if (Number.isNaN(one) || Number.isNaN(other)) {
    return Number(Number.isNaN(one)) - Number(Number.isNaN(other));
  }
  return isBetter(metric, one, other) ? -1 : isBetter(metric, other, one) ? 1 : 0;
}

/** The network, without its activation, which is searched for. */
function readNetwork(
  data: Dataset,
  given: Omit<ModelForOptions, "activation" | "onProgress">,
): Omit<ModelForOptions, "activation"> {
  const { activation, sizes, task: _, ...network } = optionsFor(data, given);
  if (activation !== undefined) {
    throw unfit(
      { task: TASK, name: "activation" },
      activation,
      "none: all-relu, whose slope is searched for",
    );
  }
  if (sizes.length < 3) {
    throw new TypeError(
      `Cannot ${TASK}: the network has no hidden layer, which alone have one; expected one in hidden`,
    );
  }
  return { ...network, hidden: sizes.slice(1, -1) };
}

function readSearch(
  given: SlopeSearchOptions,
): Required<Pick<SlopeSearchOptions, "slopes">> & SlopeSearchOptions {
  const { slopes: listed, epochs, samples, signal, onProgress } = onlyKnown(given, NAMES, TASK);
  const slopes = listed === undefined ? SLOPES : readList(listed, { task: TASK, name: "slopes" });
  if (slopes.length < 2) {
    throw new TypeError(`Cannot ${TASK}: there is ${slopes.length} of slopes, expected two at least`);
  }
  if (signal !== undefined) requireSignal(signal, TASK);
  return {
    slopes,
    ...(epochs !== undefined &&
      { epochs: readValue({ ...COUNT, most: 1e6, doc: "" }, epochs, { task: TASK, name: "epochs" }) }),
    ...(samples !== undefined &&
      { samples: readValue({ ...COUNT, least: 8, doc: "" }, samples, { task: TASK, name: "samples" }) }),
    ...(signal && { signal }),
    ...(onProgress !== undefined && {
      onProgress: readValue(CALLBACK, onProgress, { task: TASK, name: "onProgress" }) as typeof onProgress,
    }),
  };
}

/** A part of the samples that a run would learn from, cut in two: to learn, and to judge. */
async function partsOf(
  data: Dataset,
  { validationFraction, seed }: { readonly validationFraction: number; readonly seed: number },
  most: number | undefined,
  signal: AbortSignal | undefined,
): Promise<ValidationSplit> {
  const turn = new EventLoopTurn();
  signal?.throwIfAborted();
  const cut = async (train: Dataset["train"], fraction: number) =>
    await turn.between(validationPieces({ ...data, train }, fraction, seed));
  const { train } = validationFraction > 0 ? await cut(data.train, validationFraction) : data;
  const wanted = most ?? Math.max(FEWEST, Math.round(PART * train.samples));
  const part = wanted < train.samples ? (await cut(train, wanted / train.samples)).validation : train;
  return await cut(part, JUDGING);
}

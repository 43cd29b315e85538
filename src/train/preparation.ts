/**
 * What a run has before its first step: samples to learn from and to be judged by, and a model that is ready for them.
 *
 * @module
 */
import type { Dataset, Split } from "../data/dataset.ts";
import { shareScale, standardizationPieces } from "../data/standardization.ts";
import { validationPieces } from "../data/validation_split.ts";
import { EventLoopTurn } from "../event_loop_turn.ts";
import type { SparseMlp } from "../model/model.ts";
import { targetScalingOf } from "../model/target_scaling.ts";
import { cacheTile as cacheTileOf } from "../model/tile.ts";
import type { Standardization } from "../native/standardize.ts";
import { stateFor } from "../optimizer/optimizers.ts";
import type { Pieces } from "../pieces.ts";
import { densitiesOf } from "../topology/density_decay.ts";
import { beginFrom } from "./best_model.ts";
import type { EnginePlan } from "./engine.ts";
import type { Hyperparameters } from "./hyperparameters.ts";
import type { RunOptions } from "./options.ts";
import { withTrainingWeights } from "./sample_weights.ts";
import type { RunState } from "./state.ts";
import { newTally, type Tally } from "./tally.ts";

/** A run that is ready for its first step. */
export interface PreparedRun {
  readonly model: SparseMlp;
  readonly data: Dataset;
  /** The samples that choose the best epoch, where there are some. */
  readonly validation: Split | undefined;
  /** Where it stands; kept up to date. */
  readonly state: RunState;
  /** What it has reached: that of the state. */
  readonly tally: Tally;
  /** What its engine is made for. */
  readonly plan: EnginePlan;
}

/** Samples to learn from, and those to choose a model with. */
type Parts = Pick<Dataset, "train" | "validation">;

/**
 * Makes a model ready to be trained from where the state stands.
 *
 * @param data Usable.
 * @param options Made by `checkedRun` for this model and these data.
 * @throws {unknown} The reason of the signal.
 */
export async function prepareRun(
  model: SparseMlp,
  data: Dataset,
  { settings, hooks, state }: RunOptions,
): Promise<PreparedRun> {
  const turn = new EventLoopTurn();
  const { signal } = hooks;
  const { train, validation } = await turn.between(partsOf(data, settings), signal);
  const split = withTrainingWeights(train, data, settings.classWeights);
  state.batchSize = settings.batchSize;
  beginFrom(model, state, settings.keep);
  model.temperature = 1;
  model.holdState(stateFor(settings, model.optimizerState));
  const epochsDone = state.epoch;
  const tell = (done: number, total: number) =>
    hooks.onPhase?.({ phase: "statistics", epoch: epochsDone + 1, done, total });
  model.standardization ??= await turn.between(
    statisticsOf(split, data.featureCount, settings, tell),
    signal,
  );
  if (model.trainedMark !== undefined) Atomics.store(model.trainedMark, 0, 1);
  if (data.task === "regression") model.targetScaling ??= targetScalingOf(split.targets, data.outputCount);
  model.classNames = data.classNames;
  if (data.schema !== undefined) model.schema = data.schema;
  const tally = state.tally ??= newTally(model.stats().parameters);
  // Sums are taken tile by tile: a network that is compacted on the way keeps the tiles it began with.
  const cacheTile = state.cacheTile ??= cacheTileOf(model.settings.sizes);
  if (settings.finalDensity !== undefined) state.startDensities ??= densitiesOf(model.layers.slice(0, -1));
  const { startDensities } = state;
  const plan = { split, settings, hooks, epochsDone, startDensities, cacheTile, turn };
  return { model, data, validation, state, tally, plan };
}

/** The data's own parts, or the training samples cut in two where a part of them is to be set aside. */
function* partsOf(data: Dataset, { validationFraction, seed }: Hyperparameters): Pieces<Parts> {
  if (data.validation !== undefined || validationFraction === 0) return data;
  return yield* validationPieces(data, validationFraction, seed);
}

/** Mean and scale of each feature; the scale is one for all of them where that is asked for. */
function* statisticsOf(
  split: Split,
  featureCount: number,
  { threads, augmentation, featureScale = augmentation === undefined ? "each" : "common" }: Hyperparameters,
  tell: (done: number, total: number) => void,
): Pieces<Standardization> {
  const statistics = yield* standardizationPieces(split, featureCount, threads, tell);
  if (featureScale === "common") shareScale(statistics);
  return statistics;
}

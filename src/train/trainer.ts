/**
 * The trainer: the loop over epochs of training, evaluation, Importance Pruning and SET.
 *
 * @module
 */
import { classCounts, type Dataset, type Split, usableDataset } from "../data/dataset.ts";
import { shareScale, standardizationPieces } from "../data/standardization.ts";
import { validationPieces, type ValidationSplit } from "../data/validation_split.ts";
import { FeatureError } from "../errors.ts";
import { firstUnfit } from "../finite.ts";
import { type CurvePoint, keepCurve, pointOf } from "../model/learning_curve.ts";
import { pictured } from "../picture.ts";
import { learnsSlope } from "../model/activation.ts";
import type { SparseMlp } from "../model/model.ts";
import { requireModel } from "../model/model_argument.ts";
import { targetScalingOf } from "../model/target_scaling.ts";
import { stateFor } from "../optimizer/optimizers.ts";
import { cacheTile as cacheTileOf } from "../model/tile.ts";
import { becomeBest, beginFrom, keepAsBest } from "./best_model.ts";
import { calibrationPieces } from "./calibration.ts";
import { checkedRun } from "./compatibility.ts";
import { diverged, type Engine, type EnginePlan } from "./engine.ts";
import { type Evaluation, SplitEvaluator } from "./evaluation.ts";
import { densitiesOf, hasFinalDensity } from "../topology/density_decay.ts";
import { EventLoopTurn } from "../event_loop_turn.ts";
import type { PhaseProgress } from "./hooks.ts";
import type { Hyperparameters } from "./hyperparameters.ts";
import { epochDisplay, epochPicture, summaryDisplay, summaryPicture } from "./record_pictures.ts";
import { metricPieces, needsOutputs } from "./selection.ts";
import { resolveRunOptions, type RunOptions, type TrainOptions } from "./options.ts";
import type { EpochRecord, TrainSummary } from "./records.ts";
import { withTrainingWeights } from "./sample_weights.ts";
import { samplesBetween, SequentialEngine } from "./sequential.ts";
import { judgeValidation, refuseBegun, takeState } from "./state.ts";
import { topologyRecords } from "./topology_records.ts";
import { newTally, summarize, tallyEpoch } from "./tally.ts";

/**
 * Trains a model in place, epoch by epoch.
 *
 * After each epoch: evaluation, then (but for the last epoch) Importance Pruning where it is due, then SET. Features
 * and the targets of a regression are standardised with the statistics of the training samples, which the model keeps: its
 * losses are of standardised targets, its predictions in their own unit. Where there are validation samples (those of the
 * data set, or a `validationFraction` set aside), the model ends as it was after its best epoch (`keep`), also when the
 * run was not stopped early; the arrays of its layers are then others than before. A run that is left before its end leaves the model as it stands, with `SparseMlp.best`
 * beside.
 *
 * Paper: §2, §2.1 Algorithm 2, Methods. The same bits for any number of threads. Memory: the activations of one tile;
 * a step allocates nothing.
 *
 * Timers, messages, requests and signals have their turn every 20 ms while it is iterated, or after each step, change of
 * the topology or copy of the best epoch that is longer; an abort is heard then. The call is one piece: it reads all
 * numbers of the data once to check them, 12 ms for 80 MB.
 *
 * @returns An iterator over epoch records, whose return value is the summary.
 * @throws {TypeError} At the call, when there is no option of a name or its value has the wrong type, or model and data do
 * not fit together; with the first record, when the model is in another run.
 * @throws {RangeError} At the call, when a value is out of range, or a layer of a network that was never trained has no
 * connection.
 * @throws {TrainingError} When the loss, or a weight at the end, is no longer finite; the model cannot be used then.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { madelonLike, SparseMlp, train } from "@truly-sparse/truly-sparse";
 *
 * const data = madelonLike({ samples: 400, testSamples: 100, features: 20, seed: 1 });
 * const model = SparseMlp.create({ sizes: [20, 32, 2], epsilon: 8, seed: 1 });
 * for await (const epoch of train(model, data, { epochs: 3, batchSize: 16 })) assert(epoch.trainLoss > 0);
 * ```
 */
export function train(
  model: SparseMlp,
  data: Dataset,
  options: TrainOptions = {},
): AsyncGenerator<EpochRecord, TrainSummary> {
  requireModel(model, "train");
  const usable = usableDataset(data);
  const validation = usable.validation !== undefined;
  const run = checkedRun(model, usable, resolveRunOptions(options, model.settings.seed, { validation }));
  refuseBegun(run.state);
  return trainWith(model, usable, run, (plan) => new SequentialEngine(model, usable, plan));
}

/**
 * As {@linkcode train}, of usable data, with the epochs trained by the given engine.
 *
 * @param run Made by `checkedRun` for this model and these data.
 */
export async function* trainWith(
  model: SparseMlp,
  data: Dataset,
  { settings, hooks, state }: RunOptions,
  makeEngine: (plan: EnginePlan) => Engine | Promise<Engine>,
): AsyncGenerator<EpochRecord, TrainSummary> {
  using _ = model.use.train();
  using _state = takeState(state);
  const { threads, maxSteps, metric, keep, patience = Infinity } = settings;
  const turn = new EventLoopTurn();
  const { signal } = hooks;
  const parts = await validationParts(data, settings, turn, signal);
  const trainSplit = withTrainingWeights(parts?.train ?? data.train, data, settings.classWeights);
  const steps = Math.ceil(trainSplit.samples / settings.batchSize);
  const epochs = Math.min(settings.epochs, Math.ceil(maxSteps / steps));
  state.batchSize = settings.batchSize;
  beginFrom(model, state, keep);
  model.temperature = 1;
  const tell = (phase: PhaseProgress["phase"], epoch: number) => (done: number, total: number) =>
    hooks.onPhase?.({ phase, epoch, done, total });
  model.holdState(stateFor(settings, model.optimizerState));
  if (model.standardization === undefined) {
    const statistics = await turn.between(
      standardizationPieces(trainSplit, data.featureCount, threads, tell("statistics", state.epoch + 1)),
      signal,
    );
    const { augmentation, featureScale = augmentation === undefined ? "each" : "common" } = settings;
    if (featureScale === "common") shareScale(statistics);
    model.standardization = statistics;
  }
  if (model.trainedMark !== undefined) Atomics.store(model.trainedMark, 0, 1);
  if (data.task === "regression") {
    model.targetScaling ??= targetScalingOf(trainSplit.targets, data.outputCount);
  }
  model.classNames = data.classNames;
  if (data.schema !== undefined) model.schema = data.schema;
  const tally = state.tally ??= newTally(model.stats().parameters);
  // Sums are taken tile by tile: a network that is compacted on the way keeps the tiles it began with.
  const cacheTile = state.cacheTile ??= cacheTileOf(model.settings.sizes);
  if (settings.finalDensity !== undefined) state.startDensities ??= densitiesOf(model.layers.slice(0, -1));
  const engine = await makeEngine({
    split: trainSplit,
    settings,
    hooks,
    epochsDone: state.epoch,
    startDensities: state.startDensities,
    cacheTile,
    turn,
  });
  const topology = topologyRecords(model, settings, state.epoch);
  const { microBatch, activationStorage } = settings;
  const evaluator = (split: Split | undefined) =>
    split &&
    new SplitEvaluator(model, split, {
      threads,
      microBatch,
      activationStorage,
      cacheTile,
      work: engine.work,
    });
  const points: CurvePoint[] = [];
  keepCurve(model, points);
  let stoppedEarly = false;
  try {
    const validation = evaluator(parts?.validation);
    const test = evaluator(data.test);
    const outputs = new Float32Array(
      parts && needsOutputs(metric, parts.validation) ? parts.validation.samples * data.outputCount : 0,
    );
    if (turn.due) await turn.take();
    // The last epoch of a run leaves the topology alone; a longer run makes up for it.
    await model.use.saved();
    if (!state.evolved && state.step === 0) {
      await engine.changeTopology(state.epoch);
      state.evolved = true;
    }
    for (let epoch = state.epoch + 1; epoch <= epochs; epoch++) {
      const end = Math.min(steps, maxSteps - (epoch - 1) * steps);
      const inTurn = samplesBetween(state.step, end, trainSplit.samples, settings.batchSize);
      await model.use.saved();
      const [{ evolution, samples = inTurn, ...trained }, epochSeconds] = await timed(() =>
        engine.epoch(epoch, state)
      );
      const seconds = epochSeconds - evolution.seconds;
      const due = epoch % settings.evaluateEvery === 0 || epoch === epochs;
      const [evaluations, evaluationSeconds] = await timed(async () => {
        if (!due) return {};
        const onBatch = tell("evaluation", epoch);
        return {
          validation: validation &&
            await inPart("validation", evaluate(validation, turn, signal, onBatch, outputs)),
          test: test && await inPart("test", evaluate(test, turn, signal, onBatch)),
        };
      });
      // A training loss is of the weights before its step: only this tells of the last step.
      for (const [part, evaluation] of Object.entries(evaluations)) {
        if (evaluation === undefined || Number.isFinite(evaluation.loss)) continue;
        throw diverged(`the ${part} loss is not finite after epoch ${epoch}`, trained.learningRate);
      }
      // The end of the epoch will tell; a run that goes on must not have been told before.
      const whole = end === steps;
      const score = parts && evaluations.validation &&
        await turn.between(
          metricPieces(metric, data.task, evaluations.validation, parts.validation, outputs),
          signal,
        );
      // On its way down the density is not yet what was asked for.
      const judged = whole && score !== undefined && hasFinalDensity(model.layers.slice(0, -1), settings)
        ? judgeValidation(state, { epoch, metric, value: score })
        : undefined;
      if (turn.due) await turn.take();
      const improved = judged !== undefined && judged.best !== state.best;
      if (improved && keep === "best") {
        await model.use.saved();
        keepAsBest(model);
      }
      // An evaluation that is no reason to stop is none that was waited for.
      const waits = judged !== undefined && (engine.mayStopAfter?.(epoch) ?? true);
      const evaluationsSinceBest = waits ? judged.evaluationsSinceBest : 0;
      const stop = evaluationsSinceBest >= patience;
      const last = epoch === epochs || stop;
      if (last) {
        checkWeights(model, epoch, trained.learningRate);
        const alone = validation === undefined && test === undefined;
        const found = alone ? evaluator(firstOf(trainSplit, data))?.run() : undefined;
        if (found !== undefined && !Number.isFinite(found.loss)) {
          throw diverged(`the training loss is not finite after epoch ${epoch}`, trained.learningRate);
        }
      }
      const learned = learnedSlopes(model);
      if (!(learned.slopes ?? []).every(Number.isFinite)) {
        throw diverged(`a learned slope is not finite after epoch ${epoch}`, trained.learningRate);
      }
      await model.use.saved();
      const [change, evolutionSeconds] = await timed(() =>
        last ? { replaced: 0, pruned: 0 } : engine.changeTopology(epoch)
      );
      if (turn.due) await turn.take();
      const { parameters, connections } = model.stats();
      const record: EpochRecord = pictured(
        {
          epoch,
          ...(!whole && { steps: end }),
          ...trained,
          ...named("validation", evaluations.validation),
          ...(outputs.length > 0 && score !== undefined && { validationScore: score }),
          ...named("test", evaluations.test),
          parameters,
          connections,
          ...learned,
          seconds,
          evolutionSeconds: evolutionSeconds + evolution.seconds,
          evaluationSeconds,
          samplesPerSecond: samples / seconds,
          replaced: evolution.replaced + change.replaced,
          pruned: change.pruned,
          ...topology?.({ epoch, step: end, steps }),
        },
        epochPicture,
        epochDisplay,
      );
      points.push(pointOf(record));
      tallyEpoch(tally, record, improved);
      if (whole) {
        Object.assign(state, {
          ...{ epoch, step: 0, loss: 0, correct: 0, flow: 0, replaced: 0, evolved: !last },
        });
        delete state.begun;
        if (judged) Object.assign(state, { best: judged.best, evaluationsSinceBest });
      }
      yield record;
      if (stop) {
        stoppedEarly = true;
        break;
      }
    }
  } catch (cause) {
    throw cause instanceof FeatureError ? cause.at({ name: data.featureNames[cause.place.feature] }) : cause;
  } finally {
    await engine.close?.();
  }
  if (keep === "best") {
    await model.use.saved();
    becomeBest(model, state);
  }
  const calibration = settings.calibrate && parts
    ? await turn.between(
      calibrationPieces(model, parts.validation, { threads, microBatch: settings.microBatch }),
      signal,
    )
    : undefined;
  const summary = summarize(tally, keep === "best" ? state.best : undefined);
  const counts = data.task === "classification" ? classCounts(trainSplit, data.outputCount) : [];
  return pictured(
    {
      ...summary,
      lastTrainLoss: summary.lastTrainLoss ?? NaN,
      classCounts: Array.from(counts),
      stoppedEarly,
      ...(calibration && { calibration }),
    },
    summaryPicture,
    (summary) => summaryDisplay(summary, points),
  );
}

/** The slopes that layers have learned so far. */
function learnedSlopes({ layers }: SparseMlp): Pick<EpochRecord, "slopes"> {
  const learning = layers.filter(({ activation }) => learnsSlope(activation));
  return learning.length === 0 ? {} : { slopes: learning.map(({ slope }) => slope!) };
}

/** Evaluates, and lets other tasks of the program run meanwhile. */
async function evaluate(
  evaluator: SplitEvaluator,
  turn: EventLoopTurn,
  signal: AbortSignal | undefined,
  onBatch: (done: number, total: number) => void,
  outputs?: Float32Array,
): Promise<Evaluation> {
  const batches = evaluator.batches(outputs);
  for (;;) {
    const { done, value } = batches.next();
    if (done) return value;
    onBatch(value, evaluator.samples);
    if (turn.due) await turn.take();
    if (signal?.aborted) signal.throwIfAborted();
  }
}

/** Says of a feature that could not be used which part of the data its sample belongs to. */
async function inPart<T>(part: "validation" | "test", work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw cause instanceof FeatureError ? cause.at({ source: `the ${part} part` }) : cause;
  }
}

/** Training and validation samples, where there are any of the latter: the data's own, or a part set aside. */
async function validationParts(
  data: Dataset,
  { validationFraction, seed }: Hyperparameters,
  turn: EventLoopTurn,
  signal: AbortSignal | undefined,
): Promise<ValidationSplit | undefined> {
  const { train, validation } = data;
  if (validation !== undefined) return { train, validation };
  if (validationFraction === 0) return undefined;
  return await turn.between(validationPieces(data, validationFraction, seed), signal);
}

/** Refuses to end a run with what no file could hold: an evaluation may never have met a weight that is NaN. */
function checkWeights({ layers }: SparseMlp, epoch: number, learningRate: number): void {
  const finite = layers.every(({ values, nnz, bias, activationParameters }) =>
    [values.subarray(0, nnz), bias, activationParameters].every((numbers) => firstUnfit(numbers) < 0)
  );
  if (!finite) throw diverged(`weights are not finite after epoch ${epoch}`, learningRate);
}

/** Most training samples that stand for all where nothing else is evaluated at the end of a run. */
const FEW = 128;

/** The first training samples, each counted once. */
function firstOf({ weights: _, ...split }: Split, { featureCount, outputCount }: Dataset): Split {
  const samples = Math.min(split.samples, FEW);
  const { features, labels, targets } = split;
  return {
    ...split,
    samples,
    features: features.subarray(0, samples * featureCount),
    labels: labels.subarray(0, samples),
    targets: targets.subarray(0, samples * outputCount),
  };
}

async function timed<T>(work: () => T | Promise<T>): Promise<[T, number]> {
  const started = performance.now();
  const result = await work();
  return [result, (performance.now() - started) / 1000];
}

function named(part: "validation" | "test", evaluation: Evaluation | undefined): Partial<EpochRecord> {
  if (evaluation === undefined) return {};
  return { [`${part}Loss`]: evaluation.loss, [`${part}Accuracy`]: evaluation.accuracy };
}

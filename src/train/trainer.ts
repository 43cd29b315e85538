/**
 * The trainer: the loop over epochs of training, evaluation, Importance Pruning and SET.
 *
 * @module
 */
import { type Dataset, usableDataset } from "../data/dataset.ts";
import { FeatureError } from "../errors.ts";
import { type CurvePoint, keepCurve, pointOf } from "../model/learning_curve.ts";
import type { SparseMlp } from "../model/model.ts";
import { requireModel } from "../model/model_argument.ts";
import { pictured } from "../picture.ts";
import type { TopologyCounts } from "../topology/change.ts";
import { keepAsBest } from "./best_model.ts";
import { checkedRun } from "./compatibility.ts";
import { checkLoss, checkSlopes, checkWeights } from "./divergence.ts";
import { endRun } from "./ending.ts";
import type { Engine, EnginePlan, EvolutionInside, Trained } from "./engine.ts";
import { epochMeasures, lossOfFew, NOT_MEASURED } from "./epoch_measures.ts";
import { judgeEpoch } from "./judgement.ts";
import { resolveRunOptions, type RunOptions, type TrainOptions } from "./options.ts";
import { type PreparedRun, prepareRun } from "./preparation.ts";
import { epochDisplay, epochPicture } from "./record_pictures.ts";
import type { EpochRecord, TrainSummary } from "./records.ts";
import { samplesBetween, SequentialEngine } from "./sequential.ts";
import { passEpoch, refuseBegun, takeState } from "./state.ts";
import { tallyEpoch } from "./tally.ts";
import { topologyRecords } from "./topology_records.ts";

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
 * @param options Made by `checkedRun` for this model and these data.
 */
export async function* trainWith(
  model: SparseMlp,
  data: Dataset,
  options: RunOptions,
  makeEngine: (plan: EnginePlan) => Engine | Promise<Engine>,
): AsyncGenerator<EpochRecord, TrainSummary> {
  using _ = model.use.train();
  using _state = takeState(options.state);
  const run = await prepareRun(model, data, options);
  const engine = await makeEngine(run.plan);
  const points: CurvePoint[] = [];
  keepCurve(model, points);
  let stoppedEarly: boolean;
  try {
    stoppedEarly = yield* epochsOf(run, engine, points);
  } catch (cause) {
    throw cause instanceof FeatureError ? cause.at({ name: data.featureNames[cause.place.feature] }) : cause;
  } finally {
    await engine.close?.();
  }
  return await endRun(run, points, stoppedEarly);
}

/**
 * The epochs from where the state stands to the last, or to the one after which there is no more patience.
 *
 * @param points Receives what is shown of each epoch.
 * @returns Whether the run stopped early.
 */
async function* epochsOf(
  run: PreparedRun,
  engine: Engine,
  points: CurvePoint[],
): AsyncGenerator<EpochRecord, boolean> {
  const { model, state, plan: { settings, split, turn } } = run;
  const { maxSteps, evaluateEvery } = settings;
  const steps = Math.ceil(split.samples / settings.batchSize);
  const epochs = Math.min(settings.epochs, Math.ceil(maxSteps / steps));
  const topology = topologyRecords(model, settings, state.epoch);
  const measure = epochMeasures(run, engine.work);
  if (turn.due) await turn.take();
  await makeUpForChange(run, engine);
  for (let epoch = state.epoch + 1; epoch <= epochs; epoch++) {
    const end = Math.min(steps, maxSteps - (epoch - 1) * steps);
    const whole = end === steps;
    const trained = await trainEpoch(run, engine, epoch, end);
    const { learningRate } = trained.told;
    const due = epoch % evaluateEvery === 0 || epoch === epochs;
    const measured = due ? await measure(epoch, learningRate) : NOT_MEASURED;
    // The end of the epoch will tell; a run that goes on must not have been told before.
    const judged = whole ? judgeEpoch(run, engine, epoch, measured.score) : undefined;
    if (turn.due) await turn.take();
    if (judged?.improved && settings.keep === "best") {
      await model.use.saved();
      keepAsBest(model);
    }
    const last = epoch === epochs || judged?.stops === true;
    if (last) checkEnd(run, engine, epoch, learningRate);
    const slopes = checkSlopes(model, epoch, learningRate);
    const changed = await changeAfter(run, engine, epoch, last);
    if (turn.due) await turn.take();
    const { parameters, connections } = model.stats();
    const record: EpochRecord = pictured(
      {
        epoch,
        ...(!whole && { steps: end }),
        ...trained.told,
        ...measured.told,
        parameters,
        connections,
        ...(slopes.length > 0 && { slopes }),
        seconds: trained.seconds,
        evolutionSeconds: changed.seconds + trained.evolution.seconds,
        evaluationSeconds: measured.seconds,
        samplesPerSecond: trained.samples / trained.seconds,
        replaced: trained.evolution.replaced + changed.replaced,
        pruned: changed.pruned,
        ...topology?.({ epoch, step: end, steps }),
      },
      epochPicture,
      epochDisplay,
    );
    points.push(pointOf(record));
    tallyEpoch(run.tally, record, judged?.improved ?? false);
    if (whole) passEpoch(state, epoch, { evolved: !last, judged });
    yield record;
    if (judged?.stops) return true;
  }
  return false;
}

/** What an epoch of training gave, and what it took. */
interface TrainedEpoch {
  /** What the record tells of it. */
  readonly told: Omit<Trained, "evolution" | "samples">;
  readonly evolution: EvolutionInside;
  /** Samples that were trained on in this run. */
  readonly samples: number;
  /** Seconds of training, without those of the evolution inside. */
  readonly seconds: number;
}

/** Trains an epoch, up to step `end` of it. */
async function trainEpoch(
  { model, state, plan: { split, settings } }: PreparedRun,
  engine: Engine,
  epoch: number,
  end: number,
): Promise<TrainedEpoch> {
  await model.use.saved();
  const inTurn = samplesBetween(state.step, end, split.samples, settings.batchSize);
  const [{ evolution, samples = inTurn, ...told }, seconds] = await timed(() => engine.epoch(epoch, state));
  return { told, evolution, samples, seconds: seconds - evolution.seconds };
}

/** Refuses to end a run with what no file could hold, or with a last step of which no evaluation tells. */
function checkEnd(run: PreparedRun, engine: Engine, epoch: number, learningRate: number): void {
  checkWeights(run.model, epoch, learningRate);
  const evaluated = run.validation !== undefined || run.data.test !== undefined;
  if (!evaluated) checkLoss("training", lossOfFew(run, engine.work), epoch, learningRate);
}

/** The last epoch of a run leaves the topology alone; a longer run makes up for it. */
async function makeUpForChange({ model, state }: PreparedRun, engine: Engine): Promise<void> {
  await model.use.saved();
  if (state.evolved || state.step > 0) return;
  await engine.changeTopology(state.epoch);
  state.evolved = true;
}

/** Changes the topology after an epoch, unless it is the last. */
async function changeAfter(
  { model }: PreparedRun,
  engine: Engine,
  epoch: number,
  last: boolean,
): Promise<TopologyCounts & { readonly seconds: number }> {
  await model.use.saved();
  const [counts, seconds] = await timed(() =>
    last ? { replaced: 0, pruned: 0 } : engine.changeTopology(epoch)
  );
  return { ...counts, seconds };
}

async function timed<T>(work: () => T | Promise<T>): Promise<[T, number]> {
  const started = performance.now();
  const result = await work();
  return [result, (performance.now() - started) / 1000];
}

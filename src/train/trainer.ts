/**
 * The trainer: epochs of momentum SGD, and SET with Importance Pruning between them.
 *
 * @module
 */
import {
  classCounts,
  type Dataset,
  type Split,
  splitValidation,
  standardizationOf,
  validateDataset,
} from "../data/dataset.ts";
import { validateAugmentation } from "../data/augment.ts";
import { TrainingError } from "../errors.ts";
import type { SparseMlp } from "../model/model.ts";
import { scheduleFactor } from "../model/schedule.ts";
import { tileWidth } from "../model/tile.ts";
import { applyGradients, squaredNorm } from "../native/optimizer.ts";
import { shuffle } from "../native/random.ts";
import { trainBatch, workspaceWords } from "../native/step.ts";
import { sharedWords } from "../sparse/shared.ts";
import { weightLaw } from "../sparse/init.ts";
import { compact } from "../topology/compaction.ts";
import { evolveConnections } from "../topology/evolution.ts";
import { pruneByImportance } from "../topology/importance.ts";
import { BatchBuilder } from "./batches.ts";
import { Breath } from "./breath.ts";
import { type Evaluation, Evaluator } from "./evaluation.ts";
import { newRunState, type RunState } from "./state.ts";
import {
  type PhaseProgress,
  resolveTrainOptions,
  stepConstants,
  type TrainOptions,
  type TrainSettings,
} from "./options.ts";
import type { EpochRecord, TrainSummary } from "./records.ts";
import { Tally } from "./tally.ts";

export type { EpochRecord, ParallelRecord, TrainSummary } from "./records.ts";

/**
 * Trains a model in place, epoch by epoch.
 *
 * After each epoch: evaluation, then (but for the last epoch) Importance Pruning where it is due, then SET. Features
 * are standardised with the statistics of the training samples, which the model keeps.
 *
 * Paper: §2, §2.1 Algorithm 2, Methods. The same bits for any number of threads. Memory: the activations of one tile;
 * a step allocates nothing.
 *
 * @returns An iterator over epoch records, whose return value is the summary.
 * @throws {TypeError} When model and data do not fit together.
 * @throws {RangeError} When a setting is out of range.
 * @throws {TrainingError} When the loss is no longer finite.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { madelonLike } from "../data/generator.ts";
 * import { SparseMlp } from "../model/model.ts";
 * import { train } from "./trainer.ts";
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
  return trainWith(model, data, options, ({ split, settings }) => new Run(model, data, split, settings));
}

/** What an {@linkcode Engine} is made for. */
export interface EnginePlan {
  /** The samples to learn from, validation samples taken out. */
  readonly split: Split;
  readonly settings: TrainSettings;
}

/** What trains a model, epoch by epoch; the loop around it evaluates, records and stops. */
export interface Engine {
  /**
   * Trains one epoch; the model then has what was learned.
   *
   * @param state Where the run stands; an engine that can be stopped inside an epoch keeps it up to date.
   */
  epoch(epoch: number, state: RunState): Promise<Trained>;
  /** Changes the topology after an epoch that is not the last. */
  changeTopology(epoch: number): TopologyCounts | Promise<TopologyCounts>;
  /** Whether the run may stop early after this epoch; where it is not given, it may after all. */
  mayStopAfter?(epoch: number): boolean;
  /** Work memory that evaluations may use between two epochs. */
  readonly work?: Uint32Array;
  /** Called once, when the run is over for whatever reason. */
  close?(): void | Promise<void>;
}

/** As {@linkcode train}, with the epochs trained by the given engine. */
export async function* trainWith(
  model: SparseMlp,
  data: Dataset,
  options: TrainOptions,
  makeEngine: (plan: EnginePlan) => Engine | Promise<Engine>,
): AsyncGenerator<EpochRecord, TrainSummary> {
  const settings = resolveTrainOptions(options, model.settings.seed);
  validateDataset(data);
  checkFit(model, data, settings);
  const { validationFraction, threads, seed, maxSteps } = settings;
  const parts = validationFraction > 0 ? splitValidation(data, validationFraction, seed) : undefined;
  const trainSplit = parts?.train ?? data.train;
  if (settings.batchSize > trainSplit.samples) {
    throw new RangeError(
      `Cannot train: batchSize is ${settings.batchSize}, the data have ${trainSplit.samples} training samples`,
    );
  }
  const steps = Math.ceil(trainSplit.samples / settings.batchSize);
  const epochs = Math.min(settings.epochs, Math.ceil(maxSteps / steps));
  const state = settings.state ?? newRunState(settings.epochsDone);
  const stepsDone = state.epoch * steps + state.step;
  if (stepsDone >= maxSteps) {
    throw new RangeError(`Cannot train up to step ${maxSteps}: ${stepsDone} steps are done`);
  }
  const tell = (phase: PhaseProgress["phase"], epoch: number) => (done: number, total: number) =>
    settings.onPhase?.({ phase, epoch, done, total });
  model.standardization ??= standardizationOf(
    trainSplit,
    data.featureCount,
    threads,
    tell("statistics", state.epoch + 1),
  );
  model.classNames = data.classNames;
  const tally = new Tally(model, state);
  const run = await makeEngine({ split: trainSplit, settings });
  const { microBatch, activationStorage } = settings;
  const evaluator = (split: Split | undefined) =>
    split && model.standardization &&
    new Evaluator(model, split, model.standardization, {
      threads,
      microBatch,
      activationStorage,
      work: run.work,
    });
  try {
    const validation = evaluator(parts?.validation);
    const test = evaluator(data.test);
    // The last epoch of a run leaves the topology alone; a longer run makes up for it.
    if (!state.evolved) await run.changeTopology(state.epoch);
    state.evolved = true;
    for (let epoch = state.epoch + 1; epoch <= epochs; epoch++) {
      const end = Math.min(steps, maxSteps - (epoch - 1) * steps);
      const samples = samplesBetween(state.step, end, trainSplit.samples, settings.batchSize);
      const [trained, seconds] = await timed(() => run.epoch(epoch, state));
      const due = epoch % settings.evaluateEvery === 0 || epoch === epochs;
      const [evaluations, evaluationSeconds] = await timed(async () => {
        if (!due) return {};
        const onBatch = tell("evaluation", epoch);
        return {
          validation: validation && await evaluate(validation, settings.signal, onBatch),
          test: test && await evaluate(test, settings.signal, onBatch),
        };
      });
      // A training loss is of the weights before its step: only this tells of the last step.
      for (const [part, evaluation] of Object.entries(evaluations)) {
        if (evaluation === undefined || Number.isFinite(evaluation.loss)) continue;
        throw diverged(`the ${part} loss is not finite after epoch ${epoch}`, trained.learningRate);
      }
      const whole = end === steps;
      const counts = run.mayStopAfter?.(epoch) ?? true;
      const stop = whole && tally.stopsEarly(evaluations.validation, settings.patience, counts);
      const last = epoch === epochs || stop;
      const [change, evolutionSeconds] = await timed(() =>
        last ? { replaced: 0, pruned: 0 } : run.changeTopology(epoch)
      );
      const { parameters, connections } = model.stats();
      const record: EpochRecord = {
        epoch,
        ...(!whole && { steps: end }),
        ...trained,
        ...named("validation", evaluations.validation),
        ...named("test", evaluations.test),
        parameters,
        connections,
        seconds,
        evolutionSeconds,
        evaluationSeconds,
        samplesPerSecond: samples / seconds,
        ...change,
      };
      tally.add(record);
      if (whole) Object.assign(state, { epoch, step: 0, loss: 0, correct: 0, flow: 0, evolved: !last });
      yield record;
      if (stop) break;
    }
  } finally {
    await run.close?.();
  }
  return tally.summary(data.task === "classification" ? classCounts(trainSplit, data.outputCount) : []);
}

/** Evaluates, and lets other tasks of the program run meanwhile. */
async function evaluate(
  evaluator: Evaluator,
  signal: AbortSignal | undefined,
  onBatch: (done: number, total: number) => void,
): Promise<Evaluation> {
  const [batches, breath] = [evaluator.batches(), new Breath()];
  for (;;) {
    const { done, value } = batches.next();
    if (done) return value;
    onBatch(value, evaluator.samples);
    if (breath.due) await breath.take();
    if (signal?.aborted) signal.throwIfAborted();
  }
}

/** Samples of the steps from `first` up to (not including) `end`. */
function samplesBetween(first: number, end: number, samples: number, batchSize: number): number {
  return Math.max(0, Math.min(end * batchSize, samples) - first * batchSize);
}

function checkFit(model: SparseMlp, data: Dataset, settings: TrainSettings): void {
  const { sizes, task } = model.settings;
  const [inputs, outputs] = [model.featureCount, sizes[sizes.length - 1]];
  if (inputs !== data.featureCount || outputs !== data.outputCount) {
    throw new TypeError(
      `Cannot train on "${data.name}": it has ${data.featureCount} features and ${data.outputCount} outputs, ` +
        `the model takes ${inputs} and gives ${outputs}`,
    );
  }
  if (task !== data.task) {
    throw new TypeError(`Cannot train on "${data.name}": it is for ${data.task}, the model for ${task}`);
  }
  if (settings.augmentation !== undefined) {
    if (data.image === undefined || !(data.train.features instanceof Uint8Array)) {
      throw new TypeError(`Cannot augment "${data.name}": its samples are not images in bytes`);
    }
    validateAugmentation(settings.augmentation, data.image);
  }
}

/** Training in one process: the buffers of a run, and what is done with them. */
class Run implements Engine {
  readonly #model: SparseMlp;
  readonly #settings: TrainSettings;
  readonly #constants: ReturnType<typeof stepConstants>;
  readonly #samples: number;
  readonly #builder: BatchBuilder;
  readonly #order: Uint32Array;
  readonly work: Uint32Array;
  #gradients: Uint32Array;
  readonly #totals = new Float64Array(2);
  readonly #breath = new Breath();

  constructor(model: SparseMlp, data: Dataset, split: Split, settings: TrainSettings) {
    const { batchSize, threads, seed, dropout, augmentation, activationStorage, recompute } = settings;
    const width = tileWidth(model.settings.sizes, batchSize, settings);
    this.#model = model;
    this.#settings = settings;
    this.#constants = stepConstants(settings);
    this.#samples = split.samples;
    this.#builder = new BatchBuilder({
      split,
      standardization: model.standardization!,
      batchSize,
      width,
      activationStorage,
      threads,
      seed,
      ...(augmentation && { augmentation }),
      ...(data.image && { image: data.image }),
    });
    this.#order = sharedWords(split.samples);
    const use = { training: true, dropout: dropout > 0, activationStorage, recompute };
    this.work = sharedWords(workspaceWords(model.memory, width, use));
    // Nesterov's form needs the whole gradient of a batch that passes in several tiles.
    const written = settings.gradientFlow || (settings.nesterov && batchSize > width);
    this.#gradients = written ? model.allocateGradients() : new Uint32Array(0);
  }

  /** One pass over the training samples, in random order, from where the state stands. */
  async epoch(epoch: number, state: RunState): Promise<Trained> {
    const { batchSize, seed, epochs, maxSteps, signal, onProgress } = this.#settings;
    shuffle(this.#order, seed, epoch);
    const steps = Math.ceil(this.#samples / batchSize);
    const end = Math.min(steps, maxSteps - (epoch - 1) * steps);
    const base = this.#settings;
    const rate = (number: number) =>
      base.learningRate * scheduleFactor(base.schedule, number / steps, epochs);
    if (state.step > steps) {
      throw new RangeError(
        `Cannot go on from step ${state.step}: with this batch size an epoch has ${steps}`,
      );
    }
    let learningRate = rate(epoch * steps - 1);
    const [started, before] = [performance.now(), state.step * batchSize];
    for (let step = state.step; step < end; step++) {
      signal?.throwIfAborted();
      const first = step * batchSize;
      const size = Math.min(batchSize, this.#samples - first);
      const number = (epoch - 1) * steps + step;
      learningRate = rate(number);
      state.flow += this.#step(this.#builder.build(this.#order, first, size, epoch), learningRate, number);
      state.loss += this.#totals[0];
      state.correct += this.#totals[1];
      state.step = step + 1;
      if (!Number.isFinite(state.loss)) {
        throw diverged(`the loss is not finite in epoch ${epoch}, step ${step + 1}`, learningRate);
      }
      if (this.#breath.due) {
        const done = first + size;
        await onProgress?.({
          epoch,
          epochs,
          step: step + 1,
          steps,
          loss: state.loss / done,
          stepLoss: this.#totals[0] / size,
          accuracy: state.correct / done,
          samplesPerSecond: (done - before) / ((performance.now() - started) / 1000),
        });
        await this.#breath.take();
      }
    }
    const samples = samplesBetween(0, end, this.#samples, batchSize);
    return {
      trainLoss: state.loss / samples,
      trainAccuracy: this.#model.settings.task === "classification" ? state.correct / samples : NaN,
      learningRate,
      ...(this.#settings.gradientFlow && { gradientFlow: state.flow / end }),
    };
  }

  /** One step; returns the squared norm of the gradient where it is asked for. */
  #step(batch: Parameters<typeof trainBatch>[2], learningRate: number, step: number): number {
    const { memory } = this.#model;
    const settings = { ...this.#constants, learningRate, step };
    trainBatch(memory, this.#gradients, batch, settings, this.work, this.#totals);
    if (this.#gradients.length === 0) return 0;
    const flow = this.#settings.gradientFlow ? squaredNorm(memory, this.#gradients) : 0;
    applyGradients(memory, this.#gradients, settings, settings.threads);
    return flow;
  }

  changeTopology(epoch: number): TopologyCounts {
    const { memory } = this.#model;
    const counts = changeTopology(this.#model, this.#settings, epoch);
    const compacted = memory !== this.#model.memory;
    if (compacted && this.#gradients.length > 0) this.#gradients = this.#model.allocateGradients();
    return counts;
  }
}

/** What a change of the topology did to all layers. */
export interface TopologyCounts {
  readonly replaced: number;
  readonly pruned: number;
}

/**
 * Importance Pruning where it is due, then SET; every layer but the output's.
 *
 * @param draw Names the random numbers of the growth; the epoch where it is not given.
 */
export function changeTopology(
  model: SparseMlp,
  settings: TrainSettings,
  epoch: number,
  draw = epoch,
): TopologyCounts {
  const { importancePruning: pruning, zeta, seed, threads, onPhase } = settings;
  const { initializer, fanIn } = model.settings;
  const due = pruning !== undefined && epoch >= pruning.start &&
    (epoch - pruning.start) % pruning.every === 0;
  let [replaced, pruned] = [0, 0];
  if (due) {
    const layers = model.layers.slice(0, -1);
    for (const [index, layer] of layers.entries()) {
      pruned += pruneByImportance(layer, pruning.percentile, threads).removed;
      onPhase?.({ phase: "pruning", epoch, done: index + 1, total: layers.length });
    }
    if (settings.compactWhilePruning) compactInPlace(model, threads);
  }
  if (zeta === 0) return { replaced, pruned };
  const layers = model.layers.slice(0, -1);
  for (const [index, layer] of layers.entries()) {
    const probability = layer.nnz / (layer.inputs * layer.neurons);
    const { inputs, neurons } = layer;
    const weights = weightLaw({ inputs, neurons, initializer, fanIn, probability });
    replaced += evolveConnections(layer, { zeta, weights, seed, epoch: draw, layer: index, threads }).grown;
    onPhase?.({ phase: "evolution", epoch, done: index + 1, total: layers.length });
  }
  return { replaced, pruned };
}

/** Inputs stay, so that SET can find features again and batches keep their shape. */
function compactInPlace(model: SparseMlp, threads: number): void {
  const { model: smaller, removed } = compact(model, { keepInputs: true, threads });
  if (removed > 0) model.adopt(smaller);
}

/** What an epoch of training gave. */
export type Trained = Pick<
  EpochRecord,
  "trainLoss" | "trainAccuracy" | "learningRate" | "gradientFlow" | "parallel"
>;

/** The error for a loss that is no number any more. */
export function diverged(found: string, learningRate: number): TrainingError {
  return new TrainingError(
    `Cannot go on training: ${found}, at learning rate ${learningRate}; ` +
      "try a learning rate ten times smaller, a warm-up, or weights scaled to the sparse fan-in",
  );
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

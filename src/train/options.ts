/**
 * Settings of a training run: the paper's defaults, and what is allowed.
 *
 * @module
 */
import type { Augmentation } from "../data/augment.ts";
import { checkRunState, type RunState } from "./state.ts";
import { DECAY_FORMS } from "../native/settings.ts";
import type { OptimizerName } from "../optimizer/optimizers.ts";
import { type LearningRateSchedule, scheduleFactor } from "../model/schedule.ts";

/** Importance Pruning while training. Paper: §2.1 Algorithm 2. */
export interface ImportancePruning {
  /**
   * First epoch after which neurons are removed (τ).
   *
   * @default {200}
   */
  readonly start?: number;
  /**
   * Epochs from one removal to the next (p).
   *
   * @default {10}
   */
  readonly every?: number;
  /**
   * Percentile of importance at or below which a neuron loses its connections (t).
   *
   * @default {20}
   */
  readonly percentile?: number;
}

/** Options of {@linkcode train}; the defaults are the paper's. */
export interface TrainOptions {
  /**
   * Passes through the training samples.
   *
   * @default {500}
   */
  readonly epochs?: number;
  /**
   * Ends the run after so many steps in all, those before a resumption included, inside an epoch if need be: with
   * evaluation, record and summary, and a `state` from which a longer run goes on.
   *
   * @default no limit
   */
  readonly maxSteps?: number;
  /**
   * Epochs done before: a run that goes on from a checkpoint.
   *
   * @default {0}
   */
  readonly epochsDone?: number;
  /**
   * Samples a step (B). The last batch of an epoch may be smaller.
   *
   * @default {128}
   */
  readonly batchSize?: number;
  /**
   * η
   *
   * @default {0.01}
   */
  readonly learningRate?: number;
  /**
   * Incoming connections a neuron may have before its weights learn slower: where the neurons of a layer have k of
   * them on average, its weights move with η·min(1, limit/k). A readout over 10⁵ units overshoots without it.
   *
   * Source: Yang & Hu 2021 ("Tensor Programs IV: Feature Learning in Infinite-Width Neural Networks"). Deviation: the
   * paper has one rate, which stays the default.
   *
   * @default {Infinity}
   */
  readonly fanInLimit?: number;
  /**
   * How the learning rate changes over the epochs.
   *
   * @default {{ kind: "constant" }}
   */
  readonly schedule?: LearningRateSchedule;
  /**
   * How parameters move by their gradients.
   *
   * @default {"sgd"}
   */
  readonly optimizer?: OptimizerName;
  /**
   * μ
   *
   * @default {0.9}
   */
  readonly momentum?: number;
  /**
   * Whether momentum looks ahead (Nesterov).
   *
   * @default {false}
   */
  readonly nesterov?: boolean;
  /**
   * λ, a step.
   *
   * @default {0.0002}
   */
  readonly weightDecay?: number;
  /**
   * `outside`: w ← w + v − λ·w, outside the learning rate, as the authors do; `coupled`: g ← g + λ·w, as textbooks do.
   *
   * @default {"outside"}
   */
  readonly weightDecayForm?: "outside" | "coupled" | "decoupled";
  /**
   * Fraction of the hidden units dropped.
   *
   * @default {0.3}
   */
  readonly dropout?: number;
  /**
   * Fraction of the weights that SET replaces after each epoch but the last (ζ); 0 keeps the topology fixed.
   *
   * @default {0.3}
   */
  readonly zeta?: number;
  /** Remove unimportant neurons while training; `true` takes the paper's settings. @default {false} */
  readonly importancePruning?: boolean | ImportancePruning;
  /**
   * Take neurons that Importance Pruning left without a purpose out of the arrays at once, so that memory and time
   * shrink. Deviation: SET then grows among the neurons that are left, the paper's among all. @default {false}
   */
  readonly compactWhilePruning?: boolean;
  /** Fraction of the training samples set aside to choose the best epoch by. @default {0} */
  readonly validationFraction?: number;
  /** Stop after this many evaluations in a row without a better validation loss; needs a validation fraction. */
  readonly patience?: number;
  /** Rotate, shift and flip training images at random. */
  readonly augmentation?: Augmentation;
  /** Record the squared norm of the gradient (Paper: Figure 5); costs about a tenth of the speed. @default {false} */
  readonly gradientFlow?: boolean;
  /** Evaluate after every so many epochs, and after the last. @default {1} */
  readonly evaluateEvery?: number;
  /** Threads of the kernels; they do not change the result. @default the number of cores */
  readonly threads?: number;
  /** Seed of order, dropout, growth and augmentation. @default the model's seed */
  readonly seed?: number;
  /** The most samples that pass through the network at once, to save memory. */
  readonly microBatch?: number;
  /**
   * How activations and deltas are kept; sums and parameters are always f32. `bf16` takes half of the memory and keeps
   * 8 bits of precision.
   *
   * @default {"f32"}
   */
  readonly activationStorage?: "f32" | "bf16";
  /**
   * Compute every second hidden layer again on the way back instead of keeping it: half of the memory, the same bits.
   *
   * @default {false}
   */
  readonly recompute?: boolean;
  /**
   * Where the run stands, instead of `epochsDone`. The trainer goes on from there and keeps it up to date: saved with
   * the model between two steps (after an abort, in `onProgress`, between epochs), it lets a run go on bit for bit.
   */
  readonly state?: RunState;
  /** Stops the run between two steps; the iterator then ends with the reason. */
  readonly signal?: AbortSignal;
  /** Called between steps, about ten times a second; the run waits for what it returns. */
  readonly onProgress?: (progress: Progress) => void | Promise<void>;
  /** Called between kernel calls while something other than steps goes on. */
  readonly onPhase?: (progress: PhaseProgress) => void;
}

/** How far something is that a run does beside its steps. */
export interface PhaseProgress {
  /** What: statistics of the features, evaluation, Importance Pruning, or evolution of the topology. */
  readonly phase: "statistics" | "evaluation" | "pruning" | "evolution";
  /** Epoch it belongs to, from 1. */
  readonly epoch: number;
  /** Samples (statistics, evaluation) or layers done. */
  readonly done: number;
  /** Samples or layers in all. */
  readonly total: number;
}

/** Where a run stands inside an epoch. */
export interface Progress {
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Epochs of the run. */
  readonly epochs: number;
  /** Steps done in this epoch. */
  readonly step: number;
  /** Steps of an epoch. */
  readonly steps: number;
  /** Mean loss of the epoch so far. */
  readonly loss: number;
  /** Mean loss of the last step's batch, of the weights before the step; not told by parallel training. */
  readonly stepLoss?: number;
  /** Mean accuracy of the epoch so far. */
  readonly accuracy: number;
  /** Training samples a second since the epoch began. */
  readonly samplesPerSecond: number;
}

type Optional = "patience" | "augmentation" | "microBatch" | "state" | "signal" | "onProgress" | "onPhase";

/** Every setting of a run, filled in and checked. */
export type TrainSettings =
  & Required<Omit<TrainOptions, Optional | "importancePruning">>
  & Pick<TrainOptions, Optional>
  & { readonly importancePruning: Required<ImportancePruning> | undefined };

/**
 * Fills in defaults and checks ranges.
 *
 * @throws {RangeError} When a setting is out of range.
 * @throws {TypeError} When settings contradict each other.
 */
export function resolveTrainOptions(options: TrainOptions, modelSeed: number): TrainSettings {
  const pruning = options.importancePruning ?? false;
  const settings: TrainSettings = {
    ...options,
    epochs: options.epochs ?? 500,
    maxSteps: options.maxSteps ?? Infinity,
    epochsDone: options.state?.epoch ?? options.epochsDone ?? 0,
    batchSize: options.batchSize ?? 128,
    learningRate: options.learningRate ?? 0.01,
    fanInLimit: options.fanInLimit ?? Infinity,
    schedule: options.schedule ?? { kind: "constant" },
    optimizer: options.optimizer ?? "sgd",
    momentum: options.momentum ?? 0.9,
    nesterov: options.nesterov ?? false,
    weightDecay: options.weightDecay ?? 0.0002,
    weightDecayForm: options.weightDecayForm ?? "outside",
    dropout: options.dropout ?? 0.3,
    zeta: options.zeta ?? 0.3,
    importancePruning: pruning === false
      ? undefined
      : { start: 200, every: 10, percentile: 20, ...(pruning === true ? {} : pruning) },
    compactWhilePruning: options.compactWhilePruning ?? false,
    validationFraction: options.validationFraction ?? 0,
    gradientFlow: options.gradientFlow ?? false,
    evaluateEvery: options.evaluateEvery ?? 1,
    activationStorage: options.activationStorage ?? "f32",
    recompute: options.recompute ?? false,
    threads: options.threads ?? navigator.hardwareConcurrency,
    seed: options.seed ?? modelSeed,
  };
  const { importancePruning, weightDecayForm } = settings;
  if (options.state !== undefined && options.epochsDone !== undefined) {
    throw new TypeError("Cannot train: state and epochsDone were both given, expected one of them");
  }
  if (options.state !== undefined) checkRunState(options.state);
  whole("epochs", settings.epochs, 1);
  if (options.maxSteps !== undefined) whole("maxSteps", options.maxSteps, 1);
  whole("epochsDone", settings.epochsDone, 0, settings.epochs);
  whole("batchSize", settings.batchSize, 1);
  whole("evaluateEvery", settings.evaluateEvery, 1);
  whole("threads", settings.threads, 1, 1024);
  whole("seed", settings.seed, 0);
  between("learningRate", settings.learningRate, 0, Infinity);
  between("momentum", settings.momentum, 0, 1);
  between("weightDecay", settings.weightDecay, 0, 1);
  between("dropout", settings.dropout, 0, 1);
  between("zeta", settings.zeta, 0, 1);
  between("validationFraction", settings.validationFraction, 0, 1);
  if (!(settings.fanInLimit > 0)) throw problem("fanInLimit", settings.fanInLimit, "a number above 0");
  if (settings.learningRate === 0) throw problem("learningRate", 0, "a number above 0");
  scheduleFactor(settings.schedule, 0, settings.epochs);
  if (settings.microBatch !== undefined) whole("microBatch", settings.microBatch, 1);
  if (importancePruning !== undefined) {
    whole("importancePruning.start", importancePruning.start, 0);
    whole("importancePruning.every", importancePruning.every, 1);
    const { percentile } = importancePruning;
    if (!(percentile >= 0 && percentile <= 100)) {
      throw problem("importancePruning.percentile", percentile, "a value from 0 to 100");
    }
  }
  if (!DECAY_FORMS.includes(weightDecayForm)) {
    throw problem("weightDecayForm", weightDecayForm, `one of ${DECAY_FORMS.join(", ")}`);
  }
  if (settings.activationStorage !== "f32" && settings.activationStorage !== "bf16") {
    throw problem("activationStorage", settings.activationStorage, "f32 or bf16");
  }
  if (settings.patience !== undefined) {
    whole("patience", settings.patience, 1);
    if (settings.validationFraction === 0) {
      throw new TypeError("Cannot stop early: patience needs a validationFraction above 0 to judge by");
    }
  }
  return settings;
}

function problem(name: string, value: unknown, expected: string): RangeError {
  return new RangeError(`Cannot train: ${name} is ${value}, expected ${expected}`);
}

function whole(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw problem(name, value, `a whole number ${range}`);
  }
}

function between(name: string, value: number, least: number, below: number): void {
  if (!(value >= least && value < below)) {
    const range = below === Infinity
      ? "a finite number of at least 0"
      : `a value from ${least} up to (not including) ${below}`;
    throw problem(name, value, range);
  }
}

/**
 * The hyperparameters of a run: the paper's defaults, and what is allowed.
 *
 * Plain data, checked once: a Worker, an MPI rank and a checkpoint can carry them.
 *
 * @module
 */
import { AUGMENTATION, type Augmentation } from "../data/augment.ts";
import type { FeatureScale } from "../data/standardization.ts";
import { COUNT, FRACTION, type Place, resolveOptions, settingsOf, type TableOf } from "../hyperparameter.ts";
import { type LearningRateSchedule, readSchedule } from "../model/schedule.ts";
import { UPDATE_HYPERPARAMETERS, type UpdateOptions } from "../optimizer/update_options.ts";
import { DENSITY_DECAY_HYPERPARAMETERS, type DensityDecayOptions } from "../topology/density_decay.ts";
import { type EvolveEvery, readEvolveEvery } from "../topology/interval.ts";
import { RULE_HYPERPARAMETERS, type RuleOptions } from "../topology/rules/rules.ts";
import { ZETA_HYPERPARAMETERS, type ZetaOptions } from "../topology/zeta.ts";
import { type ClassWeights, readClassWeights } from "./sample_weights.ts";
import { checkJudging, SELECTION_HYPERPARAMETERS, type SelectionOptions } from "./selection.ts";

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

/** Hyperparameters as they may be given; the defaults are the paper's. */
export interface HyperparameterOptions
  extends UpdateOptions, RuleOptions, ZetaOptions, DensityDecayOptions, SelectionOptions {
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
   * Samples a step (B): at most all training samples, which are one batch where it is larger. The last batch of an
   * epoch may be smaller.
   *
   * @default {128}
   */
  readonly batchSize?: number;
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
   * Fraction of the hidden units dropped.
   *
   * @default {0.3}
   */
  readonly dropout?: number;
  /**
   * Share of each answer that is spread over all classes alike, so that no answer is wanted with certainty: for a
   * classification with an output a class. Only in training; evaluations measure the answers as they are.
   *
   * Source: Szegedy et al. 2016 ("Rethinking the Inception Architecture for Computer Vision"), §7.
   *
   * @default {0}
   */
  readonly labelSmoothing?: number;
  /**
   * From one change of the topology to the next: so many epochs, or `{ steps: n }`, in the middle of an epoch too; those
   * of a server in phase 1 of parallel training, of each worker in phase 2. The end of the run changes nothing.
   *
   * @default {1}
   */
  readonly evolveEvery?: EvolveEvery;
  /** Remove unimportant neurons while training; `true` takes the paper's settings. @default {false} */
  readonly importancePruning?: boolean | ImportancePruning;
  /**
   * Take neurons that Importance Pruning left without a purpose out of the arrays at once, so that memory and time
   * shrink. Deviation: SET then grows among the neurons that are left, the paper's among all. @default {false}
   */
  readonly compactWhilePruning?: boolean;
  /**
   * What the loss of the samples of each class is multiplied by, beside their own weights: a number for each class in
   * their order or by its name, or `balanced`, as much for rare classes as for frequent ones. The weights of all training samples are
   * divided by their mean.
   */
  readonly classWeights?: ClassWeights;
  /**
   * What is scaled alike where a model has no statistics yet: `each` feature, as in the paper, or all in `common`, for
   * pixels and other features of one kind.
   *
   * @default `common` with `augmentation`, where a moved copy lights pixels that are rarely lit; else `each`
   */
  readonly featureScale?: FeatureScale;
  /** Rotate, shift and flip training images at random. */
  readonly augmentation?: Augmentation;
  /** Record the squared norm of the gradient (Paper: Figure 5); costs about a tenth of the speed. @default {false} */
  readonly gradientFlow?: boolean;
  /**
   * Record which share of the places was ever connected, how long connections live and how they are spread; takes 8 bytes
   * a connection and a bit a place, and no part in training.
   *
   * @default {false}
   */
  readonly connectionHistory?: boolean;
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
}

/** Rows of {@linkcode ImportancePruning}. */
export const IMPORTANCE_PRUNING = {
  start: {
    kind: "whole",
    least: 0,
    default: 200,
    symbol: "τ",
    doc: "First epoch after which neurons are removed.",
  },
  every: { ...COUNT, default: 10, symbol: "p", doc: "Epochs from one removal to the next." },
  percentile: {
    kind: "number",
    least: 0,
    most: 100,
    default: 20,
    doc: "Percentile of importance at or below which neurons are removed.",
  },
} as const satisfies TableOf<ImportancePruning>;

/** The table of training: a row for each hyperparameter, those of optimisers, rules and selection from tables of their own. */
export const HYPERPARAMETERS = {
  epochs: { ...COUNT, default: 500, doc: "Passes through the training samples." },
  maxSteps: { ...COUNT, infinite: true, default: Infinity, doc: "End the run after so many steps in all." },
  batchSize: {
    ...COUNT,
    default: 128,
    symbol: "B",
    doc: "Samples of a step, at most all of them; the last batch of an epoch may be smaller.",
  },
  fanInLimit: {
    kind: "number",
    above: 0,
    infinite: true,
    default: Infinity,
    doc: "Incoming connections of a neuron beyond which its weights learn slower, as N to their number.",
  },
  schedule: {
    kind: "settings",
    read: readSchedule,
    default: { kind: "constant" },
    doc: "How the learning rate changes.",
  },
  ...UPDATE_HYPERPARAMETERS,
  dropout: {
    kind: "number",
    ...FRACTION,
    default: 0.3,
    doc: "Fraction of the hidden units dropped in each step.",
  },
  labelSmoothing: {
    kind: "number",
    ...FRACTION,
    default: 0,
    doc: "Share of each answer that training spreads over all classes alike.",
  },
  evolveEvery: {
    kind: "settings",
    read: readEvolveEvery,
    default: 1,
    doc: "From one change of the topology to the next: epochs, or steps.",
  },
  ...ZETA_HYPERPARAMETERS,
  ...DENSITY_DECAY_HYPERPARAMETERS,
  ...RULE_HYPERPARAMETERS,
  importancePruning: {
    kind: "settings",
    read: readImportancePruning,
    default: false,
    doc: "Remove the connections of unimportant neurons while training.",
  },
  compactWhilePruning: {
    kind: "flag",
    default: false,
    doc:
      "Take pruned neurons out of the arrays at once: memory and time shrink, but SET cannot wake them again.",
  },
  ...SELECTION_HYPERPARAMETERS,
  classWeights: {
    kind: "settings",
    read: readClassWeights,
    doc: "What the loss of the samples of each class is multiplied by, over the mean of all samples.",
  },
  featureScale: {
    kind: "choice",
    choices: ["each", "common"],
    doc: "What has a scale of its own: each feature, or all in common, for pixels and others of one kind.",
  },
  augmentation: {
    kind: "settings",
    read: settingsOf(AUGMENTATION),
    doc: "Rotate, shift and mirror training images at random.",
  },
  gradientFlow: {
    kind: "flag",
    default: false,
    doc: "Record the squared norm of the gradient (Figure 5 of the paper); a little slower.",
  },
  connectionHistory: {
    kind: "flag",
    default: false,
    doc: "Record which share of the places was ever connected, and how long connections live.",
  },
  evaluateEvery: {
    ...COUNT,
    default: 1,
    doc: "Epochs from one evaluation to the next; the last epoch is always evaluated.",
  },
  threads: { ...COUNT, most: 1024, doc: "Threads of the kernels; the result does not depend on them." },
  seed: { kind: "whole", least: 0, doc: "Seed of everything random in training." },
  microBatch: {
    ...COUNT,
    doc:
      "Most samples that pass through the network at once, to save memory; rounded up to a multiple of 16, or " +
      "from 65 to 127 down to 64 where layers are narrow.",
  },
  activationStorage: {
    kind: "choice",
    choices: ["f32", "bf16"],
    default: "f32",
    doc: "How activations are kept: bf16 takes half of the memory and keeps 8 bits of precision.",
  },
  recompute: {
    kind: "flag",
    default: false,
    doc: "Compute every second hidden layer again on the way back: half of the memory, the same result.",
  },
} as const satisfies TableOf<HyperparameterOptions>;

/** Those that may be absent from a run. */
type Undecided =
  | "finalDensity"
  | "growthWeights"
  | "patience"
  | "classWeights"
  | "featureScale"
  | "augmentation"
  | "microBatch";

/** Every hyperparameter of a run, filled in and checked: frozen, plain data for `structuredClone`. */
export type Hyperparameters =
  & Readonly<Required<Omit<HyperparameterOptions, Undecided | "importancePruning">>>
  & Pick<HyperparameterOptions, Undecided>
  & { readonly importancePruning: Required<ImportancePruning> | false };

/**
 * Fills in defaults, and checks ranges and what hyperparameters say of each other. Other keys are left out.
 *
 * @param modelSeed Seed where none is given.
 * @param validation Whether the data have validation samples of their own.
 * @throws {RangeError} When a value is out of range.
 * @throws {TypeError} When a value has the wrong type, or two contradict each other.
 */
export function resolveHyperparameters(
  options: HyperparameterOptions,
  modelSeed: number,
  validation = false,
): Hyperparameters {
  const keep = validation || options.validationFraction ? "best" : "last";
  const defaults = { seed: modelSeed, threads: navigator.hardwareConcurrency, keep };
  // The table has a row for each key, whose kind gives its type.
  const resolved = resolveOptions(HYPERPARAMETERS, options, { task: "train", defaults }) as Hyperparameters;
  checkJudging(resolved, validation);
  return resolved;
}

/** `true` takes the paper's settings. */
function readImportancePruning(value: unknown, place: Place): Required<ImportancePruning> | false {
  if (value === false) return false;
  return settingsOf(IMPORTANCE_PRUNING)(value === true ? {} : value, place) as Required<ImportancePruning>;
}

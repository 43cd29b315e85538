/**
 * Options of parallel training: its own hyperparameters beside those of sequential training.
 *
 * @module
 */
import { COUNT, refuseUnknown, resolveOptions, type TableOf, unfit } from "../hyperparameter.ts";
import { readByName } from "../value.ts";
import type { RunHooks } from "../train/hooks.ts";
import type { HyperparameterOptions } from "../train/hyperparameters.ts";
import { resolveRunOptions, type RunOptions, TRAIN_OPTION_NAMES } from "../train/options.ts";
import { DELAY_COMPENSATION, STALENESS_RULES } from "./staleness.ts";
import { WorkerModels } from "./worker_models.ts";

/** Hyperparameters of parallel training alone; the defaults are the paper's where it has them. */
export interface ParallelHyperparameterOptions {
  /**
   * `wasap`: asynchronous phase 1; `wassp`: synchronous phase 1; `gossip`: no server and no phase 1, each worker has a
   * model of its own and averages it with those of others.
   *
   * @default {"wasap"}
   */
  readonly algorithm?: "wasap" | "wassp" | "gossip";
  /**
   * Workers (K), each on a thread of its own; they share `threads`.
   *
   * @default the number of cores
   */
  readonly workers?: number;
  /** Part of the epochs that train one model together, before each worker trains its own. @default {0.7} */
  readonly phaseOneFraction?: number;
  /**
   * WASAP: the learning rate is this many times as large in the first epochs.
   *
   * @default {2}
   */
  readonly initialRateFactor?: number;
  /** WASAP: how many epochs that is. @default {5} */
  readonly initialRateEpochs?: number;
  /**
   * WASAP: what becomes of a gradient of staleness τ, the updates applied since its parameters were pulled: `none`, it
   * counts as any other; `inverse`, its step has the rate η/τ where τ > 1; `delay-compensated`, it is corrected for the
   * way the parameters have moved.
   *
   * @default {"none"}
   */
  readonly staleness?: "none" | "inverse" | "delay-compensated";
  /** With `delay-compensated`, λ of g + λ·g²·(w − w'). @default {0.04} */
  readonly delayCompensation?: number;
  /** WASSP: epochs in which the learning rate rises from η to K·η. @default {5} */
  readonly warmUpEpochs?: number;
  /**
   * What workers do in phase 2 besides training on their own: nothing (`local`), or they average with one another now and
   * then (`gossip`), as the algorithm `gossip` does from the first epoch on.
   *
   * @default by the algorithm: local for wasap, local for wassp, gossip for gossip
   */
  readonly phaseTwo?: "local" | "gossip";
  /** Gossip: steps (H) that a worker makes before it asks another for its model. @default {16} */
  readonly localSteps?: number;
  /**
   * Gossip: how a worker averages with another. `holders`: each of its connections over those of the two that have it, its
   * topology stays; `union`: over the connections of both, an absent one as 0, made as sparse again as it was.
   *
   * @default {"union"}
   */
  readonly peerAverage?: "holders" | "union";
  /**
   * Over MPI, servers among which the parameters of phase 1 are split, by rows; each is a rank of its own.
   *
   * @default {1}
   */
  readonly servers?: number;
  /**
   * Over MPI, bits a number takes between servers and workers in phase 1: with 16, parameters and gradients travel as
   * bfloat16; the servers' own stay as they are.
   *
   * @default {32}
   */
  readonly wireBits?: 16 | 32;
  /**
   * The part of the data that a worker learns from: drawn once, or anew for every epoch, so that each worker sees all
   * samples in the course of the run. In one epoch the parts are a partition either way.
   *
   * @default {"once"}
   */
  readonly shards?: "once" | "epoch";
  /**
   * In phase 2, all workers go on from the average of their models after every so many epochs, the optimiser's state
   * included (post-local SGD, Lin et al. 2020); 0: each from its own model, to the end. Not with gossip, which averages
   * on its own.
   *
   * @default {0}
   */
  readonly averageEvery?: number;
  /**
   * In phase 2, the learning rate is this many times as large.
   *
   * @default 1; for the algorithm `gossip` as for batches 2·K times as large, of 10 at most
   */
  readonly phaseTwoRateFactor?: number;
  /**
   * Seconds after which a worker that does nothing counts as lost; up to 1,000,000.
   *
   * @default 120, over MPI 25
   */
  readonly timeLimitSeconds?: number;
  /**
   * How many workers that throw, hang or vanish are replaced in a run, each by a new one that goes on with its shard
   * from the server's model; one more ends the run. For workers on threads, not over MPI.
   *
   * @default {0}
   */
  readonly lostWorkers?: number;
}

/** Options of {@linkcode trainParallel}. */
export interface ParallelOptions
  extends HyperparameterOptions, Omit<RunHooks, "onStep">, ParallelHyperparameterOptions {
  /** The models of the workers in phase 2: to go on with those of a checkpoint, and to save them in one. */
  readonly workerModels?: WorkerModels;
}

/** Options that stay at their default without MPI. */
const OVER_MPI = ["servers", "wireBits"] as const;
const PHASED = { name: "algorithm", values: ["wasap", "wassp"] } as const;
const LOCAL = { name: "phaseTwo", values: ["local"] } as const;
const GOSSIP = { name: "phaseTwo", values: ["gossip"] } as const;

/** The table of parallel training: a row for each hyperparameter of its own. */
export const PARALLEL_HYPERPARAMETERS = {
  algorithm: {
    kind: "choice",
    choices: ["wasap", "wassp", "gossip"],
    default: "wasap",
    doc:
      "Several workers, each with a part of the data: one model, asynchronous (wasap) or in rounds (wassp), or a model " +
      "each, averaged with another's now and then (gossip).",
  },
  workers: { ...COUNT, most: 1024, symbol: "K", doc: "Workers; they share the threads." },
  phaseOneFraction: {
    kind: "number",
    least: 0,
    most: 1,
    default: 0.7,
    only: PHASED,
    doc: "Part of the epochs in which workers train one model, before one each.",
  },
  initialRateFactor: {
    kind: "number",
    above: 0,
    default: 2,
    only: PHASED,
    doc: "With wasap, how many times larger the learning rate is in the first epochs.",
  },
  initialRateEpochs: {
    kind: "number",
    least: 0,
    default: 5,
    only: PHASED,
    doc: "With wasap, how many epochs that is.",
  },
  staleness: {
    kind: "choice",
    choices: STALENESS_RULES,
    default: "none",
    only: { name: "algorithm", values: ["wasap"] },
    doc: "With wasap, what becomes of a gradient of staleness τ: nothing, the rate η/τ, or a correction.",
  },
  delayCompensation: {
    kind: "number",
    above: 0,
    default: DELAY_COMPENSATION,
    only: { name: "staleness", values: ["delay-compensated"] },
    doc: "With delay-compensated, how strongly a gradient is corrected for the way parameters have moved.",
  },
  warmUpEpochs: {
    kind: "number",
    least: 0,
    default: 5,
    only: PHASED,
    doc: "With wassp, epochs in which the learning rate rises from η to K·η.",
  },
  shards: {
    kind: "choice",
    choices: ["once", "epoch"],
    default: "once",
    doc: "When the part of the data that a worker learns from is drawn: once, or anew for every epoch.",
  },
  averageEvery: {
    kind: "whole",
    least: 0,
    default: 0,
    only: LOCAL,
    doc:
      "In phase 2, workers go on from the average of all after every N epochs; 0: only the last is averaged.",
  },
  phaseTwoRateFactor: {
    kind: "number",
    above: 0,
    doc:
      "How many times larger the learning rate is in phase 2 (default 1; by the algorithm gossip 2·K for SGD and √(2·K) for " +
      "Adam, K at most 5).",
  },
  phaseTwo: {
    kind: "choice",
    choices: ["local", "gossip"],
    default: ({ algorithm }) => algorithm === "gossip" ? "gossip" : "local",
    follows: "algorithm",
    doc:
      "What workers do in phase 2 beside training on their own: nothing (local), or average with each other (gossip).",
  },
  localSteps: {
    ...COUNT,
    default: 16,
    symbol: "H",
    only: GOSSIP,
    doc: "With gossip, steps that a worker makes before it asks another for its model.",
  },
  peerAverage: {
    kind: "choice",
    choices: ["holders", "union"],
    default: "union",
    only: GOSSIP,
    doc:
      "With gossip, how two models are averaged: each connection over those of the two that have it, or over the " +
      "connections of both, made as sparse again.",
  },
  servers: {
    ...COUNT,
    most: 1024,
    default: 1,
    only: PHASED,
    doc: "Over MPI, servers among which the parameters are split by rows.",
  },
  wireBits: {
    kind: "whole",
    least: 16,
    most: 32,
    default: 32,
    only: PHASED,
    doc: "Over MPI, bits of each gradient and parameter that travels; with 16, bfloat16.",
  },
  timeLimitSeconds: {
    kind: "number",
    above: 0,
    most: 1_000_000,
    default: 120,
    doc: "Seconds after which a worker that does nothing counts as lost.",
  },
  lostWorkers: {
    kind: "whole",
    least: 0,
    most: 10_000,
    default: 0,
    doc: "Workers that throw, hang or vanish and are replaced; one more ends the run.",
  },
} as const satisfies TableOf<ParallelHyperparameterOptions>;

/** Every name in {@linkcode ParallelOptions}. */
export const PARALLEL_OPTION_NAMES: readonly string[] = [
  ...TRAIN_OPTION_NAMES,
  ...Object.keys(PARALLEL_HYPERPARAMETERS),
  "workerModels",
];

/** How long a worker may take at least to begin: to load its modules, or to prepare its data. */
export const START_MS = 60_000;

/** Hyperparameters that some algorithms do not have. */
type OfSome = {
  [Name in keyof typeof PARALLEL_HYPERPARAMETERS]: typeof PARALLEL_HYPERPARAMETERS[Name] extends
    { readonly only: unknown } ? Name : never;
}[keyof typeof PARALLEL_HYPERPARAMETERS];

/**
 * Every hyperparameter of parallel training, filled in and checked: frozen, plain data. What the algorithm does not have is
 * absent.
 */
export type ParallelHyperparameters =
  & Readonly<Required<Omit<ParallelHyperparameterOptions, OfSome | "phaseTwoRateFactor">>>
  & Pick<ParallelHyperparameterOptions, OfSome | "phaseTwoRateFactor">;

/**
 * Fills in defaults and checks ranges. Other keys are left out.
 *
 * @throws {RangeError} When a value is out of range.
 * @throws {TypeError} When it has the wrong type.
 */
export function resolveParallelHyperparameters(
  options: ParallelHyperparameterOptions,
): ParallelHyperparameters {
  const defaults = { workers: navigator.hardwareConcurrency };
  const resolved = resolveOptions(PARALLEL_HYPERPARAMETERS, options, { task: "train in parallel", defaults });
  // The table has a row for each key, whose kind gives its type.
  const parallel = resolved as unknown as ParallelHyperparameters;
  if (![16, 32, undefined].includes(parallel.wireBits)) {
    throw new RangeError(`Cannot train in parallel: wireBits is ${parallel.wireBits}, expected 16 or 32`);
  }
  return parallel;
}

/**
 * Refuses what only an MPI job can do.
 *
 * @throws {TypeError} With the option.
 */
export function refuseOverMpi(parallel: ParallelHyperparameters): void {
  for (const name of OVER_MPI) {
    const value = parallel[name];
    if (value === undefined || value === PARALLEL_HYPERPARAMETERS[name].default) continue;
    throw new TypeError(
      `Cannot train with ${name} ${value} in one process: it is for an MPI job, see trainOverMpi`,
    );
  }
}

/** Options of a parallel run: hyperparameters of both kinds, and what stays in the process. */
export interface ParallelRunOptions extends RunOptions {
  readonly parallel: ParallelHyperparameters;
  readonly workerModels?: WorkerModels;
}

/**
 * Takes options apart, fills in defaults and checks them.
 *
 * @param modelSeed Seed where none is given.
 * @param validation Whether the data have validation samples of their own.
 * @throws {RangeError} When a value is out of range.
 * @throws {TypeError} When there is no option of that name, or a value has the wrong type, contradicts another or is for
 * sequential training only.
 */
export function resolveParallelRun(
  options: ParallelOptions,
  modelSeed: number,
  validation: boolean,
): ParallelRunOptions {
  refuseUnknown(options, PARALLEL_OPTION_NAMES, "train");
  const read: ParallelOptions = readByName(options, PARALLEL_OPTION_NAMES, "train");
  const run = resolveRunOptions(read, modelSeed, { known: PARALLEL_OPTION_NAMES, validation });
  const parallel = resolveParallelHyperparameters(read);
  if (parallel.algorithm === "gossip" && parallel.phaseTwo === "local") {
    throw new TypeError("Cannot train by gossip with phaseTwo local: its workers would never meet");
  }
  const { workerModels } = read;
  if (workerModels !== undefined && !(workerModels instanceof WorkerModels)) {
    throw unfit({ task: "train in parallel", name: "workerModels" }, workerModels, "WorkerModels");
  }
  const { drop, growth } = run.hooks.rules;
  for (const [option, rule] of Object.entries({ drop, growth })) {
    if (rule === undefined) continue;
    throw new TypeError(
      `Cannot train in parallel with the rule "${rule.name}" as an object: functions cannot be sent to workers; ` +
        `expected the name of a rule as ${option}`,
    );
  }
  if (run.hooks.schedule !== undefined) {
    throw new TypeError(
      "Cannot train in parallel with a function as schedule: functions cannot be sent to workers; " +
        'expected a named one, such as { kind: "cosine" }',
    );
  }
  if (run.hooks.onStep !== undefined) {
    throw new TypeError(
      "Cannot train in parallel with onStep: workers take their steps where nobody can be called; give onProgress",
    );
  }
  const { gradientFlow, maxSteps, compactWhilePruning } = run.settings;
  if (gradientFlow) {
    throw new TypeError(
      "Cannot record the gradient flow in parallel training: no gradient is the model's own",
    );
  }
  if (maxSteps !== Infinity) {
    throw new TypeError(
      "Cannot end parallel training after maxSteps: workers end with an epoch; give epochs",
    );
  }
  if (compactWhilePruning) {
    throw new TypeError(
      "Cannot compact while pruning in parallel training: workers share the arrays, which must keep their sizes",
    );
  }
  return { ...run, parallel, ...(workerModels && { workerModels }) };
}

/**
 * Refuses more workers than there are batches: every worker needs a shard of at least one whole batch.
 *
 * More workers than cores are allowed (they take turns); that is for the caller to warn of.
 *
 * @throws {RangeError} With the most workers the data allow.
 */
export function checkShards(workers: number, samples: number, batchSize: number): void {
  const most = Math.max(1, Math.floor(samples / batchSize));
  if (workers <= most) return;
  throw new RangeError(
    `Cannot train with ${workers} workers: ${samples} samples in batches of ${batchSize} are enough for ${most}; ` +
      "choose fewer workers or smaller batches",
  );
}

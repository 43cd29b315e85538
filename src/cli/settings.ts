/**
 * From options to settings: what was given, else the data set's, else the default of the table.
 *
 * @module
 */
import type { NamedDataset, PaperSettings } from "../data/catalogue.ts";
import type { Dataset } from "../data/dataset.ts";
import type { ModelOptions } from "../model/model.ts";
import type { LearningRateSchedule } from "../model/schedule.ts";
import type { ParallelOptions } from "../parallel/options.ts";
import type { TrainOptions } from "../train/options.ts";
import { type CommandName, type Option, readValue, UsageError } from "./option.ts";
import { type OptionName, OPTIONS, type Values } from "./options.ts";
import { presetOptions } from "./presets.ts";

/** What the paper changes in CIFAR-10's images; `--augment` where a data set has nothing of its own. */
const AUGMENTATION = { rotationDegrees: 10, shiftFraction: 0.1, flip: true };

/** Options that mean nothing without another one. */
const NEEDS: readonly (readonly [option: OptionName, needs: OptionName])[] = [
  ["task", "data"],
  ["label-column", "data"],
  ["test-fraction", "data"],
  ["patience", "validation-fraction"],
  ["pruning-start", "importance-pruning"],
  ["pruning-every", "importance-pruning"],
  ["pruning-percentile", "importance-pruning"],
  ["compact-while-pruning", "importance-pruning"],
  ["inputs", "outputs"],
  ["outputs", "inputs"],
  ["workers", "parallel"],
  ["phase-one-fraction", "parallel"],
  ["initial-rate-factor", "parallel"],
  ["time-limit", "parallel"],
  ["transport", "parallel"],
];

/** Options of which only one can be given. */
const EXCLUDE: readonly (readonly [OptionName, OptionName])[] = [
  ["dataset", "data"],
  ["epsilon", "density"],
  ["inputs", "dataset"],
  ["inputs", "data"],
  ["plan", "inputs"],
  ["plan", "dataset"],
  ["plan", "data"],
  ["plan", "hidden"],
];

/**
 * Refuses options that contradict each other.
 *
 * @throws {UsageError} With the first contradiction.
 */
export function checkTogether(given: Values): void {
  for (const [name, other] of EXCLUDE) {
    if (given[name] !== undefined && given[other] !== undefined) {
      throw new UsageError(`Cannot use --${name} and --${other} together: expected one of them`);
    }
  }
  for (const [name, needs] of NEEDS) {
    if (given[name] !== undefined && !given[needs]) {
      throw new UsageError(`Cannot use --${name} without --${needs}`);
    }
  }
  if (given.transport === "mpi" && given.parallel === "none") {
    throw new UsageError("Cannot use --transport mpi with --parallel none: expected wasap or wassp");
  }
  if (given["max-steps"] !== undefined && (given.parallel ?? "none") !== "none") {
    throw new UsageError("Cannot use --max-steps with --parallel: workers end with an epoch");
  }
  if (given.transport === "mpi" && given.workers !== undefined) {
    throw new UsageError(
      `Cannot use --workers ${given.workers} with --transport mpi: each rank but the first is a worker`,
    );
  }
  const { activation = "all-relu", schedule = "constant", hidden, density } = given;
  if (given.alpha !== undefined && !["all-relu", "leaky-relu", "prelu"].includes(activation)) {
    throw new UsageError(`Cannot use --alpha with --activation ${activation}: it has no slope to choose`);
  }
  for (const [name, kinds] of SCHEDULED) {
    if (given[name] !== undefined && !kinds.includes(schedule)) {
      throw new UsageError(
        `Cannot use --${name} with --schedule ${schedule}: it is for ${kinds.join(" and ")}`,
      );
    }
  }
  if (schedule === "step" && given["schedule-factor"] === 0) {
    throw new UsageError("Cannot use --schedule-factor 0 with --schedule step: expected a number above 0");
  }
  const layers = (hidden?.length ?? 0) + 1;
  if (density !== undefined && density.length > 1 && hidden !== undefined && density.length !== layers) {
    throw new UsageError(
      `Cannot use ${density.length} values of --density: expected one, or one for each of ${layers} layers`,
    );
  }
}

const SCHEDULED: readonly (readonly [OptionName, readonly string[]])[] = [
  ["schedule-epochs", ["warm-up", "step"]],
  ["schedule-factor", ["step", "cosine"]],
];

/** The options given, over those of their preset. */
export function withPreset(given: Values): Values {
  if (given.preset === undefined) return given;
  const { dataset, epsilon, activation, alpha, ...preset } = presetOptions(given.preset);
  return {
    ...preset,
    ...(given.activation === undefined && { activation, alpha }),
    ...(given.data === undefined && { dataset }),
    ...(given.density === undefined && { epsilon }),
    ...given,
  };
}

/** Settings of the paper that are options under another name. */
const PAPER_OPTIONS: Readonly<Record<keyof PaperSettings, OptionName>> = {
  hidden: "hidden",
  epsilon: "epsilon",
  learningRate: "learning-rate",
  batchSize: "batch-size",
  initializer: "init",
  alpha: "alpha",
  epochs: "epochs",
  momentum: "momentum",
  weightDecay: "weight-decay",
  weightDecayForm: "weight-decay-form",
  dropout: "dropout",
  zeta: "zeta",
};

/**
 * Fills in what was not given: first from the named data set, then from the table.
 *
 * @returns Every setting of the run that means something, and none that does not.
 */
export function fillDefaults(command: CommandName, given: Values, named?: NamedDataset): Values {
  const rows: readonly Option[] = OPTIONS.filter((row: Option) => row.commands.includes(command));
  const values: Record<string, unknown> = {};
  for (const row of rows) {
    if (row.default !== undefined) values[row.name] = readValue(row, row.default);
  }
  for (const [setting, value] of Object.entries(named?.settings ?? {})) {
    const name = PAPER_OPTIONS[setting as keyof PaperSettings];
    if (rows.some((row) => row.name === name)) values[name] = value;
  }
  Object.assign(values, given);
  const drop = (...names: OptionName[]) => names.forEach((name) => delete values[name]);
  if (given.density !== undefined) drop("epsilon");
  if (values.activation !== "all-relu" && given.alpha === undefined) drop("alpha");
  if (given.data !== undefined || given.inputs !== undefined) drop("dataset");
  if (given.data === undefined) drop("test-fraction");
  if (given.data === undefined && given.inputs === undefined) drop("task");
  if (!given["importance-pruning"]) {
    drop("importance-pruning", "pruning-start", "pruning-every", "pruning-percentile");
  }
  return values as Values;
}

/**
 * Refuses pruning that would never happen.
 *
 * @throws {UsageError} When the run ends before neurons are removed for the first time.
 */
export function checkPruning(values: Values): void {
  const { epochs = 1, "pruning-start": start = 0 } = values;
  if (values["importance-pruning"] && start >= epochs) {
    throw new UsageError(
      `Cannot prune from epoch ${start} on: the run has ${epochs} epochs; give a smaller --pruning-start`,
    );
  }
}

/** Names in camelCase, as JSON has them. */
export function toJson(values: Values): Record<string, unknown> {
  const camel = (name: string) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [camel(name), value]));
}

/** Options of the network that settings ask for, between inputs and outputs of the data. */
export function modelOptions(
  values: Values,
  data: Pick<Dataset, "featureCount" | "outputCount" | "task">,
): ModelOptions {
  const { epsilon, density, activation = "all-relu", alpha } = values;
  return present<ModelOptions>({
    sizes: [data.featureCount, ...values.hidden ?? [], data.outputCount],
    epsilon,
    density: density?.length === 1 ? density[0] : density,
    activation: present({ kind: activation, alpha }),
    initializer: values.init,
    fanIn: values["fan-in"],
    zeroOutput: values["zero-output"],
    task: data.task,
    seed: values.seed,
    threads: values.threads ?? navigator.hardwareConcurrency,
  });
}

/** Options of parallel training that settings ask for, beside {@linkcode trainOptions}; none for `--parallel none`. */
export function parallelOptions(values: Values): ParallelOptions | undefined {
  const { parallel } = values;
  if (parallel === undefined || parallel === "none") return undefined;
  return present<ParallelOptions>({
    algorithm: parallel,
    workers: values.workers,
    phaseOneFraction: values["phase-one-fraction"],
    initialRateFactor: values["initial-rate-factor"],
    timeLimitSeconds: values["time-limit"],
  });
}

/** Options of the training that settings ask for. */
export function trainOptions(values: Values, named?: NamedDataset): TrainOptions {
  return present<TrainOptions>({
    epochs: values.epochs,
    maxSteps: values["max-steps"],
    batchSize: values["batch-size"],
    learningRate: values["learning-rate"],
    fanInLimit: values["fan-in-limit"],
    schedule: schedule(values),
    momentum: values.momentum,
    nesterov: values.nesterov,
    weightDecay: values["weight-decay"],
    weightDecayForm: values["weight-decay-form"],
    dropout: values.dropout,
    zeta: values.zeta,
    importancePruning: values["importance-pruning"] && present({
      start: values["pruning-start"],
      every: values["pruning-every"],
      percentile: values["pruning-percentile"],
    }),
    compactWhilePruning: values["compact-while-pruning"],
    validationFraction: values["validation-fraction"],
    patience: values.patience,
    augmentation: values.augment ? named?.augmentation ?? AUGMENTATION : undefined,
    gradientFlow: values["gradient-flow"],
    evaluateEvery: values["evaluate-every"],
    threads: values.threads,
    seed: values.seed,
    microBatch: values["micro-batch"],
    activationStorage: values["activation-storage"],
    recompute: values.recompute,
  });
}

function schedule(values: Values): LearningRateSchedule {
  const { "schedule-epochs": length, "schedule-factor": factor, epochs = 1 } = values;
  switch (values.schedule) {
    case "warm-up":
      return { kind: "warm-up", epochs: length ?? 5 };
    case "step":
      return { kind: "step", every: length ?? Math.ceil(epochs / 3), factor: factor ?? 0.1 };
    case "cosine":
      return { kind: "cosine", floor: factor ?? 0 };
    default:
      return { kind: "constant" };
  }
}

/** The properties that have a value. */
function present<T>(options: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

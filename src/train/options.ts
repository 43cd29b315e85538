/**
 * Options of training as they are given: hyperparameters and hooks in one flat object, which is cut in two here.
 *
 * @module
 */
import { refuseUnknown } from "../hyperparameter.ts";
import { readByName } from "../value.ts";
import { readOwnRules } from "../topology/rules/own_rules.ts";
import type { GrowthRule, RemovalRule } from "../topology/rules/rule.ts";
import type { DropRuleName, GrowthRuleName } from "../topology/rules/rules.ts";
import { HOOK_NAMES, readHooks, type ResolvedHooks, type RunHooks, startOf } from "./hooks.ts";
import {
  type HyperparameterOptions,
  HYPERPARAMETERS,
  type Hyperparameters,
  resolveHyperparameters,
} from "./hyperparameters.ts";
import type { LearningRateSchedule } from "../model/schedule.ts";
import type { ScheduleFunction } from "./rate.ts";
import type { RunState } from "./state.ts";

/** Options of {@linkcode train}; the defaults are the paper's. */
export interface TrainOptions extends Omit<HyperparameterOptions, "schedule" | "drop" | "growth">, RunHooks {
  /**
   * How the learning rate changes: a named schedule, or a function that gives the rate of each step. A function stays in
   * this process and in no checkpoint: a run that goes on from one needs it given again.
   *
   * @default {{ kind: "constant" }}
   */
  readonly schedule?: LearningRateSchedule | ScheduleFunction;
  /**
   * Which connections go: a rule by name, or one of one's own, which stays in this process and in no checkpoint.
   *
   * @default {"magnitude"}
   */
  readonly drop?: DropRuleName | RemovalRule;
  /**
   * Where connections grow: a rule by name, or one of one's own.
   *
   * @default {"random"}
   */
  readonly growth?: GrowthRuleName | GrowthRule;
}

/** Every name in {@linkcode TrainOptions}. */
export const TRAIN_OPTION_NAMES: readonly string[] = [...Object.keys(HYPERPARAMETERS), ...HOOK_NAMES];

/** What options are read for. */
export interface ReadRunOptions {
  /** Names that are allowed; others are refused with the nearest. @default those of {@linkcode TrainOptions} */
  readonly known?: readonly string[];
  /** Whether the data have validation samples of their own. @default {false} */
  readonly validation?: boolean;
}

/** Options of a run, cut in two. */
export interface RunOptions {
  /** Plain data, which can be sent and saved. */
  readonly settings: Hyperparameters;
  /** What stays in this process. */
  readonly hooks: ResolvedHooks;
  /** Where the run begins; the trainer keeps it up to date. */
  readonly state: RunState;
}

/**
 * Cuts options in two, fills in defaults and checks them.
 *
 * @param modelSeed Seed where none is given.
 * @throws {RangeError} When a value is out of range.
 * @throws {TypeError} When there is no option of that name, or a value has the wrong type or contradicts another.
 */
export function resolveRunOptions(
  given: TrainOptions,
  modelSeed: number,
  { known = TRAIN_OPTION_NAMES, validation = false }: ReadRunOptions = {},
): RunOptions {
  refuseUnknown(given, known, "train");
  const options: TrainOptions = readByName(given, known, "train");
  const rules = readOwnRules(options);
  const { schedule } = options;
  const own = { ...rules, ...(typeof schedule === "function" && { schedule }) };
  // By name, so that options may be inherited or come from getters.
  const named = Object.fromEntries(
    TRAIN_OPTION_NAMES.filter((name) => !Object.hasOwn(own, name))
      .map((name) => [name, options[name as keyof TrainOptions]]),
  );
  const settings = resolveHyperparameters(named, modelSeed, validation);
  const hooks = { ...readHooks(options), rules, ...(typeof schedule === "function" && { schedule }) };
  return { settings, hooks, state: startOf(hooks, settings.epochs) };
}

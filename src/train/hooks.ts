/**
 * What a run calls and listens to, and where it begins: all that is no hyperparameter.
 *
 * Hooks stay in the process that was given them.
 *
 * @module
 */
import { COUNT, type Place, resolveOptions, unfit } from "../hyperparameter.ts";
import { isRecord, requireSignal } from "../value.ts";
import type { OwnRules } from "../topology/rules/own_rules.ts";
import type { ScheduleFunction } from "./rate.ts";
import type { StepRecord } from "./records.ts";
import { checkRunState, newRunState, type RunState } from "./state.ts";

/** What a run calls and listens to, and where it begins. */
export interface RunHooks {
  /**
   * Epochs done before: a run that goes on from a checkpoint.
   *
   * @default {0}
   */
  readonly epochsDone?: number;
  /**
   * Where the run stands, instead of `epochsDone`. The trainer goes on from there and keeps it up to date: saved with
   * the model between two steps (after an abort, in `onProgress`, between epochs), it lets a run go on bit for bit.
   */
  readonly state?: RunState;
  /**
   * Stops the run within one step, or one batch of an evaluation; the iterator then ends with the reason. Timers and
   * messages that abort it have their turn every 20 ms, or after each step that is longer.
   */
  readonly signal?: AbortSignal;
  /**
   * Called after the last step of each epoch, and before it between steps, ten times a second at most; the run waits for
   * what it returns.
   */
  readonly onProgress?: (progress: Progress) => void | Promise<void>;
  /**
   * Called after each step; the run waits where it returns a promise. An abort raised in it ends the run before the next
   * step. For sequential training alone: workers take their steps where nobody can be called.
   */
  readonly onStep?: (step: StepRecord) => void | Promise<void>;
  /**
   * Called between kernel calls while something other than steps goes on. What it throws ends the run, in the middle of
   * a change of the topology too: then go on from a checkpoint, or make a model anew.
   */
  readonly onPhase?: (progress: PhaseProgress) => void;
}

/** Hooks as a run has them: rules and a schedule that were given instead of names are among them. */
export interface ResolvedHooks extends RunHooks {
  readonly rules: OwnRules;
  /** Given instead of a named schedule. */
  readonly schedule?: ScheduleFunction;
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

/** Names of the hooks. */
export const HOOK_NAMES = [
  "epochsDone",
  "state",
  "signal",
  "onProgress",
  "onStep",
  "onPhase",
] as const satisfies readonly (keyof RunHooks)[];

/**
 * The hooks among options; other keys are left out.
 *
 * @throws {TypeError} When one cannot be called, or the signal is none.
 */
export function readHooks(options: RunHooks): RunHooks {
  const given = HOOK_NAMES.filter((name) => options[name] !== undefined);
  for (const name of given) {
    const value: unknown = options[name];
    const place: Place = { task: "train", name };
    if (name.startsWith("on") && typeof value !== "function") {
      throw unfit(place, value, "a function");
    }
    if (name === "signal") requireSignal(value, "train");
  }
  return Object.fromEntries(given.map((name) => [name, options[name]]));
}

/**
 * Where a run begins: the state that was given, which it then keeps up to date, or a new one.
 *
 * @param epochs Epochs of the run.
 * @throws {TypeError} When a state and `epochsDone` were both given, or the state is frozen or has parts of another type.
 * @throws {RangeError} When more epochs are done than the run has.
 */
export function startOf({ state, epochsDone }: RunHooks, epochs: number): RunState {
  if (state !== undefined && epochsDone !== undefined) {
    throw new TypeError("Cannot train: state and epochsDone were both given, expected one of them");
  }
  if (isRecord(state) && Object.isFrozen(state)) {
    throw new TypeError("Cannot train: state is frozen, expected an object that the run keeps up to date");
  }
  // Names that an older version saved become those of today.
  if (state !== undefined) Object.assign(state, checkRunState(state));
  const rows = {
    epochsDone: { ...COUNT, least: 0, most: epochs, default: 0, doc: "Epochs done before." },
  } as const;
  const options = state === undefined ? { epochsDone } : { epochsDone: state.epoch };
  const done = resolveOptions(rows, options, { task: "train" }).epochsDone as number;
  return state ?? newRunState(done);
}

/**
 * Going on from a checkpoint: its settings, and which of them may change.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { LoadedModel } from "../files/checkpoint.ts";
import type { TrainingState } from "../files/description.ts";
import type { SparseMlp } from "../model/model.ts";
import { newRunState, oldBest, type RunState } from "../train/state.ts";
import { checkTally } from "../train/tally.ts";
import { defaultOf, type Option, type Other, UsageError } from "./option.ts";
import { FILE_OPTIONS, OPTIONS, type Values } from "./options.ts";

/** A run as a checkpoint left it. */
export interface Resumed {
  readonly model: SparseMlp;
  /** Models of the workers, where it was in phase 2 of parallel training. */
  readonly workers: readonly SparseMlp[];
  readonly state: RunState;
  /** Options of the checkpoint, with those given now over them. */
  readonly wanted: Values;
  /** Options of the checkpoint that mean nothing beside those given now. */
  readonly leftOut: readonly string[];
}

/**
 * Puts the options given now over those of a checkpoint.
 *
 * What makes the network or its random numbers cannot change. Data, training and topology can; then the
 * run is no longer the one that was interrupted.
 *
 * @throws {UsageError} When an option was given that cannot change.
 * @throws {Error} When the file holds no checkpoint of this program.
 */
export function resumed({ model, training, workers = [] }: LoadedModel, given: Values): Resumed {
  const { values } = (training?.options ?? {}) as { values?: Values };
  const state = training && stateOf(training);
  if (values === undefined || state?.tally === undefined) {
    throw new Error(`Cannot go on from "${given.resume}": it holds a model, but no checkpoint of train`);
  }
  refuseFixed(given, model);
  const { optimizer = "sgd" } = values;
  if (given.optimizer !== undefined && given.optimizer !== optimizer) {
    throw new UsageError(
      `Cannot use --optimizer ${given.optimizer} with --resume: the checkpoint holds the state of ${optimizer}; ` +
        "go on with that one, or begin a new run",
    );
  }
  // Where no rule of growth is named, connections grew at the scale of the initialiser.
  const before = (values.growth ?? given.growth) === undefined && { "growth-weights": "initial" };
  // Where nothing says which epoch is kept, it was the last.
  const keep = Boolean(values["validation-fraction"]) && { keep: "last" };
  const kept: Record<string, unknown> = { output: given.resume, ...before, ...keep, ...values };
  if (given.output === undefined) kept.output = given.resume;
  for (const name of ["json", "quiet", "memory", "dashboard"]) delete kept[name];
  const leftOut: string[] = [];
  const chosen: Record<string, unknown> = { ...given };
  // In the table, an option may stand before the one that it goes by.
  for (let before = -1; before < leftOut.length;) {
    before = leftOut.length;
    for (const row of OPTIONS) {
      const { name } = row;
      if (kept[name] === undefined || !isOverruled(row, chosen) && !followsAnother(row, values, chosen)) {
        continue;
      }
      delete kept[name];
      if (given[name] !== undefined) continue;
      leftOut.push(name);
      // From now on its default is what was chosen.
      chosen[name] = defaultOf(row, chosen);
    }
  }
  if (given.data !== undefined) delete kept.dataset;
  if (given.dataset !== undefined) { for (const name of FILE_OPTIONS) delete kept[name]; }
  return { model, workers, state, wanted: { ...kept, ...given } as Values, leftOut };
}

/** Why an option cannot change that belongs to the checkpoint. */
const FIXED = {
  network: "the network is the checkpoint's",
  columns: "the checkpoint knows what its columns are",
} as const;

/** Refuses options that belong to the checkpoint; columns do where it knows them. */
function refuseFixed(given: Values, { schema }: SparseMlp): void {
  for (const row of OPTIONS) {
    const { name, fixedWith }: Option = row;
    if (fixedWith === undefined || given[row.name] === undefined) continue;
    if (fixedWith === "columns" && schema === undefined) continue;
    throw new UsageError(`Cannot use --${name} with --resume: ${FIXED[fixedWith]}`);
  }
}

/** Values by name of options. */
type Named = Readonly<Record<string, unknown>>;

/** Whether a choice that is made now leaves no meaning to an option of the checkpoint. */
function isOverruled({ needs = [], excludes = [] }: Option, chosen: Named): boolean {
  const isChosen = ({ option, values }: Other, meant: boolean) => {
    const choice = chosen[option];
    if (choice === undefined) return false;
    // What is switched off, or 0, is as if it were not there.
    return values === undefined ? !meant && !choice : values.includes(String(choice)) === meant;
  };
  return needs.some((other) => isChosen(other, false)) || excludes.some((other) => isChosen(other, true));
}

/**
 * Whether a value of the checkpoint was the default beside a choice that is another now, which has another default; where
 * there is no default, whether it belongs to another choice.
 */
function followsAnother(row: Option, before: Named, chosen: Named): boolean {
  if (row.follows === undefined || chosen[row.follows] === undefined) return false;
  if (row.default === undefined) return chosen[row.follows] !== before[row.follows];
  const value = String(before[row.name]);
  return value === defaultOf(row, before) && value !== defaultOf(row, chosen);
}

/** The state of a checkpoint; formats 1 and 2 kept what the run had reached among the options. */
function stateOf({ epoch, options, state: found }: TrainingState): RunState {
  const state = found ?? newRunState(epoch);
  const { history } = options as { history?: { lowestValidationLoss?: number } };
  if (state.tally !== undefined || history === undefined) return state;
  state.tally = checkTally(history);
  const { lowestValidationLoss } = history;
  // The first format had no state to keep it in; in the second, the history's may be of the middle of an epoch.
  if (found === undefined && lowestValidationLoss !== undefined) {
    state.best = oldBest(lowestValidationLoss, state.tally);
  }
  return state;
}

/**
 * Refuses to go on with data of another shape or of other classes.
 *
 * @throws {TypeError} With what does not fit.
 */
export function checkFit(path: string, model: SparseMlp, data: Dataset): void {
  const { featureCount, classNames } = model;
  const because = (reason: string) =>
    new TypeError(`Cannot go on from "${path}" with "${data.name}": ${reason}`);
  if (featureCount !== data.featureCount) {
    throw because(`it has ${data.featureCount} features, the model takes ${featureCount}`);
  }
  const unlike = classNames.length !== data.classNames.length ||
    classNames.some((name, place) => name !== data.classNames[place]);
  if (unlike) {
    throw because(`its classes are ${listed(data.classNames)}, those of the model ${listed(classNames)}`);
  }
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_LISTED).join(", ");
  return names.length > MOST_LISTED ? `${shown}, …` : shown || "none";
}

/** Most names of classes in a message. */
const MOST_LISTED = 10;

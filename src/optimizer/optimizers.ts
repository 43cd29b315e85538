/**
 * The optimisers there are, by name.
 *
 * @module
 */
import { onlyFor, type ValuesByName } from "../hyperparameter.ts";
import { ADAM, ADAM_HYPERPARAMETERS, type AdamOptions, type AdamSettings } from "./adam.ts";
import type { Optimizer, OptimizerDefaults, OptimizerState } from "./optimizer.ts";
import { SGD, SGD_HYPERPARAMETERS, type SgdOptions, type SgdSettings } from "./sgd.ts";

/** What optimisers may be told, each its own. */
export interface OptimizerOptions extends SgdOptions, AdamOptions {}

/** Rows of {@linkcode OptimizerOptions}. */
export const OPTIMIZER_HYPERPARAMETERS = {
  ...onlyFor("optimizer", "sgd", SGD_HYPERPARAMETERS),
  ...onlyFor("optimizer", "adam", ADAM_HYPERPARAMETERS),
} as const;

/** Settings of every optimiser, and the name of the one that counts; those of others are absent. */
export interface OptimizerSettings extends SgdSettings, AdamSettings {
  readonly optimizer: OptimizerName;
}

/** Name of an optimiser. */
export type OptimizerName = "sgd" | "adam";

const ALL: { readonly [Name in OptimizerName]: Optimizer<OptimizerSettings> } = { sgd: SGD, adam: ADAM };

/** Names of the optimisers, in the order help shows them. */
export const OPTIMIZER_NAMES = Object.keys(ALL) as readonly OptimizerName[];

/** The optimiser of a name. */
export function optimizerNamed(name: OptimizerName): Optimizer<OptimizerSettings> {
  return ALL[name];
}

/** A default that follows the optimiser: what suits the one that was chosen. */
export function suiting<K extends keyof OptimizerDefaults>(
  name: K,
): (values: ValuesByName) => OptimizerDefaults[K] {
  return ({ optimizer = "sgd" }) => optimizerNamed(optimizer as OptimizerName).defaults[name];
}

/** What a model must hold for these settings; with the planes it has already, where they suffice. */
export function stateFor(settings: OptimizerSettings, held?: OptimizerState): OptimizerState {
  const { name, planes } = optimizerNamed(settings.optimizer);
  const needed = planes(settings);
  const keeps = held?.optimizer === name && held.planes.length > needed.length;
  return { optimizer: name, planes: keeps ? held.planes : needed };
}

/**
 * Refuses to go on with the state of another optimiser.
 *
 * @throws {TypeError} With both names.
 */
export function checkHeld(optimizer: string, held: OptimizerState | undefined): void {
  if (held === undefined || held.optimizer === optimizer) return;
  throw new TypeError(
    `Cannot train with optimizer "${optimizer}": the model holds the state of "${held.optimizer}"; ` +
      "go on with that one, or call discardState() to begin anew",
  );
}

/**
 * The state that a file names.
 *
 * @throws {TypeError} When the optimiser is unknown, or the planes are not those it keeps, in their order.
 */
export function stateNamed(optimizer: string, names: readonly string[]): OptimizerState {
  if (!Object.hasOwn(ALL, optimizer)) {
    throw new TypeError(
      `Cannot use the state of optimizer "${optimizer}": this package knows ${OPTIMIZER_NAMES.join(", ")}`,
    );
  }
  const { states } = optimizerNamed(optimizer as OptimizerName);
  const told = (planes: readonly string[]) => planes.length === 0 ? "no planes" : planes.join(", ");
  const known = states.map((planes) => told(planes.map((plane) => plane.name)));
  const found = known.indexOf(told(names));
  if (found >= 0) return { optimizer, planes: states[found] };
  throw new TypeError(
    `Cannot use the state of optimizer "${optimizer}": it has ${told(names)}, expected ${known.join(" or ")}`,
  );
}

/**
 * When a topology changes: after every so many epochs, or steps.
 *
 * @module
 */
import { isRecord, type Place, readWhole, refuseUnknown, unfit } from "../hyperparameter.ts";
import { readByName } from "../value.ts";

/** From one change of the topology to the next: epochs, or steps. */
export type EvolveEvery = number | { readonly steps: number };

/** A moment of a run, between two steps. */
export interface Moment {
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Steps of this epoch that are done, from 1. */
  readonly step: number;
  /** Steps of an epoch. */
  readonly steps: number;
}

/**
 * Checks an interval.
 *
 * @returns A frozen copy.
 * @throws {TypeError} When it is neither a number nor an object with steps.
 * @throws {RangeError} When it is no whole number of at least 1.
 */
export function readEvolveEvery(value: unknown, place: Place): EvolveEvery {
  const { task, name } = place;
  if (typeof value === "number") return readWhole(value, place, { least: 1 });
  if (!isRecord(value)) throw unfit(place, value, "a whole number of epochs or an object with steps");
  const within = `${name}.`;
  refuseUnknown(value, ["steps"], task, within);
  const { steps } = readByName(value, ["steps"], task, within);
  return Object.freeze({ steps: readWhole(steps, { task, name: `${within}steps` }, { least: 1 }) });
}

/** Whether a topology evolves at a moment; by epochs, only at the end of one. */
export function evolvesAt(every: EvolveEvery, { epoch, step, steps }: Moment): boolean {
  if (typeof every === "number") return step === steps && epoch % every === 0;
  return ((epoch - 1) * steps + step) % every.steps === 0;
}

/** Number of the change at a moment at which a topology evolves, which names its random numbers: the epoch, or a count. */
export function changeNumber(every: EvolveEvery, { epoch, step, steps }: Moment): number {
  return typeof every === "number" ? epoch : ((epoch - 1) * steps + step) / every.steps;
}

/** Epochs that are done at a moment, with the part of one. */
export function epochsAt({ epoch, step, steps }: Moment): number {
  return epoch - 1 + step / steps;
}

/** Share of a run of so many epochs that is done at a moment; 1 where more is done. */
export function progressAt(moment: Moment, epochs: number): number {
  return Math.min(1, epochsAt(moment) / epochs);
}

/** After which steps of an epoch, but its last, a topology evolves: ascending. */
export function changesInside(every: EvolveEvery, { epoch, steps }: Omit<Moment, "step">): number[] {
  if (typeof every === "number") return [];
  const before = (epoch - 1) * steps;
  const found: number[] = [];
  for (let step = every.steps - before % every.steps; step < steps; step += every.steps) found.push(step);
  return found;
}

/**
 * Share of a run that is done at its last change of the topology: the end of the run changes nothing. 0 without one.
 *
 * @param steps Steps of an epoch.
 * @param part Of which epochs the changes count. @default all
 */
export function lastChange(
  every: EvolveEvery,
  epochs: number,
  steps: number,
  { after = 0, until = epochs }: { readonly after?: number; readonly until?: number } = {},
): number {
  const unit = typeof every === "number" ? 1 : steps;
  const length = typeof every === "number" ? every : every.steps;
  const last = Math.floor(Math.min(epochs * unit - 1, until * unit) / length) * length;
  return last > after * unit ? last / (epochs * unit) : 0;
}

/**
 * Which batch of an epoch, from 0, tells what gradients absent connections would have: the one the epoch began with, or,
 * where steps are counted, the last whole one.
 *
 * @param batches Whole batches of an epoch.
 */
export function probedBatch(every: EvolveEvery, { step }: Pick<Moment, "step">, batches: number): number {
  return typeof every === "number" ? 0 : Math.max(0, Math.min(step, batches) - 1);
}

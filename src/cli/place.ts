/**
 * Where a run stands, and what is said of it when it is stopped.
 *
 * @module
 */
import type { RunState } from "../train/state.ts";

/** Whole epochs, and steps after those. */
export type Place = Pick<RunState, "epoch" | "step">;

/** Where a run stands. */
export function placeOf({ epoch, step }: RunState): Place {
  return { epoch, step };
}

/** Whether a place is that one. */
export function isSame(one: Place | undefined, { epoch, step }: Place): boolean {
  return one?.epoch === epoch && one.step === step;
}

/**
 * What is said after Ctrl-C.
 *
 * @param saved What the output file holds; workers that were stopped in the middle of an epoch may have saved nothing.
 */
export function farewell(
  output: string | undefined,
  { epoch, step }: Place,
  saved: Place | undefined,
): string {
  const lead = `Stopped after ${epoch} whole epochs` + (step > 0 ? ` and ${step} steps` : "");
  if (output === undefined) return `${lead}; nothing was saved, --output names a file for it`;
  if (saved === undefined) return `${lead}; nothing was saved: there was no checkpoint yet`;
  return `${lead}; go on from epoch ${saved.epoch + 1} with: train --resume ${output}`;
}

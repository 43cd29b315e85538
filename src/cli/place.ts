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

/** What is said after Ctrl-C, when the output file, if there is one, holds the run. */
export function farewell(output: string | undefined, { epoch, step }: Place): string {
  const lead = `Stopped after ${epoch} whole epochs` + (step > 0 ? ` and ${step} steps` : "");
  if (output === undefined) return `${lead}; nothing was saved, --output names a file for it`;
  return `${lead}; go on from epoch ${epoch + 1} with: train --resume ${output}`;
}

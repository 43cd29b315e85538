/** Runs that are stopped and go on from a checkpoint, for tests of resumption. @module */
import { assert } from "@std/assert";
import {
  type Dataset,
  type EpochRecord,
  loadModel,
  newRunState,
  saveModel,
  type SparseMlp,
  train,
  type TrainOptions,
} from "../../mod.ts";
import { abortBefore } from "./data.ts";

/**
 * Trains in parts of so many steps, each from a checkpoint and with another number of threads.
 *
 * @param model What the first part begins with.
 * @returns The model of the last part, and the records of all epochs.
 */
export async function inParts(
  model: SparseMlp,
  data: Dataset,
  options: TrainOptions,
  steps: number,
): Promise<{ readonly model: SparseMlp; readonly records: readonly EpochRecord[] }> {
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  const records: EpochRecord[] = [];
  let state = newRunState();
  try {
    for (let part = 0; part < 200; part++) {
      const stopped = { state, signal: abortBefore(steps), threads: 1 + part % 3 };
      try {
        for await (const record of train(model, data, { ...options, ...stopped })) records.push(record);
        return { model, records };
      } catch (error) {
        assert(error instanceof DOMException, String(error));
      }
      await saveModel(model, path, { training: { epoch: state.epoch, options: {}, state } });
      const loaded = await loadModel(path);
      [model, state] = [loaded.model, loaded.training!.state!];
    }
  } finally {
    await Deno.remove(path);
  }
  throw new Error("it never ends");
}

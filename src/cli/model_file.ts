/**
 * Model files as commands load and save them: with all threads, and a bar where it takes a while.
 *
 * @module
 */
import { type LoadedModel, loadModel, saveModel, type SaveOptions } from "../files/checkpoint.ts";
import type { SparseMlp } from "../model/model.ts";
import type { Values } from "./options.ts";
import { loadingBar } from "./progress.ts";

/**
 * Loads a model or checkpoint on as many threads as options say, or on all cores.
 *
 * @throws {CheckpointError} As {@linkcode loadModel}.
 */
export async function readModelFile(path: string, { threads, json, quiet }: Values): Promise<LoadedModel> {
  using bar = loadingBar(!json && !quiet);
  return await loadModel(path, {
    threads: threads ?? navigator.hardwareConcurrency,
    onProgress: (doneBytes, totalBytes) => bar.update(`Loading ${path}`, doneBytes, totalBytes),
  });
}

/**
 * Saves a model or checkpoint.
 *
 * @throws {CheckpointError} As {@linkcode saveModel}.
 */
export async function writeModelFile(
  model: SparseMlp,
  path: string,
  { json, quiet }: Values,
  beside: Omit<SaveOptions, "onProgress"> = {},
): Promise<void> {
  using bar = loadingBar(!json && !quiet);
  await saveModel(model, path, {
    ...beside,
    onProgress: (doneBytes, totalBytes) => bar.update(`Saving ${path}`, doneBytes, totalBytes),
  });
}

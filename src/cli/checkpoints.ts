/**
 * The file of a run of the command `train`: checkpoints on its way, and what has come of it.
 *
 * @module
 */
import { saveModel, type SaveOptions } from "../files/checkpoint.ts";
import { writeModelFile } from "./model_file.ts";
import { isSame, type Place, placeOf } from "./place.ts";
import type { Run } from "./prepare.ts";

/** Saves a run wherever it stands, once; nothing where no file is named for it. */
export class Checkpoints {
  readonly #run: Run;
  readonly #onProgress: (doneBytes: number, totalBytes: number) => void;
  #saved: Place | undefined;
  #savedAt = performance.now();

  /** @param onProgress Told of the bytes of a checkpoint while training goes on. */
  constructor(run: Run, onProgress: (doneBytes: number, totalBytes: number) => void) {
    this.#run = run;
    this.#onProgress = onProgress;
  }

  /** Whether the minutes from one to the next are over. */
  get due(): boolean {
    const { "checkpoint-minutes": minutes = Infinity } = this.#run.values;
    return performance.now() - this.#savedAt > 60_000 * minutes;
  }

  /** Saves a checkpoint of a run that goes on. */
  async save(): Promise<void> {
    const onProgress = this.#onProgress;
    await this.#save((output, beside) => saveModel(this.#run.model, output, { ...beside, onProgress }));
  }

  /**
   * Saves what has come of the run, to go on from or to use.
   *
   * @param calibrated Whether the model has a temperature, which what was saved after the last epoch has not.
   */
  async end(calibrated: boolean): Promise<void> {
    if (calibrated) this.#saved = undefined;
    const { model, values } = this.#run;
    await this.#save((output, beside) => writeModelFile(model, output, values, beside));
  }

  async #save(write: (output: string, beside: SaveOptions) => Promise<void>): Promise<void> {
    const { given, values, data, state, log, workerModels } = this.#run;
    const { resume: _, ...kept } = values;
    const place = placeOf(state);
    if (values.output === undefined || isSame(this.#saved, place)) return;
    const training = { epoch: state.epoch, options: { values: kept }, state };
    const told = log.record(given, values, data);
    await write(values.output, { training, workers: await workerModels.current(), run: told });
    this.#saved = place;
    this.#savedAt = performance.now();
  }
}

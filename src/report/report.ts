/**
 * A report of a model: one page that shows what came out of its training.
 *
 * @module
 */
import { type Dataset, usableDataset } from "../data/dataset.ts";
import { messageOf } from "../errors.ts";
import { checkRun, type RunRecord } from "../files/run_record.ts";
import { type NamesOf, onlyKnown, readValue, THREADS } from "../hyperparameter.ts";
import type { SparseMlp } from "../model/model.ts";
import { requireModel } from "../model/model_argument.ts";
import { measured } from "../train/measures.ts";
import { requireText } from "../value.ts";

/** Options of {@linkcode report}. */
export interface ReportOptions {
  /** Samples to measure the model on: the test part, or the training part where there is none. */
  readonly data?: Dataset;
  /** Where the model comes from: what {@linkcode readRun} gives of its file. */
  readonly run?: RunRecord;
  /** What the page calls the model. @default {"Model"} */
  readonly title?: string;
  /** Threads of the kernels; they do not change the page. @default {1} */
  readonly threads?: number;
}

const NAMES: NamesOf<ReportOptions> = { data: true, run: true, title: true, threads: true };

/**
 * Makes a page of HTML that shows a model: what it is worth, class by class or error by error, how sure it is, how it
 * learned, its layers against dense ones, degrees, importance, the life of its connections, and what its inputs are
 * connected to.
 *
 * The page needs nothing beside itself: no network, no script. What comes from outside (names of columns, classes, files)
 * is escaped. Without data or a run, the sections that tell of them say in a sentence how to get them. The same model,
 * data and run give the same page. Cost: one pass forward over the samples, and well below a second of drawing.
 *
 * @returns The text of an HTML file.
 * @throws {TypeError} When the model is none, the data do not fit it, or there is no option of a name.
 * @throws {RangeError} When a number of the data is out of range.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { fit, madelonLike, report, SparseMlp } from "@truly-sparse/truly-sparse";
 *
 * const data = madelonLike({ samples: 200, testSamples: 50, features: 20, seed: 1 });
 * const model = SparseMlp.for(data, { hidden: [16], epsilon: 8, seed: 1 });
 * await fit(model, data, { epochs: 2, batchSize: 16 });
 * const page = await report(model, { data });
 * assert(page.startsWith("<!doctype html>"));
 * ```
 */
export async function report(model: SparseMlp, options: ReportOptions = {}): Promise<string> {
  const task = "make a report";
  requireModel(model, task);
  const { data, run, title = "Model", threads } = onlyKnown(options, NAMES, task);
  requireText(title, { task, name: "title" });
  const settings = { threads: readValue(THREADS, threads, { task, name: "threads" }) };
  const known = data === undefined ? undefined : usableDataset(data);
  const from = run === undefined ? undefined : readRunOption(run, task);
  const split = data?.test ?? data?.train;
  const { page } = await import("./page.ts");
  return await page({
    title,
    model,
    run: from,
    tested: split && known && { name: known.name, measured: measured(model, split, settings) },
    image: known?.image ?? from?.image,
    featureNames: known?.featureNames,
  });
}

function readRunOption(run: unknown, task: string): RunRecord {
  try {
    return checkRun(run);
  } catch (cause) {
    throw new TypeError(`Cannot ${task}: run is none: ${messageOf(cause)}`, { cause });
  }
}

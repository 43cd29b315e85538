/**
 * The command `evaluate`.
 *
 * @module
 */
import type { Dataset, ImageShape, Split } from "../data/dataset.ts";
import type { LoadedModel } from "../files/checkpoint.ts";
import type { SparseMlp } from "../model/model.ts";
import { answerCount } from "../model/outputs.ts";
import { sharedWords } from "../sparse/shared.ts";
import { evaluate, type Measures } from "../train/measures.ts";
import type { Command } from "./command.ts";
import { describeData, loadData } from "./data.ts";
import { bytes, count, duration, plural, rate } from "../format.ts";
import { measureLines, measuresToJson, tableLines } from "./measures.ts";
import { readModelFile } from "./model_file.ts";
import { UsageError } from "./option.ts";
import { loadingBar } from "./progress.ts";
import { FILE_OPTIONS, type Values } from "./options.ts";
import { printEvent } from "./output.ts";
import { describeNetwork, titled } from "./report.ts";
import { checkTogether } from "./settings.ts";

/** Options that say which samples a model was trained on. */
const KEPT: readonly string[] = ["dataset", "data-dir", ...FILE_OPTIONS, "first-index", "seed"];

/** Measures a saved model by all metrics of its task. */
export const evaluateCommand: Command = {
  name: "evaluate",
  arguments: [{ name: "MODEL", required: true }],
  summary: "Measure a saved model on samples",
  description:
    "Loads a model file and measures it: accuracy, balanced accuracy, macro F1, ROC AUC, log loss, Brier score, " +
    "expected calibration error and which classes are taken for which; of several labels F1, precision, recall, ROC " +
    "AUC and average precision; or RMSE, MAE and R². Without --dataset or " +
    "--data it takes the data that the model was trained on. Columns of a table are found by the names that the " +
    "model knows.",
  examples: [
    ["On the test part of the data it was trained on", "evaluate model.safetensors"],
    ["On new samples", "evaluate flowers.safetensors --data new-flowers.csv"],
  ],
  run: ([path], values) => evaluateFile(path, values),
};

/** Samples to measure a model on, with the class indices of the model. */
export interface EvaluationData {
  readonly name: string;
  readonly parts: readonly Split[];
  readonly samples: number;
  /** Size of the samples, where they are images. */
  readonly image?: ImageShape;
  /** Name of each feature; empty when unknown. */
  readonly featureNames: readonly string[];
}

/**
 * Loads the samples that options ask for, or those the model was trained on.
 *
 * @throws {TypeError} When model and data do not fit together.
 */
export async function evaluationData(
  path: string,
  { model, training }: LoadedModel,
  given: Values,
): Promise<EvaluationData> {
  if (model.standardization === undefined) {
    throw new Error(`Cannot evaluate "${path}": it was never trained, so it cannot standardise features`);
  }
  const values = dataOptions(given, training?.options.values as Values | undefined);
  describeData(values);
  const { data, notices } = await loadData(values, { showProgress: !given.json, reader: { model, given } });
  checkFit(path, model, data);
  const parts = partsOf(data, values.part).map((split) => withClassesOf(model, data, split));
  for (const notice of notices) console.error(notice);
  const { name, image, featureNames } = data;
  const samples = parts.reduce((sum, split) => sum + split.samples, 0);
  return { name, parts, samples, featureNames, ...(image && { image }) };
}

/** Measures with progress on the terminal. */
function measured(model: SparseMlp, parts: readonly Split[], threads: number, shown: boolean): Measures {
  using bar = loadingBar(shown);
  return evaluate(model, parts, {
    threads,
    onProgress: (done, total) => bar.update("Evaluating", done, total),
  });
}

async function evaluateFile(path: string, given: Values): Promise<number> {
  checkTogether(given);
  const loaded = await readModelFile(path, given);
  const { model } = loaded;
  const { threads = navigator.hardwareConcurrency, json = false } = given;
  const { name, parts, samples } = await evaluationData(path, loaded, given);
  const started = performance.now();
  const measures = measured(model, parts, threads, !json);
  const seconds = (performance.now() - started) / 1000;
  const stats = model.stats();
  if (json) {
    const { temperature } = model;
    printEvent({
      event: "evaluation",
      model: path,
      dataset: name,
      ...measuresToJson(measures),
      ...(temperature !== 1 && { temperature }),
      seconds,
      parameters: stats.parameters,
    });
    return 0;
  }
  const lines = titled([
    ["Model", `${path}: ${describeNetwork(model.settings)}`],
    ["Parameters", `${count(stats.parameters)}, ${bytes(stats.inferenceBytes)} to use`],
    ["Data", `${name}, ${plural(samples, "sample")}`],
    ...measureLines(measures, model.targetScaling !== undefined),
    ["Time", `${duration(seconds)}, ${rate(samples / seconds)}`],
  ]);
  console.log([...lines, ...tableLines(measures, model.classNames)].join("\n"));
  return 0;
}

/** The data asked for, or those of the training. */
function dataOptions(given: Values, trained: Values | undefined): Values {
  // Of files to evaluate on, nothing is set aside.
  if (given.data !== undefined) {
    const index = given["first-index"] ?? trained?.["first-index"];
    return { "test-fraction": 0, ...given, ...(index !== undefined && { "first-index": index }) };
  }
  if (given.dataset !== undefined) return given;
  if (trained === undefined) {
    throw new UsageError("Cannot tell which samples to evaluate on: give --dataset or --data");
  }
  const kept = Object.fromEntries(Object.entries(trained).filter(([name]) => KEPT.includes(name)));
  return { ...kept as Values, ...given };
}

function checkFit(path: string, model: SparseMlp, data: Dataset): void {
  const { task } = model.settings;
  if (task !== data.task) {
    throw new TypeError(
      `Cannot evaluate "${path}" on "${data.name}": it is for ${data.task}, the model for ${task}`,
    );
  }
  if (model.featureCount !== data.featureCount) {
    throw new TypeError(
      `Cannot evaluate "${path}" on "${data.name}": it has ${data.featureCount} features, ` +
        `the model takes ${model.featureCount}`,
    );
  }
  const outputs = answerCount(model.settings);
  if (task !== "classification" && outputs !== data.outputCount) {
    throw new TypeError(
      `Cannot evaluate "${path}" on "${data.name}": it has ${data.outputCount} outputs, ` +
        `the model gives ${outputs}`,
    );
  }
}

function partsOf(data: Dataset, part: Values["part"]): Split[] {
  const { train, test } = data;
  if (part === "train") return [train];
  if (part === "all") return test === undefined ? [train] : [train, test];
  if (part === "test" && test === undefined) {
    throw new UsageError(`Cannot use --part test: "${data.name}" has no test part`);
  }
  return [test ?? train];
}

/** The samples with the class indices of the model, which knows classes by name. */
function withClassesOf(model: SparseMlp, data: Dataset, split: Split): Split {
  const { classNames, settings } = model;
  if (settings.task !== "classification") return split;
  const known = classNames.length > 0 ? classNames : data.classNames;
  const places = data.classNames.map((name) => known.indexOf(name));
  const missing = places.indexOf(-1);
  if (missing >= 0) {
    const names = classNames.slice(0, 10).join(", ") + (classNames.length > 10 ? ", …" : "");
    throw new RangeError(
      `Cannot evaluate on "${data.name}": the model has no class "${
        data.classNames[missing]
      }", its classes are ${names}`,
    );
  }
  const labels = sharedWords(split.samples);
  for (let sample = 0; sample < split.samples; sample++) labels[sample] = places[split.labels[sample]];
  return { ...split, labels };
}

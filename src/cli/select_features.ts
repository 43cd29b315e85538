/**
 * The command `select-features`.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { messageOf } from "../errors.ts";
import { featureColumns } from "../features/columns.ts";
import { withFeatures } from "../features/reduced.ts";
import {
  type SelectedFeatures,
  selectFeatures,
  SELECTION_DEFAULTS,
  type SelectionProgress,
  strongestFeatures,
} from "../features/select.ts";
import { saveTable, tablePaths } from "../files/table.ts";
import { count } from "../format.ts";
import { SparseMlp } from "../model/model.ts";
import { evaluate, type Measures } from "../train/measures.ts";
import { fit } from "../train/fit.ts";
import { newRunState } from "../train/state.ts";
import { WholeFile, writeWhole } from "../whole_file.ts";
import type { Command } from "./command.ts";
import { describeData, loadData } from "./data.ts";
import { featureTable } from "./features.ts";
import { columns } from "./format.ts";
import { Interruption } from "./interruption.ts";
import { measureLines, measuresToJson } from "./measures.ts";
import { readModelFile, writeModelFile } from "./model_file.ts";
import { type Option, UsageError } from "./option.ts";
import { OPTIONS, type Values } from "./options.ts";
import { checkOutput, isStdout, printEvent } from "./output.ts";
import { drawsBars, loadingBar } from "./progress.ts";
import { dataLines, titled } from "./report.ts";
import { RunLog } from "./run_log.ts";
import { checkTogether, fillDefaults, modelOptions, paperSettings, trainOptions } from "./settings.ts";
import { settle } from "./suggestion.ts";

const { network, training } = SELECTION_DEFAULTS;

/** Chooses features of a table or of a model; exit code 130 after Ctrl-C, 143 after SIGTERM. */
export const selectFeaturesCommand: Command = {
  name: "select-features",
  arguments: [{ name: "MODEL", required: false }],
  summary: "Choose the columns that matter most",
  description:
    "Ranks the features of a table, or of a named data set, by the training samples alone, and shows the best: a column " +
    "of categories is one feature. Networks have hidden layers of " +
    `${
      network.hidden.join(",")
    } ${network.activation.kind} units with ε = ${network.epsilon} and train for ` +
    `${training.epochs} epochs at rate ${training.learningRate}, where no option says otherwise. With a model file, its ` +
    "inputs are ranked by the strength of their connections as they are.",
  examples: [
    [
      "The 50 genes that tell tumours apart, a name a line",
      "select-features --data genes.csv --count 50 --output genes.txt",
    ],
    [
      "A table of the chosen columns, and a model on it",
      "select-features --data genes.csv --count 50 --reduced small.csv --model small.safetensors",
    ],
    [
      "Twenty features of Madelon by competing inputs",
      "select-features --dataset madelon --count 20 --method neurofs",
    ],
    ["What a trained model listens to", "select-features model.safetensors --count 10"],
  ],
  run: ([path], values) => select(path, values),
};

async function select(path: string | undefined, given: Values): Promise<number> {
  checkTogether(given);
  if (given.alpha !== undefined && given.activation === undefined) {
    const { kind } = network.activation;
    throw new UsageError(
      `Cannot use --alpha without --activation: it is ${kind} here, which has no slope to choose`,
    );
  }
  if (given.count === undefined) throw new UsageError("Cannot select features without --count: say how many");
  if (path !== undefined) return await ofModel(path, given, given.count);
  await checkOutputs(given);
  const named = describeData(given);
  const values = fillDefaults("select-features", given, named && paperSettings(named));
  const { json = false, quiet = false } = given;
  const { data, notices } = await loadData(values, { showProgress: !json && !quiet });
  if (!json && !quiet) console.error([...notices, ...titled(dataLines(data))].join("\n"));
  using interruption = new Interruption((text) => console.error(text));
  try {
    const chosen = await choose(data, given, !json && !quiet, interruption.signal);
    const features = chosen.features.map(({ feature }) => feature);
    const reduced = given.reduced === undefined && given.model === undefined
      ? undefined
      : withFeatures(data, features);
    const tables = given.reduced === undefined ? [] : await saveTable(reduced!, given.reduced);
    const measures = given.model === undefined
      ? undefined
      : await saveReducedModel({ ...given, model: given.model }, data, reduced!, chosen, interruption.signal);
    await report(chosen, given, tables, measures, data.name);
    return 0;
  } catch (cause) {
    if (!interruption.signal.aborted) throw cause;
    console.error("Stopped before features were chosen; nothing was saved");
    return interruption.exitCode();
  }
}

/** Refuses files that cannot be written, or would replace what is read or one another. */
async function checkOutputs({ output, reduced, model, data = [] }: Values): Promise<void> {
  const taken = [...data];
  const tables = reduced === undefined ? [] : tablePaths(reduced);
  const names = output === undefined || isStdout(output) ? [] : [output];
  for (const file of [...names, ...tables, ...(model === undefined ? [] : [model])]) {
    await checkOutput(file, taken);
    taken.push(file);
  }
}

/** Chooses, with a bar on a terminal, else a line for each method. */
async function choose(
  data: Dataset,
  given: Values,
  shown: boolean,
  signal: AbortSignal,
): Promise<SelectedFeatures> {
  using bar = loadingBar(shown);
  let last = "";
  const onProgress = ({ phase, done, total }: SelectionProgress) => {
    bar.update(`${phase}, ${done} of ${total}`, done, total);
    if (phase === last || !shown || drawsBars()) return;
    console.error(phase === "comparison" ? "Comparing methods" : `Training by ${phase}, ${total} epochs`);
    last = phase;
  };
  const { hidden: _, threads, seed = 0, ...options } = modelOptions(given);
  const { hidden } = given;
  const { threads: __, seed: ___, ...training } = trainOptions(given);
  return await selectFeatures(data, {
    ...{ count: given.count!, method: given.method ?? "best", seed, onProgress, signal, training },
    ...(threads !== undefined && { threads }),
    network: { ...options, ...(hidden && { hidden }) },
  });
}

/** Trains on the chosen features as `train` does; without a schema, the model reads the whole samples. */
async function saveReducedModel(
  given: Values & { readonly model: string },
  data: Dataset,
  reduced: Dataset,
  chosen: SelectedFeatures,
  signal: AbortSignal,
): Promise<Measures | undefined> {
  const { count: _, method: __, reduced: ___, output: ____, model: path, ...asked } = given;
  const { values } = settle("train", asked, fillDefaults("train", asked), reduced);
  const model = SparseMlp.for(reduced, modelOptions(values));
  const state = newRunState();
  const { test, ...learned } = reduced;
  const log = new RunLog();
  await fit(model, learned, { ...trainOptions(values), state, signal }, (record) => log.add(record));
  const measures = test &&
    evaluate(model, test, { threads: values.threads ?? navigator.hardwareConcurrency });
  if (data.schema === undefined) {
    const places = new Set(chosen.features.map(({ feature }) => feature));
    const kept = featureColumns(data).filter((_, place) => places.has(place));
    const { mean, scale } = model.standardization!;
    const features = Uint32Array.from(kept, ({ first }) => first);
    model.standardization = { mean, scale, selection: { featureCount: data.featureCount, features } };
  }
  await writeModelFile(model, path, given, {
    training: { epoch: state.epoch, options: { values: asked }, state },
    run: log.record(given, values, reduced, "select-features"),
  });
  return measures;
}

async function ofModel(path: string, given: Values, most: number): Promise<number> {
  for (const row of OPTIONS) {
    const { name, group }: Option = row;
    const needsData = group !== "run" || name === "method" || name === "reduced" || name === "model" ||
      name === "seed";
    if (!needsData || given[row.name] === undefined) continue;
    throw new UsageError(`Cannot use --${name} with a model file: it is for a selection from data`);
  }
  const { output } = given;
  if (output !== undefined && !isStdout(output)) await checkOutput(output, [path]);
  const { model } = await readModelFile(path, given);
  await report(strongestFeatures(model, most), given, [], undefined, path);
  return 0;
}

/** Prints what was chosen and saves the names. */
async function report(
  chosen: SelectedFeatures,
  { output, model, json, quiet }: Values,
  tables: readonly string[],
  measures: Measures | undefined,
  source: string,
): Promise<void> {
  const { method, features, featureCount, comparisons } = chosen;
  const names = features.map(({ name }) => `${name.replaceAll(/\s*[\r\n]\s*/g, " ")}\n`).join("");
  if (output !== undefined) await writeNames(output, names);
  if (json) {
    printEvent({
      ...{ event: "selection", source, method, featureCount, features },
      ...(comparisons && { comparisons }),
      ...(tables.length > 0 && { reduced: tables }),
      ...(model !== undefined && { model }),
      ...(measures && { test: measuresToJson(measures) }),
    });
    return;
  }
  const compared = comparisons === undefined || quiet ? [] : [
    ...columns(
      [
        ["method", "validation error"],
        ...comparisons.map((row) => [row.method, row.validationError.toPrecision(4)]),
      ],
      ["left", "right"],
    ),
    "",
  ];
  if (output === undefined || !isStdout(output)) {
    const head = `${count(features.length)} of ${count(featureCount)} features by ${method}`;
    const tested = measures === undefined
      ? []
      : ["", "Test samples:", ...titled(measureLines(measures, true))];
    console.log([...compared, head, "", ...featureTable(chosen), ...tested].join("\n"));
  }
  const saved = [
    ...(output !== undefined && !isStdout(output) ? [`the names to "${output}"`] : []),
    ...tables.map((path) => `the reduced table to "${path}"`),
    ...(model === undefined ? [] : [`the model to "${model}"`]),
  ];
  if (saved.length > 0 && !quiet) console.error(`Saved ${saved.join(", ")}`);
}

async function writeNames(output: string, names: string): Promise<void> {
  const bytes = new TextEncoder().encode(names);
  try {
    if (isStdout(output)) await WholeFile.stdout().write(bytes);
    else await writeWhole(output, (file) => file.write(bytes));
  } catch (cause) {
    throw new Error(`Cannot write the names to "${output}": ${messageOf(cause)}`, { cause });
  }
}

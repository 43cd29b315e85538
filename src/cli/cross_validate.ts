/**
 * The command `cross-validate`.
 *
 * @module
 */
import { classCounts, type Dataset } from "../data/dataset.ts";
import { readGroupColumn } from "../data/table/group_column.ts";
import { optionsFor } from "../model/data_shape.ts";
import { SparseMlp } from "../model/model.ts";
import { resolveSettings } from "../model/settings.ts";
import { type FoldRecord, type MetricSpread, scoresOf, trainFolds } from "../train/cross_validation.ts";
import { askedWeights, weightLines } from "./class_weights.ts";
import type { Command } from "./command.ts";
import { column, describeData, loadData, type LoadedData, textOptions } from "./data.ts";
import { count, duration } from "../format.ts";
import { columns } from "./format.ts";
import { METRIC_LINES } from "../train/metric_lines.ts";
import { measuresToJson } from "./measures.ts";
import type { Values } from "./options.ts";
import { printEvent } from "./output.ts";
import { dataLines, describeNetwork, imageLines, titled } from "./report.ts";
import { broughtBy, checkTogether, fillDefaults, modelOptions, toJson, trainOptions } from "./settings.ts";
import { describeSuitable, settle } from "./suggestion.ts";

/** Trains and tests on each fold; saves nothing. */
export const crossValidateCommand: Command = {
  name: "cross-validate",
  summary: "Measure what a network is worth, and how much that varies",
  description:
    "Deals the training samples into folds, each class evenly, trains a network for each fold on the others and tests " +
    "it with that fold: one line a fold, then mean and standard deviation of every metric. Takes the options of a " +
    "training. Features are standardised by each fold's own training samples. A test part is left alone.",
  examples: [
    [
      "Five folds of a table of your own",
      "cross-validate --data flowers.csv --label-column species",
    ],
    [
      "Ten folds, three times, no patient in two folds at once",
      "cross-validate --data spectra.csv --folds 10 --repeats 3 --group-column patient",
    ],
  ],
  run: (_, values) => crossValidation(values),
};

async function crossValidation(given: Values): Promise<number> {
  checkTogether(given);
  const named = describeData(given);
  const first = fillDefaults("cross-validate", given, broughtBy(given, named));
  const { json = false, folds = 5, repeats = 1, seed = 0 } = first;
  const { data, notices, groups } = await samplesOf(first, !json);
  const own = named === undefined && given.preset === undefined ? data : undefined;
  const { values, brought } = settle("cross-validate", given, first, own);
  const weights = await askedWeights(values, data);
  const draw = { folds, seed, ...(groups && { groups }) };
  const training = { ...trainOptions(values, named), ...weights.options };
  const network = modelOptions(values);
  if (!json) {
    const told = [...dataLines(data), ...imageLines(training), ...weightLines(values)];
    const head = titled([...told, ["Network", describeNetwork(resolveSettings(optionsFor(data, network)))]]);
    const chosen = brought === undefined ? [] : describeSuitable(data, brought, values);
    console.error([...notices, ...head, ...chosen, ...rareClasses(data, folds)].join("\n"));
  } else {
    printEvent({
      event: "start",
      dataset: data.name,
      samples: data.train.samples,
      settings: toJson({ ...values, ...weights.values }),
      notices: [...notices, ...rareClasses(data, folds)],
    });
  }
  const results = trainFolds(data, {
    ...draw,
    ...{ repeats, training },
    model: (fold) => SparseMlp.for(fold, network),
  });
  for (;;) {
    const { done, value } = await results.next();
    if (done) {
      if (json) printEvent({ event: "summary", ...value });
      else console.log(["", ...spreadLines(value.metrics)].join("\n"));
      return 0;
    }
    const { measures, ...rest } = value;
    if (json) printEvent({ event: "fold", ...rest, ...measuresToJson(measures) });
    else console.log(foldLine(value, folds, repeats));
  }
}

/** One line about a fold: its first metrics. */
function foldLine(record: FoldRecord, folds: number, repeats: number): string {
  const { repeat, fold, testSamples, epochs, kept, measures, seconds } = record;
  const { loss, ...scores } = scoresOf(measures);
  const shown = Object.entries(scores).slice(0, MOST_SHOWN).map(([name, value]) => {
    const [title, show] = METRIC_LINES[name];
    return `${title} ${show(value)}`;
  });
  const place = repeats > 1 ? `repeat ${repeat}/${repeats} fold ${fold}/${folds}` : `fold ${fold}/${folds}`;
  const trained = kept === undefined ? `${epochs} epochs` : `epoch ${kept.epoch} of ${epochs}`;
  const parts = [...shown, `loss ${loss.toPrecision(4)}`, `${count(testSamples)} samples`, trained];
  return [place, ...parts, duration(seconds)].join("  ");
}

/** Metrics in the line of a fold. */
const MOST_SHOWN = 4;

function spreadLines(metrics: Readonly<Record<string, MetricSpread>>): string[] {
  const shown = Object.entries(metrics).filter(([name]) => name !== "loss" || !("logLoss" in metrics));
  const rows = shown.map(([name, { mean, standardDeviation, folds }]) => {
    const [title, show] = METRIC_LINES[name];
    return [title, show(mean), `± ${show(standardDeviation)}`, `${folds}`];
  });
  return columns([["metric", "mean", "deviation", "folds"], ...rows], ["left", "right", "right", "right"]);
}

/** Says which classes some folds cannot have a sample of. */
function rareClasses(data: Dataset, folds: number): string[] {
  if (data.task !== "classification") return [];
  const counts = [...classCounts(data.train, data.outputCount)];
  const rare = counts.flatMap((samples, index) =>
    samples < folds ? [`${data.classNames[index] ?? index} (${samples})`] : []
  );
  if (rare.length === 0) return [];
  const listed = rare.slice(0, 10).join(", ") + (rare.length > 10 ? ", …" : "");
  return [`Classes with fewer samples than folds, so that some folds have none: ${listed}`];
}

/** All samples of the data, and what each belongs to where a column tells; that column is no feature. */
async function samplesOf(
  values: Values,
  showProgress: boolean,
): Promise<LoadedData & { readonly groups?: Uint32Array }> {
  const { "group-column": name, data: files = [], threads } = values;
  const others = values["ignore-columns"];
  const ignored = name === undefined || others === undefined ? others ?? name : `${others},${name}`;
  const loaded = await loadData(
    { ...values, "test-fraction": 0, ...(ignored !== undefined && { "ignore-columns": ignored }) },
    { showProgress },
  );
  const group = column(name);
  if (group === undefined) return loaded;
  return { ...loaded, groups: await readGroupColumn(files[0], group, { ...textOptions(values), threads }) };
}

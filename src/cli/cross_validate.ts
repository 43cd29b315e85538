/**
 * The command `cross-validate`.
 *
 * @module
 */
import { classCounts, type Dataset } from "../data/dataset.ts";
import { loadFiles } from "../data/files.ts";
import { SparseMlp } from "../model/model.ts";
import { sharedFloats } from "../sparse/shared.ts";
import { crossValidate, type FoldRecord, type MetricSpread, scoresOf } from "../train/cross_validation.ts";
import type { Command } from "./command.ts";
import { column, describeData, loadData } from "./data.ts";
import { columns, count, duration } from "./format.ts";
import { measuresToJson, METRIC_LINES } from "./measures.ts";
import type { Values } from "./options.ts";
import { dataLines, describeNetwork, titled } from "./report.ts";
import { checkTogether, fillDefaults, modelOptions, toJson, trainOptions } from "./settings.ts";

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
      "cross-validate --data flowers.csv --label-column species --hidden 64,64 --epochs 50",
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
  const values = fillDefaults("cross-validate", given, named);
  const { json = false, folds = 5, repeats = 1, seed = 0 } = values;
  const { data, groups } = await samplesOf(values, !json);
  // Every fold has at most as many samples to learn from as are left by the largest fold and validation.
  const { "validation-fraction": aside = 0 } = values;
  const least = Math.floor(data.train.samples * (1 - 1 / folds) * (1 - aside));
  const batchSize = given["batch-size"] ?? Math.max(1, Math.min(values["batch-size"]!, least));
  const training = { ...trainOptions(values, named), batchSize };
  const network = modelOptions(values, data);
  if (!json) {
    const head = titled([...dataLines(data), [
      "Network",
      describeNetwork(SparseMlp.create(network).settings),
    ]]);
    console.error([...head, ...rareClasses(data, folds)].join("\n"));
  }
  if (json) {
    const settings = toJson({ ...values, "batch-size": batchSize });
    console.log(
      JSON.stringify({ event: "start", dataset: data.name, samples: data.train.samples, settings }),
    );
  }
  const results = crossValidate(data, {
    ...{ folds, repeats, seed, training },
    ...(groups && { groups }),
    makeModel: () => SparseMlp.create(network),
  });
  for (;;) {
    const { done, value } = await results.next();
    if (done) {
      if (json) console.log(JSON.stringify({ event: "summary", ...value }));
      else console.log(["", ...spreadLines(value.metrics)].join("\n"));
      return 0;
    }
    const { measures, ...rest } = value;
    if (json) console.log(JSON.stringify({ event: "fold", ...rest, ...measuresToJson(measures) }));
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

/** All samples of the data, and what each belongs to where a column tells. */
async function samplesOf(
  values: Values,
  showProgress: boolean,
): Promise<{ readonly data: Dataset; readonly groups?: Uint32Array }> {
  const { "group-column": name, data: files, threads } = values;
  const data = await loadData({ ...values, "test-fraction": 0 }, showProgress);
  if (name === undefined) return { data };
  // Read once more with the column in the place of the label: a group is a class of it.
  const found = await loadFiles(files!, {
    task: "classification",
    labelColumn: column(name),
    testFraction: 0,
    threads,
  });
  return { data: withoutFeature(data, name), groups: found.train.labels };
}

/** The data without one feature, by its name in the header. */
function withoutFeature(data: Dataset, name: string): Dataset {
  const place = data.featureNames.indexOf(name);
  if (place < 0) {
    throw new TypeError(
      `Cannot take the groups of "${data.name}" from column "${name}": it is no feature named in the header`,
    );
  }
  const { samples, features } = data.train;
  const width = data.featureCount;
  const kept = sharedFloats(samples * (width - 1));
  for (let sample = 0; sample < samples; sample++) {
    const row = features.subarray(sample * width, (sample + 1) * width);
    kept.set(row.subarray(0, place), sample * (width - 1));
    kept.set(row.subarray(place + 1), sample * (width - 1) + place);
  }
  return {
    ...data,
    featureCount: width - 1,
    featureNames: data.featureNames.toSpliced(place, 1),
    train: { ...data.train, features: kept },
  };
}

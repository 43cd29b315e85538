/**
 * What measures and cross-validations look like in a console and in a notebook.
 *
 * @module
 */
import { count, duration, plural, short } from "../format.ts";
import { htmlLines, htmlTable } from "../html.ts";
import { METRIC_LINES } from "./metric_lines.ts";

/** What is shown of measures: metrics that are one number, and the confusion of classes. */
interface ShownMeasures {
  readonly samples: number;
  readonly task: string;
  readonly loss: number;
  readonly confusion?: readonly (readonly number[])[];
}

/** What is shown of a fold. */
interface ShownFold {
  readonly repeat: number;
  readonly fold: number;
  readonly testSamples: number;
  readonly epochs: number;
  readonly measures: ShownMeasures;
  readonly seconds: number;
}

/** What is shown of a cross-validation. */
interface ShownFolds {
  readonly folds: number;
  readonly repeats: number;
  readonly metrics: Readonly<Record<string, { readonly mean: number; readonly standardDeviation: number }>>;
}

/** Most metrics of a line. */
const MOST_METRICS = 5;
/** Most classes whose confusion is shown. */
const MOST_CLASSES = 4;
/** The same in a notebook. */
const MOST_COLUMNS = 20;

/** A line of metrics, and the confusion of few classes. */
export function measuresPicture(measures: ShownMeasures): string {
  const confusion = measures.confusion ?? [];
  const cells = confusion.length > MOST_CLASSES
    ? []
    : confusion.map((row) => row.map((cell) => Number.isInteger(cell) ? count(cell) : short(cell)));
  const width = Math.max(...cells.flat().map((cell) => cell.length));
  return [
    `measures of ${plural(measures.samples, "sample")}: ${scoresOf(measures)}`,
    ...cells.map((row, index) => {
      const right = row.map((cell) => cell.padStart(width)).join("  ");
      return `  ${`of class ${index}${index === 0 ? ", predicted as 0, 1, …" : ""}`.padEnd(33)}${right}`;
    }),
  ].join("\n");
}

/** `fold 2: accuracy 84.00 %, …; 40 samples, 12 epochs, 0.30 s` */
export function foldPicture(record: ShownFold): string {
  const { repeat, fold, testSamples, epochs, measures, seconds } = record;
  const place = `fold ${fold}${repeat > 1 ? ` of repeat ${repeat}` : ""}`;
  const cost = [plural(testSamples, "sample"), plural(epochs, "epoch"), duration(seconds)];
  return `${place}: ${scoresOf(measures)}; ${cost.join(", ")}`;
}

/** A line for the folds, then mean and deviation of the metrics. */
export function crossValidationPicture({ folds, repeats, metrics }: ShownFolds): string {
  const found = Object.entries(metrics).flatMap(([name, { mean, standardDeviation }]) => {
    const line = METRIC_LINES[name];
    // The log loss is the loss of classes.
    const twice = name === "loss" && "logLoss" in metrics;
    return line === undefined || twice ? [] : [`${line[0]} ${line[1](mean)} ± ${line[1](standardDeviation)}`];
  });
  const times = repeats === 1 ? "" : `, ${repeats} times`;
  const halves = [found.slice(0, 4), found.slice(4)].filter((half) => half.length > 0);
  return [
    `cross-validation of ${plural(folds, "fold")}${times}:`,
    ...halves.map((half) => `  ${half.join(", ")}`),
  ].join("\n");
}

/** A line for the samples, a table of all metrics, and the confusion of classes. */
export function measuresDisplay(measures: ShownMeasures): string {
  const { samples, confusion = [] } = measures;
  const rows = metricsOf(measures).map(([[title, show], value]) => [title, show(value)]);
  const classes = confusion.length > MOST_COLUMNS ? [] : confusion;
  const matrix = htmlTable(
    ["of class", ...classes.map((_, index) => `as ${index}`)],
    classes.map((
      row,
      index,
    ) => [index, ...row.map((cell) => Number.isInteger(cell) ? count(cell) : short(cell))]),
  );
  return htmlLines(`measures of ${plural(samples, "sample")}`) + htmlTable(["metric", "value"], rows) +
    (classes.length === 0 ? "" : matrix);
}

/** A table of the metrics over the folds. */
export function crossValidationDisplay(summary: ShownFolds): string {
  const rows = Object.entries(summary.metrics).flatMap(([name, { mean, standardDeviation }]) => {
    const line = METRIC_LINES[name];
    return line === undefined ? [] : [[line[0], line[1](mean), line[1](standardDeviation)]];
  });
  return htmlLines(crossValidationPicture(summary).split("\n")[0]) +
    htmlTable(["metric", "mean", "standard deviation"], rows);
}

/** The metrics of measures; those of a classification have its log loss instead of the loss. */
function scoresOf({ loss, ...metrics }: ShownMeasures): string {
  return scores(metrics.task === "regression" ? { loss, ...metrics } : metrics);
}

/** Metrics that are one number, in words: "loss 0.4120, accuracy 85.20 %". */
export function scores(values: object): string {
  const shown = metricsOf(values).map(([[title, show], value]) => `${lowered(title)} ${show(value)}`);
  return shown.slice(0, MOST_METRICS).join(", ");
}

/** Metrics that are one number. */
function metricsOf(values: object) {
  return Object.entries(values).flatMap(([name, value]) => {
    const line = METRIC_LINES[name];
    return line === undefined || typeof value !== "number" || Number.isNaN(value)
      ? []
      : [[line, value] as const];
  });
}

/** A title within a sentence; abbreviations stay. */
function lowered(title: string): string {
  return /^[A-Z][a-z]/.test(title) ? title[0].toLowerCase() + title.slice(1) : title;
}

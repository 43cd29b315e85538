/**
 * What measures and cross-validations look like in a console.
 *
 * @module
 */
import { count, duration, plural, short } from "../format.ts";
import { METRIC_LINES } from "./metric_lines.ts";

/** What is shown of measures. */
interface ShownMeasures {
  readonly samples: number;
  readonly loss: number;
  readonly classification?: { readonly confusion: readonly (readonly number[])[] };
  readonly regression?: object;
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

/** A line of metrics, and the confusion of few classes. */
export function measuresPicture(measures: ShownMeasures): string {
  const confusion = measures.classification?.confusion ?? [];
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

/** The metrics of measures; those of a classification have its log loss instead of the loss. */
function scoresOf({ loss, classification, regression }: ShownMeasures): string {
  return scores(classification ?? { loss, ...regression });
}

/** Metrics that are one number, in words: "loss 0.4120, accuracy 85.20 %". */
export function scores(values: object): string {
  const shown = Object.entries(values).flatMap(([name, value]) => {
    const line = METRIC_LINES[name];
    if (line === undefined || typeof value !== "number" || Number.isNaN(value)) return [];
    return [`${lowered(line[0])} ${line[1](value)}`];
  });
  return shown.slice(0, MOST_METRICS).join(", ");
}

/** A title within a sentence; abbreviations stay. */
function lowered(title: string): string {
  return /^[A-Z][a-z]/.test(title) ? title[0].toLowerCase() + title.slice(1) : title;
}

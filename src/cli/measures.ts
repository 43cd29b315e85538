/**
 * What a model is worth, as people and programs read it.
 *
 * @module
 */
import type { Measures } from "../train/measures.ts";
import type { ClassificationMetrics, RegressionMetrics } from "../train/metrics.ts";
import { METRIC_LINES } from "../train/metric_lines.ts";
import type { LabelMetrics } from "../train/multi_label_metrics.ts";
import { accuracy, count, short } from "../format.ts";
import { columns } from "./format.ts";

/** The most classes of a confusion table on the terminal. */
const MOST_CLASSES = 12;

/** The longest name of a class in it. */
const LONGEST_NAME = 14;

/** Measures as keys of a JSON object; what is not defined is absent. */
export function measuresToJson({ task: _, ...measures }: Measures): object {
  return measures;
}

/**
 * A line for each metric there is; of classes and labels the loss is their log loss, but for a temperature.
 *
 * @param standardised Whether the loss is of standardised targets.
 */
export function measureLines(
  { task, samples: _, loss, ...metrics }: Measures,
  standardised: boolean,
): [string, string][] {
  const found = Object.entries(task === "regression" ? { loss, ...metrics } : metrics);
  return found.flatMap(([name, value]): [string, string][] => {
    const line = METRIC_LINES[name];
    if (line === undefined || typeof value !== "number") return [];
    const of = name === "loss" && standardised ? ", of standardised targets" : "";
    return [[line[0], line[1](value) + of]];
  });
}

/**
 * What is measured of each class, label or target: which classes are taken for which, or a line for each; no line where
 * there is one target, or more classes than can be read.
 *
 * @param names Of the classes or labels.
 */
export function tableLines(measures: Measures, names: readonly string[]): string[] {
  switch (measures.task) {
    case "classification":
      return confusionLines(measures, names);
    case "multi-label":
      return labelLines(measures.labels, names);
    case "regression":
      return targetLines(measures);
    default: {
      const unknown: never = measures;
      throw new TypeError(`Cannot show measures of the task ${JSON.stringify(unknown)}`);
    }
  }
}

/** True classes against predicted ones; no line where there are too many classes to be read. */
function confusionLines(
  { confusion }: ClassificationMetrics,
  classNames: readonly string[],
): string[] {
  if (confusion.length > MOST_CLASSES) return [];
  const names = confusion.map((_, index) => cut(classNames[index] ?? `${index}`));
  const rows = confusion.map((
    row,
    index,
  ) => [names[index], ...row.map(amount)]);
  const sides = ["left", ...names.map(() => "right")] as ("left" | "right")[];
  return ["", ...columns([["true \\ predicted", ...names], ...rows], sides)];
}

/** A line for each label. */
function labelLines(labels: readonly LabelMetrics[], names: readonly string[]): string[] {
  const cell = (value: number | undefined, show: (value: number) => string) =>
    value === undefined ? "" : show(value);
  const rows = labels.map(({ f1, precision, recall, rocAuc, averagePrecision, confusion }, index) => [
    cut(names[index] ?? `${index}`),
    ...[f1, precision, recall].map((value) => cell(value, accuracy)),
    ...[rocAuc, averagePrecision].map((value) => cell(value, (area) => area.toFixed(4))),
    amount(confusion[1][0] + confusion[1][1]),
  ]);
  const head = ["label", "F1", "precision", "recall", "ROC AUC", "average precision", "samples"];
  const sides = ["left", ...head.slice(1).map(() => "right")] as ("left" | "right")[];
  return ["", ...columns([head, ...rows], sides)];
}

/** A line for each of several targets. */
function targetLines({ targets = [] }: RegressionMetrics): string[] {
  if (targets.length === 0) return [];
  const rows = targets.map(({ rmse, mae, r2 }, index) => [
    `${index + 1}`,
    short(rmse),
    short(mae),
    r2 === undefined ? "" : r2.toFixed(4),
  ]);
  return ["", ...columns([["target", "RMSE", "MAE", "R²"], ...rows], ["right", "right", "right", "right"])];
}

/** Samples, or their weights. */
function amount(samples: number): string {
  return Number.isInteger(samples) ? count(samples) : short(samples);
}

function cut(name: string): string {
  const letters = [...name];
  return letters.length <= LONGEST_NAME ? name : `${letters.slice(0, LONGEST_NAME - 1).join("")}…`;
}

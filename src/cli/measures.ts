/**
 * What a model is worth, as people and programs read it.
 *
 * @module
 */
import type { Measures } from "../train/measurement.ts";
import type { ClassificationMetrics, RegressionMetrics } from "../train/metrics.ts";
import type { MultiLabelMetrics } from "../train/multi_label_metrics.ts";
import { accuracy, columns, count, plain } from "./format.ts";

/** The most classes of a confusion table on the terminal. */
const MOST_CLASSES = 12;

/** The longest name of a class in it. */
const LONGEST_NAME = 14;

/** Measures as keys of a JSON object; what is not defined is absent. */
export function measuresToJson({ samples, loss, classification, multiLabel, regression }: Measures): object {
  return { samples, loss, ...classification, ...multiLabel, ...regression };
}

/** How a metric is called and shown, by its key in JSON. */
export const METRIC_LINES: Readonly<
  Record<string, readonly [title: string, show: (value: number) => string]>
> = {
  loss: ["Loss", short],
  accuracy: ["Accuracy", accuracy],
  balancedAccuracy: ["Balanced accuracy", accuracy],
  hammingLoss: ["Hamming loss", (value) => value.toFixed(4)],
  microF1: ["Micro F1", accuracy],
  microPrecision: ["Micro precision", accuracy],
  microRecall: ["Micro recall", accuracy],
  macroF1: ["Macro F1", accuracy],
  macroPrecision: ["Macro precision", accuracy],
  macroRecall: ["Macro recall", accuracy],
  meanAveragePrecision: ["Mean average precision", (value) => value.toFixed(4)],
  rocAuc: ["ROC AUC", (value) => value.toFixed(4)],
  logLoss: ["Log loss", short],
  brierScore: ["Brier score", short],
  expectedCalibrationError: ["Calibration error", short],
  rmse: ["RMSE", short],
  mae: ["MAE", short],
  r2: ["R²", (value) => value.toFixed(4)],
};

/** Four digits, large numbers without an exponent: 16163.2 → "16160". */
function short(value: number): string {
  return Math.abs(value) < 9999.5 ? value.toPrecision(4) : plain(value, 4);
}

/**
 * A line for each metric there is; of classes and labels the loss is its log loss, but for a temperature.
 *
 * @param standardised Whether the loss is of standardised targets.
 */
export function measureLines(
  { loss, classification, multiLabel, regression }: Measures,
  standardised: boolean,
): [string, string][] {
  const found = Object.entries(classification ?? multiLabel ?? { loss, ...regression });
  return found.flatMap(([name, value]): [string, string][] => {
    const line = METRIC_LINES[name];
    if (line === undefined || typeof value !== "number") return [];
    const of = name === "loss" && standardised ? ", of standardised targets" : "";
    return [[line[0], line[1](value) + of]];
  });
}

/** True classes against predicted ones; no line where there are too many classes to be read. */
export function confusionLines(
  { confusion }: ClassificationMetrics,
  classNames: readonly string[],
): string[] {
  if (confusion.length > MOST_CLASSES) return [];
  const names = confusion.map((_, index) => cut(classNames[index] ?? `${index}`));
  const rows = confusion.map((
    row,
    index,
  ) => [names[index], ...row.map((cell) => Number.isInteger(cell) ? count(cell) : short(cell))]);
  const sides = ["left", ...names.map(() => "right")] as ("left" | "right")[];
  return ["", ...columns([["true \\ predicted", ...names], ...rows], sides)];
}

/** A line for each of several labels. */
export function labelLines({ labels }: MultiLabelMetrics, classNames: readonly string[]): string[] {
  const rows = labels.map(({ precision, recall, f1, rocAuc }, index) => [
    cut(classNames[index] ?? `${index}`),
    ...[precision, recall, f1].map((value) => value === undefined ? "" : accuracy(value)),
    rocAuc === undefined ? "" : rocAuc.toFixed(4),
  ]);
  return [
    "",
    ...columns([["label", "precision", "recall", "F1", "ROC AUC"], ...rows], [
      "left",
      ...Array<"right">(4).fill("right"),
    ]),
  ];
}

/** A line for each of several targets. */
export function targetLines({ targets = [] }: RegressionMetrics): string[] {
  if (targets.length === 0) return [];
  const rows = targets.map(({ rmse, mae, r2 }, index) => [
    `${index + 1}`,
    short(rmse),
    short(mae),
    r2 === undefined ? "" : r2.toFixed(4),
  ]);
  return ["", ...columns([["target", "RMSE", "MAE", "R²"], ...rows], ["right", "right", "right", "right"])];
}

function cut(name: string): string {
  const letters = [...name];
  return letters.length <= LONGEST_NAME ? name : `${letters.slice(0, LONGEST_NAME - 1).join("")}…`;
}

/**
 * What a model is worth, as people and programs read it.
 *
 * @module
 */
import type { Measures } from "../train/measurement.ts";
import type { ClassificationMetrics, RegressionMetrics } from "../train/metrics.ts";
import { METRIC_LINES } from "../train/metric_lines.ts";
import { count, short } from "../format.ts";
import { columns } from "./format.ts";

/** The most classes of a confusion table on the terminal. */
const MOST_CLASSES = 12;

/** The longest name of a class in it. */
const LONGEST_NAME = 14;

/** Measures as keys of a JSON object; what is not defined is absent. */
export function measuresToJson({ samples, loss, classification, regression }: Measures): object {
  return { samples, loss, ...classification, ...regression };
}

/**
 * A line for each metric there is; of a classification the loss is its log loss, but for a temperature.
 *
 * @param standardised Whether the loss is of standardised targets.
 */
export function measureLines(
  { loss, classification, regression }: Measures,
  standardised: boolean,
): [string, string][] {
  const found = Object.entries(classification ?? { loss, ...regression });
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

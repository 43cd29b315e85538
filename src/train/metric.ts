/**
 * The metric that decides which epoch of a run is the best.
 *
 * @module
 */
import type { Split } from "../data/dataset.ts";
import { classificationMetrics, regressionMetrics } from "./metrics.ts";

/** What an evaluation gives without the outputs of each sample. */
interface Evaluated {
  readonly loss: number;
  readonly accuracy: number;
}

/** What a metric is: which task it is for, which way is better, and its name in words. */
interface Metric {
  readonly task: "classification" | "regression" | "both";
  readonly better: "lower" | "higher";
  /** As messages have it. */
  readonly title: string;
  /** Reads it from what an evaluation gave; absent where it has to be made from the outputs. */
  readonly direct?: (evaluation: Evaluated) => number;
}

/** Name of a metric that can choose the best epoch. */
export type MetricName =
  | "loss"
  | "accuracy"
  | "balanced-accuracy"
  | "macro-f1"
  | "roc-auc"
  | "log-loss"
  | "brier"
  | "rmse"
  | "mae"
  | "r2";

const METRICS = {
  loss: { task: "both", better: "lower", title: "loss", direct: ({ loss }) => loss },
  accuracy: {
    task: "classification",
    better: "higher",
    title: "accuracy",
    direct: ({ accuracy }) => accuracy,
  },
  "balanced-accuracy": { task: "classification", better: "higher", title: "balanced accuracy" },
  "macro-f1": { task: "classification", better: "higher", title: "macro F1" },
  "roc-auc": { task: "classification", better: "higher", title: "ROC AUC" },
  "log-loss": { task: "classification", better: "lower", title: "log loss" },
  brier: { task: "classification", better: "lower", title: "Brier score" },
  rmse: { task: "regression", better: "lower", title: "RMSE" },
  mae: { task: "regression", better: "lower", title: "MAE" },
  r2: { task: "regression", better: "higher", title: "R²" },
} as const satisfies Readonly<Record<MetricName, Metric>>;

/** Every metric there is. */
export const METRIC_NAMES = Object.keys(METRICS) as unknown as readonly [MetricName, ...MetricName[]];

/** The best epoch so far, by a metric of the validation samples. */
export interface BestEpoch {
  /** Number of the epoch, from 1; 0 where an old file does not tell. */
  readonly epoch: number;
  /** What it is the best by. */
  readonly metric: MetricName;
  /** Value of the metric after that epoch. */
  readonly value: number;
}

function metricOf(name: MetricName): Metric {
  return METRICS[name];
}

/** A metric in words: "balanced accuracy". */
export function metricTitle(name: MetricName): string {
  return metricOf(name).title;
}

/** Whether the metric has to be made from the outputs of all samples, beside loss and accuracy. */
export function needsOutputs(name: MetricName): boolean {
  return metricOf(name).direct === undefined;
}

/** Whether one value of a metric is better than another. */
export function isBetter(name: MetricName, value: number, than: number): boolean {
  return metricOf(name).better === "lower" ? value < than : value > than;
}

/**
 * Refuses a metric of another task.
 *
 * @throws {TypeError} With the metrics there are for the task.
 */
export function checkMetric(name: MetricName, task: "classification" | "regression"): void {
  const fits = (other: MetricName) => ["both", task].includes(metricOf(other).task);
  if (fits(name)) return;
  throw new TypeError(
    `Cannot choose the best epoch by ${name}: the data are for ${task}, expected one of ` +
      METRIC_NAMES.filter(fits).join(", "),
  );
}

/**
 * The value of a metric, of samples that were evaluated.
 *
 * @param outputs Probabilities or values, `[samples, outputs]`; may be empty where the metric needs none.
 * @throws {RangeError} When the samples do not define it.
 */
export function metricValue(
  name: MetricName,
  evaluation: Evaluated,
  { labels, targets, samples }: Split,
  outputs: Float32Array,
): number {
  const { direct } = metricOf(name);
  if (direct !== undefined) return direct(evaluation);
  const found = labels.length > 0
    ? ofClasses(classificationMetrics(outputs, labels))
    : { ...regressionMetrics(outputs, targets, targets.length / samples) };
  const value = (found as Partial<Record<MetricName, number>>)[name];
  if (value !== undefined) return value;
  throw new RangeError(
    `Cannot choose the best epoch by ${metricTitle(name)}: the validation samples do not define it, ` +
      (labels.length > 0 ? "a class has none of them" : "a target is the same in all of them"),
  );
}

function ofClasses(found: ReturnType<typeof classificationMetrics>): Partial<Record<MetricName, number>> {
  const { balancedAccuracy, macroF1, rocAuc, logLoss, brierScore } = found;
  return {
    "balanced-accuracy": balancedAccuracy,
    "macro-f1": macroF1,
    ...(rocAuc !== undefined && { "roc-auc": rocAuc }),
    "log-loss": logLoss,
    brier: brierScore,
  };
}

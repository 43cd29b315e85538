/**
 * Selection: which epoch of a run is the best, by a metric of the validation samples, and what is made of that.
 *
 * @module
 */
import type { Split } from "../data/dataset.ts";
import { COUNT, FRACTION, type TableOf } from "../hyperparameter.ts";
import { type Task, TASKS } from "../task.ts";
import type { Pieces } from "../pieces.ts";
import { measuredOf } from "./measured_samples.ts";
import type { ClassificationMetrics, RegressionMetrics } from "./metrics.ts";
import { type MetricsByTask, taskMetrics } from "./task_metrics.ts";

/** What an evaluation gives without the outputs of each sample. */
interface Evaluated {
  readonly loss: number;
  readonly accuracy: number;
}

/** What a metric is: which tasks it is for, which way is better, and its name in words. */
interface Metric {
  readonly tasks: readonly Task[];
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
  loss: { tasks: TASKS, better: "lower", title: "loss", direct: ({ loss }) => loss },
  accuracy: {
    tasks: ["classification", "multi-label"],
    better: "higher",
    title: "accuracy",
    direct: ({ accuracy }) => accuracy,
  },
  "balanced-accuracy": { tasks: ["classification"], better: "higher", title: "balanced accuracy" },
  "macro-f1": { tasks: ["classification", "multi-label"], better: "higher", title: "macro F1" },
  "roc-auc": { tasks: ["classification", "multi-label"], better: "higher", title: "ROC AUC" },
  "log-loss": { tasks: ["classification", "multi-label"], better: "lower", title: "log loss" },
  brier: { tasks: ["classification"], better: "lower", title: "Brier score" },
  rmse: { tasks: ["regression"], better: "lower", title: "RMSE" },
  mae: { tasks: ["regression"], better: "lower", title: "MAE" },
  r2: { tasks: ["regression"], better: "higher", title: "R²" },
} as const satisfies Readonly<Record<MetricName, Metric>>;

/** Every metric there is. */
export const METRIC_NAMES = Object.keys(METRICS) as unknown as readonly [MetricName, ...MetricName[]];

/** Hyperparameters of the selection. */
export interface SelectionOptions {
  /**
   * Fraction of the training samples set aside to choose the best epoch by; for a data set without a validation part of
   * its own. @default {0}
   */
  readonly validationFraction?: number;
  /**
   * What the validation samples choose the best epoch by.
   *
   * @default {"loss"}
   */
  readonly metric?: MetricName;
  /**
   * Which epoch's weights the model has at the end of the run: those of the best epoch by `metric`, which needs
   * validation samples, or of the last. A copy is made after each epoch that is the best so far.
   *
   * @default best where there are validation samples, else last
   */
  readonly keep?: "best" | "last";
  /** Stop after this many evaluations in a row without a better value of `metric`; needs validation samples. */
  readonly patience?: number;
  /**
   * At the end of the run, fit the temperature of the probabilities on the validation samples; see `calibrate`. For
   * classification, with validation samples. @default {false}
   */
  readonly calibrate?: boolean;
}

/** Rows of {@linkcode SelectionOptions}. */
export const SELECTION_HYPERPARAMETERS = {
  validationFraction: {
    kind: "number",
    ...FRACTION,
    default: 0,
    doc: "Share of the training samples set aside to choose the best epoch by.",
  },
  metric: {
    kind: "choice",
    choices: METRIC_NAMES,
    default: "loss",
    doc: "What the validation samples choose the best epoch by.",
  },
  keep: {
    kind: "choice",
    choices: ["best", "last"],
    doc: "Which epoch's weights the model has in the end: the best by the validation samples, or the last.",
  },
  patience: {
    ...COUNT,
    doc: "Stop after so many evaluations without a better one of the validation samples.",
  },
  calibrate: {
    kind: "flag",
    default: false,
    doc: "Fit the temperature of the probabilities on the validation samples when the run is over.",
  },
} as const satisfies TableOf<SelectionOptions>;

/**
 * Refuses what means nothing without validation samples, and more of them than the data have themselves.
 *
 * @param validation Whether the data have validation samples of their own.
 * @throws {TypeError} With the first that is asked for where there are none, or when a fraction is asked for beside.
 */
export function checkJudging(
  { validationFraction, patience, keep, metric, calibrate }: SelectionOptions,
  validation: boolean,
): void {
  if (validation && validationFraction !== 0) {
    throw new TypeError(
      `Cannot set validation samples aside: validationFraction is ${validationFraction}, and the data set has a ` +
        "validation part; give one of the two",
    );
  }
  if (validation || validationFraction !== 0) return;
  if (patience !== undefined) {
    throw new TypeError(
      "Cannot stop early: patience needs a validationFraction above 0 to judge by, or a data set with a validation part",
    );
  }
  if (keep === "best") {
    throw new TypeError(
      'Cannot keep the best epoch: keep "best" needs a validationFraction above 0 to judge by, or a data set with a validation part',
    );
  }
  if (calibrate) {
    throw new TypeError(
      "Cannot calibrate: calibrate needs a validationFraction above 0 to fit with, or a data set with a validation part",
    );
  }
  if (metric !== "loss") {
    throw new TypeError(
      `Cannot choose by ${metric}: metric needs a validationFraction above 0 to judge by, or a data set with a validation part`,
    );
  }
}

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

/**
 * Whether the metric has to be made from the outputs of all samples: all but the loss, and the accuracy of samples that
 * count alike.
 */
export function needsOutputs(name: MetricName, { weights }: Pick<Split, "weights">): boolean {
  return name === "accuracy" ? weights !== undefined : metricOf(name).direct === undefined;
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
export function checkMetric(name: MetricName, task: Task): void {
  const fits = (other: MetricName) => metricOf(other).tasks.includes(task);
  if (fits(name)) return;
  throw new TypeError(
    `Cannot choose the best epoch by ${name}: the data are for ${task}, expected one of ` +
      METRIC_NAMES.filter(fits).join(", "),
  );
}

/**
 * The value of a metric, of samples that were evaluated, in pieces; each sample counts as its weight.
 *
 * @param split Checked.
 * @param outputs Probabilities or values, `[samples, outputs]`; may be empty where the metric needs none.
 * @throws {RangeError} When the samples do not define it.
 */
export function* metricPieces(
  name: MetricName,
  task: Task,
  evaluation: Evaluated,
  split: Split,
  outputs: Float32Array,
): Pieces<number> {
  const { direct } = metricOf(name);
  if (direct !== undefined && !needsOutputs(name, split)) return direct(evaluation);
  const found = yield* taskMetrics(task, measuredOf(outputs, split), name === "roc-auc");
  const value = byName(found)[name];
  if (value !== undefined) return value;
  throw new RangeError(
    `Cannot choose the best epoch by ${metricTitle(name)}: the validation samples do not define it, ${
      UNDEFINED[task]
    }`,
  );
}

/** Why samples do not define a metric. */
const UNDEFINED: Readonly<Record<Task, string>> = {
  classification: "a class has none of them",
  regression: "a target is the same in all of them",
  "multi-label": "a label applies to all of them or to none",
};

/** Metrics of whatever task, as the names have them. */
function byName(found: MetricsByTask[Task]): Partial<Record<MetricName, number | undefined>> {
  const { balancedAccuracy, macroF1, rocAuc, logLoss, brierScore, ...others } = found as Partial<
    ClassificationMetrics & RegressionMetrics
  >;
  return {
    ...{ accuracy: others.accuracy, rmse: others.rmse, mae: others.mae, r2: others.r2 },
    ...{ "balanced-accuracy": balancedAccuracy, "macro-f1": macroF1, "roc-auc": rocAuc },
    ...{ "log-loss": logLoss, brier: brierScore },
  };
}

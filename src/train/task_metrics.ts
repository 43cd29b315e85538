/**
 * The metrics of a task, of what a model gave for samples.
 *
 * @module
 */
import type { Pieces } from "../pieces.ts";
import type { Task } from "../task.ts";
import type { ClassifiedSamples, MeasuredSamples } from "./measured_samples.ts";
import {
  type ClassificationMetrics,
  classificationPieces,
  type RegressionMetrics,
  regressionPieces,
} from "./metrics.ts";
import { type MultiLabelMetrics, multiLabelPieces } from "./multi_label_metrics.ts";

/** The metrics of each task. */
export interface MetricsByTask {
  /** Of one class a sample. */
  readonly classification: ClassificationMetrics;
  /** Of values. */
  readonly regression: RegressionMetrics;
  /** Of several labels a sample. */
  readonly "multi-label": MultiLabelMetrics;
}

/**
 * Measures samples that are checked, in pieces.
 *
 * @param ranked Whether measures of rankings are asked for, which take a sort of the samples a class or label.
 * @throws {RangeError} When an output is not finite.
 */
export function taskMetrics(
  task: Task,
  measured: MeasuredSamples & ClassifiedSamples,
  ranked = true,
): Pieces<MetricsByTask[Task]> {
  if (task === "classification") return classificationPieces(measured, ranked);
  return task === "regression" ? regressionPieces(measured) : multiLabelPieces(measured, ranked);
}

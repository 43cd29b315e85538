/**
 * How metrics are called and written, wherever people read them.
 *
 * @module
 */
import { accuracy, short } from "../format.ts";

/** How a metric is called and shown, by its key. */
export const METRIC_LINES: Readonly<
  Record<string, readonly [title: string, show: (value: number) => string]>
> = {
  loss: ["Loss", short],
  accuracy: ["Accuracy", accuracy],
  balancedAccuracy: ["Balanced accuracy", accuracy],
  macroF1: ["Macro F1", accuracy],
  rocAuc: ["ROC AUC", (value) => value.toFixed(4)],
  logLoss: ["Log loss", short],
  brierScore: ["Brier score", short],
  expectedCalibrationError: ["Calibration error", short],
  rmse: ["RMSE", short],
  mae: ["MAE", short],
  r2: ["R²", (value) => value.toFixed(4)],
};

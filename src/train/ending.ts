/**
 * How a run ends: with the weights of its best epoch where that is kept, a temperature where one is asked for, a summary.
 *
 * @module
 */
import { classCounts } from "../data/dataset.ts";
import type { CurvePoint } from "../model/learning_curve.ts";
import { pictured } from "../picture.ts";
import { becomeBest } from "./best_model.ts";
import { calibrationPieces } from "./calibration.ts";
import type { PreparedRun } from "./preparation.ts";
import { summaryDisplay, summaryPicture } from "./record_pictures.ts";
import type { TrainSummary } from "./records.ts";
import { summarize } from "./tally.ts";

/**
 * Ends a run that has come to its last epoch.
 *
 * @param points What is shown of its epochs.
 * @param stoppedEarly Whether the last epoch came for lack of improvement.
 * @throws {unknown} The reason of the signal.
 */
export async function endRun(
  { model, data, validation, state, tally, plan }: PreparedRun,
  points: readonly CurvePoint[],
  stoppedEarly: boolean,
): Promise<TrainSummary> {
  const { settings: { keep, calibrate, threads, microBatch }, split, hooks, turn } = plan;
  if (keep === "best") {
    await model.use.saved();
    becomeBest(model, state);
  }
  const calibration = calibrate && validation
    ? await turn.between(calibrationPieces(model, validation, { threads, microBatch }), hooks.signal)
    : undefined;
  const summary = summarize(tally, keep === "best" ? state.best : undefined);
  const counts = data.task === "classification" ? classCounts(split, data.outputCount) : [];
  return pictured(
    {
      ...summary,
      lastTrainLoss: summary.lastTrainLoss ?? NaN,
      classCounts: Array.from(counts),
      stoppedEarly,
      ...(calibration && { calibration }),
    },
    summaryPicture,
    (summary) => summaryDisplay(summary, points),
  );
}

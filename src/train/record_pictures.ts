/**
 * What the records and summaries of a run look like in a console and in a notebook.
 *
 * @module
 */
import { count, duration, plural, rate, signed } from "../format.ts";
import { htmlLines } from "../html.ts";
import { type CurvePoint, curvesOf, epochTable } from "../model/learning_curve.ts";
import { scores } from "./measure_pictures.ts";
import type { EpochRecord, RunSummary } from "./records.ts";

/** What is shown of a run on its way. */
type ShownProgress = Readonly<
  Record<"epoch" | "epochs" | "step" | "steps" | "loss" | "accuracy" | "samplesPerSecond", number>
>;

/** `epoch 3: train loss 0.4120, accuracy 85.20 %; test loss 0.5210, accuracy 81.00 %; 0.51 s` */
export function epochPicture(record: EpochRecord): string {
  const { epoch, steps, replaced, pruned, seconds, slopes } = record;
  const parts = (["train", "validation", "test"] as const).flatMap((part) => {
    const [loss, right] = [record[`${part}Loss`], record[`${part}Accuracy`]];
    return loss === undefined ? [] : [`${part} ${scores({ loss, accuracy: right })}`];
  });
  return [
    `epoch ${epoch}${steps === undefined ? "" : `, ${plural(steps, "step")} of it`}: ${parts[0]}`,
    ...parts.slice(1),
    ...(slopes === undefined ? [] : [`slopes ${slopes.map(signed).join(" ")}`]),
    ...(replaced + pruned > 0 ? [`${count(replaced)} connections replaced, ${count(pruned)} pruned`] : []),
    duration(seconds),
  ].join("; ");
}

/** The same line, and a table of one row. */
export function epochDisplay(record: EpochRecord): string {
  return htmlLines(epochPicture(record)) + epochTable([record]);
}

/** `epoch 3 of 50, step 12 of 63: loss 0.5100, accuracy 80.00 %, 51.2 k samples/s` */
export function progressPicture(progress: ShownProgress): string {
  const { epoch, epochs, step, steps, loss, accuracy, samplesPerSecond } = progress;
  return `epoch ${epoch} of ${epochs}, step ${step} of ${steps}: ${scores({ loss, accuracy })}, ${
    rate(samplesPerSecond)
  }`;
}

/** A line for what a run took, and one for each thing it has reached. */
export function summaryPicture(summary: RunSummary & { readonly stoppedEarly?: boolean }): string {
  const { epochs, steps, trainSeconds, evolutionSeconds, evaluationSeconds, stoppedEarly, kept } = summary;
  const { parametersStart, parametersEnd, bestEpoch } = summary;
  const seconds = trainSeconds + evolutionSeconds + evaluationSeconds;
  const trained = { loss: summary.lastTrainLoss, accuracy: summary.lastTrainAccuracy };
  const best = { loss: summary.bestTestLoss, accuracy: summary.bestTestAccuracy };
  const last = { loss: summary.lastTestLoss, accuracy: summary.lastTestAccuracy };
  const parameters = parametersStart === parametersEnd
    ? count(parametersEnd)
    : `${count(parametersStart)} → ${count(parametersEnd)}`;
  return [
    `run of ${plural(epochs, "epoch")}${steps === undefined ? "" : ` and ${plural(steps, "step")}`} in ${
      duration(seconds)
    }${stoppedEarly ? ", stopped early" : ""}: train ${scores(trained)}`,
    ...(kept ? [`  kept epoch ${kept.epoch}: validation ${kept.metric} ${kept.value.toPrecision(4)}`] : []),
    ...(bestEpoch === undefined ? [] : [`  test ${scores(last)}; best ${scores(best)} (epoch ${bestEpoch})`]),
    `  parameters ${parameters}`,
  ].join("\n");
}

/** The same lines, the curves of the run, and a table of its epochs. */
export async function summaryDisplay(summary: RunSummary, points: readonly CurvePoint[]): Promise<string> {
  const told = points.length === 0 ? "" : await curvesOf(points) + epochTable(points);
  return htmlLines(summaryPicture(summary)) + told;
}

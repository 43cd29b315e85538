/**
 * What a regression predicts against what is.
 *
 * @module
 */
import type { SafeHtml } from "npm:@remix-run/html-template@0.3.1";
import { agreement } from "../figures/agreement.ts";
import { histogram } from "../figures/histogram.ts";
import { count, plain, short } from "../format.ts";
import { targetNames } from "../schema.ts";
import { histogramOf } from "../topology/distribution.ts";
import type { MeasuredSamples } from "../train/measured_samples.ts";
import {
  figure,
  figures,
  type ReportContent,
  section,
  sentence,
  shortened,
  table,
  withoutSamples,
} from "./content.ts";

/** Points of a picture, targets that have one, and rows of the table. */
const [MOST_POINTS, MOST_PICTURES, MOST_ROWS] = [1000, 3, 60];
const BINS = 30;

/** Predictions and errors of each target; nothing for other tasks. */
export async function residuals(content: ReportContent): Promise<SafeHtml | undefined> {
  const { model, tested } = content;
  if (model.settings.task !== "regression") return undefined;
  if (tested === undefined) return section("residuals", "Errors", withoutSamples(content));
  const { measures, samples } = tested.measured;
  if (measures.task !== "regression") return undefined;
  const names = model.schema === undefined ? [] : targetNames(model.schema);
  const each = measures.targets ?? [measures];
  const name = (target: number) =>
    shortened(names[target] ?? (each.length === 1 ? "the target" : `target ${target + 1}`));
  const rows = each.slice(0, MOST_ROWS).map((
    { rmse, mae, r2 },
    target,
  ) => [name(target), short(rmse), short(mae), r2 === undefined ? "–" : r2.toFixed(4)]);
  const pictures: SafeHtml[] = [];
  for (let target = 0; target < Math.min(each.length, MOST_PICTURES); target++) {
    pictures.push(...await picturesOf(samples, target, name(target)));
  }
  const cut = each.length > MOST_PICTURES
    ? sentence(
      `Drawn are the first ${MOST_PICTURES} of ${
        count(each.length)
      } targets, listed the first ${rows.length}.`,
    )
    : undefined;
  return section(
    "residuals",
    "Errors",
    sentence("Residuals are what was predicted less what is, in the target's own unit."),
    table({ caption: "Errors of each target", head: ["target", "RMSE", "MAE", "R²"], rows }),
    cut,
    figures(...pictures),
  );
}

async function picturesOf(
  { outputs, targets, samples, width }: MeasuredSamples,
  target: number,
  name: string,
): Promise<SafeHtml[]> {
  const errors = new Float64Array(samples);
  let mean = 0;
  for (let sample = 0; sample < samples; sample++) {
    const place = sample * width + target;
    errors[sample] = outputs[place] - targets[place];
    mean += errors[sample] / samples;
  }
  const step = Math.max(1, samples / MOST_POINTS);
  const points = Array.from({ length: Math.min(samples, MOST_POINTS) }, (_, point) => {
    const place = Math.floor(point * step) * width + target;
    return { x: outputs[place], y: targets[place] };
  });
  const shown = points.length < samples ? `${count(points.length)} of ${count(samples)} samples. ` : "";
  const sorted = Float64Array.from(errors, Math.abs).sort();
  const half = plain(sorted[Math.floor((samples - 1) / 2)], 3);
  const near =
    `${shown}Half of the predictions of ${name} are off by ${half} at most; on the dashed line they are right.`;
  const spread = `Residuals of ${name}: ${plain(mean, 3)} in the mean, the largest ${
    plain(sorted[samples - 1], 3)
  } off.`;
  return [
    figure(
      await agreement(near, points, { x: "predicted", y: "true" }),
      near,
      `Predicted and true: ${name}`,
    ),
    figure(
      await histogram(spread, histogramOf(errors, BINS), {
        x: "predicted − true",
        y: "samples",
        width: 380,
        height: 260,
      }),
      spread,
      `Residuals: ${name}`,
    ),
  ];
}

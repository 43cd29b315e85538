/**
 * Whether probabilities are as sure as they are right.
 *
 * @module
 */
import type { SafeHtml } from "npm:@remix-run/html-template@0.3.1";
import { agreement } from "../figures/agreement.ts";
import { accuracy, percent, short } from "../format.ts";
import type { ClassifiedSamples, MeasuredSamples } from "../train/measured_samples.ts";
import { figure, figures, type ReportContent, section, table, withoutSamples } from "./content.ts";

/** Bins of confidence, those of the expected calibration error. */
const BINS = 15;

/** Predictions of about one confidence. */
export interface Reliability {
  /** How sure they are, in the mean. */
  readonly confidence: number;
  /** How often they are right. */
  readonly right: number;
  /** Their number, or their weights. */
  readonly samples: number;
}

/** Sure against right, in bins; nothing for a regression. */
export async function calibration(content: ReportContent): Promise<SafeHtml | undefined> {
  const { model, tested } = content;
  if (model.settings.task === "regression") return undefined;
  if (tested === undefined) return section("calibration", "How sure it is", withoutSamples(content));
  const { measures, samples } = tested.measured;
  const labels = measures.task === "multi-label";
  const bins = labels ? labelReliability(samples) : reliability(samples);
  const all = bins.reduce((sum, bin) => sum + bin.samples, 0);
  const apart = bins.reduce((sum, bin) => sum + bin.samples * (bin.confidence - bin.right), 0) / all;
  const side = Math.abs(apart) < 0.005
    ? "as sure as it is right"
    : `${apart > 0 ? "surer" : "less sure"} than it is right, by ${percent(Math.abs(apart))}`;
  const error = measures.task === "classification"
    ? ` Expected calibration error: ${short(measures.expectedCalibrationError)}.`
    : "";
  const text = `In the mean the model is ${side}.${error}`;
  const what = labels ? "applies" : "right";
  return section(
    "calibration",
    "How sure it is",
    figures(
      figure(
        await agreement(
          text,
          bins.map(({ confidence, right, samples }) => (
            { x: confidence, y: right, weight: samples }
          )),
          {
            x: labels ? "probability of a label in %" : "confidence in %",
            y: `${what} in %`,
            domain: [0, 1],
            joined: true,
            percent: true,
          },
        ),
        `${text} On the dashed line the two agree; a dot is as large as it has samples.`,
      ),
      table({
        caption: "How often predictions are right, by how sure they are",
        head: [labels ? "probability" : "confidence", what, "predictions"],
        rows: bins.map((
          { confidence, right, samples },
        ) => [accuracy(confidence), accuracy(right), short(samples).replace(/\.0+$/, "")]),
        texts: [],
      }),
    ),
  );
}

/** By the confidence of the most probable class; bins without a sample are left out. */
export function reliability({ outputs, samples, width, classOf, weight }: ClassifiedSamples): Reliability[] {
  const bins = new Bins();
  for (let sample = 0; sample < samples; sample++) {
    const row = sample * width;
    let best = 0;
    for (let index = 1; index < width; index++) if (outputs[row + index] > outputs[row + best]) best = index;
    bins.add(outputs[row + best], best === classOf[sample], weight(sample));
  }
  return bins.found;
}

/** By the probability of each label of each sample. */
function labelReliability({ outputs, targets, width, weight }: MeasuredSamples): Reliability[] {
  const bins = new Bins();
  outputs.forEach((probability, place) => {
    bins.add(probability, targets[place] === 1, weight(Math.floor(place / width)));
  });
  return bins.found;
}

/** Sums in bins of equal width; a bin has its upper end. */
class Bins {
  readonly #sums = Array.from({ length: BINS }, () => ({ confidence: 0, right: 0, samples: 0 }));

  add(confidence: number, right: boolean, weight: number): void {
    const bin = this.#sums[Math.min(BINS, Math.max(1, Math.ceil(confidence * BINS))) - 1];
    bin.confidence += weight * confidence;
    bin.right += right ? weight : 0;
    bin.samples += weight;
  }

  get found(): Reliability[] {
    return this.#sums.filter(({ samples }) => samples > 0).map(({ confidence, right, samples }) => (
      { confidence: confidence / samples, right: right / samples, samples }
    ));
  }
}

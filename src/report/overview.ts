/**
 * The head of a report: what the model is, and what it is worth in a few numbers.
 *
 * @module
 */
import { html, type SafeHtml } from "npm:@remix-run/html-template@0.3.1";
import { bytes, count, duration, layerSizes, percent, plural } from "../format.ts";
import { describeActivation } from "../model/activation.ts";
import { METRIC_LINES } from "../train/metric_lines.ts";
import { type ReportContent, section, sentence, withoutSamples } from "./content.ts";

/** Metrics that stand large, of each task. */
const MAIN: Readonly<Record<string, readonly string[]>> = {
  classification: [
    "accuracy",
    "balancedAccuracy",
    "macroF1",
    "rocAuc",
    "logLoss",
    "expectedCalibrationError",
  ],
  "multi-label": ["microF1", "macroF1", "accuracy", "rocAuc", "meanAveragePrecision", "logLoss"],
  regression: ["rmse", "mae", "r2"],
};

/** What the model is. */
export function overview({ model, run, image }: ReportContent): SafeHtml {
  const { settings } = model;
  const stats = model.stats();
  const images = image && `images of ${image.height} × ${image.width} × ${image.channels}`;
  const facts: [string, string][] = [
    ["Task", settings.task],
    ["Reads", images ?? plural(model.featureCount, "feature")],
    ["Network", `${layerSizes(settings.sizes)}, ${describeActivation(settings.activation)}`],
    [
      "Connections",
      `${count(stats.connections)} of ${count(stats.denseConnections)}, ${percent(stats.density)}`,
    ],
    ["Memory to use", `${bytes(stats.inferenceBytes)}; dense ${bytes(stats.denseInferenceBytes)}`],
    ...(run === undefined ? [] : trainingFacts(run)),
    ...(model.temperature === 1
      ? []
      : [["Temperature", model.temperature.toPrecision(4)] as [string, string]]),
  ];
  return section(
    "model",
    "The model",
    html`
      <dl class="facts">${facts.map(([title, text]) =>
        html`
          <div>
            <dt>${title}</dt>
            <dd>${text}</dd>
          </div>
        `
      )}</dl>
    `,
  );
}

function trainingFacts(
  { dataset, records, seconds, seed, version, changes = [] }: NonNullable<ReportContent["run"]>,
): [string, string][] {
  const last = records.at(-1)?.epoch ?? 0;
  return [
    ["Trained on", dataset],
    ["Training", `${plural(last, "epoch")} in ${duration(seconds)}, seed ${seed}`],
    ["Version", version],
    ...(changes.length === 0
      ? []
      : [["Changed since by", changes.map(([name]) => name).join(", ")] as [string, string]]),
  ];
}

/** What the model is worth. */
export function scores(content: ReportContent): SafeHtml {
  const { tested } = content;
  if (tested === undefined) return section("scores", "What it is worth", withoutSamples(content));
  const { name, measured: { measures } } = tested;
  const values = measures as unknown as Readonly<Record<string, unknown>>;
  const shown = (MAIN[measures.task] ?? []).filter((metric) => typeof values[metric] === "number");
  return section(
    "scores",
    "What it is worth",
    sentence(`Measured on ${plural(measures.samples, "sample")} of ${name}.`),
    html`
      <dl class="tiles">${shown.map((metric) => {
        const [title, show] = METRIC_LINES[metric];
        return html`
          <div>
            <dt>${title}</dt>
            <dd>${show(values[metric] as number)}</dd>
          </div>
        `;
      })}</dl>
    `,
  );
}

/**
 * The layers of a network against those of a dense one, and how their connections are spread.
 *
 * @module
 */
import { html, type SafeHtml } from "npm:@remix-run/html-template@0.3.1";
import { histogram } from "../figures/histogram.ts";
import { bytes, count, metric, percent, short } from "../format.ts";
import { describeActivation } from "../model/activation.ts";
import { activationOf } from "../model/settings.ts";
import { lossOf } from "../model/outputs.ts";
import type { Counts } from "../model/stats.ts";
import { distributions, type Histogram } from "../topology/distribution.ts";
import { figure, figures, layerName, type ReportContent, section, sentence, table } from "./content.ts";

/** Layers that have pictures. */
const MOST_PICTURED = 6;
const BINS = 24;
/** Title of the axis of importance. */
const IMPORTANCE = "Σ|w| of its connections";
const AXES = ["in-degree", "out-degree", IMPORTANCE] as const;

const OUTPUTS = {
  "softmax-cross-entropy": "softmax",
  "squared-error": "identity",
  "sigmoid-cross-entropy": "sigmoid",
} as const;

/** What each layer costs, and what a dense one would. */
export function layers({ model }: ReportContent): SafeHtml {
  const stats = model.stats();
  const { settings } = model;
  const costs = (row: Counts) => [
    count(row.connections),
    count(row.denseConnections),
    percent(row.density),
    bytes(row.inferenceBytes),
    bytes(row.denseInferenceBytes),
    metric(row.forwardFlops),
    metric(row.denseForwardFlops),
    bytes(row.trainingBytes),
    bytes(row.denseTrainingBytes),
  ];
  const rows = stats.layers.map((row, place) => [
    layerName(place, stats.layers.length),
    `${count(row.inputs)} × ${count(row.neurons)}`,
    place === stats.layers.length - 1
      ? OUTPUTS[lossOf(settings)]
      : describeActivation(activationOf(settings, place)),
    ...costs(row),
  ]);
  const times = (dense: number, sparse: number) => `${(dense / sparse).toPrecision(2)} times`;
  return section(
    "layers",
    "Layers",
    sentence(
      `The dense network of the same widths has ${times(stats.denseConnections, stats.connections)} the ` +
        `connections, takes ${
          times(stats.denseInferenceBytes, stats.inferenceBytes)
        } the memory to use and ` +
        `${times(stats.denseForwardFlops, stats.forwardFlops)} the operations a sample.`,
    ),
    table({
      caption: "Each layer against a dense one of its shape",
      head: [
        ...["layer", "shape", "activation", "connections", "connections if dense", "density", "bytes to use"],
        ...["bytes if dense", "operations", "operations if dense", "bytes to train", "to train if dense"],
      ],
      texts: [0, 2],
      rows: [...rows, ["all", "", "", ...costs(stats)]],
    }),
  );
}

/** Degrees and importance of the neurons of each layer. */
export async function degrees({ model }: ReportContent): Promise<SafeHtml> {
  const { layers } = model;
  const spread = distributions(layers.slice(0, MOST_PICTURED), BINS);
  const parts: SafeHtml[] = [];
  for (const [place, { importance, dead }] of spread.entries()) {
    const name = layerName(place, layers.length);
    const { incomingPtr, indptr } = layers[place];
    parts.push(html`<h3>Layer ${name}</h3>
${
      sentence(
        dead.either === 0
          ? "Every neuron has a connection on both sides."
          : `${count(dead.either)} of ${count(layers[place].neurons)} neurons have none: ${
            count(dead.withoutInput)
          } without input, ${count(dead.withoutOutput)} without output.`,
      )
    }${
      figures(
        await spreadOf(degreeBins(incomingPtr), "Connections into a neuron", "in-degree", "neurons"),
        await spreadOf(degreeBins(indptr), "Connections out of an input", "out-degree", "inputs"),
        await spreadOf({ bins: importance, ...importance }, "Importance of a neuron", IMPORTANCE, "neurons"),
      )
    }`);
  }
  const cut = layers.length > MOST_PICTURED
    ? sentence(`The first ${MOST_PICTURED} of ${count(layers.length)} layers are drawn.`)
    : undefined;
  return section(
    "degrees",
    "Degrees and importance",
    sentence(
      "The importance of a neuron is the sum of the absolute weights that reach it; Importance Pruning takes the " +
        "connections from those with the least.",
    ),
    cut,
    ...parts,
  );
}

/** Numbers in bins, and the smallest and the largest of them. */
interface Spread {
  readonly bins: Histogram;
  readonly least: number;
  readonly most: number;
}

/** Degrees counted in bins that each have as many whole numbers, so that none is high for having more of them. */
function degreeBins(starts: Uint32Array): Spread {
  const degree = (neuron: number) => starts[neuron + 1] - starts[neuron];
  const neurons = starts.length - 1;
  let [least, most] = [Infinity, 0];
  for (let neuron = 0; neuron < neurons; neuron++) {
    [least, most] = [Math.min(least, degree(neuron)), Math.max(most, degree(neuron))];
  }
  const width = Math.ceil((most - least + 1) / BINS);
  const counts = Array<number>(Math.ceil((most - least + 1) / width)).fill(0);
  for (let neuron = 0; neuron < neurons; neuron++) counts[Math.floor((degree(neuron) - least) / width)]++;
  return { bins: { least, most: least + counts.length * width - 1, counts }, least, most };
}

/** A histogram, and its ends in words. */
async function spreadOf(
  { bins, least, most }: Spread,
  heading: string,
  x: typeof AXES[number],
  y: "neurons" | "inputs",
): Promise<SafeHtml> {
  const whole = x !== IMPORTANCE;
  const number = whole ? count : short;
  const end = bins.most + Number(whole);
  const peak = bins.counts.indexOf(Math.max(...bins.counts)) + 0.5;
  const about = bins.least + peak * (end - bins.least) / bins.counts.length;
  const text = least === most
    ? `All ${y} have ${number(least)}.`
    : `From ${number(least)} to ${number(most)}; most often about ${number(Math.min(about, most))}.`;
  // A bar as wide as a picture would say no more.
  if (least === most) {
    return html`
      <div class="said">
        <h4>${heading}</h4>
        <p>${text}</p>
      </div>
    `;
  }
  const picture = await histogram(`${heading}: ${text}`, bins, { x, y, whole, colour: AXES.indexOf(x) });
  return figure(picture, text, { text: heading, level: 4 });
}

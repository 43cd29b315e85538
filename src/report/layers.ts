/**
 * The layers of a network against those of a dense one, and how their connections are spread.
 *
 * @module
 */
import { html, type SafeHtml } from "npm:@remix-run/html-template@0.3.1";
import { histogram } from "../figures/histogram.ts";
import { bytes, count, metric, percent, short } from "../format.ts";
import { activationOf } from "../model/settings.ts";
import { lossOf } from "../model/outputs.ts";
import type { Counts } from "../model/stats.ts";
import { distributions, type Histogram } from "../topology/distribution.ts";
import { figure, figures, layerName, type ReportContent, section, sentence, table } from "./content.ts";

/** Layers that have pictures. */
const MOST_PICTURED = 6;
const BINS = 24;

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
    place === stats.layers.length - 1 ? OUTPUTS[lossOf(settings)] : activationOf(settings, place).kind,
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
        "layer",
        "shape",
        "activation",
        "connections",
        "dense",
        "density",
        "bytes to use",
        "dense",
        "operations",
        "dense",
        "bytes to train",
        "dense",
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
  for (const [place, { incomingDegrees, outgoingDegrees, importance, dead }] of spread.entries()) {
    const name = layerName(place, layers.length);
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
        await spreadOf(incomingDegrees, "Connections into a neuron", "in-degree", 0),
        await spreadOf(outgoingDegrees, "Connections out of an input", "out-degree", 2),
        await spreadOf(importance, "Importance of a neuron", "Σ|w| of its connections", 3),
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

async function spreadOf(bins: Histogram, heading: string, x: string, colour: number): Promise<SafeHtml> {
  const number = (value: number) => Number.isInteger(value) ? count(value) : short(value);
  const all = bins.counts.reduce((sum, value) => sum + value, 0);
  const text = bins.least === bins.most
    ? `All ${count(all)} have ${number(bins.least)}.`
    : `From ${number(bins.least)} to ${number(bins.most)}, over ${count(all)}.`;
  return figure(
    await histogram(`${heading}: ${text}`, bins, { x, y: "neurons", colour }),
    text,
    heading,
  );
}

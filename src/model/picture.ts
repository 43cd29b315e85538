/**
 * What models look like in a console: a line each; and in a notebook.
 *
 * @module
 */
import { bytes, count, layerSizes, percent, plural } from "../format.ts";
import { htmlLines, htmlTable } from "../html.ts";
import { describeActivation } from "./activation.ts";
import { curveOf, curvesOf } from "./learning_curve.ts";
import type { ModelSettings } from "./settings.ts";
import type { Counts, ModelStats } from "./stats.ts";

/** What is shown of a model. */
interface ShownModel {
  readonly settings: Pick<ModelSettings, "sizes" | "task" | "activation">;
  readonly standardization?: unknown;
  readonly temperature: number;
  reachedOutputs(): number;
  stats(): Pick<Counts, "connections" | "density"> & Pick<ModelStats, "layers">;
}

/** "SparseMlp 784-1000-10, classification, 94,213 connections (5.1 % of dense), all-relu α 0.6, trained" */
export function modelPicture(model: ShownModel): string {
  const { settings: { sizes, task, activation }, standardization, temperature } = model;
  const { connections, density } = model.stats();
  return [
    `SparseMlp ${layerSizes(sizes, "-")}`,
    task,
    `${plural(connections, "connection")} (${percent(density)} of dense)`,
    ...(model.reachedOutputs() === 0 ? ["no path leads from an input to an output"] : []),
    // Without a hidden layer it has none.
    ...(sizes.length > 2 ? [describeActivation(activation)] : []),
    standardization === undefined ? "not trained" : "trained",
    ...(temperature === 1 ? [] : [`temperature ${temperature.toPrecision(3)}`]),
  ].join(", ");
}

/** The same line, the curves of the last run of this program that trained the model, and a table of its layers. */
export async function modelDisplay(model: ShownModel): Promise<string> {
  const { layers } = model.stats();
  const rows = layers.map((
    { inputs, neurons, connections, denseConnections, density, parameters },
    index,
  ) => [
    index + 1 === layers.length ? "output" : `hidden ${index + 1}`,
    ...[inputs, neurons, connections, denseConnections].map(count),
    percent(density),
    count(parameters),
  ]);
  const head = ["layer", "inputs", "neurons", "connections", "dense", "density", "parameters"];
  return htmlLines(modelPicture(model)) + await curvesOf(curveOf(model)) + htmlTable(head, rows);
}

/** "InferenceModel 784-1000-10, classification, 94,213 connections, 760 KiB" */
export function inferencePicture(
  sizes: readonly number[],
  task: string,
  connections: number,
  arenaBytes: number,
): string {
  return [
    `InferenceModel ${layerSizes(sizes, "-")}`,
    task,
    plural(connections, "connection"),
    bytes(arenaBytes),
  ].join(", ");
}

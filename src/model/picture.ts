/**
 * What models look like in a console: a line each.
 *
 * @module
 */
import { bytes, layerSizes, percent, plural } from "../format.ts";
import { describeActivation } from "./activation.ts";
import type { ModelSettings } from "./settings.ts";
import type { Counts } from "./stats.ts";

/** What is shown of a model. */
interface ShownModel {
  readonly settings: Pick<ModelSettings, "sizes" | "task" | "activation">;
  readonly standardization?: unknown;
  readonly temperature: number;
  stats(): Pick<Counts, "connections" | "density">;
}

/** "SparseMlp 784-1000-10, classification, 94,213 connections (5.1 % of dense), all-relu α 0.6, trained" */
export function modelPicture(model: ShownModel): string {
  const { settings: { sizes, task, activation }, standardization, temperature } = model;
  const { connections, density } = model.stats();
  return [
    `SparseMlp ${layerSizes(sizes, "-")}`,
    task,
    `${plural(connections, "connection")} (${percent(density)} of dense)`,
    // Without a hidden layer it has none.
    ...(sizes.length > 2 ? [describeActivation(activation)] : []),
    standardization === undefined ? "not trained" : "trained",
    ...(temperature === 1 ? [] : [`temperature ${temperature.toPrecision(3)}`]),
  ].join(", ");
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

/**
 * The command `inspect`.
 *
 * @module
 */
import type { SparseLayer } from "../model/layer.ts";
import { topologyPicture } from "../sparse/history.ts";
import { type Degrees, degreesOf } from "../sparse/degrees.ts";
import type { DataShape } from "../model/data_shape.ts";
import { SparseMlp } from "../model/model.ts";
import { lossOf } from "../model/outputs.ts";
import { activationOf, type ModelSettings } from "../model/settings.ts";
import { describeScaling, type TargetScaling } from "../model/target_scaling.ts";
import { featureColumns } from "../features/columns.ts";
import { type SelectedFeatures, strongestFeatures } from "../features/select.ts";
import { distributions, type Histogram, type LayerDistribution } from "../topology/distribution.ts";
import type { Command } from "./command.ts";
import { describeData, loadData } from "./data.ts";
import { featureTable } from "./features.ts";
import { columnTable, schemaLines } from "./schema.ts";
import { bytes, count, duration, percent, plain, signed } from "../format.ts";
import { columns } from "./format.ts";
import { readModelFile } from "./model_file.ts";
import { type Option, UsageError } from "./option.ts";
import { OPTIONS, type Values } from "./options.ts";
import { printEvent } from "./output.ts";
import { planCommand } from "./plan.ts";
import { costTable, describeNetwork, titled } from "./report.ts";
import { checkSettings, checkTogether, fillDefaults, modelOptions, paperSettings } from "./settings.ts";
import { settle } from "./suggestion.ts";

/** Shows a saved model, or the network that options would make. */
export const inspectCommand: Command = {
  name: "inspect",
  arguments: [{ name: "MODEL", required: false }],
  summary: "Show layers, connections and costs of a network",
  description:
    "Shows a saved model, or the network that options would make: connections, density, how degrees, importance " +
    "and weights are spread, dead neurons, and what it costs against a dense network.",
  examples: [
    ["The ten input features with the strongest connections", "inspect model.safetensors --features 10"],
    ["The network of the paper's CIFAR-10 run", "inspect --dataset cifar10"],
    [
      "A million neurons, without data",
      "inspect --inputs 65536 --hidden 500000,500000 --outputs 2 --epsilon 10",
    ],
    [
      "What 50 million neurons would take in 16 GiB, before anything is made",
      "inspect --plan 65536,5000000x10,2 --epsilon 1 --memory 16",
    ],
  ],
  run: ([path], values) => inspect(path, values),
};

async function inspect(path: string | undefined, given: Values): Promise<number> {
  if (given.plan !== undefined && path === undefined) {
    checkTogether(given);
    return planCommand(given.plan, given);
  }
  if (given.memory !== undefined) throw new UsageError("Cannot use --memory without --plan");
  const started = performance.now();
  const model = path === undefined ? await makeModel(given) : await savedModel(path, given);
  const seconds = (performance.now() - started) / 1000;
  const { layers, settings } = model;
  const stats = model.stats();
  const degrees = layers.map(({ incomingPtr, indptr }) => ({
    incoming: degreesOf(incomingPtr),
    outgoing: degreesOf(indptr),
  }));
  const spread = distributions(layers, BINS);
  const trained = model.running ?? model;
  const topology = trained.history?.record(trained.layers);
  const features = given.features === undefined ? undefined : strongest(model, given.features);
  if (given.json) {
    const rows = stats.layers.map((row, index) => {
      const { slope } = layers[index];
      return { ...row, ...(slope !== undefined && { slope }), ...degrees[index], ...spread[index] };
    });
    const { featureCount } = model;
    const { temperature, schema, targetScaling } = model;
    const head = {
      event: "network",
      ...(path && { model: path }),
      settings,
      featureCount,
      ...(schema && { schema }),
      ...(targetScaling && { targets: describeScaling(targetScaling) }),
      temperature,
      reachedOutputs: model.reachedOutputs(),
      ...(topology && { topology }),
    };
    printEvent({ ...head, ...stats, layers: rows, ...(features && { features: features.features }) });
    return 0;
  }
  const head = titled([
    ["Network", describeNetwork(settings)],
    ...(path === undefined ? [["Made in", duration(seconds)] as const] : [["File", path] as const]),
    ["Neurons", count(stats.neurons)],
    ...pathRow(model),
    ...(model.temperature === 1 ? [] : [["Temperature", model.temperature.toPrecision(4)] as const]),
    ...(model.schema === undefined ? [] : schemaLines(model.schema)),
    ...(layers[0].inputs < model.featureCount
      ? [["Features", `${count(layers[0].inputs)} of ${count(model.featureCount)} are read`] as const]
      : []),
    ...(topology ? [["Connections", topologyPicture(topology)] as const] : []),
    ...(model.targetScaling ? [["Targets", describeTargets(model.targetScaling)] as const] : []),
  ]);
  const tables = [
    layerTable(layers, settings, degrees),
    ...(stats.connections > 0 ? [distributionTable(spread), weightTable(spread)] : []),
    ...(features ? [featureTable(features)] : []),
    ...(model.schema === undefined ? [] : [columnTable(model.schema)]),
    costTable(stats),
  ];
  console.log([...head, ...tables.flatMap((table) => ["", ...table])].join("\n"));
  return 0;
}

/** How many outputs no path leads to from the inputs, where there are any. */
function pathRow(model: SparseMlp): [string, string][] {
  const [reached, outputs] = [model.reachedOutputs(), model.settings.sizes.at(-1)!];
  if (reached === outputs) return [];
  return [["Paths", `from the inputs to ${count(reached)} of ${count(outputs)} outputs`]];
}

/** The unit of what a regression predicts, of the first few targets. */
function describeTargets({ mean, deviation }: TargetScaling): string {
  const shown = Array.from(
    mean.subarray(0, 3),
    (value, output) => `mean ${plain(value, 5)}, deviation ${plain(deviation[output], 5)}`,
  );
  return [...shown, ...(mean.length > 3 ? [`… (${count(mean.length)} targets)`] : [])].join("; ");
}

/** Bins of a histogram: its width on the terminal. */
const BINS = 24;

/** The features with the strongest connections, strongest first. */
function strongest(model: SparseMlp, most: number): SelectedFeatures {
  const features = featureColumns(model).length;
  if (most > features) {
    throw new UsageError(`Cannot use --features ${most}: the model has ${count(features)} features`);
  }
  return strongestFeatures(model, most);
}

/** Eight heights of a bar; a bin with anything in it is never blank. */
function bars({ least, most, counts }: Histogram): string {
  const highest = Math.max(...counts);
  const bar = (value: number) => value === 0 ? " " : "▁▂▃▄▅▆▇█"[Math.ceil(8 * value / highest) - 1];
  const edge = (value: number) => Number.isInteger(value) ? `${value}` : value.toPrecision(3);
  return `${edge(least)} ${counts.map(bar).join("")} ${edge(most)}`;
}

function layerName(index: number, layers: number): string {
  return index === layers - 1 ? "output" : `hidden ${index + 1}`;
}

function distributionTable(spread: readonly LayerDistribution[]): string[] {
  const rows = spread.map(({ incomingDegrees, outgoingDegrees, importance }, index) => [
    layerName(index, spread.length),
    bars(incomingDegrees),
    bars(outgoingDegrees),
    bars(importance),
  ]);
  const head = ["layer", "connections in", "connections out of its inputs", "importance"];
  return columns([head, ...rows], ["left", "left", "left", "left"]);
}

function weightTable(spread: readonly LayerDistribution[]): string[] {
  const number = (value: number) => value.toPrecision(3);
  const rows = spread.map(({ weights, dead }, index) => [
    layerName(index, spread.length),
    number(weights.mean),
    number(weights.standardDeviation),
    number(weights.meanMagnitude),
    number(weights.largestMagnitude),
    percent(weights.positiveFraction),
    count(weights.zeros),
    count(dead.either),
  ]);
  const head = [
    "layer",
    "mean weight",
    "deviation",
    "mean |w|",
    "largest |w|",
    "positive",
    "zeros",
    "dead neurons",
  ];
  return columns([head, ...rows], ["left", "right", "right", "right", "right", "right", "right", "right"]);
}

async function savedModel(path: string, given: Values): Promise<SparseMlp> {
  for (const row of OPTIONS) {
    const { name, group }: Option = row;
    if ((group === "network" || group === "data" || name === "seed") && given[row.name] !== undefined) {
      throw new UsageError(`Cannot use --${name} with a model file: the network is the file's`);
    }
  }
  return (await readModelFile(path, given)).model;
}

async function makeModel(given: Values): Promise<SparseMlp> {
  checkTogether(given);
  const named = describeData(given);
  const values = fillDefaults("inspect", given, named && paperSettings(named));
  const { inputs, outputs, task = "classification" } = values;
  const shape = inputs !== undefined && outputs !== undefined
    ? { featureCount: inputs, outputCount: outputs, task }
    : named && { featureCount: named.featureCount, outputCount: named.classCount, task };
  if (shape !== undefined) return makeNetwork(values, shape);
  const { data } = await loadData(values, { showProgress: !values.json });
  return SparseMlp.for(data, modelOptions(settle("inspect", given, values, data).values));
}

function makeNetwork(values: Values, shape: DataShape): SparseMlp {
  checkSettings("inspect", values);
  return SparseMlp.for(shape, modelOptions(values));
}

/** What becomes of the outputs, by what they are trained for. */
const OUTPUTS = {
  "softmax-cross-entropy": "softmax",
  "squared-error": "identity",
  "sigmoid-cross-entropy": "sigmoid",
} as const;

function layerTable(
  layers: readonly SparseLayer[],
  settings: ModelSettings,
  degrees: readonly { readonly incoming: Degrees; readonly outgoing: Degrees }[],
): string[] {
  const spread = ({ least, median, most }: Degrees) => `${least} / ${median} / ${most}`;
  const rows = layers.map((layer, index) => {
    const { inputs, neurons, nnz, slope } = layer;
    const output = index === layers.length - 1;
    return [
      output ? "output" : `hidden ${index + 1}`,
      `${count(inputs)} × ${count(neurons)}`,
      count(nnz),
      percent(nnz / (inputs * neurons)),
      spread(degrees[index].incoming),
      spread(degrees[index].outgoing),
      count(degrees[index].incoming.none),
      bytes(20 * nnz),
      output ? OUTPUTS[lossOf(settings)] : activationOf(settings, index).kind,
      slope === undefined ? "" : signed(slope),
    ];
  });
  const head = [
    [
      "layer",
      "shape",
      "connections",
      "density",
      "incoming",
      "outgoing",
      "without",
      "memory",
      "activation",
      "slope",
    ],
    ["", "", "", "", "least / median / most", "least / median / most", "input", "to train", "", "below 0"],
  ];
  return columns([...head, ...rows], [
    "left",
    "left",
    "right",
    "right",
    "right",
    "right",
    "right",
    "right",
    "left",
  ]);
}

/**
 * What a network would take in memory, counted before anything is allocated: `inspect --plan`, and refusals of `train`.
 *
 * @module
 */
import { type ActivationPlan, chooseActivations, type NetworkPlan, planNetwork } from "../model/plan.ts";
import { passWidth, tileWidth } from "../model/tile.ts";
import { availableMemory } from "./available_memory.ts";
import { bytes, count, layerSizes } from "../format.ts";
import { columns } from "./format.ts";
import { optimizerNamed, stateFor } from "../optimizer/optimizers.ts";
import { checkLayers, probedPlaces } from "../topology/rules/rules.ts";
import { resolveHyperparameters } from "../train/hyperparameters.ts";
import { UsageError } from "./option.ts";
import type { Values } from "./options.ts";
import { printEvent } from "./output.ts";
import { titled } from "./report.ts";
import { trainOptions } from "./settings.ts";

/**
 * Neurons from which activations are kept in 16 bits where nothing else is asked for: such steps wait for memory, and
 * docs/scale.md says what it changes in what is learned.
 */
const HALF_PRECISION_NEURONS = 5e6;

/** Samples of the paper's step. */
const BATCH_SIZE = 128;

/**
 * Prints the plan of the network that `--plan` names, and refuses what does not fit.
 *
 * @returns The exit code.
 * @throws {UsageError} When there are less than two sizes, or not even 16 samples fit; the message has the numbers.
 */
export function planCommand(sizes: readonly number[], values: Values): number {
  if (sizes.length < 2) {
    throw new UsageError(`Cannot plan "${sizes}": expected the sizes of at least two layers`);
  }
  const { epsilon, density, "overall-density": overallDensity } = values;
  // Where the program may not ask, the last names the flag it lacks.
  const memoryBytes = memoryGiven(values) ?? availableMemory() ?? Deno.systemMemoryInfo().available;
  const plan = planNetwork({
    sizes,
    epsilon,
    ...densities(density),
    overallDensity,
    batchSize: BATCH_SIZE,
    dropout: true,
    memoryBytes,
  });
  if (values.json) printEvent({ event: "plan", sizes, batchSize: BATCH_SIZE, ...plan });
  else console.log(planText(sizes, plan).join("\n"));
  const choice = chosen(plan);
  if (!values.json) console.log(`\nThe widest that fits: ${describeChoice(choice)}`);
  return 0;
}

/** Values of `train` with the way to keep activations that memory allows, and what it takes. */
export interface FittedRun {
  readonly values: Values;
  /** Absent where nothing is known of memory. */
  readonly choice?: ActivationPlan;
}

/**
 * Refuses a run that memory does not suffice for, before its network is made. For a preset also chooses how activations
 * are kept, as far as options do not say. A run of five million neurons or more keeps them in 16 bits unless told else.
 *
 * Of memory is known what `--memory` says, or else what is free now, where the program may ask for that.
 *
 * @param sizes Neurons of each layer, input first.
 * @param given Options as they were given.
 * @throws {UsageError} With the numbers.
 */
export function fitMemory(sizes: readonly number[], values: Values, given: Values): FittedRun {
  const neurons = sizes.reduce((sum, size) => sum + size, 0);
  const storage = given["activation-storage"] ?? (neurons >= HALF_PRECISION_NEURONS ? "bf16" : undefined);
  const settled = storage === undefined ? values : { ...values, "activation-storage": storage };
  const memoryBytes = memoryGiven(values) ?? availableMemory();
  if (memoryBytes === undefined) return { values: settled };
  const {
    epsilon,
    density,
    "overall-density": overallDensity,
    dropout = 0,
    "batch-size": batchSize = BATCH_SIZE,
  } = values;
  const { "micro-batch": microBatch, recompute } = given;
  const fixed = given.preset === undefined;
  const activationStorage = fixed ? settled["activation-storage"] : storage;
  const tiles = { microBatch, activationStorage };
  const width = tileWidth(sizes, batchSize, tiles);
  const atOnce = passWidth(sizes, batchSize, tiles);
  const network = {
    sizes,
    epsilon,
    ...densities(density),
    overallDensity,
    batchSize,
    dropout: dropout > 0,
    memoryBytes,
    ...((fixed || microBatch !== undefined) && { widths: [fixed ? atOnce : width] }),
  };
  const { connections } = planNetwork(network);
  const planes = floatsKept(sizes, connections, values, { width, halved: atOnce < width });
  const plan = planNetwork({ ...network, planes });
  const choice = chosen(plan, {
    ...(activationStorage && { activationStorage }),
    ...(fixed ? { recompute: values.recompute ?? false } : recompute !== undefined && { recompute }),
  });
  if (fixed) return { values: settled, choice };
  const ways = { "activation-storage": choice.activationStorage, "micro-batch": choice.microBatch };
  return { values: { ...values, ...ways, recompute: choice.recompute }, choice };
}

/** Floats of a place whose gradient is looked at: row, column, gradient, and room to choose the largest. */
const PROBE_FLOATS = 5;

/** Floats of a connection that grows by Cannistraci-Hebb: its place, and those of the waits that it is chosen from. */
const LIKELY_FLOATS = 16;

/** Floats a parameter takes beside itself: the optimiser's planes, a written gradient, what rules look at. */
function floatsKept(
  sizes: readonly number[],
  connections: number,
  values: Values,
  { width, halved }: { readonly width: number; readonly halved: boolean },
): number {
  const settings = resolveHyperparameters(trainOptions(values), 0);
  const { needsWholeGradient } = optimizerNamed(settings.optimizer);
  const written = settings.gradientFlow || halved ||
    (needsWholeGradient(settings) && settings.batchSize > width);
  const layers = sizes.slice(1, -1).map((neurons, index) => ({ inputs: sizes[index], neurons }));
  checkLayers(layers, settings);
  const probed = PROBE_FLOATS * probedPlaces(layers, connections, settings) / Math.max(1, connections);
  const likely = settings.growth === "cannistraci-hebb" ? LIKELY_FLOATS * settings.zeta : 0;
  return stateFor(settings).planes.length + (written ? 1 : 0) + probed + likely;
}

/** In words: samples at once, and how activations are kept. */
export function describeChoice({ activationStorage, recompute, microBatch }: ActivationPlan): string {
  const way = `${activationStorage}${recompute ? ", every second layer recomputed" : ""}`;
  return `${microBatch} samples at once, activations as ${way}`;
}

function chosen(plan: NetworkPlan, wanted: Parameters<typeof chooseActivations>[1] = {}): ActivationPlan {
  try {
    return chooseActivations(plan, wanted);
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

function densities(density: Values["density"]): { readonly density?: number | readonly number[] } {
  return density === undefined ? {} : { density: density.length === 1 ? density[0] : density };
}

function memoryGiven({ memory }: Values): number | undefined {
  return memory === undefined ? undefined : memory * 2 ** 30;
}

function planText(sizes: readonly number[], plan: NetworkPlan): string[] {
  const head = titled([
    ["Network", layerSizes(sizes)],
    ["Neurons", `${count(plan.neurons)}, ${plan.neuronBytes} bytes each beside activations`],
    ["Connections", `about ${count(plan.connections)}, ${plan.connectionBytes} bytes each`],
    ["Parameters", bytes(plan.parameterBytes)],
    ["A batch", `${bytes(plan.batchBytes)} of features, ${BATCH_SIZE} samples`],
    ["Runtime", bytes(plan.runtimeBytes)],
    ["Memory given", bytes(plan.memoryBytes)],
  ]);
  const rows = plan.choices.map((choice) => [
    choice.activationStorage,
    choice.recompute ? "yes" : "no",
    String(choice.neuronBytes),
    choice.microBatch === 0 ? "none" : String(choice.microBatch),
    bytes(choice.activationBytes),
    bytes(choice.totalBytes),
  ]);
  const heads = [
    ["activations", "recompute", "bytes a neuron", "samples that", "activations", "in all"],
    ["", "", "and 16 samples", "fit at once", "", ""],
  ];
  return [...head, "", ...columns([...heads, ...rows], ["left", "left", "right", "right", "right", "right"])];
}

/**
 * `inspect --plan`: what a network would take in memory, counted before anything is allocated.
 *
 * @module
 */
import { chooseActivations, type NetworkPlan, planNetwork } from "../model/plan.ts";
import { bytes, columns, count } from "./format.ts";
import { UsageError } from "./option.ts";
import type { Values } from "./options.ts";
import { describeSizes, titled } from "./report.ts";

/** Samples of the paper's step. */
const BATCH_SIZE = 128;
/**
 * Prints the plan of the network that `--plan` names, and refuses what does not fit.
 *
 * @returns The exit code.
 * @throws {UsageError} When there are less than two sizes.
 * @throws {RangeError} When not even 16 samples fit; the message has the numbers.
 */
export function planCommand(sizes: readonly number[], values: Values): number {
  if (sizes.length < 2) {
    throw new UsageError(`Cannot plan "${sizes}": expected the sizes of at least two layers`);
  }
  const { epsilon = 20, density, memory } = values;
  const memoryBytes = memory === undefined ? Deno.systemMemoryInfo().available : memory * 2 ** 30;
  if (density !== undefined && density.length > 1) {
    throw new UsageError(`Cannot plan with ${density.length} values of --density: expected one`);
  }
  const plan = planNetwork({
    sizes,
    ...(density === undefined ? { epsilon } : { density: density[0] }),
    batchSize: BATCH_SIZE,
    dropout: true,
    memoryBytes,
  });
  if (values.json) console.log(JSON.stringify({ event: "plan", sizes, batchSize: BATCH_SIZE, ...plan }));
  else console.log(planText(sizes, plan).join("\n"));
  const { activationStorage, recompute, microBatch } = chooseActivations(plan);
  if (!values.json) {
    const way = `${activationStorage}${recompute ? ", every second layer recomputed" : ""}`;
    console.log(`\nThe widest that fits: ${microBatch} samples at once, activations as ${way}`);
  }
  return 0;
}

function planText(sizes: readonly number[], plan: NetworkPlan): string[] {
  const head = titled([
    ["Network", describeSizes(sizes)],
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

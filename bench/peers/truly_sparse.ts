/**
 * Our own whole training step, measured and printed as README.md asks of every system; it builds its batches itself.
 *
 * @module
 */
import metadata from "../../deno.json" with { type: "json" };
import { prepareStep } from "../training_step.ts";
import type { Measurement } from "./measurement.ts";

const given = new Map(
  Deno.args.map((argument) => argument.replace(/^--/, "").split("=") as [string, string]),
);
const number = (name: string, fallback: number) => Number(given.get(name) ?? fallback);

const network = given.get("network") ?? "784-1000-1000-1000-10";
const [epsilon, batch, dropout] = [number("epsilon", 20), number("batch", 128), number("dropout", 0)];
const [threads, seed] = [number("threads", 1), number("seed", 1)];
const step = prepareStep({ sizes: network.split("-").map(Number), epsilon, batch, dropout, threads, seed });

function sample(steps: number): number {
  const started = performance.now();
  for (let index = 0; index < steps; index++) step.run();
  return (performance.now() - started) / steps;
}

sample(20);
const stepsPerSample = Math.max(1, Math.round(number("sample-ms", 200) / sample(20)));
const samplesMs = Array.from({ length: number("samples", 5) }, () => sample(stepsPerSample)).sort((a, b) =>
  a - b
);
const [low, high] = [(samplesMs.length - 1) >> 1, samplesMs.length >> 1];
const measurement: Measurement = {
  system: "truly-sparse",
  version: metadata.version,
  threads,
  network,
  epsilon,
  batch,
  dropout,
  connections: step.model.stats().connections,
  medianMs: (samplesMs[low] + samplesMs[high]) / 2,
  minMs: samplesMs[0],
  maxMs: samplesMs[samplesMs.length - 1],
  samplesMs,
  stepsPerSample,
  checkLosses: null,
};
console.log(JSON.stringify(measurement));

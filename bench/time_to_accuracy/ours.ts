/**
 * Trains ours on the files that `run.ts` lays down, and prints accuracies and seconds as `peer.py` does.
 *
 * @module
 */
import { parseArgs } from "node:util";
import metadata from "../../deno.json" with { type: "json" };
import { Dataset, type EpochRecord, recipe, SparseMlp, train, TrainingError } from "../../mod.ts";
import { OURS } from "../peers/table.ts";
import type { Training } from "./table.ts";

const SIZES = [784, 1000, 1000, 1000, 10];

const text = { type: "string", default: "" } as const;
const { values } = parseArgs({
  options: {
    system: text,
    data: text,
    rate: text,
    schedule: text,
    "warm-up": text,
    epochs: text,
    until: text,
    threads: text,
    seed: text,
  },
});

function part(name: string): { features: Uint8Array; labels: Uint32Array } {
  const features = Deno.readFileSync(`${values.data}/${name}.features`);
  return { features, labels: new Uint32Array(Deno.readFileSync(`${values.data}/${name}.labels`).buffer) };
}

const { model: network, training } = recipe("fast");
const [train_, test] = [part("train"), part("test")].map(({ features, labels }) => ({
  samples: labels.length,
  features,
  labels,
  targets: new Float32Array(0),
}));
const dataset = {
  ...Dataset.from({ features: [[0], [1]], labels: ["a", "b"] }),
  name: "fashion-mnist",
  featureCount: SIZES[0],
  outputCount: 10,
  classNames: Array.from({ length: 10 }, (_, index) => String(index)),
  featureNames: [],
  train: train_,
  test,
} as const;
const seed = Number(values.seed);
const model = SparseMlp.create({ sizes: SIZES, epsilon: 20, ...network, seed });
const records: EpochRecord[] = [];
const options = {
  ...training,
  epochs: Number(values.epochs),
  learningRate: Number(values.rate),
  schedule: values.schedule === "cosine"
    ? { kind: "cosine", warmUp: Number(values["warm-up"]) } as const
    : { kind: "constant" } as const,
  threads: Number(values.threads),
  seed,
};
let diverged = false;
try {
  for await (const record of train(model, dataset, options)) {
    records.push(record);
    console.error(`${OURS}, epoch ${record.epoch}: ${record.testAccuracy!.toFixed(4)}`);
    if (record.testAccuracy! >= Number(values.until)) break;
  }
} catch (error) {
  if (!(error instanceof TrainingError)) throw error;
  console.error(error.message);
  diverged = true;
}
const evolutions = records.map((record) => record.evolutionSeconds).sort((a, b) => a - b);
const epochSeconds = records.map((record) => record.seconds + record.evolutionSeconds);
const seconds = records.map((record) => record.seconds);
const line: Training = {
  system: OURS,
  version: metadata.version,
  connections: model.stats().connections,
  accuracies: records.map((record) => record.testAccuracy!),
  epochSeconds,
  leastEpochSeconds: records.length === 0 ? null : Math.min(...seconds) + evolutions[evolutions.length >> 1],
  diverged,
};
console.log(JSON.stringify(line));

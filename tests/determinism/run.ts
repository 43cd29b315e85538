/**
 * One whole run with everything random in it: structure, dropout, order, evolution, pruning; and with weights of samples.
 * Then short ones of other activations, optimisers and ways to keep activations, and one of workers with stale gradients.
 *
 * Called by the test of this folder's name, also as a program of its own (arguments: seed, threads), because a process
 * keeps the instruction set it began with.
 *
 * @module
 */
import type { Dataset } from "../../src/data/dataset.ts";
import { madelonLike } from "../../src/data/generator.ts";
import { SparseMlp } from "../../src/model/model.ts";
import type { ModelOptions } from "../../src/model/settings.ts";
import { InProcessTransport } from "../../src/parallel/in_process.ts";
import { trainOver } from "../../src/parallel/wasap.ts";
import { stateFor } from "../../src/optimizer/optimizers.ts";
import type { TrainOptions } from "../../src/train/options.ts";
import { train } from "../../src/train/trainer.ts";
import type { TrainSummary } from "../../src/train/records.ts";
import { randomBatch, runStep, STEP } from "../oracle/batch.ts";

const SIZES = [300, 600, 600, 10];

/** Short runs: each of the functions a hidden layer can have, in tiles of several widths. */
const OTHERS: [ModelOptions, TrainOptions][] = [
  [{ sizes: [300, 77, 45, 10], activation: "srelu" }, { activationStorage: "bf16", dropout: 0.2 }],
  [{ sizes: [300, 53, 31, 10], activation: "prelu" }, { optimizer: "adam", microBatch: 32 }],
  [{ sizes: [300, 50, 10], activation: "sigmoid" }, { optimizer: "adam", dropout: 0.2 }],
  [{ sizes: [300, 33, 10], activation: "tanh" }, { batchSize: 50, activationStorage: "bf16" }],
  [{ sizes: [300, 61, 47, 10], activation: { kind: "all-relu", alpha: "learned" } }, { batchSize: 200 }],
  [{ sizes: [300, 600, 400, 10], activation: { kind: "all-relu", alpha: "learned" } }, {
    batchSize: 100,
    nesterov: true,
    growth: "gradient-sampled",
    growthSampling: "graest",
  }],
  [{ sizes: [300, 43, 10] }, { batchSize: 300, microBatch: 96, weightDecay: 0.01 }],
];

/** What can be compared of two runs. */
export interface Run {
  /** SHA-256 of layout, arena and state. */
  readonly bits: string;
  /** The same of each short run. */
  readonly others: readonly string[];
  /** Loss of one step of the fresh model, without dropout. */
  readonly firstLoss: number;
  readonly testAccuracy: number;
  readonly connections: readonly number[];
}

/** Trains a network whose layers have several chunks, with batches of 128 and a last one of 61. */
export async function run(seed: number, threads: number): Promise<Run> {
  const made = madelonLike({
    samples: 5 * 128 + 61,
    testSamples: 300,
    features: SIZES[0],
    informative: 8,
    classes: SIZES[3],
    clustersPerClass: 1,
    classSeparation: 3,
    redundant: 60,
    seed: 1,
  });
  const weights = Float32Array.from(made.train.labels, (_, sample) => 0.5 + sample % 3);
  const data = { ...made, train: { ...made.train, weights } };
  const options = { sizes: SIZES, epsilon: 20, seed };
  const fresh = SparseMlp.create(options);
  fresh.holdState(stateFor(STEP));
  const batch = randomBatch(SIZES, 128, "classification", 2).tiles(128);
  const { loss: firstLoss } = runStep(fresh, batch, { ...STEP, threads });
  const model = SparseMlp.create({ ...options, threads });
  const epochs = train(model, data, {
    epochs: 12,
    learningRate: 0.05,
    dropout: 0.1,
    threads,
    importancePruning: { start: 4, every: 4, percentile: 10 },
    classWeights: "balanced",
  });
  let summary: TrainSummary;
  for (;;) {
    const next = await epochs.next();
    if (next.done) {
      summary = next.value;
      break;
    }
  }
  const others: string[] = [];
  for (const [ofModel, ofTraining] of OTHERS) {
    const other = SparseMlp.create({ ...ofModel, seed, threads });
    const epochs = train(other, data, { epochs: 2, learningRate: 0.01, threads, ...ofTraining });
    while (!(await epochs.next()).done);
    others.push(await hash(other));
  }
  others.push(await hash(await staleRun(data, seed)));
  return {
    bits: await hash(model),
    others,
    firstLoss,
    testAccuracy: summary.lastTestAccuracy ?? NaN,
    connections: model.layers.map((layer) => layer.nnz),
  };
}

/** A run of workers whose stale gradients are compensated. */
async function staleRun(data: Dataset, seed: number): Promise<SparseMlp> {
  const model = SparseMlp.create({ sizes: [300, 45, 10], seed });
  const options = { epochs: 2, workers: 3, threads: 1, phaseOneFraction: 1 };
  const staleness = { staleness: "delay-compensated", delayCompensation: 2 } as const;
  const epochs = trainOver(
    model,
    data,
    { ...options, ...staleness },
    (plan) => new InProcessTransport(plan, seed),
  );
  while (!(await epochs.next()).done);
  return model;
}

async function hash(model: SparseMlp): Promise<string> {
  const { layout, arena, state } = model.memory;
  const words = new Uint32Array([...layout, ...arena, ...state]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", words));
  return digest.reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "");
}

if (import.meta.main) {
  const [seed, threads] = Deno.args.map(Number);
  console.log(JSON.stringify(await run(seed, threads)));
}

/**
 * One whole run with everything random in it: structure, dropout, order, evolution, pruning; and with weights of samples.
 *
 * Called by the test of this folder's name, also as a program of its own (arguments: seed, threads), because a process
 * keeps the instruction set it began with.
 *
 * @module
 */
import { madelonLike } from "../../src/data/generator.ts";
import { SparseMlp } from "../../src/model/model.ts";
import { stateFor } from "../../src/optimizer/optimizers.ts";
import { train } from "../../src/train/trainer.ts";
import type { TrainSummary } from "../../src/train/records.ts";
import { randomBatch, runStep, STEP } from "../oracle/batch.ts";

const SIZES = [300, 600, 600, 10];

/** What can be compared of two runs. */
export interface Run {
  /** SHA-256 of layout and arena. */
  readonly bits: string;
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
  const { layout, arena, state } = model.memory;
  const words = new Uint32Array([...layout, ...arena, ...state]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", words));
  return {
    bits: digest.reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), ""),
    firstLoss,
    testAccuracy: summary.lastTestAccuracy ?? NaN,
    connections: model.layers.map((layer) => layer.nnz),
  };
}

if (import.meta.main) {
  const [seed, threads] = Deno.args.map(Number);
  console.log(JSON.stringify(await run(seed, threads)));
}

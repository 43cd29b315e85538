/**
 * Watching a run, a rate of one's own for each step, and two ways to stop: deno run -A examples/early_stopping.ts
 *
 * @module
 */
import { fit, madelonLike, SparseMlp, type TrainOptions } from "@truly-sparse/truly-sparse";

const data = madelonLike({ samples: 400, testSamples: 100, features: 20, seed: 1 });
const options: TrainOptions = {
  epochs: 200,
  batchSize: 32,
  // Warm up for ten steps, then fall with the epochs.
  schedule: ({ epoch, step, learningRate }) =>
    epoch === 1 && step <= 10 ? learningRate * (step / 10) : learningRate / Math.sqrt(epoch),
};

// Stops when five evaluations on a fifth of the samples brought nothing; the best epoch is kept.
const patient = SparseMlp.create({ sizes: [20, 32, 2], epsilon: 8, seed: 1 });
const { epochs, kept } = await fit(patient, data, { ...options, validationFraction: 0.2, patience: 5 });
console.log(`stopped after epoch ${epochs}, kept epoch ${kept?.epoch}`);

// Stops from outside, before the next step.
const controller = new AbortController();
const aborted = SparseMlp.create({ sizes: [20, 32, 2], epsilon: 8, seed: 1 });
let steps = 0;
await fit(aborted, data, {
  ...options,
  signal: controller.signal,
  onStep: () => void (++steps === 100 && controller.abort(new Error("enough"))),
}).catch((cause) => console.log(`stopped after ${steps} steps: ${cause.message}`));

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CheckpointError,
  type EpochRecord,
  loadModel,
  madelonLike,
  newRunState,
  type RunState,
  SparseMlp,
  train,
  type TrainOptions,
  trainParallel,
} from "../mod.ts";
import { writeSafetensors } from "../src/files/safetensors.ts";
import { assertSameModel } from "./model/content.ts";
import { finish } from "./trainer/data.ts";
import { inParts } from "./trainer/in_parts.ts";

const data = madelonLike({ samples: 300, testSamples: 60, features: 20, seed: 2 });
const make = () => SparseMlp.create({ sizes: [20, 40, 30, 2], epsilon: 5, activation: "prelu", seed: 5 });
const STEPS = 9; // ⌈270 training samples / 32⌉, a tenth of the samples validates

const measures = (
  { epoch, trainLoss, trainAccuracy, testAccuracy, validationLoss, gradientFlow }: EpochRecord,
) => [epoch, trainLoss, trainAccuracy, testAccuracy, validationLoss, gradientFlow];

const options: TrainOptions = {
  epochs: 6,
  batchSize: 32,
  schedule: { kind: "cosine" },
  importancePruning: { start: 2, every: 2, percentile: 10 },
  validationFraction: 0.1,
  patience: 50,
  gradientFlow: true,
};

/** Asserts that runs in parts of so many steps give the records and the bits of one that never stops, which is returned. */
async function assertSameInParts(
  settings: TrainOptions,
  parts: readonly number[],
  begin: () => SparseMlp = make,
): Promise<SparseMlp> {
  const straight = begin();
  const { records } = await finish(straight, data, { ...settings, threads: 2 });
  for (const steps of parts) {
    const { model, records: found } = await inParts(begin(), data, settings, steps);
    assertEquals(found.map(measures), records.map(measures), `in parts of ${steps} steps`);
    assertSameModel(model, straight, `in parts of ${steps} steps`);
  }
  return straight;
}

Deno.test("train() stopped after any step and resumed gives the bits of a run that never stopped", async () => {
  await assertSameInParts(options, [1, 4, STEPS, 13, 5 * STEPS + 1]);
});

Deno.test("train() that compacts while pruning gives the same bits resumed, though smaller layers suit wider tiles", async () => {
  const settings: TrainOptions = {
    epochs: 4,
    batchSize: 128,
    importancePruning: { start: 1, every: 1, percentile: 50 },
    compactWhilePruning: true,
  };
  const wide = () => SparseMlp.create({ sizes: [20, 4200, 10, 2], epsilon: 5, seed: 5 });
  const straight = await assertSameInParts(settings, [2, 3, 8], wide);
  assert(straight.layers[0].neurons < 2000);
});

Deno.test("train() keeps the count of early stopping across a checkpoint", async () => {
  // A learning rate far too large: the validation loss soon gets worse.
  const { importancePruning: _, schedule: __, ...rest } = options;
  const settings = { ...rest, epochs: 60, patience: 4, learningRate: 0.2, momentum: 0 };
  const straight = make();
  const last = (await finish(straight, data, settings)).records.length;
  assert(last < 60, "the run did not stop early");
  const { model, records } = await inParts(make(), data, settings, 11);
  assertEquals(records.length, last);
  assertSameModel(model, straight);
});

Deno.test("train() goes on after the end of a run as if the run had been longer", async () => {
  const settings = { batchSize: 32, threads: 1 };
  const straight = make();
  for await (const _ of train(straight, data, { ...settings, epochs: 5 }));
  const [model, state] = [make(), newRunState()];
  for await (const _ of train(model, data, { ...settings, epochs: 2, state }));
  for await (const _ of train(model, data, { ...settings, epochs: 5, state }));
  assertSameModel(model, straight);
});

Deno.test("train() refuses a state that does not fit the run", async () => {
  const run = (state: unknown, more: TrainOptions = {}) => async () => {
    for await (
      const _ of train(make(), data, { epochs: 3, batchSize: 32, state: state as RunState, ...more })
    );
  };
  await assertRejects(run({ ...newRunState(), step: 11 }), RangeError, "an epoch has 10");
  await assertRejects(run({ ...newRunState(), step: -1 }), RangeError, "step is -1");
  await assertRejects(run({ ...newRunState(), evolved: 1 }), TypeError, "evolved is 1");
  await assertRejects(run({ ...newRunState(), cacheTile: 50 }), RangeError, "cacheTile is 50");
  await assertRejects(run(newRunState(), { epochsDone: 0 }), TypeError, "both given");
});

Deno.test("train() goes on inside an epoch with its batch size alone, and takes another one from its end on", async () => {
  const settings = { epochs: 3, threads: 1 };
  const [model, state] = [make(), newRunState()];
  for await (const _ of train(model, data, { ...settings, batchSize: 32, maxSteps: 4, state }));
  assertEquals([state.step, state.batchSize], [4, 32]);
  const before = { ...state };
  await assertRejects(
    async () => {
      for await (const _ of train(model, data, { ...settings, batchSize: 64, state }));
    },
    RangeError,
    "Cannot go on inside epoch 1 with a batch size of 64: its first 4 steps had one of 32; give 32",
  );
  assertEquals(state, before);
  for await (const _ of train(model, data, { ...settings, batchSize: 32, maxSteps: 10, state }));
  assertEquals([state.epoch, state.step], [1, 0]);
  for await (const _ of train(model, data, { ...settings, batchSize: 64, maxSteps: 7, state }));
  assertEquals([state.epoch, state.step, state.batchSize], [1, 2, 64]);
  // A state of an earlier version does not know: it is taken at its word while the epoch has so many steps.
  const { batchSize: _, ...old } = state;
  for await (const { epoch } of train(model, data, { ...settings, batchSize: 32, state: old })) {
    assert(epoch > 1);
  }
  assertEquals(old.epoch, 3);
});

Deno.test("trainParallel() refuses to go on inside an epoch that was begun without workers", async () => {
  const [model, state] = [make(), newRunState()];
  for await (const _ of train(model, data, { epochs: 3, batchSize: 32, maxSteps: 13, threads: 1, state }));
  assertThrows(
    () => trainParallel(model, data, { epochs: 3, batchSize: 32, workers: 2, state }),
    TypeError,
    "Cannot go on in parallel inside epoch 2, of which 3 steps were done without workers",
  );
});

Deno.test("loadModel() reads format version 1, which had no state of the run", async () => {
  const path = await Deno.makeTempFile();
  try {
    const [layer] = SparseMlp.create({ sizes: [3, 2], density: 1, seed: 1 }).layers;
    const { indptr, indices, values, bias, activationParameters: shape } = layer;
    const [velocity, biasVelocity] = [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(7, 8)];
    const parts = { indptr, indices, values, bias, shape, velocity, biasVelocity, shapeVelocity: shape };
    const tensors = new Map(Object.entries(parts).map(([name, tensor]) => [`layers.0.${name}`, tensor]));
    const write = (formatVersion: string, training: unknown) =>
      writeSafetensors(path, tensors, {
        format: "truly-sparse",
        formatVersion,
        packageVersion: "0.1.0",
        settings: JSON.stringify({ sizes: [3, 2], density: 1 }),
        classNames: "[]",
        training: JSON.stringify(training),
      });
    await write("1", { epoch: 7, options: { a: 1 } });
    const { model, training } = await loadModel(path);
    assertEquals(training, { epoch: 7, options: { a: 1 } });
    assertEquals([...model.layers[0].values], [...values]);
    assertEquals([model.layers[0].planes, model.layers[0].biasPlanes], [[velocity], [biasVelocity]]);
    await write("0", { epoch: 7, options: {} });
    await assertRejects(() => loadModel(path), CheckpointError, "reads versions 1, 2, 3");
    await write("2", { epoch: 7, options: {}, state: newRunState(8) });
    await assertRejects(() => loadModel(path), CheckpointError, "epochs 7 and 8");
    await write("2", { epoch: 7, options: {}, state: { ...newRunState(7), loss: "much" } });
    await assertRejects(() => loadModel(path), CheckpointError, 'loss is "much"');
  } finally {
    await Deno.remove(path);
  }
});

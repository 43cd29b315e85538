import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Dataset } from "../src/data/dataset.ts";
import { TrainingError } from "../src/errors.ts";
import { SparseMlp } from "../src/model/model.ts";
import type { TrainOptions } from "../src/train/options.ts";
import { Evaluator } from "../src/train/evaluation.ts";
import { newRunState } from "../src/train/state.ts";
import { train } from "../src/train/trainer.ts";
import { trainParallel } from "../src/parallel/wasap.ts";
import { finish, linearData, PLAIN, xorData, xorModel } from "./trainer/data.ts";

Deno.test("train() stops with advice when the loss is no longer finite", async () => {
  for (const data of [xorData(100), linearData(100)]) {
    const model = SparseMlp.create({ sizes: [data.featureCount, 24, 24, 2], task: data.task, seed: 1 });
    const error = await assertRejects(
      () => finish(model, data, { epochs: 50, batchSize: 10, learningRate: 1e15 }),
      TrainingError,
      "try a learning rate ten times smaller",
    );
    assertEquals(error.name, "TrainingError");
  }
});

Deno.test("train() stops with advice when the last step of a run has made the loss infinite", async () => {
  // One step: its own loss is that of the sound weights before it.
  const options = { ...PLAIN, epochs: 1, batchSize: 100, learningRate: 1e38 };
  const model = SparseMlp.create({ sizes: [3, 40, 2], epsilon: 4, task: "regression", seed: 1 });
  await assertRejects(
    () => finish(model, linearData(100, 50), options),
    TrainingError,
    "the test loss is not finite after epoch 1",
  );
  const { test: _, ...alone } = linearData(100, 50);
  const other = SparseMlp.create({ sizes: [3, 40, 2], epsilon: 4, task: "regression", seed: 1 });
  await assertRejects(
    () => finish(other, alone, options),
    TrainingError,
    "the training loss is not finite after epoch 1",
  );
});

Deno.test("train() ends with the reason of an aborted signal: before, between epochs, inside an epoch", async () => {
  const reason = new Error("enough");
  const early = AbortSignal.abort(reason);
  const model = xorModel();
  const before = model.memory.arena.slice();
  await assertRejects(
    () => finish(model, xorData(50), { epochs: 1, batchSize: 10, signal: early }),
    Error,
    "enough",
  );
  assertEquals(model.memory.arena, before);

  const between = new AbortController();
  const seen: number[] = [];
  await assertRejects(
    async () => {
      for await (
        const { epoch } of train(xorModel(), xorData(50), { batchSize: 10, signal: between.signal })
      ) {
        seen.push(epoch);
        if (epoch === 3) between.abort(reason);
      }
    },
    Error,
    "enough",
  );
  assertEquals(seen, [1, 2, 3]);

  // Timers run while epochs much shorter than its turn go by.
  const late = AbortSignal.timeout(20);
  const endless = { epochs: 1_000_000, batchSize: 50, signal: late };
  await assertRejects(() => finish(xorModel(), xorData(50), endless), DOMException, "timeout");
});

Deno.test("train() reports progress between steps", async () => {
  const stop = new AbortController();
  const options: TrainOptions = {
    epochs: 1_000_000,
    batchSize: 10,
    signal: stop.signal,
    onProgress({ epoch, epochs, step, steps, loss, accuracy, samplesPerSecond }) {
      assert(epoch >= 1 && epochs === 1_000_000 && step >= 1 && step <= steps && steps === 5);
      assert(loss > 0 && accuracy >= 0 && accuracy <= 1 && samplesPerSecond > 0);
      stop.abort(new Error("seen"));
    },
  };
  await assertRejects(() => finish(xorModel(), xorData(50), options), Error, "seen");
});

Deno.test("train() refuses data that do not fit the model", async () => {
  const refused = (model: SparseMlp, data: Dataset, message: string, options: TrainOptions = {}) =>
    assertRejects(() => finish(model, data, { batchSize: 10, ...options }), TypeError, message);
  await refused(
    xorModel({ sizes: [5, 4, 2] }),
    xorData(50),
    "it has 4 features and 2 outputs, the model takes 5",
  );
  await refused(xorModel({ sizes: [4, 4, 3] }), xorData(50), "the model takes 4 and gives 3");
  await refused(
    xorModel({ task: "regression" }),
    xorData(50),
    "it is for classification, the model for regression",
  );
  const augmentation = { rotationDegrees: 10, shiftFraction: 0.1, flip: true };
  await refused(xorModel(), xorData(50), "its samples are not images in bytes", { augmentation });
});

Deno.test("train() makes one batch of all samples where batchSize is larger, validation taken off", async () => {
  const trained = async (samples: number, options: TrainOptions) => {
    const [model, state] = [xorModel(), newRunState()];
    await finish(model, xorData(samples), { epochs: 2, state, ...options });
    return [state.batchSize, ...model.memory.arena];
  };
  assertEquals(await trained(40, { batchSize: 2 ** 40 }), await trained(40, { batchSize: 40 }));
  assertEquals((await trained(40, {}))[0], 40);
  assertEquals((await trained(50, { batchSize: 41, validationFraction: 0.2 }))[0], 40);
});

Deno.test("train() goes on inside an epoch of one batch with another batchSize that is larger than the samples", async () => {
  const [model, state, abort] = [xorModel(), newRunState(), new AbortController()];
  const options = { epochs: 2, state, batchSize: 64 };
  const onStep = () => abort.abort();
  await assertRejects(() => finish(model, xorData(40), { ...options, onStep, signal: abort.signal }));
  assertEquals([state.epoch, state.step], [0, 1]);
  await finish(model, xorData(40), { ...options, batchSize: 128 });
  const straight = xorModel();
  await finish(straight, xorData(40), { epochs: 2, batchSize: 40 });
  assertEquals(model.memory.arena, straight.memory.arena);
});

Deno.test("train() refuses settings out of range", async () => {
  const wrong: [Partial<Record<keyof TrainOptions, unknown>>, string][] = [
    [{ epochs: 0 }, "epochs is 0"],
    [{ epochs: 1.5 }, "epochs is 1.5"],
    [{ batchSize: 0 }, "batchSize is 0"],
    [{ batchSize: NaN }, "batchSize is NaN"],
    [{ learningRate: 0 }, "learningRate is 0"],
    [{ learningRate: -1 }, "learningRate is -1"],
    [{ learningRate: Infinity }, "learningRate is Infinity"],
    [{ fanInLimit: 0 }, "fanInLimit is 0"],
    [{ fanInLimit: NaN }, "fanInLimit is NaN"],
    [{ momentum: 1 }, "momentum is 1"],
    [{ weightDecay: -0.1 }, "weightDecay is -0.1"],
    [{ weightDecayForm: "none" }, "weightDecayForm is none"],
    [{ dropout: 1 }, "dropout is 1"],
    [{ zeta: 1 }, "zeta is 1"],
    [{ growthWeights: -0.5 }, "growthWeights is -0.5"],
    [{ growthWeights: NaN }, "growthWeights is NaN"],
    [{ growthWeights: Infinity }, "growthWeights is Infinity"],
    [
      { growthWeights: "half" },
      "growthWeights is half, expected initial, zero or a finite number of at least 0",
    ],
    [{ validationFraction: 1 }, "validationFraction is 1"],
    [{ evaluateEvery: 0 }, "evaluateEvery is 0"],
    [{ threads: 0 }, "threads is 0"],
    [{ threads: 1025 }, "threads is 1025"],
    [{ seed: -1 }, "seed is -1"],
    [{ microBatch: 0 }, "microBatch is 0"],
    [{ patience: 0, validationFraction: 0.5 }, "patience is 0"],
    [{ importancePruning: { start: -1 } }, "importancePruning.start is -1"],
    [{ importancePruning: { every: 0 } }, "importancePruning.every is 0"],
    [{ importancePruning: { percentile: 101 } }, "importancePruning.percentile is 101"],
    [{ importancePruning: { percentile: NaN } }, "importancePruning.percentile is NaN"],
  ];
  const model = xorModel();
  const before = model.memory.arena.slice();
  for (const [options, message] of wrong) {
    await assertRejects(
      () => finish(model, xorData(50), { batchSize: 10, epochs: 1, ...options } as TrainOptions),
      RangeError,
      message,
    );
  }
  await assertRejects(
    () => finish(model, xorData(50), { patience: 2 }),
    TypeError,
    "patience needs a validationFraction",
  );
  assertEquals(model.memory.arena, before);
});

Deno.test("train() refuses a class past the last and features that are not finite", async () => {
  const data = xorData(50);
  const labels = data.train.labels.slice().fill(2, 7, 8);
  const wrong = { ...data, train: { ...data.train, labels } };
  await assertRejects(() => finish(xorModel(), wrong, { batchSize: 10, epochs: 1 }), RangeError);
  const features = (data.train.features as Float32Array).slice().fill(NaN, 9, 10);
  const broken = { ...data, train: { ...data.train, features } };
  await assertRejects(() => finish(xorModel(), broken, { batchSize: 10, epochs: 1 }), RangeError);
});

Deno.test("train() ends after maxSteps, inside an epoch or with it, and goes on bit for bit", async () => {
  const data = xorData(110, 40);
  const options = { epochs: 3, batchSize: 20, gradientFlow: true, threads: 1 }; // 6 steps an epoch, the last of 10 samples
  const straight = xorModel();
  const whole = await finish(straight, data, options);
  for (
    const [maxSteps, epochs, steps] of [[2, 0, 2], [6, 1, undefined], [11, 1, 5], [17, 2, 5], [
      18,
      3,
      undefined,
    ]]
  ) {
    const [model, state] = [xorModel(), newRunState()];
    const { records, summary } = await finish(model, data, { ...options, maxSteps: maxSteps!, state });
    assertEquals([summary.epochs, summary.steps], [epochs, steps]);
    assertEquals(
      records.map((record) => record.steps).filter((count) => count !== undefined),
      steps ? [steps] : [],
    );
    assertEquals([state.epoch, state.step], [epochs, steps ?? 0]);
    const last = records.at(-1)!;
    assertEquals(last.testAccuracy, new Evaluator(model, data.test!).run().accuracy);
    assert(last.trainLoss > 0.1 && last.trainLoss < 2, `${last.trainLoss}`);
    const message = `Cannot train up to step ${maxSteps}: ${maxSteps} steps are done`;
    await assertRejects(
      () => finish(model, data, { ...options, maxSteps: maxSteps!, state }),
      RangeError,
      message,
    );
    if (epochs! < 3) {
      const rest = await finish(model, data, { ...options, state });
      assertEquals(rest.records.at(-1)!.trainLoss, whole.records[2].trainLoss);
    }
    assertEquals(model.memory.arena, straight.memory.arena);
  }
});

Deno.test("train() does not let the part of an epoch decide on stopping early", async () => {
  const data = xorData(110);
  const options = {
    epochs: 30,
    batchSize: 10,
    learningRate: 0.05,
    validationFraction: 0.2,
    patience: 2,
    seed: 3,
  };
  const straight = await finish(xorModel(), data, options);
  const [model, state] = [xorModel(), newRunState()];
  const parts: number[] = [];
  for (let maxSteps = 4; parts.length === 0 || !Number.isNaN(parts.at(-1)); maxSteps += 7) {
    const { summary } = await finish(model, data, { ...options, maxSteps, state });
    parts.push(summary.stoppedEarly || summary.epochs === 30 ? NaN : summary.epochs);
  }
  assertEquals(state.epoch, straight.summary.epochs);
});

Deno.test("trainParallel() refuses maxSteps", () => {
  assertThrows(() => trainParallel(xorModel(), xorData(50), { maxSteps: 3 }), TypeError, "maxSteps");
});

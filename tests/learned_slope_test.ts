import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import {
  compact,
  exportScipy,
  importScipy,
  loadModel,
  madelonLike,
  type ParallelOptions,
  pruneByImportance,
  saveModel,
  SparseMlp,
  type StepRecord,
  train,
  TrainingError,
  type TrainOptions,
} from "../mod.ts";
import { encodeOnnx } from "../src/files/onnx.ts";
import type { Activation } from "../src/model/activation.ts";
import { InProcessTransport } from "../src/parallel/in_process.ts";
import { trainOver } from "../src/parallel/wasap.ts";
import { assertSameModel } from "./model/content.ts";
import { gradientsOf, randomBatch, randomModel, STEP } from "./oracle/batch.ts";
import { assertGradientsClose, backpropagate, oracleOf } from "./oracle/mlp.ts";
import { finishInProcess, finishParallel, trainPart } from "./parallel/runs.ts";
import { finish } from "./trainer/data.ts";
import { inParts } from "./trainer/in_parts.ts";
import { withFile } from "./temporary.ts";

const LEARNED = { kind: "all-relu", alpha: "learned" } as const;
const data = madelonLike({ samples: 300, testSamples: 60, features: 20, seed: 2 });
const make = (sizes: readonly number[] = [20, 40, 30, 25, 2]) =>
  SparseMlp.create({ sizes, epsilon: 8, activation: LEARNED, seed: 5 });
const slopesOf = ({ layers }: SparseMlp) => layers.map(({ slope }) => slope);

Deno.test("SparseMlp.create() begins learned slopes at 0.6, one a hidden layer, its sign that of the layer", () => {
  const { layers, settings } = make();
  assertEquals(settings.activation, LEARNED);
  assertEquals(layers.map(({ activationParameters }) => activationParameters.length), [1, 1, 1, 0]);
  const begin = Math.fround(0.6);
  assertEquals(layers.map(({ slope }) => slope), [-begin, begin, -begin, undefined]);
});

Deno.test("SparseMlp.create() refuses to learn the slope of another activation than All-ReLU", () => {
  const refused = (activation: Activation, message: string) =>
    assertThrows(() => SparseMlp.create({ sizes: [4, 5, 2], activation }), TypeError, message);
  refused({ kind: "leaky-relu", alpha: "learned" }, "all-relu alone can");
  refused({ kind: "all-relu", alpha: "learnt" as "learned" }, 'expected a number or "learned"');
  refused({ kind: "prelu", alpha: "search" as "learned" }, "expected a number");
});

Deno.test("a network that learned its slopes gives the bits of one that was given them, whatever the sign of α", () => {
  const smallest = 2 ** -10;
  for (const [own, alpha] of [[0.6, 0.6], [0.25, 0.25], [-0.25, 0.25], [0, smallest], [-1e-9, smallest]]) {
    const learned = make();
    const given = SparseMlp.create({ ...learned.settings, activation: { kind: "all-relu", alpha } });
    for (const { activationParameters } of learned.layers) activationParameters.fill(own);
    const { features } = data.test!;
    const one = features.subarray(0, 20);
    assertEquals(learned.predictProbabilities(features), given.predictProbabilities(features));
    assertEquals(learned.predictProbabilities(one), given.predictProbabilities(one));
    const [predictor, expected] = [learned.toInference(), given.toInference()];
    assertEquals(predictor.predictProbabilities(features), expected.predictProbabilities(features));
    assertEquals(slopesOf(learned), slopesOf(given).map((slope) => slope && Math.fround(slope)));
  }
});

Deno.test("the gradient of a slope is that of a dense f64 network, also of one that was reflected or is the smallest", () => {
  const sizes = [6, 40, 30, 20, 3];
  for (const own of [0.6, 1.5, -0.4, 0.01, 0, -1e-4]) {
    for (const [samples, width, dropout] of [[20, 32, 0], [70, 16, 0], [130, 64, 0]]) {
      const model = randomModel({ sizes, density: 0.4, activation: LEARNED, seed: 3 });
      for (const { activationParameters } of model.layers) activationParameters.fill(own);
      const batch = randomBatch(sizes, samples, "classification", 3);
      const { layers } = gradientsOf(model, batch.tiles(width), { ...STEP, dropout });
      const { gradients } = backpropagate(oracleOf(model), batch);
      // Sums of f32 products, and activations that are divided by their slope: a few roundings of 2⁻²⁴.
      assertGradientsClose(model, layers, gradients, 2e-5, `α ${own}, ${samples} samples, width ${width}`);
    }
  }
});

Deno.test("train() learns slopes, tells them with each epoch, and keeps signs and weight decay away from them", async () => {
  const model = make();
  const { records } = await finish(model, data, { epochs: 8, batchSize: 32, learningRate: 0.05 });
  for (const { slopes } of records) {
    assertEquals(slopes!.length, 3);
    assert(slopes![0] < 0 && slopes![1] > 0 && slopes![2] < 0, `slopes ${slopes}`);
  }
  assertEquals<unknown>(records[7].slopes, slopesOf(model).slice(0, 3));
  assertNotEquals(records[7].slopes, records[0].slopes);
  const still = make();
  const decayed = { epochs: 2, batchSize: 32, learningRate: 1e-12, weightDecay: 0.1 };
  await finish(still, data, decayed);
  assertEquals(slopesOf(still), slopesOf(make()));
  const { records: [other] } = await finish(
    SparseMlp.create({ sizes: [20, 10, 2], seed: 1 }),
    data,
    { epochs: 1, batchSize: 32 },
  );
  assertEquals(other.slopes, undefined);
});

Deno.test("train() ends with an error where a slope stops being a number in the last step of any epoch", async () => {
  const { validation: _, test: __, ...alone } = data;
  const model = make();
  const seen: number[] = [];
  const onStep = ({ step, steps }: StepRecord) => {
    if (step === steps) model.layers[1].activationParameters.fill(NaN);
  };
  const run = async () => {
    for await (const { epoch } of train(model, alone, { epochs: 3, batchSize: 32, onStep })) seen.push(epoch);
  };
  await assertRejects(run, TrainingError, "a learned slope is not finite after epoch 1");
  assertEquals(seen, []);
});

Deno.test("train() gives learned slopes the same bits for any number of threads, tiles kept or computed again", async () => {
  // Layers of several chunks, so that threads share a sweep.
  const run = async (options: TrainOptions, settings: TrainOptions = {}) => {
    const model = make([20, 600, 500, 400, 2]);
    await finish(model, data, { epochs: 2, batchSize: 100, dropout: 0.2, ...settings, ...options });
    return model;
  };
  for (
    const settings of [{}, { microBatch: 16 }, { optimizer: "adam" }, { activationStorage: "bf16" }] as const
  ) {
    const one = await run({ threads: 1 }, settings);
    assertSameModel(await run({ threads: 3 }, settings), one, JSON.stringify(settings));
    assertSameModel(await run({ threads: 2, recompute: true }, settings), one, JSON.stringify(settings));
  }
});

Deno.test("train() that learns slopes, stopped and resumed, gives the bits of a run that never stopped", async () => {
  for (const more of [{}, { optimizer: "adam" }, { nesterov: true }] as const) {
    const options: TrainOptions = { epochs: 3, batchSize: 32, ...more };
    const straight = make();
    await finish(straight, data, options);
    const { model } = await inParts(make(), data, options, 7);
    assertSameModel(model, straight);
  }
});

Deno.test("trainParallel() learns slopes in phase 1 and 2, and with wassp is resumed bit for bit", async () => {
  const options: ParallelOptions = { epochs: 4, batchSize: 32, learningRate: 0.02, workers: 2, threads: 1 };
  for (const algorithm of ["wasap", "wassp"] as const) {
    const model = make();
    const { records } = await finishInProcess(model, data, { ...options, algorithm }, 1);
    const changed = records.map(({ slopes }) => slopes![0]);
    assertEquals(new Set(changed).size, 4, `${algorithm}: ${changed}`);
    assert(slopesOf(model)[0]! < 0 && slopesOf(model)[1]! > 0);
  }
  const workers = make();
  const { records } = await finishParallel(workers, data, { ...options, algorithm: "wasap" });
  assertEquals(records.at(-1)!.slopes?.length, 3);
  await withFile(async (path) => {
    const part = (from: number, to: number) =>
      trainPart(path, { from, to, make: () => make() }, (model, resumed) =>
        trainOver(
          model,
          data,
          { ...options, algorithm: "wassp", ...resumed },
          (plan) => new InProcessTransport(plan, 1),
        ));
    const straight = await part(0, 4);
    for (const stop of [1, 2, 3]) {
      await part(0, stop);
      assertSameModel(await part(stop, 4), straight);
    }
  });
});

Deno.test("a network with learned slopes is saved, shared, copied, compacted and exported with them", async () => {
  const model = make();
  await finish(model, data, { epochs: 3, batchSize: 32, learningRate: 0.05 });
  const { features } = data.test!;
  const expected = model.predictProbabilities(features);
  const shared = SparseMlp.fromShared(structuredClone(model.share()));
  const inference = model.toInference();
  assertSameModel(shared, model);
  assert(shared.is("classification"));
  assertEquals(inference.predictProbabilities(features), expected);
  await withFile(async (path) => {
    await saveModel(model, path);
    const { model: loaded } = await loadModel(path);
    assertEquals(slopesOf(loaded), slopesOf(model));
    assert(loaded.is("classification"));
    assertEquals(loaded.predictProbabilities(features), expected);
  });
  const folder = await Deno.makeTempDir();
  try {
    await exportScipy(model, folder);
    const imported = await importScipy(folder);
    assertEquals(slopesOf(imported), slopesOf(model));
    assertEquals(imported.settings, model.settings);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  for (const layer of model.layers.slice(0, -1)) pruneByImportance(layer, 40);
  const { model: small, removed } = compact(model);
  assert(removed > 0);
  assertEquals(slopesOf(small), slopesOf(model));
  const [before, after] = [model, small].map((one) => one.predictProbabilities(features));
  assert(before.every((value, place) => Math.abs(value - after[place]) < 1e-5));
});

Deno.test("encodeOnnx() writes learned slopes as those of LeakyRelu", async () => {
  const model = make();
  model.layers[1].activationParameters[0] = -0.125;
  const given = SparseMlp.create({
    ...model.settings,
    activation: [0.6, 0.125, 0.6].map((alpha) => ({ kind: "all-relu", alpha }) as const),
  });
  assertEquals(await encodeOnnx(model), await encodeOnnx(given));
});

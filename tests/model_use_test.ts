import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  CheckpointError,
  type Dataset,
  loadModel,
  madelonLike,
  saveModel,
  SparseMlp,
  train,
  TrainingError,
  trainParallel,
  validateDataset,
} from "../mod.ts";
import { folder, run } from "./cli/process.ts";
import { inFolder } from "./temporary.ts";

const data = madelonLike({
  samples: 400,
  testSamples: 50,
  features: 10,
  informative: 3,
  redundant: 1,
  seed: 1,
});
const newModel = () => SparseMlp.create({ sizes: [10, 200, 2], epsilon: 8, seed: 1 });
const options = { epochs: 3, batchSize: 10, threads: 1 };

/** All numbers of a model. */
const bitsOf = (model: SparseMlp) => model.layers.flatMap(({ values, nnz }) => [...values.subarray(0, nnz)]);

Deno.test("saveModel() that is not awaited writes the model as it was, and training waits for it", () =>
  inFolder(async (folder) => {
    const model = newModel();
    const wanted = new Map<string, number[]>();
    const saves: Promise<void>[] = [];
    const save = () => {
      const path = `${folder}/${saves.length}.safetensors`;
      wanted.set(path, bitsOf(model));
      saves.push(saveModel(model, path));
    };
    for await (const _ of train(model, data, { ...options, onProgress: save })) save();
    await Promise.all(saves);
    assert(saves.length >= 3);
    for (const [path, bits] of wanted) assertEquals(bitsOf((await loadModel(path)).model), bits);
    // Nobody was slowed into other bits.
    const alone = newModel();
    for await (const _ of train(alone, data, options));
    assertEquals(bitsOf(model), bitsOf(alone));
  }));

Deno.test("saveModel() refuses a model that workers are changing, and takes it between two epochs", () =>
  inFolder(async (folder) => {
    const model = newModel();
    const path = `${folder}/model.safetensors`;
    const refusals: unknown[] = [];
    const onProgress = () => saveModel(model, path).catch((error) => void refusals.push(error));
    const epochs = trainParallel(model, data, { ...options, epochs: 8, workers: 2, onProgress });
    const first = epochs.next();
    // The run has begun to work when its first promise is pending and workers push.
    await first;
    await saveModel(model, path);
    assertEquals(bitsOf((await loadModel(path)).model), bitsOf(model));
    await epochs.return(undefined as never);
    await saveModel(model, path);
    for (const refusal of refusals) {
      assert(refusal instanceof CheckpointError);
      assertStringIncludes(refusal.message, "its workers are in the middle of an epoch");
    }
    using _ = model.use.move();
    await assertRejects(() => saveModel(model, path), CheckpointError, "wait until it is over");
  }));

Deno.test("train() and trainParallel() refuse a model that is in another run", async () => {
  const model = newModel();
  const first = train(model, data, options);
  await first.next();
  for (const other of [train(model, data, options), trainParallel(model, data, { ...options, workers: 1 })]) {
    await assertRejects(() => other.next(), TypeError, "Cannot train: the model is in another run");
  }
  assertEquals((await first.next()).done, false);
  await first.return(undefined as never);
  assertEquals((await train(model, data, options).next()).done, false);
});

Deno.test("saveModel() refuses what loadModel() would, and the older file stays", () =>
  inFolder(async (folder) => {
    const path = `${folder}/model.safetensors`;
    const model = newModel();
    for await (const _ of train(model, data, { ...options, epochs: 1 }));
    await saveModel(model, path);
    const before = await Deno.readFile(path);
    const [layer] = model.layers;
    const spoil: [() => void, string][] = [
      [() => layer.values[2] = NaN, 'number 2 of tensor "layers.0.values" is NaN'],
      [() => layer.bias[1] = Infinity, 'number 1 of tensor "layers.0.bias" is Infinity'],
      [() => layer.indices[0] = 1000, "structure"],
      [() => model.classNames = ["one"], "1 class names for 2 outputs"],
      [() => model.standardization!.scale[0] = NaN, 'tensor "standardization.scale" is NaN'],
      [
        () => model.standardization = { mean: new Float32Array(3), scale: new Float32Array(3) },
        "3 numbers for 10",
      ],
    ];
    for (const [change, said] of spoil) {
      const [values, bias, indices] = [layer.values.slice(), layer.bias.slice(), layer.indices.slice()];
      const { classNames, standardization } = model;
      const scale = standardization!.scale.slice();
      change();
      const error = await assertRejects(() => saveModel(model, path), CheckpointError);
      assertStringIncludes(error.message, `Cannot save the model to "${path}": `);
      if (said !== "structure") assertStringIncludes(error.message, said);
      assert(!error.message.includes("\n"));
      layer.values.set(values);
      layer.bias.set(bias);
      layer.indices.set(indices);
      Object.assign(model, { classNames, standardization });
      model.standardization!.scale.set(scale);
    }
    const training = { epoch: -1, options: {} };
    await assertRejects(() => saveModel(model, path, { training }), CheckpointError, "has epoch -1");
    assertEquals(await Deno.readFile(path), before);
    assertEquals([...Deno.readDirSync(folder)].length, 1);
    await saveModel(model, path);
  }));

Deno.test("train() whose last step made weights infinite ends with a TrainingError that tells the model's state", async () => {
  const [samples, none] = [20, new Uint32Array(0)];
  const features = Float32Array.from({ length: 10 * samples }, (_, at) => (at * 7) % 11);
  const targets = Float32Array.from({ length: samples }, (_, at) => 1e15 * (at % 3));
  const split = { samples, features, labels: none, targets };
  const [featureCount, outputCount] = [10, 1];
  const names = { name: "prices", classNames: [], featureNames: [] };
  const alone: Dataset = { ...names, task: "regression", featureCount, outputCount, train: split };
  const model = SparseMlp.create({ sizes: [10, 20, 1], epsilon: 8, seed: 1, task: "regression" });
  const epochs = train(model, alone, { ...options, epochs: 1, batchSize: samples, learningRate: 3e38 });
  const error = await assertRejects(() => epochs.next(), TrainingError);
  assertStringIncludes(error.message, "weights are not finite after epoch 1");
  assertStringIncludes(error.message, "cannot be used any more");
});

Deno.test("train keeps the older file when its weights became infinite, and says why", async () => {
  const rows = Array.from({ length: 60 }, (_, row) => `${row % 7},${(row * 5) % 11},${row % 2}`);
  const path = await folder({ "t.csv": `a,b,class\n${rows.join("\n")}\n`, "m.safetensors": "precious" });
  const args = ["train", "--data", `${path}/t.csv`, "--hidden", "8", "--test-fraction", "0", "--epochs", "1"];
  const output = ["--batch-size", "20", "--output", `${path}/m.safetensors`];
  const { code, stderr } = await run(...args, ...output, "--quiet", "--learning-rate", "3e38");
  assertEquals(code, 1);
  assertStringIncludes(stderr, "error: Cannot go on training: ");
  assertEquals(await Deno.readTextFile(`${path}/m.safetensors`), "precious");
  const infinite = await run(...args, ...output, "--learning-rate", "1e39");
  assertEquals([infinite.code, infinite.stderr], [
    2,
    "error: Cannot use --learning-rate 1e39: expected a number above 0; it would be Infinity in 32 bits\n",
  ]);
  const severed = await run(...args, ...output, "--quiet", "--epsilon", "1e-9");
  assertEquals(severed.code, 1);
  assertStringIncludes(severed.stderr, "error: Cannot train: layer 1, [2, 8], has no connection");
  assertEquals([...Deno.readDirSync(path)].length, 2);
});

Deno.test("train() refuses numbers that 32 bits make infinite or put on an excluded bound", () => {
  const model = newModel();
  for (const wrong of [{ learningRate: 1e39 }, { learningRate: 1e-60 }, { dropout: 1 - 1e-12 }]) {
    let message = "";
    try {
      train(model, data, wrong);
    } catch (error) {
      assert(error instanceof RangeError);
      message = error.message;
    }
    assertStringIncludes(message, "in 32 bits");
  }
});

Deno.test("validateDataset() says what JavaScript has left out", () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ featureNames: undefined }, "its featureNames are undefined, expected an array of texts"],
    [{ classNames: null }, "its classNames are null, expected an array of texts"],
    [{ task: "cluster" }, "its task is cluster, expected classification, regression or multi-label"],
    [{ train: undefined }, "the training part is undefined, expected samples"],
    [{ test: null }, "the test part is null, expected samples"],
    [{ train: { ...data.train, targets: undefined } }, "the targets of the training part are undefined"],
    [{ train: { ...data.train, labels: ["a", "b"] } }, "Dataset.from() takes labels of any kind"],
  ];
  for (const [change, said] of cases) {
    let message = "";
    try {
      validateDataset({ ...data, ...change } as Dataset);
    } catch (error) {
      assert(error instanceof TypeError);
      message = error.message;
    }
    assertStringIncludes(message, said);
  }
});

import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Dataset, Split } from "../src/data/dataset.ts";
import { loadModel, saveModel } from "../src/files/checkpoint.ts";
import { exportOnnx } from "../src/files/onnx.ts";
import { writeSafetensors } from "../src/files/safetensors.ts";
import { exportScipy, importScipy } from "../src/files/scipy.ts";
import { SparseMlp } from "../src/model/model.ts";
import { readScaling, targetScalingOf, toOwnUnit, unscaled } from "../src/model/target_scaling.ts";
import { compact } from "../src/topology/compaction.ts";
import { pruneByImportance } from "../src/topology/importance.ts";
import { Evaluator } from "../src/train/evaluation.ts";
import type { TrainOptions } from "../src/train/options.ts";
import { newRunState } from "../src/train/state.ts";
import { assertSameModel } from "./model/content.ts";
import { fileContent } from "./model/file.ts";
import { numbers } from "./oracle/batch.ts";
import { finishInProcess, finishParallel } from "./parallel/runs.ts";
import { hasModules, python } from "./python.ts";
import { inFolder, withFile } from "./temporary.ts";
import { finish } from "./trainer/data.ts";

/** Houses: square metres, rooms and a year in their own units, a price of 1e5 to 1e6, and a rent. */
function houses(samples: number, seed: number): Split {
  const next = numbers(seed);
  const [features, targets] = [new Float32Array(3 * samples), new Float32Array(2 * samples)];
  for (let sample = 0; sample < samples; sample++) {
    const [area, rooms, year] = [140 + 110 * next(), Math.round(4 + 3 * next()), 1980 + 40 * next()];
    features.set([area, rooms, year], 3 * sample);
    const price = 3000 * area + 15_000 * rooms + 800 * (year - 1980) + 10_000 * next();
    targets.set([price, price / 400], 2 * sample);
  }
  return { samples, features, labels: new Uint32Array(0), targets };
}

const data: Dataset = {
  name: "houses",
  task: "regression",
  featureCount: 3,
  outputCount: 2,
  classNames: [],
  featureNames: [],
  train: houses(300, 1),
  test: houses(100, 2),
};

const make = () => SparseMlp.create({ sizes: [3, 64, 64, 2], task: "regression", seed: 1 });
const SHORT = { epochs: 4, batchSize: 32, threads: 1 } as const;

async function trained(options: TrainOptions = SHORT): Promise<SparseMlp> {
  const model = make();
  await finish(model, data, options);
  return model;
}

/** Mean squared error of the first target, and what naming its mean always gives. */
function errors(values: Float32Array, { targets, samples }: Split): { found: number; baseline: number } {
  let [found, sum, squares] = [0, 0, 0];
  for (let at = 0; at < targets.length; at += 2) {
    found += (values[at] - targets[at]) ** 2 / samples;
    sum += targets[at] / samples;
    squares += targets[at] ** 2 / samples;
  }
  return { found, baseline: squares - sum ** 2 };
}

Deno.test("train() learns prices of 1e5 to 1e6 from features in their own units, with all defaults but the epochs", async () => {
  const model = await trained({ epochs: 100 });
  const { found, baseline } = errors(model.predict(data.test!.features) as Float32Array, data.test!);
  assert(baseline > 1e10);
  assert(found < 0.1 * baseline, `mean squared error ${found}, of the mean ${baseline}`);
});

Deno.test("train() standardises targets by the training samples, and keeps how", async () => {
  const { targetScaling } = await trained();
  const { targets, samples } = data.train;
  for (const output of [0, 1]) {
    const values = Array.from({ length: samples }, (_, sample) => targets[2 * sample + output]);
    const mean = values.reduce((sum, value) => sum + value, 0) / samples;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / samples;
    assertAlmostEquals(targetScaling!.mean[output] / mean, 1, 1e-12);
    assertAlmostEquals(targetScaling!.deviation[output] / Math.sqrt(variance), 1, 1e-12);
  }
});

Deno.test("targetScalingOf() gives a constant target the deviation 1, also where its mean is rounded", () => {
  const targets = Float32Array.from({ length: 3 * 7 }, (_, place) => [0.1, -5e30, place][place % 3]);
  const { mean, deviation } = targetScalingOf(targets, 3);
  assertAlmostEquals(mean[0], Math.fround(0.1), 1e-15);
  assertEquals([...deviation.subarray(0, 2)], [1, 1]);
  // 2, 5, …, 20: three times the deviation of seven numbers in a row.
  assertAlmostEquals(deviation[2], 6, 1e-12);
});

Deno.test("train() goes on with a constant target, and predicts it", async () => {
  const constant = (split: Split) => ({ ...split, targets: split.targets.map((t, at) => at % 2 ? 7e6 : t) });
  const model = make();
  await finish(model, { ...data, train: constant(data.train), test: constant(data.test!) }, SHORT);
  const values = model.predict(data.test!.features) as Float32Array;
  // Outputs of a few units around the mean.
  assert(values.every((value, at) => at % 2 === 0 || Math.abs(value - 7e6) < 20));
});

Deno.test("Evaluator.run() gives outputs in the targets' unit, and the loss of standardised targets", async () => {
  const model = await trained();
  const { deviation } = model.targetScaling!;
  const { samples, targets, features } = data.test!;
  const outputs = new Float32Array(2 * samples);
  const { loss } = new Evaluator(model, data.test!).run(outputs);
  const errors = outputs.map((value, at) => ((value - targets[at]) / deviation[at % 2]) ** 2);
  // Values of six digits hold the errors to four.
  assertAlmostEquals(errors.reduce((sum, error) => sum + error, 0) / (2 * samples) / loss, 1, 1e-4);
  // Inference sums in another order.
  (model.predict(features) as Float32Array).forEach((value, at) =>
    assertAlmostEquals(value, outputs[at], 1e-4 * deviation[at % 2])
  );
});

Deno.test("train() of targets that are standardised already has the losses of the same targets in any unit", async () => {
  const { targetScaling: { mean, deviation } = unscaled(2) } = await trained();
  const scaled = (split: Split) => ({
    ...split,
    targets: split.targets.map((target, at) => (target - mean[at % 2]) / deviation[at % 2]),
  });
  const small = { ...data, train: scaled(data.train), test: scaled(data.test!) };
  const [one, other] = [await finish(make(), data, SHORT), await finish(make(), small, SHORT)];
  // The standardised targets were rounded once more.
  assertAlmostEquals(one.summary.lastTestLoss! / other.summary.lastTestLoss!, 1, 1e-3);
});

Deno.test("saveModel() keeps the unit of the targets, and a resumed run goes on bit for bit", () =>
  withFile(async (path) => {
    const straight = await trained();
    for (const maxSteps of [10, 25]) {
      const [begun, state] = [make(), newRunState()];
      await finish(begun, data, { ...SHORT, maxSteps, state });
      await saveModel(begun, path, { training: { epoch: state.epoch, options: {}, state } });
      const { model, training } = await loadModel(path);
      assertEquals(model.targetScaling, begun.targetScaling);
      await finish(model, data, { ...SHORT, state: training!.state! });
      assertSameModel(model, straight);
      assertEquals(model.predict(data.test!.features), straight.predict(data.test!.features));
    }
  }));

/** Rewrites the words of a model file. */
async function describe(path: string, change: (metadata: Record<string, string>) => void): Promise<void> {
  const { metadata, tensors } = await fileContent(path);
  const changed = { ...metadata };
  change(changed);
  await writeSafetensors(path, tensors, changed);
}

Deno.test("loadModel() reads a regression of format 3, which goes on with its targets as they are, bit for bit", () =>
  withFile(async (path) => {
    const shifted = (split: Split) => ({ ...split, targets: split.targets.map((target) => target / 1e5) });
    const old = { ...data, train: shifted(data.train), test: shifted(data.test!) };
    const before = () => {
      const model = make();
      // As packages of before learned.
      model.targetScaling = unscaled(2);
      return model;
    };
    const [straight, begun, state] = [before(), before(), newRunState()];
    await finish(straight, old, SHORT);
    await finish(begun, old, { ...SHORT, maxSteps: 15, state });
    await saveModel(begun, path, { training: { epoch: state.epoch, options: {}, state } });
    await describe(path, (metadata) => {
      delete metadata.targets;
      metadata.formatVersion = "3";
    });
    const { model, training } = await loadModel(path);
    assertEquals(model.predict(old.test.features), begun.predict(old.test.features));
    await finish(model, old, { ...SHORT, state: training!.state! });
    assertSameModel(model, straight);
    assertEquals(model.targetScaling, unscaled(2));
    // One that was never trained has no unit yet.
    await saveModel(make(), path);
    await describe(path, (metadata) => metadata.formatVersion = "3");
    assertEquals((await loadModel(path)).model.targetScaling, undefined);
  }));

Deno.test("loadModel() and importScipy() refuse targets that cannot be a unit", () =>
  inFolder(async (folder) => {
    const path = `${folder}/model.safetensors`;
    const model = await trained();
    const wrong: [unknown, string][] = [
      [null, "the mean of its targets is no list of 2 numbers"],
      [{ mean: [1, 2] }, "the deviation of its targets is no list of 2 numbers"],
      [{ mean: [1], deviation: [1] }, "the mean of its targets is no list of 2 numbers"],
      [{ mean: [1, "2"], deviation: [1, 1] }, 'the mean of its target 1 is "2", a finite number is needed'],
      [{ mean: [1, null], deviation: [1, 1] }, "the mean of its target 1 is null"],
      [{ mean: [1, 2], deviation: [1, 0] }, "the deviation of its target 1 is 0, a finite number above 0"],
      [{ mean: [1, 2], deviation: [-1, 1] }, "the deviation of its target 0 is -1"],
    ];
    await exportScipy(model, `${folder}/scipy`);
    const json = JSON.parse(await Deno.readTextFile(`${folder}/scipy/model.json`));
    for (const [targets, message] of wrong) {
      await saveModel(model, path);
      await describe(path, (metadata) => metadata.targets = JSON.stringify(targets));
      await assertRejects(() => loadModel(path), Error, message);
      await Deno.writeTextFile(`${folder}/scipy/model.json`, JSON.stringify({ ...json, targets }));
      await assertRejects(() => importScipy(`${folder}/scipy`), Error, message);
    }
    await saveModel(SparseMlp.create({ sizes: [3, 4, 2] }), path);
    await describe(path, (metadata) => metadata.targets = '{"mean":[1,2],"deviation":[1,1]}');
    await assertRejects(() => loadModel(path), Error, "it has targets, which a classification does not use");
    assertThrows(() => readScaling({ mean: [Infinity], deviation: [1] }, 1), RangeError);
  }));

Deno.test("compact(), exportScipy() and importScipy() keep the unit of the targets", () =>
  inFolder(async (folder) => {
    const model = await trained();
    for (const layer of model.layers.slice(0, -1)) pruneByImportance(layer, 40);
    const { model: small } = compact(model);
    const { deviation } = model.targetScaling!;
    const expected = model.predict(data.test!.features) as Float32Array;
    (small.predict(data.test!.features) as Float32Array).forEach((value, at) =>
      assertAlmostEquals(value, expected[at], 1e-4 * deviation[at % 2])
    );
    await exportScipy(small, folder);
    const imported = await importScipy(folder);
    assertEquals(imported.targetScaling, model.targetScaling);
    assertEquals(imported.predict(data.test!.features), small.predict(data.test!.features));
    // As packages of before exported.
    const { targets: _, ...json } = JSON.parse(await Deno.readTextFile(`${folder}/model.json`));
    await Deno.writeTextFile(`${folder}/model.json`, JSON.stringify(json));
    assertEquals((await importScipy(folder)).targetScaling, unscaled(2));
  }));

Deno.test("exportOnnx() ends with deviation and mean of the targets", () =>
  inFolder(async (folder) => {
    const path = `${folder}/model.onnx`;
    const model = await trained();
    await exportOnnx(model, path);
    const text = new TextDecoder("latin1").decode(await Deno.readFile(path));
    const names = ["target_deviation", "target_mean"];
    assert(names.every((name) => text.includes(name)));
    const bytes = (numbers: Float64Array) =>
      new TextDecoder("latin1").decode(new Uint8Array(Float32Array.from(numbers).buffer));
    assert(
      text.includes(bytes(model.targetScaling!.mean)) && text.includes(bytes(model.targetScaling!.deviation)),
    );
  }));

Deno.test({
  name: "exportOnnx() predicts in the targets' unit as we do in onnxruntime",
  ignore: !hasModules("onnx", "onnxruntime", "numpy"),
  fn: () =>
    inFolder(async (folder) => {
      const model = await trained();
      await exportOnnx(model, `${folder}/model.onnx`);
      await Deno.writeTextFile(`${folder}/input.json`, JSON.stringify([...data.test!.features]));
      const script = `
import json, sys, numpy as np, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1] + "/model.onnx", providers=["CPUExecutionProvider"])
features = np.array(json.load(open(sys.argv[1] + "/input.json")), np.float32).reshape(-1, 3)
print(json.dumps(session.run(["values"], {"features": features})[0].ravel().tolist()))`;
      const found: number[] = JSON.parse(await python(script, folder));
      const { deviation } = model.targetScaling!;
      (model.predict(data.test!.features) as Float32Array).forEach((value, at) =>
        assertAlmostEquals(found[at], value, 1e-4 * deviation[at % 2])
      );
    }),
});

Deno.test("trainParallel() standardises targets as train() does, in Workers too", async () => {
  const options = { ...SHORT, algorithm: "wassp" } as const;
  const [alone, sequential] = [make(), await trained()];
  const { records } = await finishParallel(alone, data, { ...options, workers: 1, phaseOneFraction: 0 });
  assertSameModel(alone, sequential);
  assertEquals(alone.targetScaling, sequential.targetScaling);
  assert(records.every(({ trainLoss }) => trainLoss < 20));
  const [inTurn, inWorkers] = [make(), make()];
  await finishInProcess(inTurn, data, { ...options, workers: 3 }, 1);
  await finishParallel(inWorkers, data, { ...options, workers: 3 });
  assertSameModel(inWorkers, inTurn);
});

Deno.test("toOwnUnit() changes nothing by the scaling that unscaled() makes", () => {
  const outputs = Float32Array.of(1e-40, -3.5, 2 ** 100, 0.1);
  const copy = outputs.slice();
  toOwnUnit(unscaled(2), copy);
  assertEquals(copy, outputs);
});

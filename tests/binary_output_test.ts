import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { Dataset } from "../src/data/dataset.ts";
import { encodeNpy } from "../src/data/npy.ts";
import { loadModel, saveModel } from "../src/files/checkpoint.ts";
import { exportOnnx } from "../src/files/onnx.ts";
import { exportScipy, importScipy } from "../src/files/scipy.ts";
import { SparseMlp } from "../src/model/model.ts";
import { writeBothSides } from "../src/model/outputs.ts";
import { calibrate } from "../src/train/calibration.ts";
import { Evaluator } from "../src/train/evaluation.ts";
import { evaluate } from "../src/train/measures.ts";
import type { TrainOptions } from "../src/train/options.ts";
import { assertSameModel } from "./model/content.ts";
import { finishInProcess } from "./parallel/runs.ts";
import { hasModules, python } from "./python.ts";
import { inFolder, withFile } from "./temporary.ts";
import { finish, splitOf } from "./trainer/data.ts";

/** A quarter of the samples are of the second class. */
const classOf = (x: Float32Array) => Number(x[0] * x[1] > 0 && x[2] + 0.2 * x[3] > 0);
const part = (samples: number, seed: number) => splitOf({ samples, features: 6, seed, classOf });
const data: Dataset = {
  name: "two classes",
  task: "classification",
  featureCount: 6,
  outputCount: 2,
  classNames: ["no", "yes"],
  featureNames: [],
  train: part(1200, 1),
  test: part(600, 2),
};
const make = (outputs: number, seed = 3) =>
  SparseMlp.create({ sizes: [6, 40, 30, outputs], epsilon: 6, seed });
const OPTIONS: TrainOptions = {
  epochs: 30,
  batchSize: 16,
  learningRate: 0.03,
  weightDecay: 1e-5,
  dropout: 0.05,
};
const features = data.test!.features as Float32Array;

let learned: Promise<SparseMlp<"classification">> | undefined;
function trained(): Promise<SparseMlp<"classification">> {
  return learned ??= (async () => {
    const model = make(1);
    await finish(model, data, OPTIONS);
    return model;
  })();
}

Deno.test("writeBothSides() keeps the digits of the unlikely class, however sure an output is", () => {
  const outputs = Float32Array.of(0, 20, -20, 90, -1000);
  const found = new Float32Array(10);
  writeBothSides(outputs, found);
  assertEquals([...found.subarray(0, 2)], [0.5, 0.5]);
  assertAlmostEquals(found[2] / Math.exp(-20), 1, 1e-6);
  assertEquals([found[2], found[3]], [found[5], found[4]]);
  assertAlmostEquals(found[6] / Math.exp(-90), 1, 0.1, "subnormal");
  assertEquals([...found.subarray(8)], [1, 0]);
});

Deno.test("train() tells two classes apart by one output as well as by two, evolving its topology", async () => {
  const scores = [1, 2].map(async (outputs) => {
    const found: number[] = [];
    for (const seed of [1, 2, 3]) {
      const model = make(outputs, seed);
      const { records } = await finish(model, data, OPTIONS);
      assert(records[0].replaced > 0);
      found.push(evaluate(model, data.test).rocAuc!);
    }
    return found.reduce((sum, value) => sum + value) / 3;
  });
  const [one, two] = await Promise.all(scores);
  assert(one > 0.97 && two > 0.97 && Math.abs(one - two) < 0.02, `${one} against ${two}`);
});

Deno.test("evaluate() of one output gives all that it gives of two classes", async () => {
  const model = await trained();
  const { samples, labels } = data.test!;
  const outputs = new Float32Array(2 * samples);
  const { loss, accuracy } = new Evaluator(model, data.test!).run(outputs);
  const measured = evaluate(model, data.test);
  assertEquals([measured.loss, measured.accuracy], [loss, accuracy]);
  // Probabilities are f32.
  assertAlmostEquals(measured.logLoss, loss, 1e-6);
  assertEquals(measured.confusion.flat().reduce((sum, count) => sum + count), samples);
  assert(accuracy > 0.9 && measured.rocAuc! > 0.97 && measured.brierScore < 0.1);
  const probabilities = model.predictProbabilities(features);
  assertEquals(probabilities.length, 2 * samples);
  probabilities.forEach((probability, place) => assertAlmostEquals(probability, outputs[place], 1e-5));
  const classes = model.predictClasses(features);
  assert(classes instanceof Uint32Array);
  assertEquals(
    classes.reduce((sum, found, sample) => sum + Number(found === labels[sample]), 0) / samples,
    accuracy,
  );
  const inference = model.toInference();
  assertEquals([inference.outputCount, [...inference.classNames]], [2, ["no", "yes"]]);
  for (const count of [1, 2, 3]) {
    const few = model.predictProbabilities(features.subarray(0, 6 * count));
    few.forEach((probability, place) => assertAlmostEquals(probability, probabilities[place], 1e-5));
  }
});

Deno.test("train() of one output gives the same bits for any threads, with class weights, growth by gradient and the best epoch", async () => {
  const variants: TrainOptions[] = [
    { classWeights: "balanced" },
    { growth: "gradient-sampled", dropout: 0.3 },
    { validationFraction: 0.2, metric: "roc-auc" },
    { importancePruning: { start: 1, every: 1, percentile: 10 }, compactWhilePruning: true },
  ];
  for (const variant of variants) {
    const [one, other] = [make(1), make(1)];
    await finish(one, data, { ...OPTIONS, epochs: 4, ...variant, threads: 1 });
    await finish(other, data, { ...OPTIONS, epochs: 4, ...variant, threads: 3 });
    assertSameModel(other, one);
  }
  const recall = async (options: TrainOptions) => {
    const model = make(1);
    await finish(model, data, { ...OPTIONS, epochs: 2, ...options });
    const [missed, found] = evaluate(model, data.test).confusion[1];
    return found / (missed + found);
  };
  assert(await recall({ classWeights: [1, 8] }) > await recall({ classWeights: [8, 1] }));
});

Deno.test("trainParallel() tells two classes apart by one output", async () => {
  const model = make(1);
  const options = {
    workers: 2,
    epochs: 15,
    batchSize: 20,
    dropout: 0,
    learningRate: 0.02,
    weightDecay: 1e-5,
  };
  const { records } = await finishInProcess(model, data, options, 1);
  assert(records.at(-1)!.testAccuracy! > 0.85, `${records.at(-1)!.testAccuracy}`);
});

Deno.test("calibrate() fits the temperature of one output, which files keep", () =>
  withFile(async (path) => {
    const model = make(1);
    await finish(model, { ...data, train: part(100, 5) }, { ...OPTIONS, epochs: 60 });
    const { temperature, logLossBefore, logLossAfter } = calibrate(model, data.test!);
    assert(temperature > 1 && logLossAfter < logLossBefore);
    await saveModel(model, path);
    const { model: loaded } = await loadModel(path);
    assertEquals(loaded.classNames, ["no", "yes"]);
    assert(loaded.is("classification"));
    assertEquals(loaded.predictProbabilities(features), model.predictProbabilities(features));
    const z = Math.log(loaded.predictProbabilities(features)[1] / loaded.predictProbabilities(features)[0]);
    loaded.temperature = 1;
    const plain = loaded.predictProbabilities(features);
    assertAlmostEquals(z * temperature, Math.log(plain[1] / plain[0]), 1e-4);
  }));

Deno.test("train() refuses one output for other than two classes", async () => {
  const three = { ...data, outputCount: 3, classNames: ["a", "b", "c"] };
  await assertRejects(() => finish(make(1), three, {}), TypeError, "3 outputs");
});

Deno.test("exportScipy() and importScipy() keep a network of one output and the names of both classes", () =>
  inFolder(async (folder) => {
    const model = await trained();
    await exportScipy(model, folder);
    const read = await importScipy(folder);
    assertEquals(read.classNames, ["no", "yes"]);
    assert(read.is("classification"));
    assertEquals(read.predictProbabilities(features), model.predictProbabilities(features));
  }));

Deno.test({
  name: "exportOnnx() of one output predicts the probabilities of both classes in onnxruntime",
  ignore: !hasModules("onnx", "onnxruntime", "numpy"),
  fn: () =>
    inFolder(async (folder) => {
      const model = make(1);
      await finish(model, data, { ...OPTIONS, epochs: 5 });
      model.temperature = 2;
      await exportOnnx(model, `${folder}/model.onnx`);
      await Deno.writeFile(`${folder}/input.npy`, encodeNpy({ shape: [600, 6], data: features }));
      const found: number[] = JSON.parse(
        await python(
          `
import json, sys, numpy as np, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1] + "/model.onnx", providers=["CPUExecutionProvider"])
print(json.dumps(session.run(["probabilities"], {"features": np.load(sys.argv[1] + "/input.npy")})[0].ravel().tolist()))`,
          folder,
        ),
      );
      assertEquals(found.length, 1200);
      // Sums in another order, in f32.
      model.predictProbabilities(features).forEach((value, at) => assertAlmostEquals(found[at], value, 1e-5));
    }),
});

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { main } from "../src/cli/main.ts";
import { type Dataset, validateDataset } from "../src/data/dataset.ts";
import { splitValidation } from "../src/data/validation_split.ts";
import { loadModel, saveModel } from "../src/files/checkpoint.ts";
import { exportOnnx } from "../src/files/onnx.ts";
import { exportScipy, importScipy } from "../src/files/scipy.ts";
import { SparseMlp } from "../src/model/model.ts";
import type { ModelOptions } from "../src/model/settings.ts";
import { calibrate } from "../src/train/calibration.ts";
import { Evaluator } from "../src/train/evaluation.ts";
import { evaluate } from "../src/train/measures.ts";
import type { TrainOptions } from "../src/train/options.ts";
import { newRunState } from "../src/train/state.ts";
import { suggestSettings } from "../src/train/suggested.ts";
import { assertSameModel } from "./model/content.ts";
import { finishInProcess, finishParallel } from "./parallel/runs.ts";
import { hasModules, python } from "./python.ts";
import { inFolder, withFile } from "./temporary.ts";
import { finish, splitOf } from "./trainer/data.ts";
import { encodeNpy } from "../src/data/npy.ts";

/** Of each sample: whether x₀ is positive, x₁·x₂ is, x₃ beats x₄, and nothing (a label of few samples). */
const valuesOf = (x: Float32Array) => [x[0] > 0, x[1] * x[2] > 0, x[3] > x[4], x[5] > 0.8].map(Number);
const part = (samples: number, seed: number) => splitOf({ samples, features: 8, seed, valuesOf });
const data: Dataset = {
  name: "labels",
  task: "multi-label",
  featureCount: 8,
  outputCount: 4,
  classNames: ["positive", "alike", "greater", "rare"],
  featureNames: [],
  train: part(1200, 1),
  test: part(400, 2),
};
const make = (options: Partial<ModelOptions<"multi-label">> = {}) =>
  SparseMlp.create({ sizes: [8, 40, 30, 4], epsilon: 6, task: "multi-label", seed: 3, ...options });
const OPTIONS: TrainOptions = {
  epochs: 30,
  batchSize: 16,
  learningRate: 0.1,
  weightDecay: 1e-5,
  dropout: 0.05,
};
const features = data.test!.features as Float32Array;

/** A model that has learned, made once. */
let learned: Promise<SparseMlp<"multi-label">> | undefined;
function trained(): Promise<SparseMlp<"multi-label">> {
  return learned ??= (async () => {
    const model = make();
    await finish(model, data, OPTIONS);
    return model;
  })();
}

Deno.test("train() learns several labels far better than chance, evolving its topology", async () => {
  const { records, summary } = await finish(make(), data, OPTIONS);
  assert(records[0].replaced > 0);
  // The most frequent combination of labels makes up an eighth of the samples.
  assert(summary.lastTestAccuracy! > 0.75, `${summary.lastTestAccuracy}`);
  assert(records.at(-1)!.testLoss! < 0.15 && records[0].trainLoss < 1);
  assert(records.every(({ trainAccuracy }) => trainAccuracy > 0 && trainAccuracy <= 1));
  assertEquals(summary.classCounts, []);
  const suggested = suggestSettings({ samples: 1200, features: 8, outputs: 4, task: "multi-label" });
  const model = SparseMlp.create({ ...suggested.model, seed: 1 });
  const run = await finish(model, data, { ...suggested.training, epochs: 15 });
  assert(run.summary.lastTestAccuracy! > 0.75, `suggested: ${run.summary.lastTestAccuracy}`);
});

Deno.test("evaluate() of several labels agrees with Evaluator and with the predictions, each label for itself", async () => {
  const model = await trained();
  const { samples, targets } = data.test!;
  const outputs = new Float32Array(samples * 4);
  const { loss, accuracy } = new Evaluator(model, data.test!).run(outputs);
  const measured = evaluate(model, data.test);
  assertEquals([measured.loss, measured.accuracy], [loss, accuracy]);
  const probabilities = model.predictProbabilities(features);
  // Sums in another order.
  probabilities.forEach((probability, place) => assertAlmostEquals(probability, outputs[place], 1e-5));
  const labels = model.predictLabels(features);
  assertEquals(labels, Uint8Array.from(probabilities, (probability) => probability > 0.5 ? 1 : 0));
  let [right, cost] = [0, 0];
  for (let sample = 0; sample < samples; sample++) {
    const of = [0, 1, 2, 3].map((label) => 4 * sample + label);
    if (of.every((place) => labels[place] === targets[place])) right++;
    for (const place of of) cost -= Math.log(targets[place] === 1 ? outputs[place] : 1 - outputs[place]) / 4;
  }
  assertEquals(accuracy, right / samples);
  // 1 − p of f32 has lost digits where p is near 1.
  assertAlmostEquals(loss, cost / samples, 1e-4);
  for (const count of [1, 2, 3]) {
    const few = model.predictProbabilities(features.subarray(0, 8 * count));
    few.forEach((probability, place) => assertAlmostEquals(probability, probabilities[place], 1e-5));
  }
});

Deno.test("train() of several labels gives the same bits for any threads, stopped and resumed, and with each growth rule", async () => {
  const variants: TrainOptions[] = [
    { dropout: 0.3 },
    { growth: "gradient-sampled" },
    { optimizer: "adam", learningRate: 0.002, activationStorage: "bf16" },
    { importancePruning: { start: 2, every: 1, percentile: 10 }, compactWhilePruning: true },
  ];
  for (const variant of variants) {
    const options = { ...OPTIONS, epochs: 4, batchSize: 50, ...variant };
    const [one, other, resumed] = [make(), make(), make()];
    await finish(one, data, { ...options, threads: 1 });
    await finish(other, data, { ...options, threads: 3 });
    assertSameModel(other, one);
    const state = newRunState();
    await finish(resumed, data, { ...options, maxSteps: 31, state });
    await withFile(async (path) => {
      await saveModel(resumed, path, { training: { epoch: state.epoch, options: {}, state } });
      const { model, training } = await loadModel(path);
      assertEquals(model.settings.task, "multi-label");
      assertEquals(model.classNames, data.classNames);
      await finish(model, data, { ...options, state: training!.state! });
      assertSameModel(model, one);
    });
  }
});

Deno.test("train() keeps the best epoch of several labels by each metric there is for them, and weighs samples", async () => {
  for (const metric of ["loss", "accuracy", "macro-f1", "roc-auc", "log-loss"] as const) {
    const model = make();
    const options: TrainOptions = { ...OPTIONS, epochs: 3, validationFraction: 0.25, metric, seed: 4 };
    const { summary } = await finish(model, data, options);
    const { validation } = splitValidation(data, 0.25, 4);
    const { loss, accuracy, macroF1, rocAuc, logLoss } = evaluate(model, validation);
    const found = { loss, accuracy, "macro-f1": macroF1, "roc-auc": rocAuc, "log-loss": logLoss }[metric];
    assertAlmostEquals(summary.kept!.value, found!, 1e-6);
  }
  const weights = Float32Array.from({ length: 1200 }, (_, sample) => sample % 3);
  const weighed = { ...data, train: { ...data.train, weights } };
  const model = make();
  await finish(model, weighed, { ...OPTIONS, validationFraction: 0.25, metric: "accuracy" });
  assert(evaluate(model, data.test).hammingLoss < 0.1);
});

Deno.test("trainParallel() learns several labels, in turns and with real Workers", async () => {
  const parallel = {
    workers: 2,
    epochs: 15,
    batchSize: 20,
    dropout: 0,
    learningRate: 0.1,
    weightDecay: 1e-5,
  };
  for (const algorithm of ["wasap", "wassp"] as const) {
    const model = make();
    const { records } = await finishInProcess(model, data, {
      ...parallel,
      algorithm,
      growth: "gradient-sampled",
    }, 1);
    assert(records.at(-1)!.testAccuracy! > 0.6, `${algorithm}: ${records.at(-1)!.testAccuracy}`);
    assert(records.every(({ trainAccuracy }) => trainAccuracy > 0));
  }
  const { records } = await finishParallel(make(), data, { ...parallel, algorithm: "wassp" });
  assert(records.at(-1)!.testAccuracy! > 0.6, `Workers: ${records.at(-1)!.testAccuracy}`);
});

Deno.test("several labels are refused where they mean nothing, and where they are none", async () => {
  assertThrows(
    () =>
      validateDataset({ ...data, train: { ...data.train, targets: data.train.targets.map((t) => t / 2) } }),
    RangeError,
    "expected 1 for a label that the sample has, or 0",
  );
  assertThrows(() => validateDataset({ ...data, classNames: [] }), TypeError, "class names");
  const refusals = [
    [{ classWeights: "balanced" }, "multi-label, which has no class of each sample"],
    [{ validationFraction: 0.2, calibrate: true }, "it is for multi-label"],
    [
      { validationFraction: 0.2, metric: "rmse" },
      "expected one of loss, accuracy, macro-f1, roc-auc, log-loss",
    ],
  ] as const;
  for (const [options, message] of refusals) {
    await assertRejects(() => finish(make(), data, { epochs: 1, ...options }), TypeError, message);
  }
  await assertRejects(
    () => finish(SparseMlp.create({ sizes: [8, 40, 30, 4] }), data, {}),
    TypeError,
    "the model for classification",
  );
  const model = await trained();
  assertThrows(() => calibrate(model, data.test!), TypeError, "multi-label");
});

Deno.test("exportScipy() and importScipy() keep a network of several labels and the names of the labels", () =>
  inFolder(async (folder) => {
    const model = await trained();
    await exportScipy(model, folder);
    const read = await importScipy(folder);
    assertEquals([read.settings.task, read.classNames], ["multi-label", data.classNames]);
    assert(read.is("multi-label"));
    assertEquals(read.predictProbabilities(features), model.predictProbabilities(features));
  }));

Deno.test("exportOnnx() ends a network of several labels with a sigmoid", () =>
  inFolder(async (folder) => {
    await exportOnnx(await trained(), `${folder}/m.onnx`);
    const text = new TextDecoder("latin1").decode(await Deno.readFile(`${folder}/m.onnx`));
    assert(text.includes("Sigmoid") && !text.includes("Softmax") && text.includes("probabilities"));
  }));

Deno.test({
  name: "exportOnnx() of a network of several labels predicts as we do in onnxruntime",
  ignore: !hasModules("onnx", "onnxruntime", "numpy"),
  fn: () =>
    inFolder(async (folder) => {
      const model = await trained();
      await exportOnnx(model, `${folder}/model.onnx`);
      await Deno.writeFile(`${folder}/input.npy`, encodeNpy({ shape: [400, 8], data: features }));
      const found: number[] = JSON.parse(
        await python(
          `
import json, sys, numpy as np, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1] + "/model.onnx", providers=["CPUExecutionProvider"])
print(json.dumps(session.run(["probabilities"], {"features": np.load(sys.argv[1] + "/input.npy")})[0].ravel().tolist()))`,
          folder,
        ),
      );
      assertEquals(found.length, 1600);
      // Sums in another order, in f32.
      model.predictProbabilities(features).forEach((value, at) => assertAlmostEquals(found[at], value, 1e-5));
    }),
});

/** What a command prints. */
async function printed(...args: string[]): Promise<string> {
  const { log } = console;
  const lines: string[] = [];
  console.log = (text: string) => lines.push(text);
  try {
    assertEquals(await main(args), 0);
  } finally {
    console.log = log;
  }
  return lines.join("\n");
}

Deno.test("predict writes a column for each label, and inspect says how the outputs are read", () =>
  inFolder(async (folder) => {
    const model = await trained();
    await saveModel(model, `${folder}/m.safetensors`);
    const rows = Array.from(
      { length: 5 },
      (_, sample) => [...features.subarray(8 * sample, 8 * sample + 8)].join(","),
    );
    await Deno.writeTextFile(`${folder}/new.csv`, `a,b,c,d,e,f,g,h\n${rows.join("\n")}\n`);
    const predict = async (name: string, ...more: string[]) => {
      const args = [
        "predict",
        `${folder}/m.safetensors`,
        `${folder}/new.csv`,
        "--output",
        `${folder}/${name}`,
      ];
      assertEquals(await main([...args, ...more]), 0);
      return await Deno.readFile(`${folder}/${name}`);
    };
    const text = async (...args: Parameters<typeof predict>) =>
      new TextDecoder().decode(await predict(...args));
    const labels = [...model.predict(features.subarray(0, 40))];
    const row = (sample: number) => labels.slice(4 * sample, 4 * sample + 4);
    const [header, first] = (await text("out.csv")).split("\n");
    assertEquals(header, "positive,alike,greater,rare");
    assertEquals(first.split(",").map((probability) => Number(Number(probability) > 0.5)), row(0));
    assertEquals(
      await text("labels.csv", "--labels"),
      [header, ...[0, 1, 2, 3, 4].map((sample) => row(sample).join(",")), ""].join("\n"),
    );
    const names = (sample: number) => data.classNames.filter((_, label) => row(sample)[label] === 1);
    const lines = (await text("out.jsonl")).trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines.map((line) => line.labels), [0, 1, 2, 3, 4].map(names));
    assertEquals(lines[0].probabilities.length, 4);
    const npy = await predict("out.npy", "--labels");
    assertStringIncludes(new TextDecoder("latin1").decode(npy), "(5, 4)");
    assertEquals([...new Uint32Array(npy.slice(128).buffer)], labels);
    assertStringIncludes(await printed("inspect", `${folder}/m.safetensors`), "sigmoid");
  }));

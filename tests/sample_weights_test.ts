import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Dataset, type Split, validateDataset } from "../src/data/dataset.ts";
import { splitTest } from "../src/data/file_dataset.ts";
import { splitValidation } from "../src/data/validation_split.ts";
import { loadModel, saveModel } from "../src/files/checkpoint.ts";
import { SparseMlp } from "../src/model/model.ts";
import { Evaluator } from "../src/train/evaluation.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { type ClassWeights, withTrainingWeights } from "../src/train/sample_weights.ts";
import { newRunState } from "../src/train/state.ts";
import { assertSameModel } from "./model/content.ts";
import { finishInProcess, finishParallel } from "./parallel/runs.ts";
import { withFile } from "./temporary.ts";
import { finish, linearData, PLAIN, splitOf, withWeights, xorData, xorModel } from "./trainer/data.ts";

/** XOR's samples, each with its own number as weight. */
function numbered(samples: number): Dataset {
  const data = xorData(samples);
  const { features } = data.train;
  for (let sample = 0; sample < samples; sample++) features[4 * sample] = sample;
  return {
    ...data,
    train: { ...data.train, weights: Float32Array.from({ length: samples }, (_, at) => at) },
  };
}

function assertTogether({ samples, features, weights }: Split): void {
  assertEquals(weights!.length, samples);
  for (let sample = 0; sample < samples; sample++) assertEquals(weights![sample], features[4 * sample]);
}

Deno.test("splitTest() and splitValidation() keep weights with their samples", () => {
  const { train, test } = splitTest(numbered(50), 0.3, 1, "numbers");
  assertTogether(train);
  assertTogether(test!);
  const parts = splitValidation(numbered(50), 0.2, 1);
  assertTogether(parts.train);
  assertTogether(parts.validation);
  assertEquals(parts.validation.samples, 10);
  assertEquals("weights" in splitValidation(xorData(50), 0.2, 1).train, false);
});

Deno.test("validateDataset() refuses weights of another number, below 0, not finite, or all 0", () => {
  const data = xorData(20, 10);
  const wrong: [Float32Array, typeof TypeError | typeof RangeError, string][] = [
    [new Float32Array(19), TypeError, "19 weights, its 20 samples need 20"],
    [new Float32Array(20), RangeError, "all weights of the training part are 0"],
    [
      new Float32Array(20).fill(1).fill(-1, 3, 4),
      RangeError,
      "the weight of sample 3 of the training part is -1",
    ],
    [
      new Float32Array(20).fill(1).fill(NaN, 19),
      RangeError,
      "the weight of sample 19 of the training part is NaN",
    ],
    [new Float32Array(20).fill(Infinity), RangeError, "is Infinity, a finite number of at least 0 is needed"],
  ];
  for (const [weights, type, message] of wrong) {
    assertThrows(() => validateDataset({ ...data, train: { ...data.train, weights } }), type, message);
  }
  const weights = new Float32Array(10).fill(-0.5, 9);
  assertThrows(
    () => validateDataset({ ...data, test: { ...data.test!, weights } }),
    RangeError,
    "the test part",
  );
  validateDataset(withWeights(data));
});

Deno.test("withTrainingWeights() multiplies the weights of sample and class, and divides by their mean", () => {
  const data = xorData(10);
  const labels = Uint32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 1);
  const train = { ...data.train, labels };
  const of = (classWeights: ClassWeights | undefined, own?: Float32Array) =>
    withTrainingWeights({ ...train, ...(own && { weights: own }) }, data, classWeights).weights;
  assertEquals(of(undefined), undefined);
  // 10 / (2 · 8) and 10 / (2 · 2), whose mean is 1.
  assertEquals([...of("balanced")!], [...Array(8).fill(0.625), 2.5, 2.5]);
  // A mean of 1.6 over all samples.
  assertEquals([...of([1, 4])!].map((weight) => 1.6 * weight), [...Array(8).fill(1), 4, 4].map(Math.fround));
  const own = Float32Array.of(0, 1, 2, 3, 0, 1, 2, 3, 0, 8);
  assertEquals([...of(undefined, own)!], [...own].map((weight) => weight / 2));
  const both = [0, 1, 2, 3, 0, 1, 2, 3, 0, 32].map((weight) => Math.fround(weight / 4.4));
  both.forEach((weight, at) => assertAlmostEquals(of([1, 4], own)![at], weight, 1e-6));
  assertEquals([...own], [0, 1, 2, 3, 0, 1, 2, 3, 0, 8]);
});

Deno.test("train() refuses class weights that do not fit, and weights without a finite sum above 0", async () => {
  const refuse = (data: Dataset, classWeights: unknown, message: string, model: SparseMlp = xorModel()) =>
    assertRejects(
      () => finish(model, data, { epochs: 1, batchSize: 4, classWeights: classWeights as ClassWeights }),
      Error,
      message,
    );
  await refuse(xorData(20), [1], 'Cannot train on "xor" with 1 classWeights: it has 2 classes');
  await refuse(
    xorData(20),
    [1, -1],
    "weight 1 of classWeights is -1, expected a finite number of at least 0",
  );
  await refuse(xorData(20), [1, "2"], "weight 1 of classWeights is 2, expected");
  await refuse(xorData(20), "balance", "classWeights is balance (a string), expected balanced, a list");
  await refuse(xorData(20), [0, 0], "the weights of its 20 training samples sum to 0");
  await refuse(withWeights(xorData(20)), [1e308, 1e308], "sum to Infinity");
  const regression = SparseMlp.create({ sizes: [3, 4, 2], task: "regression" });
  await refuse(linearData(20), "balanced", "it is for regression, which has no classes", regression);
  const given = [1, 2];
  const { classWeights } = resolveHyperparameters({ classWeights: given }, 1);
  given[0] = 7;
  assertEquals(structuredClone(classWeights), [1, 2]);
});

Deno.test("train() counts a sample of weight 0 for nothing, and with equal weights gives the bits of none", async () => {
  const data = xorData(60, 20);
  const run = async (weights?: Float32Array, targets = data) => {
    const model = xorModel();
    const { records } = await finish(model, {
      ...targets,
      train: { ...targets.train, ...(weights && { weights }) },
    }, { epochs: 3, batchSize: 16 });
    return { model, losses: records.map(({ trainLoss, testLoss }) => [trainLoss, testLoss]) };
  };
  const [plain, equal] = [await run(), await run(new Float32Array(60).fill(0.25))];
  assertSameModel(equal.model, plain.model);
  assertEquals(equal.losses, plain.losses);
  const weights = Float32Array.from({ length: 60 }, (_, at) => at % 3);
  const labels = data.train.labels.map((label, at) => at % 3 === 0 ? 1 - label : label);
  const [one, other] = [
    await run(weights),
    await run(weights, { ...data, train: { ...data.train, labels } }),
  ];
  assertSameModel(one.model, other.model);
});

Deno.test("Evaluator.run() gives the weighted mean loss, and counts each sample once in the accuracy", async () => {
  const data = withWeights(xorData(150));
  const model = xorModel();
  await finish(model, data, { ...PLAIN, epochs: 2, batchSize: 16 });
  const measure = (split: Split) => new Evaluator(model, split).run();
  const { weights, ...plain } = data.train;
  const [weighed, unweighed] = [measure(data.train), measure(plain)];
  assertEquals(weighed.accuracy, unweighed.accuracy);
  const probabilities = model.predictProbabilities(plain.features);
  const losses = Array.from(plain.labels, (label, at) => -Math.log(probabilities[2 * at + label]));
  const sum = weights!.reduce((total, weight) => total + weight, 0);
  const expected = losses.reduce((total, loss, at) => total + weights![at] * loss, 0) / sum;
  assertAlmostEquals(weighed.loss, expected, 1e-5);
  assertAlmostEquals(unweighed.loss, losses.reduce((total, loss) => total + loss, 0) / 150, 1e-5);
  assertThrows(
    () => measure({ ...plain, weights: new Float32Array(150) }),
    RangeError,
    "all weights of the part given are 0",
  );
});

Deno.test("train() with balanced class weights finds more of the rare class in data of 95 to 5", async () => {
  // About normal, with a deviation of 0.58 and means 1 apart: at 95 to 5 the frequent class is the likelier up to 1.5,
  // at equal weights up to 0.5.
  const classOf = (x: Float32Array, sample: number) => {
    const rare = sample % 20 === 0 ? 1 : 0;
    x[0] = (x[0] + x[1] + x[2] + x[3]) / 2 + rare;
    x.fill(0, 1);
    return rare;
  };
  const part = (samples: number, seed: number) => splitOf({ samples, features: 4, seed, classOf });
  const data = { ...xorData(20), train: part(1000, 1), test: part(1000, 2) };
  const recalls = async (classWeights?: ClassWeights) => {
    const model = xorModel();
    await finish(model, data, { epochs: 20, batchSize: 32, ...(classWeights && { classWeights }) });
    const found = model.predict(data.test.features);
    return [0, 1].map((label) => {
      const own = [...data.test.labels.keys()].filter((at) => data.test.labels[at] === label);
      return own.filter((at) => found[at] === label).length / own.length;
    });
  };
  const balancedRecall = ([frequent, rare]: number[]) => (frequent + rare) / 2;
  const [plain, balanced] = [await recalls(), await recalls("balanced")];
  assert(
    balanced[1] > 0.6 && balanced[1] > plain[1] + 0.3,
    `rare class: ${plain[1]}, balanced ${balanced[1]}`,
  );
  assert(balancedRecall(balanced) > balancedRecall(plain) + 0.1, `${plain}, balanced ${balanced}`);
});

Deno.test("train() with weights goes on from a checkpoint bit for bit, and sets weights aside with their samples", () =>
  withFile(async (path) => {
    const data = withWeights(xorData(120));
    const options = {
      ...{ epochs: 4, batchSize: 16, threads: 1, validationFraction: 0.2 },
      classWeights: [1, 3],
    };
    const [straight, begun, state] = [xorModel(), xorModel(), newRunState()];
    await finish(straight, data, options);
    await finish(begun, data, { ...options, maxSteps: 9, state });
    await saveModel(begun, path, { training: { epoch: state.epoch, options: {}, state } });
    const { model, training } = await loadModel(path);
    await finish(model, data, { ...options, state: training!.state! });
    assertSameModel(model, straight);
  }));

for (
  const [name, data, sizes] of [["classification", xorData(130), [4, 24, 2]], [
    "regression",
    linearData(130),
    [3, 24, 2],
  ]] as const
) {
  Deno.test(`trainParallel() with weights gives the bits of train(), and in Workers those of any order: ${name}`, async () => {
    const weighed = withWeights(data);
    const make = () => SparseMlp.create({ sizes, epsilon: 5, task: data.task, seed: 1 });
    const classWeights = data.task === "classification" && { classWeights: "balanced" } as const;
    const options = { epochs: 4, batchSize: 16, algorithm: "wassp", ...classWeights } as const;
    const [sequential, alone, plain] = [make(), make(), make()];
    const { algorithm: _, ...rest } = options;
    await finish(sequential, weighed, rest);
    await finish(plain, data, rest);
    await finishInProcess(alone, weighed, { ...options, workers: 1 }, 1);
    assertSameModel(alone, sequential);
    assert(sequential.memory.arena.some((word, at) => word !== plain.memory.arena[at]));
    const [inTurn, otherwise, inWorkers] = [make(), make(), make()];
    await finishInProcess(inTurn, weighed, { ...options, workers: 3 }, 1);
    await finishInProcess(otherwise, weighed, { ...options, workers: 3 }, 2);
    await finishParallel(inWorkers, weighed, { ...options, workers: 3 });
    assertSameModel(otherwise, inTurn);
    assertSameModel(inWorkers, inTurn);
  });
}

Deno.test("train() probes with the gradient of the weighted loss", async () => {
  const options = { epochs: 3, batchSize: 16, growth: "gradient-sampled", learningRate: 1e-12 } as const;
  const places = async (data: Dataset) => {
    const model = SparseMlp.create({ sizes: [4, 60, 2], epsilon: 2, seed: 1 });
    await finish(model, data, options);
    const { nnz, indices } = model.layers[0];
    return [...indices.subarray(0, nnz)];
  };
  const only = Float32Array.from({ length: 100 }, (_, sample) => sample % 10 === 0 ? 1 : 0);
  const data = xorData(100);
  const found = await places(data);
  const weighed = await places({ ...data, train: { ...data.train, weights: only } });
  assert(found.some((neuron, at) => neuron !== weighed[at]));
});

Deno.test("classWeights by name are those in the order of the classes, and each class needs one", async () => {
  const data = { ...xorData(20), classNames: ["well", "ill"] };
  const { train } = data;
  const named = { ill: 3, well: 1 };
  assertEquals(withTrainingWeights(train, data, named), withTrainingWeights(train, data, [1, 3]));
  const { classWeights } = resolveHyperparameters({ classWeights: named }, 1);
  assertEquals(structuredClone(classWeights), named);
  for (
    const [given, message] of [
      [{ ill: 3 }, 'classWeights that have none for "well"'],
      [{ ill: 3, wel: 1 }, 'no such class; did you mean "well"?'],
      [{ ill: 3, well: -1 }, 'classWeights of "well" is -1'],
      [new Map([["ill", 3]]), "expected balanced, a list"],
    ] as const
  ) {
    const run = () =>
      finish(xorModel(), data, { epochs: 1, batchSize: 4, classWeights: given as ClassWeights });
    await assertRejects(run, Error, message);
  }
});

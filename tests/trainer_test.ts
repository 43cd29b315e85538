import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { Dataset } from "../src/data/dataset.ts";
import { splitValidation } from "../src/data/validation_split.ts";
import { madelonLike } from "../src/data/generator.ts";
import { SparseMlp } from "../src/model/model.ts";
import { shuffle } from "../src/native/random.ts";
import { Evaluator } from "../src/train/evaluation.ts";
import { stateFor } from "../src/optimizer/optimizers.ts";
import { type HyperparameterOptions, resolveHyperparameters } from "../src/train/hyperparameters.ts";
import type { TrainOptions } from "../src/train/options.ts";
import { train } from "../src/train/trainer.ts";
import { assertModelClose, backpropagate, forward, lossOf, meanLoss, oracleOf } from "./oracle/mlp.ts";
import { ruleOf, updateNetwork } from "./oracle/update.ts";
import {
  finish,
  linearData,
  noiseData,
  PLAIN,
  standardized,
  standardizedTargets,
  withWeights,
  xorData,
  xorModel,
} from "./trainer/data.ts";

Deno.test("train() learns XOR and madelon-like data, well above chance", async () => {
  const xor = await finish(xorModel(), xorData(400, 400), {
    epochs: 40,
    batchSize: 20,
    dropout: 0,
    learningRate: 0.05,
  });
  assert(xor.summary.lastTestAccuracy! > 0.9, `XOR: ${xor.summary.lastTestAccuracy}`);
  const data = madelonLike({ samples: 1000, testSamples: 400, features: 40, seed: 3 });
  const model = SparseMlp.create({ sizes: [40, 100, 100, 2], epsilon: 10, seed: 2 });
  const madelon = await finish(model, data, { epochs: 40, batchSize: 32 });
  assert(madelon.summary.lastTestAccuracy! > 0.8, `madelon-like: ${madelon.summary.lastTestAccuracy}`);
});

Deno.test("train() learns linear functions", async () => {
  // SET replaces 0.3 of these full layers after each epoch, by connections that begin at 0.
  for (const [zeta, bar] of [[0, 0.005], [0.3, 0.02]]) {
    const model = SparseMlp.create({ sizes: [3, 40, 2], epsilon: 4, task: "regression", seed: 1 });
    const { summary, records } = await finish(model, linearData(500, 200), {
      ...PLAIN,
      epochs: 60,
      batchSize: 25,
      zeta,
    });
    assert(summary.lastTestLoss! < bar, `squared error ${summary.lastTestLoss} with zeta ${zeta}`);
    assert(Number.isNaN(records[0].trainAccuracy) && Number.isNaN(records[0].testAccuracy));
    const losses = records.map((record) => record.testLoss!);
    assertEquals(summary.bestEpoch, losses.indexOf(Math.min(...losses)) + 1);
    assertEquals(summary.classCounts, []);
  }
});

Deno.test("train() is momentum SGD or Adam over shuffled batches, the last partial one included", async () => {
  // With a larger ε, gradients that are all but 0 move nothing by the sign of their rounding.
  const adam = { optimizer: "adam", adamEpsilon: 1e-3 } as const;
  const variants: HyperparameterOptions[] = [
    {},
    { microBatch: 48 },
    { nesterov: true },
    { nesterov: true, microBatch: 16 },
    { weightDecay: 0.01 },
    { fanInLimit: 2 },
    { fanInLimit: 2, gradientFlow: true },
    { weightDecay: 0.01, weightDecayForm: "coupled", gradientFlow: true },
    { weightDecay: 0.01, weightDecayForm: "decoupled" },
    { momentum: 0, weightDecay: 0.01 },
    { momentum: 0, microBatch: 16 },
    { schedule: { kind: "step", every: 1, factor: 0.5 } },
    adam,
    { ...adam, weightDecay: 0.01, microBatch: 48 },
    { ...adam, weightDecay: 0.01, weightDecayForm: "coupled", beta1: 0.5, beta2: 0.9 },
    { ...adam, weightDecay: 0.01, weightDecayForm: "outside", gradientFlow: true },
    { ...adam, fanInLimit: 2, schedule: { kind: "step", every: 1, factor: 0.5 } },
  ];
  for (const variant of variants) {
    const plain = [xorData(130), linearData(130)];
    for (const data of [...plain, ...(variant.optimizer ? [] : plain.map(withWeights))]) {
      const { task, featureCount } = data;
      const { weights = new Float32Array(130).fill(1) } = data.train;
      const meanWeight = weights.reduce((sum, weight) => sum + weight, 0) / 130;
      const targets = standardizedTargets(data.train, 2);
      const sizes = [featureCount, 17, 2];
      const model = SparseMlp.create({ sizes, density: 0.7, task, activation: "tanh", seed: 1 });
      const options = { ...PLAIN, learningRate: 0.1, epochs: 2, batchSize: 128, seed: 6, ...variant };
      const settings = resolveHyperparameters(options, 1);
      model.holdState(stateFor(settings));
      const net = oracleOf(model);
      let updates = 0;
      const { records } = await finish(model, data, options);
      const rows = standardized(data.train, featureCount);
      const order = new Uint32Array(130);
      for (const epoch of [1, 2]) {
        shuffle(order, options.seed, epoch);
        let [loss, flow] = [0, 0];
        for (const samples of [order.slice(0, 128), order.slice(128)]) {
          const chosen = [...samples];
          const batch = {
            features: chosen.map((sample) => rows[sample]),
            labels: chosen.map((sample) => data.train.labels[sample]),
            targets: chosen.flatMap((sample) => targets.slice(2 * sample, 2 * sample + 2)),
            weights: chosen.map((sample) => weights[sample] / meanWeight),
          };
          const { gradients, total } = backpropagate(net, batch);
          loss += total;
          flow += gradients.flatMap((g) => [...g.weights, ...g.bias]).reduce((sum, g) => sum + g * g, 0);
          const learningRate = options.schedule && epoch === 2 ? 0.05 : 0.1;
          updateNetwork(net, gradients, ruleOf(settings, ++updates), { ...settings, learningRate });
        }
        // Four steps of sums of 128 products in f32.
        assertAlmostEquals(records[epoch - 1].trainLoss, loss / 130, 1e-5);
        if (options.gradientFlow) assertAlmostEquals(records[epoch - 1].gradientFlow! / (flow / 2), 1, 1e-4);
        else assertEquals(records[epoch - 1].gradientFlow, undefined);
      }
      assertModelClose(model, net, 5e-5, `${task} with ${JSON.stringify(variant)}`);
    }
  }
});

Deno.test("train() measures train and test loss over all samples of data that no batch size divides", async () => {
  const data = xorData(130, 301);
  const model = xorModel();
  const net = oracleOf(model);
  // A step too small to move any weight.
  const { records: [record] } = await finish(model, data, {
    ...PLAIN,
    epochs: 1,
    batchSize: 128,
    learningRate: 1e-30,
  });
  const [rows, testRows] = [standardized(data.train, 4), standardized(data.test!, 4, data.train)];
  const train = { features: rows, labels: data.train.labels, targets: [] };
  const test = { features: testRows, labels: data.test!.labels, targets: [] };
  assertAlmostEquals(record.trainLoss, meanLoss(net, train), 1e-5);
  assertAlmostEquals(record.testLoss!, meanLoss(net, test), 1e-5);
  const hits = (batch: typeof train) => lossOf(net, forward(net, batch).values[1], batch).correct;
  assertEquals(record.trainAccuracy, hits(train) / 130);
  assertEquals(record.testAccuracy, hits(test) / 301);
  const outputs = new Float32Array(2 * 301);
  const evaluation = new Evaluator(model, data.test!, { threads: 2 }).run(outputs);
  assertEquals(evaluation.loss, record.testLoss);
  for (let sample = 0; sample < 301; sample++) {
    assertAlmostEquals(outputs[2 * sample] + outputs[2 * sample + 1], 1, 1e-6);
  }
});

Deno.test("train() with dropout gives nearly the same model for any micro-batch", async () => {
  const trained = async (microBatch?: number) => {
    const model = xorModel({ activation: "tanh" });
    const data = xorData(260);
    await finish(model, data, { epochs: 2, batchSize: 130, dropout: 0.3, ...(microBatch && { microBatch }) });
    return model;
  };
  const whole = oracleOf(await trained());
  // The same units are dropped; sums in another order are a few roundings apart.
  for (const microBatch of [16, 20, 64]) {
    assertModelClose(await trained(microBatch), whole, 1e-4, `${microBatch}`);
  }
});

Deno.test("train() follows the learning-rate schedule", async () => {
  const rates = async (schedule: TrainOptions["schedule"]) => {
    const options = { ...PLAIN, epochs: 4, batchSize: 15, learningRate: 0.08, ...(schedule && { schedule }) };
    return (await finish(xorModel(), xorData(60), options)).records.map((record) => record.learningRate);
  };
  assertEquals(await rates(undefined), [0.08, 0.08, 0.08, 0.08]);
  assertEquals(await rates({ kind: "step", every: 2, factor: 0.5 }), [0.08, 0.08, 0.04, 0.04]);
  // The rate of an epoch's last step, the fourth: at 0.75, 1.75 … epochs.
  assertEquals(await rates({ kind: "warm-up", epochs: 2 }), [0.75 / 2, 1.75 / 2, 1, 1].map((f) => 0.08 * f));
  const cosine = await rates({ kind: "cosine", floor: 0.1 });
  for (const [epoch, rate] of cosine.entries()) {
    const share = (1 + Math.cos(Math.PI * (epoch + 0.75) / 4)) / 2;
    assertAlmostEquals(rate, 0.08 * (0.1 + 0.9 * share), 1e-9);
  }
  await assertRejects(() => rates({ kind: "warm-up", epochs: 0 }), RangeError, "schedule.epochs is 0");
});

Deno.test("train() does not learn from the samples set aside for validation", async () => {
  const data = xorData(200);
  const options = { epochs: 3, batchSize: 16, validationFraction: 0.25, seed: 3 };
  const { validation } = splitValidation(data, 0.25, 3);
  const row = (split: Dataset["train"], sample: number) =>
    split.features.slice(4 * sample, 4 * sample + 4).join();
  const aside = new Set(Array.from({ length: 50 }, (_, sample) => row(validation, sample)));
  const features = (data.train.features as Float32Array).slice();
  for (let sample = 0; sample < 200; sample++) {
    if (aside.has(row(data.train, sample))) features.fill(1000, 4 * sample, 4 * sample + 4);
  }
  const changed = { ...data, train: { ...data.train, features } };
  const [one, other] = [xorModel(), xorModel()];
  const first = await finish(one, data, options);
  const second = await finish(other, changed, options);
  assertEquals(other.memory.arena, one.memory.arena);
  assertEquals(other.standardization, one.standardization);
  assertNotEquals(second.records[2].validationLoss, first.records[2].validationLoss);
  assertEquals(first.summary.classCounts.reduce((sum, count) => sum + count, 0), 150);
});

Deno.test("train() stops when validation has not improved for as many evaluations as patience allows", async () => {
  const options = {
    epochs: 200,
    batchSize: 8,
    dropout: 0,
    learningRate: 0.05,
    validationFraction: 0.3,
    patience: 4,
  };
  const { records, summary } = await finish(xorModel(), noiseData(120, 50), options);
  assert(summary.stoppedEarly && summary.epochs < 200 && summary.epochs === records.length);
  const losses = records.map((record) => record.validationLoss!);
  const best = losses.indexOf(Math.min(...losses));
  assertEquals(records.length - 1 - best, 4);
  assertEquals(summary.validationSelectedTestAccuracy, records[best].testAccuracy);
  assertEquals(records[records.length - 1].replaced, 0, "no SET after the last epoch");
});

Deno.test("train() evaluates every so many epochs and after the last, and sums up what it saw", async () => {
  const { records, summary } = await finish(xorModel(), xorData(90, 40), {
    epochs: 7,
    batchSize: 30,
    evaluateEvery: 3,
    gradientFlow: true,
  });
  assertEquals(records.map((record) => record.epoch), [1, 2, 3, 4, 5, 6, 7]);
  assertEquals(records.map((record) => record.testAccuracy !== undefined), [
    false,
    false,
    true,
    false,
    false,
    true,
    true,
  ]);
  assert(records.every((record) => !("validationLoss" in record) && record.gradientFlow! > 0));
  const seen = records.filter((record) => record.testAccuracy !== undefined);
  const best = Math.max(...seen.map((record) => record.testAccuracy!));
  assertEquals(summary.bestTestAccuracy, best);
  assertEquals(summary.bestEpoch, seen.find((record) => record.testAccuracy === best)!.epoch);
  assertEquals(summary.lastTestAccuracy, records[6].testAccuracy);
  assertEquals(summary.lastTestLoss, records[6].testLoss);
  assertEquals(summary.lastTrainLoss, records[6].trainLoss);
  assertEquals([summary.epochs, summary.stoppedEarly], [7, false]);
  assert(!("validationSelectedTestAccuracy" in summary));
  const sum = (name: "seconds" | "evolutionSeconds" | "evaluationSeconds") =>
    records.reduce((total, record) => total + record[name], 0);
  assertAlmostEquals(summary.trainSeconds, sum("seconds"), 1e-9);
  assertAlmostEquals(summary.evolutionSeconds, sum("evolutionSeconds"), 1e-9);
  assertAlmostEquals(summary.evaluationSeconds, sum("evaluationSeconds"), 1e-9);
});

Deno.test("train() recording the gradient flow does not change the model", async () => {
  const [plain, recorded] = [xorModel(), xorModel()];
  const options = { epochs: 3, batchSize: 16 };
  await finish(plain, xorData(100), options);
  await finish(recorded, xorData(100), { ...options, gradientFlow: true });
  assertEquals(recorded.memory.arena, plain.memory.arena);
});

Deno.test("train() keeps class names and the standardisation of the first training in the model", async () => {
  const model = xorModel();
  await finish(model, xorData(100), { epochs: 1, batchSize: 10 });
  assertEquals(model.classNames, ["different", "same"]);
  const first = model.standardization;
  assert(first !== undefined);
  await finish(model, noiseData(50), { epochs: 1, batchSize: 10 });
  assert(model.standardization === first);
});

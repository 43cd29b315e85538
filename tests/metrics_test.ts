import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Split } from "../src/data/dataset.ts";
import { SparseMlp } from "../src/model/model.ts";
import { atOnce } from "../src/pieces.ts";
import { scoresOf } from "../src/train/cross_validation.ts";
import { evaluate } from "../src/train/measures.ts";
import { checkMetric, isBetter, metricPieces, needsOutputs } from "../src/train/selection.ts";
import { finish, linearData, xorData } from "./trainer/data.ts";
import { fitTemperature } from "../src/train/calibration.ts";
import { classificationMetrics, classificationPieces, regressionMetrics } from "../src/train/metrics.ts";
import { multiLabelMetrics } from "../src/train/multi_label_metrics.ts";
import { rankingPieces, rankingWork } from "../src/train/ranking.ts";

/** A metric, in one go. */
const metricValue = (...given: Parameters<typeof metricPieces>) => atOnce(metricPieces(...given));

/** Numbers that f32 holds, so that sums in f64 are exact. */
const TWO = Float32Array.of(0.75, 0.25, 0.5, 0.5, 0.25, 0.75, 0.5, 0.5);

Deno.test("classificationMetrics() gives the values computed by hand for two classes, with a tie in the area", () => {
  // Scores of class 1: 0.25 (class 0), 0.5 (0), 0.75 (1), 0.5 (1); predicted 0, 0, 1, 0.
  const found = classificationMetrics(TWO, Uint32Array.of(0, 0, 1, 1));
  assertEquals(found.confusion, [[2, 0], [1, 1]]);
  assertEquals(found.accuracy, 0.75);
  assertEquals(found.balancedAccuracy, 0.75);
  // F1 of class 0: 2·2/(2 + 3), of class 1: 2·1/(2 + 1).
  assertAlmostEquals(found.macroF1, (0.8 + 2 / 3) / 2, 1e-15);
  // Of four pairs three are in order and one is a tie.
  assertEquals(found.rocAuc, 3.5 / 4);
  assertAlmostEquals(found.logLoss, -(2 * Math.log(0.75) + 2 * Math.log(0.5)) / 4, 1e-15);
  assertEquals(found.brierScore, (0.0625 + 0.25 + 0.0625 + 0.25) / 4);
  // Confidence 0.75: two samples, both right; 0.5: two samples, one right.
  assertEquals(found.expectedCalibrationError, (Math.abs(1.5 - 2) + Math.abs(1 - 1)) / 4);
});

Deno.test("classificationMetrics() takes the mean of each class against the rest for more than two", () => {
  const probabilities = Float32Array.of(0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0.25, 0.25, 0.5, 0.5, 0.25, 0.25);
  const found = classificationMetrics(probabilities, Uint32Array.of(0, 1, 2, 2));
  assertEquals(found.confusion, [[1, 0, 0], [0, 1, 0], [1, 0, 1]]);
  assertAlmostEquals(found.balancedAccuracy, (1 + 1 + 0.5) / 3, 1e-15);
  // F1: 2·1/(1 + 2), 1, 2·1/(2 + 1).
  assertAlmostEquals(found.macroF1, (2 / 3 + 1 + 2 / 3) / 3, 1e-15);
  // Class 0: 0.5 against 0.25, 0.25, 0.5; class 1: all above; class 2: 0.5 and 0.25 against 0.25, 0.25.
  assertAlmostEquals(found.rocAuc!, (2.5 / 3 + 1 + 3 / 4) / 3, 1e-15);
  // Summed over the classes: 0.375 where right, 0.25 + 0.0625 + 0.5625 where wrong.
  assertEquals(found.brierScore, (3 * 0.375 + 0.875) / 4);
});

Deno.test("classificationMetrics() leaves the area out where a class has no sample, and counts classes that occur", () => {
  const found = classificationMetrics(Float32Array.of(0.75, 0.25, 0, 0.5, 0.25, 0.25), Uint32Array.of(0, 0));
  assert(!("rocAuc" in found));
  assertEquals([found.accuracy, found.balancedAccuracy, found.macroF1], [1, 1, 1]);
  assert(Object.values(found).flat(2).every((value) => Number.isFinite(value)));
});

Deno.test("classificationMetrics() keeps the log loss finite where the right class has probability 0", () => {
  const { logLoss } = classificationMetrics(Float32Array.of(1, 0), Uint32Array.of(1));
  assertAlmostEquals(logLoss, 149 * Math.LN2, 1e-12);
});

Deno.test("classificationMetrics() and multiLabelMetrics() refuse what is no probability, but for rounding", () => {
  const labels = Uint32Array.of(0, 1);
  for (const [wrong, found] of [[1.5, "1.5"], [-0.25, "-0.25"], [17, "17"]] as const) {
    const outputs = [[0.5, 0.5], [wrong, 0.5]];
    const message = `number 2 of the outputs is ${found}, a probability from 0 to 1 is needed`;
    assertThrows(() => classificationMetrics(outputs, labels), RangeError, message);
    assertThrows(() => fitTemperature(outputs, labels), RangeError, message);
    assertThrows(() => multiLabelMetrics(outputs, [[1, 0], [0, 1]], 2), RangeError, message);
  }
  // The mean of thirds that f32 rounds up, and what is left of 1.
  const rounded = Float32Array.of(1 + 2 ** -23, -(2 ** -23), -0, 1);
  assertEquals(classificationMetrics(rounded, labels).accuracy, 1);
  assertEquals(multiLabelMetrics(rounded, [1, 0, 0, 1], 2).accuracy, 1);
  // Values are of any size.
  assertEquals(regressionMetrics([17], [15], 1).mae, 2);
});

Deno.test("rankingPieces() gives what comparing each pair gives, of scores of any sign, tied or not", () => {
  for (const [samples, levels] of [[1, 1], [2, 5], [300, 7], [301, 1e6]]) {
    const scores = Float32Array.from({ length: samples }, (_, at) => Math.imul(at + 1, 40503) % levels / 8);
    scores.forEach((score, at) => scores[at] = at % 3 === 0 ? -score : score);
    const positive = (sample: number) => sample % 5 < 2;
    const weight = (sample: number) => 1 + sample % 4;
    const work = rankingWork(samples);
    work.scores.set(scores);
    const found = atOnce(rankingPieces(work, positive, weight));
    let [pairs, all, precision, positives] = [0, 0, 0, 0];
    for (let one = 0; one < samples; one++) {
      if (!positive(one)) continue;
      let [right, taken] = [0, 0];
      for (let other = 0; other < samples; other++) {
        const apart = Math.sign(scores[one] - scores[other]);
        if (apart <= 0) taken += weight(other);
        if (positive(other)) right += apart <= 0 ? weight(other) : 0;
        else {
          pairs += weight(one) * weight(other) * (apart + 1) / 2;
          all += weight(one) * weight(other);
        }
      }
      precision += weight(one) * right / taken;
      positives += weight(one);
    }
    assertEquals(found.rocAuc !== undefined, all > 0);
    if (all > 0) assertAlmostEquals(found.rocAuc!, pairs / all, 1e-12);
    assertAlmostEquals(found.averagePrecision!, precision / positives, 1e-12);
    // Again in the same memory.
    work.scores.set(scores);
    assertEquals(atOnce(rankingPieces(work, positive, weight)), found);
  }
});

Deno.test("metrics are the same however many pieces they come in", () => {
  // More samples than one piece has.
  const samples = 70_000;
  const outputs = Float32Array.from({ length: 2 * samples }, (_, at) => {
    const first = (Math.imul(at >> 1, 40503) >>> 0) % 1000 / 1000;
    return at % 2 === 0 ? first : 1 - first;
  });
  const labels = Uint32Array.from({ length: samples }, (_, at) => Math.imul(at, 7919) % 3 === 0 ? 0 : 1);
  const work = classificationPieces({ outputs, classOf: labels, samples, width: 2, weight: () => 1 });
  let pieces = 0;
  while (!work.next().done) pieces++;
  assert(pieces > 10);
  const found = classificationMetrics(outputs, labels);
  const logLoss = labels.reduce(
    (sum, label, at) => sum - Math.log(Math.max(outputs[2 * at + label], 2 ** -149)),
    0,
  );
  assertAlmostEquals(found.logLoss, logLoss / samples, 1e-12);
  assertEquals(found.confusion.flat().reduce((sum, count) => sum + count), samples);
});

Deno.test("classificationMetrics() with whole weights is the same as with repeated samples", () => {
  const weighed = classificationMetrics(TWO, Uint32Array.of(0, 0, 1, 1), [1, 3, 2, 1]);
  const rows = [0, 1, 1, 1, 2, 2, 3];
  const repeated = classificationMetrics(
    Float32Array.from(rows.flatMap((row) => [...TWO.subarray(2 * row, 2 * row + 2)])),
    Uint32Array.from(rows, (row) => [0, 0, 1, 1][row]),
  );
  assertEquals(weighed.confusion, repeated.confusion);
  for (
    const name of [
      "accuracy",
      "rocAuc",
      "macroF1",
      "logLoss",
      "brierScore",
      "expectedCalibrationError",
    ] as const
  ) {
    // Products and sums in another order.
    assertAlmostEquals(weighed[name]!, repeated[name]!, 1e-14, name);
  }
});

Deno.test("regressionMetrics() gives the values computed by hand, for each target and together", () => {
  const values = Float32Array.of(1, 10, 2, 10, 4, 40);
  const targets = Float32Array.of(1, 20, 3, 20, 5, 50);
  const found = regressionMetrics(values, targets, 2);
  // Errors 0, −1, −1 and −10, −10, −10; deviations of 1, 3, 5 and 20, 20, 50.
  assertAlmostEquals(found.targets![0].rmse, Math.sqrt(2 / 3), 1e-15);
  assertAlmostEquals(found.targets![0].mae, 2 / 3, 1e-15);
  assertAlmostEquals(found.targets![0].r2!, 1 - 2 / 8, 1e-15);
  assertEquals([found.targets![1].rmse, found.targets![1].mae], [10, 10]);
  assertAlmostEquals(found.targets![1].r2!, 1 - 300 / 600, 1e-15);
  assertAlmostEquals(found.rmse, Math.sqrt(302 / 6), 1e-14);
  assertAlmostEquals(found.mae, 32 / 6, 1e-14);
  assertAlmostEquals(found.r2!, (0.75 + 0.5) / 2, 1e-15);
  assertEquals(regressionMetrics(Float32Array.of(1, 3), Float32Array.of(2, 2), 1), { rmse: 1, mae: 1 });
  assertEquals(regressionMetrics(Float32Array.of(1, 9), Float32Array.of(1, 2), 1, [1, 0]), {
    rmse: 0,
    mae: 0,
  });
});

Deno.test("classificationMetrics() and regressionMetrics() refuse lengths that do not fit", () => {
  assertThrows(() => classificationMetrics(TWO, new Uint32Array(3)), TypeError, "8 values for 3 samples");
  assertThrows(() => classificationMetrics(TWO, new Uint32Array(0)), TypeError, "for 0 samples");
  assertThrows(() => classificationMetrics(TWO, Uint32Array.of(0, 0, 2, 0)), TypeError, "class 2 of 2");
  assertThrows(() => regressionMetrics(TWO, new Float32Array(4), 1), TypeError, "8 values for 4 targets");
});

Deno.test("metricPieces() reads every metric, and says which samples do not define one", () => {
  const evaluation = { loss: 0.5, accuracy: 0.75 };
  const split = {
    samples: 4,
    features: new Float32Array(0),
    labels: Uint32Array.of(0, 0, 1, 1),
    targets: new Float32Array(0),
  };
  assertEquals(metricValue("loss", "classification", evaluation, split, new Float32Array(0)), 0.5);
  assertEquals(metricValue("roc-auc", "classification", evaluation, split, TWO), 3.5 / 4);
  const alone = { ...split, labels: new Uint32Array(4) };
  assertThrows(
    () => metricValue("roc-auc", "classification", evaluation, alone, TWO),
    RangeError,
    "a class has none of them",
  );
  const labelled = { ...split, labels: new Uint32Array(0), targets: Float32Array.of(1, 0, 0, 1, 0, 1, 1, 1) };
  assertEquals(metricValue("macro-f1", "multi-label", evaluation, labelled, TWO), (2 / 3 + 1 / 2) / 2);
  assertThrows(
    () =>
      metricValue("roc-auc", "multi-label", evaluation, { ...labelled, targets: new Float32Array(8) }, TWO),
    RangeError,
    "a label applies to all of them or to none",
  );
  checkMetric("macro-f1", "multi-label");
  assert(isBetter("loss", 1, 2) && isBetter("roc-auc", 2, 1) && !isBetter("r2", 1, 1));
  assertThrows(() => checkMetric("accuracy", "regression"), TypeError, "one of loss, rmse, mae, r2");
});

Deno.test("evaluate() and metricPieces() count each sample as its weight, whatever parts it comes in", async () => {
  for (const data of [xorData(60, 20), linearData(60, 20)]) {
    const { task, featureCount, outputCount } = data;
    const model = SparseMlp.create({ sizes: [featureCount, 16, outputCount], epsilon: 8, task, seed: 1 });
    await finish(model, data, { epochs: 2, batchSize: 16 });
    const [train, test] = [data.train, data.test!];
    const twice = evaluate(model, [train, train, test]);
    const alike = (split: Split, weight: number) => ({
      ...split,
      weights: new Float32Array(split.samples).fill(weight),
    });
    const weighed = evaluate(model, [alike(train, 2), test]);
    assertAlmostEquals(weighed.loss, twice.loss, 1e-9);
    const scores = scoresOf(weighed);
    for (const [name, value] of Object.entries(scoresOf(twice))) {
      assertAlmostEquals(scores[name], value, 1e-9, name);
    }
    assertEquals(weighed.samples, 80);
  }
  const split = {
    samples: 4,
    features: new Float32Array(0),
    labels: Uint32Array.of(0, 0, 1, 1),
    targets: new Float32Array(0),
  };
  assertEquals(needsOutputs("accuracy", {}), false);
  const weights = Float32Array.of(1, 0, 0, 0);
  assertEquals(needsOutputs("accuracy", { weights }), true);
  const found = metricValue(
    "accuracy",
    "classification",
    { loss: 1, accuracy: 0.5 },
    { ...split, weights },
    TWO,
  );
  assertEquals(found, TWO[0] >= TWO[1] ? 1 : 0);
});

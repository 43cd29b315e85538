import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  calibrate,
  classificationMetrics,
  type Dataset,
  evaluate,
  FeatureError,
  fitTemperature,
  type Measures,
  multiLabelMetrics,
  regressionMetrics,
  SparseMlp,
  type Split,
} from "../mod.ts";
import { finish, linearData, PLAIN, xorData, xorModel } from "./trainer/data.ts";

const OPTIONS = { ...PLAIN, epochs: 3, batchSize: 16, threads: 1 };

async function trainedOn<T extends "classification" | "regression" | "multi-label">(
  data: Dataset,
  task: T,
): Promise<SparseMlp<T>> {
  const { featureCount, outputCount } = data;
  const model = SparseMlp.create({ sizes: [featureCount, 16, outputCount], epsilon: 8, task, seed: 1 });
  await finish(model, data, OPTIONS);
  return model;
}

/** Of each sample: whether its first two features, and its last two, have one sign. */
function labelled(): Dataset {
  const data = xorData(80, 40);
  const part = ({ samples, features }: Split): Split => ({
    ...{ samples, features, labels: new Uint32Array(0) },
    targets: Float32Array.from({ length: 2 * samples }, (_, at) => {
      const first = 4 * Math.floor(at / 2) + 2 * (at % 2);
      return Number(features[first] > 0 === features[first + 1] > 0);
    }),
  });
  const classNames = ["front", "back"];
  return { ...data, task: "multi-label", classNames, train: part(data.train), test: part(data.test!) };
}

Deno.test("evaluate() gives the metrics of the task in one object, as the compiler knows", async () => {
  const classes = xorData(60, 20);
  const one = evaluate(await trainedOn(classes, "classification"), classes.test);
  assertEquals([one.task, one.samples, one.confusion.flat().reduce((sum, count) => sum + count)], [
    "classification",
    20,
    20,
  ]);
  const numbers = linearData(60, 20);
  const regression = await trainedOn(numbers, "regression");
  const two = evaluate(regression, numbers.test);
  const values = regression.predictValues(numbers.test!.features);
  const { task, samples, loss, ...metrics } = two;
  assertEquals([task, samples, loss > 0], ["regression", 20, true]);
  const expected = regressionMetrics(values, numbers.test!.targets, 2);
  assertAlmostEquals(metrics.rmse, expected.rmse, 1e-6 * expected.rmse);
  const found: Measures = one;
  if (found.task === "classification") assert(found.macroF1 > 0);
});

Deno.test("evaluate() of several labels agrees with predictions, and training can choose its epoch by them", async () => {
  const data = labelled();
  const model = await trainedOn(data, "multi-label");
  const { task, samples, loss, ...metrics } = evaluate(model, data.test);
  const { features, targets } = data.test!;
  const expected = multiLabelMetrics(model.predictProbabilities(features), targets, 2);
  assertEquals([task, samples], ["multi-label", 40]);
  assertAlmostEquals(loss, metrics.logLoss, 1e-6);
  assertEquals(metrics, expected);
  const right = model.predictLabels(features).filter((label, at) => label === targets[at]).length;
  assertAlmostEquals(1 - metrics.hammingLoss, right / 80, 1e-12);
  for (const metric of ["accuracy", "macro-f1", "roc-auc", "log-loss"] as const) {
    const { summary } = await finish(xorModel({ task: "multi-label" }), data, {
      ...OPTIONS,
      validationFraction: 0.25,
      metric,
    });
    assertEquals(summary.kept?.metric, metric);
  }
});

Deno.test("evaluate() of one output has both classes, and calibration fits their temperature", async () => {
  const data = xorData(80, 40);
  const model = SparseMlp.create({ sizes: [4, 24, 1], epsilon: 8, seed: 1 });
  await finish(model, data, { ...OPTIONS, epochs: 20 });
  const { task: _, samples: __, loss, ...metrics } = evaluate(model, data.test);
  const { features, labels } = data.test!;
  assertEquals(metrics, classificationMetrics(model.predictProbabilities(features), labels));
  assertAlmostEquals(loss, metrics.logLoss, 1e-6);
  const { logLossBefore, logLossAfter, temperature } = calibrate(model, data.test!);
  assert(logLossAfter <= logLossBefore && temperature !== 1);
  assertAlmostEquals(evaluate(model, data.test).logLoss, logLossAfter, 1e-12);
});

Deno.test("evaluate() takes several parts, and arrays as people bring them", async () => {
  const data = xorData(60, 20);
  const model = await trainedOn(data, "classification");
  const [train, test] = [data.train, data.test!];
  const both = evaluate(model, [train, test]);
  assertEquals(both.samples, 80);
  assertAlmostEquals(
    both.loss,
    (60 * evaluate(model, train).loss + 20 * evaluate(model, test).loss) / 80,
    1e-9,
  );
  const expected = evaluate(model, test);
  for (
    const given of [
      { samples: 20, features: Float64Array.from(test.features), labels: [...test.labels] },
      {
        samples: 20,
        features: Array.from({ length: 20 }, (_, row) => [...test.features.subarray(4 * row, 4 * row + 4)]),
        labels: Uint8Array.from(test.labels),
        targets: [],
        weights: new Array(20).fill(1),
      },
    ]
  ) assertEquals(evaluate(model, given as unknown as Split), expected);
  let done = 0;
  evaluate(model, [train, test], { onProgress: (samples, all) => done = samples / all });
  assertEquals(done, 1);
});

Deno.test("evaluate() refuses what it would misread, and says what is needed", async () => {
  const data = xorData(60, 20);
  const model = await trainedOn(data, "classification");
  const test = data.test!;
  const refused: [unknown, typeof TypeError | typeof RangeError | typeof FeatureError, string][] = [
    [
      undefined,
      TypeError,
      "there are no samples (undefined); a data set has a test part where one was set aside",
    ],
    [[], TypeError, "there are no samples, the list of parts is empty"],
    [[test, undefined], TypeError, "there are no samples (undefined)"],
    [data, TypeError, "the samples are a data set, expected a part of a data set, like data.test"],
    ["test", TypeError, "the samples are a string"],
    [{ ...test, samples: 0 }, RangeError, "the part given has 0 samples"],
    [{ ...test, samples: 19 }, TypeError, "has 80 features, its 19 samples need 76"],
    [
      { ...test, features: test.features.subarray(1) },
      TypeError,
      "has 79 features, its 20 samples need 80",
    ],
    [
      { ...test, labels: Array.from(test.labels, String) },
      TypeError,
      "element 0 of the labels of the part given is a string",
    ],
    [{ ...test, labels: test.labels.map(() => 2) }, RangeError, "sample 0 of the part given has class 2"],
    [{ ...test, labels: undefined }, TypeError, "the labels of the part given are undefined"],
    [{ ...test, targets: Float32Array.of(1) }, TypeError, "has 1 targets, its 20 samples need 0"],
    [{ ...test, weights: new Float32Array(3) }, TypeError, "has 3 weights, its 20 samples need 20"],
    [
      { ...test, weights: new Float32Array(20).fill(-1) },
      RangeError,
      "the weight of sample 0 of the part given is -1",
    ],
    [{ ...test, weights: new Float32Array(20) }, RangeError, "all weights of the part given are 0"],
    [
      { ...test, source: {} },
      TypeError,
      "the source of the part given is an object, expected one with gather()",
    ],
    [{ ...test, features: test.features.map(() => NaN) }, FeatureError, "feature 0 of sample 0 is NaN"],
  ];
  for (const [given, kind, message] of refused) {
    assertThrows(() => evaluate(model, given as Split), kind, message);
    if (given !== data && (given as Split)?.samples === 20) {
      const { temperature } = model;
      assertThrows(() => calibrate(model, given as Split), kind);
      assertEquals(model.temperature, temperature);
    }
  }
  assertThrows(() => evaluate(model, test, { thread: 1 } as never), TypeError, 'did you mean "threads"?');
  assertThrows(() => evaluate(model, test, { threads: "2" } as never), TypeError, "threads is 2 (a string)");
  assertThrows(() => evaluate(model, test, { onProgress: 1 } as never), TypeError, "onProgress is 1");
  assertThrows(
    () => evaluate({} as SparseMlp, test),
    TypeError,
    "the model is an object, expected a SparseMlp",
  );
  assertThrows(() => evaluate(xorModel(), test), TypeError, "the model was never trained");
  const numbers = linearData(60, 20);
  const regression = await trainedOn(numbers, "regression");
  assertThrows(
    () => evaluate(regression, { ...numbers.test!, targets: new Float32Array(40).fill(NaN) }),
    RangeError,
  );
  assertThrows(
    () => evaluate(regression, { ...numbers.test!, labels: Uint32Array.of(1) }),
    TypeError,
    "has 1 labels, its 20 samples need 0",
  );
  assertThrows(() => calibrate(regression, numbers.test!), TypeError, "it is for regression");
  assertThrows(() => fitTemperature([0.5, 0.5], [2]), TypeError, "sample 0 has class 2");
  assertThrows(() => fitTemperature([0.5], [0]), TypeError, "one for each class is needed");
});

import { assert, assertAlmostEquals, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { Dataset } from "../src/data/dataset.ts";
import { SparseMlp } from "../src/model/model.ts";
import { stratifiedFolds } from "../src/data/folds.ts";
import {
  crossValidate,
  type CrossValidationOptions,
  type FoldRecord,
  scoresOf,
} from "../src/train/cross_validation.ts";
import { evaluate, type Measures } from "../src/train/measures.ts";
import { folder, run, table } from "./cli/process.ts";
import { measureLines, tableLines } from "../src/cli/measures.ts";
import type { RegressionMetrics } from "../src/train/metrics.ts";
import { multiLabelMetrics } from "../src/train/multi_label_metrics.ts";
import { suggestSettings } from "../src/train/suggested.ts";
import { finish, linearData, xorData, xorModel } from "./trainer/data.ts";

const OPTIONS = { epochs: 4, batchSize: 8, threads: 1 };

/** What all folds gave, and each. */
async function validated(data: Dataset, options: CrossValidationOptions) {
  const records: FoldRecord[] = [];
  const summary = await crossValidate(data, options, (record) => void records.push(record));
  return { records, summary };
}

Deno.test("crossValidate() tests each fold with a network of its own, standardised by its own training samples", async () => {
  const data = xorData(90, 10);
  const { records, summary } = await validated(data, {
    folds: 3,
    seed: 5,
    model: () => xorModel(),
    training: OPTIONS,
  });
  const folds = [...stratifiedFolds(data, { folds: 3, seed: 5 })];
  for (const [fold, record] of records.entries()) {
    const { test, ...part } = folds[fold];
    const model = xorModel();
    await finish(model, part, OPTIONS);
    assertEquals(record.measures, evaluate(model, [test!]));
    assertEquals([record.repeat, record.fold, record.trainSamples, record.testSamples], [
      1,
      fold + 1,
      60,
      30,
    ]);
  }
  const values = records.map(({ measures }) => scoresOf(measures).accuracy);
  const mean = (values[0] + values[1] + values[2]) / 3;
  assertAlmostEquals(summary.metrics.accuracy.mean, mean, 1e-15);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2;
  assertAlmostEquals(summary.metrics.accuracy.standardDeviation, Math.sqrt(variance), 1e-15);
  assertEquals(Object.values(summary.metrics).map(({ folds }) => folds), Array(8).fill(3));
  assert(!("confusion" in summary.metrics));
});

Deno.test("crossValidate() repeats with other folds, takes groups, and measures regression", async () => {
  const data = linearData(60);
  const model = () => SparseMlp.create({ sizes: [3, 16, 2], epsilon: 8, task: "regression", seed: 1 });
  const groups = Uint32Array.from({ length: 60 }, (_, sample) => Math.floor(sample / 5));
  const options = { folds: 2, repeats: 2, model, training: OPTIONS };
  const { records, summary } = await validated(data, { ...options, groups });
  assertEquals(records.map(({ repeat, fold }) => [repeat, fold]), [[1, 1], [1, 2], [2, 1], [2, 2]]);
  assert(records[0].measures.loss !== records[2].measures.loss);
  assertEquals(Object.keys(summary.metrics), ["loss", "rmse", "mae", "r2"]);
  const { measures } = records[0];
  assertEquals(measures.task === "regression" && measures.targets!.length, 2);
  // The same groups, by other names.
  for (
    const others of [
      Array.from(groups, (group) => `patient ${group}`),
      Float64Array.from(groups, (group) => group - 2 ** -40),
      Array.from(groups, (group) => 1e15 + group),
      BigInt64Array.from(groups, BigInt),
    ]
  ) {
    const again = await validated(data, { ...options, groups: others });
    assertEquals(again.summary, summary);
  }
});

Deno.test("crossValidate() takes the settings that suit the data where none are given, and waits for who is told of a fold", async () => {
  const data = xorData(60, 10);
  let told = 0;
  const summary = await crossValidate(data, { folds: 2, training: OPTIONS }, async ({ fold }) => {
    await Promise.resolve();
    assertEquals(fold, ++told);
  });
  assertEquals([told, summary.folds, summary.repeats], [2, 2, 1]);
  const own = await crossValidate(data, { folds: 2, seed: 3 });
  const suggested = suggestSettings({ samples: 30, features: 4, outputs: 2 });
  const same = await crossValidate(data, {
    folds: 2,
    seed: 3,
    model: () => SparseMlp.create({ ...suggested.model, seed: 3 }),
    training: suggested.training,
  });
  assertEquals(own, same);
});

Deno.test("crossValidate() refuses options before anything is trained, with the nearest name", async () => {
  const data = xorData(60, 10);
  const refused: [unknown, new () => Error, string][] = [
    [{ repeats: 0 }, RangeError, "repeats is 0"],
    [{ folds: 1 }, RangeError, "folds is 1"],
    [{ folds: "5" }, TypeError, "folds is 5 (a string)"],
    [{ fold: 3 }, TypeError, 'there is no option "fold", did you mean "folds"?'],
    [
      { training: { epoch: 3 } },
      TypeError,
      'there is no option "training.epoch", did you mean "training.epochs"?',
    ],
    [{ training: { epochsDone: 1 } }, TypeError, 'there is no option "training.epochsDone"'],
    [{ model: 3 }, TypeError, "model is 3, expected a function"],
    [{ groups: ["a"] }, TypeError, "there are groups of 1 samples, the data set has 60"],
    [{ groups: new Array(60).fill(NaN) }, RangeError, "element 0 of groups is NaN"],
    [
      { groups: Array.from({ length: 60 }, (_, at) => at % 2 ? "1" : 1) },
      TypeError,
      "element 1 of groups is a string",
    ],
    [{ groups: new Array(60).fill(null) }, TypeError, "element 0 of groups is null"],
    [{ groups: new Array(60).fill("") }, RangeError, "an empty text, a group is needed"],
    [{ groups: "patient" }, TypeError, "groups is a string"],
    [
      { model: () => undefined },
      TypeError,
      "Cannot cross-validate: model() gave undefined, expected a SparseMlp",
    ],
  ];
  for (const [options, kind, message] of refused) {
    await assertRejects(() => crossValidate(data, options as CrossValidationOptions), kind, message);
  }
  await assertRejects(() => crossValidate(data, {}, 3 as never), TypeError, "onFold is 3");
  await assertRejects(() => crossValidate(undefined as never), TypeError, "data is undefined");
});

Deno.test("cross-validate prints a line a fold and the spread of every metric, with --json an object each", async () => {
  const path = await folder({ "t.csv": table(60) });
  const args = [
    "cross-validate",
    "--data",
    `${path}/t.csv`,
    "--hidden",
    "8",
    "--threads",
    "1",
    "--epochs",
    "3",
  ];
  const shown = await run(...args, "--folds", "3");
  assertEquals(shown.code, 0, shown.stderr);
  assertEquals(
    shown.stdout.match(/^fold \d\/3 {2}Accuracy \d+\.\d+ %.* 20 samples {2}3 epochs/gm)?.length,
    3,
  );
  assertMatch(shown.stdout, /^ROC AUC +\d\.\d{4} +± \d\.\d{4} +3$/m);
  const { code, stdout, stderr } = await run(
    ...args,
    ...["--folds", "2", "--repeats", "2", "--validation-fraction", "0.2", "--json"],
  );
  assertEquals([code, stderr], [0, ""]);
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map(({ event }) => event), ["start", "fold", "fold", "fold", "fold", "summary"]);
  assertEquals(lines[1].kept.metric, "loss");
  const mean = lines.slice(1, 5).reduce((sum, { accuracy }) => sum + accuracy, 0) / 4;
  assertAlmostEquals(lines[5].metrics.accuracy.mean, mean, 1e-15);
});

Deno.test("cross-validate --group-column takes the column out of the features, and keeps its groups whole", async () => {
  // The group tells the class: as a feature it would be learned.
  const rows = Array.from(
    { length: 40 },
    (_, row) => `${row % 7},${Math.floor(row / 10)},${row < 20 ? 0 : 1}`,
  );
  const path = await folder({ "t.csv": `x,patient,class\n${rows.join("\n")}\n` });
  const args = ["cross-validate", "--data", `${path}/t.csv`, "--hidden", "8", "--epochs", "2", "--json"];
  const { code, stdout, stderr } = await run(...args, "--group-column", "patient", "--folds", "2");
  assertEquals([code, stderr], [0, ""]);
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.slice(1, 3).map(({ testSamples }) => testSamples), [20, 20]);
  assertMatch(lines[0].notices.join("\n"), /^Label: "class"; 2 classes\n.*\nIgnored: "patient"/);
  const few = await run(...args, "--group-column", "patient", "--folds", "5");
  assertMatch(few.stderr, /its samples belong to 4 groups, 5 folds need as many/);
  const none = await run(...args, "--group-column", "pat");
  assertEquals(none.code, 1);
  assertMatch(none.stderr, /"pat"/);
});

Deno.test("cross-validate takes --class-weights, and batches that suit the smallest part of uneven groups", async () => {
  const group = (row: number) => row < 70 ? 0 : Math.floor(row / 5);
  const rows = Array.from(
    { length: 90 },
    (_, row) => `${row % 7},${group(row)},${row % 3 === 0 ? "a" : "b"}`,
  );
  const path = await folder({ "t.csv": `x,patient,class\n${rows.join("\n")}\n` });
  const args = ["cross-validate", "--data", `${path}/t.csv`, "--hidden", "8", "--epochs", "2", "--json"];
  const folds = [...args, "--threads", "1", "--group-column", "patient", "--folds", "3"];
  const [plain, weighed] = await Promise.all([
    run(...folds),
    run(...folds, "--class-weights", '{"a":9,"b":1}'),
  ]);
  const read = ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => {
    assertEquals([code, stderr], [0, ""]);
    return stdout.trim().split("\n").map((line) => JSON.parse(line));
  };
  const [one, other] = [read(plain), read(weighed)];
  assertEquals(one.slice(1, 4).map(({ trainSamples }) => trainSamples), [20, 80, 80]);
  assertEquals(other[0].settings.classWeights, '{"a":9,"b":1}');
  assert(one[1].loss !== other[1].loss);
  const left = await run(...folds, "--missing-labels", "drop");
  assertEquals(left.code, 2);
  assertMatch(left.stderr, /--group-column with --missing-labels drop: groups are read of all rows/);
});

Deno.test("evaluate prints every metric and which classes are taken for which, with --json their numbers", async () => {
  const path = await folder({ "t.csv": table(60) });
  const model = `${path}/m.safetensors`;
  const small = ["--hidden", "8", "--threads", "1", "--epochs", "3", "--output", model];
  assertEquals((await run("train", "--data", `${path}/t.csv`, ...small)).code, 0);
  const shown = await run("evaluate", model, "--part", "all");
  for (
    const title of [
      "Accuracy",
      "Balanced accuracy",
      "Macro F1",
      "ROC AUC",
      "Log loss",
      "Brier score",
      "Calibration error",
    ]
  ) assertMatch(shown.stdout, new RegExp(`^${title} +\\d`, "m"));
  assertMatch(shown.stdout, /^true \\ predicted +even +odd\neven +\d+ +\d+\nodd +\d+ +\d+$/m);
  const { stdout } = await run("evaluate", model, "--part", "all", "--json");
  const found = JSON.parse(stdout);
  assertEquals(found.confusion.flat().reduce((sum: number, cell: number) => sum + cell, 0), 60);
  assertAlmostEquals(found.loss, found.logLoss, 1e-6);
  const numbers = ["--task", "regression", "--label-column", "b"];
  const plain = await folder({ "n.csv": table(60).replaceAll("even", "0").replaceAll("odd", "1") });
  assertEquals((await run("train", "--data", `${plain}/n.csv`, ...numbers, ...small)).code, 0);
  const regression = JSON.parse((await run("evaluate", model, "--json")).stdout);
  assertEquals(["rmse", "mae", "r2"].every((name) => Number.isFinite(regression[name])), true);
  assertEquals(["accuracy", "targets"].some((name) => name in regression), false);
});

Deno.test("measureLines() writes large errors without an exponent, and says what a loss is of", () => {
  const of = (loss: number, metrics: RegressionMetrics): Measures => ({
    ...{ task: "regression", samples: 9, loss },
    ...metrics,
  });
  assertEquals(measureLines(of(0.04333, { rmse: 16163.2, mae: 9876.54, r2: 0.9555 }), true), [
    ["Loss", "0.04333, of standardised targets"],
    ["RMSE", "16160"],
    ["MAE", "9877"],
    ["R²", "0.9555"],
  ]);
  assertEquals(measureLines(of(1, { rmse: 1e7, mae: 1e-9 }), false), [
    ["Loss", "1.000"],
    ["RMSE", "10000000"],
    ["MAE", "1.000e-9"],
  ]);
});

Deno.test("measureLines() and tableLines() show what there is of several labels", () => {
  const probabilities = [[0.75, 0.25], [0.25, 0.25], [0.75, 0.25]];
  const metrics = multiLabelMetrics(probabilities, [[1, 0], [0, 0], [0, 0]], 2);
  const measures: Measures = { task: "multi-label", samples: 3, loss: 0.5, ...metrics };
  assertEquals(measureLines(measures, false).map(([title]) => title), [
    "Accuracy",
    "Hamming loss",
    "Micro F1",
    "Micro precision",
    "Micro recall",
    "Macro F1",
    "Macro precision",
    "Macro recall",
    "Log loss",
  ]);
  const [, head, first, second] = tableLines(measures, ["red", "green"]);
  assertMatch(head, /^label +F1 +precision +recall +ROC AUC +average precision +samples$/);
  assertMatch(first, /^red +66\.67 % +50\.00 % +100\.00 % +0\.7500 +0\.5000 +1$/);
  assertMatch(second, /^green +0$/);
});

Deno.test("crossValidate() refuses a model that has learned from the samples it is to be tested with", async () => {
  const model = xorModel();
  const run = () => crossValidate(xorData(60, 10), { folds: 3, model: () => model, training: OPTIONS });
  await assertRejects(run, TypeError, "model() gave one model twice");
});

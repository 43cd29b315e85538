import { assert, assertAlmostEquals, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { SparseMlp } from "../src/model/model.ts";
import { foldDataset, foldsOf } from "../src/data/folds.ts";
import {
  crossValidate,
  type CrossValidationSummary,
  type FoldRecord,
} from "../src/train/cross_validation.ts";
import { measureModel } from "../src/train/measurement.ts";
import { folder, run, table } from "./cli/process.ts";
import { measureLines } from "../src/cli/measures.ts";
import { finish, linearData, xorData, xorModel } from "./trainer/data.ts";

const OPTIONS = { epochs: 4, batchSize: 8, threads: 1 };

async function drained(
  folds: AsyncGenerator<FoldRecord, CrossValidationSummary>,
): Promise<{ readonly records: FoldRecord[]; readonly summary: CrossValidationSummary }> {
  const records: FoldRecord[] = [];
  for (;;) {
    const { done, value } = await folds.next();
    if (done) return { records, summary: value };
    records.push(value);
  }
}

Deno.test("crossValidate() tests each fold with a network of its own, standardised by its own training samples", async () => {
  const data = xorData(90, 10);
  const { records, summary } = await drained(
    crossValidate(data, { folds: 3, seed: 5, makeModel: () => xorModel(), training: OPTIONS }),
  );
  const folds = foldsOf(data, { folds: 3, seed: 5 });
  for (const [fold, record] of records.entries()) {
    const { test, ...part } = foldDataset(data, folds, fold);
    const model = xorModel();
    await finish(model, part, OPTIONS);
    assertEquals(record.measures, measureModel(model, [test!]));
    assertEquals([record.repeat, record.fold, record.trainSamples, record.testSamples], [
      1,
      fold + 1,
      60,
      30,
    ]);
  }
  const values = records.map(({ measures }) => measures.classification!.accuracy);
  const mean = (values[0] + values[1] + values[2]) / 3;
  assertAlmostEquals(summary.metrics.accuracy.mean, mean, 1e-15);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2;
  assertAlmostEquals(summary.metrics.accuracy.standardDeviation, Math.sqrt(variance), 1e-15);
  assertEquals(Object.values(summary.metrics).map(({ folds }) => folds), Array(8).fill(3));
  assert(!("confusion" in summary.metrics));
});

Deno.test("crossValidate() repeats with other folds, takes groups, and measures regression", async () => {
  const data = linearData(60);
  const makeModel = () => SparseMlp.create({ sizes: [3, 16, 2], epsilon: 8, task: "regression", seed: 1 });
  const groups = Uint32Array.from({ length: 60 }, (_, sample) => Math.floor(sample / 5));
  const { records, summary } = await drained(
    crossValidate(data, { folds: 2, repeats: 2, groups, makeModel, training: OPTIONS }),
  );
  assertEquals(records.map(({ repeat, fold }) => [repeat, fold]), [[1, 1], [1, 2], [2, 1], [2, 2]]);
  assert(records[0].measures.loss !== records[2].measures.loss);
  assertEquals(Object.keys(summary.metrics), ["loss", "rmse", "mae", "r2"]);
  assertEquals(records[0].measures.regression!.targets!.length, 2);
  await assertRejects(
    () => drained(crossValidate(data, { repeats: 0, makeModel })),
    RangeError,
    "repeats is 0",
  );
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
  const measures = { samples: 9, loss: 0.04333, regression: { rmse: 16163.2, mae: 9876.54, r2: 0.9555 } };
  assertEquals(measureLines(measures, true), [
    ["Loss", "0.04333, of standardised targets"],
    ["RMSE", "16160"],
    ["MAE", "9877"],
    ["R²", "0.9555"],
  ]);
  assertEquals(measureLines({ samples: 9, loss: 1, regression: { rmse: 1e7, mae: 1e-9 } }, false), [
    ["Loss", "1.000"],
    ["RMSE", "10000000"],
    ["MAE", "1.000e-9"],
  ]);
});

import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type AskedWeights, askedWeights } from "../src/cli/class_weights.ts";
import type { Dataset } from "../src/data/dataset.ts";
import { loadModel } from "../src/files/checkpoint.ts";
import { folder, run, SMALL, table } from "./cli/process.ts";
import { linearData, xorData } from "./trainer/data.ts";

const data: Dataset = { ...xorData(20), name: "pets", classNames: ["cat", "guinea pig, white"] };

const asked = (given: string, of: Dataset) => askedWeights({ "class-weights": given }, of);

Deno.test("askedWeights() reads weights by class, from JSON and from lines, in any order", async () => {
  const files = await folder({
    "lines.csv": "guinea pig, white,2.5\r\n\r\ncat,1\n",
    "tabs.tsv": "cat\t1\nguinea pig, white\t 2.5 \n",
    "weights.json": ' {"guinea pig, white": 2.5, "cat": 1}',
  });
  const inline = '{"cat": 1, "guinea pig, white": 2.5}';
  for (
    const given of [
      inline,
      ...["lines.csv", "tabs.tsv", "weights.json"].map((name) => `${files}/${name}`),
    ]
  ) {
    const { options, values } = await asked(given, data);
    assertEquals(options, { classWeights: [1, 2.5] }, given);
    // What a checkpoint keeps needs no file.
    assertEquals((await askedWeights(values, data)).options, options);
  }
  const balanced = { options: { classWeights: "balanced" }, values: { "class-weights": "balanced" } };
  assertEquals(await asked("balanced", data), balanced as AskedWeights);
  assertEquals(await askedWeights({}, data), { options: {}, values: {} });
});

Deno.test("askedWeights() refuses what is no weight of each class, with file, line and class", async () => {
  const files = await folder({
    "header.csv": "class,weight\ncat,1\n",
    "twice.csv": "cat,1\ncat,2\n",
    "negative.csv": "cat,-1\n",
    "latin1.csv": Uint8Array.of(0x63, 0xe4, 0x74, 0x2c, 0x31),
  });
  const cases: [string, string][] = [
    [`${files}/header.csv`, 'line 1 is "class,weight", expected a class, a comma and a number of at least 0'],
    [`${files}/twice.csv`, 'line 2 is the second for class "cat"'],
    [`${files}/negative.csv`, 'line 1 is "cat,-1"'],
    [`${files}/latin1.csv`, `Cannot use the class weights of "${files}/latin1.csv": `],
    [`${files}/none.csv`, `Cannot use the class weights of "${files}/none.csv": No such file`],
    ['{"cat": 1}', 'there is none for class "guinea pig, white", each class needs one'],
    ['{"cats": 1}', '"pets" has no class "cats", did you mean "cat"?'],
    ['{"cat": "1"}', 'that of class "cat" is "1", expected a number of at least 0'],
    ['{"cat": 1', "they are no JSON"],
  ];
  for (const [given, message] of cases) {
    const error = await assertRejects(() => asked(given, data), SyntaxError, message);
    assert(!error.message.includes("\n"));
  }
  await assertRejects(() => asked("balanced", linearData(20)), Error, "it is for regression");
});

Deno.test("train --class-weights says what it uses, and keeps it in the checkpoint without the file", async () => {
  const path = await folder({ "t.csv": table(60), "w.csv": "even,1\nodd,3\n" });
  const model = `${path}/m.safetensors`;
  const args = [
    "train",
    "--data",
    `${path}/t.csv`,
    "--class-weights",
    `${path}/w.csv`,
    "--output",
    model,
    ...SMALL,
  ];
  const begun = await run(...args, "--epochs", "2");
  assertEquals(begun.code, 0, begun.stderr);
  assertStringIncludes(begun.stderr, 'Class weights  {"even":1,"odd":3}');
  await Deno.remove(`${path}/w.csv`);
  const options = (await loadModel(model)).training!.options as { values: Record<string, unknown> };
  assertEquals(options.values["class-weights"], '{"even":1,"odd":3}');
  const resumed = await run("train", "--resume", model, "--epochs", "4", "--json");
  assertEquals(resumed.code, 0, resumed.stderr);
  assertEquals(JSON.parse(resumed.stdout.split("\n")[0]).settings.classWeights, '{"even":1,"odd":3}');
  const refused = await run(...args.slice(0, 3), "--class-weights", '{"evn":1,"odd":3}', ...SMALL);
  assertEquals([refused.code, refused.stdout], [1, ""]);
  assertStringIncludes(refused.stderr, 'has no class "evn", did you mean "even"?');
});

Deno.test("train, inspect, predict and prune show a regression in the unit of its targets", async () => {
  const rows = Array.from(
    { length: 100 },
    (_, row) => `${row % 10},${row % 7},${500_000 + 1000 * (row % 10)}`,
  );
  const path = await folder({ "t.csv": `a,b,price\n${rows.join("\n")}\n`, "new.csv": "a,b\n4,3\n9,0\n" });
  const [model, small] = [`${path}/m.safetensors`, `${path}/s.safetensors`];
  const regression = ["--label-column", "price", "--task", "regression"];
  const args = ["train", "--data", `${path}/t.csv`, ...regression, "--output", model, "--hidden", "32"];
  const trained = await run(...args, "--epochs", "150", "--dropout", "0", "--batch-size", "16");
  assertEquals(trained.code, 0, trained.stderr);
  const lastRmse = Number(/last ([\d.]+), in the target's own unit/.exec(trained.stdout)?.[1]);
  assert(lastRmse < 500, trained.stdout);
  const predicted = await run("predict", model, `${path}/new.csv`);
  const values = predicted.stdout.trim().split("\n").slice(1).map(Number);
  assertAlmostEquals(values[0], 504_000, 500);
  assertAlmostEquals(values[1], 509_000, 500);
  assertStringIncludes((await run("inspect", model)).stdout, "Targets  mean 504");
  const { targets } = JSON.parse((await run("inspect", model, "--json")).stdout);
  assert(targets.mean[0] > 503_000 && targets.mean[0] < 506_000 && targets.deviation[0] > 2000);
  const pruned = await run("prune", model, "--percentiles", "0", "--output", small);
  assertEquals(pruned.code, 0, pruned.stderr);
  const again = (await run("predict", small, `${path}/new.csv`)).stdout.trim().split("\n").slice(1).map(
    Number,
  );
  again.forEach((value, at) => assertAlmostEquals(value, values[at], 1));
});

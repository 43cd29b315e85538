import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { folder, run } from "./cli/process.ts";
import { loadModel, readRun } from "../mod.ts";

const ROWS = Array.from({ length: 60 }, (_, at) => {
  const kind = ["x", "y", "z"][at % 3];
  const colour = at === 7 ? "" : ["red", "green", "light, blue"][at % 3];
  return `${(at * 37) % 11}.5,"${colour}",${(at * 53) % 17},3,${kind}`;
});
const TABLE = `size,colour,mass,same,kind\n${ROWS.join("\n")}\n`;
const QUICK = ["--epochs", "5", "--hidden", "20", "--threads", "1"];

Deno.test("select-features saves the names, the reduced table and a model that reads both tables", async () => {
  const path = await folder({ "t.csv": TABLE });
  const [data, names, reduced, model] = ["t.csv", "names.txt", "small.csv", "m.safetensors"].map((name) =>
    `${path}/${name}`
  );
  const files = ["--output", names, "--reduced", reduced, "--model", model];
  const { code, stdout, stderr } = await run(
    ...["select-features", "--data", data, "--count", "1", "--method", "f-test", ...QUICK, ...files],
  );
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /1 of 4 features by f-test\n\nrank {2}feature[^\n]*\n +1 {2}colour/);
  assertStringIncludes(stdout, "Accuracy");
  assertEquals(await Deno.readTextFile(names), "colour\n");
  const lines = (await Deno.readTextFile(reduced)).trim().split("\n");
  assertEquals(lines[0], "colour,kind");
  assert(
    lines.slice(1).every((line) =>
      ROWS.some((row) => line === row.replace(/^[^,]*,("[^"]*").*,/, "$1,").replace(/"(\w*)"/, "$1"))
    ),
  );
  for (const read of [[], ["--data", data], ["--data", reduced.replace(".csv", ".test.csv")]]) {
    const evaluated = await run("evaluate", model, ...read);
    assertEquals(evaluated.code, 0, evaluated.stderr);
  }
  const kept = (await readRun(model))!;
  assertEquals([kept.command[0], kept.records.length], ["select-features", 5]);
  const again = kept.command.map((word) => word === model ? `${path}/again.safetensors` : word);
  assertEquals((await run(...again)).code, 0);
  const weights = async (name: string) =>
    (await loadModel(`${path}/${name}`)).model.layers.map(({ values }) => [...values]);
  assertEquals(await weights("again.safetensors"), await weights("m.safetensors"));
  const ofModel = await run("select-features", model, "--count", "1", "--json");
  assertEquals(JSON.parse(ofModel.stdout).features[0].name, "colour");
});

Deno.test("select-features --json prints one object, with what was compared", async () => {
  const path = await folder({ "t.csv": TABLE });
  const { stdout, code } = await run(
    "select-features",
    "--data",
    `${path}/t.csv`,
    "--count",
    "2",
    "--json",
    ...QUICK,
  );
  const { event, features, comparisons, featureCount } = JSON.parse(stdout);
  assertEquals([code, event, features.length, comparisons.length, featureCount], [0, "selection", 2, 5, 4]);
});

Deno.test("select-features refuses in one line what it cannot do, and leaves no file", async () => {
  const path = await folder({ "t.csv": TABLE });
  const select = (...args: string[]) => run("select-features", "--data", `${path}/t.csv`, ...args);
  for (
    const [args, code, says] of [
      [[], 2, "without --count"],
      [["--count", "4", "--output", `${path}/n.txt`, ...QUICK], 1, "count is 4, 3 of 4 features vary"],
      [["--count", "0"], 2, "--count 0"],
      [["--count", "2", "--method", "lasso"], 2, "--method lasso"],
      [["--count", "2", "--alpha", "0.3"], 2, "--alpha without --activation: it is tanh here"],
      [["--count", "2", "--output", `${path}/n.csv`, "--reduced", `${path}/n.csv`], 2, "would be lost"],
      [["--count", "2", "--reduced", `${path}/n.csv`, "--model", `${path}/n.test.csv`], 2, "would be lost"],
      [["--count", "1", "--method", "neurofs", "--zeta", "0"], 1, "its topology never changes;"],
    ] as const
  ) {
    const found = await select(...args);
    assertEquals(found.code, code, found.stderr);
    assertStringIncludes(found.stderr.trim().split("\n").at(-1)!, says);
  }
  assertEquals([...Deno.readDirSync(path)].map(({ name }) => name), ["t.csv"]);
});

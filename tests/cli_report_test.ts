import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { loadModel, readRun, saveModel, SparseMlp } from "../mod.ts";
import { readSafetensorsHeader, writeSafetensors } from "../src/files/safetensors.ts";
import { RandomAccess } from "../src/data/random_access.ts";
import { folder, run, smallRun, table } from "./cli/process.ts";

/** A small run of three epochs, saved. */
async function saved(...more: string[]): Promise<{ readonly path: string; readonly model: string }> {
  const { path, args } = await smallRun();
  const model = `${path}/m.safetensors`;
  const { code, stderr } = await run(...args, "--epochs", "3", "--quiet", "--output", model, ...more);
  assertEquals([code, stderr.includes("error")], [0, false], stderr);
  return { path, model };
}

const weightsOf = async (path: string) =>
  (await loadModel(path)).model.layers.map(({ values }) => [...values]);

Deno.test("train keeps its run in the model file, whose command gives the same model again", async () => {
  const { path, model } = await saved("--seed", "3");
  const kept = (await readRun(model))!;
  assertEquals([kept.dataset, kept.seed, kept.recorded, kept.records.map(({ epoch }) => epoch)], [
    ...["t", 3, 3],
    [1, 2, 3],
  ]);
  assertEquals(kept.settings.epochs, 3);
  assert(kept.records.every(({ trainLoss, connections }) => trainLoss > 0 && connections > 0));
  const again = kept.command.map((word) => word === model ? `${path}/again.safetensors` : word);
  assertEquals((await run(...again, "--quiet")).code, 0);
  assertEquals(await weightsOf(`${path}/again.safetensors`), await weightsOf(model));
});

Deno.test("train --resume keeps the records of all parts of the run", async () => {
  const { model } = await saved();
  assertEquals((await run("train", "--resume", model, "--epochs", "5", "--quiet")).code, 0);
  const kept = (await readRun(model))!;
  assertEquals(kept.records.map(({ epoch }) => epoch), [1, 2, 3, 4, 5]);
  const { command } = kept;
  assertEquals(command[command.indexOf("--epochs") + 1], "5");
  assert(!command.includes("--resume") && command.includes("--hidden"), command.join(" "));
});

Deno.test("prune keeps the run of the model it pruned, and the report tells both commands", async () => {
  const { path, model } = await saved();
  const small = `${path}/small.safetensors`;
  const words = ["prune", model, "--percentiles", "15", "--output", small];
  const { code, stderr } = await run(...words);
  assertEquals(code, 0, stderr);
  const [before, kept] = [(await readRun(model))!, (await readRun(small))!];
  const { changes, ...rest } = kept;
  assertEquals(rest, before);
  assertEquals(changes!.map((command) => command.toSorted()), [words.toSorted()]);
  const again = `${path}/smaller.safetensors`;
  const data = before.command[before.command.indexOf("--data") + 1];
  const twice = await run("prune", small, "--percentiles", "5", "--output", again, "--data", data);
  assertEquals(twice.code, 0, twice.stderr);
  assertEquals((await readRun(again))!.changes!.map(([name, from]) => [name, from]), [
    ["prune", model],
    ["prune", small],
  ]);
  assertEquals((await run("report", small)).code, 0);
  const page = await Deno.readTextFile(`${path}/small.html`);
  assertMatch(page, /These commands repeat the run:.*deno task cli train .*\ndeno task cli prune /s);
  assertMatch(page, /<dt>Changed since by<\/dt>\s*<dd>prune<\/dd>/);
});

Deno.test("report writes a page beside the model, with the numbers of evaluate", async () => {
  const { path, model } = await saved();
  const { code, stderr } = await run("report", model);
  assertEquals(code, 0, stderr);
  const page = await Deno.readTextFile(`${path}/m.html`);
  const { stdout } = await run("evaluate", model, "--json");
  const { accuracy, samples } = JSON.parse(stdout);
  assertMatch(page, new RegExp(`<dt>Accuracy</dt>\\s*<dd>${(100 * accuracy).toFixed(2)} %</dd>`));
  assertStringIncludes(page, `Measured on ${samples} samples of t.`);
  assertStringIncludes(page, "deno task cli train --data");
  assertStringIncludes(page, "in 3 epochs.");
  const out = await run("report", model, "--output", "-", "--json");
  assertEquals([out.code, out.stdout.trimEnd()], [0, page.trimEnd()]);
  const told = JSON.parse((await run("report", model, "--json", "--output", `${path}/o.html`)).stdout);
  assertEquals([told.event, told.output, told.bytes], [
    "report",
    `${path}/o.html`,
    new TextEncoder().encode(page).length,
  ]);
});

Deno.test("report without the samples of the training says so, and refuses those that were asked for", async () => {
  const { path, model } = await saved();
  await Deno.remove(`${path}/t.csv`);
  const { code, stderr } = await run("report", model);
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "; the report is made without samples");
  assertStringIncludes(
    await Deno.readTextFile(`${path}/m.html`),
    "The samples it was trained on could not be read; ",
  );
  await Deno.writeTextFile(`${path}/m.html`, "older");
  await Deno.writeTextFile(`${path}/other.csv`, "x,y,class\n1,2,odd\n3,4,even\n");
  for (
    const [args, message] of [
      [["--data", `${path}/missing.csv`], "missing.csv"],
      [["--data", `${path}/other.csv`], "other.csv"],
      [["--dataset", "nothing"], "nothing"],
      [["--image", "9x9"], "it has 81 features, the model takes 2"],
      [["--image", "wide"], "expected a width and a height"],
    ] as const
  ) {
    const refused = await run("report", model, ...args);
    assertNotEquals(refused.code, 0, args.join(" "));
    assertStringIncludes(refused.stderr, message);
    assertEquals(refused.stderr.trimEnd().split("\n").length, 1, refused.stderr);
    assertEquals(await Deno.readTextFile(`${path}/m.html`), "older");
  }
});

Deno.test("report refuses a model cut short and a place that cannot be written, in a line each", async () => {
  const { path, model } = await saved();
  const bytes = await Deno.readFile(model);
  await Deno.writeFile(`${path}/cut.safetensors`, bytes.subarray(0, bytes.length - 100));
  for (
    const [args, message] of [
      [[`${path}/cut.safetensors`], "cut.safetensors"],
      [[`${path}/none.safetensors`], "none.safetensors"],
      [[model, "--output", `${path}/no/where.html`], "its folder does not exist"],
      [[model, "--output", path], "it is a folder"],
      [[], "MODEL"],
    ] as const
  ) {
    const { code, stderr } = await run("report", ...args);
    assertNotEquals(code, 0);
    assertStringIncludes(stderr, message);
    assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
  }
  assertEquals([...Deno.readDirSync(path)].map(({ name }) => name).sort(), [
    ...["cut.safetensors", "m.safetensors", "t.csv"],
  ]);
});

Deno.test("report of a model that was never trained shows what the model itself knows", async () => {
  const path = await folder({ "t.csv": table(20) });
  await saveModel(SparseMlp.create({ sizes: [2, 8, 2], seed: 1 }), `${path}/m.safetensors`);
  assertEquals((await run("report", `${path}/m.safetensors`)).code, 0);
  assertStringIncludes(await Deno.readTextFile(`${path}/m.html`), "The model was never trained; ");
  const asked = await run("report", `${path}/m.safetensors`, "--data", `${path}/t.csv`);
  assertEquals(asked.code, 1);
  assertStringIncludes(asked.stderr, "it was never trained");
});

/** Replaces what a file keeps of its run. */
async function withRun(path: string, text: string): Promise<void> {
  const bytes = await Deno.readFile(path);
  using file = await RandomAccess.open(bytes);
  const { metadata, tensors } = await readSafetensorsHeader(file);
  const content = new Map<string, Uint32Array | Float32Array>();
  for (const [name, { dtype, length, offset }] of tensors) {
    const part = bytes.slice(offset, offset + 4 * length).buffer;
    content.set(name, dtype === "U32" ? new Uint32Array(part) : new Float32Array(part));
  }
  await writeSafetensors(path, content, { ...metadata, run: text });
}

Deno.test("a damaged run costs a line and its records, never the model", async () => {
  const { path, model } = await saved();
  const deep = "[".repeat(50) + "]".repeat(50);
  for (
    const [text, message] of [
      ["{", "Expected"],
      ["[]", "expected an object"],
      [`{"command":${deep}}`, "nested deeper"],
      [
        `{"command":[],"options":{},"settings":{},"dataset":"d","version":"1","seed":0,"seconds":0,"recorded":1,` +
        `"records":[{"epoch":"<script>"}]}`,
        "epoch of its record 1",
      ],
    ]
  ) {
    await withRun(model, text);
    const { code, stderr } = await run("report", model);
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, message);
    assertStringIncludes(stderr, "; the report is made without its curves");
    assertStringIncludes(await Deno.readTextFile(`${path}/m.html`), "keeps no records of epochs");
    const copy = `${path}/copy.safetensors`;
    await Deno.copyFile(model, copy);
    const resumed = await run("train", "--resume", copy, "--epochs", "4", "--quiet");
    assertEquals(resumed.code, 0, resumed.stderr);
    assertStringIncludes(resumed.stderr, "its epochs so far will have no records");
    assertEquals((await readRun(copy))!.records.map(({ epoch }) => epoch), [4]);
  }
});

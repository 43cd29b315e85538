import { assert, assertEquals, assertMatch } from "@std/assert";
import { loadModel } from "../mod.ts";
import { command, folder, run, SMALL, smallRun, table } from "./cli/process.ts";

Deno.test("train --json prints start, epochs and summary, and nothing on stderr", async () => {
  const { args } = await smallRun();
  const { code, stdout, stderr } = await run(...args, "--epochs", "3", "--json");
  assertEquals([code, stderr], [0, ""]);
  const events = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(events.map(({ event }) => event), ["start", "epoch", "epoch", "epoch", "summary"]);
  const [start, , epoch, , summary] = events;
  assertEquals([epoch.epoch, start.trainSamples, start.classCounts.length], [2, 48, 2]);
  assertEquals(start.classCounts[0] + start.classCounts[1], 48);
  for (const [key, value] of [...Object.entries(epoch), ...Object.entries(summary)]) {
    assert(key === "event" || typeof value === "boolean" || Number.isFinite(value), key);
  }
  assert(summary.bestTestAccuracy >= 0 && summary.bestTestAccuracy <= 1);
});

/** Keys of each kind of object that `docs/cli.md` lists, with the condition of those that may be absent. */
async function documentedKeys(): Promise<Record<string, Map<string, string>>> {
  const text = await Deno.readTextFile(new URL("../docs/cli.md", import.meta.url));
  const section = /### Records of train --json\n([^]*?)\n#/.exec(text)![1];
  const kinds: Record<string, Map<string, string>> = {};
  for (
    const [, event, list] of section.matchAll(/`\{"event":"(\w+)", …\}`[^]*?:\n\n((?:- [^]*?)(?=\n\n|$))/g)
  ) {
    const keys = list.replace(/\n {2}/g, " ").matchAll(/^- `(\w+)`: [^(\n]*(?:\((.*)\))?$/gm);
    kinds[event] = new Map([["event", ""], ...[...keys].map(([, key, when]) => [key, when ?? ""] as const)]);
  }
  return kinds;
}

for (
  const [what, args, absent] of [
    ["classes", [], /validation|regression|gradient-flow|parallel|max-steps/],
    [
      "classes, all asked for",
      [
        ...["--validation-fraction", "0.2", "--metric", "brier", "--calibrate", "--gradient-flow"],
        ...["--activation", "all-relu", "--alpha", "learned", "--connection-history"],
      ],
      /regression|parallel|max-steps/,
    ],
    [
      "classes with two workers",
      ["--parallel", "wassp", "--workers", "2", "--batch-size", "8"],
      /validation|regression|gradient-flow|max-steps/,
    ],
    [
      "classes without a test part",
      ["--test-fraction", "0"],
      /test samples|validation|regression|gradient-flow|parallel|max-steps/,
    ],
    [
      "classes, ended inside an epoch",
      ["--batch-size", "8", "--max-steps", "3"],
      /validation|regression|gradient-flow|parallel|whole epoch/,
    ],
    [
      "numbers",
      ["--task", "regression", "--label-column", "a"],
      /validation|for classification|gradient-flow|parallel|max-steps/,
    ],
  ] as const
) {
  Deno.test(`train --json on ${what} prints exactly the keys that docs/cli.md lists`, async () => {
    const rows = Array.from({ length: 60 }, (_, row) => `${row % 7},${(row * 5) % 11},${row % 2}`);
    const path = await folder({ "t.csv": `a,b,class\n${rows.join("\n")}\n` });
    const { stdout, stderr } = await run(
      "train",
      "--data",
      `${path}/t.csv`,
      ...SMALL,
      "--epochs",
      "2",
      ...args,
      "--json",
    );
    // On one core two workers are worth a notice.
    assertEquals(navigator.hardwareConcurrency > 1 ? stderr : stderr.replace(/^2 workers take .*\n/, ""), "");
    const documented = await documentedKeys();
    assertEquals(Object.keys(documented), ["start", "progress", "epoch", "summary"]);
    for (const line of stdout.trim().split("\n")) {
      const found = JSON.parse(line);
      const unasked = (when: string) =>
        absent.test(when) || (!what.includes("all asked for") && /--alpha|--connection-history/.test(when));
      const expected = [...documented[found.event]].filter(([, when]) => !unasked(when)).map(([key]) => key);
      assertEquals(Object.keys(found).toSorted(), expected.toSorted(), found.event);
    }
  });
}

Deno.test("train shows epochs on stderr and the summary, with class counts, on stdout", async () => {
  const path = await folder({ "t.csv": table(60) });
  const { code, stdout, stderr } = await run(
    "train",
    "--data",
    `${path}/t.csv`,
    `${path}/t.csv`,
    ...SMALL,
    "--epochs",
    "2",
  );
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /^Classes +even: 30, odd: 30$/m);
  assertMatch(stderr, /^epoch 2\/2 {2}loss /m);
  assert(!/^epoch \d/m.test(stdout), stdout);
  assertMatch(stdout, /^Classes +even: 30, odd: 30$/m);
  assertMatch(stdout, /^Test accuracy +best /m);
});

Deno.test("train --max-steps ends inside an epoch with a checkpoint that goes on", async () => {
  const { path, args } = await smallRun();
  const [straight, parts] = [`${path}/straight.safetensors`, `${path}/parts.safetensors`];
  const common = [...args, "--batch-size", "8", "--activation-storage", "bf16"];
  const whole = await run(...common, "--epochs", "3", "--output", straight);
  assertEquals(whole.code, 0, whole.stderr);
  const part = await run(...common, "--epochs", "3", "--max-steps", "8", "--output", parts);
  assertEquals(part.code, 0, part.stderr);
  assertMatch(part.stderr, /^Training from epoch 1 to 3, 8 steps at most/m);
  assertMatch(part.stdout, /^Time .* for 1 epoch and 2 steps:/m);
  const again = await run("train", "--resume", parts);
  assertEquals([again.code, again.stderr.includes("Cannot train up to step 8: 8 steps are done")], [1, true]);
  const rest = await run("train", "--resume", parts, "--max-steps", "100", "--json");
  assertEquals(rest.code, 0, rest.stderr);
  const [start, ...others] = rest.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals([start.settings.activationStorage, start.epochsDone], ["bf16", 1]);
  assertEquals(others.map(({ event, epoch }) => epoch ?? event), [2, 3, "summary"]);
  const weights = async (file: string) =>
    (await loadModel(file)).model.layers.map(({ values }) => [...values]);
  assertEquals(await weights(parts), await weights(straight));
});

Deno.test("train saves a model that evaluate and inspect read", async () => {
  const { path, args } = await smallRun();
  const model = `${path}/m.safetensors`;
  const trained = await run(...args, "--epochs", "2", "--output", model, "--quiet");
  assertEquals(trained.code, 0, trained.stderr);
  const evaluated = await run("evaluate", model, "--json");
  assertEquals(evaluated.code, 0, evaluated.stderr);
  assertEquals(JSON.parse(evaluated.stdout).event, "evaluation");
  const inspected = await run("inspect", model, "--json");
  assertEquals(inspected.code, 0, inspected.stderr);
  assertEquals(JSON.parse(inspected.stdout).event, "network");
});

Deno.test("train --task regression learns numbers and reports losses", async () => {
  const rows = Array.from({ length: 60 }, (_, row) => `${row % 7},${row % 5},${row % 7 + row % 5}`);
  const path = await folder({ "t.csv": `a,b,y\n${rows.join("\n")}\n` });
  const { code, stdout, stderr } = await run(
    "train",
    "--data",
    `${path}/t.csv`,
    "--task",
    "regression",
    ...SMALL,
    "--epochs",
    "2",
    "--json",
  );
  assertEquals(code, 0, stderr);
  const summary = JSON.parse(stdout.trim().split("\n").at(-1)!);
  assert(Number.isFinite(summary.bestTestLoss));
  assertEquals(summary.bestTestAccuracy, undefined);
});

Deno.test("train makes one batch of all training samples where --batch-size is larger", async () => {
  const path = await folder({ "t.csv": `a,b,y\n${"1,2,yes\n3,4,no\n".repeat(10)}` });
  const args = ["--data", `${path}/t.csv`, "--hidden", "8", "--epochs", "1", "--json"];
  for (const [fraction, size] of [["0", 16], ["0.25", 12]] as const) {
    const { code, stdout, stderr } = await run(
      ...["train", ...args, "--batch-size", "99", "--validation-fraction", fraction],
    );
    assertEquals(code, 0, stderr);
    assertEquals(JSON.parse(stdout.split("\n")[0]).settings.batchSize, size);
  }
});

Deno.test("datasets --json prints one data set a line", async () => {
  const { code, stdout } = await run("datasets", "--json");
  assertEquals(code, 0);
  const names = stdout.trim().split("\n").map((line) => JSON.parse(line).name);
  assert(names.includes("madelon-like") && names.includes("fashion-mnist"));
});

Deno.test("cli.ts prints help and exits with 0, or with 2 when no command is named", async () => {
  assertEquals((await run("--help")).code, 0);
  assertEquals((await run()).code, 2);
  const help = await run("train", "--help");
  assertEquals(help.code, 0);
  assertMatch(help.stdout, /--zeta F\s+\[ζ in the paper; ≥ 0, < 1; default 0\.3\]/);
});

for (const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test({
    name: `train stops with a checkpoint on ${signal}, and goes on from it`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      const { path, args } = await smallRun();
      const model = `${path}/m.safetensors`;
      const child = command([...args, "--epochs", "100000000", "--output", model, "--json"]).spawn();
      const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = ""; !text.includes('"event":"epoch"');) text += (await reader.read()).value ?? "";
      child.kill(signal);
      const drained = (async () => {
        while (!(await reader.read()).done);
      })();
      const stderr = await new Response(child.stderr).text();
      await drained;
      assertEquals((await child.status).code, expected);
      const [, next] = /go on from epoch (\d+) with: train --resume /.exec(stderr) ?? [];
      assert(next !== undefined, stderr);
      const resumed = await run("train", "--resume", model, "--epochs", String(Number(next) + 1), "--json");
      assertEquals(resumed.code, 0, resumed.stderr);
    },
  });
}

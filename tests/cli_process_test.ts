import { assert, assertEquals, assertMatch } from "@std/assert";

const CLI = new URL("../cli.ts", import.meta.url).pathname;

/** What a finished process left. */
interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function command(args: readonly string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", CLI, ...args],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
}

async function run(...args: string[]): Promise<Finished> {
  const { code, stdout, stderr } = await command(args).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** A folder of its own with the files a test needs. */
async function folder(files: Record<string, string | Uint8Array>): Promise<string> {
  const path = await Deno.makeTempDir();
  for (const [name, content] of Object.entries(files)) {
    await Deno.writeFile(
      `${path}/${name}`,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  }
  return path;
}

/** A table of two classes that a line separates. */
function table(rows: number): string {
  const lines = Array.from(
    { length: rows },
    (_, row) => `${row % 7},${(row * 5) % 11},${row % 2 === 0 ? "even" : "odd"}`,
  );
  return `a,b,class\n${lines.join("\n")}\n`;
}

const SMALL = ["--hidden", "8", "--threads", "1"];

Deno.test("train --json prints start, epochs and summary, and nothing on stderr", async () => {
  const path = await folder({ "t.csv": table(60) });
  const { code, stdout, stderr } = await run(
    "train",
    "--data",
    `${path}/t.csv`,
    ...SMALL,
    "--epochs",
    "3",
    "--json",
  );
  assertEquals([code, stderr], [0, ""]);
  const events = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(events.map(({ event }) => event), ["start", "epoch", "epoch", "epoch", "summary"]);
  const epoch = events[2];
  assertEquals(epoch.epoch, 2);
  for (const key of ["trainLoss", "trainAccuracy", "testAccuracy", "seconds", "parameters"]) {
    assert(Number.isFinite(epoch[key]), key);
  }
  const summary = events[4];
  const keys = ["bestTestAccuracy", "lastTestAccuracy", "trainSeconds", "evolutionSeconds"];
  keys.push("evaluationSeconds", "parametersStart", "parametersEnd", "peakRssBytes");
  for (const key of keys) assert(Number.isFinite(summary[key]), key);
  assert(summary.bestTestAccuracy >= 0 && summary.bestTestAccuracy <= 1);
});

Deno.test("train saves a model that evaluate and inspect read", async () => {
  const path = await folder({ "t.csv": table(60) });
  const model = `${path}/m.safetensors`;
  const trained = await run(
    "train",
    "--data",
    `${path}/t.csv`,
    ...SMALL,
    "--epochs",
    "2",
    "--output",
    model,
    "--quiet",
  );
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
      const path = await folder({ "t.csv": table(60) });
      const model = `${path}/m.safetensors`;
      const args = ["train", "--data", `${path}/t.csv`, ...SMALL, "--epochs", "100000000"];
      const child = command([...args, "--output", model, "--json"]).spawn();
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

/** Wrong usage and bad data: what is typed, the exit code, and what the one line says. */
const REFUSED: readonly (readonly [
  what: string,
  files: Record<string, string | Uint8Array>,
  args: readonly string[],
  code: number,
  says: RegExp,
])[] = [
  ["an unknown option", {}, ["--epoch", "3"], 2, /no such option; did you mean --epochs\?/],
  ["an epsilon that is not above 0", {}, ["--epsilon", "0"], 2, /--epsilon 0: expected a number above 0/],
  ["a density above 1", {}, ["--density", "1.5"], 2, /--density 1\.5: expected numbers above 0, at most 1/],
  ["no epochs", {}, ["--epochs", "0"], 2, /--epochs 0: expected a whole number of at least 1/],
  [
    "a cell that is not a number",
    { "t.csv": "a,b,class\n1,2,x\n3,four,y\n" },
    ["--data", "t.csv"],
    1,
    /t\.csv.*3/,
  ],
  ["an empty file", { "t.csv": "" }, ["--data", "t.csv"], 1, /t\.csv/],
  ["a gzip that is none", { "t.csv.gz": "a,b\n1,2\n" }, ["--data", "t.csv.gz"], 1, /t\.csv\.gz/],
  [
    "a batch larger than the data",
    { "t.csv": table(20) },
    ["--data", "t.csv", "--batch-size", "99"],
    1,
    /99/,
  ],
  ["a missing file", {}, ["--data", "none.csv"], 1, /none\.csv/],
];

for (const [what, files, args, expected, says] of REFUSED) {
  Deno.test(`train refuses ${what} with one line and exit code ${expected}`, async () => {
    const path = await folder(files);
    const placed = args.map((arg) => /\.(csv|gz)$/.test(arg) ? `${path}/${arg}` : arg);
    const { code, stdout, stderr } = await run("train", ...placed, "--output", `${path}/m.safetensors`);
    assertEquals([code, stdout], [expected, ""]);
    assertEquals(stderr.trim().split("\n").length, 1, stderr);
    assertMatch(stderr, /^error: /);
    assertMatch(stderr, says);
    const left = [...Deno.readDirSync(path)].map(({ name }) => name);
    assertEquals(left.sort(), Object.keys(files).sort());
  });
}

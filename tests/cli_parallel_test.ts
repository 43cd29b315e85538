import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadModel } from "../mod.ts";
import { assertSameModel } from "./model/content.ts";
import { command, folder, run as finish, SMALL as TINY, table } from "./cli/process.ts";

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await finish(...args);
  return { code, out: stdout, err: stderr };
}

const SMALL = ["train", "--epochs", "4", "--hidden", "30", "--batch-size", "64", "--json"];

Deno.test("train --parallel trains with workers, and a checkpoint goes on in parallel", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const output = `${folder}/model.safetensors`;
    for (const kind of ["wasap", "wassp"]) {
      const { code, out, err } = await run(
        ...SMALL,
        "--parallel",
        kind,
        "--workers",
        "2",
        "--output",
        output,
      );
      assertEquals(code, 0, err);
      const events = out.trim().split("\n").map((line) => JSON.parse(line));
      const epochs = events.filter(({ event }) => event === "epoch");
      assertEquals(epochs.map(({ parallel }) => [parallel.phase, parallel.workers]), [
        [1, 2],
        [1, 2],
        [1, 2],
        [2, 2],
      ]);
      assertEquals(events[0].settings.parallel, kind);
      const resumed = await run("train", "--resume", output, "--epochs", "6", "--json");
      assertEquals(resumed.code, 0, resumed.err);
      const more = resumed.out.trim().split("\n").map((line) => JSON.parse(line));
      assertEquals(more.filter(({ event }) => event === "epoch").map(({ epoch }) => epoch), [5, 6]);
      assert(more.every(({ event, parallel }) => event !== "epoch" || parallel.workers === 2));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("train --parallel gossip trains with workers, and a checkpoint goes on with their models", async () => {
  const output = `${await folder({})}/model.safetensors`;
  const gossip = ["--parallel", "gossip", "--workers", "3", "--local-steps", "2", "--peer-average", "union"];
  const runs = [
    { args: [...SMALL, ...gossip, "--output", output], epochs: [1, 2, 3, 4] },
    { args: ["train", "--resume", output, "--epochs", "6", "--json"], epochs: [5, 6] },
  ];
  for (const { args, epochs } of runs) {
    const { code, out, err } = await run(...args);
    assertEquals(code, 0, err);
    const events = out.trim().split("\n").map((line) => JSON.parse(line));
    const { settings } = events[0];
    assertEquals([settings.localSteps, settings.peerAverage, settings.phaseOneFraction], [
      2,
      "union",
      undefined,
    ]);
    const records = events.filter(({ event }) => event === "epoch");
    assertEquals(records.map(({ epoch }) => epoch), epochs);
    for (const { parallel } of records) {
      assertEquals([parallel.phase, parallel.workers], [2, 3]);
      assert(parallel.exchanges > 0 && parallel.modelDistance >= 0 && parallel.topologyOverlap <= 1);
    }
    assertEquals((await loadModel(output)).workers!.length, 3);
  }
});

Deno.test("train --parallel gossip refuses one worker in one line", async () => {
  const { code, err } = await run(...SMALL, "--parallel", "gossip", "--workers", "1");
  assertEquals(code, 1);
  assertStringIncludes(err, "Cannot train with 1 worker by gossip: it has nobody to average with");
});

Deno.test("train --parallel wassp, resumed in phase 2 from the models of its workers, ends with the same bits", async () => {
  const path = await Deno.makeTempDir();
  try {
    const [stopped, straight] = [`${path}/stopped.safetensors`, `${path}/straight.safetensors`];
    const options = ["train", "--hidden", "30", "--batch-size", "64", "--quiet", "--parallel", "wassp"];
    const start = [...options, "--workers", "2", "--phase-one-fraction", "0"];
    const runs = [
      [...start, "--epochs", "2", "--output", stopped],
      ["train", "--resume", stopped, "--epochs", "4", "--quiet"],
      [...start, "--epochs", "4", "--output", straight],
    ];
    for (const args of runs) {
      const { code, err } = await run(...args);
      assertEquals(code, 0, err);
    }
    const [one, other] = [await loadModel(stopped), await loadModel(straight)];
    assertEquals(one.workers!.length, 2);
    assertSameModel(one.model, other.model);
    one.workers!.forEach((model, worker) => assertSameModel(model, other.workers![worker]));
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});

Deno.test("train --parallel warns of more workers than cores", async () => {
  const cores = navigator.hardwareConcurrency;
  const args = ["train", "--hidden", "30", "--batch-size", "8", "--epochs", "1", "--parallel", "wasap"];
  const many = await run(...args, "--workers", `${cores + 1}`);
  assertEquals(many.code, 0, many.err);
  assertStringIncludes(many.err, `${cores + 1} workers take turns on ${cores} cores`);
  const enough = await run(...args, "--workers", `${cores}`);
  assertEquals([enough.code, enough.err.includes("take turns")], [0, false], enough.err);
});

Deno.test("train --workers without --parallel is wrong usage, and too many workers are refused", async () => {
  const alone = await run(...SMALL, "--workers", "2");
  assertEquals([alone.code, alone.err.trim()], [2, "error: Cannot use --workers without --parallel"]);
  const many = await run(...SMALL, "--parallel", "wasap", "--workers", "1000");
  assertEquals(many.code, 1);
  assert(many.err.includes("Cannot train with 1000 workers"), many.err);
});

/** What a run on two workers left that got a signal once it had trained an epoch. */
async function stoppedBy(
  signal: Deno.Signal,
  args: readonly string[],
): Promise<{ code: number; epochs: { epoch: number }[]; err: string }> {
  const child = command(["train", "--workers", "2", "--json", ...args]).spawn();
  let [out, err] = ["", ""];
  const read = async (stream: ReadableStream<Uint8Array>, hear: (text: string) => void) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) hear(text);
  };
  await Promise.all([
    read(child.stdout, (text) => {
      const sign = '"event":"epoch"';
      if (!out.includes(sign) && (out + text).includes(sign)) child.kill(signal);
      out += text;
    }),
    read(child.stderr, (text) => void (err += text)),
  ]);
  const { code } = await child.status;
  const events = out.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(events.at(-1).interrupted, true, err);
  return { code, epochs: events.filter(({ event }) => event === "epoch"), err };
}

const windows = Deno.build.os === "windows";

const CASES = [
  ["wasap", 1, "SIGINT", 130],
  ["wasap", 2, "SIGTERM", 143],
  ["wassp", 1, "SIGUSR1", 75],
  ["wassp", 2, "SIGINT", 130],
] as const;

for (const [algorithm, phase, signal, expected] of CASES) {
  Deno.test({
    name:
      `train --parallel ${algorithm} stops within a step on ${signal} in phase ${phase}, saves, and goes on`,
    ignore: windows,
    async fn() {
      const path = await folder({ "t.csv": table(60) });
      const [output, straight] = [`${path}/m.safetensors`, `${path}/s.safetensors`];
      const start = [
        ...["--parallel", algorithm, "--phase-one-fraction", phase === 1 ? "1" : "0", "--batch-size", "2"],
        // A rate that does not depend on the epochs of the run.
        ...["--data", `${path}/t.csv`, ...TINY, "--schedule", "constant"],
      ];
      const { code, epochs, err } = await stoppedBy(signal, [
        ...[...start, "--epochs", "100000000", "--output", output],
      ]);
      assertEquals(code, expected, err);
      const { epoch, step, begun } = (await loadModel(output)).training!.state!;
      assertEquals(epochs.at(-1)!.epoch, epoch);
      if (step > 0) assertEquals(begun!.updates, step);
      const inside = step > 0 ? ` and ${step} steps` : "";
      assertStringIncludes(
        err,
        `Stopped after ${epoch} whole epochs${inside}; go on from epoch ${epoch + 1} `,
      );
      assertStringIncludes(err, `with: train --resume ${output}`);
      const more = await run("train", "--resume", output, "--epochs", `${epoch + 1}`, "--json");
      assertEquals(more.code, 0, more.err);
      const next = more.out.trim().split("\n").map((line) => JSON.parse(line)).find(({ epoch }) => epoch);
      assertEquals([next.epoch, next.parallel.phase], [epoch + 1, phase]);
      if (algorithm === "wasap") return;
      const whole = await run(
        ...["train", "--workers", "2", ...start, "--epochs", `${epoch + 1}`, "--output", straight],
      );
      assertEquals(whole.code, 0, whole.err);
      assertSameModel((await loadModel(output)).model, (await loadModel(straight)).model);
    },
  });
}

Deno.test({
  name: "train gets SIGUSR1 without a file to save to, and says so with an exit code that asks for nothing",
  ignore: windows,
  async fn() {
    const path = await folder({ "t.csv": table(60) });
    const start = ["--parallel", "wasap", "--batch-size", "2", "--data", `${path}/t.csv`, ...TINY];
    const { code, err } = await stoppedBy("SIGUSR1", [...start, "--epochs", "100000000"]);
    assert(code > 128, `${code}`);
    assertStringIncludes(err, "nothing was saved, --output names a file for it");
  },
});

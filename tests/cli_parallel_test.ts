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

/** What a run on two workers left that was interrupted: once after an epoch, or twice before its first. */
async function interrupted(
  args: readonly string[],
  times: 1 | 2,
): Promise<{ code: number; epochs: { epoch: number; parallel: { phase: number } }[]; err: string }> {
  const child = command(["train", "--workers", "2", "--json", ...args]).spawn();
  let [out, err] = ["", ""];
  /** Interrupts when a text appears. */
  const at = (sign: string, before: string, after: string) => {
    if (!before.includes(sign) && after.includes(sign)) child.kill("SIGINT");
  };
  const read = async (stream: ReadableStream<Uint8Array>, hear: (text: string) => void) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) hear(text);
  };
  await Promise.all([
    read(child.stdout, (text) => {
      const sign = times === 1 ? '"event":"epoch"' : '"event":"start"';
      at(sign, out, out + text);
      out += text;
    }),
    read(child.stderr, (text) => {
      if (times === 2) at("Ctrl-C again stops at once", err, err + text);
      err += text;
    }),
  ]);
  const { code } = await child.status;
  const events = out.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(events.at(-1).interrupted, true, err);
  return { code, epochs: events.filter(({ event }) => event === "epoch"), err };
}

const windows = Deno.build.os === "windows";

for (const [algorithm, phase] of [["wasap", 1], ["wasap", 2], ["wassp", 1], ["wassp", 2]] as const) {
  Deno.test({
    name: `train --parallel ${algorithm} ends the epoch on Ctrl-C in phase ${phase}, saves, and goes on`,
    ignore: windows,
    async fn() {
      const path = await folder({ "t.csv": table(60) });
      const output = `${path}/m.safetensors`;
      const { code, epochs, err } = await interrupted([
        ...["--parallel", algorithm, "--phase-one-fraction", phase === 1 ? "1" : "0", "--batch-size", "10"],
        ...["--data", `${path}/t.csv`, ...TINY, "--epochs", "100000000", "--output", output],
      ], 1);
      // As the sequential trainer, and as shells count.
      assertEquals(code, 130, err);
      const done = epochs.at(-1)!.epoch;
      assertStringIncludes(
        err,
        `Stopped after ${done} whole epochs; go on from epoch ${done + 1} with: train`,
      );
      assertStringIncludes(err, `--resume ${output}`);
      assertEquals((await loadModel(output)).training!.epoch, done);
      const more = await run("train", "--resume", output, "--epochs", `${done + 1}`, "--json");
      assertEquals(more.code, 0, more.err);
      const next = more.out.trim().split("\n").map((line) => JSON.parse(line)).find(({ epoch }) => epoch);
      assertEquals([next.epoch, next.parallel.phase], [done + 1, phase]);
    },
  });
}

for (const [algorithm, phase] of [["wasap", 1], ["wassp", 2]] as const) {
  Deno.test({
    name:
      `train --parallel ${algorithm} stops at once on a second Ctrl-C in phase ${phase}, and says from where ` +
      "to go on",
    ignore: windows,
    async fn() {
      const output = `${await Deno.makeTempDir()}/m.safetensors`;
      // An epoch takes seconds, so the second signal meets workers in the middle of one.
      const slow = [
        ...["--parallel", algorithm, "--phase-one-fraction", phase === 1 ? "1" : "0"],
        ...[
          "--dataset",
          "madelon-like",
          "--hidden",
          "10000,10000",
          "--batch-size",
          "2",
          "--learning-rate",
          "1e-5",
          "--output",
          output,
        ],
      ];
      const first = await interrupted([...slow, "--epochs", "9"], 2);
      assertEquals([first.code, first.epochs.length], [130, 0], first.err);
      assertStringIncludes(first.err, "Stopped after 0 whole epochs; nothing was saved");
      assertEquals(
        await run("train", "--workers", "2", ...slow, "--epochs", "1").then(({ code }) => code),
        0,
      );
      const later = await interrupted(["--resume", output, "--epochs", "9"], 2);
      assertEquals([later.code, later.epochs.length], [130, 0], later.err);
      assertStringIncludes(
        later.err,
        "Stopped after 1 whole epochs; go on from epoch 2 with: train --resume",
      );
      assertEquals((await loadModel(output)).training!.epoch, 1);
    },
  });
}

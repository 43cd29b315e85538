import { assert, assertEquals, assertRejects } from "@std/assert";
import { CheckpointError, encodeModel, loadModel, readRun, type RunRecord, SparseMlp } from "../mod.ts";
import { MOST_RECORDS, thinned } from "../src/files/run_record.ts";
import { RunLog } from "../src/cli/run_log.ts";
import { parseCommandLine } from "../src/cli/parse.ts";
import type { Values } from "../src/cli/options.ts";

function recordOf(epoch: number): RunRecord["records"][number] {
  return {
    ...{ epoch, trainLoss: 1 / epoch, trainAccuracy: NaN, learningRate: 0.1, parameters: 9, connections: 8 },
    ...{ seconds: 1, evolutionSeconds: 0, evaluationSeconds: 0, samplesPerSecond: 9, replaced: 1, pruned: 0 },
  };
}

function runOf(epochs: number): RunRecord {
  return {
    ...{
      command: ["train"],
      options: {},
      settings: { epochs },
      dataset: "made-up",
      version: "0.1.0",
      seed: 1,
    },
    ...{ seconds: epochs, recorded: epochs },
    records: Array.from({ length: epochs }, (_, place) => recordOf(place + 1)),
  };
}

const model = () => SparseMlp.create({ sizes: [4, 8, 2], seed: 1 });

Deno.test("readRun() gives what was saved, and loadModel() the model alone", async () => {
  const run = { ...runOf(3), image: { height: 2, width: 2, channels: 1 } };
  const bytes = await encodeModel(model(), { run });
  assertEquals(await readRun(bytes), run);
  assertEquals(Object.keys(await loadModel(bytes)), ["model"]);
  assertEquals(await readRun(await encodeModel(model())), undefined);
});

Deno.test("encodeModel() keeps at most 4,096 records, evenly and the last among them", async () => {
  const kept = (await readRun(await encodeModel(model(), { run: runOf(10_000) })))!;
  assert(kept.records.length <= MOST_RECORDS && kept.records.length > MOST_RECORDS / 2);
  assertEquals([kept.recorded, kept.records.at(-1)!.epoch], [10_000, 10_000]);
  const steps = kept.records.slice(1).map(({ epoch }, place) => epoch - kept.records[place].epoch);
  assertEquals(new Set(steps), new Set([4]));
  assertEquals(thinned([1, 2, 3, 4, 5], 3), [1, 3, 5]);
});

Deno.test("readRun() refuses what is no model file, and a run that is none, in a line", async () => {
  await assertRejects(() => readRun(new Uint8Array(3)), CheckpointError, "Cannot read the run");
  for (
    const broken of [{ ...runOf(1), seed: -1 }, { ...runOf(1), command: [1] }, { ...runOf(1), image: 3 }, {
      ...runOf(1),
      changes: ["prune"],
    }]
  ) {
    const run = broken as unknown as RunRecord;
    await assertRejects(() => encodeModel(model(), { run }), CheckpointError, "expected");
  }
});

Deno.test("RunLog writes the command that gives its options again", () => {
  const args = [
    ...["--data", "a b.csv", "c.csv", "--hidden", "8,8", "--alpha=-0.5", "--gradient-flow", "--epochs", "3"],
    ...["--class-weights", "balanced", "--quiet", "--json"],
    ...["--tensorboard", "runs", "--tensorboard-every", "5", "--dashboard"],
  ];
  const { values, words } = parseCommandLine("train", args);
  const given: Values = { ...values, data: [...values.data!, ...words] };
  const { command } = new RunLog().record(given, given, { name: "a" });
  const again = parseCommandLine("train", command.slice(1));
  const { quiet, json, dashboard, tensorboard, "tensorboard-every": every, ...expected } = given;
  assertEquals([quiet, json, dashboard, tensorboard, every], [true, true, 8642, "runs", 5]);
  assertEquals({ ...again.values, data: [...again.values.data!, ...again.words] }, expected);
});

Deno.test("RunLog goes on with the records before, and an epoch trained in part gives way", () => {
  const log = new RunLog(runOf(2));
  log.add(recordOf(3));
  log.add({ ...recordOf(3), replaced: 7 });
  const { records, recorded, seconds } = log.record({}, {}, { name: "a" });
  assertEquals(records.map(({ epoch, replaced }) => [epoch, replaced]), [[1, 1], [2, 1], [3, 7]]);
  assertEquals([recorded, seconds], [3, 4]);
});

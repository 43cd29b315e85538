import { assert, assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../src/cli/option.ts";
import type { Values } from "../src/cli/options.ts";
import { fitMemory } from "../src/cli/plan.ts";
import { presetOptions, PRESETS } from "../src/cli/presets.ts";
import { fillDefaults, paperSettings, withPreset } from "../src/cli/settings.ts";
import { datasets } from "../src/data/named.ts";
import { folder, run, table } from "./cli/process.ts";

const [INPUTS, OUTPUTS] = [65_536, 2];

/** A run of a preset as `train` would fit it into memory. */
function fitted(given: Values) {
  const values = fillDefaults("train", withPreset(given), paperSettings(datasets.describe("extreme")));
  return fitMemory([INPUTS, ...values.hidden!, OUTPUTS], values, given);
}

Deno.test("PRESETS are the networks of the paper's Table 4, and others of their kind", () => {
  const neurons = PRESETS.map((name) => presetOptions(name).hidden.reduce((sum, size) => sum + size, 0));
  assertEquals(neurons, [10e3, 100e3, 1e6, 5e6, 10e6, 20e6, 50e6, 125e6, 200e6]);
  const { hidden, epsilon, dropout } = presetOptions("extreme-50m");
  assertEquals([hidden.length, hidden[9], epsilon, dropout], [10, 5e6, 1, 0.4]);
});

Deno.test("withPreset() lets options win over the preset, and what excludes them take its place", () => {
  const preset = "extreme-1m";
  assertEquals(withPreset({ preset, hidden: [5], dropout: 0 }).hidden, [5]);
  assertEquals(withPreset({ preset, dropout: 0 }).dropout, 0);
  assertEquals(withPreset({ preset }).dataset, "extreme");
  assertEquals("dataset" in withPreset({ preset, data: ["t.csv"] }), false);
  assertEquals("alpha" in withPreset({ preset, activation: "relu" }), false);
  assertEquals("epsilon" in withPreset({ preset, density: [0.1] }), false);
  assertEquals(withPreset({ hidden: [5] }), { hidden: [5] });
});

Deno.test("fitMemory() keeps activations of a preset as memory allows", () => {
  const way = (given: Values) => {
    const { values, choice } = fitted(given);
    assert(choice!.totalBytes <= given.memory! * 2 ** 30);
    return [values["activation-storage"], values.recompute, values["micro-batch"]];
  };
  assertEquals(way({ preset: "extreme-1m", memory: 16 }), ["f32", false, 128]);
  assertEquals(way({ preset: "extreme-5m", memory: 16 }), ["bf16", false, 128]);
  assertEquals(way({ preset: "extreme-10m", memory: 16, "activation-storage": "f32" }), ["f32", false, 128]);
  assertEquals(way({ preset: "extreme-50m", memory: 16 }), ["bf16", true, 128]);
  assertEquals(way({ preset: "extreme-125m", memory: 16 }), ["bf16", false, 32]);
  assertEquals(way({ preset: "extreme-200m", memory: 21 }), ["bf16", true, 32]);
  assertEquals(way({ preset: "extreme-50m", memory: 16, "activation-storage": "f32" }), ["f32", false, 64]);
  assertEquals(way({ preset: "extreme-50m", memory: 12, recompute: false }), ["bf16", false, 64]);
  assertEquals(way({ preset: "extreme-50m", memory: 16, "micro-batch": 16 }), ["bf16", false, 16]);
});

Deno.test("fitMemory() refuses what does not fit, and leaves other runs as they are", () => {
  const refuse = (given: Values, message: string) => assertThrows(() => fitted(given), UsageError, message);
  refuse({ preset: "extreme-200m", memory: 8 }, "8.00 GiB are given");
  refuse({
    preset: "extreme-50m",
    memory: 12,
    "activation-storage": "f32",
    recompute: false,
    "micro-batch": 64,
  }, "64 samples");
  refuse({ hidden: [5e6, 5e6], memory: 2 }, "Cannot train a network of 10065538 neurons");
  const values = fillDefaults(
    "train",
    { hidden: [500, 500], memory: 1 },
    paperSettings(datasets.describe("extreme")),
  );
  assertEquals(fitMemory([INPUTS, 500, 500, OUTPUTS], values, { hidden: [500, 500] }).values, values);
});

Deno.test("train refuses a network that does not fit before it is made, as inspect --plan does", async () => {
  const train = await run("train", "--preset", "extreme-200m", "--memory", "2");
  const plan = await run("inspect", "--plan", "65536,20000000x10,2", "--epsilon", "1", "--memory", "2");
  assertEquals([train.code, plan.code], [2, 2]);
  assertEquals(train.stderr, plan.stderr);
  assert(train.stderr.endsWith("2.00 GiB are given\n"), train.stderr);
});

Deno.test("train --preset takes settings from the preset, and options win", async () => {
  const path = await folder({ "t.csv": table(60) });
  const args = ["--preset", "extreme-10k", "--data", `${path}/t.csv`, "--hidden", "20x2", "--max-steps", "1"];
  const { code, stdout, stderr } = await run("train", ...args, "--memory", "0.2", "--json");
  assertEquals([code, stderr], [0, ""]);
  const [start, epoch, summary] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals([start.settings.batchSize, start.layers], [48, [2, 20, 20, 2]]);
  assertEquals([start.settings.fanIn, start.settings.dropout, start.settings.microBatch], [
    "sparse",
    0.4,
    128,
  ]);
  assertEquals([epoch.epoch, summary.epochs], [1, 1]);
  assert(epoch.testLoss > 0 && epoch.testLoss < 100);
});

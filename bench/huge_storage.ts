/**
 * What 16-bit activations do to the learning of `extreme-1m`: three epochs on part of its samples, the same seed.
 *
 *     deno run -A bench/huge_storage.ts f32|bf16 [samples=1280] [test=512] [epochs=3] [seed=1] [preset=extreme-1m]
 *
 * @module
 */
import { datasets, SparseMlp, train } from "../mod.ts";
import type { Split } from "../mod.ts";
import { fillDefaults, modelOptions, paperSettings, trainOptions, withPreset } from "../src/cli/settings.ts";
import type { PresetName } from "../src/cli/presets.ts";

const [storage, ...rest] = Deno.args;
const given = Object.fromEntries(rest.map((word) => word.split("=")));
if (storage !== "f32" && storage !== "bf16") {
  console.error("Cannot compare: expected f32 or bf16, and samples=, test=, epochs=, seed=, preset=");
  Deno.exit(2);
}
const wanted = withPreset({
  preset: (given.preset ?? "extreme-1m") as PresetName,
  "activation-storage": storage,
  "micro-batch": 128,
  epochs: Number(given.epochs ?? 3),
  seed: Number(given.seed ?? 1),
});
const values = fillDefaults("train", wanted, paperSettings(datasets.describe("extreme")));
const { train: learned, test, ...about } = await datasets.load("extreme");

function first(split: Split, samples: number): Split {
  return { ...split, samples, labels: split.labels.subarray(0, samples) };
}

const model = SparseMlp.for(about, modelOptions(values));
const data = {
  ...about,
  train: first(learned, Number(given.samples ?? 1280)),
  test: first(test!, Number(given.test ?? 512)),
};
const epochs = [];
for await (const record of train(model, data, trainOptions(values))) {
  if (!("trainLoss" in record)) continue;
  const { epoch, trainLoss, trainAccuracy, testLoss, testAccuracy } = record;
  epochs.push({ epoch, trainLoss, trainAccuracy, testLoss, testAccuracy });
  console.error(storage, epoch, trainLoss, testAccuracy);
}
console.log(JSON.stringify({
  command: `deno run -A bench/huge_storage.ts ${Deno.args.join(" ")}`,
  activationStorage: storage,
  epochs,
}));

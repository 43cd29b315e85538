import { optionsFor } from "../src/model/data_shape.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Values } from "../src/cli/options.ts";
import { checkSettings, fillDefaults, modelOptions, trainOptions } from "../src/cli/settings.ts";
import { describeSuitable, suitable } from "../src/cli/suggestion.ts";
import type { Dataset } from "../src/data/dataset.ts";
import { resolveSettings } from "../src/model/settings.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { type SuggestedSettings, suggestSettings } from "../src/train/suggested.ts";
import { folder, run, table } from "./cli/process.ts";

const TASKS = ["classification", "regression"] as const;

/** Shapes from 1 to ten million samples and features, each 10 % larger than the one before. */
const COUNTS = Array.from({ length: 170 }, (_, step) => Math.ceil(1.1 ** step));

/** The settings that change with the shape, but for the number of layers. */
function numbersOf({ model, training }: SuggestedSettings): Readonly<Record<string, number>> {
  const { epochs, batchSize, learningRate, weightDecay, dropout } = training;
  const { epsilon, activation, sizes } = model;
  return {
    epochs,
    batchSize,
    learningRate,
    weightDecay,
    dropout,
    epsilon,
    alpha: activation.alpha,
    width: sizes[1],
  };
}

Deno.test("suggestSettings() gives settings that a model and a training take, for every shape", () => {
  for (const task of TASKS) {
    for (const samples of COUNTS) {
      for (const features of [1, 16, 700, 60_000, 1e7]) {
        const { model, training } = suggestSettings({ samples, features, outputs: 3, task });
        resolveSettings(model);
        resolveHyperparameters(training, 0);
        assert(training.batchSize <= samples && training.batchSize >= 1, `${training.batchSize}`);
        assertEquals([model.sizes[0], model.sizes.at(-1)], [features, 3]);
      }
    }
  }
});

Deno.test("suggestSettings() changes little where the shape does", () => {
  for (const task of TASKS) {
    for (const features of [16, 700, 60_000]) {
      let last: Readonly<Record<string, number>> | undefined;
      for (const samples of COUNTS.filter((count) => count >= 8)) {
        const settings = suggestSettings({ samples, features, outputs: 2, task });
        const now = { ...numbersOf(settings) };
        // Widths of one layer and of two are not to be compared, and slopes and rates have two digits.
        if (settings.model.sizes.length === 3) delete now.width;
        for (const [name, value] of Object.entries(now)) {
          const before = last?.[name];
          if (before === undefined) continue;
          const most = name === "batchSize" ? 2 : name === "learningRate" ? 1.75 : 1.2;
          const near = Math.abs(value - before) <= 0.05 || Math.max(value / before, before / value) <= most;
          assert(near, `${name} of ${samples} × ${features}: ${before} → ${value}`);
        }
        last = now;
      }
    }
  }
});

Deno.test("suggestSettings() decays more and trains longer on fewer samples, and is nearly linear on wide tables", () => {
  const at = (samples: number, features: number) =>
    numbersOf(suggestSettings({ samples, features, outputs: 2 }));
  const [wide, mid, large] = [at(60, 5000), at(2000, 50), at(20_000, 16)];
  assert(wide.weightDecay > mid.weightDecay && mid.weightDecay > large.weightDecay);
  assert(wide.epochs > mid.epochs && mid.epochs > large.epochs);
  assert(wide.batchSize < mid.batchSize && mid.batchSize < large.batchSize);
  assertEquals([wide.alpha, mid.alpha, large.alpha], [0.75, 0, 0]);
});

Deno.test("suggestSettings() refuses counts that are none", () => {
  assertThrows(
    () => suggestSettings({ samples: 0, features: 4, outputs: 2 }),
    RangeError,
    "Cannot suggest settings: samples is 0, expected a whole number of at least 1",
  );
});

/** What suitable() looks at, of a data set. */
function shaped(samples: number, featureCount: number): Dataset {
  const train = {
    samples,
    features: new Float32Array(0),
    labels: new Uint32Array(0),
    targets: new Float32Array(0),
  };
  const classNames = ["a", "b"];
  return {
    name: "t",
    task: "classification",
    featureCount,
    outputCount: 2,
    classNames,
    featureNames: [],
    train,
  };
}

Deno.test("fillDefaults() of what suits the data is what suggestSettings() says", () => {
  const data = shaped(100, 5000);
  const values = fillDefaults("train", {}, suitable(data, {}));
  checkSettings("train", values);
  const { model, training } = suggestSettings({ samples: 100, features: 5000, outputs: 2 });
  const { seed: _, threads: __, start, ...made } = optionsFor(data, modelOptions(values));
  assertEquals(start, "random");
  assertEquals(made, model);
  const { seed: ___, ...trained } = trainOptions(values);
  const schedule = { ...training.schedule, floor: 0 };
  assertEquals(resolveHyperparameters(trained, 0), resolveHyperparameters({ ...training, schedule }, 0));
});

Deno.test("fillDefaults() lets options win over what suits the data, and what is for another choice go", () => {
  const data = shaped(100, 5000);
  const filled = (given: Values) => {
    const values = fillDefaults("train", given, suitable(data, given));
    checkSettings("train", values);
    return values;
  };
  assertEquals(filled({ hidden: [7], dropout: 0 }).hidden, [7]);
  assertEquals(filled({ hidden: [7], dropout: 0 }).dropout, 0);
  assertEquals(filled({ density: [0.1] }).epsilon, undefined);
  assertEquals(filled({}).alpha, 0.75);
  assertEquals(filled({ activation: "relu" }).alpha, undefined);
  assertEquals(filled({ activation: "all-relu" }).alpha, 0.6);
  assertEquals(filled({ alpha: "learned" }).activation, "all-relu");
  assertEquals([filled({ alpha: 0.2 }).activation, filled({ alpha: 0.2 }).alpha], ["leaky-relu", 0.2]);
  assertEquals(filled({ optimizer: "adam" })["learning-rate"], 0.001);
  assertEquals(filled({ optimizer: "adam" })["weight-decay-form"], "decoupled");
  assertEquals(filled({ "importance-pruning": true })["pruning-start"], 46);
  assertEquals(filled({ "importance-pruning": true, epochs: 20 })["pruning-start"], 8);
  assertEquals(filled({})["pruning-start"], undefined);
});

Deno.test("describeSuitable() names what was chosen and not given", () => {
  const data = shaped(100, 5000);
  const given = { dropout: 0, "zero-output": false };
  const brought = suitable(data, given);
  const [first, ...lines] = describeSuitable(data, brought, fillDefaults("train", given, brought));
  assertEquals(first, "Settings chosen for 100 samples × 5,000 features; options win over them:");
  for (const text of lines) assert(text.startsWith("  --") && text.length <= 100, text);
  const line = lines.join("\n");
  assert(line.startsWith("  --hidden 1000 --epsilon 20 "), line);
  assert(!line.includes("dropout") && !line.includes("zero-output") && !line.includes("pruning"), line);
});

Deno.test("train --data says what it chose for the data, and a resumed run keeps it", async () => {
  const path = await folder({ "t.csv": table(60) });
  const [data, model] = [`${path}/t.csv`, `${path}/m.safetensors`];
  const first = await run("train", "--data", data, "--epochs", "2", "--output", model);
  assertEquals(first.code, 0, first.stderr);
  assert(
    first.stderr.includes(
      "Settings chosen for 48 samples × 2 features; options win over them:\n  --hidden 500,500 ",
    ),
    first.stderr,
  );
  assert(!first.stderr.includes("--epochs"), first.stderr);
  const second = await run("train", "--resume", model, "--epochs", "3", "--json");
  assertEquals(second.code, 0, second.stderr);
  const [start] = second.stdout.split("\n").map((line) => line && JSON.parse(line));
  assertEquals([start.settings.batchSize, start.settings.schedule, start.layers], [8, "cosine", [
    2,
    500,
    500,
    2,
  ]]);
});

Deno.test("train on named data and presets keeps their settings", async () => {
  const { stderr, stdout } = await run("train", "--dataset", "madelon-like", "--max-steps", "1", "--json");
  assertEquals(stderr, "");
  const { settings } = JSON.parse(stdout.split("\n")[0]);
  assertEquals([settings.epochs, settings.activation, settings.schedule], [100, "all-relu", "constant"]);
});

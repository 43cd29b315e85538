import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { madelonLike, recipe, SparseMlp } from "../mod.ts";
import { broughtBy, fillDefaults, paperSettings, trainOptions } from "../src/cli/settings.ts";
import type { Values } from "../src/cli/options.ts";
import { settle } from "../src/cli/suggestion.ts";
import { datasets } from "../src/data/named.ts";
import { RECIPE_NAMES } from "../src/train/recipes.ts";
import { HYPERPARAMETERS, resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { folder, run, table } from "./cli/process.ts";

Deno.test("recipe() gives options that train() and SparseMlp.for() take, and may be changed", () => {
  for (const name of RECIPE_NAMES) {
    const { model, training } = recipe(name);
    resolveHyperparameters(training, 0);
    const made = SparseMlp.for({ featureCount: 4, outputCount: 2, task: "classification" }, {
      ...model,
      hidden: [6],
    });
    assertEquals(made.settings.fanIn, model.fanIn);
    Object.assign(training, { epochs: 1 });
    assertEquals(recipe(name).training.epochs, name === "fast" ? 50 : 500);
  }
  assertThrows(() => recipe("fats" as "fast"), RangeError, 'did you mean "fast"?');
});

Deno.test("the recipe of the paper is what the table has as defaults, but for the form of the decay", () => {
  const { weightDecayForm, ...training } = recipe("paper").training;
  const defaults = resolveHyperparameters({}, 0) as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(training)) {
    if (name === "growthWeights") continue; // It follows the network.
    assertEquals(value, defaults[name], name);
  }
  assertEquals(weightDecayForm, "coupled");
  assertEquals(Object.keys(training).filter((name) => !Object.hasOwn(HYPERPARAMETERS, name)), []);
});

Deno.test("--recipe fills what was not given: over the sizes of a named data set, and under options", () => {
  const named = datasets.describe("fashion-mnist");
  const filled = (given: Values) => fillDefaults("train", given, broughtBy(given, named));
  const fast = filled({ recipe: "fast" });
  const { model, training } = recipe("fast");
  assertEquals([fast.hidden, fast.epsilon], [[1000, 1000, 1000], 20]);
  assertEquals([fast["fan-in"], fast.init], [model.fanIn, model.initializer]);
  const options = trainOptions(fast) as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(training)) {
    assertEquals(options[name], name === "schedule" ? { floor: 0, ...training.schedule } : value, name);
  }
  assertEquals(filled({ recipe: "fast", dropout: 0.5, schedule: "constant" }).dropout, 0.5);
  const { recipe: _, ...paper } = filled({ recipe: "paper" });
  const plain = fillDefaults("train", {}, paperSettings(named));
  for (const [name, value] of Object.entries(plain)) {
    assertEquals((paper as Readonly<Record<string, unknown>>)[name], value, name);
  }
});

Deno.test("the warm-up of a recipe is not the length of another schedule", () => {
  const filled = (given: Values) => fillDefaults("train", given, broughtBy(given, undefined));
  assertEquals(filled({ recipe: "fast" })["schedule-epochs"], 2);
  assertEquals(filled({ recipe: "fast", schedule: "cosine" })["schedule-epochs"], 2);
  assertEquals(trainOptions(filled({ recipe: "fast", schedule: "step" })).schedule, {
    kind: "step",
    every: 17,
    factor: 0.1,
  });
  assertEquals(trainOptions(filled({ recipe: "fast", schedule: "warm-up" })).schedule, {
    kind: "warm-up",
    epochs: 5,
  });
});

Deno.test("Importance Pruning on data of one's own goes by the epochs of the recipe", () => {
  const data = madelonLike({ samples: 60, features: 20, seed: 1 });
  const settled = (given: Values) => settle("train", given, fillDefaults("train", given), data).values;
  const best = settled({ recipe: "best", "importance-pruning": true });
  assertEquals([best.epochs, best["pruning-start"], best["pruning-every"]], [500, 200, 10]);
  const short = settled({ recipe: "best", "importance-pruning": true, epochs: 50 });
  assertEquals([short["pruning-start"], short["pruning-every"]], [20, 1]);
});

Deno.test("--recipe trains on a table of one's own, and is refused with --preset and --resume", async () => {
  const path = await folder({ "t.csv": table(60) });
  const model = `${path}/m.safetensors`;
  const small = ["--hidden", "8", "--epochs", "1", "--json"];
  const trained = await run(
    "train",
    "--data",
    `${path}/t.csv`,
    "--recipe",
    "fast",
    ...small,
    "--output",
    model,
  );
  assertEquals(trained.code, 0, trained.stderr);
  const { settings } = JSON.parse(trained.stdout.split("\n")[0]);
  assertEquals([settings.learningRate, settings.hidden], [recipe("fast").training.learningRate, [8]]);
  for (const other of [["--preset", "extreme-10k"], ["--resume", model]]) {
    const { code, stderr } = await run("train", "--recipe", "best", ...other);
    assertEquals(code, 2);
    assertStringIncludes(stderr, "Cannot use --");
  }
  const resumed = await run("train", "--resume", model, "--epochs", "2", "--json");
  assertEquals(resumed.code, 0, resumed.stderr);
});

import { optionsFor } from "../src/model/data_shape.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { defaultOf, type Option, readValue, UsageError } from "../src/cli/option.ts";
import { OPTIONS, type Values } from "../src/cli/options.ts";
import { resumed } from "../src/cli/resume.ts";
import {
  checkSettings,
  checkTogether,
  fillDefaults,
  modelOptions,
  paperSettings,
  parallelOptions,
  trainOptions,
  withPreset,
} from "../src/cli/settings.ts";
import { datasets } from "../src/data/named.ts";
import type { Hyperparameter, HyperparameterTable } from "../src/hyperparameter.ts";
import type { Activation } from "../src/model/activation.ts";
import type { ModelOptions } from "../src/model/settings.ts";
import { PARALLEL_HYPERPARAMETERS } from "../src/parallel/options.ts";
import { HYPERPARAMETERS, IMPORTANCE_PRUNING, resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { newTally } from "../src/train/tally.ts";
import { xorModel } from "./trainer/data.ts";

const ROWS: readonly Option[] = OPTIONS;

/** What may be said of a network; `hidden` becomes a part of its `sizes`. */
const MODEL: Readonly<Record<keyof ModelOptions | "hidden", true>> = {
  sizes: true,
  hidden: true,
  epsilon: true,
  density: true,
  overallDensity: true,
  start: true,
  rewiring: true,
  activation: true,
  initializer: true,
  fanIn: true,
  zeroOutput: true,
  task: true,
  seed: true,
  threads: true,
  onProgress: true,
};

/** Tables of the objects that hyperparameters can be. */
const NESTED: Readonly<Record<string, HyperparameterTable>> = { importancePruning: IMPORTANCE_PRUNING };

/** What those that decide over others are called on the command line, where that is another name. */
const DECISIVE: Readonly<Record<string, string>> = { algorithm: "parallel", phaseTwo: "phase-two" };

/** Defaults of phase 2. */
const PHASE_TWO = { phaseTwo: "local", shards: "once", averageEvery: 0 } as const;

Deno.test("OPTIONS that go into something name what is there, with the same kind, range, symbol and default", () => {
  let pointing = 0;
  for (const row of ROWS) {
    const { model, training, parallel } = row.into ?? {};
    if (model !== undefined) assert(model.split(".")[0] in MODEL, `--${row.name} goes into ${model}`);
    for (
      const [path, table] of [
        [training, HYPERPARAMETERS],
        [parallel, PARALLEL_HYPERPARAMETERS],
      ] as const
    ) {
      if (path === undefined) continue;
      const [outer, inner] = path.split(".");
      const rows: HyperparameterTable = inner === undefined ? table : NESTED[outer];
      const hyperparameter = rows[inner ?? outer];
      assert(hyperparameter !== undefined, `--${row.name} goes into ${path}`);
      pointing++;
      if (hyperparameter.kind === "settings" || row.convert !== undefined) continue;
      const { default: value, doc: _, infinite: __, only, ...rest } = hyperparameter as Hyperparameter & {
        infinite?: true;
      };
      for (const [name, fact] of Object.entries(rest)) {
        const called = name === "follows" ? DECISIVE[String(fact)] ?? fact : fact;
        assertEquals((row as unknown as Record<string, unknown>)[name], called, `${name} of --${row.name}`);
      }
      const untold = [undefined, false, Infinity] as unknown[];
      if (untold.includes(value) || row.name === "time-limit") continue;
      const needed = row.needs?.find(({ option }) => option === (DECISIVE[only?.name ?? ""] ?? only?.name))
        ?.values;
      assertEquals(needed, only?.values, `--${row.name} is for ${only?.values}`);
      const decides = ROWS.find(({ name }) => name === row.follows);
      const choices = decides?.kind === "choice"
        ? decides.choices.map((one) => ({ [decides.name]: one }))
        : [];
      for (const values of [{}, ...choices]) {
        const decided = rest.follows && { [rest.follows]: Object.values(values)[0] };
        const expected = typeof value === "function" ? value({ ...values, ...decided }) : value;
        assertEquals(readValue(row, defaultOf(row, values) ?? ""), expected, `default of --${row.name}`);
      }
    }
  }
  assert(pointing > 25, `${pointing}`);
});

Deno.test("OPTIONS speak of other options that exist, and of values those have", () => {
  for (const { name, needs = [], excludes = [], defaultWith } of ROWS) {
    for (
      const { option, values = [], because } of [...needs, ...excludes, ...defaultWith ? [defaultWith] : []]
    ) {
      const other = ROWS.find((row) => row.name === option);
      assert(other !== undefined, `--${name} speaks of --${option}`);
      for (const value of values) assert(other.kind === "choice" && other.choices.includes(value), value);
      assert(values.length === 0 || because !== undefined || defaultWith !== undefined, `--${name}: why`);
    }
  }
});

Deno.test("fillDefaults() finds an option for each of the paper's settings", () => {
  for (const { name, settings } of datasets.list()) {
    const filled = fillDefaults("train", {}, paperSettings(datasets.describe(name)));
    const { hidden, ...model } = optionsFor(
      { featureCount: 4, outputCount: 2, task: "classification" },
      modelOptions(filled),
    ) as
      & ModelOptions
      & { readonly hidden?: unknown };
    assertEquals(hidden, undefined);
    const found = {
      ...model,
      ...trainOptions(filled),
      hidden: model.sizes.slice(1, -1),
      alpha: (model.activation as Activation).alpha,
    } as Record<string, unknown>;
    for (const [setting, value] of Object.entries(settings)) assertEquals(found[setting], value, setting);
  }
});

Deno.test("trainOptions() of nothing given are the defaults of the library", () => {
  const { dataset: _, ...filled } = fillDefaults("train", {});
  assertEquals(resolveHyperparameters(trainOptions(filled), 0), resolveHyperparameters({}, 0));
  assertEquals(parallelOptions(filled), undefined);
});

Deno.test("trainOptions() and parallelOptions() put parts together", () => {
  const train = (given: Values) => trainOptions(fillDefaults("train", given));
  assertEquals(train({ "importance-pruning": true, "pruning-every": 3 }).importancePruning, {
    start: 200,
    every: 3,
    percentile: 20,
  });
  assertEquals("importancePruning" in train({}), false);
  const schedules: [Values, unknown][] = [
    [{}, { kind: "constant" }],
    [{ schedule: "warm-up" }, { kind: "warm-up", epochs: 5 }],
    [{ schedule: "step", epochs: 31 }, { kind: "step", every: 11, factor: 0.1 }],
    [{ schedule: "cosine", "schedule-factor": 0.2 }, { kind: "cosine", floor: 0.2 }],
  ];
  for (const [given, schedule] of schedules) assertEquals(train(given).schedule, schedule);
  assertEquals(train({ augment: true }).augmentation, {
    rotationDegrees: 10,
    shiftFraction: 0.1,
    flip: true,
  });
  assertEquals(train({ augment: true, "augment-shift": 0.2, "augment-flip": "no" }).augmentation, {
    rotationDegrees: 10,
    shiftFraction: 0.2,
    flip: false,
  });
  const digits = trainOptions({ augment: true, "augment-rotation": 5 }, datasets.describe("mnist"));
  assertEquals(digits.augmentation, { rotationDegrees: 5, shiftFraction: 0.05, flip: false });
  const parallel = (given: Values) => parallelOptions(fillDefaults("train", given));
  assertEquals(parallel({ parallel: "none", workers: 3 }), undefined);
  assertEquals(parallel({ parallel: "wassp", workers: 3 }), {
    algorithm: "wassp",
    workers: 3,
    phaseOneFraction: 0.7,
    ...PHASE_TWO,
    lostWorkers: 0,
  });
});

Deno.test("modelOptions() have the layers between the data's, and a default of alpha for All-ReLU alone", () => {
  const data = { featureCount: 4, outputCount: 2, task: "classification" } as const;
  const model = (given: Values) => optionsFor(data, modelOptions(fillDefaults("train", given)));
  assertEquals(model({ hidden: [5, 6] }).sizes, [4, 5, 6, 2]);
  assertEquals(model({}).activation, { kind: "all-relu", alpha: 0.6 });
  assertEquals(model({ activation: "leaky-relu" }).activation, { kind: "leaky-relu" });
  assertEquals(model({ activation: "prelu", alpha: 0.1 }).activation, { kind: "prelu", alpha: 0.1 });
  assertEquals([model({ density: [0.5] }).density, model({ density: [0.5] }).epsilon], [0.5, undefined]);
  assertEquals(model({ density: [0.5, 0.2], hidden: [9] }).density, [0.5, 0.2]);
});

Deno.test("checkTogether() and checkSettings() refuse what does not go together, with the reason", () => {
  const refused: [Values, string][] = [
    [
      { dataset: "madelon", data: ["t.csv"] },
      "Cannot use --dataset and --data together: expected one of them",
    ],
    [{ density: [0.1], epsilon: 3 }, "Cannot use --epsilon and --density together: expected one of them"],
    [{ patience: 3 }, "Cannot use --patience without --validation-fraction"],
    [{ "pruning-every": 3 }, "Cannot use --pruning-every without --importance-pruning"],
    [{ workers: 3 }, "Cannot use --workers without --parallel"],
    [
      { parallel: "gossip", staleness: "inverse" },
      "Cannot use --staleness with --parallel gossip: it is for wasap, where gradients are stale",
    ],
    [
      { parallel: "wasap", staleness: "inverse", "delay-compensation": 1 },
      "Cannot use --delay-compensation with --staleness inverse: it is for delay-compensated",
    ],
    [
      { parallel: "gossip", "phase-one-fraction": 0.5 },
      "Cannot use --phase-one-fraction with --parallel gossip: it is for wasap and wassp",
    ],
    [{ "checkpoint-every": 3 }, "Cannot use --checkpoint-every without --output"],
    [
      { activation: "relu", alpha: 1 },
      "Cannot use --alpha with --activation relu: it has no slope to choose",
    ],
    [
      { schedule: "constant", "schedule-epochs": 3 },
      "Cannot use --schedule-epochs with --schedule constant: it is for warm-up and step and cosine",
    ],
    [
      { "schedule-factor": 0.5 },
      "Cannot use --schedule-factor with --schedule constant: it is for step and cosine",
    ],
    [
      { schedule: "step", "schedule-factor": 0 },
      "Cannot use --schedule-factor 0 with --schedule step: expected a number above 0",
    ],
    [
      { parallel: "none", transport: "mpi" },
      "Cannot use --transport mpi with --parallel none: expected wasap, wassp or gossip",
    ],
    [
      { parallel: "wasap", transport: "mpi", workers: 3 },
      "Cannot use --workers with --transport mpi: each rank that is no server is a worker",
    ],
    [
      { parallel: "gossip", "phase-two": "local" },
      "Cannot use --phase-two local with --parallel gossip: its workers would never meet",
    ],
    [
      { parallel: "wasap", "local-steps": 3 },
      "Cannot use --local-steps with --phase-two local: it is for gossip",
    ],
    [
      { parallel: "gossip", "average-every": 3 },
      "Cannot use --average-every with --phase-two gossip: gossip averages on its own",
    ],
    [
      { parallel: "wasap", transport: "mpi", "lost-workers": 3 },
      "Cannot use --lost-workers with --transport mpi: a rank that is lost ends the job",
    ],
    [
      { parallel: "wassp", "max-steps": 3 },
      "Cannot use --max-steps with --parallel wassp: workers end with an epoch",
    ],
    [
      { parallel: "wassp", output: "m", "checkpoint-minutes": 3 },
      "Cannot use --checkpoint-minutes with --parallel wassp: workers are saved between epochs",
    ],
    [
      { density: [0.1, 0.2], hidden: [5, 5] },
      "Cannot use 2 values of --density: expected one, or one for each of 3 layers",
    ],
    [
      { "importance-pruning": true, epochs: 100 },
      "Cannot prune from epoch 200 on: the run has 100 epochs; give a smaller --pruning-start",
    ],
  ];
  for (const [given, message] of refused) {
    const error = assertThrows(() => {
      checkTogether(given);
      checkSettings("train", fillDefaults("train", given));
    }, UsageError);
    assertEquals(error.message, message);
  }
  for (const given of [{ "max-steps": 3, parallel: "none" }, { alpha: 1 }, { schedule: "step" }] as const) {
    checkTogether(given);
  }
});

Deno.test("fillDefaults() keeps the options of a checkpoint, and adds defaults it did not name", () => {
  const before = {
    epochs: 4,
    parallel: "wasap",
    transport: "workers",
    workers: 2,
    "phase-one-fraction": 0.5,
  } as const;
  const filled = fillDefaults("train", before);
  assertEquals(parallelOptions(filled), {
    algorithm: "wasap",
    workers: 2,
    phaseOneFraction: 0.5,
    initialRateFactor: 2,
    initialRateEpochs: 5,
    ...PHASE_TWO,
    staleness: "none",
    lostWorkers: 0,
  });
  assertEquals(withPreset(before), before);
});

/** A checkpoint after one epoch with these options. */
function checkpointOf(values: Values) {
  return { model: xorModel(), training: { epoch: 1, options: { values, history: newTally(1) } } };
}

/** The options of a run that goes on from such a checkpoint, defaults filled in, and what it has left out. */
function after(before: Values, given: Values) {
  const checkpoint = checkpointOf(fillDefaults("train", before));
  const { wanted, leftOut } = resumed(checkpoint, { resume: "model.safetensors", ...given });
  checkTogether(wanted);
  const filled = fillDefaults("train", wanted);
  checkSettings("train", filled);
  return { ...filled, leftOut };
}

Deno.test("resumed() lets go of what a checkpoint says of a choice that is made otherwise now", () => {
  const values = fillDefaults("train", { growth: "gradient-sampled", "max-steps": 80 });
  assertEquals(values["growth-candidates"], 1);
  const wanted = (given: Values) => {
    const { wanted } = resumed(checkpointOf(values), { resume: "model.safetensors", ...given });
    checkTogether(wanted);
    return wanted;
  };
  assertEquals(wanted({})["growth-candidates"], 1);
  assertEquals(wanted({ growth: "gradient-sampled" })["growth-candidates"], 1);
  assertEquals(wanted({ growth: "random" })["growth-candidates"], undefined);
  assertEquals(wanted({ parallel: "none" })["max-steps"], 80);
  assertEquals(wanted({ parallel: "wassp" })["max-steps"], undefined);
  const leftOut = (given: Values) =>
    resumed(checkpointOf(values), { resume: "model.safetensors", ...given }).leftOut;
  assertEquals([leftOut({}), leftOut({ parallel: "none" })], [[], []]);
  assertEquals(leftOut({ parallel: "wassp" }), ["max-steps"]);
  assertEquals(leftOut({ growth: "random" }), ["growth-candidates", "growth-sampling"]);
  const both = { growth: "random", "growth-candidates": 2 } as const;
  assertThrows(() => wanted(both), UsageError, "Cannot use --growth-candidates with --growth random");
});

Deno.test("resumed() lets go of what belongs to a schedule that is another now, or to what is switched off", () => {
  const cosine = { schedule: "cosine", "schedule-epochs": 2, "schedule-factor": 0.5 } as const;
  assertEquals(trainOptions(after(cosine, {})).schedule, { kind: "cosine", floor: 0.5, warmUp: 2 });
  assertEquals(trainOptions(after(cosine, { schedule: "step", epochs: 30 })).schedule, {
    kind: "step",
    every: 10,
    factor: 0.1,
  });
  const pruned = after({ "importance-pruning": true, "pruning-start": 2 }, { "importance-pruning": false });
  assertEquals([pruned["importance-pruning"], pruned["pruning-start"]], [false, undefined]);
  const still = after({ augment: true, "augment-rotation": 5 }, { augment: false });
  assertEquals([trainOptions(still).augmentation, still["augment-rotation"]], [undefined, undefined]);
  const whole = after({ "validation-fraction": 0.1, patience: 3 }, { "validation-fraction": 0 });
  assertEquals([whole.patience, whole.keep], [undefined, undefined]);
  assertThrows(
    () => after({}, { "feature-scale": "each" }),
    UsageError,
    "Cannot use --feature-scale with --resume",
  );
});

Deno.test("resumed() lets go of what follows another algorithm of many workers, and of what that was for", () => {
  const delays = { parallel: "wasap", staleness: "delay-compensated", "average-every": 2 } as const;
  const rounds = after(delays, { parallel: "wassp" });
  assertEquals(rounds.leftOut, ["staleness", "delay-compensation"]);
  assertEquals([rounds["phase-two"], rounds["average-every"]], ["local", 2]);
  const gossip = after(delays, { parallel: "gossip" });
  assertEquals([gossip["phase-two"], gossip["local-steps"], gossip["average-every"]], [
    "gossip",
    16,
    undefined,
  ]);
  assert(gossip.leftOut.includes("average-every"));
  const back = after({ parallel: "gossip", "local-steps": 4 }, { parallel: "wasap" });
  assertEquals([back["phase-two"], back["local-steps"]], ["local", undefined]);
  assertEquals(back.leftOut, ["phase-two", "local-steps", "peer-average"]);
  // Who has asked for gossip in phase 2 keeps it.
  const asked = after({ parallel: "wasap", "phase-two": "gossip", "local-steps": 4 }, { parallel: "wassp" });
  assertEquals([asked["phase-two"], asked["local-steps"]], ["gossip", 4]);
});

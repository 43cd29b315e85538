import { assert, assertEquals, assertThrows } from "@std/assert";
import { AUGMENTATION } from "../src/data/augment.ts";
import { FRACTION, type HyperparameterTable, resolveOptions } from "../src/hyperparameter.ts";
import { type MpiOptions, trainOverMpi } from "../src/parallel/mpi/train.ts";
import { ADAM_HYPERPARAMETERS } from "../src/optimizer/adam.ts";
import { SGD_HYPERPARAMETERS } from "../src/optimizer/sgd.ts";
import { UPDATE_HYPERPARAMETERS } from "../src/optimizer/update_options.ts";
import { DENSITY_DECAY_HYPERPARAMETERS } from "../src/topology/density_decay.ts";
import { GRADIENT_SAMPLED_HYPERPARAMETERS } from "../src/topology/rules/gradient_sampled.ts";
import { SOFT_HYPERPARAMETERS } from "../src/topology/rules/soft.ts";
import { RULE_HYPERPARAMETERS } from "../src/topology/rules/rules.ts";
import { ZETA_HYPERPARAMETERS } from "../src/topology/zeta.ts";
import {
  PARALLEL_HYPERPARAMETERS,
  type ParallelOptions,
  resolveParallelHyperparameters,
} from "../src/parallel/options.ts";
import { trainParallel } from "../src/parallel/wasap.ts";
import { HYPERPARAMETERS, IMPORTANCE_PRUNING, resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { SELECTION_HYPERPARAMETERS } from "../src/train/selection.ts";
import type { TrainOptions } from "../src/train/options.ts";
import { train } from "../src/train/trainer.ts";
import { xorData, xorModel } from "./trainer/data.ts";

const data = xorData(60);
const BASE = { epochs: 1, batchSize: 10 };

/** Options that no type would allow. */
type Wrong = Readonly<Record<string, unknown>>;

const startTraining = (options: Wrong) => train(xorModel(), data, { ...BASE, ...options } as TrainOptions);
const startParallel = (options: Wrong) =>
  trainParallel(xorModel(), data, { ...BASE, workers: 2, ...options } as ParallelOptions);

const UNKNOWN: readonly (readonly [options: Wrong, message: string])[] = [
  [{ lr: 0.1 }, 'Cannot train: there is no option "lr", did you mean "learningRate"?'],
  [{ learning_rate: 0.1 }, 'there is no option "learning_rate", did you mean "learningRate"?'],
  [{ epoch: 5 }, 'there is no option "epoch", did you mean "epochs"?'],
  [{ onprogress() {} }, 'there is no option "onprogress", did you mean "onProgress"?'],
  [{ quux: undefined }, 'there is no option "quux"; there are epochs, maxSteps, batchSize'],
  [
    { importancePruning: { strat: 1 } },
    'there is no option "importancePruning.strat", did you mean "importancePruning.start"?',
  ],
  [
    { schedule: { kind: "step", every: 1, faktor: 0.5 } },
    'there is no option "schedule.faktor", did you mean "schedule.factor"?',
  ],
  [
    { augmentation: { rotation: 1, shiftFraction: 0, flip: false } },
    'there is no option "augmentation.rotation", did you mean "augmentation.rotationDegrees"?',
  ],
];

const WRONG_TYPE: readonly (readonly [options: Wrong, message: string])[] = [
  [{ epochs: "3" }, "epochs is 3 (a string), expected a whole number of at least 1"],
  [{ epochs: () => 3 }, "epochs is a function, expected a whole number of at least 1"],
  [{ epochs: null }, "epochs is null, expected a whole number of at least 1"],
  [{ nesterov: 1 }, "nesterov is 1, expected true or false"],
  [{ weightDecayForm: 1 }, "weightDecayForm is 1, expected outside, coupled or decoupled"],
  [{ importancePruning: 3 }, "importancePruning is 3, expected an object"],
  [{ importancePruning: { start: () => 1 } }, "importancePruning.start is a function"],
  [{ schedule: "cosine" }, "schedule is cosine (a string), expected an object with a kind"],
  [{ augmentation: [] }, "augmentation is an array, expected an object"],
  [{ onProgress: 5 }, "onProgress is 5, expected a function"],
  [{ onPhase: {} }, "onPhase is an object, expected a function"],
  [{ signal: {} }, "signal is an object, expected an AbortSignal"],
];

for (const [name, start] of [["train", startTraining], ["trainParallel", startParallel]] as const) {
  Deno.test(`${name}() refuses unknown options with the nearest name, at the call`, () => {
    for (const [options, message] of UNKNOWN) assertThrows(() => start(options), TypeError, message);
  });

  Deno.test(`${name}() refuses options of another type, at the call`, () => {
    for (const [options, message] of WRONG_TYPE) assertThrows(() => start(options), TypeError, message);
  });
}

Deno.test("train() refuses options that are no object", () => {
  for (const options of [5, null, "epochs", [3]]) {
    assertThrows(() => train(xorModel(), data, options as TrainOptions), TypeError, "options");
  }
});

Deno.test("train() takes options that are inherited, or come from getters of a class", async () => {
  class Settings {
    get epochs(): number {
      return 2;
    }
    get batchSize(): number {
      return 10;
    }
  }
  for (const options of [new Settings(), Object.create({ epochs: 2, batchSize: 10 })]) {
    const epochs: number[] = [];
    for await (const { epoch } of train(xorModel(), data, options)) epochs.push(epoch);
    assertEquals(epochs, [1, 2]);
  }
});

Deno.test("trainParallel() refuses unknown options with the nearest of both tables, and a function never gets to a Worker", () => {
  const refuse = (options: Wrong, message: string) =>
    assertThrows(() => startParallel(options), TypeError, message);
  refuse({ worker: 2 }, 'there is no option "worker", did you mean "workers"?');
  refuse({ phaseOneFracton: 0.5 }, 'did you mean "phaseOneFraction"?');
  refuse({ onEpoch: () => {} }, 'there is no option "onEpoch"');
  refuse({ workers: () => 2 }, "Cannot train in parallel: workers is a function");
  refuse({ algorithm: 1 }, "Cannot train in parallel: algorithm is 1, expected wasap, wassp or gossip");
  refuse({ workerModels: [] }, "workerModels is an array, expected WorkerModels");
});

Deno.test("trainOverMpi() refuses unknown options before there is a job, and a number of workers", async () => {
  for (const [options, name] of [[{ workers: 2 }, "workers"], [{ lr: 0.1 }, "lr"]] as const) {
    let message = "";
    try {
      await trainOverMpi(xorModel(), data, options as unknown as MpiOptions).next();
    } catch (cause) {
      assert(cause instanceof TypeError);
      message = cause.message;
    }
    assertEquals(message.startsWith(`Cannot train: there is no option "${name}"`), true, message);
  }
});

Deno.test("resolveHyperparameters() gives frozen plain data that structuredClone() copies", () => {
  const importancePruning = { start: 3 };
  const given = {
    importancePruning,
    schedule: { kind: "step", every: 2, factor: 0.5 },
    augmentation: { rotationDegrees: 1, shiftFraction: 0, flip: true },
    patience: 3,
    validationFraction: 0.1,
    onProgress: () => {},
    signal: AbortSignal.timeout(0),
  } as const;
  const resolved = resolveHyperparameters(given, 7);
  assertEquals(structuredClone(resolved), { ...resolved });
  assertEquals(resolved.importancePruning, { start: 3, every: 10, percentile: 20 });
  assertEquals([resolved.seed, resolved.momentum, resolved.maxSteps], [7, 0.9, Infinity]);
  assertEquals(Object.keys(resolved).filter((name) => !(name in HYPERPARAMETERS)), []);
  assert(resolved.importancePruning !== undefined && resolved.augmentation !== undefined);
  const { schedule, augmentation } = resolved;
  assert([resolved, resolved.importancePruning, schedule, augmentation].every(Object.isFrozen));
  assertEquals(importancePruning, { start: 3 });
  // What was resolved can be given again.
  assertEquals(resolveHyperparameters(resolved, 1), resolved);
  const parallel = resolveParallelHyperparameters({ workers: 2 });
  assertEquals(structuredClone(parallel), { ...parallel });
  assert(Object.isFrozen(parallel));
});

Deno.test("resolveOptions() lets a default depend on other values, wherever they stand in the table", () => {
  const table = {
    rate: {
      kind: "number",
      above: 0,
      default: ({ optimizer }: Wrong) => optimizer === "adam" ? 0.001 : 0.01,
      doc: "Length of a step.",
    },
    optimizer: { kind: "choice", choices: ["sgd", "adam"], default: "sgd", doc: "What takes the step." },
  } as const satisfies HyperparameterTable;
  const task = "train";
  assertEquals(resolveOptions(table, {}, { task }), { optimizer: "sgd", rate: 0.01 });
  assertEquals(resolveOptions(table, { optimizer: "adam" }, { task }), { optimizer: "adam", rate: 0.001 });
  assertEquals(resolveOptions(table, { optimizer: "adam", rate: 1 }, { task }).rate, 1);
  const defaults = { optimizer: "adam" };
  assertEquals(resolveOptions(table, {}, { task, defaults }).rate, 0.001);
});

Deno.test("resolveOptions() names range and value of what it refuses", () => {
  const read = (row: HyperparameterTable[string], value: unknown) => () =>
    resolveOptions({ x: row }, { x: value }, { task: "train" });
  const cases: [HyperparameterTable[string], unknown, string][] = [
    [{ kind: "whole", least: 1, doc: "" }, 1.5, "x is 1.5, expected a whole number of at least 1"],
    [{ kind: "whole", least: 1, most: 4, doc: "" }, 5, "x is 5, expected a whole number from 1 to 4"],
    [{ kind: "number", ...FRACTION, doc: "" }, 1, "x is 1, expected a value from 0 up to (not including) 1"],
    [{ kind: "number", above: 0, doc: "" }, Infinity, "x is Infinity, expected a finite number above 0"],
    [{ kind: "number", above: 0, infinite: true, doc: "" }, 0, "x is 0, expected a number above 0"],
    [{ kind: "choice", choices: ["a", "b", "c"], doc: "" }, "d", "x is d, expected a, b or c"],
  ];
  for (const [row, value, message] of cases) assertThrows(read(row, value), RangeError, message);
  assertEquals(read({ kind: "number", above: 0, infinite: true, doc: "" }, Infinity)(), { x: Infinity });
});

Deno.test("defaults of the tables are those that the doc comments of their interfaces tell", async () => {
  const text = (await Promise.all(
    [
      "optimizer/sgd.ts",
      "optimizer/adam.ts",
      "optimizer/update_options.ts",
      "topology/density_decay.ts",
      "topology/zeta.ts",
      "topology/rules/rules.ts",
      "topology/rules/gradient_sampled.ts",
      "topology/rules/soft.ts",
      "train/hyperparameters.ts",
      "train/selection.ts",
      "parallel/options.ts",
    ].map((path) => Deno.readTextFile(new URL(`../src/${path}`, import.meta.url))),
  )).join("\n");
  const tables: Record<string, HyperparameterTable> = {
    ImportancePruning: IMPORTANCE_PRUNING,
    SgdOptions: SGD_HYPERPARAMETERS,
    AdamOptions: ADAM_HYPERPARAMETERS,
    UpdateOptions: UPDATE_HYPERPARAMETERS,
    RuleOptions: RULE_HYPERPARAMETERS,
    ZetaOptions: ZETA_HYPERPARAMETERS,
    DensityDecayOptions: DENSITY_DECAY_HYPERPARAMETERS,
    GradientSampledOptions: GRADIENT_SAMPLED_HYPERPARAMETERS,
    SoftRemovalOptions: SOFT_HYPERPARAMETERS,
    SelectionOptions: SELECTION_HYPERPARAMETERS,
    HyperparameterOptions: HYPERPARAMETERS,
    ParallelHyperparameterOptions: PARALLEL_HYPERPARAMETERS,
  };
  let seen = 0;
  for (const [name, table] of Object.entries(tables)) {
    const [, body] = new RegExp(`interface ${name}\\s(?:\\s*extends [\\w,\\s]+\\s)?\\{\n([\\s\\S]*?)\n\\}\n`)
      .exec(
        text,
      )!;
    for (const [, doc, key] of body.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\s+readonly (\w+)\?:/g)) {
      const told = /@default \{(.*)\}/.exec(doc)?.[1];
      const { default: value } = table[key];
      // A default without braces is in words: it depends on the machine, the model or a choice, or is no limit.
      if (typeof value === "function") {
        const words = /@default (.*)/.exec(doc)![1];
        const pairs = [...words.matchAll(/([\w.]+) for (\w+)/g)];
        assert(pairs.length > 0, `${key}: ${words}`);
        for (const [, text, choice] of pairs) {
          assertEquals(text, String(value({ [table[key].follows!]: choice })), `${key}: ${words}`);
        }
      } else if (told === undefined) {
        assert(value === undefined || value === Infinity || key === "timeLimitSeconds", key);
      } else {
        const found = new Function(`return JSON.stringify(${told}) ?? String(${told})`)();
        assertEquals(String(found), JSON.stringify(value) ?? String(value), key);
      }
      seen++;
    }
  }
  assertEquals(
    seen,
    Object.keys({ ...HYPERPARAMETERS, ...PARALLEL_HYPERPARAMETERS, ...IMPORTANCE_PRUNING }).length,
  );
});

Deno.test("rows of the tables have defaults that they allow, and a sentence that says what they are", () => {
  const tables = [HYPERPARAMETERS, PARALLEL_HYPERPARAMETERS, IMPORTANCE_PRUNING, AUGMENTATION];
  for (const table of tables as readonly HyperparameterTable[]) {
    const rows = Object.entries(table).filter(([, row]) => row.required === undefined);
    resolveOptions(Object.fromEntries(rows), {}, { task: "train" });
    for (const [name, row] of Object.entries(table)) assert(/^.+\.$/.test(row.doc), name);
  }
});

Deno.test("train() refuses what another optimiser has, fills in what suits the one chosen, and can be told it again", () => {
  assertThrows(
    () => startTraining({ optimizer: "adam", momentum: 0.9 }),
    TypeError,
    "Cannot train: momentum is for optimizer sgd, the one asked for is adam",
  );
  assertThrows(() => startTraining({ beta1: 0.9 }), TypeError, "beta1 is for optimizer adam");
  const adam = resolveHyperparameters({ optimizer: "adam" }, 1);
  const { learningRate, weightDecay, weightDecayForm, beta2 } = adam;
  assertEquals([learningRate, weightDecay, weightDecayForm, beta2], [0.001, 0.01, "decoupled", 0.999]);
  assert(!("momentum" in adam) && "momentum" in resolveHyperparameters({}, 1));
  assertEquals(resolveHyperparameters(adam, 2), adam);
});

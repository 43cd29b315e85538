import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { estimate, spoken } from "../bench/reproduce/estimate.ts";
import { list } from "../bench/reproduce/list.ts";
import { readSettings } from "../bench/reproduce/main.ts";
import { DENSE_PARAMETERS, PERCENTILES, TABLE_3, TABLE_5, TABLE_6 } from "../bench/reproduce/paper.ts";
import { NAMES, plan, type PlanOptions, type Training } from "../bench/reproduce/plan.ts";
import { parseRecord, readRecords, satisfies, writeRecord } from "../bench/reproduce/record.ts";
import { runTraining, StoppedRow } from "../bench/reproduce/run_training.ts";
import { parseCommandLine } from "../src/cli/parse.ts";
import { fillDefaults, paperSettings } from "../src/cli/settings.ts";
import { datasets } from "../mod.ts";
import { record } from "./reproduce/made_up.ts";
import { inFolder } from "./temporary.ts";

const ROOT = new URL("../", import.meta.url);
const FULL: PlanOptions = { seeds: 1, quick: false, workers: 5 };

function trainings(name: typeof NAMES[number], options: Partial<PlanOptions> = {}): Training[] {
  return plan([name], { ...FULL, ...options }).filter((row): row is Training => row.kind === "training");
}

/** The options in force of a row, those of its data set included. */
function inForce(row: Training) {
  const { values, words } = parseCommandLine("train", [...row.options]);
  assertEquals(words, []);
  return fillDefaults("train", values, paperSettings(datasets.describe(row.dataset)));
}

Deno.test("every record that is kept can be read, and is of moderate size", async () => {
  const folder = new URL("bench/results/reproduce/", ROOT);
  const { records, problems } = await readRecords(folder);
  assertEquals(problems, []);
  assert(records.size >= 30);
  for (const row of records.keys()) {
    assert((await Deno.stat(new URL(`${row}.json`, folder))).size < 30_000, row);
  }
});

Deno.test("plan() gives Table 2 the paper's settings: activation, pruning, density, epochs", () => {
  const rows = trainings("table2", { datasets: ["madelon"] });
  const found = rows.map((row) => {
    const { activation, alpha, "importance-pruning": pruning = false, density, zeta, epochs } = inForce(row);
    return [row.variant, activation, alpha, pruning, density, zeta, epochs];
  });
  assertEquals(found, [
    ["relu", "relu", undefined, false, undefined, 0.3, 500],
    ["relu-pruning", "relu", undefined, true, undefined, 0.3, 500],
    ["all-relu", "all-relu", 0.5, false, undefined, 0.3, 500],
    ["all-relu-pruning", "all-relu", 0.5, true, undefined, 0.3, 500],
    ["dense-relu", "relu", undefined, false, [1], 0, 500],
    ["dense", "all-relu", 0.5, false, [1], 0, 500],
  ]);
  assertEquals(rows.map(({ key }) => key)[1], "madelon-relu-pruning-seed1");
  const [{ hidden, epsilon }] = rows.map(inForce);
  assertEquals([hidden, epsilon], [[400, 100, 400], 10]);
  const leukemia = trainings("table2", { datasets: ["leukemia"] });
  assertEquals(leukemia.map(({ variant }) => variant).includes("dense"), false, "2.3 billion weights");
  const [first] = leukemia.map(inForce);
  assertEquals([first.hidden, first["batch-size"], first["learning-rate"]], [[27_500, 27_500], 5, 0.005]);
});

Deno.test("plan() gives Table 3 its workers, with pruning and without, and one process beside them", () => {
  const rows = trainings("table3", { datasets: ["fashion-mnist"] });
  assertEquals(
    rows.map((row) => {
      const { parallel, workers, "importance-pruning": pruning = false } = inForce(row);
      return [parallel, workers, pruning];
    }),
    [
      ["none", undefined, false],
      ["none", undefined, true],
      ["wasap", 5, false],
      ["wasap", 5, true],
      ["wassp", 5, false],
      ["wassp", 5, true],
    ],
  );
  assertEquals(rows[2].key, "fashion-mnist-wasap5-seed1");
  assertEquals(Object.keys(TABLE_3["fashion-mnist"]).length, rows.length);
});

Deno.test("plan() gives every slope, percentile and gradient, and augments CIFAR-10 alone", () => {
  const slopes = trainings("table5").map((row) => inForce(row).alpha);
  assertEquals(slopes, TABLE_5.map(([alpha]) => alpha));
  assertEquals(trainings("figure19").map(({ key }) => key), trainings("table5").map(({ key }) => key));
  for (const row of trainings("table6")) assertEquals(row.percentiles, PERCENTILES);
  assertEquals(TABLE_6.madelon.pruned.length, PERCENTILES.length);
  for (const row of trainings("figure5")) assertEquals(inForce(row)["gradient-flow"], true);
  for (const row of trainings("figure6")) {
    assertEquals(inForce(row).augment ?? false, row.dataset === "cifar10", row.key);
  }
  assertEquals(plan(["table4"], FULL).map(({ key }) => key), [
    "extreme-1m",
    "extreme-5m",
    "extreme-10m",
    "extreme-20m",
    "extreme-50m",
  ]);
});

Deno.test("plan() has a row once however many tables need it, each seed, and a tenth of the epochs apart", () => {
  const rows = plan(NAMES, { ...FULL, seeds: 3 });
  assertEquals(new Set(rows.map(({ key }) => key)).size, rows.length);
  assertEquals(trainings("table6", { seeds: 3, datasets: ["madelon"] }).map(({ seed }) => seed), [1, 2, 3]);
  for (const row of trainings("figure6", { quick: true })) {
    assertEquals(row.epochs, 50);
    assert(row.key.endsWith("-seed1-quick"));
    inForce(row);
  }
});

Deno.test("parseRecord() takes foreign keys, and refuses what is cut short or of another kind", () => {
  const text = JSON.stringify({ ...record("madelon-relu-seed1"), colour: "red" });
  assertEquals(parseRecord(text, "a.json").testAccuracy, [0.5, 0.75, 0.625]);
  const refused = (bad: string, message: string) =>
    assertThrows(() => parseRecord(bad, "a.json"), SyntaxError, `Cannot read "a.json": ${message}`);
  refused(text.slice(0, 100), "it is cut short, or not JSON");
  refused("3", "it is not a record of a row");
  refused("{}", "row, command");
  refused("null", "it is not a record of a row");
  const changed = (given: Record<string, unknown>) => JSON.stringify({ ...JSON.parse(text), ...given });
  refused(changed({ seconds: "60" }), "seconds is missing or of another kind");
  refused(changed({ testAccuracy: [0.5, null] }), "testAccuracy is missing or of another kind");
  refused(changed({ pruned: [{ accuracy: 1 }] }), "pruned is missing or of another kind");
  refused(changed({ trainLoss: [1] }), "trainLoss has 1 epochs, testAccuracy 3");
  refused(changed({ processor: "one\n| two |" }), "processor is missing or of another kind");
  const range = "expected a number from 0 to 1";
  refused(changed({ testAccuracy: [0.5, 1e308, 0.5] }), `testAccuracy of epoch 2 is 1e+308, ${range}`);
  refused(changed({ trainAccuracy: [0, 1, -0.1] }), `trainAccuracy of epoch 3 is -0.1, ${range}`);
  refused(changed({ pruned: [{ accuracy: 66.1, parameters: 9 }] }), `pruned.accuracy is 66.1, ${range}`);
  refused(text.replace('"seconds":60', '"seconds":1e999'), "seconds is Infinity, expected a number from 0");
  refused(changed({ parametersEnd: 0 }), "parametersEnd is 0, expected a whole number from 1");
  refused(changed({ peakMemoryBytes: "9 MB" }), "peakMemoryBytes is missing or of another kind");
});

Deno.test("readRecords() tells of each file it cannot use, and reads what writeRecord() wrote", async () => {
  await inFolder(async (path) => {
    const folder = new URL(`file://${path}/`);
    await writeRecord(record("madelon-relu-seed1", { seconds: 1 / 3 }), folder);
    await Deno.writeTextFile(`${path}/madelon-dense-seed1.json`, '{"row":"madelon-de');
    await Deno.writeTextFile(`${path}/other.json`, JSON.stringify(record("madelon-relu-seed2")));
    const { records, problems } = await readRecords(folder);
    assertEquals([...records.keys()], ["madelon-relu-seed1"]);
    assertEquals(records.get("madelon-relu-seed1")!.seconds, 0.33333);
    assertEquals(problems, [
      'Cannot read "madelon-dense-seed1.json": it is cut short, or not JSON',
      'Cannot read "other.json": it is of the row "madelon-relu-seed2"',
    ]);
    const none = await readRecords(new URL(`file://${path}/none/`));
    assertEquals([none.records.size, none.problems], [0, []]);
  });
});

Deno.test("satisfies() asks for all epochs, and for the pruned model where a table needs it", () => {
  const [row] = trainings("table6", { datasets: ["madelon"] });
  const series = Array<number>(500).fill(0.5);
  const whole = record(row.key, { testAccuracy: series, connections: series });
  assertEquals(satisfies(undefined, row), false);
  assertEquals(satisfies(whole, row), false, "the pruned model is missing");
  assertEquals(satisfies({ ...whole, pruned: [{ accuracy: 0.5, parameters: 9 }] }, row), true);
  assertEquals(satisfies(record(row.key, { pruned: [] }), row), false, "3 of 500 epochs");
});

Deno.test("estimate() goes by the same variant where it was run, else by size", () => {
  const [row] = trainings("table2", { datasets: ["madelon"], seeds: 2 });
  const known = new Map([["madelon-relu-seed2", record("madelon-relu-seed2")]]);
  assertEquals(estimate(row, known), { seconds: 500 * 20, measured: true });
  const guess = estimate(row, new Map());
  assertEquals(guess, { seconds: 500 * 2000 * (DENSE_PARAMETERS.madelon / 20) * 1e-10, measured: false });
  assertEquals([0.2, 89, 91, 6000].map(spoken), ["1 s", "89 s", "2 min", "1.7 h"]);
});

Deno.test("list() tells what is there, what is left, and how to get what is not here", async () => {
  await inFolder(async (dataDir) => {
    const names = ["figure6", "table4"] as const;
    const settings = { ...FULL, names, datasets: undefined, dataDir };
    const found = { records: new Map([["madelon-relu-seed1", record("madelon-relu-seed1")]]), problems: [] };
    const text = await list(settings, found, new Map());
    assertStringIncludes(text, "figure6   Madelon        0 of 4 runs, perhaps");
    assertStringIncludes(text, "table4    made-up data   0 of 5 networks timed");
    assertStringIncludes(text, `Leukemia: its files are not in "${dataDir}/leukemia", "${dataDir}"`);
    const few = await list({ ...settings, datasets: ["madelon"] }, found, new Map());
    assertEquals(few.split("\n").length, 1, few);
  });
});

Deno.test("readSettings() knows the nearest name, and refuses numbers that are none", () => {
  assertEquals(readSettings(["table2", "--seeds", "3", "--quick"]).seeds, 3);
  assertEquals(readSettings(["--list"]).names, NAMES);
  assertEquals(readSettings(["all"]).names, NAMES);
  assertThrows(() => readSettings(["tabel2"]), RangeError, 'did you mean "table2"?');
  assertThrows(() => readSettings(["nonsense"]), RangeError, 'reproduce "nonsense": there are table2');
  assertThrows(() => readSettings(["table2", "--dataset", "madlon"]), RangeError, 'did you mean "madelon"?');
  assertThrows(() => readSettings(["table2", "--seeds", "0"]), RangeError, "a whole number from 1");
  assertThrows(() => readSettings([]), RangeError, "give one of table2");
  const refused = (args: string[], message: string) =>
    assertThrows(() => readSettings(["table2", ...args]), RangeError, `Cannot use ${message}`);
  refused(["--sedes", "1"], "--sedes: there is no such option; did you mean --seeds?");
  refused(["-x"], "-x: there is no such option; see --help");
  refused(["--quick=yes"], "--quick=yes: it takes no value");
  refused(["--note", "--quick"], "--note without a value");
  refused(["--seeds", "1", "--seeds", "2"], "--seeds twice");
});

Deno.test("deno task reproduce answers a misspelt option in one line, and ends with 2", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", "bench/reproduce/main.ts", "table2", "--quik"],
    cwd: fileURLToPath(ROOT),
  }).output();
  assertEquals([code, ...[stdout, stderr].map((bytes) => new TextDecoder().decode(bytes))], [
    2,
    "",
    "error: Cannot use --quik: there is no such option; did you mean --quick?\n",
  ]);
});

Deno.test("runTraining() goes on where it was stopped, with the same numbers, and leaves nothing behind", async () => {
  await inFolder(async (path) => {
    const row: Training = {
      kind: "training",
      key: "madelon-small-seed1",
      dataset: "madelon",
      variant: "small",
      seed: 1,
      epochs: 120,
      options: ["--dataset", "madelon-like", "--hidden", "20", "--epochs", "120", "--seed", "1"],
      percentiles: [20],
    };
    const run = (folder: string, stop: AbortController) =>
      runTraining(row, {
        unfinished: new URL(`file://${path}/${folder}/`),
        dataDir: undefined,
        note: undefined,
        commit: "abc",
        processor: "none",
        onEpoch: () => stop.abort("SIGTERM"),
        signal: stop.signal,
      });
    const whole = await run("whole", { abort: () => {}, signal: new AbortController().signal });
    try {
      await run("parts", new AbortController());
    } catch (error) {
      if (!(error instanceof StoppedRow)) throw error;
    }
    const parts = await run("parts", { abort: () => {}, signal: new AbortController().signal });
    const same = ["testAccuracy", "trainLoss", "connections", "pruned", "parametersEnd"] as const;
    for (const key of same) assertEquals(parts[key], whole[key], key);
    assertEquals([whole.testAccuracy.length, whole.pruned?.length], [120, 2]);
    assertEquals([...Deno.readDirSync(`${path}/parts`)], []);
  });
});

Deno.test("runTraining() hands on the command line's own words where a run cannot begin", async () => {
  await inFolder(async (path) => {
    const [row] = trainings("table2", { datasets: ["leukemia"], quick: true });
    await assertRejects(
      () =>
        runTraining(row, {
          unfinished: new URL(`file://${path}/`),
          dataDir: `${path}/nowhere`,
          note: undefined,
          commit: "abc",
          processor: "none",
          onEpoch: () => {},
          signal: new AbortController().signal,
        }),
      Error,
      "there is no such folder",
    );
  });
});

/**
 * Times whole training steps of ours and of its peers in turn, prints a table, writes a dated result.
 *
 * Run by `deno task bench:peers`; see README.md beside this file.
 *
 * @module
 */
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeProcessor, LEVEL_NAMES, type Processor, processor, simdEnvironment } from "../processor.ts";
import { describeRun } from "../run_description.ts";
import known from "./known.json" with { type: "json" };
import { checkAgreement, type Measurement, parseMeasurement, type Row, summarise } from "./measurement.ts";
import { formatTable, markdown, OURS } from "./table.ts";
import { runBench } from "../command.ts";
import { ensureVenv } from "./venv.ts";

const HELP = `Usage: deno task bench:peers [options]
  --network A-B-…,…   networks to measure, sizes of their layers (784-1000-1000-1000-10)
  --epsilon X         Erdős–Rényi density ε (20)
  --batch N           samples a step (128)
  --dropout X         fraction dropped in hidden layers (0)
  --threads N,…       numbers of threads (1,2)
  --rounds N          rounds in which all systems take turns (3)
  --samples N         samples a system and round (5)
  --sample-ms X       length of a sample in milliseconds (200)
  --seed N            seed of the network and the batch (1)
  --simd LEVEL,…      instruction sets to measure on: best, avx2, portable (best)
  --only NAME,…       systems to measure (all)
  --no-save           do not write bench/results/peers-<date>.json`;

/** No program here may take longer; with the default options each takes seconds. */
const LIMIT_MS = 600_000;

/** The instruction set that the processor has. */
const BEST = "best";

/** Load average over which threads that wait for each other by spinning lose most of their time. */
const BUSY_LOAD = 0.5;

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const RESULTS = fileURLToPath(new URL("../results", import.meta.url));
const OUR_PROGRAM = `${FOLDER}truly_sparse.ts`;
const PYTHON_PROGRAMS: Readonly<Record<string, string>> = {
  "torch-unmasked": "torch_unmasked.py",
  "torch-dense": "torch_dense.py",
  "torch-csr": "torch_csr.py",
  "sparselab": "sparselab_peer.py",
  "sparseprop": "sparseprop_peer.py",
};

interface Settings {
  readonly networks: readonly string[];
  readonly threads: readonly number[];
  readonly rounds: number;
  readonly systems: readonly string[];
  /** Instruction sets: "best" is what the processor has. */
  readonly levels: readonly string[];
  readonly save: boolean;
  /** Options that go to each program as they are. */
  readonly shared: Readonly<Record<string, string>>;
}

function readSettings(args: string[]): Settings | undefined {
  const systems = [OURS, ...Object.keys(PYTHON_PROGRAMS)];
  const { values } = parseArgs({
    args,
    options: {
      network: { type: "string", default: "784-1000-1000-1000-10" },
      epsilon: { type: "string", default: "20" },
      batch: { type: "string", default: "128" },
      dropout: { type: "string", default: "0" },
      threads: { type: "string", default: "1,2" },
      rounds: { type: "string", default: "3" },
      samples: { type: "string", default: "5" },
      "sample-ms": { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      simd: { type: "string", default: BEST },
      only: { type: "string", default: systems.join(",") },
      "no-save": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const { network, threads, rounds, simd, only, help: _, "no-save": noSave, ...shared } = values;
  const chosen = only.split(",");
  const unknown = chosen.find((system) => !systems.includes(system));
  if (unknown !== undefined) {
    throw new RangeError(`Cannot measure "${unknown}": the systems are ${systems.join(", ")}`);
  }
  const counts = [...threads.split(","), rounds].map(Number);
  if (!counts.every((count) => Number.isInteger(count) && count > 0)) {
    throw new RangeError(
      `Cannot run ${rounds} rounds with ${threads} threads: expected whole numbers from 1`,
    );
  }
  const levels = simd.split(",");
  for (const level of levels) environmentOf(level);
  return {
    networks: network.split(","),
    levels,
    threads: counts.slice(0, -1),
    rounds: counts[counts.length - 1],
    systems: systems.filter((system) => chosen.includes(system)),
    save: !noSave,
    shared,
  };
}

function environmentOf(level: string): Record<string, string> {
  return simdEnvironment(level === BEST ? undefined : level);
}

/** Runs one program once and returns what it measured, or why it could not. */
async function measure(
  system: string,
  python: string,
  level: string,
  given: Readonly<Record<string, string>>,
): Promise<Measurement | string> {
  // Without masks every connection exists.
  const options = system === "torch-unmasked" ? { ...given, epsilon: "1e9" } : given;
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  if (system === OURS) {
    if (!await exists(OUR_PROGRAM)) return `skipped: ${OUR_PROGRAM} does not exist`;
    args.unshift("run", "--allow-ffi", "--allow-read", "--allow-env", OUR_PROGRAM);
  } else {
    args.unshift("-W", "ignore::UserWarning", FOLDER + PYTHON_PROGRAMS[system]);
  }
  const { threads } = options;
  const output = await new Deno.Command(system === OURS ? Deno.execPath() : python, {
    args,
    env: {
      ...environmentOf(level),
      OMP_NUM_THREADS: threads,
      MKL_NUM_THREADS: threads,
      OPENBLAS_NUM_THREADS: threads,
      PYTHONDONTWRITEBYTECODE: "1",
    },
    signal: AbortSignal.timeout(LIMIT_MS),
  }).output();
  if (output.success) {
    const found = parseMeasurement(new TextDecoder().decode(output.stdout));
    if (found.system === system && found.threads === Number(threads)) return found;
    throw new Error(
      `Cannot use a measurement: it is of "${found.system}" with ${found.threads} thread(s), ` +
        `expected "${system}" with ${threads}`,
    );
  }
  const errors = new TextDecoder().decode(output.stderr).trim();
  return `skipped: ${errors.split("\n").at(-1) || `it ended with ${output.signal ?? output.code}`}`;
}

/** All rounds of all systems on one network, on all instruction sets in turn: the rows of each set. */
async function measureNetwork(
  network: string,
  settings: Settings,
  python: string,
): Promise<Record<string, Row[]>> {
  const done: Record<string, Measurement[]> = Object.fromEntries(settings.levels.map((level) => [level, []]));
  const skipped = new Map<string, string>();
  for (let round = 1; round <= settings.rounds; round++) {
    for (const threads of settings.threads) {
      for (const system of settings.systems) {
        for (const level of settings.levels) {
          if (skipped.has(system)) continue;
          console.error(
            `${network}, round ${round} of ${settings.rounds}, ${threads} thread(s), ${level}: ${system}`,
          );
          const options = { ...settings.shared, network, threads: String(threads) };
          const result = await measure(system, python, level, options);
          if (typeof result === "string") skipped.set(system, result);
          else done[level].push(result);
        }
      }
    }
  }
  checkAgreement(Object.values(done).flat());
  return Object.fromEntries(
    Object.entries(done).map((
      [level, found],
    ) => [level, settings.systems.map((system) => rowOf(system, found, skipped.get(system)))]),
  );
}

function rowOf(system: string, done: readonly Measurement[], note: string | undefined): Row {
  const mine = done.filter((measurement) => measurement.system === system);
  const byThreads = Object.groupBy(mine, ({ threads }) => String(threads));
  const timings = Object.fromEntries(
    Object.entries(byThreads).map(([threads, measurements]) => [threads, summarise(measurements!)]),
  );
  return {
    system,
    timings,
    ...(mine.length > 0 && { version: mine[0].version, connections: mine[0].connections }),
    ...(note !== undefined && { note }),
  };
}

function knownRows(network: string): Row[] {
  return known.filter((row) => row.network === network).map(({ system, ms, source, processor }) => ({
    system,
    timings: Object.fromEntries(
      Object.entries(ms).map(([threads, stepMs]) => [
        threads,
        { medianMs: stepMs, minMs: stepMs, maxMs: stepMs, samplesMs: [] },
      ]),
    ),
    note: `${source}; processor: ${processor}`,
  }));
}

function processorOf(level: string): Processor {
  return level === BEST ? processor() : processor(level);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function compare(settings: Settings): Promise<void> {
  const python = await ensureVenv(import.meta.url);
  const run = await describeRun({ command: "deno task bench:peers", folder: FOLDER, python });
  if (loadavg()[0] > BUSY_LOAD) {
    console.error(
      `The machine is busy (load ${loadavg()[0].toFixed(1)}): times at 2 threads may be far too long`,
    );
  }
  const processors = Object.fromEntries(settings.levels.map((level) => [level, processorOf(level)]));
  const networks: Record<string, Record<string, Row[]>> = {};
  for (const network of settings.networks) {
    networks[network] = await measureNetwork(network, settings, python);
    const { epsilon, batch, dropout } = settings.shared;
    for (const [level, rows] of Object.entries(networks[network])) {
      console.log(
        `\n${network}, ε ${epsilon}, batch ${batch}, dropout ${dropout}: median (range) of samples\n` +
          `${describeProcessor(processors[level])}\n`,
      );
      console.log(formatTable(level === BEST ? [...rows, ...knownRows(network)] : rows, settings.threads));
    }
    if (settings.levels.length > 1) {
      const columns = Object.entries(networks[network])
        .map(([level, rows]) => ({ name: LEVEL_NAMES[processors[level].level], rows }));
      console.log(`\n${markdown(columns, settings.threads[0])}`);
    }
  }
  if (settings.save) {
    const path = `${RESULTS}/peers-${new Date().toISOString().slice(0, 10)}.json`;
    await Deno.mkdir(RESULTS, { recursive: true });
    await Deno.writeTextFile(
      path,
      JSON.stringify({ ...run, settings, processors, networks }, undefined, 2) + "\n",
    );
    console.error(`\nWritten to ${path}`);
  }
}

if (import.meta.main) Deno.exit(await runBench(readSettings, HELP, compare));

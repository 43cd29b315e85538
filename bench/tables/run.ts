/**
 * Scores this package and its peers on tables of many shapes, five-fold, and prints one table.
 *
 * Run by `deno task bench:tables`; see README.md beside this file.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runBench } from "../command.ts";
import { ensureVenv } from "../peers/venv.ts";
import { describeRun } from "../run_description.ts";
import {
  type MadeTable,
  markdown,
  OURS,
  parseScore,
  type Row,
  type Score,
  summarise,
  told,
} from "./score.ts";

const HELP = `Usage: deno task bench:tables [options]
  --tables NAME,…   tables to score (all)
  --systems NAME,…  systems to score (all)
  --data-dir DIR    folder with a9a/, higgs/, madelon/ and mnist/; without it those tables are left out
  --seed N          seed of made-up tables, folds and models (1)
  --no-save         do not write bench/results/tables-<date>.json`;

/** No system may take longer for all tables. */
const LIMIT_MS = 3_600_000;

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const RESULTS = fileURLToPath(new URL("../results", import.meta.url));
const PEERS = ["linear", "mlp", "boosting", "forest", "lightgbm", "tabpfn"];
/** One thread each: what is compared is what comes out, and seconds in passing. */
const ENV = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", PYTHONDONTWRITEBYTECODE: "1" };

interface Settings {
  readonly tables: string | undefined;
  readonly systems: readonly string[];
  readonly dataDir: string | undefined;
  readonly seed: string;
  readonly save: boolean;
}

function readSettings(args: string[]): Settings | undefined {
  const all = [OURS, ...PEERS];
  const { values } = parseArgs({
    args,
    options: {
      tables: { type: "string" },
      systems: { type: "string", default: all.join(",") },
      "data-dir": { type: "string" },
      seed: { type: "string", default: "1" },
      "no-save": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const chosen = values.systems.split(",");
  const unknown = chosen.find((system) => !all.includes(system));
  if (unknown !== undefined) {
    throw new RangeError(`Cannot score "${unknown}": the systems are ${all.join(", ")}`);
  }
  if (!/^\d+$/.test(values.seed)) {
    throw new RangeError(`Cannot use seed "${values.seed}": expected a whole number from 0`);
  }
  const systems = all.filter((system) => chosen.includes(system));
  const { tables, seed } = values;
  return { tables, systems, dataDir: values["data-dir"], seed, save: !values["no-save"] };
}

/** What a program printed, and what it complained of last where it failed. */
interface Output {
  readonly lines: readonly string[];
  readonly complaint?: string;
}

/** Runs a program to its end. */
async function outputOf(command: string, args: readonly string[]): Promise<Output> {
  const output = await new Deno.Command(command, {
    args: [...args],
    env: ENV,
    signal: AbortSignal.timeout(LIMIT_MS),
  }).output();
  const decoder = new TextDecoder();
  const lines = decoder.decode(output.stdout).split("\n").filter((line) => line !== "");
  if (output.success) return { lines };
  const complaint = decoder.decode(output.stderr).trim().split("\n").at(-1);
  return { lines, complaint: complaint || `it ended with ${output.signal ?? output.code}` };
}

/** Makes the tables in a folder. */
async function makeTables(python: string, folder: string, settings: Settings): Promise<readonly MadeTable[]> {
  const { tables, dataDir, seed } = settings;
  const args = [`${FOLDER}tables.py`, folder, "--seed", seed];
  if (tables !== undefined) args.push("--only", tables);
  if (dataDir !== undefined) args.push("--data-dir", dataDir);
  const { lines, complaint } = await outputOf(python, args);
  if (complaint !== undefined) throw new Error(`Cannot make the tables: ${complaint}`);
  return lines.map((line) => JSON.parse(line));
}

/** All systems on all tables, one system after the other. */
async function scoreAll(
  made: readonly MadeTable[],
  python: string,
  folder: string,
  { systems, seed }: Settings,
): Promise<{ readonly rows: readonly Row[]; readonly notes: readonly string[] }> {
  const notes = made.flatMap((table) =>
    "missing" in table ? [`${table.table}: not available (${table.missing})`] : []
  );
  const tables = made.flatMap((table) => "missing" in table ? [] : [table]);
  const names = tables.map(({ table }) => table).join(",");
  const scores: Record<string, Record<string, Score>> = {};
  for (const system of systems) {
    console.error(`${system} on ${tables.length} tables`);
    const asked = [folder, "--tables", names, "--seed", seed];
    const { lines, complaint } = system === OURS
      ? await outputOf(Deno.execPath(), ["run", "-A", `${FOLDER}truly_sparse.ts`, ...asked])
      : await outputOf(python, [`${FOLDER}peers.py`, ...asked, "--system", system]);
    for (const score of lines.map(parseScore)) (scores[score.table] ??= {})[system] = score;
    if (complaint === undefined) continue;
    const first = tables[lines.length].table;
    notes.push(`${system} from ${first} on: not available (${complaint})`);
  }
  return { rows: tables.map((table) => ({ table, scores: scores[table.table] ?? {} })), notes };
}

async function score(settings: Settings): Promise<void> {
  const python = await ensureVenv(import.meta.url);
  const folder = await Deno.makeTempDir({ prefix: "tables" });
  try {
    const run = await describeRun({ command: "deno task bench:tables", folder: FOLDER, python });
    const tables = await makeTables(python, folder, settings);
    const { rows, notes } = await scoreAll(tables, python, folder, settings);
    const summary = summarise(rows);
    console.log([markdown(rows, settings.systems), "", told(summary), ...notes].join("\n"));
    if (!settings.save) return;
    const path = `${RESULTS}/tables-${new Date().toISOString().slice(0, 10)}.json`;
    const { seed, systems } = settings;
    const result = { ...run, seed: Number(seed), systems, summary, notes, rows };
    await Deno.writeTextFile(path, JSON.stringify(result, undefined, 1) + "\n");
    console.error(`Written to ${path}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await runBench(readSettings, HELP, score));

/**
 * The paper's tables and figures from real runs, beside the paper's own numbers: `deno task reproduce NAME…`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { messageOf } from "../../src/errors.ts";
import { nearest } from "../../src/nearest.ts";
import { known } from "../command.ts";
import { describeProcessor, processor } from "../processor.ts";
import { estimate, spoken } from "./estimate.ts";
import { lacking } from "./lacking.ts";
import { list } from "./list.ts";
import { writePage } from "./page.ts";
import { PAPER_DATASETS, type PaperDataset } from "./paper.ts";
import { DEFAULT_WORKERS, type Name, NAMES, plan, type PlannedRow, type Training } from "./plan.ts";
import { best, last, readRecords, type RunRecord, satisfies, writeRecord } from "./record.ts";
import { readExtremes, runExtreme } from "./run_extreme.ts";
import { runTraining, StoppedRow } from "./run_training.ts";

const HELP = `Usage: deno task reproduce NAME… [options]
Runs what a table or figure of the paper needs and is not there yet, then writes docs/paper.md.
Names: ${NAMES.join(", ")}, all

  --dataset NAME,…  only these data sets: ${PAPER_DATASETS.join(", ")}
  --seeds N         seeds 1 to N of each row (1)
  --workers N       workers of the parallel rows (${DEFAULT_WORKERS}, as in the paper)
  --quick           a tenth of the epochs; such rows are kept apart, and are not on the page
  --data-dir DIR    folder where the data sets are looked for first
  --note TEXT       what is to be known of the data, kept with the rows that are run
  --list            what each name needs, how long that takes here, and what is there
  --page            only write docs/paper.md and docs/figures/ from what is there
  --help            print this`;

/** Where records stand. */
const RECORDS = new URL("../results/reproduce/", import.meta.url);
/** Where results of other benches stand. */
const RESULTS = new URL("../results/", import.meta.url);

/** What the command line asks for. */
export interface Settings {
  readonly names: readonly Name[];
  readonly datasets: readonly PaperDataset[] | undefined;
  readonly seeds: number;
  readonly workers: number;
  readonly quick: boolean;
  readonly dataDir: string | undefined;
  readonly note: string | undefined;
  readonly action: "run" | "list" | "page" | "help";
}

const OPTIONS = {
  "dataset": { type: "string" },
  "seeds": { type: "string" },
  "workers": { type: "string" },
  "quick": { type: "boolean" },
  "data-dir": { type: "string" },
  "note": { type: "string" },
  "list": { type: "boolean" },
  "page": { type: "boolean" },
  "help": { type: "boolean" },
} as const;

/**
 * Reads the command line.
 *
 * @throws {Error} When it cannot be used; the message says what is needed.
 */
export function readSettings(args: string[]): Settings {
  checkOptions(args);
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
  const words = positionals.flatMap((word) => word === "all" ? NAMES : [word]);
  const names = words.map((word) => known(word, NAMES, "reproduce"));
  const action = values.help ? "help" : values.page ? "page" : values.list ? "list" : "run";
  if (names.length === 0 && action === "run") {
    throw new RangeError(`Cannot reproduce nothing: give one of ${NAMES.join(", ")}, or all`);
  }
  return {
    names: names.length === 0 ? NAMES : names,
    datasets: values.dataset?.split(",").map((name) => known(name, PAPER_DATASETS, "use data set")),
    seeds: whole("seeds", values.seeds ?? "1"),
    workers: whole("workers", values.workers ?? String(DEFAULT_WORKERS)),
    quick: values.quick ?? false,
    dataDir: values["data-dir"],
    note: values.note,
    action,
  };
}

/** Refuses options that are unknown, given twice, without their value or with one too many. */
function checkOptions(args: string[]): void {
  const { tokens } = parseArgs({
    args,
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const given = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    if (!Object.hasOwn(OPTIONS, name)) {
      const near = nearest(name, Object.keys(OPTIONS));
      const advice = near === undefined ? "see --help for those there are" : `did you mean --${near}?`;
      throw new RangeError(`Cannot use ${rawName}: there is no such option; ${advice}`);
    }
    if (given.has(name)) throw new RangeError(`Cannot use --${name} twice: expected once`);
    given.add(name);
    const takesValue = OPTIONS[name as keyof typeof OPTIONS].type === "string";
    if (!takesValue && value !== undefined) {
      throw new RangeError(`Cannot use --${name}=${value}: it takes no value`);
    }
    if (takesValue && (value === undefined || value === "" || (!inlineValue && value.startsWith("-")))) {
      throw new RangeError(`Cannot use --${name} without a value: it stands behind the option`);
    }
  }
}

function whole(option: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= 1000) return value;
  throw new RangeError(`Cannot use --${option} "${text}": expected a whole number from 1 to 1000`);
}

async function run(settings: Settings, signal: AbortSignal): Promise<number> {
  const found = await readRecords(RECORDS);
  const records = new Map(found.records);
  const extremes = await readExtremes(RESULTS);
  for (const problem of [...found.problems, ...extremes.problems]) {
    console.error(`${problem}; its row is run again`);
  }
  const rows = plan(settings.names, settings);
  const done = (row: PlannedRow) =>
    row.kind === "extreme" ? extremes.records.has(row.key) : satisfies(records.get(row.key), row);
  const missing = rows.filter((row) => !done(row));
  console.log(`${rows.length} rows, ${rows.length - missing.length} are there`);
  const absent = new Map<PaperDataset, string | undefined>();
  for (const dataset of new Set(missing.flatMap((row) => row.kind === "training" ? [row.dataset] : []))) {
    absent.set(dataset, await lacking(dataset, settings.dataDir));
    const reason = absent.get(dataset);
    if (reason !== undefined) console.log(`${dataset} is left out: ${reason}`);
  }
  const possible = missing.filter((row) => row.kind === "extreme" || absent.get(row.dataset) === undefined);
  let failed = 0;
  for (const [index, row] of possible.entries()) {
    const say = (text: string) => console.log(`[${index + 1}/${possible.length}] ${row.key}: ${text}`);
    try {
      if (row.kind === "extreme") {
        say("timing its parts");
        await runExtreme(row, RESULTS, signal);
      } else {
        const record = await runRow(row, settings, records, say, signal);
        await writeRecord(record, RECORDS);
        records.set(row.key, record);
      }
      await writePage();
    } catch (error) {
      if (signal.aborted || error instanceof StoppedRow) {
        say("stopped; the same command goes on from here");
        return signal.reason === "SIGTERM" ? 143 : 130;
      }
      failed++;
      say(`failed. ${messageOf(error)}`);
    }
  }
  await writePage();
  return failed === 0 ? 0 : 1;
}

async function runRow(
  row: Training,
  settings: Settings,
  records: ReadonlyMap<string, RunRecord>,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<RunRecord> {
  const { seconds, measured } = estimate(row, records);
  say(`${row.epochs} epochs, ${measured ? "about" : "perhaps"} ${spoken(seconds)}`);
  const began = performance.now();
  let told = began;
  let first: number | undefined;
  const record = await runTraining(row, {
    unfinished: new URL("unfinished/", RECORDS),
    dataDir: settings.dataDir,
    note: settings.note,
    commit: await commit(),
    processor: describeProcessor(processor()),
    signal,
    onEpoch: ({ epoch, testAccuracy }) => {
      first ??= epoch - 1;
      const now = performance.now();
      if (now - told < 60_000) return;
      told = now;
      const left = (now - began) / 1000 / (epoch - first) * (row.epochs - epoch);
      say(`epoch ${epoch}/${row.epochs}, test ${percent(testAccuracy)}, about ${spoken(left)} left`);
    },
  });
  say(`best ${percent(best(record))}, last ${percent(last(record))}, ${spoken(record.seconds)}`);
  return record;
}

/** The commit this checkout stands at; with a plus where files of it were changed since. */
async function commit(): Promise<string> {
  const git = async (...args: string[]) => {
    const { stdout } = await new Deno.Command("git", { args, cwd: new URL("../../", import.meta.url) })
      .output();
    return new TextDecoder().decode(stdout).trim();
  };
  const changed = await git("status", "--porcelain", "--", "src", "kernels", "mod.ts", "cli.ts");
  return `${await git("rev-parse", "--short", "HEAD")}${changed === "" ? "" : "+"}`;
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}

async function main(): Promise<number> {
  let settings: Settings;
  try {
    settings = readSettings(Deno.args);
  } catch (error) {
    console.error(`error: ${messageOf(error)}`);
    return 2;
  }
  const stop = new AbortController();
  const [interrupt, terminate] = [() => stop.abort("SIGINT"), () => stop.abort("SIGTERM")];
  Deno.addSignalListener("SIGINT", interrupt);
  Deno.addSignalListener("SIGTERM", terminate);
  try {
    if (settings.action === "help") {
      console.log(HELP);
    } else if (settings.action === "list") {
      const found = await readRecords(RECORDS);
      const extremes = await readExtremes(RESULTS);
      for (const problem of [...found.problems, ...extremes.problems]) console.error(problem);
      console.log(await list(settings, found, extremes.records));
    } else if (settings.action === "page") {
      for (const problem of await writePage()) console.error(`${problem}; the page is made without it`);
    } else return await run(settings, stop.signal);
    return 0;
  } catch (error) {
    console.error(`error: ${messageOf(error)}`);
    return 1;
  } finally {
    Deno.removeSignalListener("SIGINT", interrupt);
    Deno.removeSignalListener("SIGTERM", terminate);
  }
}

if (import.meta.main) Deno.exit(await main());

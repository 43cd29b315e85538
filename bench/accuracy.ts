/**
 * Whole trainings with the paper's settings: best and last test accuracy, against what the paper reports.
 *
 * `deno run -A bench/accuracy.ts [--data-dir DIR] [--threads N] NAME…` runs the named rows (all without a name) through
 * the command line and writes `bench/results/<date>-accuracy-<name>.json` for each, with every epoch's accuracy.
 * Without the data of a row, the row fails with the command line's advice.
 *
 * @module
 */
// @ts-types="../src/cli/parse_args.d.ts"
import { parseArgs } from "npm:deno-std@1.4.0/cli/parse_args.js";
import { describeProcessor, processor } from "./processor.ts";

/** One training: its options after `train`, and the paper's best test accuracy in percent. */
interface Row {
  readonly options: readonly string[];
  readonly paperPercent: number;
}

function seeds(stem: string, count: number, row: Row): [string, Row][] {
  return Array.from({ length: count }, (_, index) => [
    `${stem}-seed${index + 1}`,
    { ...row, options: [...row.options, "--seed", String(index + 1)] },
  ]);
}

const MADELON = ["--dataset", "madelon"];
const FASHION = ["--dataset", "fashion-mnist"];
const CIFAR = ["--dataset", "cifar10", "--augment"];

function workers(algorithm: "wasap" | "wassp", count: number): string[] {
  return ["--parallel", algorithm, "--workers", String(count), "--threads", "1"];
}

/** Every row by name. */
export const ROWS: Readonly<Record<string, Row>> = Object.fromEntries([
  ...seeds("madelon", 5, { options: MADELON, paperPercent: 71.33 }),
  ...seeds("madelon-pruning", 5, { options: [...MADELON, "--importance-pruning"], paperPercent: 77.0 }),
  ...seeds("fashion-mnist", 2, { options: FASHION, paperPercent: 91.38 }),
  ...seeds("fashion-mnist-pruning", 1, {
    options: [...FASHION, "--importance-pruning"],
    paperPercent: 90.12,
  }),
  ...seeds("fashion-mnist-relu", 1, { options: [...FASHION, "--activation", "relu"], paperPercent: 90.48 }),
  ...seeds("fashion-mnist-no-decay", 1, {
    options: [...FASHION, "--weight-decay", "0"],
    paperPercent: 91.38,
  }),
  ...seeds("cifar10", 1, { options: CIFAR, paperPercent: 69.83 }),
  ...seeds("fashion-mnist-wasap2", 2, { options: [...FASHION, ...workers("wasap", 2)], paperPercent: 91.23 }),
  ...seeds("fashion-mnist-wasap5", 1, { options: [...FASHION, ...workers("wasap", 5)], paperPercent: 91.23 }),
  ...seeds("fashion-mnist-wasap2-pruning", 1, {
    options: [...FASHION, ...workers("wasap", 2), "--importance-pruning"],
    paperPercent: 90.15,
  }),
  ...seeds("fashion-mnist-wassp2", 1, { options: [...FASHION, ...workers("wassp", 2)], paperPercent: 90.52 }),
  ...seeds("cifar10-wasap2", 1, { options: [...CIFAR, ...workers("wasap", 2)], paperPercent: 69.03 }),
]);

interface EpochEvent {
  readonly event: "epoch";
  readonly epoch: number;
  readonly trainLoss: number;
  readonly testAccuracy: number;
  readonly connections: number;
}

/** What a result file holds of one training. */
export interface Result {
  readonly name: string;
  readonly command: string;
  readonly paperPercent: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly summary: Readonly<Record<string, number>>;
  readonly connectionsEnd: number;
  /** Test accuracy after each epoch. */
  readonly testAccuracy: readonly number[];
  /** Connections after each epoch. */
  readonly connections: readonly number[];
}

/** Reads a result out of what `train --json` printed. */
export function result(name: string, row: Row, lines: readonly string[]): Result {
  const events = lines.filter((line) => line !== "").map((line) => JSON.parse(line));
  const epochs: EpochEvent[] = events.filter(({ event }) => event === "epoch");
  const { event: _, ...summary } = events.find(({ event }) => event === "summary");
  return {
    name,
    command: `deno run -A cli.ts train ${row.options.join(" ")} --json`,
    paperPercent: row.paperPercent,
    settings: events.find(({ event }) => event === "start").settings,
    summary,
    connectionsEnd: epochs[epochs.length - 1].connections,
    testAccuracy: epochs.map((epoch) => epoch.testAccuracy),
    connections: epochs.map((epoch) => epoch.connections),
  };
}

async function output(command: string, args: string[]): Promise<string> {
  const { code, stdout } = await new Deno.Command(command, { args, stderr: "inherit" }).output();
  if (code !== 0) throw new Error(`Cannot run ${command} ${args.join(" ")}: it ended with code ${code}`);
  return new TextDecoder().decode(stdout);
}

async function main(): Promise<void> {
  const given = parseArgs(Deno.args, { string: ["data-dir", "threads"] });
  const words = given._.map(String);
  const extra = ["data-dir", "threads"].flatMap((option) =>
    typeof given[option] === "string" ? [`--${option}`, given[option]] : []
  );
  const names = words.length === 0 ? Object.keys(ROWS) : words;
  const cli = new URL("../cli.ts", import.meta.url).href;
  for (const name of names) {
    const row = ROWS[name];
    if (row === undefined) {
      throw new RangeError(`Cannot train "${name}": expected one of ${Object.keys(ROWS).join(", ")}`);
    }
    const date = new Date().toISOString().slice(0, 10);
    const commit = (await output("git", ["rev-parse", "--short", "HEAD"])).trim();
    const lines = await output(Deno.execPath(), [
      "run",
      "-A",
      cli,
      "train",
      ...row.options,
      ...extra,
      "--json",
    ]);
    const found = {
      date,
      commit,
      host: describeProcessor(processor()),
      ...result(name, row, lines.split("\n")),
    };
    const path = new URL(`results/${date}-accuracy-${name}.json`, import.meta.url);
    await Deno.mkdir(new URL("results/", import.meta.url), { recursive: true });
    await Deno.writeTextFile(path, JSON.stringify(found) + "\n");
    const { bestTestAccuracy, lastTestAccuracy } = found.summary;
    const percent = (fraction: number) => `${(100 * fraction).toFixed(2)} %`;
    console.log(
      `${name}: best ${percent(bestTestAccuracy)}, last ${
        percent(lastTestAccuracy)
      }, paper ${row.paperPercent} %`,
    );
  }
}

if (import.meta.main) await main();

/**
 * What each choice is worth: trainings that differ in one option, judged by a tenth of the training samples.
 *
 * `deno run -A bench/choices.ts --help` says how it is run. Results are written run by run; what their file holds already
 * is not run again, and each table is of all it holds.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { columns } from "../src/cli/format.ts";
import { writeWhole } from "../src/whole_file.ts";
import { known, runBench } from "./command.ts";
import { describeProcessor, processor } from "./processor.ts";
import { meanOf, written } from "./reproduce/summary.ts";

const CLI = fileURLToPath(new URL("../cli.ts", import.meta.url));

const HELP =
  `Usage: deno run -A bench/choices.ts [suite=NAME,…] [data=NAME,…] [seeds=N,…] [rows=NAME,…] [dir=DIR] [out=FILE]
Trains networks that differ in one option, and writes a table for each suite and data set.

  suite=NAME,…  path: from the paper's settings to the recipe fast, a change more in each row
                without: single choices of fast taken back, or others made beside them
                rules: growth, removal and start at 1 % density
                slopes: of All-ReLU with the paper's settings
                falling: networks that begin denser than they end
                told: on all training samples, what is told of the test samples, each row on its own data
                (all of them)
  data=NAME,…   data sets of the suites but told (fashion-mnist)
  seeds=N,…     seeds of each row (1,2,3)
  rows=NAME,…   only these rows
  dir=DIR       folder where the data sets are looked for first
  out=FILE      where results are written (bench/results/choices.json)`;

/** What the command line asks for. */
interface Settings {
  readonly suites: readonly string[];
  readonly data: readonly string[];
  readonly seeds: readonly string[];
  /** All rows, where none are named. */
  readonly rows: readonly string[] | undefined;
  readonly dir: string | undefined;
  readonly out: string;
}

/** What a row adds to the options of its suite, or replaces there. */
type Rows = Readonly<Record<string, string>>;

interface Suite {
  readonly base: string;
  /** Whether each row has the options of all rows before it too. */
  readonly cumulative?: true;
  readonly rows: Rows;
  /** Whether nothing is set aside, and the test samples judge: for figures that are told, not for choices. */
  readonly tested?: true;
}

const NETWORK = "--hidden 1000,1000,1000 --epsilon 20 --epochs 50";

const ONE_PERCENT = "--density 0.01,0.01,0.01,1";

const FROM_FIVE = "--density 0.05,0.05,0.05,1 --final-density 0.01";

const FROM_FIFTEEN = "--density 0.15,0.15,0.15,1 --final-density 0.0417";

const SUITES: Readonly<Record<string, Suite>> = {
  path: {
    base: `${NETWORK} --recipe paper`,
    cumulative: true,
    rows: {
      "the paper's": "",
      "slope 0.8": "--alpha 0.8",
      "Nesterov momentum": "--nesterov",
      "decay 0.0005": "--weight-decay 0.0005",
      "growth at 0": "--growth-weights zero",
      "rate 0.1 along a cosine": "--learning-rate 0.1 --schedule cosine --schedule-epochs 2",
      "ζ along a cosine (fast)": "--zeta-schedule cosine",
    },
  },
  without: {
    base: `${NETWORK} --recipe fast`,
    rows: {
      "fast": "",
      "slope 0.6": "--alpha 0.6",
      "ReLU": "--activation relu",
      "slope learned": "--alpha learned",
      "no Nesterov": "--nesterov=false",
      "decay 0.0002": "--weight-decay 0.0002",
      "growth drawn": "--growth-weights initial",
      "rate 0.05": "--learning-rate 0.05",
      "rate 0.01 constant": "--learning-rate 0.01 --schedule constant",
      "ζ constant": "--zeta-schedule constant",
      "fixed topology": "--zeta 0",
      "dropout 0.1": "--dropout 0.1",
      "one scale": "--feature-scale common",
      "label smoothing 0.05": "--label-smoothing 0.05",
      "Adam at rate 0.001": "--optimizer adam --learning-rate 0.001",
    },
  },
  rules: {
    base: `--hidden 1568,1568,1568 ${ONE_PERCENT} --epochs 50 --recipe fast --dropout 0.1`,
    rows: {
      "SET": "",
      "fixed topology": "--zeta 0",
      "drop magnitude-any-sign": "--drop magnitude-any-sign",
      "drop magnitude-gradient": "--drop magnitude-gradient",
      "drop soft": "--drop soft",
      "growth gradient-sampled": "--growth gradient-sampled",
      "growth gradient-sampled by grabo": "--growth gradient-sampled --growth-sampling grabo",
      "growth gradient-sampled by graest": "--growth gradient-sampled --growth-sampling graest",
      "growth gradient": "--growth gradient",
      "growth gradient at rate 0.05": "--growth gradient --learning-rate 0.05",
      "rate 0.05": "--learning-rate 0.05",
      "growth cannistraci-hebb": "--growth cannistraci-hebb",
      "growth cannistraci-hebb and drop soft": "--growth cannistraci-hebb --drop soft",
      "start csti": "--start csti",
      "start brf": "--start brf",
      "as many spread as by ε": "--overall-density 0.012519",
      "from 5 % down": "--density 0.05,0.05,0.05,1 --final-density 0.01",
    },
  },
  slopes: {
    base: `${NETWORK} --recipe paper`,
    rows: { "slope 0.6": "--alpha 0.6", "slope 0.1": "--alpha 0.1", "slope learned": "--alpha learned" },
  },
  falling: {
    base: `--hidden 1568,1568,1568 ${FROM_FIVE} --epochs 100 --recipe fast --dropout 0.1`,
    rows: {
      "from 5 % down": "",
      "growth gradient-sampled": "--growth gradient-sampled",
      "dropout 0.2": "--dropout 0.2",
      "growth gradient-sampled and dropout 0.2": "--growth gradient-sampled --dropout 0.2",
      "from 10 % down with growth gradient-sampled and dropout 0.2":
        "--density 0.1,0.1,0.1,1 --growth gradient-sampled --dropout 0.2",
      "1 % throughout with growth cannistraci-hebb and drop soft":
        `${ONE_PERCENT} --final-density 0.01 --growth cannistraci-hebb --drop soft`,
      "1000×3 in 50 epochs from 15 % down to those of ε 20":
        `--hidden 1000,1000,1000 ${FROM_FIFTEEN} --epochs 50 --dropout 0.3`,
      "1000×3 in 50 epochs from 40 % down to those of ε 20":
        `--hidden 1000,1000,1000 --density 0.4,0.4,0.4,1 --final-density 0.0417 --epochs 50 --dropout 0.3`,
      "1000×3 in 50 epochs from 15 % down with growth gradient-sampled":
        `--hidden 1000,1000,1000 ${FROM_FIFTEEN} --epochs 50 --dropout 0.3 --growth gradient-sampled`,
    },
  },
  told: {
    base: "",
    tested: true,
    rows: {
      "MNIST at 1 % with moved images":
        `--dataset mnist --hidden 1568,1568,1568 ${ONE_PERCENT} --epochs 100 --recipe fast --dropout 0 ` +
        "--growth gradient-sampled --augment",
      "CIFAR-10 at 1 % with moved images":
        `--dataset cifar10 --hidden 3072,3072,3072 ${ONE_PERCENT} --epochs 150 --recipe best --dropout 0 ` +
        "--growth gradient-sampled --augment --feature-scale common",
      "CIFAR-10 with the paper's network and moved images":
        "--dataset cifar10 --recipe best --epochs 150 --dropout 0.1 --augment --feature-scale common",
      "Fashion-MNIST from 5 % down to 1 %":
        `--dataset fashion-mnist --hidden 1568,1568,1568 ${FROM_FIVE} --epochs 100 --recipe fast --dropout 0.2 ` +
        "--growth gradient-sampled",
      "Fashion-MNIST in 50 epochs from 15 % down to those of ε 20":
        `--dataset fashion-mnist --hidden 1000,1000,1000 ${FROM_FIFTEEN} --epochs 50 --recipe fast`,
      "Fashion-MNIST with a learned slope":
        "--dataset fashion-mnist --hidden 1000,1000,1000 --epsilon 20 --recipe paper --epochs 500 --alpha learned",
    },
  },
};

interface Run {
  readonly key: string;
  readonly suite: string;
  readonly row: string;
  readonly data: string;
  readonly seed: number;
  readonly command: string;
  readonly commit: string;
  readonly processor: string;
  /** Of the last epoch, and of the best: on the validation part, or on the test part in a suite that is tested. */
  readonly accuracy: readonly [last: number, best: number];
  readonly trainLoss: number;
  readonly connections: number;
  readonly trainSeconds: number;
  readonly evolutionSeconds: number;
}

/** What the last lines of a training say, as far as it is used here. */
interface Epoch {
  readonly trainLoss: number;
  readonly validationAccuracy?: number;
  readonly testAccuracy: number;
  readonly connections: number;
}

/**
 * Reads the command line.
 *
 * @returns Undefined where help is asked for.
 * @throws {RangeError} With what there is no such suite, row or setting of.
 */
export function readSettings(args: readonly string[]): Settings | undefined {
  if (args.includes("--help")) return undefined;
  const given = new Map<string, string>();
  for (const arg of args) {
    const [name, ...value] = arg.split("=");
    given.set(known(name, ["suite", "data", "seeds", "rows", "dir", "out"], "use"), value.join("="));
  }
  const list = (name: string) => given.get(name)?.split(",");
  const suites = (list("suite") ?? Object.keys(SUITES))
    .map((name) => known(name, Object.keys(SUITES), "run the suite"));
  const all = [...new Set(suites.flatMap((suite) => Object.keys(SUITES[suite].rows)))];
  return {
    suites,
    data: list("data") ?? ["fashion-mnist"],
    seeds: list("seeds") ?? ["1", "2", "3"],
    rows: list("rows")?.map((name) => known(name, all, "run the row")),
    dir: given.get("dir"),
    out: given.get("out") ?? fileURLToPath(new URL("results/choices.json", import.meta.url)),
  };
}

/** An option that stands twice counts where it stands last, as a row replaces what its base has. */
function merged(options: string): string[] {
  const values = new Map<string, string[]>();
  for (const part of options.trim().split(/\s+(?=--)/)) {
    const [name, ...value] = part.trim().split(/[ =]/);
    values.set(name, value);
    if (name === "--overall-density") values.delete("--density");
  }
  return [...values].flatMap(([name, value]) => value[0] === "false" ? [`${name}=false`] : [name, ...value]);
}

async function train(
  options: readonly string[],
  dir: string | undefined,
): Promise<[epochs: Epoch[], summary: Record<string, number>]> {
  const place = dir === undefined ? [] : ["--data-dir", dir];
  const output = await Deno.makeTempFile({ suffix: ".safetensors" });
  try {
    const args = ["run", "-A", CLI, "train", ...options, ...place, "--json", "--quiet", "--output", output];
    const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), { args }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
    const events = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
    return [
      events.filter(({ event }) => event === "epoch"),
      events.find(({ event }) => event === "summary"),
    ];
  } finally {
    await Deno.remove(output);
  }
}

/** A row of a suite on a data set, which is trained once a seed. */
interface Row {
  readonly suite: string;
  readonly data: string;
  readonly row: string;
  /** All its options but data set, seed and what judges. */
  readonly options: string;
}

/** The rows of a suite on a data set. */
function rowsOf(suite: string, data: string): Row[] {
  const { base, cumulative, rows } = SUITES[suite];
  let before = base;
  return Object.entries(rows).map(([row, added]) => {
    const options = `${before} ${added}`;
    if (cumulative) before = options;
    return { suite, data, row, options };
  });
}

/** Trains a row with a seed. */
async function run(
  { suite, data, row, options }: Row,
  seed: number,
  dir: string | undefined,
): Promise<Omit<Run, "key" | "commit">> {
  const { tested } = SUITES[suite];
  const judging = tested ? "" : "--validation-fraction 0.1 --keep last";
  const on = tested ? "" : `--dataset ${data}`;
  const command = merged(`${on} ${options} ${judging} --seed ${seed} --threads 1`);
  const [epochs, summary] = await train(command, dir);
  const accuracies = epochs.map(({ validationAccuracy, testAccuracy }) => validationAccuracy ?? testAccuracy);
  const last = epochs.at(-1)!;
  return {
    ...{ suite, row, data, seed, command: `deno task train ${command.join(" ")}` },
    processor: describeProcessor(processor()),
    accuracy: [accuracies.at(-1)!, Math.max(...accuracies)],
    trainLoss: last.trainLoss,
    connections: last.connections,
    trainSeconds: summary.trainSeconds,
    evolutionSeconds: summary.evolutionSeconds,
  };
}

/** A line of the table: means over the seeds of a row. */
function lineOf(row: string, runs: readonly Run[]): string[] {
  const mean = (of: (run: Run) => number) => meanOf(runs.map(of)).mean;
  return [
    row,
    String(runs.length),
    written(runs.map(({ accuracy: [last] }) => 100 * last)),
    written(runs.map(({ accuracy: [, best] }) => 100 * best)),
    mean(({ trainLoss }) => trainLoss).toFixed(3),
    mean(({ connections }) => connections).toFixed(0),
    mean(({ trainSeconds }) => trainSeconds).toFixed(0),
  ];
}

/** Trains what is not there yet, and prints the tables. */
async function compare({ suites, data, seeds, rows, dir, out }: Settings): Promise<void> {
  const runs: Run[] = await Deno.readTextFile(out).then(JSON.parse, () => []);
  const { stdout } = await new Deno.Command("git", { args: ["rev-parse", "--short", "HEAD"] }).output();
  const commit = new TextDecoder().decode(stdout).trim();
  const runOnce = async (row: Row, seed: string) => {
    const key = [row.suite, row.data, row.row, seed].join("/");
    if (runs.some((done) => done.key === key)) return;
    runs.push({ key, commit, ...await run(row, Number(seed), dir) });
    const text = `[\n${runs.map((done) => JSON.stringify(done)).join(",\n")}\n]\n`;
    await writeWhole(out, (file) => file.write(new TextEncoder().encode(text)));
  };
  for (const suite of suites) {
    const { tested } = SUITES[suite];
    for (const name of tested ? ["own data"] : data) {
      const lines = [["", "seeds", "last, %", "best, %", "loss", "connections", "s"]];
      for (const row of rowsOf(suite, name)) {
        if (rows !== undefined && !rows.includes(row.row)) continue;
        for (const seed of seeds) {
          await runOnce(row, seed).catch((error) => console.error(`${row.row}, ${seed}: ${error}`));
        }
        const done = runs.filter((one) => one.suite === suite && one.data === name && one.row === row.row);
        if (done.length > 0) lines.push(lineOf(row.row, done));
      }
      const on = tested ? "the test part" : "a tenth of the training samples";
      console.log(`${suite}, ${name}: accuracy on ${on}`);
      console.log(columns(lines, ["left", "right", "right", "right", "right", "right", "right"]).join("\n"));
    }
  }
}

if (import.meta.main) Deno.exit(await runBench(readSettings, HELP, compare));

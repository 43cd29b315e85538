/**
 * Phase 1 of WASAP-SGD on Fashion-MNIST's network over links of limited bandwidth (`namespaces.sh`): one server and
 * two, two workers and four, numbers of 32 bits and of 16; and gossip beside them. In turn, so that what else the
 * machine does falls on all alike; a tenth of the samples, for short epochs. Prints a table to stderr, JSON with the
 * samples a second of every epoch but each run's first to stdout. Root on Linux.
 *
 *     deno run -A bench/mpi/servers.ts [ROUNDS [RATE,...]] > bench/results/DATE-mpi-servers.json
 *
 * @module
 */
import { watchOthers } from "../disturbance.ts";
import { describeProcessor, processor } from "../processor.ts";
import { median } from "../scaling/costs.ts";

const ROUNDS = Number(Deno.args[0] ?? 3);
const RATES = (Deno.args[1] ?? "100mbit,1gbit,10gbit").split(",");
const EPOCHS = 4;

/** Ranks, and options of training beside those that all have. */
type System = readonly [ranks: number, options: readonly string[]];

const wasap = (servers: number, workers: number, bits: number): System => [
  servers + workers,
  ["--parallel", "wasap", "--phase-one-fraction", "1", "--servers", `${servers}`, "--wire-bits", `${bits}`],
];

const SYSTEMS: Record<string, System> = {
  "1 server, 2 workers": wasap(1, 2, 32),
  "2 servers, 2 workers": wasap(2, 2, 32),
  "1 server, 2 workers, 16 bits": wasap(1, 2, 16),
  "2 servers, 2 workers, 16 bits": wasap(2, 2, 16),
  "1 server, 4 workers": wasap(1, 4, 32),
  "2 servers, 4 workers": wasap(2, 4, 32),
  "gossip, 2 workers": [3, ["--parallel", "gossip"]],
};

/** What is divided by what. */
const RATIOS: readonly (readonly [string, string])[] = [
  ["2 servers, 2 workers", "1 server, 2 workers"],
  ["2 servers, 4 workers", "1 server, 4 workers"],
  ["1 server, 2 workers, 16 bits", "1 server, 2 workers"],
  ["2 servers, 2 workers, 16 bits", "1 server, 2 workers"],
  ["gossip, 2 workers", "1 server, 2 workers"],
];

const SCRIPT = decodeURIComponent(new URL("./namespaces.sh", import.meta.url).pathname);

/** Samples a second of each epoch but the first. */
async function run([ranks, options]: System, rate: string): Promise<number[]> {
  const common = [
    ...["--transport", "mpi", "--dataset", "fashion-mnist", "--validation-fraction", "0.9"],
    ...["--epochs", `${EPOCHS}`, "--threads", "2", "--seed", "0"],
  ];
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: [SCRIPT, `${ranks}`, ...common, "--evaluate-every", `${EPOCHS}`, "--json", ...options],
    env: { RATE: rate, DENO: Deno.execPath(), NO_COLOR: "1" },
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line))
    .filter(({ event, epoch }) => event === "epoch" && epoch > 1)
    .map(({ samplesPerSecond }) => Math.round(samplesPerSecond));
}

const results = [];
for (const rate of RATES) {
  const found: Record<string, number[][]> = {};
  const disturbance: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const others = watchOthers();
    for (const [name, system] of Object.entries(SYSTEMS)) (found[name] ??= []).push(await run(system, rate));
    disturbance.push(Number(others().toFixed(2)));
  }
  const ratios = RATIOS.map(([one, other]) => {
    const all = found[one].map((epochs, round) => median(epochs) / median(found[other][round]));
    return {
      one,
      other,
      median: Number(median(all).toFixed(2)),
      all: all.map((ratio) => Number(ratio.toFixed(2))),
    };
  });
  const systems = Object.entries(found).map(([name, rounds]) => ({
    name,
    samplesPerSecond: median(rounds.flat()),
    rounds,
  }));
  console.error(`\n${rate}`);
  for (const { name, samplesPerSecond } of systems) console.error(`  ${name.padEnd(32)}${samplesPerSecond}`);
  for (const { one, other, median } of ratios) console.error(`  ${one} against ${other}: ${median}`);
  results.push({ rate, partOfOtherPrograms: disturbance, systems, ratios });
}
/** The commit that runs. */
async function commit(): Promise<string> {
  const { stdout } = await new Deno.Command("git", { args: ["rev-parse", "--short", "HEAD"] }).output();
  return new TextDecoder().decode(stdout).trim();
}

console.log(JSON.stringify(
  {
    what:
      "samples a second over MPI, one network namespace a rank, 784-1000-1000-1000-10, epsilon 20, batch 128",
    command: `bench/mpi/servers.ts ${Deno.args.join(" ")}`.trim(),
    commit: await commit(),
    host: describeProcessor(processor()),
    date: new Date().toISOString().slice(0, 10),
    epochs: EPOCHS,
    seed: 0,
    results,
  },
  undefined,
  1,
));

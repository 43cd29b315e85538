/**
 * Phase 1 of WASAP-SGD on Fashion-MNIST's network: one process without and with two workers, and MPI with a server
 * and one or two worker ranks, in turn. Prints JSON with the samples a second of every epoch but each run's first.
 *
 *     deno run -A bench/mpi/against_workers.ts [ROUNDS [SECONDS]] > bench/results/DATE-mpi.json
 *
 * A round in which other programs took more than a twentieth of the machine's processor time does not count and is
 * repeated, while the seconds last.
 *
 * @module
 */
import { MOST_FOREIGN, watchOthers } from "../disturbance.ts";
import { median } from "../scaling/costs.ts";
import { describeProcessor, processor } from "../processor.ts";

const ROUNDS = Number(Deno.args[0] ?? 3);
const MOST_SECONDS = Number(Deno.args[1] ?? 90);
const EPOCHS = 4;

const common = ["--epochs", `${EPOCHS}`, "--evaluate-every", `${EPOCHS}`, "--json"];
const parallel = ["--parallel", "wasap", "--phase-one-fraction", "1"];
const data = await fashionMnist() ? ["--dataset", "fashion-mnist"] : ["--hidden", "1000,1000,1000"];

/** What is run: ranks of MPI (0 for none), and options. */
const SYSTEMS: Record<string, readonly [ranks: number, options: readonly string[]]> = {
  "sequential, 1 thread": [0, ["--threads", "1"]],
  "workers, 1": [0, [...parallel, "--workers", "1", "--threads", "1"]],
  "workers, 2": [0, [...parallel, "--workers", "2", "--threads", "2"]],
  "mpi, 1 server + 1 worker": [2, [...parallel, "--transport", "mpi", "--threads", "1"]],
  "mpi, 1 server + 2 workers": [3, [...parallel, "--transport", "mpi", "--threads", "2"]],
};

async function fashionMnist(): Promise<boolean> {
  try {
    return (await Deno.stat("/usr/share/datasets/fashion-mnist")).isDirectory;
  } catch {
    return false;
  }
}

interface Epoch {
  readonly event: string;
  readonly epoch: number;
  readonly samplesPerSecond: number;
  readonly parallel?: { readonly meanStaleness: number; readonly idleSeconds: readonly number[] };
}

async function run(ranks: number, options: readonly string[]): Promise<Epoch[]> {
  const cli = decodeURIComponent(new URL("../../cli.ts", import.meta.url).pathname);
  const train = [Deno.execPath(), "run", "-A", cli, "train", ...data, ...common, ...options];
  const command = ranks === 0 ? train : ["mpirun", "-n", `${ranks}`, "--oversubscribe", ...train];
  const { code, stdout, stderr } = await new Deno.Command(command[0], {
    args: command.slice(1),
    env: { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1", NO_COLOR: "1" },
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  const events = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
  return events.filter(({ event, epoch }) => event === "epoch" && epoch > 1);
}

const found: Record<string, Epoch[]> = {};
const ratios: number[] = [];
const disturbed: number[] = [];
const rateOf = (epochs: readonly Epoch[]) => median(epochs.map((epoch) => epoch.samplesPerSecond));
const end = performance.now() + 1000 * MOST_SECONDS;
while (ratios.length < ROUNDS && performance.now() < end) {
  const others = watchOthers();
  const round: Record<string, Epoch[]> = {};
  for (const [name, [ranks, options]] of Object.entries(SYSTEMS)) round[name] = await run(ranks, options);
  if (others() > MOST_FOREIGN) {
    disturbed.push(others());
    continue;
  }
  for (const [name, epochs] of Object.entries(round)) (found[name] ??= []).push(...epochs);
  ratios.push(rateOf(round["mpi, 1 server + 2 workers"]) / rateOf(round["workers, 2"]));
}
if (ratios.length === 0) {
  throw new Error(
    `Cannot measure: other programs took ${disturbed.map((part) => part.toFixed(2)).join(", ")}`,
  );
}
const result = Object.entries(found).map(([name, epochs]) => ({
  name,
  samplesPerSecond: Math.round(rateOf(epochs)),
  all: epochs.map((epoch) => Math.round(epoch.samplesPerSecond)),
  meanStaleness: epochs[0].parallel && median(epochs.map((epoch) => epoch.parallel!.meanStaleness)),
  idleSecondsOfWorkers: epochs.at(-1)!.parallel?.idleSeconds,
}));
console.log(JSON.stringify(
  {
    what: "phase 1 of WASAP-SGD, 784-1000-1000-1000-10, epsilon 20, batch 128, dropout 0.3",
    command: `bench/mpi/against_workers.ts ${Deno.args.join(" ")}`.trim(),
    host: describeProcessor(processor()),
    date: new Date().toISOString().slice(0, 10),
    rounds: ratios.length,
    disturbedRounds: disturbed.length,
    mpiToWorkersWithTwo: { median: median(ratios), all: ratios },
    result,
  },
  undefined,
  1,
));

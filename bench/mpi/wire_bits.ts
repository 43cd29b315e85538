/**
 * What numbers of 16 bits on the wire do to learning: Fashion-MNIST's network over MPI in rounds (WASSP, all epochs in
 * phase 1), one server and two workers, with 32 bits and with 16 for each seed; judged by 10,000 samples that are left
 * out of training. Rounds have the same bits each time, so a difference is the wire's. Prints JSON.
 *
 *     deno run -A bench/mpi/wire_bits.ts [EPOCHS [SEEDS]] > bench/results/DATE-mpi-wire-bits.json
 *
 * @module
 */
import { describeProcessor, processor } from "../processor.ts";

const EPOCHS = Number(Deno.args[0] ?? 10);
const SEEDS = Number(Deno.args[1] ?? 3);
const CLI = decodeURIComponent(new URL("../../cli.ts", import.meta.url).pathname);

/** Validation accuracy after each epoch. */
async function run(seed: number, bits: number): Promise<number[]> {
  const options = [
    ...["--dataset", "fashion-mnist", "--validation-fraction", `${1 / 6}`, "--seed", `${seed}`],
    ...["--parallel", "wassp", "--transport", "mpi", "--wire-bits", `${bits}`, "--phase-one-fraction", "1"],
    ...["--epochs", `${EPOCHS}`, "--threads", "2", "--json"],
  ];
  const { code, stdout, stderr } = await new Deno.Command("mpirun", {
    args: ["-n", "3", "--oversubscribe", Deno.execPath(), "run", "-A", CLI, "train", ...options],
    env: { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1", NO_COLOR: "1" },
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line))
    .filter(({ event }) => event === "epoch").map(({ validationAccuracy }) => validationAccuracy);
}

const runs: { seed: number; bits32: number[]; bits16: number[] }[] = [];
for (let seed = 1; seed <= SEEDS; seed++) {
  const [bits32, bits16] = [await run(seed, 32), await run(seed, 16)];
  runs.push({ seed, bits32, bits16 });
  console.error(`seed ${seed}: ${Math.max(...bits32)} with 32 bits, ${Math.max(...bits16)} with 16`);
}
const mean = (of: (run: typeof runs[number]) => number) =>
  runs.reduce((sum, run) => sum + of(run), 0) / SEEDS;
/** The commit that runs. */
async function commit(): Promise<string> {
  const { stdout } = await new Deno.Command("git", { args: ["rev-parse", "--short", "HEAD"] }).output();
  return new TextDecoder().decode(stdout).trim();
}

console.log(JSON.stringify(
  {
    what: "Fashion-MNIST, 784-1000-1000-1000-10, epsilon 20, WASSP over MPI, 2 workers, validation accuracy",
    command: `bench/mpi/wire_bits.ts ${Deno.args.join(" ")}`.trim(),
    commit: await commit(),
    host: describeProcessor(processor()),
    date: new Date().toISOString().slice(0, 10),
    epochs: EPOCHS,
    bestMean: {
      bits32: mean((run) => Math.max(...run.bits32)),
      bits16: mean((run) => Math.max(...run.bits16)),
    },
    lastMean: { bits32: mean((run) => run.bits32.at(-1)!), bits16: mean((run) => run.bits16.at(-1)!) },
    runs,
  },
  undefined,
  1,
));

/**
 * Is it a mask? Time and memory of a training step against density, beside a dense network of the same widths.
 *
 * `deno run -A bench/density.ts [--threads N] [--rounds N] [--python PATH] [--simd avx2|portable]` measures our step at every density and
 * PyTorch's dense step in turn, prints a table with the crossover, and writes `bench/results/<date>-density.json`.
 * PATH is a Python with PyTorch, by default that of `bench:peers`; without one the dense column is our own step at
 * density 1, and the result says so. `bench/density_plot.ts` draws the result.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
// @ts-types="../src/cli/parse_args.d.ts"
import { parseArgs } from "npm:deno-std@1.4.0/cli/parse_args.js";
import { type Measurement, parseMeasurement } from "./peers/measurement.ts";
import { prepareStep, type Step } from "./training_step.ts";
import { describeProcessor, lowerTo, processor, simdEnvironment } from "./processor.ts";

const SIZES = [784, 1000, 1000, 1000, 10];
const DENSITIES = [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
const BATCH = 128;
/** Milliseconds a sample lasts. */
const SAMPLE_MS = 100;
/** Weight, gradient and one plane of a dense parameter, 4 bytes each. */
const DENSE_BYTES = 12;

/** One density. */
export interface DensityRow {
  readonly density: number;
  readonly connections: number;
  /** Milliseconds a step, one number a round. */
  readonly samplesMs: readonly number[];
  readonly medianMs: number;
  /** Bytes of weights, optimizer state and topology. */
  readonly bytes: number;
}

/** What the result file holds. */
export interface DensityResult {
  readonly date: string;
  readonly host: string;
  readonly command: string;
  readonly network: string;
  readonly batch: number;
  readonly threads: number;
  /** The dense network of the same widths. */
  readonly dense: Omit<DensityRow, "density"> & { readonly system: string };
  readonly rows: readonly DensityRow[];
  /** Density at which a step takes as long as the dense one; undefined where it is never so. */
  readonly crossover: { readonly time: number | undefined; readonly memory: number | undefined };
}

/** The middle of the samples. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/**
 * The density at which `of` reaches `limit`, on a straight line between two densities in logarithms; undefined where
 * all rows are on one side.
 */
export function crossing(
  rows: readonly DensityRow[],
  of: (row: DensityRow) => number,
  limit: number,
): number | undefined {
  const rising = rows.toSorted((a, b) => a.density - b.density);
  const above = rising.findIndex((row) => of(row) >= limit);
  if (above <= 0) return undefined;
  const [low, high] = [rising[above - 1], rising[above]];
  const part = Math.log(limit / of(low)) / Math.log(of(high) / of(low));
  return low.density * (high.density / low.density) ** part;
}

/** Milliseconds a step, the mean of as many steps as last about 100 ms. */
function sample(step: Step): number {
  const started = performance.now();
  let steps = 0;
  let elapsed = 0;
  while (elapsed < SAMPLE_MS) {
    step.run();
    steps++;
    elapsed = performance.now() - started;
  }
  return elapsed / steps;
}

/** PyTorch's dense step, measured once. */
async function dense(python: string, threads: number, simd: string | undefined): Promise<Measurement> {
  const program = fileURLToPath(new URL("peers/torch_unmasked.py", import.meta.url));
  const shared = [
    `--network=${SIZES.join("-")}`,
    "--epsilon=1e9",
    `--batch=${BATCH}`,
    `--threads=${threads}`,
  ];
  const { success, stdout } = await new Deno.Command(python, {
    args: [program, ...shared, "--samples=3", `--sample-ms=${SAMPLE_MS}`],
    env: simdEnvironment(simd),
    stderr: "inherit",
  }).output();
  if (!success) {
    throw new Error(`Cannot measure the dense network: "${python} ${program}" failed as shown above`);
  }
  return parseMeasurement(new TextDecoder().decode(stdout));
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

async function main(): Promise<void> {
  const given = parseArgs(Deno.args, { string: ["threads", "rounds", "python", "simd"] });
  const simd = typeof given.simd === "string" ? given.simd : undefined;
  lowerTo(simd);
  const [threads, rounds] = [Number(given.threads ?? 1), Number(given.rounds ?? 5)];
  const venv = fileURLToPath(new URL("peers/.venv/bin/python", import.meta.url));
  const python = typeof given.python === "string" ? given.python : exists(venv) ? venv : undefined;

  const steps = DENSITIES.map((density) =>
    prepareStep({ sizes: SIZES, density, batch: BATCH, dropout: 0, threads })
  );
  const samples: number[][] = steps.map(() => []);
  const peer: Measurement[] = [];
  for (const step of steps) sample(step); // Warm-up.
  for (let round = 0; round < rounds; round++) {
    for (const [index, step] of steps.entries()) samples[index].push(sample(step));
    if (python !== undefined) peer.push(await dense(python, threads, simd));
  }
  const rows = DENSITIES.map((density, index): DensityRow => ({
    density,
    connections: steps[index].model.stats().connections,
    samplesMs: samples[index],
    medianMs: median(samples[index]),
    bytes: steps[index].model.memory.arena.byteLength,
  }));
  const parameters = SIZES.slice(1).reduce((sum, neurons, layer) => sum + (SIZES[layer] + 1) * neurons, 0);
  const densest = rows[0];
  const samplesMs = peer.length > 0 ? peer.flatMap((measured) => measured.samplesMs) : densest.samplesMs;
  const reference = {
    system: peer.length > 0
      ? `PyTorch ${peer[0].version}, dense`
      : "our own step at density 1: no PyTorch was found",
    connections: densest.connections,
    samplesMs,
    medianMs: median(samplesMs),
    bytes: DENSE_BYTES * parameters,
  };
  const result: DensityResult = {
    date: new Date().toISOString().slice(0, 10),
    host: describeProcessor(processor()),
    command: `deno run -A bench/density.ts --threads ${threads} --rounds ${rounds}` +
      (simd === undefined ? "" : ` --simd ${simd}`),
    network: SIZES.join("-"),
    batch: BATCH,
    threads,
    dense: reference,
    rows,
    crossover: {
      time: crossing(rows, ({ medianMs }) => medianMs, reference.medianMs),
      memory: crossing(rows, ({ bytes }) => bytes, reference.bytes),
    },
  };
  console.log(`${result.host}\n\n${table(result)}`);
  await Deno.mkdir(new URL("results/", import.meta.url), { recursive: true });
  const path = new URL(
    `results/${result.date}-density${simd === undefined ? "" : `-${simd}`}.json`,
    import.meta.url,
  );
  await Deno.writeTextFile(path, JSON.stringify(result) + "\n");
}

/** The result as a table in Markdown. */
export function table({ dense, rows, crossover }: DensityResult): string {
  const line = (name: string, row: Omit<DensityRow, "density">) => {
    const { medianMs, bytes, connections } = row;
    const ratios = `${(dense.medianMs / medianMs).toFixed(2)} | ${(bytes / 2 ** 20).toFixed(2)}`;
    return `| ${name} | ${connections} | ${medianMs.toFixed(3)} | ${ratios} | ${
      (dense.bytes / bytes).toFixed(2)
    } |`;
  };
  const percent = (density: number | undefined) =>
    density === undefined ? "never" : `${(100 * density).toPrecision(2)} %`;
  return [
    "| density | connections | ms a step | × faster than dense | MiB | × smaller than dense |",
    "| ---: | ---: | ---: | ---: | ---: | ---: |",
    line(dense.system, dense),
    ...rows.map((row) => line(`${+(100 * row.density).toPrecision(3)} %`, row)),
    "",
    `As fast as dense at ${percent(crossover.time)}, as large at ${percent(crossover.memory)}`,
  ].join("\n");
}

if (import.meta.main) await main();

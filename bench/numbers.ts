/**
 * The performance figures of the README in one run, each beside its aim.
 *
 * `deno run -A bench/numbers.ts [--data-dir DIR] [--simd avx2|portable]` prints a table and writes
 * `bench/results/<date>-numbers.json`, with the instruction set in the name where it was lowered. The
 * Fashion-MNIST and Madelon rows need those data sets; without them they say so.
 *
 * @module
 */
// @ts-types="../src/cli/parse_args.d.ts"
import { parseArgs } from "npm:deno-std@1.4.0/cli/parse_args.js";
import { datasets, type EpochRecord, SparseMlp, train } from "../mod.ts";
import { prepareStep } from "./training_step.ts";
import { describeProcessor, lowerTo, processor } from "./processor.ts";

interface Figure {
  readonly what: string;
  readonly aim: string;
  readonly median: number;
  readonly lowest: number;
  readonly unit: string;
}

const NETWORKS = {
  "Fashion-MNIST's network": { sizes: [784, 1000, 1000, 1000, 10], aims: ["≤ 2.0", "≤ 1.1"] },
  "CIFAR-10's network": { sizes: [3072, 4000, 1000, 4000, 10], aims: ["≤ 7.5", "≤ 4.2"] },
};
const SAMPLES = 9;
const STEPS = 40;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Milliseconds a call, one number a sample. */
function timed(run: () => unknown): number[] {
  for (let warm = 0; warm < STEPS; warm++) run();
  return Array.from({ length: SAMPLES }, () => {
    const started = performance.now();
    for (let step = 0; step < STEPS; step++) run();
    return (performance.now() - started) / STEPS;
  });
}

function* steps(): Generator<Figure> {
  for (const [name, { sizes, aims }] of Object.entries(NETWORKS)) {
    for (const threads of [1, 2]) {
      const step = prepareStep({ sizes, threads });
      const whole = timed(() => step.run());
      const what = `whole step, ${name}, threads: ${threads}`;
      yield { what, aim: aims[threads - 1], median: median(whole), lowest: Math.min(...whole), unit: "ms" };
      if (threads > 1) continue;
      // In turn, so that both parts meet the same machine.
      const outside = Array.from({ length: 3 }, () => {
        const [all, build, kernel] = [() => step.run(), step.build, step.kernel].map((run) =>
          median(timed(run))
        );
        return 100 * (all - build - kernel) / all;
      });
      yield {
        what: `share of that step outside the kernels`,
        aim: "≤ 3",
        median: median(outside),
        lowest: Math.min(...outside),
        unit: "%",
      };
    }
  }
}

async function epochs(folder: string | undefined): Promise<Figure[]> {
  const data = await datasets.load("fashion-mnist", { ...(folder && { dataDir: folder }) });
  const sizes = [784, 1000, 1000, 1000, 10];
  const model = SparseMlp.create({ sizes, epsilon: 20, seed: 1 });
  const records: EpochRecord[] = [];
  const options = { epochs: 8, threads: 2, weightDecayForm: "coupled" } as const;
  for await (const record of train(model, data, options)) records.push(record);
  // The first warms up, the last has no evolution.
  const seconds = records.slice(1, -1).map((record) => record.seconds + record.evolutionSeconds);
  const shares = records.slice(1, -1).map((record) =>
    100 * record.evolutionSeconds / (record.seconds + record.evolutionSeconds)
  );
  return [
    {
      what: "Fashion-MNIST epoch with evolution, threads: 2",
      aim: "≤ 0.6",
      median: median(seconds),
      lowest: Math.min(...seconds),
      unit: "s",
    },
    {
      what: "evolution's share of it",
      aim: "≤ 5",
      median: median(shares),
      lowest: Math.min(...shares),
      unit: "%",
    },
  ];
}

async function madelon(folder: string | undefined): Promise<Figure> {
  const data = await datasets.load("madelon", { ...(folder && { dataDir: folder }) });
  const sizes = [500, 400, 100, 400, 2];
  const model = SparseMlp.create({
    sizes,
    epsilon: 10,
    initializer: "normal",
    activation: { kind: "all-relu", alpha: 0.5 },
    seed: 1,
  });
  const started = performance.now();
  for await (const record of train(model, data, { epochs: 500, batchSize: 32, threads: 1 })) void record;
  const seconds = (performance.now() - started) / 1000;
  return {
    what: "Madelon, 500 epochs, evaluation after each, threads: 1",
    aim: "≤ 10",
    median: seconds,
    lowest: seconds,
    unit: "s",
  };
}

const { "data-dir": given, simd } = parseArgs(Deno.args, { string: ["data-dir", "simd"] });
const lowered = typeof simd === "string" ? simd : undefined;
lowerTo(lowered);
const host = describeProcessor(processor());
console.log(host);
const folder = typeof given === "string" ? given : undefined;
const figures: Figure[] = [...steps()];
for (const row of [() => epochs(folder), () => madelon(folder)]) {
  try {
    figures.push(...[await row()].flat());
  } catch (cause) {
    console.error(`left out: ${(cause as Error).message}`);
  }
}
for (const { what, aim, median, lowest, unit } of figures) {
  console.log(
    `${what.padEnd(56)} ${median.toFixed(3).padStart(8)} ${unit.padEnd(2)}  lowest ${
      lowest.toFixed(3)
    }  aim ${aim}`,
  );
}
const date = new Date().toISOString().slice(0, 10);
await Deno.mkdir(new URL("results/", import.meta.url), { recursive: true });
await Deno.writeTextFile(
  new URL(`results/${date}-numbers${lowered === undefined ? "" : `-${lowered}`}.json`, import.meta.url),
  JSON.stringify(
    { date, host, command: ["deno run -A bench/numbers.ts", ...Deno.args].join(" "), figures },
    null,
    2,
  ) + "\n",
);

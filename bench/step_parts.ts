/**
 * What a training step consists of: the batch, the network, dropout's share of it, and what is outside the kernels; and
 * beside it, on as many samples, an evaluation and the statistics of the features.
 *
 *     deno run -A bench/step_parts.ts [--threads 1] [--samples 200] [--simd avx2] [--output FILE]
 *
 * Parts take turns, in samples of a millisecond, short enough to pass between two other programs' turns; the least is
 * told, and the median beside it. A kernel alone is its call with the arguments of the last step, again and again; what a
 * step takes beyond its two kernels is TypeScript's.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { kernels } from "../src/native/library.ts";
import type { Symbols } from "../src/native/ffi.ts";
import { describeProcessor, lowerTo, processor } from "./processor.ts";
import { prepareStep, type Step, type StepOptions } from "./training_step.ts";

/** Networks and batches as their recipes have them. */
const SHAPES: Readonly<Record<string, StepOptions>> = {
  "Madelon 500-400-100-400-2, 32 samples": { sizes: [500, 400, 100, 400, 2], epsilon: 10, batch: 32 },
  "Fashion-MNIST 784-1000×3-10": { sizes: [784, 1000, 1000, 1000, 10] },
  "CIFAR-10 3072-4000-1000-4000-10": { sizes: [3072, 4000, 1000, 4000, 10] },
};
const SAMPLE_MILLISECONDS = 1;

const { values: { threads, samples, simd, output } } = parseArgs({
  options: {
    threads: { type: "string", default: "1" },
    samples: { type: "string", default: "200" },
    simd: { type: "string" },
    output: { type: "string" },
  },
});
lowerTo(simd);
const host = describeProcessor(processor());
console.log(host);

/** A part of a step, as something to call. */
type Part = () => void;

/** The call of a kernel that `run` makes, with the arguments it makes it with. */
function callOf(
  name: "ts_gather_batch" | "ts_train_batch" | "ts_evaluate_batch" | "ts_standardize_part",
  run: Part,
): Part {
  const symbols = kernels() as { -readonly [Name in keyof Symbols]: Symbols[Name] };
  const kernel = symbols[name] as (...given: unknown[]) => number;
  let call: Part | undefined;
  Object.assign(symbols, {
    [name]: (...given: unknown[]) => {
      call = () => void kernel(...given);
      return kernel(...given);
    },
  });
  run();
  Object.assign(symbols, { [name]: kernel });
  if (call === undefined) throw new Error(`Cannot time ${name}: the step does not call it`);
  return call;
}

function partsOf(step: Step, plain: Step): Record<string, Part> {
  return {
    "whole step": () => void step.run(),
    "batch, kernel": callOf("ts_gather_batch", step.build),
    "network, kernel": callOf("ts_train_batch", step.kernel),
    "network without dropout, kernel": callOf("ts_train_batch", plain.kernel),
    "evaluation, kernel": callOf("ts_evaluate_batch", step.evaluate),
    "statistics, second pass, kernel": callOf("ts_standardize_part", step.standardize),
  };
}

/** Microseconds of each part, sample by sample in turns. */
function race(parts: Record<string, Part>): Record<string, number[]> {
  const timed = Object.entries(parts).map(([name, part]) => {
    for (let warm = 0; warm < 50; warm++) part();
    const started = performance.now();
    for (let call = 0; call < 10; call++) part();
    const calls = Math.ceil(SAMPLE_MILLISECONDS * 10 / (performance.now() - started));
    return { name, part, calls, microseconds: [] as number[] };
  });
  for (let sample = 0; sample < Number(samples); sample++) {
    for (const { part, calls, microseconds } of timed) {
      const started = performance.now();
      for (let call = 0; call < calls; call++) part();
      microseconds.push(1000 * (performance.now() - started) / calls);
    }
  }
  return Object.fromEntries(timed.map(({ name, microseconds }) => [name, microseconds]));
}

const least = (values: readonly number[]) => Math.min(...values);
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];

const results = Object.fromEntries(
  Object.entries(SHAPES).map(([name, shape]) => {
    const options = { ...shape, threads: Number(threads) };
    const times = race(partsOf(prepareStep(options), prepareStep({ ...options, dropout: 0 })));
    const [whole, batch, network, plain] = Object.values(times).map(least);
    const shares = {
      batch: batch / whole,
      dropout: (network - plain) / whole,
      "outside the kernels": (whole - batch - network) / whole,
    };
    console.log(`\n${name}`);
    for (const [part, all] of Object.entries(times)) {
      console.log(
        `  ${part.padEnd(32)} ${least(all).toFixed(1).padStart(8)} µs  median ${median(all).toFixed(1)}`,
      );
    }
    for (const [part, share] of Object.entries(shares)) {
      console.log(`  share of ${part.padEnd(23)} ${(100 * share).toFixed(1).padStart(8)} %`);
    }
    const microseconds = Object.entries(times).map((
      [part, all],
    ) => [part, { least: least(all), median: median(all) }]);
    return [name, { microseconds: Object.fromEntries(microseconds), shares }];
  }),
);
if (output !== undefined) {
  const command = `deno run -A bench/step_parts.ts ${Deno.args.join(" ")}`;
  const head = { date: new Date().toISOString(), processor: host, command };
  Deno.writeTextFileSync(
    output,
    JSON.stringify({ ...head, threads: Number(threads), results }, null, 1) + "\n",
  );
}

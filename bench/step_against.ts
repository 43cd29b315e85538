/**
 * A training step of this folder against that of another checkout, and in the same run Adam's against momentum SGD's and
 * one that learns its slopes against one that was given them.
 *
 *     deno run -A bench/step_against.ts ../before [--threads 1] [--placements 12] [--output FILE]
 *
 * The other folder has its kernels built. Where the arrays of a network happen to lie in memory moves a step by up to
 * three percent, so networks are made anew a number of times; the ratio told is the median over these placements, each
 * the median of blocks of steps that take turns.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { prepareStep, type Step, type StepOptions } from "./training_step.ts";
import { describeProcessor, processor } from "./processor.ts";

const BLOCKS = 24;
const STEPS = 20;

const { values: { threads, placements, output }, positionals: [folder] } = parseArgs({
  options: {
    threads: { type: "string", default: "1" },
    placements: { type: "string", default: "12" },
    output: { type: "string" },
  },
  allowPositionals: true,
});
if (folder === undefined) {
  throw new TypeError("Cannot compare steps: expected the folder of the other checkout");
}
const other: { prepareStep(options: StepOptions): Step } = await import(
  new URL(`${folder.replace(/\/$/, "")}/bench/training_step.ts`, `file://${Deno.cwd()}/`).href
);

const options = { sizes: [784, 1000, 1000, 1000, 10], threads: Number(threads) };
const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** Milliseconds a step of each, block by block in turns; the networks are made in the order of the names. */
function race(steps: Record<string, Step>): Record<string, number[]> {
  const names = Object.keys(steps);
  const times = Object.fromEntries(names.map((name): [string, number[]] => [name, []]));
  for (const step of Object.values(steps)) for (let warm = 0; warm < STEPS; warm++) step.run();
  for (let block = 0; block < BLOCKS; block++) {
    for (const name of block % 2 === 0 ? names : names.toReversed()) {
      const started = performance.now();
      for (let step = 0; step < STEPS; step++) steps[name].run();
      times[name].push((performance.now() - started) / STEPS);
    }
  }
  return times;
}

const ratios: Record<"after / before" | "adam / sgd" | "learned / given", number[]> = {
  "after / before": [],
  "adam / sgd": [],
  "learned / given": [],
};
const milliseconds: Record<string, number[]> = { before: [], sgd: [], adam: [], learned: [] };
for (let placement = 0; placement < Number(placements); placement++) {
  const makers: [string, () => Step][] = [
    ["before", () => other.prepareStep(options)],
    ["sgd", () => prepareStep(options)],
    ["adam", () => prepareStep({ ...options, optimizer: "adam" })],
    ["learned", () => prepareStep({ ...options, activation: { kind: "all-relu", alpha: "learned" } })],
  ];
  if (placement % 2 === 1) makers.reverse();
  const times = race(Object.fromEntries(makers.map(([name, make]) => [name, make()])));
  for (const [name, list] of Object.entries(times)) milliseconds[name].push(median(list));
  const over = (one: string, two: string) =>
    median(times[one].map((time, block) => time / times[two][block]));
  ratios["after / before"].push(over("sgd", "before"));
  ratios["adam / sgd"].push(over("adam", "sgd"));
  ratios["learned / given"].push(over("learned", "sgd"));
}
for (const [name, list] of Object.entries(ratios)) {
  const [least, most] = [Math.min(...list), Math.max(...list)].map((ratio) => ratio.toFixed(3));
  console.log(
    `${name.padEnd(16)} ${median(list).toFixed(3)}  (${least} to ${most} over ${placements} placements)`,
  );
}
for (const [name, list] of Object.entries(milliseconds)) {
  console.log(`${name.padEnd(16)} ${median(list).toFixed(3)} ms a step`);
}
if (output !== undefined) {
  const command = `deno run -A bench/step_against.ts FOLDER --threads ${threads} --placements ${placements}`;
  const file = {
    date: new Date().toISOString(),
    host: describeProcessor(processor()),
    command,
    network: options.sizes,
    ratios,
    milliseconds,
  };
  await Deno.writeTextFile(output, JSON.stringify(file, null, 2) + "\n");
}

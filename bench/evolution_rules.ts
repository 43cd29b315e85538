/**
 * What a change of the topology costs by each rule, as a share of an epoch.
 *
 * Usage: `deno run -A bench/evolution_rules.ts [sizes=784,1000,1000,1000,10] [epsilon=20] [batch=128] [samples=60000]
 * [changes=7] [steps=40] [threads=2] [rules=set,uniform,…] [out=FILE]`. Steps and changes take turns, so that what else the
 * machine does falls on both; a step is the median, an epoch as many of them as `samples` make. Samples are made up. Processor
 * seconds are those of all threads, which do not count what others do.
 *
 * @module
 */
import process from "node:process";
import { SparseMlp, type TrainOptions } from "../mod.ts";
import { standardizationOf } from "../src/data/standardization.ts";
import { stateFor } from "../src/optimizer/optimizers.ts";
import { sharedWords } from "../src/sparse/shared.ts";
import { changeTopology } from "../src/topology/change.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { StepRunner } from "../src/train/step_runner.ts";
import { madeUpSplit } from "./made_up.ts";
import { describeProcessor, processor as runsOn } from "./processor.ts";

/** Options of each rule. */
const RULES: Readonly<Record<string, TrainOptions>> = {
  set: {},
  "any-sign": { drop: "magnitude-any-sign" },
  mest: { drop: "magnitude-gradient" },
  uniform: { growth: "gradient-sampled" },
  grabo: { growth: "gradient-sampled", growthSampling: "grabo" },
  graest: { growth: "gradient-sampled", growthSampling: "graest" },
  rigl: { growth: "gradient", drop: "magnitude-any-sign" },
};

const given = new Map(Deno.args.map((arg) => arg.split("=") as [string, string]));
const number = (name: string, fallback: number) => Number(given.get(name) ?? fallback);
const sizes = (given.get("sizes") ?? "784,1000,1000,1000,10").split(",").map(Number);
const [epsilon, batchSize, threads] = [number("epsilon", 20), number("batch", 128), number("threads", 2)];
const [samples, changes, steps] = [number("samples", 60_000), number("changes", 7), number("steps", 40)];
const rules = (given.get("rules") ?? Object.keys(RULES).join(",")).split(",");

const split = madeUpSplit(sizes, 4 * batchSize);
const standardization = standardizationOf(split, sizes[0], threads);
const order = sharedWords(split.samples).map((_, at) => at);
const model = SparseMlp.create({ sizes, epsilon, fanIn: "sparse", seed: 1, threads });
const { connections } = model.stats();
const plain = resolveHyperparameters({ batchSize, threads, learningRate: 1e-3 }, 1);
model.holdState(stateFor(plain));
const runner = new StepRunner({ model, split, standardization, settings: plain, probes: true });

/** Seconds by the clock, and of all threads on a processor. */
const timed = (work: () => unknown): [number, number] => {
  const [started, before] = [performance.now(), process.cpuUsage()];
  work();
  const { user, system } = process.cpuUsage(before);
  return [(performance.now() - started) / 1000, (user + system) / 1e6];
};
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];

const stepTimes: [number, number][] = [];
const changeTimes = new Map(rules.map((name) => [name, [] as [number, number][]]));
let step = 0;
for (let change = 0; change <= changes; change++) {
  for (const name of rules) {
    for (let at = 0; at < Math.ceil(steps / rules.length); at++, step++) {
      stepTimes.push(timed(() => runner.step(runner.build(order, 0, batchSize, 1), step, 1e-3)));
    }
    const settings = resolveHyperparameters(
      { batchSize, threads, ...RULES[name] } as Parameters<typeof resolveHyperparameters>[0],
      1,
    );
    const probe = () => runner.probe(order, 1, { epoch: 1, step: 1, steps: 1 });
    const times = timed(() => changeTopology(model, settings, change + 1, { probe }));
    // The first change of each rule warms up.
    if (change > 0) changeTimes.get(name)!.push(times);
  }
}
const clock = (times: readonly [number, number][]) => times.map(([seconds]) => seconds);
const processor = (times: readonly [number, number][]) => times.map(([, seconds]) => seconds);
const stepSeconds = median(clock(stepTimes));
const stepProcessorSeconds = median(processor(stepTimes));
const epochSeconds = stepSeconds * Math.ceil(samples / batchSize);
const rows = Array.from(changeTimes, ([rule, times]) => ({
  rule,
  medianSeconds: median(clock(times)),
  leastSeconds: Math.min(...clock(times)),
  mostSeconds: Math.max(...clock(times)),
  processorSeconds: median(processor(times)),
  shareOfEpoch: median(clock(times)) / epochSeconds,
}));
const result = {
  host: describeProcessor(runsOn()),
  sizes,
  epsilon,
  connections,
  batchSize,
  samples,
  threads,
  stepSeconds,
  stepProcessorSeconds,
  epochSeconds,
  rows,
};
const json = JSON.stringify(result, null, 2);
console.log(json);
if (given.has("out")) Deno.writeTextFileSync(given.get("out")!, `${json}\n`);

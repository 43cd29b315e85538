/**
 * What workers do after phase 1, and what that is worth on Fashion-MNIST: one run, with the paper's settings but for the
 * options named.
 *
 * `deno run -A bench/parallel_phase_two.ts --out FILE [--options JSON] [--seed 1] [--workers 5] [--epochs 500]
 * [--until N] [--begin FILE] [--whole] [--data-dir DIR] [--dataset fashion-mnist]` trains, and adds the run to a JSON
 * file of all. 1/6 of the training samples is what to choose by, unless `--whole` trains on all of them; `--samples N`
 * takes the first N alone, of which the last 2/7 are what to choose by. `--options` has options of `trainParallel`:
 * `{"shards":"epoch","averageEvery":1}`.
 *
 * `--until` ends after so many epochs of the run that is planned, and keeps the model in `--begin`. Without `--until`,
 * the run goes on from `--begin`, so that one phase 1 serves many a phase 2.
 *
 * @module
 */
// @ts-types="../src/cli/parse_args.d.ts"
import { parseArgs } from "npm:deno-std@1.4.0/cli/parse_args.js";
import { loadavg } from "node:os";
import {
  type Dataset,
  datasets,
  loadModel,
  saveModel,
  SparseMlp,
  type Split,
  trainParallel,
} from "../mod.ts";
import { describeProcessor, processor } from "./processor.ts";

const names = [
  "out",
  "options",
  "seed",
  "workers",
  "epochs",
  "until",
  "begin",
  "samples",
  "data-dir",
  "dataset",
];
const given = parseArgs(Deno.args, { string: names, boolean: ["whole"] });
const text = (name: string): string | undefined => typeof given[name] === "string" ? given[name] : undefined;
const count = (name: string, fallback: number) => Number(text(name) ?? fallback);
const [seed, workers, epochs] = [count("seed", 1), count("workers", 5), count("epochs", 500)];
const until = count("until", epochs);
const begin = text("begin");
const options = JSON.parse(text("options") ?? "{}");

const name = text("dataset") === "cifar10" ? "cifar10" : "fashion-mnist";
const whole = await datasets.load(name, { dataDir: text("data-dir") });
const taken = count("samples", whole.train.samples);
const data: Dataset = taken < whole.train.samples
  ? {
    ...whole,
    train: part(0, Math.round(taken * 5 / 7)),
    validation: part(Math.round(taken * 5 / 7), taken),
  }
  : whole;
const { hidden, epsilon, alpha, initializer, ...settings } = datasets.describe(name).settings;
const { batchSize, learningRate, momentum, weightDecay, weightDecayForm, dropout, zeta } = settings;

/** The training samples from one place to another. */
function part(from: number, to: number): Split {
  const { features, labels, targets } = whole.train;
  const rows = [from, to].map((sample) => sample * whole.featureCount);
  return {
    samples: to - from,
    features: features.subarray(rows[0], rows[1]),
    labels: labels.subarray(from, to),
    targets,
  };
}

/** The model and the epochs it has seen: those of another run, or none. */
async function start(): Promise<[SparseMlp, number]> {
  if (begin !== undefined && until === epochs) {
    const { model, training } = await loadModel(begin);
    return [model, training!.epoch];
  }
  const sizes = [data.featureCount, ...hidden, data.outputCount];
  const activation = { kind: "all-relu", alpha } as const;
  return [SparseMlp.create({ sizes, epsilon, activation, initializer, seed }), 0];
}

async function output(command: string, args: string[]): Promise<string> {
  return new TextDecoder().decode((await new Deno.Command(command, { args }).output()).stdout).trim();
}

const commit = await output("git", ["rev-parse", "--short", "HEAD"]);
const [model, epochsDone] = await start();
const started = performance.now();
const points: Record<"trainLoss" | "validation" | "test" | "exchanges" | "distance" | "overlap", number[]> = {
  trainLoss: [],
  validation: [],
  test: [],
  exchanges: [],
  distance: [],
  overlap: [],
};
const rounded = (value: number) => Number(value.toPrecision(5));
const records = trainParallel(model, data, {
  ...{ epochs, batchSize, learningRate, momentum, weightDecay, weightDecayForm, dropout, zeta, seed },
  ...{ workers, threads: 1, epochsDone, keep: "last" },
  ...(!given.whole && data === whole && { validationFraction: 1 / 6 }),
  ...options,
});
for await (const { epoch, trainLoss, validationAccuracy, testAccuracy, parallel } of records) {
  points.trainLoss.push(rounded(trainLoss));
  if (validationAccuracy !== undefined) points.validation.push(rounded(validationAccuracy));
  if (testAccuracy !== undefined) points.test.push(rounded(testAccuracy));
  const { exchanges, modelDistance, topologyOverlap } = parallel as unknown as Record<
    string,
    number | undefined
  >;
  if (exchanges !== undefined) points.exchanges.push(exchanges);
  if (modelDistance !== undefined) points.distance.push(rounded(modelDistance));
  if (topologyOverlap !== undefined) points.overlap.push(rounded(topologyOverlap));
  if (epoch === until) break;
}
if (begin !== undefined && until < epochs) {
  await saveModel(model, begin, { training: { epoch: until, options: {} } });
}

const { validation, test } = points;
/** The highest, the epoch it was reached in, the last, and the mean of the last ten. */
const summed = (values: number[]) =>
  values.length === 0 ? undefined : {
    best: Math.max(...values),
    bestEpoch: epochsDone + 1 + values.indexOf(Math.max(...values)),
    last: values[values.length - 1],
    lastTen: rounded(values.slice(-10).reduce((sum, value) => sum + value, 0) / Math.min(10, values.length)),
  };
const run = {
  date: new Date().toISOString(),
  command: ["deno run -A bench/parallel_phase_two.ts", ...Deno.args].join(" "),
  ...{ commit, processor: describeProcessor(processor()), load: loadavg()[0] },
  ...{
    dataset: name,
    samples: data.train.samples - (given.whole || data !== whole ? 0 : data.train.samples / 6),
  },
  ...{ seed, workers, epochs, firstEpoch: epochsDone + 1, options },
  seconds: Math.round((performance.now() - started) / 1000),
  ...{ validation: summed(validation), test: summed(test) },
  points: Object.fromEntries(Object.entries(points).filter(([, values]) => values.length > 0)),
};
const out = text("out");
if (out === undefined) console.log(JSON.stringify(run));
else {
  const before: { runs: unknown[] } = await Deno.readTextFile(out).then(JSON.parse, () => ({ runs: [] }));
  const lines = [...before.runs, run].map((one) => JSON.stringify(one));
  await Deno.writeTextFile(out, `{"runs":[\n${lines.join(",\n")}\n]}\n`);
}
console.error(
  JSON.stringify({
    options,
    workers,
    epochs,
    seconds: run.seconds,
    validation: run.validation,
    test: run.test,
  }),
);

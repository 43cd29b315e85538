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
 * Of a run are kept the accuracies of each epoch, in four digits, what they come to, and what the last epoch says
 * besides: the training loss, and of models that are apart how far, and how much of their topologies they share.
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
const [validation, test]: [number[], number[]] = [[], []];
let lastEpoch: Record<string, number> = {};
const rounded = (value: number, digits = 5) => Number(value.toPrecision(digits));
const records = trainParallel(model, data, {
  ...{ epochs, batchSize, learningRate, momentum, weightDecay, weightDecayForm, dropout, zeta, seed },
  ...{ workers, threads: 1, epochsDone, keep: "last" },
  ...(!given.whole && data === whole && { validationFraction: 1 / 6 }),
  ...options,
});
for await (const { epoch, trainLoss, validationAccuracy, testAccuracy, parallel } of records) {
  if (validationAccuracy !== undefined) validation.push(validationAccuracy);
  if (testAccuracy !== undefined) test.push(testAccuracy);
  const { exchanges, modelDistance: distance, topologyOverlap: overlap } = parallel as unknown as Record<
    string,
    number | undefined
  >;
  lastEpoch = Object.fromEntries(
    Object.entries({ trainLoss, exchanges, distance, overlap }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, rounded(value)]]
    ),
  );
  if (epoch === until) break;
}
if (begin !== undefined && until < epochs) {
  await saveModel(model, begin, { training: { epoch: until, options: {} } });
}

/** The highest, the epoch it was reached in, the last, the mean of the last ten, and all of them. */
const summed = (values: number[]) =>
  values.length === 0 ? undefined : {
    best: rounded(Math.max(...values)),
    bestEpoch: epochsDone + 1 + values.indexOf(Math.max(...values)),
    last: rounded(values[values.length - 1]),
    lastTen: rounded(values.slice(-10).reduce((sum, value) => sum + value, 0) / Math.min(10, values.length)),
    byEpoch: values.map((value) => rounded(value, 4)),
  };
const run = {
  date: new Date().toISOString(),
  command: ["deno run -A bench/parallel_phase_two.ts", ...Deno.args].join(" "),
  ...{ commit, processor: describeProcessor(processor()), load: rounded(loadavg()[0], 3) },
  ...{
    dataset: name,
    samples: data.train.samples - (given.whole || data !== whole ? 0 : data.train.samples / 6),
  },
  ...{ seed, workers, epochs, firstEpoch: epochsDone + 1, options },
  seconds: Math.round((performance.now() - started) / 1000),
  ...{ validation: summed(validation), test: summed(test), lastEpoch },
};
const out = text("out");
if (out === undefined) console.log(JSON.stringify(run));
else {
  const before: { runs: unknown[] } = await Deno.readTextFile(out).then(JSON.parse, () => ({ runs: [] }));
  const lines = [...before.runs, run].map((one) => JSON.stringify(one));
  await Deno.writeTextFile(out, `{"runs":[\n${lines.join(",\n")}\n]}\n`);
}
const brief = (of: typeof run.test) => of && { ...of, byEpoch: undefined };
const told = { options, workers, epochs, seconds: run.seconds };
console.error(JSON.stringify({ ...told, validation: brief(run.validation), test: brief(run.test) }));

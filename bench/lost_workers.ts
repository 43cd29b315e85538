/**
 * Training while threads of workers end at random: what it loses.
 *
 * `deno run -A bench/lost_workers.ts [--epochs 20] [--workers 2] [--seeds 1,2] [--life 5] [--data NAME]
 * [--data-dir DIR] [--out FILE]` trains `wasap`, `wassp` (each with both phases) and `gossip` on a named data set with its
 * settings, undisturbed and with threads that live for a random time (`--life`, mean seconds), then throw or stop for
 * ever, wherever they are (`mortal_worker.ts`); silence of two seconds shows the latter. Of each run: whether it ended,
 * threads that were lost in each phase, epochs with another number of updates than they should have, and the mean test
 * accuracy of the last three epochs.
 *
 * @module
 */
// @ts-types="../src/cli/parse_args.d.ts"
import { parseArgs } from "npm:deno-std@1.4.0/cli/parse_args.js";
import { loadavg } from "node:os";
import { datasets, type ParallelOptions, SparseMlp } from "../mod.ts";
import { trainOver } from "../src/parallel/wasap.ts";
import { WorkersTransport } from "../src/parallel/threads/transport.ts";
import { describeProcessor, processor } from "./processor.ts";

const given = parseArgs(Deno.args, {
  string: ["epochs", "workers", "seeds", "life", "data", "data-dir", "out"],
});
const text = (name: string, fallback: string) => typeof given[name] === "string" ? given[name] : fallback;
const [epochs, workers] = [Number(text("epochs", "20")), Number(text("workers", "2"))];
const lifeMs = 1000 * Number(text("life", "5"));
const seeds = text("seeds", "1,2").split(",").map(Number);
const name = text("data", "fashion-mnist");
const TIME_LIMIT_SECONDS = 2;

const ALGORITHMS: readonly ParallelOptions[] = [
  { algorithm: "wasap", phaseOneFraction: 0.5 },
  { algorithm: "wassp", phaseOneFraction: 0.5 },
  { algorithm: "gossip" },
];

/** What one run gave. */
interface Run {
  readonly ended: string;
  readonly seconds: number;
  readonly lost: readonly [phaseOne: number, phaseTwo: number];
  /** Epochs with another number of updates than they should have. */
  readonly wrongEpochs: number;
  readonly accuracy: number;
}

async function run(options: ParallelOptions, seed: number, mortal: boolean): Promise<Run> {
  const data = await datasets.load(name, { dataDir: text("data-dir", "") || undefined });
  const { settings } = datasets.describe(name);
  const { hidden, epsilon, alpha, initializer, batchSize, learningRate, momentum, dropout, zeta } = settings;
  const sizes = [data.featureCount, ...hidden, data.outputCount];
  const activation = { kind: "all-relu", alpha } as const;
  const model = SparseMlp.create({ sizes, epsilon, activation, initializer, seed });
  const lost: [number, number] = [0, 0];
  const started = performance.now();
  const accuracies: number[] = [];
  let [wrongEpochs, ended] = [0, "yes"];
  // Shards differ by one sample at most.
  const shard = Math.ceil(data.train.samples / workers);
  const steps = {
    1: Math.ceil((options.algorithm === "wassp" ? shard : data.train.samples) / batchSize),
    2: workers * Math.ceil(shard / batchSize),
  };
  const module = new URL(`./mortal_worker.ts#${lifeMs}`, import.meta.url);
  const records = trainOver(model, data, {
    ...{ epochs, batchSize, learningRate, momentum, dropout, zeta, seed, workers, threads: workers },
    ...{ lostWorkers: 1000, timeLimitSeconds: TIME_LIMIT_SECONDS, keep: "last" },
    ...options,
  }, (plan) => new WorkersTransport({ ...plan, ...(mortal && { module, startMs: 20_000 }) }));
  try {
    for await (const { testAccuracy, parallel } of records) {
      accuracies.push(testAccuracy!);
      lost[parallel!.phase - 1] += parallel!.replacedWorkers?.length ?? 0;
      if (parallel!.updates !== steps[parallel!.phase]) wrongEpochs++;
    }
  } catch (cause) {
    ended = String(cause);
  }
  const last = accuracies.slice(-3);
  return {
    ended,
    seconds: (performance.now() - started) / 1000,
    lost,
    wrongEpochs,
    accuracy: last.reduce((sum, accuracy) => sum + accuracy, 0) / last.length,
  };
}

const commit = await new Deno.Command("git", { args: ["rev-parse", "HEAD"] }).output();
const runs: Record<string, unknown>[] = [];
for (const seed of seeds) {
  for (const options of ALGORITHMS) {
    const undisturbed = await run(options, seed, false);
    const disturbed = await run(options, seed, true);
    const points = 100 * (disturbed.accuracy - undisturbed.accuracy);
    runs.push({ seed, ...options, undisturbed, disturbed, points });
    console.error(
      `seed ${seed}, ${options.algorithm}: ended: ${disturbed.ended}; lost ${disturbed.lost}, wrong epochs ` +
        `${disturbed.wrongEpochs}; ${(100 * disturbed.accuracy).toFixed(2)} % ` +
        `against ${(100 * undisturbed.accuracy).toFixed(2)} %`,
    );
    const found = {
      date: new Date().toISOString().slice(0, 10),
      command: `deno run -A bench/lost_workers.ts ${Deno.args.join(" ")}`.trim(),
      commit: new TextDecoder().decode(commit.stdout).trim(),
      processor: describeProcessor(processor()),
      loadAverage: loadavg()[0],
      ...{ data: name, epochs, workers, lifeSeconds: lifeMs / 1000, timeLimitSeconds: TIME_LIMIT_SECONDS },
      runs,
    };
    const out = text("out", "");
    if (out !== "") await Deno.writeTextFile(out, JSON.stringify(found, null, 2) + "\n");
    else if (runs.length === seeds.length * ALGORITHMS.length) console.log(JSON.stringify(found, null, 2));
  }
}

/**
 * Training while workers are ended at random: what it loses.
 *
 * `deno run -A bench/lost_workers.ts [--epochs 20] [--workers 2] [--seeds 1,2] [--every 2.5] [--data NAME]
 * [--data-dir DIR] [--out FILE]` trains `wasap`, `wassp` (each with both phases) and `gossip` on a named data set with its
 * settings, undisturbed and while `Worker.terminate()` ends a random worker every so many seconds, whatever it is doing:
 * computing, waiting, in its turn at the server. Nobody is told; silence of two seconds shows it. Deno stops the code of a
 * Worker 2 s after `terminate()`, so that a kill hits wherever the thread is then. Of each run: whether it ended, kills
 * and replacements in each phase, updates of each epoch against those it should have, and the mean test accuracy of the
 * last three epochs.
 *
 * @module
 */
// @ts-types="../src/cli/parse_args.d.ts"
import { parseArgs } from "npm:deno-std@1.4.0/cli/parse_args.js";
import { loadavg } from "node:os";
import { datasets, type ParallelOptions, SparseMlp, trainParallel } from "../mod.ts";
import { describeProcessor, processor } from "./processor.ts";

const given = parseArgs(Deno.args, {
  string: ["epochs", "workers", "seeds", "every", "data", "data-dir", "out"],
});
const text = (name: string, fallback: string) => typeof given[name] === "string" ? given[name] : fallback;
const [epochs, workers] = [Number(text("epochs", "20")), Number(text("workers", "2"))];
const everyMs = 1000 * Number(text("every", "2.5"));
const seeds = text("seeds", "1,2").split(",").map(Number);
const name = text("data", "fashion-mnist");
const TIME_LIMIT_SECONDS = 2;

const ALGORITHMS: readonly ParallelOptions[] = [
  { algorithm: "wasap", phaseOneFraction: 0.5 },
  { algorithm: "wassp", phaseOneFraction: 0.5 },
  { algorithm: "gossip" },
];

/** Ends random Workers of this thread that live, without telling anybody. */
class Killer {
  readonly #original = Worker;
  readonly #alive: Worker[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    const alive = this.#alive;
    globalThis.Worker = class extends this.#original {
      constructor(...given: ConstructorParameters<typeof Worker>) {
        super(...given);
        alive.push(this);
      }

      override terminate(): void {
        const place = alive.indexOf(this);
        if (place >= 0) alive.splice(place, 1);
        super.terminate();
      }
    };
  }

  start(onKill: () => void): void {
    this.#timer = setInterval(() => {
      const worker = this.#alive[Math.floor(Math.random() * this.#alive.length)];
      if (worker === undefined) return;
      worker.terminate();
      onKill();
    }, everyMs);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    globalThis.Worker = this.#original;
  }
}

/** What one run gave. */
interface Run {
  readonly ended: string;
  readonly seconds: number;
  readonly kills: readonly [phaseOne: number, phaseTwo: number];
  readonly replaced: number;
  /** Epochs with another number of updates than they should have. */
  readonly wrongEpochs: number;
  readonly accuracy: number;
}

async function run(options: ParallelOptions, seed: number, killed: boolean): Promise<Run> {
  const data = await datasets.load(name, { dataDir: text("data-dir", "") || undefined });
  const { settings } = datasets.describe(name);
  const { hidden, epsilon, alpha, initializer, batchSize, learningRate, momentum, dropout, zeta } = settings;
  const sizes = [data.featureCount, ...hidden, data.outputCount];
  const activation = { kind: "all-relu", alpha } as const;
  const model = SparseMlp.create({ sizes, epsilon, activation, initializer, seed });
  using killer = new Killer();
  const kills: [number, number] = [0, 0];
  let phase: 1 | 2 = options.algorithm === "gossip" ? 2 : 1;
  if (killed) killer.start(() => kills[phase - 1]++);
  const started = performance.now();
  const accuracies: number[] = [];
  let [replaced, wrongEpochs, ended] = [0, 0, "yes"];
  // Shards differ by one sample at most.
  const shard = Math.ceil(data.train.samples / workers);
  const steps = {
    1: Math.ceil((options.algorithm === "wassp" ? shard : data.train.samples) / batchSize),
    2: workers * Math.ceil(shard / batchSize),
  };
  const records = trainParallel(model, data, {
    ...{ epochs, batchSize, learningRate, momentum, dropout, zeta, seed, workers, threads: workers },
    ...{ lostWorkers: 1000, timeLimitSeconds: TIME_LIMIT_SECONDS, keep: "last" },
    ...options,
  });
  try {
    for await (const { epoch, testAccuracy, parallel } of records) {
      accuracies.push(testAccuracy!);
      replaced += parallel!.replacedWorkers?.length ?? 0;
      if (parallel!.updates !== steps[parallel!.phase]) wrongEpochs++;
      if (epoch >= epochs * (options.phaseOneFraction ?? 0)) phase = 2;
    }
  } catch (cause) {
    ended = String(cause);
  }
  const last = accuracies.slice(-3);
  return {
    ended,
    seconds: (performance.now() - started) / 1000,
    kills,
    replaced,
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
      `seed ${seed}, ${options.algorithm}: ended: ${disturbed.ended}; kills ${disturbed.kills}, replaced ` +
        `${disturbed.replaced}, wrong epochs ${disturbed.wrongEpochs}; ${
          (100 * disturbed.accuracy).toFixed(2)
        } % ` +
        `against ${(100 * undisturbed.accuracy).toFixed(2)} %`,
    );
    const found = {
      date: new Date().toISOString().slice(0, 10),
      command: `deno run -A bench/lost_workers.ts ${Deno.args.join(" ")}`.trim(),
      commit: new TextDecoder().decode(commit.stdout).trim(),
      processor: describeProcessor(processor()),
      loadAverage: loadavg()[0],
      ...{ data: name, epochs, workers, everySeconds: everyMs / 1000, timeLimitSeconds: TIME_LIMIT_SECONDS },
      runs,
    };
    const out = text("out", "");
    if (out !== "") await Deno.writeTextFile(out, JSON.stringify(found, null, 2) + "\n");
    else if (runs.length === seeds.length * ALGORITHMS.length) console.log(JSON.stringify(found, null, 2));
  }
}

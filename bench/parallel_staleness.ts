/**
 * What many workers do to learning: Fashion-MNIST with 1 to 64 workers in one thread, who arrive in the order that the
 * measured costs of a step give them; the same number of samples for each rule of staleness, in rounds, and for gossip.
 *
 *     deno run -A bench/parallel_staleness.ts [--epochs 15] [--workers 1,2,5,16,64] [--seeds 1] [--only "A;B"] [--out FILE]
 *
 * The algorithm is the real one (`src/parallel/in_process.ts`), phase 1 alone, with the paper's settings of the data
 * set. Of 60,000 samples 10,000 are for validation. Runs that the file has already are kept.
 *
 * @module
 */
// @ts-types="../src/cli/parse_args.d.ts"
import { parseArgs } from "npm:deno-std@1.4.0/cli/parse_args.js";
import { type Dataset, datasets, type ParallelOptions, SparseMlp, TrainingError } from "../mod.ts";
import { InProcessTransport } from "../src/parallel/in_process.ts";
import { trainOver } from "../src/parallel/wasap.ts";
import { describeProcessor, processor } from "./processor.ts";
import { logNormal, type StepCosts, TimedArrivals } from "./timed_arrivals.ts";

/** Relative standard deviation of the time of a mini-batch. */
const SPREAD = 0.1;
/** Measured in shared memory with two workers, 2026-11-25. */
const COSTS: StepCosts = {
  gradient: 0.0019905198250000002,
  push: 0.00007196532575757202,
  stalePush: 0.0005441482500000063,
  pull: 0.00003828828900255729,
  topologyPull: 0.00019459012499998358,
  pause: 0.0020591699999968115,
};
/** Epochs between two evaluations. */
const EVERY = 5;

/** Gossip at the rate of a single worker; its defaults are others. */
const GOSSIP = { algorithm: "gossip", localSteps: 8, peerAverage: "holders", phaseTwoRateFactor: 1 } as const;

/** What is compared. */
export const VARIANTS: Readonly<Record<string, ParallelOptions>> = {
  "none": { algorithm: "wasap", staleness: "none" },
  "inverse": { algorithm: "wasap", staleness: "inverse" },
  "delay-compensated": { algorithm: "wasap", staleness: "delay-compensated" },
  "none, η at once": { algorithm: "wasap", staleness: "none", initialRateFactor: 1 },
  "delay-compensated, η at once": {
    ...{ algorithm: "wasap", staleness: "delay-compensated", initialRateFactor: 1 },
  },
  "delay-compensated, λ = 2, η at once": {
    ...{ algorithm: "wasap", staleness: "delay-compensated", delayCompensation: 2, initialRateFactor: 1 },
  },
  "wassp": { algorithm: "wassp" },
  "gossip": GOSSIP,
  // As many steps as an epoch has that one model is trained in.
  "gossip, changes by steps": { ...GOSSIP, evolveEvery: { steps: 391 } },
};

/** Variants for one worker, which is never stale, so that all rules do the same, and has nobody to gossip with. */
const ALONE: readonly string[] = ["none", "none, η at once", "wassp"];

/** One epoch: the loss of training, accuracies as shares, staleness. */
export interface Point {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  readonly testAccuracy: number;
  readonly meanStaleness: number;
  readonly largestStaleness: number;
  /** How much of their topologies two workers with models of their own share. */
  readonly topologyOverlap?: number;
}

/** One run. */
export interface Run {
  readonly variant: string;
  readonly workers: number;
  readonly seed: number;
  /** Where it ended before its time: why. */
  readonly failed?: string;
  readonly points: readonly Point[];
}

/** What the file holds. */
export interface StalenessResult {
  readonly epochs: number;
  readonly runs: readonly Run[];
}

async function run(
  data: Dataset,
  variant: string,
  workers: number,
  seed: number,
  epochs: number,
): Promise<Run> {
  const { settings } = datasets.describe("fashion-mnist");
  const { hidden, epsilon, alpha, initializer, batchSize, learningRate, momentum, dropout, zeta } = settings;
  const model = SparseMlp.create({
    sizes: [data.featureCount, ...hidden, data.outputCount],
    epsilon,
    activation: { kind: "all-relu", alpha },
    initializer,
    seed,
  });
  const options: ParallelOptions = {
    ...{ epochs, batchSize, learningRate, momentum, dropout, zeta, weightDecay: settings.weightDecay },
    ...VARIANTS[variant],
    ...{ workers, seed, threads: 1, validationFraction: 1 / 6, keep: "last", evaluateEvery: EVERY },
    ...(VARIANTS[variant].algorithm !== "gossip" && { phaseOneFraction: 1 }),
  };
  const records = trainOver(model, data, options, (plan) => {
    const jitter = logNormal(seed, SPREAD);
    // In rounds, an update is a push of each worker.
    const pushes = plan.server.steps * (variant === "wassp" ? workers : 1);
    return new InProcessTransport(plan, new TimedArrivals(COSTS, workers, pushes, jitter));
  });
  const points: Point[] = [];
  try {
    for await (
      const { epoch, trainLoss, validationLoss, validationAccuracy, testAccuracy, parallel } of records
    ) {
      if (validationAccuracy === undefined) continue;
      points.push({
        ...{ epoch, trainLoss, testAccuracy: testAccuracy! },
        ...{ validationLoss: validationLoss!, validationAccuracy },
        meanStaleness: parallel!.meanStaleness,
        largestStaleness: parallel!.largestStaleness,
        ...(parallel!.topologyOverlap !== undefined && { topologyOverlap: parallel!.topologyOverlap }),
      });
    }
  } catch (error) {
    if (!(error instanceof TrainingError)) throw error;
    return { variant, workers, seed, failed: error.message, points };
  }
  return { variant, workers, seed, points };
}

async function output(command: string, args: string[]): Promise<string> {
  return new TextDecoder().decode((await new Deno.Command(command, { args }).output()).stdout).trim();
}

if (import.meta.main) {
  const given = parseArgs(Deno.args, { string: ["epochs", "workers", "seeds", "only", "data-dir", "out"] });
  const text = (name: string, fallback: string) => typeof given[name] === "string" ? given[name] : fallback;
  const epochs = Number(text("epochs", "15"));
  const [counts, seeds] = [text("workers", "1,2,5,16,64"), text("seeds", "1")].map((list) =>
    list.split(",").map(Number)
  );
  const variants = text("only", Object.keys(VARIANTS).join(";")).split(";");
  const data = await datasets.load("fashion-mnist", { dataDir: text("data-dir", "") || undefined });
  let runs: Run[] = [];
  try {
    runs = [...(JSON.parse(Deno.readTextFileSync(text("out", ""))) as StalenessResult).runs];
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  for (const seed of seeds) {
    for (const workers of counts) {
      for (const variant of variants) {
        if (workers === 1 && !ALONE.includes(variant)) continue;
        const known = runs.some((one) =>
          one.variant === variant && one.workers === workers && one.seed === seed
        );
        if (known) continue;
        const started = performance.now();
        const found = await run(data, variant, workers, seed, epochs);
        runs.push(found);
        const last = found.points.at(-1);
        console.error(
          `seed ${seed}, ${workers} workers, ${variant}: ${
            (100 * (last?.validationAccuracy ?? 0)).toFixed(2)
          } % ` +
            `after ${last?.epoch ?? 0} epochs${
              found.failed === undefined ? "" : `, ${found.failed}`
            }; staleness ` +
            `${last?.meanStaleness.toFixed(1)}, ${((performance.now() - started) / 1000).toFixed(0)} s`,
        );
        if (typeof given.out !== "string") continue;
        const result = {
          date: new Date().toISOString().slice(0, 10),
          commit: await output("git", ["rev-parse", "--short", "HEAD"]),
          command: `deno run -A bench/parallel_staleness.ts ${Deno.args.join(" ")}`,
          processor: describeProcessor(processor()),
          costs: COSTS,
          spread: SPREAD,
          epochs,
          runs,
        };
        await Deno.writeTextFile(given.out, JSON.stringify(result) + "\n");
      }
    }
  }
}

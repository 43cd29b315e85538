import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { StalenessResult } from "../bench/parallel_staleness.ts";
import { picture, table } from "../bench/staleness_plot.ts";
import { logNormal, type StepCosts, TimedArrivals } from "../bench/timed_arrivals.ts";
import { madelonLike } from "../src/data/generator.ts";
import { SparseMlp } from "../src/model/model.ts";
import { InProcessTransport } from "../src/parallel/in_process.ts";
import type { ParallelOptions } from "../src/parallel/options.ts";
import { trainOver } from "../src/parallel/wasap.ts";

const COSTS: StepCosts = {
  gradient: 1,
  push: 0.01,
  stalePush: 0.02,
  pull: 0.01,
  topologyPull: 0.02,
  pause: 0.5,
};

/** What a short run does, and seconds by its clocks. */
async function run(options: ParallelOptions, jitter: () => number = () => 1) {
  const data = madelonLike({ samples: 640, testSamples: 20, features: 20, seed: 1 });
  const model = SparseMlp.create({ sizes: [20, 30, 2], epsilon: 8, seed: 1 });
  let arrivals: TimedArrivals;
  const order: number[] = [];
  const settings = { batchSize: 16, threads: 1, seed: 1, ...options };
  const epochs = trainOver(model, data, settings, (plan) => {
    arrivals = new TimedArrivals(COSTS, settings.workers!, plan.server.steps, jitter);
    return new InProcessTransport(
      plan,
      arrivals,
      ({ kind, worker }) => kind === "push" && order.push(worker),
    );
  });
  const parts = [];
  for await (const { parallel } of epochs) parts.push({ ...parallel!, seconds: arrivals!.seconds });
  return { parts, order };
}

Deno.test("TimedArrivals lets each worker push once between two pushes of another, where all are alike", async () => {
  for (const workers of [1, 2, 5, 8]) {
    const { parts, order } = await run({ workers, epochs: 3, phaseOneFraction: 1 });
    assertEquals(order, order.map((_, push) => push % workers));
    assertEquals([parts[1].meanStaleness, parts[1].largestStaleness], [workers - 1, workers - 1]);
    // Forty updates, each a round of a second of one of the workers, and a pause.
    const seconds = 40 * (1 + COSTS.push + COSTS.pull) / workers + COSTS.pause;
    assertAlmostEquals(parts[1].seconds - parts[0].seconds, seconds, 0.06 * seconds + 0.02 * workers);
  }
});

Deno.test("TimedArrivals gives a staleness of K − 1 on average, however late some come", async () => {
  const { parts } = await run({ workers: 8, epochs: 4, phaseOneFraction: 1 }, logNormal(1, 0.1));
  assertAlmostEquals(parts[1].meanStaleness, 7, 0.25);
  assert(parts[1].largestStaleness > 7 && parts[1].largestStaleness < 16);
});

Deno.test("TimedArrivals begins each local epoch when the last worker has ended the one before", async () => {
  const { parts } = await run({ workers: 4, epochs: 2, algorithm: "gossip", localSteps: 2 });
  // Ten steps of each worker, all at once.
  const seconds = 10 * (1 + COSTS.push);
  assertAlmostEquals(parts[1].seconds - parts[0].seconds, seconds, 1e-9);
});

Deno.test("logNormal() has a mean of 1 and the spread asked for, and is a function of the seed", () => {
  const draws = (seed: number) => {
    const draw = logNormal(seed, 0.1);
    return Array.from({ length: 20_000 }, () => draw());
  };
  const all = draws(1);
  const mean = all.reduce((sum, value) => sum + value) / all.length;
  const variance = all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length;
  assertAlmostEquals(mean, 1, 0.004);
  assertAlmostEquals(Math.sqrt(variance), 0.1, 0.003);
  assertEquals(draws(1), all);
  assert(draws(2)[0] !== all[0]);
});

Deno.test("table() and picture() tell which runs failed, and one worker for all", async () => {
  const point = { epoch: 15, trainLoss: 1, validationLoss: 1, testAccuracy: 0.5, meanStaleness: 0 };
  const points = [{ ...point, validationAccuracy: 0.875, largestStaleness: 0 }];
  const result: StalenessResult = {
    epochs: 15,
    runs: [
      { variant: "none", workers: 1, seed: 1, points },
      { variant: "none", workers: 16, seed: 1, failed: "the loss is NaN", points: [] },
      { variant: "inverse", workers: 16, seed: 1, points },
      { variant: "gossip", workers: 16, seed: 1, points },
    ],
  };
  const rows = table(result).split("\n");
  assertEquals(rows[0], "| workers | 1 | 16 |");
  assertEquals(rows[2], "| WASAP | 87.5 % | fails |");
  assertEquals(rows[3], "| WASAP, inverse | 87.5 % | 87.5 % |");
  assertEquals(rows.at(-1), "| gossip | – | 87.5 % |");
  assert((await picture(result)).includes("<svg"));
});

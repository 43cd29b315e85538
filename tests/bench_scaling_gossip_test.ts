import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { EVEN, spread, uniform } from "../bench/scaling/draws.ts";
import { type GossipCosts, type GossipRun, simulateGossip, stepsOfWorker } from "../bench/scaling/gossip.ts";
import type { Network } from "../bench/scaling/network.ts";

/** Steps of 1 s; nothing else takes time. */
const PLAIN: GossipCosts = {
  step: 1,
  copyOut: 0,
  topologyOut: 0,
  pairAverage: 0,
  change: 0,
  average: 0,
  valueBytes: 0,
  topologyBytes: 0,
  modelBytes: 0,
  steps: 960,
};
const NONE: Network = { name: "none", bandwidth: 1, latency: 0 };

function run(workers: number, given: Partial<GossipRun> = {}): GossipRun {
  return { workers, localSteps: 4, epochs: 21, averageEvery: 0, draw: uniform(workers), ...given };
}

Deno.test("simulateGossip() is K times as fast as one worker where communication costs nothing", () => {
  for (const workers of [2, 3, 8, 64, 960]) {
    const found = simulateGossip(PLAIN, NONE, run(workers));
    assertAlmostEquals(found.updatesPerSecond, workers, 1e-9, `${workers} workers`);
    assertAlmostEquals(found.parts.steps, 1, 1e-9);
  }
});

Deno.test("simulateGossip() pays a copy and an average for every H steps: K · H / (H + both)", () => {
  const costs = { ...PLAIN, copyOut: 0.25, pairAverage: 0.5 };
  for (const localSteps of [1, 4, 16]) {
    // An odd time of arrival, so that no question comes at the moment in which a step ends.
    const network = { ...NONE, latency: 0.01 };
    const found = simulateGossip({ ...costs, steps: 9600 }, network, run(2, { localSteps }));
    const rounds = Math.max(localSteps, 2);
    // With steps as long as the answer takes to come, one question in two steps is the most there can be.
    assertAlmostEquals(found.updatesPerSecond, 2 * rounds / (rounds + 0.75), 0.02, `H = ${localSteps}`);
    assertAlmostEquals(found.exchangesPerStep, 1 / rounds, 0.01);
  }
});

Deno.test("simulateGossip() lets nobody wait for an answer: a slow link makes exchanges rare and old, steps are as many", () => {
  // A model takes 12 s on a link of its worker, who is asked once for each question of its own.
  const costs = { ...PLAIN, valueBytes: 12, steps: 96_000 };
  const found = simulateGossip(costs, NONE, run(8, { localSteps: 1, epochs: 3 }));
  // At the end of an epoch of 12,000 steps each, a few answers are waited for.
  assertAlmostEquals(found.updatesPerSecond, 8, 0.05);
  assert(found.exchangesPerStep <= 1 / 12, `${found.exchangesPerStep}`);
  assert(found.meanExchangeAge >= 12, `${found.meanExchangeAge}`);
  // Little's law: every worker has one question open, but for the step in which it asks anew.
  assertAlmostEquals(found.exchangesPerStep * found.meanExchangeAge, 1, 0.02);
});

Deno.test("simulateGossip() counts the steps between question and average", () => {
  // 0.6 s there, 0.4 s to the end of the other's step, 2 s on the link, 0.6 s back, and 0.4 s to the end of a step.
  const costs = { ...PLAIN, valueBytes: 2 };
  const found = simulateGossip(costs, { ...NONE, latency: 0.6 }, run(2, { localSteps: 10, epochs: 5 }));
  assertAlmostEquals(found.meanExchangeAge, 4, 0.1);
});

Deno.test("simulateGossip() sends a topology once a change where two ask each other, else with almost every model", () => {
  const costs = { ...PLAIN, topologyOut: 1, steps: 960 };
  const lost = (workers: number) => {
    const { parts } = simulateGossip(costs, { ...NONE, latency: 0.01 }, run(workers, { localSteps: 10 }));
    return parts.exchanges / parts.steps;
  };
  // Two workers have 480 steps an epoch, 32 have 30, of which 3 ask.
  assertAlmostEquals(lost(2), 1 / 480, 2e-4);
  assertAlmostEquals(lost(32), 1 / 10, 0.015);
});

Deno.test("simulateGossip() ends an epoch with the models of all over one link, their average and a change of each", () => {
  const costs = { ...PLAIN, change: 5, average: 0.1, modelBytes: 3 };
  const network = { ...NONE, latency: 0.5 };
  const found = simulateGossip(costs, network, run(16, { averageEvery: 1, localSteps: 1000 }));
  // 60 steps, a report and the question for models, 16 models of 3 s, 16 averages, change, command and two reports.
  const seconds = 60 + 1 + 48 + 1.6 + 5 + 1.5;
  assertAlmostEquals(found.updatesPerSecond, 960 / seconds, 1e-9);
  assertAlmostEquals(found.updatesPerSecondBetween, 960 / (seconds - 6.5), 1e-9);
  const seldom = simulateGossip(costs, network, run(16, { averageEvery: 5, localSteps: 1000 }));
  assertAlmostEquals(seldom.updatesPerSecond, 960 / (seconds - 4 / 5 * 50.1), 1e-9);
});

Deno.test("simulateGossip() waits at the end of an epoch for the slowest: the mean of the largest of K uniform times", () => {
  const [workers, variation] = [15, 0.5];
  const jitter = spread(variation, uniform(7));
  // One step an epoch: the largest of K uniform times from 1 − w to 1 + w is 1 + w (K − 1) / (K + 1) on average.
  const costs = { ...PLAIN, steps: workers };
  const found = simulateGossip(costs, NONE, run(workers, { jitter, epochs: 4001, localSteps: 1e6 }));
  const most = 1 + variation * Math.sqrt(3) * (workers - 1) / (workers + 1);
  assertAlmostEquals(found.updatesPerSecond, workers / most, 0.02);
  assertAlmostEquals(found.parts.waiting, 1 - 1 / most, 0.005);
});

Deno.test("simulateGossip() has news of others as old as an epidemic needs: for two H, for more it grows with log K", () => {
  const age = (workers: number, localSteps: number) => {
    const jitter = spread(0.05, uniform(3));
    const costs = { ...PLAIN, steps: 400 * workers };
    return simulateGossip(costs, NONE, run(workers, { localSteps, jitter, epochs: 4 })).meanModelAge;
  };
  const [two, four, sixteen, many] = [2, 4, 16, 64].map((workers) => age(workers, 8));
  // Between two averages, 8 steps apart and 1 to 2 old, the age is 5.5 in the mean.
  assertAlmostEquals(two, 5.5, 1);
  assert(two < four && four < sixteen && sixteen < many);
  // Each doubling of the workers takes as long again as the last one did.
  assertAlmostEquals((many - sixteen) / (sixteen - four), 1, 0.25);
  assertAlmostEquals(age(16, 16) / sixteen, 2, 0.3);
});

Deno.test("stepsOfWorker() has a last step for what remains of a shard, and simulateGossip() counts no more than that", () => {
  assertEquals([1, 2, 64, 469, 1024].map((workers) => stepsOfWorker(469, workers)), [469, 235, 8, 1, 1]);
  for (const workers of [7, 64, 900]) {
    const { updatesPerSecond } = simulateGossip({ ...PLAIN, steps: 469 }, NONE, run(workers));
    assertAlmostEquals(updatesPerSecond, workers, 1e-9, `${workers} workers`);
  }
});

Deno.test("spread() has the mean and the variation asked for, uniform() is the same in every run", () => {
  const draws = Array.from({ length: 100_000 }, spread(0.2, uniform(5)));
  const mean = draws.reduce((sum, one) => sum + one, 0) / draws.length;
  const variance = draws.reduce((sum, one) => sum + (one - mean) ** 2, 0) / draws.length;
  assertAlmostEquals(mean, 1, 0.002);
  assertAlmostEquals(Math.sqrt(variance), 0.2, 0.002);
  assertEquals(uniform(1)(), uniform(1)());
  assertEquals(EVEN(), 1);
});

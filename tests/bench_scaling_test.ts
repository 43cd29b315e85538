import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type Costs, limit, type Network, simulate } from "../bench/scaling/simulation.ts";

/** No network, no pause: a server that takes 1 s a push, a gradient of 9 s. */
const PLAIN: Costs = {
  gradient: 9,
  worker: 0,
  push: 1,
  stalePush: 1,
  pull: 0,
  pause: 0,
  rebuild: 0,
  pushBytes: 0,
  pullBytes: 0,
  topologyBytes: 0,
  steps: 1e9,
};
const NONE: Network = { name: "none", bandwidth: 1, latency: 0 };

Deno.test("simulate() follows the bounds of a closed queue with constant times: N / (think + serve), then 1 / serve", () => {
  for (const workers of [1, 2, 5, 10, 11, 40]) {
    const found = simulate(PLAIN, NONE, workers, 20_000);
    // Constant times: workers never meet until the server is full.
    assertAlmostEquals(found.updatesPerSecond, Math.min(workers / 10, 1), 0.002, `${workers} workers`);
    assertAlmostEquals(found.busy.server, Math.min(workers / 10, 1), 0.002);
  }
});

Deno.test("simulate() gives a staleness of K − 1: between a worker's pull and push every other one has pushed once", () => {
  for (const workers of [1, 2, 7, 30]) {
    assertAlmostEquals(simulate(PLAIN, NONE, workers, 20_000).meanStaleness, workers - 1, 0.01);
  }
});

/** Uniform in (0, 1), the same in every run. */
function uniform(): () => number {
  let state = 12_345;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

Deno.test("simulate() lies between the bounds of asymptotic analysis when gradients take random times", () => {
  const draw = uniform();
  const exponential = () => -Math.log(draw());
  for (const workers of [2, 5, 10, 20]) {
    const { updatesPerSecond } = simulate(PLAIN, NONE, workers, 100_000, exponential);
    // At best nobody waits; at worst everybody waits for all others.
    assert(updatesPerSecond <= 1.02 * Math.min(workers / 10, 1));
    assert(updatesPerSecond >= 0.98 * workers / (9 + workers));
  }
});

/** Throughput of a finite source with exponential think times (mean `think`) and a constant time of service 1. */
function fixedServiceFiniteSource(workers: number, think: number): number {
  // M/D/1//N has a product form for the busy period (Takács 1962): idle probability 1 / (1 + N/think · Σ …).
  let sum = 0;
  let product = 1;
  let choose = 1;
  for (let n = 0; n < workers; n++) {
    sum += choose * product;
    choose = choose * (workers - 1 - n) / (n + 1);
    product *= Math.exp((n + 1) / think) - 1;
  }
  return 1 - 1 / (1 + workers / think * sum);
}

Deno.test("simulate() has the throughput of Takács's finite-source queue with a constant time of service", () => {
  const draw = uniform();
  const exponential = () => -Math.log(draw());
  for (const workers of [1, 2, 5, 10, 15]) {
    const { updatesPerSecond } = simulate(PLAIN, NONE, workers, 300_000, exponential);
    const expected = fixedServiceFiniteSource(workers, 9);
    // The standard error of 270,000 updates is under 0.3 %.
    assertAlmostEquals(
      updatesPerSecond / expected,
      1,
      0.01,
      `${workers} workers: ${updatesPerSecond}, ${expected}`,
    );
  }
});

Deno.test("simulate() counts links and latency in a round trip, and a full link bounds the throughput", () => {
  const costs = { ...PLAIN, push: 0.1, stalePush: 0.1, gradient: 5, pushBytes: 200, pullBytes: 100 };
  const network = { name: "slow", bandwidth: 100, latency: 0.45 };
  // 5 + 0.1 + 2 · 0.45 + 2 + 1 seconds a round.
  assertAlmostEquals(simulate(costs, network, 1, 2_000).updatesPerSecond, 1 / 9, 1e-3);
  const full = simulate(costs, network, 64, 20_000);
  assertAlmostEquals(full.updatesPerSecond, 0.5, 0.005);
  assertAlmostEquals(full.busy.in, 1, 0.005);
  const { station, workers } = limit(costs, network);
  assertEquals(station, "in");
  assertAlmostEquals(workers, 4.5, 1e-9);
});

Deno.test("simulate() pauses once an epoch, then sends the topology and meets stale gradients", () => {
  const costs = { ...PLAIN, steps: 10, pause: 20, stalePush: 3, topologyBytes: 50, rebuild: 4 };
  const network = { name: "link", bandwidth: 100, latency: 0 };
  // Ten rounds of 10 s, one pause, one topology of 0.5 s and 4 s to take it in; a single worker is never stale.
  const alone = simulate(costs, network, 1, 10_000);
  assertAlmostEquals(alone.updatesPerSecond, 10 / (100 + 20 + 4.5), 2e-4);
  // Nine updates an epoch: the last is by the worker whose first gradient was stale.
  const odd = { ...costs, steps: 9, rebuild: 0, topologyBytes: 0 };
  const two = simulate(odd, network, 2, 20_000);
  const never = simulate({ ...odd, stalePush: 1 }, network, 2, 20_000);
  assert(two.updatesPerSecond < never.updatesPerSecond, "a stale push costs more");
});

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { uniform } from "../bench/scaling/draws.ts";
import { Events } from "../bench/scaling/events.ts";
import type { Network } from "../bench/scaling/network.ts";
import { ceilings, limit, type ServerCosts, simulateServers } from "../bench/scaling/servers.ts";
import { Stations } from "../bench/scaling/stations.ts";

/** No network, no pause: a server that takes 1 s a push, a gradient of 9 s. */
const PLAIN: ServerCosts = {
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
  gatherBytes: 0,
  scatterBytes: 0,
  steps: 1e9,
};
const NONE: Network = { name: "none", bandwidth: 1, latency: 0 };

Deno.test("simulateServers() follows the bounds of a closed queue with constant times: N / (think + serve), then 1 / serve", () => {
  for (const workers of [1, 2, 5, 10, 11, 40]) {
    const found = simulateServers(PLAIN, NONE, { workers, updates: 20_000 });
    // Constant times: workers never meet until the server is full.
    assertAlmostEquals(found.updatesPerSecond, Math.min(workers / 10, 1), 0.002, `${workers} workers`);
    assertAlmostEquals(found.busy.server, Math.min(workers / 10, 1), 0.002);
  }
});

Deno.test("simulateServers() gives a staleness of K − 1: between a worker's pull and push every other one has pushed once", () => {
  for (const workers of [1, 2, 7, 30]) {
    assertAlmostEquals(
      simulateServers(PLAIN, NONE, { workers, updates: 20_000 }).meanStaleness,
      workers - 1,
      0.01,
    );
  }
});

Deno.test("simulateServers() lies between the bounds of asymptotic analysis when gradients take random times", () => {
  const draw = uniform(12_345);
  const exponential = () => -Math.log(draw());
  for (const workers of [2, 5, 10, 20]) {
    const { updatesPerSecond } = simulateServers(PLAIN, NONE, {
      workers,
      updates: 100_000,
      jitter: exponential,
    });
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

Deno.test("simulateServers() has the throughput of Takács's finite-source queue with a constant time of service", () => {
  const draw = uniform(12_345);
  const exponential = () => -Math.log(draw());
  for (const workers of [1, 2, 5, 10, 15]) {
    const { updatesPerSecond } = simulateServers(PLAIN, NONE, {
      workers,
      updates: 300_000,
      jitter: exponential,
    });
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

Deno.test("simulateServers() counts links and latency in a round trip, and a full link bounds the throughput", () => {
  const costs = { ...PLAIN, push: 0.1, stalePush: 0.1, gradient: 5, pushBytes: 200, pullBytes: 100 };
  const network = { name: "slow", bandwidth: 100, latency: 0.45 };
  // 5 + 0.1 + 2 · 0.45 + 2 + 1 seconds a round.
  assertAlmostEquals(
    simulateServers(costs, network, { workers: 1, updates: 2_000 }).updatesPerSecond,
    1 / 9,
    1e-3,
  );
  const full = simulateServers(costs, network, { workers: 64, updates: 20_000 });
  assertAlmostEquals(full.updatesPerSecond, 0.5, 0.005);
  assertAlmostEquals(full.busy.in, 1, 0.005);
  const { station, workers } = limit(costs, network);
  assertEquals(station, "in");
  assertAlmostEquals(workers, 4.5, 1e-9);
});

Deno.test("simulateServers() pauses once an epoch, then sends the topology and meets stale gradients", () => {
  const costs = { ...PLAIN, steps: 10, pause: 20, stalePush: 3, topologyBytes: 50, rebuild: 4 };
  const network = { name: "link", bandwidth: 100, latency: 0 };
  // Ten rounds of 10 s, one pause, one topology of 0.5 s and 4 s to take it in; a single worker is never stale.
  const alone = simulateServers(costs, network, { workers: 1, updates: 10_000 });
  assertAlmostEquals(alone.updatesPerSecond, 10 / (100 + 20 + 4.5), 2e-4);
  // Nine updates an epoch: the last is by the worker whose first gradient was stale.
  const odd = { ...costs, steps: 9, rebuild: 0, topologyBytes: 0 };
  const two = simulateServers(odd, network, { workers: 2, updates: 20_000 });
  const never = simulateServers({ ...odd, stalePush: 1 }, network, { workers: 2, updates: 20_000 });
  assert(two.updatesPerSecond < never.updatesPerSecond, "a stale push costs more");
});

Deno.test("simulateServers() lets through S times as many updates with S servers, by their processors and their links", () => {
  for (const servers of [1, 2, 4, 8]) {
    const run = { workers: 20 * servers, servers, updates: 5_000 };
    const byProcessors = simulateServers(PLAIN, NONE, run);
    assertAlmostEquals(byProcessors.updatesPerSecond, servers, 0.01 * servers);
    assertAlmostEquals(ceilings(PLAIN, NONE, servers).server, servers, 1e-9);
    const costs = { ...PLAIN, push: 0, stalePush: 0, gradient: 5, pushBytes: 100, pullBytes: 80 };
    const network = { name: "link", bandwidth: 100, latency: 0 };
    const byLinks = simulateServers(costs, network, run);
    assertAlmostEquals(byLinks.updatesPerSecond, servers, 0.01 * servers);
    assertAlmostEquals(byLinks.busy.in, 1, 0.01);
    assertAlmostEquals(byLinks.meanStaleness, run.workers - 1, 0.01);
    assertEquals(limit(costs, network, servers).station, "in");
  }
});

Deno.test("simulateServers() sends the parts of a push over the worker's one link: S servers make no round shorter", () => {
  const costs = { ...PLAIN, push: 0, stalePush: 0, gradient: 5, pushBytes: 200, pullBytes: 100 };
  const network = { name: "slow", bandwidth: 100, latency: 0.5 };
  for (const servers of [1, 2, 4]) {
    // 5 s, 2 s out and 1 s in; with several servers the first answers come while later parts still go out.
    const seconds = 5 + 2 + 1 + 2 * 0.5;
    const { updatesPerSecond } = simulateServers(costs, network, { workers: 1, servers, updates: 2_000 });
    const [least, most] = [1 / seconds, 1 / (seconds - (servers - 1) / servers)];
    assert(
      updatesPerSecond > least - 1e-3 && updatesPerSecond < most + 1e-3,
      `${servers}: ${updatesPerSecond}`,
    );
  }
});

Deno.test("simulateServers() gathers what the first server has not, changes it and scatters it, while all pause", () => {
  const costs = { ...PLAIN, steps: 10, pause: 20, gatherBytes: 400, scatterBytes: 400 };
  const network = { name: "link", bandwidth: 100, latency: 0.5 };
  // Ten rounds of 9 s and a push of 1/4 s with two latencies; then 3 s in, 20 s and 3 s out with two more.
  const { updatesPerSecond } = simulateServers(costs, network, { workers: 1, servers: 4, updates: 10_000 });
  assertAlmostEquals(updatesPerSecond, 10 / (10 * (9 + 0.25 + 1) + 3 + 20 + 3 + 1), 2e-4);
});

Deno.test("simulateServers() has every worker stale once a pause, but for those whose push began it", () => {
  // Twenty workers at a full server: a stale push costs 2 s more, in each epoch of 100 updates 19 times.
  const costs = { ...PLAIN, steps: 100, stalePush: 3 };
  const { updatesPerSecond } = simulateServers(costs, NONE, { workers: 20, updates: 20_000 });
  assertAlmostEquals(updatesPerSecond, 100 / (100 + 19 * 2), 0.005);
});

Deno.test("Events are taken in the order of their times, Stations serve first who comes first", () => {
  const events = new Events();
  const draw = uniform(1);
  const times = Array.from({ length: 100 }, draw);
  times.forEach((time, value) => events.add(time, value));
  const taken = times.map(() => events.next());
  assertEquals(taken.map(([time]) => time), times.toSorted((a, b) => a - b));
  assert(taken.every(([time, value]) => times[value] === time));
  const stations = new Stations(2);
  assertEquals([stations.serve(0, 1, 2), stations.serve(0, 2, 2), stations.serve(1, 2, 2)], [3, 5, 4]);
  stations.closeUntil(1, 9);
  assertEquals([stations.serve(1, 4, 1), stations.lastFreeAt, stations.busySeconds], [10, 10, 3.5]);
});

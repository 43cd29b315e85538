/**
 * How far one parameter server goes: measures the costs of this machine, checks the simulation against real runs with
 * one and two workers, then simulates 1 … 1024 workers over several networks. Prints tables; writes JSON if asked.
 *
 *     deno run -A bench/scaling/run.ts [RESULT.json [NETWORK]]
 *
 * With the sizes of one network it measures that one alone, and leaves what the file has of others.
 *
 * @module
 */
import { MOST_FOREIGN, watchOthers } from "../disturbance.ts";
import { madeUpData } from "../made_up.ts";
import { measureParts, measureRest, median, realUpdatesPerSecond } from "./costs.ts";
import type { Part } from "./parts.ts";
import { ceilings, type Costs, limit, type Network, simulate } from "./simulation.ts";
import { describeProcessor, processor } from "../processor.ts";

const NETWORKS: Record<
  string,
  { readonly sizes: number[]; readonly epsilon: number; readonly steps: number }
> = {
  "784-1000-1000-1000-10": { sizes: [784, 1000, 1000, 1000, 10], epsilon: 20, steps: 469 },
  "3072-4000-1000-4000-10": { sizes: [3072, 4000, 1000, 4000, 10], epsilon: 20, steps: 391 },
};

/** Workers and server in one memory. */
const MEMORY: Network = { name: "shared memory", bandwidth: Infinity, latency: 0 };

const LINKS: readonly Network[] = [
  { name: "1 Gbit/s, 100 µs", bandwidth: 1.17e8, latency: 1e-4 },
  { name: "10 Gbit/s, 30 µs", bandwidth: 1.17e9, latency: 3e-5 },
  { name: "100 Gbit/s, 3 µs", bandwidth: 1.17e10, latency: 3e-6 },
  MEMORY,
];

/** Messages are gathered and scattered: at each end a copy of the push and one of the pull, at memory speed. */
const COPY_BANDWIDTH = 5e9;

/** Samples and epochs of the real runs, how often they are repeated, and how long at most for a network. */
const CHECK_SAMPLES = 12_800;
const EPOCHS = 6;
const ROUNDS = 5;
const MOST_SECONDS = 25;

const WORKERS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** As costs in shared memory, with the copies that messages need. */
function overMessages(costs: Costs): Costs {
  const copies = (costs.pushBytes + costs.pullBytes) / COPY_BANDWIDTH;
  return {
    ...costs,
    worker: copies,
    pull: costs.pullBytes / COPY_BANDWIDTH,
    push: costs.push + costs.pushBytes / COPY_BANDWIDTH,
  };
}

/** What would move the limit of a single server. */
const MEASURES: readonly (readonly [name: string, change: (costs: Costs) => Costs])[] = [
  ["batches twice as large", (costs) => ({ ...costs, gradient: 2 * costs.gradient, steps: costs.steps / 2 })],
  [
    "values in 16 bits",
    (costs) => ({ ...costs, pushBytes: costs.pushBytes / 2, pullBytes: costs.pullBytes / 2 }),
  ],
  ["parameters split over 4 servers", (costs) => ({
    ...costs,
    push: costs.push / 4,
    pull: costs.pull / 4,
    pause: costs.pause / 4,
    pushBytes: costs.pushBytes / 4,
    pullBytes: costs.pullBytes / 4,
  })],
];

/** A comparison of the simulation with real runs. */
interface Check {
  readonly workers: number;
  /** What a worker's parts take with so many workers, seconds. */
  readonly parts: Readonly<Record<Part, number>>;
  /** Updates a second of real runs and of the simulation, and what the simulation has too much; medians. */
  readonly real: number;
  readonly simulated: number;
  readonly ratio: number;
  /** The same, round by round. */
  readonly rounds: Readonly<Record<"real" | "simulated" | "ratio", readonly number[]>>;
}

/** What was measured of a network. */
interface Measured {
  readonly costs: Costs;
  readonly checks: readonly Check[];
  /** Rounds that count, and those that were disturbed. */
  readonly rounds: number;
  readonly disturbed: number;
}

const medians = <K extends string>(all: readonly Readonly<Record<K, number>>[]) =>
  Object.fromEntries(
    (Object.keys(all[0]) as K[]).map((name) => [name, median(all.map((one) => one[name]))]),
  ) as Record<K, number>;

/** Updates a second of workers in shared memory, by the simulation, pauses left out as in real runs. */
function simulatedRate(
  workers: number,
  parts: Record<Part, number>,
  rest: ReturnType<typeof measureRest>,
): number {
  const { gradient, push, pull, topologyPull } = parts;
  const steps = CHECK_SAMPLES / 128;
  // One worker is never stale. A new topology is copied under the lock.
  const stalePush = workers === 1 ? rest.stalePush : parts.stalePush;
  const costs = { ...rest, gradient, push, pull, stalePush, worker: 0, rebuild: topologyPull - pull, steps };
  return simulate(costs, MEMORY, workers, 20 * steps).updatesPerSecondBetween;
}

/**
 * Real runs and measured costs in turn, so that both see the same machine, with one worker and with two.
 *
 * The simulation is fed with the parts of a worker while as many worked as are simulated, and adds what they wait for
 * each other; other runs, in which nothing is timed, are what it has to meet. A round counts when others took less than
 * a twentieth of the machine.
 */
async function measureAndCheck(sizes: readonly number[], epsilon: number, steps: number): Promise<Measured> {
  const data = madeUpData(sizes, CHECK_SAMPLES);
  const rest: ReturnType<typeof measureRest>[] = [];
  const parts: Record<Part, number>[][] = [[], []];
  const real: number[][] = [[], []];
  const end = performance.now() + MOST_SECONDS * 1000;
  let disturbed = 0;
  while (rest.length < ROUNDS && (performance.now() < end || rest.length === 0)) {
    const foreign = watchOthers();
    const found = [];
    for (const workers of [1, 2]) {
      const run = { workers, epochs: EPOCHS };
      found.push({
        parts: await measureParts(sizes, epsilon, data, run),
        rate: await realUpdatesPerSecond(sizes, epsilon, data, run),
      });
    }
    const others = measureRest(sizes, epsilon);
    if (foreign() > MOST_FOREIGN) {
      disturbed++;
      if (disturbed > 3 * ROUNDS) {
        throw new Error("Cannot measure: other programs take too much of the machine");
      }
      continue;
    }
    rest.push(others);
    found.forEach((one, place) => (parts[place].push({ ...one.parts }), real[place].push(one.rate)));
  }
  const middle = medians(rest);
  const checks = parts.map((all, place): Check => {
    const workers = place + 1;
    const rates = all.map((one, round) => simulatedRate(workers, one, rest[round]));
    const ratios = rates.map((rate, round) => rate / real[place][round]);
    return {
      workers,
      parts: medians(all),
      real: median(real[place]),
      simulated: median(rates),
      ratio: median(ratios),
      rounds: { real: real[place], simulated: rates, ratio: ratios },
    };
  });
  const { gradient, push, pull } = checks[0].parts;
  const costs = { ...middle, gradient, push, pull, worker: 0, steps };
  return { costs, checks, rounds: rest.length, disturbed };
}

const [path, only] = Deno.args;
const results = await earlier();
for (const [name, { sizes, epsilon, steps }] of Object.entries(NETWORKS)) {
  if (only !== undefined && only !== name) continue;
  const { costs, checks, rounds, disturbed } = await measureAndCheck(sizes, epsilon, steps);
  const tables = LINKS.map((link) => {
    const those = link === MEMORY ? costs : overMessages(costs);
    return {
      link: link.name,
      rows: WORKERS.map((workers) => simulate(those, link, workers, Math.max(6 * costs.steps, 20 * workers))),
      ceilings: ceilings(those, link),
      limit: limit(those, link),
      moved: MEASURES.map(([measure, change]) => ({ measure, ...limit(change(those), link) })),
    };
  });
  results.set(name, { network: name, epsilon, costs, checks, rounds, disturbed, tables });
  print(name, costs, checks, tables);
  console.log(`  rounds: ${rounds}, and ${disturbed} disturbed ones that do not count`);
}
if (path !== undefined) {
  const about = {
    command: "bench/scaling/run.ts",
    host: describeProcessor(processor()),
    date: new Date().toISOString().slice(0, 10),
  };
  await Deno.writeTextFile(
    path,
    `${JSON.stringify({ ...about, results: [...results.values()] }, undefined, 1)}\n`,
  );
}

/** What the file has of networks that are not measured now. */
async function earlier(): Promise<Map<string, unknown>> {
  if (path === undefined || only === undefined) return new Map();
  const text = await Deno.readTextFile(path).catch(() => '{"results":[]}');
  const found: { results: { network: string }[] } = JSON.parse(text);
  return new Map(found.results.map((result) => [result.network, result]));
}

function print(
  name: string,
  costs: Costs,
  checks: readonly Check[],
  tables: readonly {
    link: string;
    rows: readonly ReturnType<typeof simulate>[];
    limit: ReturnType<typeof limit>;
    moved: readonly { measure: string; station: string; workers: number }[];
  }[],
): void {
  const milliseconds = (time: number) => `${(1000 * time).toFixed(3)} ms`;
  console.log(`\n${name}, batch 128, ${(costs.pullBytes / 4).toLocaleString("en")} parameters`);
  for (const part of ["gradient", "push", "stalePush", "pull", "pause", "rebuild"] as const) {
    console.log(`  ${part.padEnd(10)} ${milliseconds(costs[part])}`);
  }
  for (const { workers, parts, real, simulated, ratio } of checks) {
    const each = Object.entries(parts).map(([part, time]) => `${part} ${milliseconds(time)}`).join(", ");
    console.log(`  ${workers} workers: ${each}`);
    console.log(
      `  ${workers} workers: ${real.toFixed(0)} updates/s in a real run, ${simulated.toFixed(0)} simulated (${
        ratio.toFixed(2)
      })`,
    );
  }
  for (const { link, rows, limit: { station, workers }, moved } of tables) {
    console.log(
      `\n  ${link}: the server's ${station === "server" ? "processor" : `link ${station}`} is full with ${
        workers.toFixed(1)
      } workers`,
    );
    console.log("  workers  speed-up  staleness  in    server  out");
    const one = rows[0].updatesPerSecond;
    for (const row of rows) {
      const percent = (part: number) => `${(100 * part).toFixed(0)} %`.padEnd(6);
      console.log(
        `  ${`${row.workers}`.padEnd(8)} ${(row.updatesPerSecond / one).toFixed(2).padEnd(9)} ${
          row.meanStaleness.toFixed(1).padEnd(10)
        } ` +
          `${percent(row.busy.in)}${percent(row.busy.server)}  ${percent(row.busy.out)}`,
      );
    }
    for (const { measure, station, workers } of moved) {
      console.log(`  ${measure}: ${workers.toFixed(1)} (${station})`);
    }
  }
}

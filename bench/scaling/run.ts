/**
 * How far one parameter server goes: measures the costs of this machine, checks the simulation against real runs with
 * one and two workers, then simulates 1 … 1024 workers over several networks. Prints tables; writes JSON if asked.
 *
 *     deno run -A bench/scaling/run.ts [RESULT.json]
 *
 * @module
 */
import { madeUpData, measureCosts, median, realUpdatesPerSecond } from "./costs.ts";
import { ceilings, type Costs, limit, type Network, simulate } from "./simulation.ts";

const NETWORKS: Record<
  string,
  { readonly sizes: number[]; readonly epsilon: number; readonly steps: number }
> = {
  "784-1000-1000-1000-10": { sizes: [784, 1000, 1000, 1000, 10], epsilon: 20, steps: 469 },
  "3072-4000-1000-4000-10": { sizes: [3072, 4000, 1000, 4000, 10], epsilon: 20, steps: 391 },
};

const LINKS: readonly Network[] = [
  { name: "1 Gbit/s, 100 µs", bandwidth: 1.17e8, latency: 1e-4 },
  { name: "10 Gbit/s, 30 µs", bandwidth: 1.17e9, latency: 3e-5 },
  { name: "100 Gbit/s, 3 µs", bandwidth: 1.17e10, latency: 3e-6 },
];
/** Workers and server in one memory. */
const MEMORY: Network = { name: "shared memory", bandwidth: Infinity, latency: 0 };

/** Messages are gathered and scattered: at each end a copy of the push and one of the pull, at memory speed. */
const COPY_BANDWIDTH = 5e9;

/** Samples of the real runs, and how often they are repeated. */
const CHECK_SAMPLES = 12_800;
const ROUNDS = 3;

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

/** A comparison of the simulation with a real run. */
interface Check {
  readonly workers: number;
  readonly real: number;
  readonly simulated: number;
  readonly ratio: number;
}

/**
 * Real runs and measured costs in turn, so that both see the same machine.
 *
 * Two workers slow each other down, as they share caches, memory, and perhaps cores with others: by how much is
 * measured with workers that share no server, and goes into the simulated gradient of two.
 */
async function measureAndCheck(sizes: readonly number[], epsilon: number): Promise<[Costs, Check[], number]> {
  const data = madeUpData(sizes, CHECK_SAMPLES);
  const costs: Costs[] = [];
  const rates: Record<string, number[]> = {};
  for (let round = 0; round < ROUNDS; round++) {
    costs.push(measureCosts(sizes, epsilon, data));
    for (const together of [false, true]) {
      for (const workers of [1, 2]) {
        const rate = await realUpdatesPerSecond(sizes, epsilon, data, { workers, together, epochs: 4 });
        (rates[`${together} ${workers}`] ??= []).push(rate);
      }
    }
  }
  const middle = Object.fromEntries(
    (Object.keys(costs[0]) as (keyof Costs)[]).map((part) => [part, median(costs.map((cost) => cost[part]))]),
  ) as unknown as Costs;
  const slowdown = median(rates["false 1"].map((one, round) => 2 * one / rates["false 2"][round]));
  const checks = [1, 2].map((workers): Check => {
    const gradient = middle.gradient * (workers === 1 ? 1 : slowdown);
    const simulated =
      simulate({ ...middle, gradient }, MEMORY, workers, 20 * middle.steps).updatesPerSecondBetween;
    const real = median(rates[`true ${workers}`]);
    return { workers, real, simulated, ratio: simulated / real };
  });
  return [middle, checks, slowdown];
}

const results = [];
for (const [name, { sizes, epsilon, steps }] of Object.entries(NETWORKS)) {
  const [measured, checks, slowdown] = await measureAndCheck(sizes, epsilon);
  const costs = { ...measured, steps };
  const messages = overMessages(costs);
  const tables = LINKS.map((link) => ({
    link: link.name,
    rows: WORKERS.map((workers) =>
      simulate(messages, link, workers, Math.max(6 * costs.steps, 20 * workers))
    ),
    ceilings: ceilings(messages, link),
    limit: limit(messages, link),
    moved: MEASURES.map(([measure, change]) => ({ measure, ...limit(change(messages), link) })),
  }));
  results.push({ network: name, epsilon, costs, slowdownOfTwo: slowdown, checks, tables });
  print(name, costs, checks, tables);
}
if (Deno.args[0] !== undefined) {
  const about = {
    command: "bench/scaling/run.ts",
    host: "2 cores, AVX-512, shared",
    date: new Date().toISOString().slice(0, 10),
  };
  await Deno.writeTextFile(Deno.args[0], `${JSON.stringify({ ...about, results }, undefined, 1)}\n`);
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
  for (const { workers, real, simulated, ratio } of checks) {
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

/**
 * The simulations against real jobs over MPI with links of limited bandwidth: what `bench/mpi/servers.ts` measured, with
 * the costs that `bench/scaling/run.ts` measured on the same machine. Prints a table.
 *
 *     deno run --allow-read bench/scaling/against_mpi.ts MPI-RESULT.json SCALING-RESULT.json
 *
 * Ranks of one machine share its cores, which the simulations do not know: a row says how many cores its simulated rate
 * would keep busy, and can agree only where that is less than there are.
 *
 * @module
 */
import { BATCH, LOCAL_STEPS } from "./costs.ts";
import { spread, uniform } from "./draws.ts";
import { simulateGossip } from "./gossip.ts";
import type { Network } from "./network.ts";
import type { Result, ScalingRecord } from "./page.ts";
import { simulateServers } from "./servers.ts";
import { gossipOver, halved, serverOver } from "./tables.ts";

/** What is read of a result of `bench/mpi/servers.ts`. */
export interface MpiRecord {
  readonly results: readonly {
    /** As `tc` takes it: "250mbit". */
    readonly rate: string;
    readonly systems: readonly { readonly name: string; readonly samplesPerSecond: number }[];
  }[];
}

/** A system of theirs beside its simulation; updates a second. */
export interface MpiCheck {
  readonly rate: string;
  readonly name: string;
  readonly real: number;
  readonly simulated: number;
  /** Cores that all ranks together would keep busy at the simulated rate. */
  readonly cores: number;
}

/** What TCP leaves of a link, and how long a message takes between two namespaces. */
const [GOODPUT, LATENCY] = [0.94, 5e-5];

/** Compares each system that the simulations know. */
export function againstMpi({ results }: MpiRecord, measured: Result): MpiCheck[] {
  return results.flatMap(({ rate, systems }) => {
    const network = { name: rate, bandwidth: GOODPUT * bits(rate) / 8, latency: LATENCY };
    return systems.flatMap(({ name, samplesPerSecond }) => {
      const found = simulated(name, network, measured);
      return found === undefined ? [] : [{ rate, name, real: samplesPerSecond / BATCH, ...found }];
    });
  });
}

function bits(rate: string): number {
  const [, number, unit] = rate.match(/^([\d.]+)([mg])bit$/) ?? [];
  if (unit === undefined) {
    throw new SyntaxError(`Cannot read the rate "${rate}": expected a number of mbit or gbit`);
  }
  return Number(number) * (unit === "g" ? 1e9 : 1e6);
}

function simulated(
  name: string,
  network: Network,
  { server, gossip, variation }: Result,
): Pick<MpiCheck, "simulated" | "cores"> | undefined {
  const serving = name.match(/^(\d+) servers?, (\d+) workers(, 16 bits)?$/);
  if (serving !== null) {
    const [servers, workers] = [Number(serving[1]), Number(serving[2])];
    const over = serverOver(server, network);
    const costs = serving[3] === undefined ? over : halved(over);
    const found = simulateServers(costs, network, { workers, servers, updates: 10 * costs.steps });
    const { gradient, worker, push, pull } = costs;
    const rate = found.updatesPerSecondBetween;
    return { simulated: rate, cores: rate * (gradient + worker + push + pull) };
  }
  const gossiping = name.match(/^gossip, (\d+) workers$/);
  if (gossiping === null) return undefined;
  const costs = gossipOver(gossip, network);
  const found = simulateGossip(costs, network, {
    ...{ workers: Number(gossiping[1]), localSteps: LOCAL_STEPS, epochs: 11, averageEvery: 1 },
    ...{ draw: uniform(1), jitter: spread(Math.min(0.5, variation), uniform(2)) },
  });
  const rate = found.updatesPerSecondBetween;
  return { simulated: rate, cores: rate * (costs.step + (costs.copyOut + costs.pairAverage) / LOCAL_STEPS) };
}

if (import.meta.main) {
  const [mpi, scaling] = await Promise.all(Deno.args.map((path) => Deno.readTextFile(path)));
  const { results: [measured] }: ScalingRecord = JSON.parse(scaling);
  console.log(
    "| rate | job | real updates/s | simulated | ratio | cores |\n| --- | --- | --- | --- | --- | --- |",
  );
  for (const { rate, name, real, simulated, cores } of againstMpi(JSON.parse(mpi), measured)) {
    const ratio = (simulated / real).toFixed(2);
    console.log(
      `| ${rate} | ${name} | ${real.toFixed(0)} | ${simulated.toFixed(0)} | ${ratio} | ${cores.toFixed(1)} |`,
    );
  }
}

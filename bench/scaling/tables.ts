/**
 * What the simulations say of 1 to 1024 workers on each network, with the costs of a machine.
 *
 * @module
 */
import type { Measured } from "./check.ts";
import { LOCAL_STEPS } from "./costs.ts";
import { spread, uniform } from "./draws.ts";
import { type GossipCosts, type GossipFound, simulateGossip, stepsOfWorker } from "./gossip.ts";
import { COPY_BANDWIDTH, MEMORY, type Network, NETWORKS } from "./network.ts";
import { limit, type ServerCosts, type ServerFound, type ServerStation, simulateServers } from "./servers.ts";

/** Workers that are simulated. */
export const WORKERS: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
/** Servers; more than one over messages only. */
const SERVERS: readonly number[] = [1, 2, 4, 8];
/** H. */
const LOCAL_STEPS_TRIED: readonly number[] = [1, 2, 4, 8, 16, 32];
/** Where algorithms are compared. */
export const COMPARED_WORKERS = 64;

/** Steps that each worker makes at least in a simulation of gossip. */
const GOSSIP_STEPS = 100;

/** One number of workers of an algorithm. */
export interface ServerRow extends ServerFound {
  readonly servers: number;
  /** Updates a second over those of one process without workers. */
  readonly speedUp: number;
}

/** The same of gossip. */
export interface GossipRow extends GossipFound {
  readonly localSteps: number;
  /** After how many epochs all models are averaged; 0 for never. */
  readonly averageEvery: number;
  /** Batches of an epoch. */
  readonly batches: number;
  readonly speedUp: number;
}

/** What moves the limit of an algorithm, and where it is then. */
export interface Moved<Limit> {
  readonly measure: string;
  readonly limit: Limit;
}

/** The workers that fill a kind of station. */
export interface ServerLimit {
  readonly station: ServerStation;
  readonly workers: number;
}

/** How many times as fast 64 workers are. */
export interface Compared {
  readonly what: string;
  /** As one process without workers. */
  readonly overProcess: number;
  /** As one worker with one server on the same network. */
  readonly overWorker: number;
}

/** What was found on one network. */
export interface Table {
  readonly network: string;
  readonly servers: readonly ServerRow[];
  readonly gossip: readonly GossipRow[];
  /** Workers that fill the servers. */
  readonly serverLimits: readonly Moved<ServerLimit>[];
  /** Speed-up of 64 workers that gossip. */
  readonly gossipLimits: readonly Moved<number>[];
  readonly compared: readonly Compared[];
}

/** As costs in shared memory, with the copies that messages need. */
export function serverOver(costs: ServerCosts, network: Network): ServerCosts {
  if (network === MEMORY) return costs;
  return {
    ...costs,
    worker: (costs.pushBytes + costs.pullBytes) / COPY_BANDWIDTH,
    pull: costs.pullBytes / COPY_BANDWIDTH,
    push: costs.push + costs.pushBytes / COPY_BANDWIDTH,
  };
}

/** The same of gossip: the asked gathers, which is the copy that is measured; the asker scatters. */
export function gossipOver(costs: GossipCosts, network: Network): GossipCosts {
  if (network === MEMORY) return costs;
  const scatter = (costs.valueBytes + costs.topologyBytes) / COPY_BANDWIDTH;
  return { ...costs, pairAverage: costs.pairAverage + scatter };
}

/** Half of the bytes in a push and a pull. */
export function halved(costs: ServerCosts): ServerCosts {
  return { ...costs, pushBytes: costs.pushBytes / 2, pullBytes: costs.pullBytes / 2 };
}

const SERVER_MEASURES: readonly (readonly [string, (costs: ServerCosts) => ServerCosts, servers?: number])[] =
  [
    ["as it is", (costs) => costs],
    [
      "batches twice as large",
      (costs) => ({ ...costs, gradient: 2 * costs.gradient, steps: costs.steps / 2 }),
    ],
    [
      "values in 16 bits",
      (costs) => ({ ...costs, pushBytes: costs.pushBytes / 2, pullBytes: costs.pullBytes / 2 }),
    ],
    ["2 servers", (costs) => costs, 2],
    ["4 servers", (costs) => costs, 4],
    ["8 servers", (costs) => costs, 8],
  ];

const GOSSIP_MEASURES: readonly (readonly [
  string,
  (costs: GossipCosts) => GossipCosts,
  run?: Partial<{ localSteps: number; averageEvery: number; variation: number }>,
])[] = [
  [`H = ${LOCAL_STEPS}, no average of all`, (costs) => costs],
  ["H = 32", (costs) => costs, { localSteps: 32 }],
  ["average of all after every epoch", (costs) => costs, { averageEvery: 1 }],
  ["average of all after every 10 epochs", (costs) => costs, { averageEvery: 10 }],
  ["topology changed every 10 epochs", (costs) => ({ ...costs, change: costs.change / 10 })],
  ["10 times as many samples", (costs) => ({ ...costs, steps: 10 * costs.steps })],
  ["steps that vary by a fifth", (costs) => costs, { variation: 0.2 }],
];

/** All tables of a network whose costs were measured. */
export function tables({ server, gossip, variation }: Measured): Table[] {
  // One process without workers, on a machine of its own.
  const alone = gossip.steps / (gossip.steps * gossip.step + gossip.change);
  return NETWORKS.map((network): Table => {
    const over = serverOver(server, network);
    const between = gossipOver(gossip, network);
    const gossiping = (
      workers: number,
      { costs = between, localSteps = LOCAL_STEPS, averageEvery = 0, varies = variation },
    ): GossipRow => {
      const epochs = Math.max(21, Math.ceil(GOSSIP_STEPS / stepsOfWorker(costs.steps, workers)) + 1);
      const found = simulateGossip(costs, network, {
        ...{ workers, localSteps, averageEvery, draw: uniform(workers) },
        // As many epochs as averages of all come round in.
        epochs: Math.ceil((epochs - 1) / 10) * 10 + 1,
        jitter: spread(Math.min(0.5, varies), uniform(localSteps)),
      });
      const one = costs.steps === gossip.steps
        ? alone
        : costs.steps / (costs.steps * costs.step + costs.change);
      return {
        ...{ ...found, localSteps, averageEvery, batches: costs.steps },
        speedUp: found.updatesPerSecond / one,
      };
    };
    // More workers than batches are refused.
    const several = WORKERS.filter((workers) => workers > 1 && workers <= gossip.steps);
    const larger = { ...between, steps: 10 * between.steps };
    const serving = (workers: number, servers = 1, costs = over): ServerRow => {
      const updates = Math.max(6 * costs.steps, 20 * workers);
      const found = simulateServers(costs, network, { workers, servers, updates });
      return { servers, ...found, speedUp: found.updatesPerSecond / alone };
    };
    const K = COMPARED_WORKERS;
    const compared: Record<string, number> = {
      "1 server": serving(K).speedUp,
      "4 servers": serving(K, 4).speedUp,
      "8 servers": serving(K, 8).speedUp,
      "4 servers, 16 bits": serving(K, 4, halved(over)).speedUp,
      ...Object.fromEntries(
        LOCAL_STEPS_TRIED.map((H) => [`gossip, H = ${H}`, gossiping(K, { localSteps: H }).speedUp]),
      ),
      [`gossip, H = ${LOCAL_STEPS}, average of all after every 10 epochs`]:
        gossiping(K, { averageEvery: 10 }).speedUp,
      [`gossip, H = ${LOCAL_STEPS}, average of all after every epoch`]:
        gossiping(K, { averageEvery: 1 }).speedUp,
    };
    const worker = serving(1).speedUp;
    return {
      network: network.name,
      servers: (network === MEMORY ? [1] : SERVERS).flatMap((servers) =>
        WORKERS.map((workers) => serving(workers, servers))
      ),
      gossip: [
        ...several.map((workers) => gossiping(workers, {})),
        ...several.map((workers) => gossiping(workers, { averageEvery: 1 })),
        ...WORKERS.slice(1).map((workers) => gossiping(workers, { costs: larger })),
      ],
      compared: Object.entries(compared).map(([what, speedUp]) => ({
        what,
        overProcess: speedUp,
        overWorker: speedUp / worker,
      })),
      serverLimits: SERVER_MEASURES.filter(([, , servers = 1]) => servers === 1 || network !== MEMORY)
        .map(([measure, change, servers = 1]) => ({
          measure,
          limit: limit(change(over), network, servers),
        })),
      gossipLimits: GOSSIP_MEASURES.map(([measure, change, run = {}]) => {
        const { variation: varies = variation, ...rest } = run;
        const row = gossiping(COMPARED_WORKERS, { costs: change(between), varies, ...rest });
        return { measure, limit: row.speedUp };
      }),
    };
  });
}

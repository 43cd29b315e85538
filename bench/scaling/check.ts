/**
 * The simulations against real runs in shared memory, with one worker and with two.
 *
 * They are fed with what a worker's parts take while as many worked as are simulated, and add what workers wait for each
 * other; other runs, in which nothing is recorded, are what they have to meet.
 *
 * @module
 */
import { MOST_FOREIGN, watchOthers } from "../disturbance.ts";
import { madeUpData } from "../made_up.ts";
import {
  BATCH,
  LOCAL_STEPS,
  measureParts,
  measureRest,
  median,
  type Parts,
  type RealRun,
  realUpdatesPerSecond,
  type Rest,
  type Subject,
} from "./costs.ts";
import { spread, uniform } from "./draws.ts";
import { type GossipCosts, simulateGossip } from "./gossip.ts";
import { MEMORY } from "./network.ts";
import { type ServerCosts, simulateServers } from "./servers.ts";

/** Samples and epochs of the real runs, how often they are repeated, and how long for a network. */
const SAMPLES = 12_800;
const EPOCHS = 7;
const ROUNDS = 5;
const MOST_SECONDS = 75;

/** What is compared; one worker has nobody to ask. */
const RUNS: readonly RealRun[] = [
  { algorithm: "wasap", workers: 1, epochs: EPOCHS },
  { algorithm: "wasap", workers: 2, epochs: EPOCHS },
  { algorithm: "gossip", workers: 2, epochs: EPOCHS },
];

/** A comparison of a simulation with real runs. */
export interface Check {
  readonly algorithm: RealRun["algorithm"];
  readonly workers: number;
  /** What a worker's parts take with so many workers, milliseconds, medians. */
  readonly partsMs: Readonly<Record<string, number>>;
  /** Updates a second of real runs and of the simulation, and what the simulation has too much; medians. */
  readonly real: number;
  readonly simulated: number;
  readonly ratio: number;
  /** The last, round by round. */
  readonly ratios: readonly number[];
}

/** What was measured of a network. */
export interface Measured {
  readonly server: ServerCosts;
  readonly gossip: GossipCosts;
  /** How the time of a step varies: its deviation as a part of the mean. */
  readonly variation: number;
  readonly checks: readonly Check[];
  /** The part of the machine that other programs took in each round that counts. */
  readonly others: readonly number[];
  /** Rounds that do not count, since others took too much. */
  readonly disturbed: number;
}

interface Round {
  readonly others: number;
  readonly rest: Rest;
  readonly parts: readonly Parts[];
  readonly real: readonly number[];
}

/** Costs of a server and its workers; `parts` are of as many workers as are simulated. */
function serverCosts(
  seconds: Parts["seconds"],
  rest: Rest,
  workers: number,
  steps: number,
): ServerCosts {
  const { gradient = 0, push = 0, stalePush = rest.stalePush, pull = 0, topologyPull = pull } = seconds;
  return {
    ...{ gradient, push, pull, worker: 0, steps },
    // One worker is never stale.
    stalePush: workers === 1 ? rest.stalePush : stalePush,
    pause: rest.change,
    rebuild: topologyPull - pull,
    pushBytes: rest.valueBytes,
    pullBytes: rest.valueBytes,
    topologyBytes: rest.topologyBytes,
    gatherBytes: rest.modelBytes - rest.topologyBytes,
    scatterBytes: rest.modelBytes,
  };
}

/** Costs of workers that gossip. */
function gossipCosts(seconds: Parts["seconds"], rest: Rest, steps: number): GossipCosts {
  const { step = 0, copyOut = 0, topologyOut = copyOut, pairAverage = 0 } = seconds;
  return {
    ...{ step, copyOut, pairAverage, steps },
    topologyOut: Math.max(0, topologyOut - copyOut),
    change: rest.change,
    average: rest.average,
    valueBytes: rest.valueBytes,
    topologyBytes: rest.topologyBytes,
    modelBytes: rest.modelBytes,
  };
}

/** Updates a second by the simulation, changes of the topology left out as in real runs. */
function simulatedRate({ algorithm, workers }: RealRun, parts: Parts, rest: Rest): number {
  const steps = SAMPLES / BATCH;
  if (algorithm === "wasap") {
    const costs = serverCosts(parts.seconds, rest, workers, steps);
    return simulateServers(costs, MEMORY, { workers, updates: 20 * steps }).updatesPerSecondBetween;
  }
  const average = (parts.seconds.average ?? 0) / workers;
  return simulateGossip({ ...gossipCosts(parts.seconds, rest, steps), average }, MEMORY, {
    ...{ workers, localSteps: LOCAL_STEPS, epochs: 41, averageEvery: 1, draw: uniform(1) },
    jitter: spread(Math.min(0.5, parts.variation), uniform(2)),
  }).updatesPerSecondBetween;
}

/**
 * Real runs and measured costs in turn, so that all see the same machine. A round counts when others took less than a
 * twentieth of the machine; where there was none in the time there is, those count that were disturbed least.
 */
export async function measureAndCheck(subject: Subject, steps: number): Promise<Measured> {
  const data = madeUpData(subject.sizes, SAMPLES);
  const all: Round[] = [];
  const quiet = () => all.filter(({ others }) => others <= MOST_FOREIGN);
  const end = performance.now() + MOST_SECONDS * 1000;
  while (all.length === 0 || (quiet().length < ROUNDS && performance.now() < end)) {
    const foreign = watchOthers();
    const [parts, real]: [Parts[], number[]] = [[], []];
    for (const run of RUNS) {
      parts.push(await measureParts(subject, data, run));
      real.push(await realUpdatesPerSecond(subject, data, run));
    }
    all.push({ parts, real, rest: measureRest(subject), others: foreign() });
  }
  const rounds = quiet().length > 0
    ? quiet()
    : all.toSorted((a, b) => a.others - b.others).slice(0, Math.ceil(all.length / 2));
  const rest = medians(rounds.map(({ rest }) => rest));
  const [one, , gossip] = RUNS.map((_, place) => middleParts(rounds.map(({ parts }) => parts[place])));
  const checks = RUNS.map((run, place): Check => {
    const rates = rounds.map(({ parts, rest }) => simulatedRate(run, parts[place], rest));
    const reals = rounds.map(({ real }) => real[place]);
    const ratios = rates.map((rate, round) => rate / reals[round]);
    const { usual } = middleParts(rounds.map(({ parts }) => parts[place]));
    const times = Object.entries(usual).filter(([activity]) => activity !== "wait");
    return {
      algorithm: run.algorithm,
      workers: run.workers,
      partsMs: Object.fromEntries(times.map(([activity, time]) => [activity, 1000 * time])),
      real: median(reals),
      simulated: median(rates),
      ratio: median(ratios),
      ratios,
    };
  });
  return {
    server: serverCosts(one.usual, rest, 1, steps),
    // Machines of their own do not slow each other down: steps as of one worker.
    gossip: gossipCosts({ ...gossip.usual, step: one.usual.step! }, rest, steps),
    variation: one.variation,
    checks,
    others: rounds.map(({ others }) => others),
    disturbed: all.length - rounds.length,
  };
}

/** The median of each number; of those that not all have, of those that have it. */
function medians<K extends string>(all: readonly Readonly<Partial<Record<K, number>>>[]): Record<K, number> {
  const names = new Set(all.flatMap((one) => Object.keys(one) as K[]));
  return Object.fromEntries([...names].map((name) => [
    name,
    median(all.flatMap((one) => one[name] ?? [])),
  ])) as Record<K, number>;
}

function middleParts(all: readonly Parts[]): Parts {
  return {
    seconds: medians(all.map(({ seconds }) => seconds)),
    usual: medians(all.map(({ usual }) => usual)),
    variation: median(all.map(({ variation }) => variation)),
  };
}

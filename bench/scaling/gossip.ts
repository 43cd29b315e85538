/**
 * A discrete-event simulation of training by gossip: K workers with a model each, no server, a network.
 *
 * A worker trains its own model on its shard. After every H steps it asks another, drawn at random, for its model and
 * goes on. Who is asked copies its model out between two of its own steps; the copy goes over its link and the asker's
 * link, and is averaged in between two steps of the asker. At most one question of a worker is open; one that is due
 * meanwhile is asked behind it. After its shard's last step a worker waits, answering, until its own question is answered,
 * then until all have come; then each changes its topology. Where an epoch ends with the average of all models, they go to
 * a coordinator first, on a machine of its own.
 *
 * @module
 */
import { type Draw, EVEN, type Jitter } from "./draws.ts";
import { Events } from "./events.ts";
import type { Network } from "./network.ts";
import { Stations } from "./stations.ts";

/** Times in seconds, sizes in bytes. */
export interface GossipCosts {
  /** One step of a worker on its own model. */
  readonly step: number;
  /** The time of the asked to copy its model out, and what is added where its topology goes with it. */
  readonly copyOut: number;
  readonly topologyOut: number;
  /** The asker's time to average a model into its own, unpacking included. */
  readonly pairAverage: number;
  /** The change of a topology by its worker. */
  readonly change: number;
  /** The coordinator's time for each model that it averages with all others. */
  readonly average: number;
  /** An answer: the values, and the topology where the asker has not this version of it. */
  readonly valueBytes: number;
  readonly topologyBytes: number;
  /** A model with its topology and what the optimiser keeps, as it goes to the coordinator. */
  readonly modelBytes: number;
  /** Batches of an epoch, those of all workers together. */
  readonly steps: number;
}

/** What is simulated. */
export interface GossipRun {
  /** At least two. */
  readonly workers: number;
  /** H. */
  readonly localSteps: number;
  /** At least two: the first does not count. */
  readonly epochs: number;
  /** All models are averaged after every so many epochs; 0 for never. */
  readonly averageEvery: number;
  /** Who is asked. */
  readonly draw: Draw;
  /** @default {EVEN} */
  readonly jitter?: Jitter;
}

/** What a simulation found. */
export interface GossipFound {
  readonly workers: number;
  /** Whole batches of all workers a second. */
  readonly updatesPerSecond: number;
  /** Without the changes of the topology, as records of epochs count. */
  readonly updatesPerSecondBetween: number;
  /** Averages of two a step, at most 1 / H. */
  readonly exchangesPerStep: number;
  /** Steps of the asker between question and average, mean. */
  readonly meanExchangeAge: number;
  /**
   * How old the model of another worker is in which a worker's own has its last share of it, be it by way of others: the
   * steps that the other has made since. Mean over pairs.
   */
  readonly meanModelAge: number;
  /** What workers did with their time, parts of it: training, answering and averaging, waiting for the last of them, … */
  readonly parts: Readonly<Record<"steps" | "exchanges" | "waiting" | "averageOfAll" | "change", number>>;
}

const STEP_OVER = 0;
const ASKED = 1;
const ANSWERED = 2;
const EPOCH_BEGINS = 3;
const KINDS = 4;

/** Steps of a worker's epoch; the last has what remains of its shard, and takes as much less time. */
export function stepsOfWorker(steps: number, workers: number): number {
  return Math.ceil(steps / workers);
}

/** Simulates a number of epochs. Cost: O(exchanges · K), for the ages of news. */
export function simulateGossip(costs: GossipCosts, network: Network, run: GossipRun): GossipFound {
  const { workers, localSteps, epochs, averageEvery, draw, jitter = EVEN } = run;
  const events = new Events();
  const links = new Stations(workers);
  const processors = new Stations(workers);
  const steps = stepsOfWorker(costs.steps, workers);
  const lastStep = costs.steps / workers - (steps - 1);
  const at = (time: number, kind: number, worker: number, other = 0) =>
    events.add(time, KINDS * (worker * workers + other) + kind);
  const wire = (bytes: number) => bytes / network.bandwidth;

  const made = new Float64Array(workers);
  const left = new Uint32Array(workers);
  const questions = Array.from({ length: workers }, (): number[] => []);
  const open = new Uint8Array(workers);
  const askedAt = new Float64Array(workers);
  const answered = new Uint8Array(workers);
  const due = new Uint8Array(workers);
  // The model in a worker's inbox: whose it was and the version of its topology.
  const inboxOf = new Int32Array(workers).fill(-1);
  const inboxVersion = new Int32Array(workers).fill(-1);
  // Up to which step a worker knows of another, `[workers][workers]`, and the same of the copy under way to it.
  const news = Array.from({ length: workers }, () => new Float64Array(workers));
  const copies = Array.from({ length: workers }, () => new Float64Array(workers));
  let [epoch, come, last] = [0, 0, 0];
  // Whether a worker has no step left to make in this epoch.
  const idle = new Uint8Array(workers);
  const sums = { steps: 0, exchanges: 0, waiting: 0, averageOfAll: 0, change: 0 };
  let [exchanges, exchangeAge, newsAge, newsCount, began] = [0, 0, 0, 0, 0];

  const answer = (worker: number, asker: number, now: number): number => {
    const topology = inboxOf[asker] !== worker || inboxVersion[asker] !== epoch;
    inboxOf[asker] = worker;
    inboxVersion[asker] = epoch;
    const seconds = costs.copyOut + (topology ? costs.topologyOut : 0);
    const end = processors.serve(worker, now, seconds);
    sums.exchanges += seconds;
    if (idle[worker]) sums.waiting -= seconds;
    copies[asker].set(news[worker]);
    copies[asker][worker] = made[worker];
    const bytes = costs.valueBytes + (topology ? costs.topologyBytes : 0);
    at(links.serve(worker, end, wire(bytes)) + network.latency, ANSWERED, asker);
    return end;
  };
  const average = (worker: number, now: number): number => {
    const [mine, theirs] = [news[worker], copies[worker]];
    for (let other = 0; other < workers; other++) mine[other] = Math.max(mine[other], theirs[other]);
    exchanges++;
    exchangeAge += made[worker] - askedAt[worker];
    sums.exchanges += costs.pairAverage;
    if (idle[worker]) sums.waiting -= costs.pairAverage;
    open[worker] = 0;
    answered[worker] = 0;
    return processors.serve(worker, now, costs.pairAverage);
  };
  const step = (worker: number, now: number) => {
    const seconds = costs.step * jitter() * (left[worker] === 1 ? lastStep : 1);
    sums.steps += seconds;
    at(processors.serve(worker, now, seconds), STEP_OVER, worker);
  };
  const ask = (worker: number, now: number) => {
    if (!due[worker] || open[worker]) return;
    due[worker] = 0;
    const drawn = Math.floor(draw() * (workers - 1));
    const peer = drawn < worker ? drawn : drawn + 1;
    open[worker] = 1;
    askedAt[worker] = made[worker];
    at(now + network.latency, ASKED, peer, worker);
  };
  /** What a worker does between two steps; returns when it is done. */
  const between = (worker: number, now: number): number => {
    let end = now;
    for (const asker of questions[worker].splice(0)) end = answer(worker, asker, end);
    if (answered[worker]) end = average(worker, end);
    if (made[worker] % localSteps === 0) due[worker] = 1;
    ask(worker, end);
    return end;
  };
  /** Comes to the end of the epoch, unless a question is open. */
  const settle = (worker: number, now: number) => {
    if (open[worker]) return;
    last = Math.max(last, now);
    if (++come === workers) endEpoch(last);
  };
  const askAgain = (worker: number, now: number) => {
    ask(worker, now);
    settle(worker, now);
  };
  const noteNews = (worker: number) => {
    // One look a step would cost K² a step: worker after worker, it is the same mean.
    const other = (worker + 1 + Math.floor(made[worker]) % (workers - 1)) % workers;
    newsAge += made[other] - news[worker][other];
    newsCount++;
  };
  /** All have come to the end of the epoch: the average of all, the changes, and when the next epoch begins. */
  const endEpoch = (now: number) => {
    const reported = now + network.latency;
    const averages = averageEvery > 0 && (epoch + 1) % averageEvery === 0;
    // All models go over the coordinator's link.
    const averaged = averages
      ? reported + network.latency + workers * wire(costs.modelBytes) + workers * costs.average
      : reported;
    const begins = averaged + costs.change + 3 * network.latency;
    sums.averageOfAll += workers * (averaged - reported);
    sums.change += workers * (begins - averaged);
    sums.waiting += workers * reported;
    at(begins, EPOCH_BEGINS, 0);
  };

  at(0, EPOCH_BEGINS, 0);
  for (;;) {
    const [now, value] = events.next();
    const [pair, kind] = [Math.floor(value / KINDS), value % KINDS];
    const [worker, other] = [Math.floor(pair / workers), pair % workers];
    switch (kind) {
      case STEP_OVER: {
        made[worker]++;
        noteNews(worker);
        const end = between(worker, now);
        if (--left[worker] > 0) {
          step(worker, end);
          break;
        }
        idle[worker] = 1;
        sums.waiting -= end;
        settle(worker, end);
        break;
      }
      case ASKED:
        if (idle[worker]) answer(worker, other, now);
        else questions[worker].push(other);
        break;
      case ANSWERED:
        answered[worker] = 1;
        if (idle[worker]) askAgain(worker, average(worker, now));
        break;
      case EPOCH_BEGINS:
        if (now > 0 && ++epoch === epochs) return found(now);
        if (epoch === 1) {
          began = now;
          for (const part of Object.keys(sums) as (keyof typeof sums)[]) sums[part] = 0;
          [exchanges, exchangeAge, newsAge, newsCount] = [0, 0, 0, 0];
        }
        [come, last] = [0, 0];
        for (let each = 0; each < workers; each++) {
          idle[each] = 0;
          left[each] = steps;
          step(each, now);
        }
        break;
    }
  }
  function found(end: number): GossipFound {
    const seconds = end - began;
    const made = workers * steps * (epochs - 1);
    const counted = costs.steps * (epochs - 1);
    const share = (part: keyof typeof sums) => sums[part] / workers / seconds;
    return {
      workers,
      updatesPerSecond: counted / seconds,
      updatesPerSecondBetween: counted / (seconds - sums.change / workers),
      exchangesPerStep: exchanges / made,
      meanExchangeAge: exchangeAge / exchanges,
      meanModelAge: newsAge / newsCount,
      parts: {
        steps: share("steps"),
        exchanges: share("exchanges"),
        waiting: share("waiting"),
        averageOfAll: share("averageOfAll"),
        change: share("change"),
      },
    };
  }
}

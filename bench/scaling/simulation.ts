/**
 * A discrete-event simulation of phase 1 of WASAP-SGD: one parameter server, K workers, a network.
 *
 * A worker goes round: gradient (on its own core), its link to the server, the server's link in, the server, the
 * server's link out, unpacking. What it shares with others is a first-come-first-served queue. After each epoch's worth
 * of updates the server pauses; the next answer to each worker then brings the topology, and gradients that were
 * under way cost more.
 *
 * @module
 */

/** Times in seconds, sizes in bytes. */
export interface Costs {
  /** One mini-batch: batch building, forward, backward. */
  readonly gradient: number;
  /** What a worker does for a push and a pull: gathering, scattering, copying. */
  readonly worker: number;
  /** The server's time for one push on the current topology, and on an older one. */
  readonly push: number;
  readonly stalePush: number;
  /** The server's time to hand out parameters. */
  readonly pull: number;
  /** The change of the topology, during which the server takes nothing. */
  readonly pause: number;
  /** A worker's time to take a new topology. */
  readonly rebuild: number;
  readonly pushBytes: number;
  readonly pullBytes: number;
  readonly topologyBytes: number;
  /** Updates an epoch. */
  readonly steps: number;
}

/** Bytes a second, and seconds; each machine has one link, used both ways at once. */
export interface Network {
  readonly name: string;
  readonly bandwidth: number;
  readonly latency: number;
}

/** What is drawn for the time of a gradient: a factor with mean 1. */
export type Jitter = () => number;

/** What a simulation found. */
export interface Found {
  readonly workers: number;
  readonly updatesPerSecond: number;
  /** Without the pauses. */
  readonly updatesPerSecondBetween: number;
  readonly meanStaleness: number;
  /** Part of the time each shared station was busy. */
  readonly busy: Readonly<Record<Station, number>>;
}

/** Stations that workers share. */
export type Station = "in" | "server" | "out";

/** Where a worker goes next. */
const ARRIVES_IN = 0;
const ARRIVES_SERVER = 1;
const ARRIVES_OUT = 2;
const ARRIVES_HOME = 3;

/** A heap of events: time, then worker and place in one number. */
class Events {
  readonly #times: number[] = [];
  readonly #values: number[] = [];

  add(time: number, value: number): void {
    const [times, values] = [this.#times, this.#values];
    let place = times.length;
    times.push(time);
    values.push(value);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (times[parent] <= time) break;
      times[place] = times[parent];
      values[place] = values[parent];
      place = parent;
    }
    times[place] = time;
    values[place] = value;
  }

  next(): [time: number, value: number] {
    const [times, values] = [this.#times, this.#values];
    const first: [number, number] = [times[0], values[0]];
    const [time, value] = [times.pop()!, values.pop()!];
    const length = times.length;
    if (length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      if (child + 1 < length && times[child + 1] < times[child]) child++;
      if (times[child] >= time) break;
      times[place] = times[child];
      values[place] = values[child];
      place = child;
    }
    times[place] = time;
    values[place] = value;
    return first;
  }
}

/** Simulates a number of updates; the first tenth, while queues fill, does not count. */
export function simulate(
  costs: Costs,
  network: Network,
  workers: number,
  updates: number,
  jitter: Jitter = () => 1,
): Found {
  const events = new Events();
  const free = { in: 0, server: 0, out: 0 };
  const busy = { in: 0, server: 0, out: 0 };
  const pulledAt = new Float64Array(workers);
  const version = new Uint32Array(workers);
  const wire = (bytes: number) => bytes / network.bandwidth;
  const home = network.latency + costs.worker / 2;
  const serve = (station: Station, now: number, time: number): number => {
    free[station] = Math.max(free[station], now) + time;
    busy[station] += time;
    return free[station];
  };
  const work = (worker: number, now: number) => {
    events.add(now + costs.gradient * jitter() + costs.worker / 2 + network.latency, 4 * worker + ARRIVES_IN);
  };
  for (let worker = 0; worker < workers; worker++) {
    // Workers begin apart, as they soon are.
    work(worker, costs.gradient * worker / workers);
  }
  const skip = Math.floor(updates / 10);
  let [applied, current, staleness, pauses] = [0, 0, 0, 0];
  let began = 0;
  const busyBefore = { ...busy };
  while (applied < updates) {
    const [now, value] = events.next();
    const worker = value >> 2;
    switch (value & 3) {
      case ARRIVES_IN:
        events.add(serve("in", now, wire(costs.pushBytes)), 4 * worker + ARRIVES_SERVER);
        break;
      case ARRIVES_SERVER: {
        const push = version[worker] === current ? costs.push : costs.stalePush;
        const done = serve("server", now, push + costs.pull);
        applied++;
        if (applied > skip) staleness += applied - 1 - pulledAt[worker];
        pulledAt[worker] = applied;
        if (applied === skip) {
          began = done;
          Object.assign(busyBefore, busy);
          pauses = 0;
        }
        if (applied % costs.steps === 0) {
          free.server += costs.pause;
          pauses++;
          current++;
        }
        events.add(free.server > done ? free.server : done, 4 * worker + ARRIVES_OUT);
        break;
      }
      case ARRIVES_OUT: {
        const topology = version[worker] !== current;
        version[worker] = current;
        const bytes = costs.pullBytes + (topology ? costs.topologyBytes : 0);
        const arrives = serve("out", now, wire(bytes)) + home + (topology ? costs.rebuild : 0);
        events.add(arrives, 4 * worker + ARRIVES_HOME);
        break;
      }
      case ARRIVES_HOME:
        work(worker, now);
        break;
    }
  }
  const seconds = free.server - began;
  const counted = updates - skip;
  const share = (station: Station) => Math.min(1, (busy[station] - busyBefore[station]) / seconds);
  return {
    workers,
    updatesPerSecond: counted / seconds,
    updatesPerSecondBetween: counted / (seconds - pauses * costs.pause),
    meanStaleness: staleness / counted,
    busy: { in: share("in"), server: share("server"), out: share("out") },
  };
}

/** The most updates a second a station lets through, however many workers there are. */
export function ceilings(costs: Costs, network: Network): Record<Station, number> {
  return {
    in: network.bandwidth / costs.pushBytes,
    server: 1 / (costs.push + costs.pull + costs.pause / costs.steps),
    out: network.bandwidth / costs.pullBytes,
  };
}

/** The station that is full first, and the number of workers that fill it. */
export function limit(
  costs: Costs,
  network: Network,
): { readonly station: Station; readonly workers: number } {
  const most = ceilings(costs, network);
  const station = (Object.keys(most) as Station[]).reduce((a, b) => most[b] < most[a] ? b : a);
  const { gradient, worker, push, pull, pushBytes, pullBytes } = costs;
  const round = gradient + worker + push + pull + 2 * network.latency +
    (pushBytes + pullBytes) / network.bandwidth;
  return { station, workers: round * most[station] };
}

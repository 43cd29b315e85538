/**
 * A discrete-event simulation of phase 1 of WASAP-SGD: K workers, S parameter servers, a network.
 *
 * A worker goes round: gradient (on its own core), its link to the servers, a server's link in, the server, the server's
 * link out, unpacking. What it shares with others is a first-come-first-served queue. With S servers each has a link, a
 * processor and 1/S of the parameters: a push goes out in S parts, one after the other over the worker's one link, and
 * the worker goes on when it has all S parts of the answer. After each epoch's worth of updates a server pauses; when all
 * have, their parts are gathered at the first, changed there and scattered. The next answers then bring the topology,
 * and gradients that were under way cost more. A worker that has parts of before and after a change asks for the former
 * again.
 *
 * @module
 */
import { EVEN, type Jitter } from "./draws.ts";
import { Events } from "./events.ts";
import type { Network } from "./network.ts";
import { Stations } from "./stations.ts";

/** Times in seconds, sizes in bytes; of the whole model, whatever the number of servers. */
export interface ServerCosts {
  /** One mini-batch: batch building, forward, backward. */
  readonly gradient: number;
  /** What a worker does for a push and a pull: gathering, scattering, copying. */
  readonly worker: number;
  /** The server's time for one push on the current topology, and on an older one. */
  readonly push: number;
  readonly stalePush: number;
  /** The server's time to hand out parameters. */
  readonly pull: number;
  /** The change of the topology, during which no server takes anything. */
  readonly pause: number;
  /** A worker's time to take a new topology. */
  readonly rebuild: number;
  readonly pushBytes: number;
  readonly pullBytes: number;
  readonly topologyBytes: number;
  /** What several servers gather before a pause and scatter behind it: values with the optimiser's, and then the topology. */
  readonly gatherBytes: number;
  readonly scatterBytes: number;
  /** Updates an epoch. */
  readonly steps: number;
}

/** What is simulated. */
export interface ServerRun {
  readonly workers: number;
  /** @default {1} */
  readonly servers?: number;
  /** The first tenth, while queues fill, does not count. */
  readonly updates: number;
  /** @default {EVEN} */
  readonly jitter?: Jitter;
}

/** What a simulation found. */
export interface ServerFound {
  readonly workers: number;
  readonly updatesPerSecond: number;
  /** Without the changes of the topology, as records of epochs count. */
  readonly updatesPerSecondBetween: number;
  readonly meanStaleness: number;
  /** Part of the time each kind of shared station was busy, mean over the servers. */
  readonly busy: Readonly<Record<ServerStation, number>>;
}

/** Stations that workers share: a server's link in, its processor, its link out. */
export type ServerStation = "in" | "server" | "out";

/** What an event is of. */
const ARRIVES_IN = 0;
const ARRIVES_SERVER = 1;
const ARRIVES_OUT = 2;
const ARRIVES_HOME = 3;
const PAUSE_OVER = 4;
const ASKED_AGAIN = 5;
const KINDS = 6;

/** Simulates a number of updates. */
export function simulateServers(costs: ServerCosts, network: Network, run: ServerRun): ServerFound {
  const { workers, servers = 1, updates, jitter = EVEN } = run;
  const events = new Events();
  const stations = { in: new Stations(servers), server: new Stations(servers), out: new Stations(servers) };
  const wire = (bytes: number) => bytes / network.bandwidth / servers;
  // By worker and server.
  const parts = workers * servers;
  const pulledAt = new Float64Array(parts);
  const version = new Uint32Array(parts);
  const partBytes = new Float64Array(parts);
  // By worker: when its own link in is free, parts of the answer still to come, whether a new topology is among them.
  const inbound = new Float64Array(workers);
  const missing = new Uint32Array(workers);
  const rebuilds = new Uint8Array(workers);
  // By server: updates, the part that waits for the end of the pause, those that came during it.
  const applied = new Float64Array(servers);
  const held = new Int32Array(servers).fill(-1);
  const queues = Array.from({ length: servers }, (): number[] => []);
  let [current, paused] = [0, 0];

  const at = (time: number, kind: number, part: number) => events.add(time, KINDS * part + kind);
  const begin = (worker: number, now: number) => {
    missing[worker] = servers;
    const leaves = now + costs.gradient * jitter() + costs.worker / 2 + network.latency;
    for (let server = 0; server < servers; server++) {
      at(leaves + server * wire(costs.pushBytes), ARRIVES_IN, worker * servers + server);
    }
  };
  for (let worker = 0; worker < workers; worker++) {
    // Workers begin apart, as they soon are.
    begin(worker, costs.gradient * worker / workers);
  }
  const skip = Math.floor(updates / 10) * servers;
  const all = updates * servers;
  let [done, staleness, began, pauseSeconds] = [0, 0, 0, 0];
  const busySeconds = () => ({
    in: stations.in.busySeconds,
    server: stations.server.busySeconds,
    out: stations.out.busySeconds,
  });
  let busyBefore = busySeconds();

  const apply = (part: number, server: number, now: number) => {
    const push = version[part] === current ? costs.push : costs.stalePush;
    const end = stations.server.serve(server, now, (push + costs.pull) / servers);
    done++;
    applied[server]++;
    if (done > skip) staleness += applied[server] - 1 - pulledAt[part];
    pulledAt[part] = applied[server];
    if (done === skip) [began, busyBefore, pauseSeconds] = [end, busySeconds(), 0];
    if (applied[server] % costs.steps !== 0) return at(end, ARRIVES_OUT, part);
    held[server] = part;
    if (++paused === servers) endPause();
  };
  /** All servers have had an epoch's updates: gathers, changes and scatters what the first has not. */
  const endPause = () => {
    const elsewhere = (bytes: number) => (servers - 1) * wire(bytes);
    const message = servers > 1 ? network.latency : 0;
    const gathered = stations.in.serve(0, stations.server.lastFreeAt, elsewhere(costs.gatherBytes)) + message;
    const changed = gathered + costs.pause;
    const over = stations.out.serve(0, changed, elsewhere(costs.scatterBytes)) + message;
    pauseSeconds += costs.pause;
    for (let server = 0; server < servers; server++) stations.server.closeUntil(server, over);
    at(over, PAUSE_OVER, 0);
  };
  /** Where some parts are of before a change that others have had: whether they were asked for again. */
  const askAgain = (worker: number, now: number): boolean => {
    const mine = version.subarray(worker * servers, (worker + 1) * servers);
    const newest = mine.reduce((most, one) => Math.max(most, one), 0);
    mine.forEach((one, server) => {
      if (one === newest) return;
      missing[worker]++;
      at(now + network.latency, ASKED_AGAIN, worker * servers + server);
    });
    return missing[worker] > 0;
  };

  while (done < all) {
    const [now, value] = events.next();
    const part = Math.floor(value / KINDS);
    const [worker, server] = [Math.floor(part / servers), part % servers];
    switch (value % KINDS) {
      case ARRIVES_IN:
        at(stations.in.serve(server, now, wire(costs.pushBytes)), ARRIVES_SERVER, part);
        break;
      case ARRIVES_SERVER:
        if (held[server] < 0) apply(part, server, now);
        else queues[server].push(part);
        break;
      case PAUSE_OVER:
        current++;
        paused = 0;
        for (let each = 0; each < servers; each++) {
          at(now, ARRIVES_OUT, held[each]);
          held[each] = -1;
          while (held[each] < 0 && queues[each].length > 0) apply(queues[each].shift()!, each, now);
        }
        break;
      case ASKED_AGAIN:
        at(stations.server.serve(server, now, costs.pull / servers), ARRIVES_OUT, part);
        break;
      case ARRIVES_OUT: {
        const topology = version[part] !== current;
        version[part] = current;
        if (topology) rebuilds[worker] = 1;
        partBytes[part] = costs.pullBytes + (topology ? costs.topologyBytes : 0);
        at(stations.out.serve(server, now, wire(partBytes[part])) + network.latency, ARRIVES_HOME, part);
        break;
      }
      case ARRIVES_HOME: {
        // The worker's link takes what the servers' links bring at the same time, one after the other.
        inbound[worker] = Math.max(inbound[worker] + wire(partBytes[part]), now);
        if (--missing[worker] > 0 || askAgain(worker, inbound[worker])) break;
        const unpacked = inbound[worker] + costs.worker / 2 + (rebuilds[worker] ? costs.rebuild : 0);
        rebuilds[worker] = 0;
        begin(worker, unpacked);
        break;
      }
    }
  }
  const seconds = stations.server.lastFreeAt - began;
  const counted = (all - skip) / servers;
  const after = busySeconds();
  const share = (station: ServerStation) => Math.min(1, (after[station] - busyBefore[station]) / seconds);
  return {
    workers,
    updatesPerSecond: counted / seconds,
    updatesPerSecondBetween: counted / (seconds - pauseSeconds),
    meanStaleness: staleness / (all - skip),
    busy: { in: share("in"), server: share("server"), out: share("out") },
  };
}

/** The most updates a second that stations of each kind let through, however many workers there are. */
export function ceilings(costs: ServerCosts, network: Network, servers = 1): Record<ServerStation, number> {
  const elsewhere = (servers - 1) / servers * (costs.gatherBytes + costs.scatterBytes) / network.bandwidth;
  const message = servers > 1 ? network.latency : 0;
  const pause = costs.pause + elsewhere + 2 * message;
  return {
    in: servers * network.bandwidth / costs.pushBytes,
    server: 1 / ((costs.push + costs.pull) / servers + pause / costs.steps),
    out: servers * network.bandwidth / costs.pullBytes,
  };
}

/** The kind of station that is full first, and the number of workers that fill it. */
export function limit(
  costs: ServerCosts,
  network: Network,
  servers = 1,
): { readonly station: ServerStation; readonly workers: number } {
  const most = ceilings(costs, network, servers);
  const station = (Object.keys(most) as ServerStation[]).reduce((a, b) => most[b] < most[a] ? b : a);
  const { gradient, worker, push, pull, pushBytes, pullBytes } = costs;
  const round = gradient + worker + (push + pull) / servers + 2 * network.latency +
    (pushBytes + pullBytes) / network.bandwidth;
  return { station, workers: round * most[station] };
}

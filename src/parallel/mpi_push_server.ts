/**
 * A server of phase 1 in a rank of an MPI job: takes the gradients of all workers and answers with parameters, of a
 * whole model or of its part of one.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import { nextMessage, sendMessage, takeMessage, type WireBits } from "../native/mpi.ts";
import { KeptTopologies } from "./mpi_topologies.ts";
import { Head, KIND, NO_PIECES, NO_WORDS, sendTopology } from "./mpi_wire.ts";
import { START_MS } from "./options.ts";
import { ParameterServer, serverState } from "./server.ts";
import type { PushHeader } from "./transport.ts";
import type { TransportPlan } from "./transport_plan.ts";

/** How long the thread is blocked at once while nobody sends. */
export const SLICE_MS = 20;

/** What a server knows of a worker. */
export interface Client {
  readonly rank: number;
  readonly worker: number;
  /** Version of the topology it was sent last; −1 for none. */
  version: number;
  /** The oldest version that is of use to it. */
  wanted: number;
  /** Waits for parameters. */
  waiting: boolean;
  waitingSince: number;
  heardAt: number;
  /** How long it may be silent. */
  patienceMs: number;
  /** Whether the last it was sent is that the server pauses. */
  pausing: boolean;
}

/** Which server of how many, and what it has. */
export interface ServerRank {
  /** Number of the server, which is its rank. */
  readonly server: number;
  readonly servers: number;
  /** The whole model where there is one server, or else its part. */
  readonly model: SparseMlp;
  /** Connections of each whole layer, where the model is a part. */
  readonly connections?: Uint32Array;
}

/** Takes pushes and answers them. */
export class PushServer {
  readonly server: ParameterServer;
  readonly clients: readonly Client[];
  /** Gradients as they arrive; those of the first worker are free between two calls. */
  readonly gradients: readonly Uint32Array[];
  readonly head: Head = new Head();
  readonly limitMs: number;
  readonly #model: SparseMlp;
  readonly #topologies: KeptTopologies;
  readonly #headers: PushHeader[] = [];
  readonly #synchronous: boolean;
  readonly #bits: WireBits;
  /** The most gradients that may be asked for. */
  readonly #total: number;
  /** Gradients that were asked for. */
  #pulls: number;
  #arrived = 0;
  #pausedAt = performance.now();

  constructor({ setup, server, updatesDone, updatesTotal }: TransportPlan, rank: ServerRank) {
    const { workers, algorithm, timeLimitSeconds, wireBits = 32 } = setup.parallel;
    const { model, servers, connections } = rank;
    this.#model = model;
    this.#synchronous = algorithm === "wassp";
    this.#bits = wireBits;
    this.limitMs = 1000 * timeLimitSeconds;
    this.#pulls = updatesDone;
    // Every gradient that is begun shall be applied, so no more are begun than the phase has updates. The first server
    // alone counts: a gradient that it did not ask for is not begun, whatever other servers have sent for it.
    this.#total = this.#synchronous || rank.server > 0 ? Infinity : updatesTotal;
    this.server = new ParameterServer(model, serverState(workers, updatesDone), server, connections);
    const count = this.#synchronous ? workers : 1;
    this.gradients = Array.from({ length: count }, () => model.allocateGradients());
    const now = performance.now();
    this.clients = Array.from({ length: workers }, (_, worker) => ({
      rank: servers + worker,
      worker,
      version: -1,
      wanted: 0,
      waiting: true,
      waitingSince: now,
      heardAt: this.#pausedAt,
      patienceMs: Math.max(this.limitMs, START_MS),
      pausing: false,
    }));
    this.#topologies = new KeptTopologies(model, this.gradients[0], rank);
  }

  /** Keeps the topology that the model has now, of a version. */
  keepTopology(version: number): void {
    this.server.topologyChanged(version);
    this.#topologies.keep(version);
  }

  /**
   * Lets updates in until `limit` have been applied since the start, then tells the workers to wait.
   *
   * @param look Called now and then, and when nobody has sent anything; returns whether to end at once.
   * @param other Takes the message of a rank that is no worker; returns whether to end at once.
   * @returns Whether the limit was reached.
   */
  async serve(
    limit: number,
    look: (idle: boolean) => Promise<boolean>,
    other: (source: number) => boolean,
  ): Promise<boolean> {
    const { server, head } = this;
    server.beginEpoch();
    const now = performance.now();
    for (const client of this.clients) {
      // Nobody was listened to in the pause; what was silence before it goes on.
      client.heardAt += now - this.#pausedAt;
      client.waitingSince = now;
    }
    this.#serveWaiting(limit);
    while (server.updates < limit) {
      const message = nextMessage(-1, SLICE_MS, head.words);
      if (message !== undefined) {
        const client = this.clientOf(message.source);
        if (client !== undefined) this.#take(client, limit);
        else if (other(message.source)) return false;
      }
      if (await look(message === undefined)) return false;
    }
    this.tellPause();
    this.#pausedAt = performance.now();
    for (const client of this.clients) this.#noteWait(client);
    return true;
  }

  /** The worker of a rank; undefined for a server's. */
  clientOf(rank: number): Client | undefined {
    return this.clients[rank - this.clients[0].rank];
  }

  /** Who waits for the server learns that this may take longer than a step. */
  tellPause(): void {
    for (const client of this.clients) {
      if (client.pausing) continue;
      this.tell(client.rank, KIND.pause);
      client.pausing = true;
    }
  }

  /** Sends a message that has nothing but a kind and perhaps a number. */
  tell(rank: number, kind: number, word = 0): void {
    sendMessage(rank, this.head.begin(kind).setWord(1, word).words, NO_WORDS, NO_PIECES, this.limitMs);
  }

  /** A worker that owes something and says nothing is lost. */
  lookForSilence(): void {
    const now = performance.now();
    const lost = this.clients.find(({ waiting, heardAt, patienceMs }) =>
      !waiting && now - heardAt > patienceMs
    );
    if (lost === undefined) return;
    throw new Error(`rank ${lost.rank} has been silent for ${lost.patienceMs / 1000} s`);
  }

  /** Sends parameters to those who wait for them, while the limits allow. */
  #serveWaiting(limit: number): void {
    for (const client of this.clients) {
      if (client.waiting) this.#sendParameters(client, limit);
    }
  }

  #sendParameters(client: Client, limit: number): void {
    const { server, head, limitMs } = this;
    if (server.updates >= limit || this.#pulls >= this.#total || server.version < client.wanted) return;
    const version = this.#topologies.get(server.version)!;
    if (client.version !== server.version) {
      sendTopology(client.rank, this.#model, version.places, limitMs, server.version);
      client.version = server.version;
    }
    head.begin(KIND.parameters).setWord(1, server.version).setNumber(3, server.updates);
    const { arena } = this.#model.memory;
    sendMessage(client.rank, head.words, arena, version.places.parameters, limitMs, this.#bits);
    version.users++;
    this.#pulls++;
    this.#noteWait(client);
    client.waiting = client.pausing = false;
    client.heardAt = performance.now();
  }

  /** Takes what a worker has announced; answers where something is due. */
  #take(client: Client, limit: number): void {
    client.heardAt = performance.now();
    client.patienceMs = this.limitMs;
    switch (this.head.kind) {
      case KIND.push:
        return this.#takePush(client, limit);
      case KIND.again:
        takeMessage(NO_WORDS, NO_PIECES, this.limitMs);
        // What it has been sent is not used.
        this.#topologies.get(client.version)!.users--;
        this.#pulls--;
        client.wanted = this.head.word(1);
        client.waiting = true;
        client.waitingSince = client.heardAt;
        return this.#sendParameters(client, limit);
      default:
        throw new Error(`rank ${client.rank} sent message ${this.head.kind} in phase 1`);
    }
  }

  /** Takes a push; applies it, or the round it completes, and answers. */
  #takePush(client: Client, limit: number): void {
    const { head } = this;
    const version = this.#topologies.get(head.word(1));
    if (version === undefined) throw new Error(`rank ${client.rank} computed on an unknown topology`);
    const { worker } = client;
    const gradients = this.gradients[this.#synchronous ? worker : 0];
    const header: PushHeader = {
      worker,
      version: head.word(1),
      clock: head.number(3),
      loss: head.number(4),
      correct: head.number(5),
      samples: head.word(2),
    };
    takeMessage(gradients, version.places.gradients, this.limitMs, this.#bits);
    version.users--;
    client.waiting = true;
    client.waitingSince = client.heardAt = performance.now();
    if (!this.#synchronous) {
      this.server.push(gradients, header, version.model);
      return this.#sendParameters(client, limit);
    }
    this.#headers[worker] = header;
    this.#arrived++;
    if (this.#arrived < this.clients.length) return;
    this.#arrived = 0;
    this.server.pushRound(this.gradients, this.#headers);
    this.#serveWaiting(limit);
  }

  #noteWait(client: Client): void {
    if (!client.waiting) return;
    const now = performance.now();
    this.server.waited(client.worker, (now - client.waitingSince) / 1000);
    client.waitingSince = now;
  }
}

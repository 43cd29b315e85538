/**
 * A server of phase 1 in a rank of an MPI job: takes the gradients of all workers and answers with parameters, of a
 * whole model or of its part of one.
 *
 * @module
 */
import type { SparseMlp } from "../../model/model.ts";
import { type MpiAnnouncement, sendMessage, takeMessage, type WireBits } from "../../native/mpi.ts";
import { type Client, newClients } from "./clients.ts";
import { nextOfWork, type ServerJob } from "./interrupt.ts";
import { KeptTopologies } from "./topologies.ts";
import { Head, KIND, NO_PIECES, NO_WORDS, onePiece, sendTopology } from "./wire.ts";
import { START_MS } from "../options.ts";
import { ParameterServer, serverState } from "../server.ts";
import { SentParameters } from "../staleness.ts";
import type { PushHeader } from "../transport.ts";
import type { TransportPlan } from "../transport_plan.ts";

/** How long the thread is blocked at once while nobody sends. */
export const SLICE_MS = 20;

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
  /** Where the rule of staleness asks for what workers computed with. */
  readonly #sent: SentParameters | undefined;
  readonly #headers: PushHeader[] = [];
  readonly #synchronous: boolean;
  readonly #bits: WireBits;
  readonly #onInterrupt: ServerJob["onInterrupt"];
  /** The most gradients that may be asked for. */
  readonly #total: number;
  /** Gradients that were asked for. */
  #pulls: number;
  #arrived = 0;
  /** Updates after which the epoch ends. */
  #limit = 0;
  /** Whether it ends with the gradients that have been asked for. */
  #ending = false;
  #pausedAt = performance.now();

  constructor(
    { setup, server, updatesDone, updatesTotal }: TransportPlan,
    rank: ServerRank,
    onInterrupt?: ServerJob["onInterrupt"],
  ) {
    this.#onInterrupt = onInterrupt;
    const { workers, algorithm, timeLimitSeconds, delayCompensation, wireBits = 32 } = setup.parallel;
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
    if (delayCompensation !== undefined) this.#sent = new SentParameters(model, workers);
    const count = this.#synchronous ? workers : 1;
    this.gradients = Array.from({ length: count }, () => model.allocateGradients());
    this.clients = newClients(workers, servers, this.#pausedAt, Math.max(this.limitMs, START_MS));
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
    const { server } = this;
    server.beginEpoch();
    const now = performance.now();
    for (const client of this.clients) {
      // Nobody was listened to in the pause; what was silence before it goes on.
      client.heardAt += now - this.#pausedAt;
      client.waitingSince = now;
    }
    this.#limit = limit;
    this.#ending = false;
    this.#serveWaiting();
    let ended = false;
    while (server.updates < this.#limit && !ended) {
      const message = this.next(-1, SLICE_MS);
      if (message !== undefined) {
        const client = this.clientOf(message.source);
        if (client !== undefined) this.#take(client);
        else ended = other(message.source);
      }
      ended ||= await look(message === undefined);
    }
    this.tellPause();
    this.#pausedAt = performance.now();
    for (const client of this.clients) this.#noteWait(client);
    return !ended;
  }

  /**
   * Asks for no more gradients: the epoch ends once those that have been asked for are applied.
   *
   * @returns How many updates there will then have been.
   */
  end(): number {
    this.#ending = true;
    const begun = this.clients.filter(({ waiting }) => !waiting).length;
    return this.#limit = Math.min(
      this.#limit,
      this.server.updates + (this.#synchronous ? Math.min(1, begun) : begun),
    );
  }

  /** Ends the epoch after so many updates. */
  endAfter(limit: number): void {
    this.#limit = limit;
  }

  /** The next message of a rank, of any for −1, that is not the server's job; its head is in {@linkcode head}. */
  next(source: number, limitMs: number): MpiAnnouncement | undefined {
    return nextOfWork(source, limitMs, this.head, this.#onInterrupt);
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

  /** Tells all workers. */
  tellAll(kind: number): void {
    for (const { rank } of this.clients) this.tell(rank, kind);
  }

  /**
   * Waits until some ranks have taken their leave, or the time limit; gradients that nobody needs any more may still be
   * on their way.
   */
  async takeLeave(ranks: number): Promise<void> {
    const started = performance.now();
    for (let here = ranks; here > 0 && performance.now() - started < this.limitMs;) {
      const message = this.next(-1, SLICE_MS);
      if (message === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        continue;
      }
      const unwanted = new Uint32Array(message.words);
      takeMessage(unwanted, onePiece(unwanted), this.limitMs);
      if (this.head.kind === KIND.bye) here--;
    }
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
  #serveWaiting(): void {
    for (const client of this.clients) {
      if (client.waiting && !this.#ending) this.#sendParameters(client);
    }
  }

  #sendParameters(client: Client): void {
    const { server, head, limitMs } = this;
    const enough = server.updates >= this.#limit || this.#pulls >= this.#total;
    if (enough || server.version < client.wanted) return;
    const version = this.#topologies.get(server.version)!;
    if (client.version !== server.version) {
      sendTopology(client.rank, this.#model, version.places, limitMs, server.version);
      client.version = server.version;
    }
    head.begin(KIND.parameters).setWord(1, server.version).setNumber(3, server.updates);
    const { arena } = this.#model.memory;
    sendMessage(client.rank, head.words, arena, version.places.parameters, limitMs, this.#bits);
    this.#sent?.keep(client.worker, this.#model);
    version.users++;
    this.#pulls++;
    this.#noteWait(client);
    client.waiting = client.pausing = false;
    client.heardAt = performance.now();
  }

  /** Takes what a worker has announced; answers where something is due. */
  #take(client: Client): void {
    client.heardAt = performance.now();
    client.patienceMs = this.limitMs;
    switch (this.head.kind) {
      case KIND.push:
        return this.#takePush(client);
      case KIND.again:
        takeMessage(NO_WORDS, NO_PIECES, this.limitMs);
        // What it has been sent is not used.
        this.#topologies.get(client.version)!.users--;
        this.#pulls--;
        client.wanted = this.head.word(1);
        client.waiting = true;
        client.waitingSince = client.heardAt;
        // Where the epoch ends early, this gradient is one of those it ends with.
        return this.#sendParameters(client);
      default:
        throw new Error(`rank ${client.rank} sent message ${this.head.kind} in phase 1`);
    }
  }

  /** Takes a push; applies it, or the round it completes, and answers. */
  #takePush(client: Client): void {
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
      this.server.push(gradients, header, this.#sent?.of(worker, version.model) ?? version.model);
      if (!this.#ending) this.#sendParameters(client);
      return;
    }
    this.#headers[worker] = header;
    this.#arrived++;
    if (this.#arrived < this.clients.length) return;
    this.#arrived = 0;
    this.server.pushRound(this.gradients, this.#headers);
    this.#serveWaiting();
  }

  #noteWait(client: Client): void {
    if (!client.waiting) return;
    const now = performance.now();
    this.server.waited(client.worker, (now - client.waitingSince) / 1000);
    client.waitingSince = now;
  }
}

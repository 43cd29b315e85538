/**
 * The transport over MPI: rank 0 is the server, every other rank a worker.
 *
 * @module
 */
import { messageOf, TrainingError } from "../errors.ts";
import type { SparseMlp } from "../model/model.ts";
import { finishMpi, nextMessage, pieces, sendMessage, takeMessage } from "../native/mpi.ts";
import type { TopologyCounts } from "../topology/change.ts";
import { EventLoopTurn } from "../event_loop_turn.ts";
import { expect, Head, KIND, NO_PIECES, NO_WORDS, Places, sendTopology, takeTopology } from "./mpi_wire.ts";
import { START_MS } from "./options.ts";
import { KeptTopologies } from "./mpi_topologies.ts";
import { emptyReplica } from "./replica.ts";
import { ParameterServer, serverState } from "./server.ts";
import {
  changedInAll,
  type EpochSums,
  type LocalReport,
  type OnSums,
  type PushHeader,
  type ServerTransport,
  trainedInAll,
} from "./transport.ts";
import type { TransportPlan } from "./transport_plan.ts";

/** How long the thread is blocked at once while nobody sends. */
const SLICE_MS = 20;

/** What the server knows of a worker. */
interface Client {
  readonly rank: number;
  readonly worker: number;
  /** Version of the topology it has; −1 for none. */
  version: number;
  /** Waits for parameters. */
  waiting: boolean;
  waitingSince: number;
  heardAt: number;
  /** How long it may be silent. */
  patienceMs: number;
  /** Whether the last it was sent is that the server pauses. */
  pausing: boolean;
}

/** The server's side, in the process of rank 0. */
export class MpiTransport implements ServerTransport {
  readonly #model: SparseMlp;
  readonly #server: ParameterServer;
  readonly #clients: Client[];
  readonly #topologies: KeptTopologies;
  readonly #gradients: Uint32Array[];
  readonly #headers: PushHeader[] = [];
  readonly #head = new Head();
  readonly #synchronous: boolean;
  readonly #limitMs: number;
  readonly #total: number;
  /** Gradients that were asked for. */
  #pulls: number;
  #arrived = 0;
  /** When other tasks last ran, and silence was looked for: not the epoch's, which may be shorter. */
  readonly #turn = new EventLoopTurn();
  /** When the last epoch of phase 1 ended. */
  #pausedAt = performance.now();
  #replicas: SparseMlp[] | undefined;
  #replicaPlaces: Places[] = [];
  #failed = false;
  #closed = false;

  constructor({ model, setup, server, updatesDone, updatesTotal }: TransportPlan) {
    const { workers, algorithm, timeLimitSeconds } = setup.parallel;
    this.#model = model;
    this.#synchronous = algorithm === "wassp";
    this.#limitMs = 1000 * timeLimitSeconds;
    this.#total = updatesTotal;
    this.#pulls = updatesDone;
    this.#server = new ParameterServer(model, serverState(workers, updatesDone), server);
    const count = this.#synchronous ? workers : 1;
    this.#gradients = Array.from({ length: count }, () => model.allocateGradients());
    const now = performance.now();
    this.#clients = Array.from({ length: workers }, (_, worker) => ({
      rank: worker + 1,
      worker,
      version: -1,
      waiting: true,
      waitingSince: now,
      heardAt: this.#pausedAt,
      patienceMs: Math.max(this.#limitMs, START_MS),
      pausing: false,
    }));
    this.#topologies = new KeptTopologies(model, this.#gradients[0]);
    this.#topologies.keep(this.#server.version);
  }

  async runUpdates(limit: number, onSums: OnSums): Promise<EpochSums> {
    const server = this.#server;
    server.beginEpoch();
    const now = performance.now();
    for (const client of this.#clients) {
      // Nobody was listened to in the pause; what was silence before it goes on.
      client.heardAt += now - this.#pausedAt;
      client.waitingSince = now;
    }
    await this.#guarded(async () => {
      this.#serveWaiting(limit);
      while (server.updates < limit) {
        const message = nextMessage(-1, SLICE_MS, this.#head.words);
        if (message !== undefined) this.#takePush(message.source, limit);
        if (this.#turn.due || message === undefined) {
          this.#lookForSilence();
          onSums(server.sums());
          await this.#letOthersRun();
        }
      }
      this.#tellPause();
    });
    this.#pausedAt = performance.now();
    for (const client of this.#clients) this.#noteWait(client);
    return server.sums();
  }

  beginPhaseTwo(models: readonly SparseMlp[]): void {
    for (const client of this.#clients) {
      const { rank, worker } = client;
      const model = models[worker] ?? this.#model;
      const places = new Places(model, this.#gradients[0]);
      const { arena, state } = model.memory;
      sendMessage(rank, this.#head.begin(KIND.phaseOver).words, NO_WORDS, NO_PIECES, this.#limitMs);
      if (client.version !== this.#server.version) sendTopology(rank, model, places, this.#limitMs);
      client.version = this.#server.version;
      sendMessage(rank, this.#head.begin(KIND.parameters).words, arena, places.parameters, this.#limitMs);
      sendMessage(rank, this.#head.begin(KIND.state).words, state, places.state, this.#limitMs);
    }
  }

  async runLocalEpoch(epoch: number, onSums: OnSums): Promise<EpochSums> {
    this.#server.beginEpoch();
    const started = performance.now();
    const reports = await this.#command(KIND.epoch, epoch, () => onSums(this.#server.sums()));
    const elapsed = (performance.now() - started) / 1000;
    return {
      ...this.#server.sums(),
      ...trainedInAll(reports),
      idleSeconds: reports.map(({ seconds }) => Math.max(0, elapsed - seconds)),
    };
  }

  async evolveReplicas(epoch: number): Promise<TopologyCounts> {
    const reports = await this.#command(KIND.evolve, epoch, () => {});
    return changedInAll(reports);
  }

  async replicas(): Promise<readonly SparseMlp[]> {
    // After the last epoch no model changes any more, and nobody is there to ask.
    if (this.#closed) return this.#replicas ?? [];
    const replicas = this.#replicas ??= this.#clients.map(() => emptyReplica(this.#model));
    await this.#guarded(() => {
      for (const client of this.#clients) {
        sendMessage(client.rank, this.#head.begin(KIND.model).words, NO_WORDS, NO_PIECES, this.#limitMs);
        client.pausing = false;
      }
      for (const { rank, worker } of this.#clients) this.#takeModel(rank, worker, replicas[worker]);
      this.#tellPause();
      return Promise.resolve();
    });
    return replicas;
  }

  topologyChanged(): void {
    this.#server.topologyChanged();
    this.#topologies.keep(this.#server.version);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // After a failure somebody is missing: the process ends without ending MPI, and the launcher ends the job.
    if (this.#failed) return;
    try {
      for (const { rank } of this.#clients) {
        sendMessage(rank, this.#head.begin(KIND.stop).words, NO_WORDS, NO_PIECES, this.#limitMs);
      }
      let here = this.#clients.length;
      const started = performance.now();
      while (here > 0 && performance.now() - started < this.#limitMs) {
        const message = nextMessage(-1, SLICE_MS, this.#head.words);
        if (message === undefined) {
          await new Promise((resolve) => setTimeout(resolve, 0));
          continue;
        }
        // Gradients that nobody needs any more may still be on their way.
        takeMessage(new Uint32Array(message.words), pieces([[0, message.words]]), this.#limitMs);
        if (this.#head.kind === KIND.bye) here--;
      }
      finishMpi(this.#limitMs);
    } catch {
      // Whoever is missing is found by the launcher; what was learned is safe in this process.
    }
  }

  /** Sends parameters to those who wait for them, while the limits allow. */
  #serveWaiting(limit: number): void {
    for (const client of this.#clients) {
      if (client.waiting) this.#sendParameters(client, limit);
    }
  }

  #sendParameters(client: Client, limit: number): void {
    const server = this.#server;
    // Every gradient that is computed shall be applied, so no more are begun than the phase has updates.
    if (server.updates >= limit || (!this.#synchronous && this.#pulls >= this.#total)) return;
    const version = this.#topologies.get(server.version)!;
    if (client.version !== server.version) {
      sendTopology(client.rank, this.#model, version.places, this.#limitMs);
      client.version = server.version;
    }
    this.#head.begin(KIND.parameters).setWord(1, server.version).setNumber(3, server.updates);
    const { arena } = this.#model.memory;
    sendMessage(client.rank, this.#head.words, arena, version.places.parameters, this.#limitMs);
    version.users++;
    this.#pulls++;
    this.#noteWait(client);
    client.waiting = client.pausing = false;
    client.heardAt = performance.now();
  }

  /** Takes the push that was announced; applies it, or the round it completes, and answers. */
  #takePush(source: number, limit: number): void {
    const head = this.#head;
    const client = this.#clients[source - 1];
    if (head.kind !== KIND.push) throw new Error(`rank ${source} sent message ${head.kind} in phase 1`);
    const version = this.#topologies.get(head.word(1));
    if (version === undefined) throw new Error(`rank ${source} computed on an unknown topology`);
    const { worker } = client;
    const gradients = this.#gradients[this.#synchronous ? worker : 0];
    const header: PushHeader = {
      worker,
      version: head.word(1),
      clock: head.number(3),
      loss: head.number(4),
      correct: head.number(5),
      samples: head.word(2),
    };
    takeMessage(gradients, version.places.gradients, this.#limitMs);
    version.users--;
    client.waiting = true;
    client.waitingSince = client.heardAt = performance.now();
    client.patienceMs = this.#limitMs;
    if (!this.#synchronous) {
      this.#server.push(gradients, header, version.model);
      this.#sendParameters(client, limit);
      return;
    }
    this.#headers[worker] = header;
    this.#arrived++;
    if (this.#arrived < this.#clients.length) return;
    this.#arrived = 0;
    this.#server.pushRound(this.#gradients, this.#headers);
    this.#serveWaiting(limit);
  }

  /** Tells all workers what to do; resolves with what they did. */
  async #command(kind: number, epoch: number, onLook: () => void): Promise<LocalReport[]> {
    const reports: LocalReport[] = [];
    await this.#guarded(async () => {
      const now = performance.now();
      for (const client of this.#clients) {
        client.heardAt = now;
        client.waiting = client.pausing = false;
        const head = this.#head.begin(kind).setWord(1, epoch);
        sendMessage(client.rank, head.words, NO_WORDS, NO_PIECES, this.#limitMs);
      }
      for (let here = 0; here < this.#clients.length;) {
        const message = nextMessage(-1, SLICE_MS, this.#head.words);
        if (message !== undefined) {
          const client = this.#clients[message.source - 1];
          const report = this.#takeReport(client);
          if (report === undefined) continue;
          reports[client.worker] = report;
          here++;
        } else {
          this.#lookForSilence();
          onLook();
          await this.#letOthersRun();
        }
      }
      this.#tellPause();
    });
    return reports;
  }

  /** Who waits for the server learns that this may take longer than a step. */
  #tellPause(): void {
    for (const client of this.#clients) {
      if (client.pausing) continue;
      sendMessage(client.rank, this.#head.begin(KIND.pause).words, NO_WORDS, NO_PIECES, this.#limitMs);
      client.pausing = true;
    }
  }

  /** Takes what a worker says in phase 2; returns its report, unless it is still at work. */
  #takeReport(client: Client): LocalReport | undefined {
    const head = this.#head;
    client.heardAt = performance.now();
    client.patienceMs = this.#limitMs;
    if (head.kind === KIND.working) {
      takeMessage(NO_WORDS, NO_PIECES, this.#limitMs);
      return undefined;
    }
    if (head.kind !== KIND.report) {
      throw new Error(`rank ${client.rank} sent message ${head.kind} in phase 2`);
    }
    takeMessage(NO_WORDS, NO_PIECES, this.#limitMs);
    client.waiting = true;
    return {
      worker: client.worker,
      steps: head.word(1),
      samples: head.word(2),
      loss: head.number(3),
      correct: head.number(4),
      seconds: head.number(5),
      counts: { replaced: head.word(3), pruned: head.word(4) },
      ...{ exchanges: 0, exchangeSteps: 0 },
    };
  }

  #takeModel(rank: number, worker: number, replica: SparseMlp): void {
    if (nextMessage(rank, this.#limitMs, this.#head.words) === undefined) {
      throw new Error(`rank ${rank} has not sent its model within ${this.#limitMs / 1000} s`);
    }
    if (this.#head.kind === KIND.rows) {
      this.#replicaPlaces[worker] = takeTopology(rank, replica, this.#gradients[0], this.#limitMs, false);
      expect(rank, KIND.parameters, this.#limitMs);
    }
    const places = this.#replicaPlaces[worker];
    takeMessage(replica.memory.arena, places.parameters, this.#limitMs);
    expect(rank, KIND.state, this.#limitMs);
    takeMessage(replica.memory.state, places.state, this.#limitMs);
  }

  #noteWait(client: Client): void {
    if (!client.waiting) return;
    const now = performance.now();
    this.#server.waited(client.worker, (now - client.waitingSince) / 1000);
    client.waitingSince = now;
  }

  /** A worker that owes something and says nothing is lost. */
  #lookForSilence(): void {
    const now = performance.now();
    const lost = this.#clients.find(({ waiting, heardAt, patienceMs }) =>
      !waiting && now - heardAt > patienceMs
    );
    if (lost === undefined) return;
    throw new Error(`rank ${lost.rank} has been silent for ${lost.patienceMs / 1000} s`);
  }

  /** Lets other tasks of the program run; one of them may have ended the run, whose messages are `close`'s then. */
  async #letOthersRun(): Promise<void> {
    await this.#turn.take();
    if (this.#closed) throw new Error("the run was ended");
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      this.#failed = true;
      if (cause instanceof TrainingError) throw cause;
      throw new TrainingError(`Cannot go on training: ${messageOf(cause)}`, { cause });
    }
  }
}

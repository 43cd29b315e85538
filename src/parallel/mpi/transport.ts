/**
 * The transport over MPI: rank 0 is the server, or the first of several; other servers come next, the rest work.
 *
 * @module
 */
import { messageOf, TrainingError } from "../../errors.ts";
import type { SparseMlp } from "../../model/model.ts";
import { finishMpi, takeMessage } from "../../native/mpi.ts";
import type { TopologyCounts } from "../../topology/change.ts";
import { EventLoopTurn } from "../../event_loop_turn.ts";
import type { Client } from "./clients.ts";
import type { ServerJob } from "./interrupt.ts";
import { OtherServers } from "./other_servers.ts";
import { PushServer, SLICE_MS } from "./push_server.ts";
import {
  expect,
  type Head,
  KIND,
  NO_PIECES,
  NO_WORDS,
  Places,
  sendTopology,
  sendValues,
  takeTopology,
  takeValues,
} from "./wire.ts";
import { emptyReplica } from "../replica.ts";
import type { ParameterServer } from "../server.ts";
import {
  changedInAll,
  type EpochSums,
  type LocalReport,
  type OnSums,
  type ServerTransport,
  trainedInAll,
} from "../transport.ts";
import type { TransportPlan } from "../transport_plan.ts";

/** The server's side, in the process of rank 0. */
export class MpiTransport implements ServerTransport {
  readonly #model: SparseMlp;
  readonly #push: PushServer;
  readonly #server: ParameterServer;
  readonly #clients: readonly Client[];
  readonly #head: Head;
  readonly #limitMs: number;
  /** Where the parameters are split over several servers. */
  readonly #others: OtherServers | undefined;
  /** When other tasks last ran, and silence was looked for: not the epoch's, which may be shorter. */
  readonly #turn = new EventLoopTurn();
  #replicas: SparseMlp[] | undefined;
  #replicaPlaces: Places[] = [];
  readonly #job: ServerJob;
  #halted = false;
  #failed = false;
  #closed = false;

  constructor(plan: TransportPlan, job: ServerJob = {}) {
    const { model, setup: { parallel: { servers = 1 } } } = plan;
    this.#model = model;
    this.#job = job;
    this.#others = servers > 1 ? new OtherServers(plan, job) : undefined;
    this.#push = this.#others?.first ??
      new PushServer(plan, { server: 0, servers: 1, model }, job.onInterrupt);
    this.#server = this.#push.server;
    this.#clients = this.#push.clients;
    this.#head = this.#push.head;
    this.#limitMs = this.#push.limitMs;
    if (this.#others === undefined) this.#push.keepTopology(this.#server.version);
  }

  async runUpdates(limit: number, onSums: OnSums): Promise<EpochSums> {
    let elsewhere: Partial<EpochSums> | undefined;
    let ending = false;
    const look = async (idle: boolean) => {
      if (this.#turn.due || idle) {
        this.#push.lookForSilence();
        onSums(this.#server.sums());
        await this.#letOthersRun();
      }
      if (!this.#halted) return false;
      // What is under way may be dropped where one server has it; several have to end with the same updates.
      if (this.#others === undefined) return true;
      if (!ending) this.#others.end();
      ending = true;
      return false;
    };
    if (this.#halted) {
      this.#server.beginEpoch();
      return this.#server.sums();
    }
    await this.#guarded(async () => {
      this.#others?.give(limit);
      await this.#push.serve(limit, look, (source) => {
        if (this.#others === undefined) throw new Error(`rank ${source} is no worker`);
        this.#others.take(source);
        return false;
      });
      elsewhere = await this.#others?.gather(() => this.#letOthersRun());
    });
    return { ...this.#server.sums(), ...elsewhere };
  }

  beginPhaseTwo(models: readonly SparseMlp[]): void {
    this.#others?.tell(KIND.phaseOver);
    for (const client of this.#clients) {
      const { rank, worker } = client;
      this.#push.tell(rank, KIND.phaseOver);
      // What was sent of a part need not be in use.
      const known = this.#others === undefined && client.version === this.#server.version;
      this.#sendModel(rank, models[worker] ?? this.#model, !known);
      client.version = this.#server.version;
    }
  }

  async goOnFromAverage(): Promise<void> {
    await this.#guarded(() => {
      for (const client of this.#clients) {
        this.#sendModel(client.rank, this.#model, true);
        client.pausing = false;
      }
      this.#push.tellPause();
      return Promise.resolve();
    });
  }

  /** Sends a whole model, its topology where the worker does not have it. */
  #sendModel(rank: number, model: SparseMlp, topology: boolean): void {
    const places = new Places(model, this.#push.gradients[0]);
    if (topology) sendTopology(rank, model, places, this.#limitMs);
    sendValues(rank, model, places, this.#limitMs);
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
        this.#push.tell(client.rank, KIND.model);
        client.pausing = false;
      }
      for (const { rank, worker } of this.#clients) this.#takeModel(rank, worker, replicas[worker]);
      this.#push.tellPause();
      return Promise.resolve();
    });
    return replicas;
  }

  halt(): void {
    this.#halted = true;
  }

  topologyChanged(): void {
    const version = this.#server.version + 1;
    if (this.#others === undefined) this.#push.keepTopology(version);
    else this.#others.topologyChanged(version);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // After a failure somebody is missing: the process ends without ending MPI, and the launcher ends the job.
    if (this.#failed) return;
    try {
      this.#others?.tell(KIND.stop);
      this.#push.tellAll(KIND.stop);
      await this.#push.takeLeave(this.#clients.length + (this.#others?.count ?? 0));
      if (!this.#job.lasts) finishMpi(this.#limitMs);
    } catch {
      // Whoever is missing is found by the launcher; what was learned is safe in this process.
    }
  }

  /** Tells all workers what to do; resolves with what they did. */
  async #command(kind: number, epoch: number, onLook: () => void): Promise<LocalReport[]> {
    const reports: LocalReport[] = [];
    let toHalt = kind === KIND.epoch;
    await this.#guarded(async () => {
      const now = performance.now();
      this.#others?.tell(KIND.pause);
      for (const client of this.#clients) {
        client.heardAt = now;
        client.waiting = client.pausing = false;
        this.#push.tell(client.rank, kind, epoch);
      }
      for (let here = 0; here < this.#clients.length;) {
        if (toHalt && this.#halted) {
          this.#push.tellAll(KIND.halt);
          toHalt = false;
        }
        const message = this.#push.next(-1, SLICE_MS);
        if (this.#turn.due) await this.#letOthersRun();
        if (message !== undefined) {
          const client = this.#push.clientOf(message.source);
          if (client === undefined) throw new Error(`rank ${message.source}, a server, spoke in phase 2`);
          const report = this.#takeReport(client);
          if (report === undefined) continue;
          reports[client.worker] = report;
          here++;
        } else {
          this.#push.lookForSilence();
          onLook();
          await this.#letOthersRun();
        }
      }
      this.#push.tellPause();
    });
    return reports;
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
      exchanges: head.word(5),
      exchangeSteps: head.number(6),
    };
  }

  #takeModel(rank: number, worker: number, replica: SparseMlp): void {
    if (this.#push.next(rank, this.#limitMs) === undefined) {
      throw new Error(`rank ${rank} has not sent its model within ${this.#limitMs / 1000} s`);
    }
    if (this.#head.kind === KIND.rows) {
      this.#replicaPlaces[worker] = takeTopology(
        rank,
        replica,
        this.#push.gradients[0],
        this.#limitMs,
        false,
      );
      expect(rank, KIND.parameters, this.#limitMs);
    }
    takeValues(rank, replica, this.#replicaPlaces[worker], this.#limitMs);
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

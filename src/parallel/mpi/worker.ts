/**
 * A worker that is a rank of an MPI job: its requests become messages, in phase 1 to all servers, then to rank 0.
 *
 * @module
 */
import type { SparseMlp } from "../../model/model.ts";
import { finishMpi, nextMessage, sendMessage, takeMessage } from "../../native/mpi.ts";
import { EventLoopTurn } from "../../event_loop_turn.ts";
import { MpiGossip } from "./gossip.ts";
import { forwardInterrupts, type WorkerJob } from "./interrupt.ts";
import { MpiServers } from "./servers.ts";
import {
  expect,
  Head,
  KIND,
  NO_PIECES,
  NO_WORDS,
  PAUSE_MS,
  Places,
  sendTopology,
  sendValues,
  takeTopology,
  takeValues,
} from "./wire.ts";
import { emptyReplica } from "../replica.ts";
import type { LocalReport, ServerReply, WorkerRequest } from "../transport.ts";
import { workerProgram, type WorkerSetup } from "../worker.ts";

const SERVER = 0;
/** How long the thread is blocked at once while it waits. */
const SLICE_MS = 50;
/** How often the server hears of a worker that works on a command. */
const WORKING_MS = 1000;

/**
 * Works until the server says stop, then ends MPI.
 *
 * @param model Shape of the server's model; not changed.
 * @param makeProgram What the worker does; tests have others.
 * @throws {Error} When the server is silent for longer than the time limit.
 */
export async function workOverMpi(
  model: SparseMlp,
  setup: WorkerSetup,
  makeProgram: typeof workerProgram = workerProgram,
  { signal, lasts = false }: WorkerJob = {},
): Promise<void> {
  const replica = emptyReplica(model);
  const gradients = replica.allocateGradients();
  const { timeLimitSeconds, localSteps, servers = 1 } = setup.parallel;
  const limitMs = 1000 * timeLimitSeconds;
  const link = new MpiLink(replica, gradients, {
    limitMs,
    servers: new MpiServers(replica, gradients, setup.parallel),
    ...(localSteps !== undefined && { firstToAsk: servers }),
  });
  const program = makeProgram(setup, replica, gradients);
  const turn = new EventLoopTurn();
  using _ = forwardInterrupts(signal, limitMs);
  let reply: ServerReply = { kind: "applied" };
  for (;;) {
    const { done, value } = program.next(reply);
    if (done) break;
    reply = await link.serve(value);
    // Signals of the system are heard then.
    if (turn.due) await turn.take();
  }
  link.bye();
  if (!lasts) finishMpi(limitMs);
}

/** What a link works with. */
interface MpiLinkOptions {
  readonly limitMs: number;
  readonly servers: MpiServers;
  /** Rank of the first worker, where workers ask each other for their models. */
  readonly firstToAsk?: number;
}

/** The worker's end of the line. */
class MpiLink {
  readonly #replica: SparseMlp;
  readonly #gradients: Uint32Array;
  readonly #limitMs: number;
  readonly #head = new Head();
  /** Who has the parameters in phase 1. */
  readonly #servers: MpiServers;
  #places: Places;
  /** How long the server may be silent before the next message. */
  #patienceMs: number;
  #toldAt = 0;
  /** Whether the server does not have the topology of the replica. */
  #newTopology = true;
  /** Rank of the first worker, where workers ask each other for their models. */
  readonly #firstToAsk: number | undefined;
  /** What goes on between this worker and others, once it has a model of its own. */
  #gossip: MpiGossip | undefined;

  constructor(replica: SparseMlp, gradients: Uint32Array, { limitMs, servers, firstToAsk }: MpiLinkOptions) {
    this.#replica = replica;
    this.#firstToAsk = firstToAsk;
    this.#gradients = gradients;
    this.#limitMs = this.#patienceMs = limitMs;
    this.#servers = servers;
    this.#places = new Places(replica, gradients);
  }

  async serve(request: WorkerRequest): Promise<ServerReply> {
    switch (request.kind) {
      case "pull":
        return await this.#servers.pull();
      case "push":
        this.#servers.push(request.header);
        return { kind: "applied" };
      case "working":
        if (request.done.changed) this.#topologyChanged();
        return this.#working();
      case "ask":
        this.#gossip!.ask(request.peer);
        return { kind: "applied" };
      case "answer":
        if (request.changed) this.#topologyChanged();
        return await this.#answer();
      case "next":
        return await this.#next();
      case "report":
        this.#report(request.report, request.changed);
        return { kind: "applied" };
      default: {
        const unknown: never = request;
        throw new TypeError(`Cannot serve the request ${JSON.stringify(unknown)}`);
      }
    }
  }

  bye(): void {
    if (this.#servers.stopped) return this.#servers.bye();
    sendMessage(SERVER, this.#head.begin(KIND.bye).words, NO_WORDS, NO_PIECES, this.#limitMs);
  }

  async #next(): Promise<ServerReply> {
    if (this.#servers.stopped) return { kind: "stop" };
    for (;;) {
      await this.#announced();
      if (this.#head.kind === KIND.rows || this.#head.kind === KIND.parameters) {
        this.#takeModel();
        continue;
      }
      takeMessage(NO_WORDS, NO_PIECES, this.#limitMs);
      const epoch = this.#head.word(1);
      switch (this.#head.kind) {
        case KIND.epoch:
          if (this.#firstToAsk !== undefined) {
            this.#gossip ??= new MpiGossip(this.#replica, this.#places, this.#firstToAsk, this.#limitMs);
          }
          return { kind: "epoch", epoch };
        case KIND.evolve:
          return { kind: "evolve", epoch };
        case KIND.stop:
          return { kind: "stop" };
        case KIND.model:
          this.#sendModel();
          break;
        case KIND.halt:
          // The epoch was over here when the server said it.
          break;
        default:
          throw new TypeError(`Cannot follow message ${this.#head.kind} in phase 2`);
      }
    }
  }

  #report(report: LocalReport, changed: boolean): void {
    const { steps, samples, loss, correct, seconds, counts, exchanges, exchangeSteps } = report;
    if (changed) this.#topologyChanged();
    this.#head.begin(KIND.report).setWord(1, steps).setWord(2, samples);
    this.#head.setWord(3, counts.replaced).setWord(4, counts.pruned).setWord(5, exchanges);
    this.#head.setNumber(3, loss).setNumber(4, correct).setNumber(5, seconds).setNumber(6, exchangeSteps);
    sendMessage(SERVER, this.#head.words, NO_WORDS, NO_PIECES, this.#limitMs);
    this.#patienceMs = Math.max(this.#limitMs, PAUSE_MS);
  }

  #topologyChanged(): void {
    this.#newTopology = true;
    this.#places = new Places(this.#replica, this.#gradients);
    this.#gossip?.topologyChanged(this.#places);
  }

  #sendModel(): void {
    const [places, limitMs] = [this.#places, this.#limitMs];
    if (this.#newTopology) sendTopology(SERVER, this.#replica, places, limitMs);
    this.#newTopology = false;
    sendValues(SERVER, this.#replica, places, limitMs);
  }

  /** Takes a whole model, which was announced: that of the end of phase 1, or an average to go on from. */
  #takeModel(): void {
    if (this.#head.kind === KIND.rows) {
      this.#places = takeTopology(SERVER, this.#replica, this.#gradients, this.#limitMs, true);
      expect(SERVER, KIND.parameters, this.#limitMs);
    } else this.#places = new Places(this.#replica, this.#gradients);
    takeValues(SERVER, this.#replica, this.#places, this.#limitMs);
    this.#newTopology = true;
    this.#gossip?.topologyChanged(this.#places);
  }

  #working(): ServerReply {
    this.#showLife();
    // In the middle of a command the server has nothing to say but its end.
    if (this.#hear(0)) return this.#followEnd();
    const answer = this.#gossip?.take();
    return answer === undefined ? { kind: "applied" } : { kind: "model", ...answer };
  }

  /** Tells the server that the worker is at work, as often as it wants to hear that. */
  #showLife(): void {
    const now = performance.now();
    if (now - this.#toldAt < WORKING_MS) return;
    this.#toldAt = now;
    sendMessage(SERVER, this.#head.begin(KIND.working).words, NO_WORDS, NO_PIECES, this.#limitMs);
  }

  /** Waits for the model of the worker that was asked, which the server finds when it is lost. */
  async #answer(): Promise<ServerReply> {
    const started = performance.now();
    for (;;) {
      if (this.#hear(SLICE_MS)) return this.#followEnd();
      const answer = this.#gossip!.take();
      if (answer !== undefined) return { kind: "model", ...answer };
      this.#showLife();
      if (performance.now() - started > PAUSE_MS) {
        throw new Error(
          `Cannot go on working: another worker has not sent its model for ${PAUSE_MS / 1000} s`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  #followEnd(): ServerReply {
    const { kind } = this.#head;
    if (kind !== KIND.stop && kind !== KIND.halt) {
      throw new TypeError(`Cannot follow message ${kind} in the middle of an epoch`);
    }
    takeMessage(NO_WORDS, NO_PIECES, this.#limitMs);
    return { kind: kind === KIND.stop ? "stop" : "halt" };
  }

  /** Whether the server says something within a time; other workers are answered meanwhile. */
  #hear(limitMs: number): boolean {
    if (this.#gossip !== undefined) return this.#gossip.hear(limitMs, this.#head);
    return nextMessage(SERVER, limitMs, this.#head.words) !== undefined;
  }

  /** Waits until the server says something; other tasks of the program run meanwhile. */
  async #announced(): Promise<void> {
    let started = performance.now();
    for (;;) {
      if (this.#hear(SLICE_MS)) {
        const pause = this.#head.kind === KIND.pause;
        this.#patienceMs = pause ? Math.max(this.#limitMs, PAUSE_MS) : this.#limitMs;
        if (!pause) return;
        takeMessage(NO_WORDS, NO_PIECES, this.#limitMs);
        started = performance.now();
      } else if (performance.now() - started > this.#patienceMs) {
        throw new Error(
          `Cannot go on working: the server (rank 0) has been silent for ${this.#patienceMs / 1000} s`,
        );
      } else await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
}

/**
 * A worker that is a rank of an MPI job: its requests become messages to rank 0.
 *
 * A pull costs no message: the server sends parameters as soon as it may, in answer to the push before.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import { finishMpi, nextMessage, sendMessage, takeMessage } from "../native/mpi.ts";
import { expect, Head, KIND, NO_PIECES, NO_WORDS, Places, sendTopology, takeTopology } from "./mpi_wire.ts";
import { START_MS } from "./options.ts";
import { emptyReplica } from "./replica.ts";
import type { LocalReport, PushHeader, ServerReply, WorkerRequest } from "./transport.ts";
import { workerProgram, type WorkerSetup } from "./worker.ts";

const SERVER = 0;
/** How long the thread is blocked at once while it waits. */
const SLICE_MS = 50;
/** How often the server hears of a worker that works on a command. */
const WORKING_MS = 1000;
/** How long the server may evaluate, evolve and save, and others go on with their epoch. */
const PAUSE_MS = 3_600_000;

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
): Promise<void> {
  const replica = emptyReplica(model);
  const gradients = replica.allocateGradients();
  const limitMs = 1000 * setup.parallel.timeLimitSeconds;
  const link = new MpiLink(replica, gradients, limitMs);
  const program = makeProgram(setup, replica, gradients);
  let reply: ServerReply = { kind: "applied" };
  for (;;) {
    const { done, value } = program.next(reply);
    if (done) break;
    reply = await link.serve(value);
  }
  link.bye();
  finishMpi(limitMs);
}

/** The worker's end of the line. */
class MpiLink {
  readonly #replica: SparseMlp;
  readonly #gradients: Uint32Array;
  readonly #limitMs: number;
  readonly #head = new Head();
  /** What is heard while the other one waits to be sent. */
  readonly #heard = new Head();
  #places: Places;
  #version = 0;
  #hasModel = false;
  #stopped = false;
  /** How long the server may be silent before the next message. */
  #patienceMs: number;
  #toldAt = 0;
  /** Whether the server does not have the topology of the replica. */
  #newTopology = true;

  constructor(replica: SparseMlp, gradients: Uint32Array, limitMs: number) {
    this.#replica = replica;
    this.#gradients = gradients;
    this.#limitMs = limitMs;
    this.#patienceMs = Math.max(limitMs, START_MS);
    this.#places = new Places(replica, gradients);
  }

  async serve(request: WorkerRequest): Promise<ServerReply> {
    switch (request.kind) {
      case "pull":
        return await this.#pull();
      case "push":
        this.#push(request.header);
        return { kind: "applied" };
      case "working":
        if (request.done.changed) this.#topologyChanged();
        return this.#working();
      case "ask":
      case "answer":
        throw new TypeError(`Cannot serve the request "${request.kind}" over MPI`);
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
    sendMessage(SERVER, this.#head.begin(KIND.bye).words, NO_WORDS, NO_PIECES, this.#limitMs);
  }

  async #pull(): Promise<ServerReply> {
    await this.#announced();
    if (this.#head.kind === KIND.rows) {
      this.#takeTopology();
      await this.#announced();
    }
    switch (this.#head.kind) {
      case KIND.parameters:
        takeMessage(this.#replica.memory.arena, this.#places.parameters, this.#limitMs);
        this.#version = this.#head.word(1);
        return { kind: "parameters", version: this.#version, clock: this.#head.number(3) };
      case KIND.phaseOver:
        takeMessage(NO_WORDS, NO_PIECES, this.#limitMs);
        return { kind: "phase-over" };
      case KIND.stop:
        takeMessage(NO_WORDS, NO_PIECES, this.#limitMs);
        this.#stopped = true;
        return { kind: "phase-over" };
      default:
        throw new TypeError(`Cannot follow message ${this.#head.kind} in phase 1`);
    }
  }

  #push({ version, clock, loss, correct, samples }: PushHeader): void {
    this.#head.begin(KIND.push).setWord(1, version).setWord(2, samples);
    this.#head.setNumber(3, clock).setNumber(4, loss).setNumber(5, correct);
    const { gradients } = this.#places;
    // Very long ones wait until the server takes them, which may have begun to pause.
    sendMessage(SERVER, this.#head.words, this.#gradients, gradients, () => this.#patience());
  }

  /** How long the server may be silent now, whatever it has said in the meantime. */
  #patience(): number {
    const { words } = this.#heard;
    if (nextMessage(SERVER, 0, words) !== undefined && this.#heard.kind === KIND.pause) {
      takeMessage(NO_WORDS, NO_PIECES, this.#limitMs);
      this.#patienceMs = Math.max(this.#limitMs, PAUSE_MS);
    }
    return this.#patienceMs;
  }

  async #next(): Promise<ServerReply> {
    if (this.#stopped) return { kind: "stop" };
    if (!this.#hasModel) {
      await this.#announced();
      if (this.#head.kind === KIND.rows) this.#takeTopology();
      if (this.#head.kind !== KIND.stop) {
        if (this.#head.kind === KIND.rows) expect(SERVER, KIND.parameters, this.#limitMs);
        const { arena, state } = this.#replica.memory;
        takeMessage(arena, this.#places.parameters, this.#limitMs);
        expect(SERVER, KIND.state, this.#limitMs);
        takeMessage(state, this.#places.state, this.#limitMs);
        this.#hasModel = true;
      }
    }
    for (;;) {
      await this.#announced();
      takeMessage(NO_WORDS, NO_PIECES, this.#limitMs);
      const epoch = this.#head.word(1);
      switch (this.#head.kind) {
        case KIND.epoch:
          return { kind: "epoch", epoch };
        case KIND.evolve:
          return { kind: "evolve", epoch };
        case KIND.stop:
          return { kind: "stop" };
        case KIND.model:
          this.#sendModel();
          break;
        default:
          throw new TypeError(`Cannot follow message ${this.#head.kind} in phase 2`);
      }
    }
  }

  #report({ steps, samples, loss, correct, seconds, counts }: LocalReport, changed: boolean): void {
    if (changed) this.#topologyChanged();
    this.#head.begin(KIND.report).setWord(1, steps).setWord(2, samples);
    this.#head.setWord(3, counts.replaced).setWord(4, counts.pruned);
    this.#head.setNumber(3, loss).setNumber(4, correct).setNumber(5, seconds);
    sendMessage(SERVER, this.#head.words, NO_WORDS, NO_PIECES, this.#limitMs);
    this.#patienceMs = Math.max(this.#limitMs, PAUSE_MS);
  }

  #topologyChanged(): void {
    this.#newTopology = true;
    this.#places = new Places(this.#replica, this.#gradients);
  }

  #sendModel(): void {
    const { arena, state } = this.#replica.memory;
    const [places, limitMs] = [this.#places, this.#limitMs];
    if (this.#newTopology) sendTopology(SERVER, this.#replica, places, limitMs);
    this.#newTopology = false;
    sendMessage(SERVER, this.#head.begin(KIND.parameters).words, arena, places.parameters, limitMs);
    sendMessage(SERVER, this.#head.begin(KIND.state).words, state, places.state, limitMs);
  }

  #takeTopology(): void {
    this.#places = takeTopology(SERVER, this.#replica, this.#gradients, this.#limitMs, true);
  }

  #working(): ServerReply {
    const now = performance.now();
    if (now - this.#toldAt < WORKING_MS) return { kind: "applied" };
    this.#toldAt = now;
    sendMessage(SERVER, this.#head.begin(KIND.working).words, NO_WORDS, NO_PIECES, this.#limitMs);
    // In the middle of a command the server has nothing else to say.
    return nextMessage(SERVER, 0, this.#head.words) === undefined ? { kind: "applied" } : this.#followStop();
  }

  #followStop(): ServerReply {
    if (this.#head.kind !== KIND.stop) {
      throw new TypeError(`Cannot follow message ${this.#head.kind} in the middle of an epoch`);
    }
    takeMessage(NO_WORDS, NO_PIECES, this.#limitMs);
    return { kind: "stop" };
  }

  /** Waits until the server says something; other tasks of the program run meanwhile. */
  async #announced(): Promise<void> {
    let started = performance.now();
    for (;;) {
      if (nextMessage(SERVER, SLICE_MS, this.#head.words) !== undefined) {
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

/**
 * Phase 1 as a worker of an MPI job has it: parameters from one server or several, gradients to each of them.
 *
 * A pull costs no message: a server sends parameters as soon as it may, in answer to the push before. Where several have
 * parts, a gradient begins when all of them are there, of one version of the topology; a server that was earlier than a
 * change that another has had already is asked again.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import { nextMessage, pieces, sendMessage, takeMessage, type WireBits } from "../native/mpi.ts";
import { rebuildIncoming } from "../sparse/csr.ts";
import { expect, Head, KIND, NO_PIECES, NO_WORDS, PAUSE_MS, Places } from "./mpi_wire.ts";
import { type ParallelHyperparameters, START_MS } from "./options.ts";
import { hasBiases, type ModelPart } from "./server_parts.ts";
import type { PushHeader, ServerReply } from "./transport.ts";

/** How long the thread is blocked at once while it waits. */
const SLICE_MS = 50;

/** What came of a topology that is not the replica's yet. */
interface Staged {
  readonly version: number;
  /** Row starts of all layers, `[Σ (inputs + 1)]`. */
  readonly rows: Uint32Array;
  readonly indices: Uint32Array;
  /** As they stand in a message. */
  readonly parameters: Uint32Array;
}

/** What a worker knows of a server. */
interface Known {
  readonly rank: number;
  /** Where its part stands in the replica. */
  places: Places | undefined;
  /** Version and clock of what it sent last. */
  version: number;
  clock: number;
  staged: Staged | undefined;
  /** Whether what the pull needs of it is here. */
  here: boolean;
  /** Whether it has said that it has no more to give. */
  over: boolean;
  heardAt: number;
  /** How long it may be silent. */
  patienceMs: number;
}

/** The servers of phase 1. */
export class MpiServers {
  /** Whether the run is over, not the phase alone. */
  stopped = false;
  readonly #replica: SparseMlp;
  readonly #gradients: Uint32Array;
  readonly #limitMs: number;
  readonly #bits: WireBits;
  readonly #all: readonly Known[];
  readonly #head = new Head();
  /** What is heard while a gradient waits to be sent. */
  readonly #heard = new Head();
  /** Version of the replica's topology; −1 for none. */
  #version = -1;

  constructor(replica: SparseMlp, gradients: Uint32Array, parallel: ParallelHyperparameters) {
    const { servers = 1, timeLimitSeconds, wireBits = 32 } = parallel;
    this.#replica = replica;
    this.#gradients = gradients;
    this.#limitMs = 1000 * timeLimitSeconds;
    this.#bits = wireBits;
    this.#all = Array.from({ length: servers }, (_, rank): Known => ({
      ...{ rank, places: undefined, version: -1, clock: 0, staged: undefined, here: false, over: false },
      heardAt: 0,
      patienceMs: Math.max(this.#limitMs, START_MS),
    }));
  }

  /** Parameters of all servers into the replica, of one version; or the phase is over at all of them. */
  async pull(): Promise<ServerReply> {
    for (const server of this.#all) {
      server.here = server.over;
      server.heardAt = performance.now();
    }
    for (;;) {
      while (this.#all.some(({ here }) => !here)) await this.#hear();
      if (this.#all.every(({ over }) => over)) return { kind: "phase-over" };
      const newest = Math.max(...this.#all.map(({ version }) => version));
      const older = this.#all.filter(({ version }) => version < newest);
      if (older.length === 0) break;
      for (const server of older) {
        this.#tell(server.rank, KIND.again, newest);
        server.here = false;
      }
    }
    const [{ version, clock }] = this.#all;
    if (version !== this.#version) this.#assemble(version);
    return { kind: "parameters", version, clock };
  }

  /** Sends each server the gradients of its part. */
  push({ version, loss, correct, samples }: PushHeader): void {
    for (const server of this.#all) {
      this.#head.begin(KIND.push).setWord(1, version).setWord(2, samples);
      this.#head.setNumber(3, server.clock).setNumber(4, loss).setNumber(5, correct);
      const { gradients } = server.places!;
      // Very long ones wait until the server takes them, which may have begun to pause.
      const patience = () => this.#patience(server);
      sendMessage(server.rank, this.#head.words, this.#gradients, gradients, patience, this.#bits);
    }
  }

  /** Says that no more gradients come, where the run ends in phase 1. */
  bye(): void {
    for (const { rank } of this.#all) this.#tell(rank, KIND.bye);
  }

  #tell(rank: number, kind: number, word = 0): void {
    sendMessage(rank, this.#head.begin(kind).setWord(1, word).words, NO_WORDS, NO_PIECES, this.#limitMs);
  }

  /** How long a server may be silent now, whatever it has said in the meantime. */
  #patience(server: Known): number {
    if (nextMessage(server.rank, 0, this.#heard.words) !== undefined && this.#heard.kind === KIND.pause) {
      takeMessage(NO_WORDS, NO_PIECES, this.#limitMs);
      server.patienceMs = Math.max(this.#limitMs, PAUSE_MS);
    }
    return server.patienceMs;
  }

  /** Waits until a server says something, and takes it; other tasks of the program run meanwhile. */
  async #hear(): Promise<void> {
    for (;;) {
      const server = this.#announced();
      if (server !== undefined) {
        server.heardAt = performance.now();
        server.patienceMs = Math.max(this.#limitMs, this.#head.kind === KIND.pause ? PAUSE_MS : 0);
        return this.#take(server);
      }
      const now = performance.now();
      const lost = this.#all.find(({ here, heardAt, patienceMs }) => !here && now - heardAt > patienceMs);
      if (lost !== undefined) {
        throw new Error(
          `Cannot go on working: the server (rank ${lost.rank}) has been silent for ${
            lost.patienceMs / 1000
          } s`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  /** The server whose message is next. */
  #announced(): Known | undefined {
    const { words } = this.#head;
    const going = this.#all.filter(({ over }) => !over);
    if (going.length === this.#all.length && going.length > 1) {
      const message = nextMessage(-1, SLICE_MS, words);
      if (message === undefined) return undefined;
      const server = this.#all[message.source];
      if (server === undefined) {
        throw new TypeError(`Cannot follow rank ${message.source}, which is no server`);
      }
      return server;
    }
    // One that has ended the phase may have begun the next, which is not looked at yet.
    const slice = Math.ceil(SLICE_MS / going.length);
    return going.find(({ rank }) => nextMessage(rank, slice, words) !== undefined);
  }

  #take(server: Known): void {
    const { arena } = this.#replica.memory;
    switch (this.#head.kind) {
      case KIND.rows:
        return this.#stage(server);
      case KIND.parameters:
        server.version = this.#head.word(1);
        server.clock = this.#head.number(3);
        if (server.version !== this.#version) {
          throw new TypeError(`Cannot take parameters of an unknown topology from rank ${server.rank}`);
        }
        takeMessage(arena, server.places!.parameters, this.#limitMs, this.#bits);
        server.here = this.#all.every(({ over }) => !over);
        return;
      case KIND.pause:
        return takeMessage(NO_WORDS, NO_PIECES, this.#limitMs);
      case KIND.stop:
      case KIND.phaseOver:
        takeMessage(NO_WORDS, NO_PIECES, this.#limitMs);
        this.stopped ||= this.#head.kind === KIND.stop;
        server.over = true;
        // The others say so, too; what they may have sent before counts no more.
        for (const each of this.#all) each.here = each.over;
        return;
      default:
        throw new TypeError(`Cannot follow message ${this.#head.kind} in phase 1`);
    }
  }

  /** Takes a topology whose row starts have been announced, and the parameters that come with it. */
  #stage(server: Known): void {
    const { layers } = this.#replica;
    const { rank } = server;
    const version = this.#head.word(1);
    const rows = new Uint32Array(layers.reduce((sum, { inputs }) => sum + inputs + 1, 0));
    takeWhole(rows, this.#limitMs);
    let [place, connections, biases] = [-1, 0, 0];
    for (const [layer, { inputs, bias, activationParameters }] of layers.entries()) {
      place += inputs + 1;
      connections += rows[place];
      if (hasBiases(layer, rank, this.#all.length)) biases += bias.length + activationParameters.length;
    }
    const indices = new Uint32Array(connections);
    const parameters = new Uint32Array(connections + biases);
    expect(rank, KIND.indices, this.#limitMs);
    takeWhole(indices, this.#limitMs);
    const head = expect(rank, KIND.parameters, this.#limitMs);
    takeWhole(parameters, this.#limitMs, this.#bits);
    server.staged = { version, rows, indices, parameters };
    server.version = version;
    server.clock = head.number(3);
    server.here = this.#all.every(({ over }) => !over);
  }

  /** Makes the replica of what has come from all servers, which have sent a new topology each. */
  #assemble(version: number): void {
    const { layers, memory: { arena } } = this.#replica;
    const staged = this.#all.map((server) => server.staged!);
    const parts = staged.map((): ModelPart[number][] => []);
    let place = 0;
    for (const [layer, { inputs, indptr, capacity }] of layers.entries()) {
      indptr.fill(0);
      let from = 0;
      for (const [server, { rows }] of staged.entries()) {
        // A row has connections in one part alone, and parts follow each other.
        for (let row = 0; row <= inputs; row++) indptr[row] += rows[place + row];
        const count = rows[place + inputs];
        parts[server].push({ from, count, biases: hasBiases(layer, server, staged.length) });
        from += count;
      }
      if (from > capacity) {
        throw new TypeError(
          `Cannot take a topology from the servers: a layer has ${from} connections, there is room for ${capacity}; ` +
            "start all ranks with the same options",
        );
      }
      layers[layer].nnz = from;
      place += inputs + 1;
    }
    for (const [rank, server] of this.#all.entries()) {
      const { indices, parameters } = staged[rank];
      server.places = new Places(this.#replica, this.#gradients, parts[rank]);
      scatter(indices, arena, server.places.indices);
      scatter(parameters, arena, server.places.parameters);
      server.staged = undefined;
    }
    for (const layer of layers) rebuildIncoming(layer);
    this.#version = version;
  }
}

/** Takes the announced message into an array of its length. */
function takeWhole(words: Uint32Array, limitMs: number, bits: WireBits = 32): void {
  takeMessage(words, pieces([[0, words.length]]), limitMs, bits);
}

/** Writes words to pieces of another array. */
function scatter(words: Uint32Array, target: Uint32Array, places: BigUint64Array): void {
  let done = 0;
  for (let piece = 0; piece < places.length; piece += 2) {
    const [offset, length] = [Number(places[piece]), Number(places[piece + 1])];
    target.set(words.subarray(done, done + length), offset);
    done += length;
  }
}

/**
 * Gossip over MPI: workers ask each other for their models, and nobody waits.
 *
 * A question is a head alone. The answer is the parameters in the order of a topology that the asker has, and before them
 * that topology where it has another: an inbox holds one version of one worker's at a time, and the question says which.
 * Answers are posted whole between two steps and taken piece by piece between others, so that no worker stands still
 * for another, however long models are and whoever asks whom.
 *
 * @module
 */
import type { SparseMlp } from "../../model/model.ts";
import {
  type MpiAnnouncement,
  nextMessage,
  pieces,
  postedChunks,
  postMessage,
  takeMessage,
  takeWhatIsHere,
} from "../../native/mpi.ts";
import { type Inbox, inbox } from "../inbox.ts";
import { Head, NO_PIECES, NO_WORDS, onePiece, placed, type Places } from "./wire.ts";
import type { ModelSnapshot } from "../replica.ts";

/** Kinds of messages between workers; apart from those to and from servers. */
const KIND = {
  /** Asks for the receiver's model; says which version of its topology is known, 0 for none. */
  question: 65,
  /** Before a model whose topology comes too: the version, and the connections of each layer. */
  connections: 66,
  /** Row starts and indices, where they have been announced, and parameters. */
  model: 67,
} as const;

/** Chunks of answers that may be under way before another is begun: others wait for theirs until then. */
const MOST_POSTED = 64;
/** How long the thread is blocked at once while part of a model is on its way, or others wait for theirs. */
const BUSY_MS = 1;

/** The model of another worker as it arrives, and which one it is. */
class Arriving implements Inbox {
  readonly words: Uint32Array;
  readonly layers: Inbox["layers"];
  /** Whose topology is here, and which version of it. */
  rank = -1;
  version = 0;
  /** Where its parameters go. */
  parameters: BigUint64Array = NO_PIECES;
  /** Where a model goes that comes with its topology. */
  whole: BigUint64Array = NO_PIECES;

  constructor(model: SparseMlp) {
    ({ words: this.words, layers: this.layers } = inbox(model));
  }

  /** Makes ready for another topology. */
  expect(rank: number, version: number, connections: Uint32Array): void {
    [this.rank, this.version] = [rank, version];
    const place = (view: ArrayBufferView, length: number) => placed(this.words, view, length);
    const rows = pieces(this.layers.map(({ indptr }) => place(indptr, indptr.length)));
    const indices = pieces(this.layers.map(({ indices }, index) => place(indices, connections[index])));
    this.parameters = pieces(this.layers.flatMap(({ values, bias, activationParameters }, index) => [
      place(values, connections[index]),
      place(bias, bias.length),
      place(activationParameters, activationParameters.length),
    ]));
    this.whole = withTopology({ rows, indices, parameters: this.parameters });
  }
}

/** Pieces of a model whose topology goes before its parameters. */
function withTopology(
  { rows, indices, parameters }: Pick<Places, "rows" | "indices" | "parameters">,
): BigUint64Array {
  return BigUint64Array.of(...rows, ...indices, ...parameters);
}

/** One worker's exchanges with others. */
export class MpiGossip {
  readonly #replica: SparseMlp;
  readonly #limitMs: number;
  /** Rank of the first worker; those below are servers. */
  readonly #firstRank: number;
  readonly #head = new Head();
  readonly #heard = new Head();
  /** Who waits for the replica, and which version of its topology they have. */
  readonly #questions: { readonly rank: number; readonly version: number }[] = [];
  readonly #connections: Uint32Array;
  /** All counts of {@linkcode #connections}. */
  readonly #counts: BigUint64Array;
  #parameters: BigUint64Array;
  #whole: BigUint64Array;
  /** How often the topology of the replica has changed, from 1. */
  #version = 1;
  #inbox: Arriving | undefined;
  /** Rank that was asked and has not answered. */
  #asked: number | undefined;
  /** Where the model that is on its way goes, from its first chunk to its last. */
  #arriving: BigUint64Array | undefined;
  #withTopology = false;
  #hasAnswer = false;

  /**
   * @param replica What others get.
   * @param places Where the parts of the replica lie.
   * @param limitMs How long the rest of a short message may take.
   */
  constructor(replica: SparseMlp, places: Places, firstRank: number, limitMs: number) {
    this.#replica = replica;
    this.#parameters = places.parameters;
    this.#whole = withTopology(places);
    this.#firstRank = firstRank;
    this.#limitMs = limitMs;
    this.#connections = new Uint32Array(replica.layers.length);
    this.#counts = onePiece(this.#connections);
  }

  /** The topology of the replica is another now; its parts lie elsewhere. */
  topologyChanged(places: Places): void {
    this.#version++;
    this.#parameters = places.parameters;
    this.#whole = withTopology(places);
  }

  /** Asks a worker for its model; no question may be open. */
  ask(peer: number): void {
    const known = this.#inbox ??= new Arriving(this.#replica);
    const rank = this.#asked = this.#firstRank + peer;
    const version = known.rank === rank ? known.version : 0;
    postMessage(rank, this.#head.begin(KIND.question).setWord(1, version).words, NO_WORDS, NO_PIECES);
  }

  /** The model that was asked for, once all of it is here; it may be read until the next question. */
  take(): { readonly peer: number; readonly model: ModelSnapshot } | undefined {
    if (!this.#hasAnswer || this.#asked === undefined) return undefined;
    const peer = this.#asked - this.#firstRank;
    this.#asked = undefined;
    this.#hasAnswer = false;
    return { peer, model: this.#inbox! };
  }

  /**
   * Takes what workers say, and answers them, until a server says something or the model that was asked for is here.
   *
   * @param limitMs How long to wait; 0 to take what is here.
   * @param head Receives the head of the server's message.
   * @returns Whether there is one, which is still to be taken.
   */
  hear(limitMs: number, head: Head): boolean {
    const started = performance.now();
    const had = this.#hasAnswer;
    for (;;) {
      if (this.#arriving !== undefined) this.#goOn(false);
      this.#answerOthers();
      const leftMs = this.#hasAnswer && !had
        ? 0
        : Math.max(0, Math.ceil(started + limitMs - performance.now()));
      const busy = this.#arriving !== undefined || this.#questions.length > 0;
      const message = nextMessage(-1, busy ? Math.min(BUSY_MS, leftMs) : leftMs, this.#heard.words);
      if (message !== undefined && message.source < this.#firstRank) {
        head.words.set(this.#heard.words);
        return true;
      }
      if (message !== undefined) this.#follow(message);
      else if (leftMs <= 0) return false;
    }
  }

  #follow({ source, words }: MpiAnnouncement): void {
    switch (this.#heard.kind) {
      case KIND.question:
        takeMessage(NO_WORDS, NO_PIECES, this.#limitMs);
        this.#questions.push({ rank: source, version: this.#heard.word(1) });
        return;
      case KIND.connections:
        this.#expect(source);
        return;
      case KIND.model: {
        this.#requireAsked(source);
        const { whole, parameters } = this.#inbox!;
        this.#arriving = this.#withTopology ? whole : parameters;
        this.#withTopology = false;
        this.#goOn(true);
        return;
      }
      default:
        throw new TypeError(
          `Cannot follow message ${this.#heard.kind} of ${words} words from rank ${source}: workers send none such`,
        );
    }
  }

  /** Makes ready for a model with its topology. */
  #expect(source: number): void {
    this.#requireAsked(source);
    const counts = new Uint32Array(this.#connections.length);
    takeMessage(counts, this.#counts, this.#limitMs);
    for (const [index, { capacity }] of this.#replica.layers.entries()) {
      if (counts[index] <= capacity) continue;
      throw new TypeError(
        `Cannot take a model from rank ${source}: a layer has ${
          counts[index]
        } connections, there is room for ` +
          `${capacity}; start all ranks with the same options`,
      );
    }
    this.#inbox!.expect(source, this.#heard.word(1), counts);
    this.#withTopology = true;
  }

  #requireAsked(source: number): void {
    if (source === this.#asked && this.#arriving === undefined && !this.#hasAnswer) return;
    throw new TypeError(`Cannot take a model from rank ${source}: nobody asked it for one`);
  }

  /** Takes what is here of the model on its way. */
  #goOn(begins: boolean): void {
    this.#hasAnswer = takeWhatIsHere(begins, this.#inbox!.words, this.#arriving!);
    if (this.#hasAnswer) this.#arriving = undefined;
  }

  /** Gives the replica as it is now to those who wait for it. */
  #answerOthers(): void {
    while (this.#questions.length > 0 && postedChunks() < MOST_POSTED) {
      const { rank, version } = this.#questions.shift()!;
      const { arena } = this.#replica.memory;
      const known = version === this.#version;
      if (!known) {
        const head = this.#head.begin(KIND.connections).setWord(1, this.#version);
        for (const [index, { nnz }] of this.#replica.layers.entries()) this.#connections[index] = nnz;
        postMessage(rank, head.words, this.#connections, this.#counts);
      }
      const parts = known ? this.#parameters : this.#whole;
      postMessage(rank, this.#head.begin(KIND.model).words, arena, parts);
    }
  }
}

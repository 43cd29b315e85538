/**
 * What server and workers say to each other over MPI, and which words of a model travel with it.
 *
 * @module
 */
import { gradientViews, STATE_HEAD_WORDS } from "../../model/layer.ts";
import type { SparseMlp } from "../../model/model.ts";
import { HEAD_WORDS, nextMessage, pieces, sendMessage, takeMessage } from "../../native/mpi.ts";
import { rebuildIncoming } from "../../sparse/csr.ts";
import { type ModelPart, ownPart } from "./server_parts.ts";

/** Kinds of messages. */
export const KIND = {
  /** Row starts of all layers; the indices follow. */
  rows: 1,
  indices: 2,
  /** Weights, biases and activation parameters, in the order of the topology the receiver knows. */
  parameters: 3,
  /** What the optimiser keeps of all these. */
  state: 4,
  /** Phase 1 is over; the whole model follows. */
  phaseOver: 5,
  /** Commands of phase 2. */
  epoch: 6,
  evolve: 7,
  /** Asks for the worker's model. */
  model: 8,
  stop: 9,
  /** From a worker: a gradient, what it did, and its farewell. */
  push: 10,
  report: 11,
  bye: 12,
  /** From a worker: it is still at the work of a command. */
  working: 13,
  /** From the server: nothing comes for a while, since it evaluates, evolves and saves. */
  pause: 14,
  /** From a worker: it shall have the parameters of a newer topology, since another server's are of it. */
  again: 20,
  /** From rank 0 to another server: updates up to a limit, with the connections of each whole layer. */
  serve: 21,
  /** The answer, before parameters and state: all these updates are in them. */
  served: 22,
  /** From rank 0 to another server: the epoch ends earlier, with as many updates as this says. */
  limit: 23,
  /** From the server: the epoch ends here; the worker reports what it did of it. */
  halt: 30,
  /** From a worker: its process was asked to end the run. */
  interrupt: 31,
} as const;

/** How long the server may evaluate, evolve and save, and others go on with their epoch. */
export const PAUSE_MS = 3_600_000;

/** The head of a message, as words and as the numbers in it. */
export class Head {
  /** What MPI carries. */
  readonly words: Uint32Array = new Uint32Array(HEAD_WORDS);
  readonly #numbers = new Float64Array(this.words.buffer);

  /** Sets everything to 0 but the kind. */
  begin(kind: number): this {
    this.words.fill(0);
    this.words[0] = kind;
    return this;
  }

  get kind(): number {
    return this.words[0];
  }

  /** Word `place`, from 1 to 5: whole numbers under 2³². */
  word(place: number): number {
    return this.words[place];
  }

  setWord(place: number, value: number): this {
    this.words[place] = value;
    return this;
  }

  /** Number `place`, from 3 to 7: any number. */
  number(place: number): number {
    return this.#numbers[place];
  }

  setNumber(place: number, value: number): this {
    this.#numbers[place] = value;
    return this;
  }
}

/** Offset and length, in words. */
export type Piece = readonly [offset: number, length: number];

/** A view's place in its arena. */
export function placed(arena: Uint32Array, view: ArrayBufferView, length: number): Piece {
  return [(view.byteOffset - arena.byteOffset) / 4, length];
}

/** Pieces of a model's arenas, and of its gradients, for the topology it has now; of the whole or of a part. */
export class Places {
  /** Of whole layers. */
  readonly rows: BigUint64Array;
  readonly indices: BigUint64Array;
  readonly parameters: BigUint64Array;
  readonly state: BigUint64Array;
  readonly gradients: BigUint64Array;

  constructor(model: SparseMlp, gradients: Uint32Array, part: ModelPart = ownPart(model)) {
    const { layers, memory: { arena, state } } = model;
    const place = (view: ArrayBufferView, length: number) => placed(arena, view, length);
    // Of what stands connection by connection, and of what belongs to whole layers.
    const own = (words: Uint32Array, view: ArrayBufferView, layer: number): Piece => {
      const { from, count } = part[layer];
      const [offset] = placed(words, view, count);
      return [offset + from, count];
    };
    const whole = (words: Uint32Array, views: readonly Float32Array[], layer: number): Piece[] =>
      part[layer].biases ? views.map((view) => placed(words, view, view.length)) : [];
    this.rows = pieces(layers.map((layer) => place(layer.indptr, layer.inputs + 1)));
    this.indices = pieces(layers.map(({ indices }, layer) => own(arena, indices, layer)));
    this.parameters = pieces(layers.flatMap(({ values, bias, activationParameters }, layer) => [
      own(arena, values, layer),
      ...whole(arena, [bias, activationParameters], layer),
    ]));
    this.state = pieces([
      ...(state.length > 0 ? [[0, STATE_HEAD_WORDS] as const] : []),
      ...layers.flatMap(({ planes, biasPlanes, activationPlanes }, layer) => [
        ...planes.map((plane) => own(state, plane, layer)),
        ...whole(state, [...biasPlanes, ...activationPlanes], layer),
      ]),
    ]);
    this.gradients = pieces(
      gradientViews(layers, gradients).flatMap(({ values, bias, activationParameters }, layer) => [
        own(gradients, values, layer),
        ...whole(gradients, [bias, activationParameters], layer),
      ]),
    );
  }
}

/** An array as one piece. */
export function onePiece(words: Uint32Array): BigUint64Array {
  return pieces([[0, words.length]]);
}

/** Sends the parameters of a model and what the optimiser keeps of them, of all of it or of a part. */
export function sendValues(rank: number, { memory }: SparseMlp, places: Places, limitMs: number): void {
  const head = new Head();
  const { arena, state } = memory;
  sendMessage(rank, head.begin(KIND.parameters).words, arena, places.parameters, limitMs);
  sendMessage(rank, head.begin(KIND.state).words, state, places.state, limitMs);
}

/** Takes what {@linkcode sendValues} has sent, and the parameters of which have been announced. */
export function takeValues(source: number, { memory }: SparseMlp, places: Places, limitMs: number): void {
  takeMessage(memory.arena, places.parameters, limitMs);
  expect(source, KIND.state, limitMs);
  takeMessage(memory.state, places.state, limitMs);
}

/** Sends the structure of a model, of which version it is in word 1. */
export function sendTopology(
  rank: number,
  model: SparseMlp,
  places: Places,
  limitMs: number,
  version = 0,
): void {
  const head = new Head();
  const { arena } = model.memory;
  sendMessage(rank, head.begin(KIND.rows).setWord(1, version).words, arena, places.rows, limitMs);
  sendMessage(rank, head.begin(KIND.indices).words, arena, places.indices, limitMs);
}

/**
 * Takes the structure of a model whose row starts have been announced.
 *
 * @param gradients Gradients of the model, for the places.
 * @param incoming Whether the incoming view is needed, too.
 */
export function takeTopology(
  source: number,
  model: SparseMlp,
  gradients: Uint32Array,
  limitMs: number,
  incoming: boolean,
): Places {
  const { arena } = model.memory;
  takeMessage(arena, new Places(model, gradients).rows, limitMs);
  for (const layer of model.layers) {
    const nnz = layer.indptr[layer.inputs];
    if (nnz > layer.capacity) {
      throw new TypeError(
        `Cannot take a topology from rank ${source}: a layer has ${nnz} connections, there is room for ` +
          `${layer.capacity}; start all ranks with the same options`,
      );
    }
    layer.nnz = nnz;
  }
  const places = new Places(model, gradients);
  expect(source, KIND.indices, limitMs);
  takeMessage(arena, places.indices, limitMs);
  if (incoming) { for (const layer of model.layers) rebuildIncoming(layer); }
  return places;
}

/**
 * Waits for a message of one kind.
 *
 * @throws {Error} When another comes, or none within the limit.
 */
export function expect(source: number, kind: number, limitMs: number): Head {
  const head = new Head();
  if (nextMessage(source, limitMs, head.words) === undefined) {
    throw new Error(`Cannot go on: rank ${source} has sent nothing for ${limitMs / 1000} s`);
  }
  if (head.kind !== kind) {
    throw new Error(`Cannot go on: rank ${source} sent a message of kind ${head.kind}, expected ${kind}`);
  }
  return head;
}

/** Nothing but a head. */
export const NO_PIECES: BigUint64Array = new BigUint64Array(0);
/** Goes with {@linkcode NO_PIECES}. */
export const NO_WORDS: Uint32Array = new Uint32Array(0);

/**
 * What server and workers say to each other over MPI, and which words of a model travel with it.
 *
 * @module
 */
import { STATE_HEAD_WORDS } from "../model/layer.ts";
import type { SparseMlp } from "../model/model.ts";
import { HEAD_WORDS, nextMessage, pieces, sendMessage, takeMessage } from "../native/mpi.ts";
import { rebuildIncoming } from "../sparse/csr.ts";
import { gradientViews } from "./replica.ts";

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
  /** From the server: the epoch ends here; the worker reports what it did of it. */
  halt: 30,
  /** From a worker: its process was asked to end the run. */
  interrupt: 31,
} as const;

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

/** A view's place in its arena. */
function placed(arena: Uint32Array, view: ArrayBufferView, length: number): [number, number] {
  return [(view.byteOffset - arena.byteOffset) / 4, length];
}

/** Pieces of a model's arenas, and of its gradients, for the topology it has now. */
export class Places {
  readonly rows: BigUint64Array;
  readonly indices: BigUint64Array;
  readonly parameters: BigUint64Array;
  readonly state: BigUint64Array;
  readonly gradients: BigUint64Array;

  constructor(model: SparseMlp, gradients: Uint32Array) {
    const { layers, memory: { arena, state } } = model;
    const place = (view: ArrayBufferView, length: number) => placed(arena, view, length);
    this.rows = pieces(layers.map((layer) => place(layer.indptr, layer.inputs + 1)));
    this.indices = pieces(layers.map((layer) => place(layer.indices, layer.nnz)));
    this.parameters = pieces(layers.flatMap((layer) => [
      place(layer.values, layer.nnz),
      place(layer.bias, layer.neurons),
      place(layer.activationParameters, layer.activationParameters.length),
    ]));
    this.state = pieces([
      ...(state.length > 0 ? [[0, STATE_HEAD_WORDS] as [number, number]] : []),
      ...layers.flatMap(({ planes, biasPlanes, activationPlanes, nnz }) => [
        ...planes.map((plane) => placed(state, plane, nnz)),
        ...[...biasPlanes, ...activationPlanes].map((plane) => placed(state, plane, plane.length)),
      ]),
    ]);
    this.gradients = pieces(
      gradientViews(layers, gradients).flatMap(({ values, bias, activationParameters }, index) => [
        placed(gradients, values, layers[index].nnz),
        placed(gradients, bias, bias.length),
        placed(gradients, activationParameters, activationParameters.length),
      ]),
    );
  }
}

/** Sends the structure of a model. */
export function sendTopology(rank: number, model: SparseMlp, places: Places, limitMs: number): void {
  const head = new Head();
  const { arena } = model.memory;
  sendMessage(rank, head.begin(KIND.rows).words, arena, places.rows, limitMs);
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

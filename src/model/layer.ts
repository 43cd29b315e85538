/**
 * One layer of a network: its connections, biases and activation, as views of the network's memory.
 *
 * The order of the sections is known here and in the kernels' `layer.rs`.
 *
 * @module
 */
import { LAYOUT_COLUMNS, LAYOUT_FIELDS } from "../native/layout.ts";
import { copyTrap, refuseCopies } from "../copy_trap.ts";
import { percent, plural } from "../format.ts";
import { pictured } from "../picture.ts";
import type { Connections } from "../sparse/csr.ts";
import { type ActivationCode, parameterCount, slopeOf } from "./activation.ts";

const NNZ_COLUMN = LAYOUT_FIELDS.indexOf("nnz");
const ALIGNMENT_WORDS = 16;

/** Words at the front of the state's arena; the first counts the optimiser's updates. */
export const STATE_HEAD_WORDS: number = ALIGNMENT_WORDS;

/** Sizes from which a layer's share of the memory follows. */
export interface LayerPlan {
  readonly inputs: number;
  readonly neurons: number;
  readonly capacity: number;
  readonly activation: ActivationCode;
}

/** The connections of a layer as lists, those that exist and no more; sorted by input, then by neuron. */
export interface ConnectionList {
  /** Input of each connection, shape `[nnz]`. */
  readonly rows: Uint32Array;
  /** Neuron of each connection, shape `[nnz]`. */
  readonly columns: Uint32Array;
  /** Weight of each connection, shape `[nnz]`. */
  readonly values: Float32Array;
}

/** Rounds a section up to whole cache lines. */
export function paddedWords(length: number): number {
  return Math.ceil(length / ALIGNMENT_WORDS) * ALIGNMENT_WORDS;
}

function sectionLengths(plan: LayerPlan): number[] {
  const { inputs, neurons, capacity } = plan;
  const parameters = parameterCount(plan.activation, neurons);
  return [inputs + 1, capacity, capacity, neurons + 1, capacity, capacity, neurons, parameters];
}

/** Lengths of what can be trained: weights, biases, parameters of the activation. */
function trainableLengths({ capacity, neurons, activation }: LayerPlan): number[] {
  return [capacity, neurons, parameterCount(activation, neurons)];
}

function sumOfPadded(lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + paddedWords(length), 0);
}

/** Words of the arena one layer takes. */
export function layerWords(plan: LayerPlan): number {
  return sumOfPadded(sectionLengths(plan));
}

/** Words of a gradient arena one layer takes, and of each plane of its state. */
export function gradientWords(plan: LayerPlan): number {
  return sumOfPadded(trainableLengths(plan));
}

/** Words of a gradient arena of some layers. */
export function gradientLength(layers: readonly LayerPlan[]): number {
  return layers.reduce((sum, layer) => sum + gradientWords(layer), 0);
}

/** Gradients of one layer. */
export interface LayerGradients {
  /** Of each weight, in the order of the layer's `indices`: shape `[nnz]`; in an arena there is room for its capacity. */
  readonly values: Float32Array;
  /** Of each bias, shape `[neurons]`. */
  readonly bias: Float32Array;
  /** Of the activation's parameters, shape `[neurons, s]`; `[1]` of a slope that is learned, empty where it has none. */
  readonly activationParameters: Float32Array;
}

/** The gradients of all layers in an arena, as views of it; `values` has the layer's capacity. */
export function gradientViews(layers: readonly SparseLayer[], arena: Uint32Array): LayerGradients[] {
  let offset = 0;
  return layers.map((layer) => {
    const [values, bias, activationParameters] = sectionsOf(arena, trainableLengths(layer), offset).map(
      asFloats,
    );
    offset += gradientWords(layer);
    return { values, bias, activationParameters };
  });
}

/** Cuts words into sections that begin on cache lines. */
function sectionsOf(words: Uint32Array, lengths: readonly number[], offset: number): Uint32Array[] {
  let place = offset;
  return lengths.map((length) => {
    const section = words.subarray(place, place + length);
    place += paddedWords(length);
    return section;
  });
}

function asFloats(words: Uint32Array): Float32Array {
  return new Float32Array(words.buffer, words.byteOffset, words.length);
}

const TRAP = copyTrap(
  "a layer",
  "its arrays are views of its model's memory; connections() gives copies, the model's share() is for another Worker",
);

/** A layer of a network. The arrays are views of the network's memory; nnz stands in its layout table. */
export class SparseLayer implements Connections {
  /** Number of inputs, the rows of the weight matrix. */
  readonly inputs: number;
  /** Number of neurons, its columns. */
  readonly neurons: number;
  /** The most connections there is room for; `nnz` is how many there are, {@linkcode connections} which. */
  readonly capacity: number;
  /** What a neuron does with its sum, as kernels know it. */
  readonly activation: ActivationCode;
  /** Where the connections of each input begin in `indices` and `values`, `[inputs + 1]`. */
  readonly indptr: Uint32Array;
  /** Target neuron of each connection, `[capacity]`: only the first `nnz` count, the rest has no meaning. */
  readonly indices: Uint32Array;
  /** Weight of each connection, `[capacity]`: only the first `nnz` count, the rest are no weights. */
  readonly values: Float32Array;
  /** Where the connections that reach each neuron begin in `source` and `position`, `[neurons + 1]`. */
  readonly incomingPtr: Uint32Array;
  /** Input of each connection in the order of the neurons, `[capacity]`: only the first `nnz` count. */
  readonly source: Uint32Array;
  /** Where that connection stands in `values`, `[capacity]`: only the first `nnz` count. */
  readonly position: Uint32Array;
  /** Biases, `[neurons]`. */
  readonly bias: Float32Array;
  /** Trainable parameters of the activation, `[neurons][s]`; `[1]` where the layer learns its slope: ±|α|. */
  readonly activationParameters: Float32Array;
  static {
    pictured(SparseLayer.prototype, ({ inputs, neurons, nnz }) => {
      const density = percent(nnz / (inputs * neurons));
      return `SparseLayer [${inputs}, ${neurons}], ${plural(nnz, "connection")} (${density} of dense)`;
    });
  }

  readonly #row: Uint32Array;
  #state: readonly (readonly Float32Array[])[] = [[], [], []];

  /**
   * Lays the sections of a layer over an arena; nothing is allocated.
   *
   * @param row The layer's row of the layout table.
   * @param arena The network's arena.
   * @param offset Word of the arena where the layer begins.
   */
  constructor(plan: LayerPlan, row: Uint32Array, arena: Uint32Array, offset: number) {
    this.inputs = plan.inputs;
    this.neurons = plan.neurons;
    this.capacity = plan.capacity;
    this.activation = plan.activation;
    this.#row = row;
    const sections = sectionsOf(arena, sectionLengths(plan), offset);
    this.indptr = sections[0];
    this.indices = sections[1];
    this.values = asFloats(sections[2]);
    this.incomingPtr = sections[3];
    this.source = sections[4];
    this.position = sections[5];
    this.bias = asFloats(sections[6]);
    this.activationParameters = asFloats(sections[7]);
    refuseCopies(this, TRAP);
  }

  /**
   * Copies of the connections there are, in lists of exactly `nnz`; the arrays of the layer have room for more.
   *
   * Cost: O(nnz + inputs), 12 bytes a connection.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { SparseMlp } from "@truly-sparse/truly-sparse";
   *
   * const [layer] = SparseMlp.create({ sizes: [4, 8, 2], density: 0.5, seed: 1 }).layers;
   * const { rows, columns, values } = layer.connections();
   * assertEquals([rows.length, columns.length, values.length], [layer.nnz, layer.nnz, layer.nnz]);
   * ```
   */
  connections(): ConnectionList {
    const { inputs, nnz, indptr } = this;
    const rows = new Uint32Array(nnz);
    for (let input = 0; input < inputs; input++) rows.fill(input, indptr[input], indptr[input + 1]);
    return {
      rows,
      columns: new Uint32Array(this.indices.subarray(0, nnz)),
      values: new Float32Array(this.values.subarray(0, nnz)),
    };
  }

  /** Lays the planes of an optimiser over the state's arena; `offset` is the word where the layer begins. */
  attachState(state: Uint32Array, offset: number, planes: number): void {
    const lengths = trainableLengths(this).flatMap((length) => Array<number>(planes).fill(length));
    const sections = sectionsOf(state, lengths, offset).map(asFloats);
    this.#state = [0, 1, 2].map((part) => sections.slice(part * planes, (part + 1) * planes));
  }

  /**
   * Slope below zero that is in force, with its sign: given, learned, or the mean over the neurons of PReLU; undefined for
   * a function that has none.
   */
  get slope(): number | undefined {
    return slopeOf(this.activation, this.activationParameters);
  }

  /** What the optimiser keeps of each connection, `[capacity]` each; none before the first training. */
  get planes(): readonly Float32Array[] {
    return this.#state[0];
  }

  /** What it keeps of the biases, `[neurons]` each. */
  get biasPlanes(): readonly Float32Array[] {
    return this.#state[1];
  }

  /** What it keeps of the activation's parameters, `[neurons][s]` each. */
  get activationPlanes(): readonly Float32Array[] {
    return this.#state[2];
  }

  /** Number of connections. */
  get nnz(): number {
    return this.#row[NNZ_COLUMN];
  }

  set nnz(count: number) {
    this.#row[NNZ_COLUMN] = count;
  }
}

/** The rows of a layout table. */
export function rowOf(layout: Uint32Array, layer: number): Uint32Array {
  return layout.subarray(layer * LAYOUT_COLUMNS, (layer + 1) * LAYOUT_COLUMNS);
}

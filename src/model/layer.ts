/**
 * One layer of a network: its connections, biases and activation, as views of the network's arena.
 *
 * The order of the sections is known here and in the kernels' `layer.rs`.
 *
 * @module
 */
import type { Connections } from "../sparse/csr.ts";
import type { ActivationCode } from "./activation.ts";

/** Words in one row of the layout table: inputs, neurons, nnz, capacity, activation kind. */
export const LAYOUT_COLUMNS = 5;
const NNZ_COLUMN = 2;
const ALIGNMENT_WORDS = 16;

/** Sizes from which a layer's share of the arena follows. */
export interface LayerPlan {
  readonly inputs: number;
  readonly neurons: number;
  readonly capacity: number;
  readonly activation: ActivationCode;
}

/** Rounds a section up to whole cache lines. */
export function paddedWords(length: number): number {
  return Math.ceil(length / ALIGNMENT_WORDS) * ALIGNMENT_WORDS;
}

function sectionLengths(plan: LayerPlan): number[] {
  const { inputs, neurons, capacity } = plan;
  const shape = plan.activation.shape.length * neurons;
  return [
    inputs + 1,
    capacity,
    capacity,
    capacity,
    neurons + 1,
    capacity,
    capacity,
    neurons,
    neurons,
    shape,
    shape,
  ];
}

/** Words of the arena one layer takes. */
export function layerWords(plan: LayerPlan): number {
  return sectionLengths(plan).reduce((sum, length) => sum + paddedWords(length), 0);
}

/** Words of a gradient arena one layer takes. */
export function gradientWords(plan: LayerPlan): number {
  const shape = plan.activation.shape.length * plan.neurons;
  return paddedWords(plan.capacity) + paddedWords(plan.neurons) + paddedWords(shape);
}

/** A layer of a network. The arrays are views of the network's memory; nnz stands in its layout table. */
export class SparseLayer implements Connections {
  /** Number of inputs, the rows of the weight matrix. */
  readonly inputs: number;
  /** Number of neurons, its columns. */
  readonly neurons: number;
  /** The most connections there is room for. */
  readonly capacity: number;
  /** What a neuron does with its sum, as kernels know it. */
  readonly activation: ActivationCode;
  readonly indptr: Uint32Array;
  readonly indices: Uint32Array;
  readonly values: Float32Array;
  readonly velocity: Float32Array;
  readonly incomingPtr: Uint32Array;
  readonly source: Uint32Array;
  readonly position: Uint32Array;
  /** Biases, `[neurons]`. */
  readonly bias: Float32Array;
  /** Momentum of the biases, `[neurons]`. */
  readonly biasVelocity: Float32Array;
  /** Trainable parameters of the activation, `[neurons][s]`. */
  readonly shape: Float32Array;
  /** Their momentum. */
  readonly shapeVelocity: Float32Array;
  readonly #row: Uint32Array;

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
    let place = offset;
    const sections = sectionLengths(plan).map((length) => {
      const section = arena.subarray(place, place + length);
      place += paddedWords(length);
      return section;
    });
    const floats = (words: Uint32Array) => new Float32Array(words.buffer, words.byteOffset, words.length);
    this.indptr = sections[0];
    this.indices = sections[1];
    this.values = floats(sections[2]);
    this.velocity = floats(sections[3]);
    this.incomingPtr = sections[4];
    this.source = sections[5];
    this.position = sections[6];
    this.bias = floats(sections[7]);
    this.biasVelocity = floats(sections[8]);
    this.shape = floats(sections[9]);
    this.shapeVelocity = floats(sections[10]);
  }

  /** Number of connections. */
  get nnz(): number {
    return this.#row[NNZ_COLUMN];
  }

  set nnz(count: number) {
    this.#row[NNZ_COLUMN] = count;
  }
}

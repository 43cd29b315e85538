/**
 * Forward propagation through layers that come one after the other, and need not all be in memory.
 *
 * @module
 */
import { firstUnfit } from "../finite.ts";
import { refuseUnknown, resolveOptions, type TableOf, THREADS } from "../hyperparameter.ts";
import type { BatchSource } from "../native/standardize.ts";
import { propagateSamples } from "../native/propagation.ts";
import { type Matrix, readMatrix } from "../numbers.ts";
import { sharedFloats, sharedWords } from "../sparse/shared.ts";
import { unfit } from "../value.ts";
import { type CompiledLayer, compileLayers } from "./compiled.ts";
import { expectZerosStay, type PropagationLayer, readPropagationLayer } from "./propagation_layer.ts";
import { paddedSamples } from "./tile.ts";

/** Options of {@linkcode propagate}. */
export interface PropagateOptions {
  /** Threads of the kernels; they do not change the result. @default {1} */
  readonly threads?: number;
  /**
   * Whether samples whose activations are all zero after a layer are left out from there on. Each layer must then make
   * zeros of zeros, as ReLU with biases that are not above zero does.
   *
   * @default {false}
   */
  readonly dropDead?: boolean;
}

/** What came out of the last layer. */
export interface Propagated {
  /** Numbers of the samples that are left, ascending; all of them unless dead ones were dropped. */
  readonly samples: Uint32Array;
  /** Their activations after the last layer, shape `[samples.length, neurons]`. */
  readonly activations: Float32Array;
  /** Neurons of the last layer. */
  readonly neurons: number;
}

const OPTIONS = {
  threads: THREADS,
  dropDead: { kind: "flag", default: false, doc: "Leave out samples whose activations are all zero." },
} as const satisfies TableOf<PropagateOptions>;

const TASK = "propagate";
/** Layers that a tile passes through before the next tile does, and the bytes they may take. */
const GROUP = { layers: 4, bytes: 8 * 2 ** 20 };
/** What goes into a layer and what comes out, of one tile, should stay in the second-level cache. */
const TILE_BYTES = 2 ** 20;
/** Bytes of the activations that one call of the kernels gives. */
const SLAB_BYTES = 2 ** 26;

/**
 * Passes samples through layers that are given one by one: those of a network that is too large for memory, or too deep,
 * or that somebody else has trained.
 *
 * The layers may come from a list, a generator, or an async generator that reads them from disk; a few at a time are
 * held. Samples that died out on the way, whose activations are all zero, can be dropped, which makes the rest faster.
 * Sums are of 32-bit floats, in the order of a neuron's connections, each product added with one rounding; the result is
 * the same for any number of threads.
 *
 * Cost: O(connections · samples), for those that are left. Memory: 8 bytes a connection of up to four layers, and the
 * activations of the samples that are left, twice.
 *
 * @param features Shape `[samples, inputs of the first layer]`: one line of numbers or a row for each sample; they enter the
 * first layer as they are.
 * @throws {TypeError} When features or a layer are of another kind, or layers do not fit each other.
 * @throws {RangeError} When a number is out of range, activations are not finite, or dead samples shall be dropped before a
 * layer that makes something of zeros.
 * @throws {FeatureError} When a feature is not finite.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { propagate, type PropagationLayer } from "@truly-sparse/truly-sparse";
 *
 * // Two neurons: one that adds both inputs, one that has the second; what is not above ½ becomes 0.
 * const layer: PropagationLayer = {
 *   inputs: 2,
 *   indptr: Uint32Array.of(0, 2, 3),
 *   indices: Uint32Array.of(0, 1, 1),
 *   weights: Float32Array.of(1, 1, 1),
 *   bias: -0.5,
 *   activation: "relu",
 * };
 * const { samples, activations } = await propagate([[0.1, 0.1], [1, 0]], [layer], { dropDead: true });
 * assertEquals(samples, Uint32Array.of(1));
 * assertEquals(activations, Float32Array.of(0.5, 0));
 * ```
 */
export async function propagate(
  features: Matrix,
  layers: Iterable<PropagationLayer> | AsyncIterable<PropagationLayer>,
  options: PropagateOptions = {},
): Promise<Propagated> {
  refuseUnknown(options, Object.keys(OPTIONS), TASK);
  const settings = resolveOptions(OPTIONS, options, { task: TASK }) as Required<PropagateOptions>;
  if (!isIterable(layers)) {
    throw unfit(
      { task: TASK, name: "layers" },
      layers,
      "a list of layers, or something else to iterate over",
    );
  }
  let [number, bytes] = [0, 0];
  let group: CompiledLayer[] = [];
  let run: Run | undefined;
  let before: number | undefined;
  for await (const { given } of each(layers)) {
    const layer = readPropagationLayer(given, ++number, before);
    if (settings.dropDead) expectZerosStay(layer, number);
    run ??= new Run(features, layer.inputs, settings);
    before = layer.neurons;
    const own = 8 * layer.nnz;
    if (group.length > 0 && (group.length === GROUP.layers || bytes + own > GROUP.bytes)) {
      run.pass(group, number - 1);
      [group, bytes] = [[], 0];
    }
    group.push(layer);
    bytes += own;
  }
  if (run === undefined) throw new TypeError("Cannot propagate: there are no layers, at least one is needed");
  run.pass(group, number);
  return run.result(before!);
}

function isIterable(value: unknown): boolean {
  try {
    return typeof value === "object" && value !== null &&
      (Symbol.asyncIterator in value || Symbol.iterator in value);
  } catch {
    // A proxy that was revoked is nothing.
    return false;
  }
}

/** Each layer in an object of its own: an async loop would ask the layer itself whether it is a promise. */
async function* each(
  layers: Iterable<PropagationLayer> | AsyncIterable<PropagationLayer>,
): AsyncGenerator<{ readonly given: PropagationLayer }> {
  if (Symbol.asyncIterator in layers) { for await (const given of layers) yield { given }; }
  else for (const given of layers) yield { given };
}

/** Samples on their way. */
class Run {
  readonly #settings: Required<PropagateOptions>;
  #samples: Uint32Array;
  #source: BatchSource;
  #arena: Uint32Array = new Uint32Array(0);
  #work: Uint32Array = new Uint32Array(0);
  #slab: Float32Array = new Float32Array(0);

  constructor(features: Matrix, inputs: number, settings: Required<PropagateOptions>) {
    const { values, rows } = readMatrix(features, { task: TASK, name: "features" }, inputs);
    this.#settings = settings;
    this.#samples = Uint32Array.from({ length: rows }, (_, sample) => sample);
    this.#source = asTheyAre(values, inputs);
  }

  result(neurons: number): Propagated {
    const { features } = this.#source;
    const activations = features instanceof Float32Array ? features : Float32Array.from(features);
    return { samples: this.#samples, activations, neurons };
  }

  /** Passes all samples that are left through some layers. */
  pass(group: readonly CompiledLayer[], last: number): void {
    const { threads, dropDead: drop } = this.#settings;
    const { neurons } = group[group.length - 1];
    const count = this.#samples.length;
    const network = compileLayers(group, (words) => {
      this.#arena = atLeast(this.#arena, words, sharedWords);
      return this.#arena.subarray(0, words);
    });
    const widest = Math.max(...group.map((layer) => Math.max(layer.inputs, layer.neurons)));
    const width = tileOf(widest, Math.ceil(count / threads));
    this.#work = atLeast(this.#work, 2 * width * widest * threads, sharedWords);
    const rows = Math.max(width * threads, Math.floor(SLAB_BYTES / (4 * neurons * width)) * width);
    this.#slab = atLeast(this.#slab, Math.min(rows, count) * neurons, sharedFloats);
    const magnitudes = new Float32Array(Math.min(rows, count));
    const left = new Left(neurons, drop ? 0 : count);
    for (let first = 0; first < count; first += rows) {
      const order = Uint32Array.from({ length: Math.min(rows, count - first) }, (_, at) => first + at);
      const outputs = this.#slab.subarray(0, order.length * neurons);
      const sizes = magnitudes.subarray(0, order.length);
      propagateSamples(network, this.#source, order, { drop, width, threads }, this.#work, outputs, sizes);
      const unusable = firstUnfit(sizes);
      if (unusable >= 0) {
        throw new RangeError(
          `Cannot propagate: activations of sample ${
            this.#samples[first + unusable]
          } are not finite after layer ${last}`,
        );
      }
      left.add(outputs, drop ? sizes : undefined, this.#samples.subarray(first, first + order.length));
    }
    this.#samples = left.samples();
    this.#source = asTheyAre(left.activations(), neurons);
  }
}

/** Samples that are left after some layers, gathered a slab at a time. */
class Left {
  readonly #neurons: number;
  #activations: Float32Array;
  #count = 0;
  readonly #samples: number[] = [];

  constructor(neurons: number, count: number) {
    this.#neurons = neurons;
    this.#activations = new Float32Array(count * neurons);
  }

  /** Copies the rows whose size is not 0, or all. */
  add(rows: Float32Array, sizes: Float32Array | undefined, samples: Uint32Array): void {
    const neurons = this.#neurons;
    const more = sizes === undefined
      ? samples.length
      : sizes.reduce((sum, size) => sum + Number(size > 0), 0);
    if ((this.#count + more) * neurons > this.#activations.length) {
      const room = new Float32Array((this.#count + more) * neurons);
      room.set(this.#activations.subarray(0, this.#count * neurons));
      this.#activations = room;
    }
    for (let first = 0; first < samples.length;) {
      const isLeft = (at: number) => at < samples.length && (sizes === undefined || sizes[at] > 0);
      let end = first;
      while (isLeft(end)) this.#samples.push(samples[end++]);
      this.#activations.set(rows.subarray(first * neurons, end * neurons), this.#count * neurons);
      this.#count += end - first;
      first = end + 1;
    }
  }

  samples(): Uint32Array {
    return Uint32Array.from(this.#samples);
  }

  activations(): Float32Array {
    return this.#activations.subarray(0, this.#count * this.#neurons);
  }
}

function asTheyAre(features: Float32Array | Uint8Array, inputs: number): BatchSource {
  return { features, mean: new Float32Array(inputs), scale: new Float32Array(inputs).fill(1) };
}

function atLeast<A extends { readonly length: number }>(
  array: A,
  length: number,
  make: (length: number) => A,
): A {
  return array.length >= length ? array : make(length);
}

/**
 * Samples a tile: the widest of 64, 32 and 16 that stays in the cache, and no wider than each thread's share; the sums of
 * 64 fit into the registers of AVX2.
 */
function tileOf(widest: number, share: number): number {
  const width = [64, 32].find((width) => 2 * 4 * widest * width <= TILE_BYTES) ?? 16;
  return Math.max(16, Math.min(width, paddedSamples(share)));
}

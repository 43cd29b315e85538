/**
 * How a layer begins: an Erdős–Rényi structure and initial weights, both in O(connections).
 *
 * @module
 */
import { erdosRenyiCount, erdosRenyiFill, initValues, type ValueLaw } from "../native/init.ts";
import { checkConnections, type Connections, MAX_CONNECTIONS, rebuildIncoming } from "./csr.ts";

/** How sparse a layer is: by the paper's ε, or by its expected density. */
export type Sparsity =
  | { readonly epsilon: number; readonly density?: never }
  | { readonly density: number; readonly epsilon?: never };

/** Width of a layer and of what feeds it. */
export interface LayerSize {
  readonly inputs: number;
  readonly neurons: number;
}

/**
 * The probability of each connection of a layer: min(1, ε·(n + m) / (n·m)), or the density asked for.
 *
 * Paper: §2 and Mocanu et al. 2018.
 *
 * @param options Size of the layer (n inputs, m neurons) and either `epsilon` (≥ 0) or `density` (in [0, 1]).
 * @returns The probability, in [0, 1].
 * @throws {RangeError} When a size is no positive whole number, or ε or the density lies outside its range.
 * @throws {TypeError} When not exactly one of ε and density is given.
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { connectionProbability } from "./init.ts";
 *
 * assertAlmostEquals(connectionProbability({ inputs: 784, neurons: 1000, epsilon: 20 }), 0.04551, 1e-5);
 * ```
 */
export function connectionProbability(options: LayerSize & Sparsity): number {
  const { inputs, neurons, epsilon, density } = options;
  checkSize(options);
  if ((epsilon === undefined) === (density === undefined)) {
    throw new TypeError(
      "Cannot tell how sparse a layer is: expected either epsilon or density, not both or none",
    );
  }
  if (density !== undefined) {
    if (!(density >= 0 && density <= 1)) {
      throw new RangeError(`Cannot make a sparse layer: density is ${density}, expected a value from 0 to 1`);
    }
    return density;
  }
  if (!(epsilon >= 0 && epsilon < Infinity)) {
    throw new RangeError(
      `Cannot make a sparse layer: epsilon is ${epsilon}, expected a finite value of at least 0`,
    );
  }
  return Math.min(1, epsilon * (1 / inputs + 1 / neurons));
}

/** Names of the weight initialisers: ±√(6/n), ±√(6/(n + m)), and N(0, 1)/10. */
export type WeightInitializer = "he-uniform" | "xavier" | "normal";

/** Names of the weight initialisers, in the order help texts show them. */
export const WEIGHT_INITIALIZERS: readonly WeightInitializer[] = ["he-uniform", "xavier", "normal"];

/** Options of {@linkcode weightLaw}. */
export interface WeightLawOptions extends LayerSize {
  readonly initializer: WeightInitializer;
  /**
   * Which widths the scale follows: all neurons, as the authors do, or the expected number of connections.
   *
   * @default {"dense"}
   */
  readonly fanIn?: "dense" | "sparse";
  /** Probability of a connection; needed for the sparse fan-in. */
  readonly probability?: number;
}

/**
 * The distribution of a layer's initial weights.
 *
 * `he-uniform` is uniform in ±√(6/n), `xavier` in ±√(6/(n + m)), `normal` has standard deviation 0.1. With
 * `fanIn: "sparse"`, n and m become the expected number of connections p·n and p·m, at least 1.
 *
 * Deviation: the paper's code knows dense widths only, which stays the default.
 *
 * @throws {RangeError} When a size is no positive whole number, or the sparse fan-in lacks its probability.
 * @throws {TypeError} When the initialiser is unknown.
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { weightLaw } from "./init.ts";
 *
 * const dense = weightLaw({ initializer: "he-uniform", inputs: 600, neurons: 100 });
 * assertAlmostEquals(dense.scale, 0.1, 1e-12);
 * ```
 */
export function weightLaw(options: WeightLawOptions): ValueLaw {
  checkSize(options);
  const { initializer, fanIn = "dense", probability = NaN } = options;
  if (fanIn === "sparse" && !(probability >= 0 && probability <= 1)) {
    throw new RangeError(
      `Cannot scale weights to the sparse fan-in: probability is ${probability}, expected a value ` +
        "from 0 to 1",
    );
  }
  const width = (dense: number) => fanIn === "dense" ? dense : Math.max(1, probability * dense);
  switch (initializer) {
    case "he-uniform":
      return { kind: "uniform", scale: Math.sqrt(6 / width(options.inputs)) };
    case "xavier":
      return { kind: "uniform", scale: Math.sqrt(6 / (width(options.inputs) + width(options.neurons))) };
    case "normal":
      return { kind: "normal", scale: 0.1 };
    default: {
      const unknown: never = initializer;
      throw new TypeError(
        `Cannot initialise weights with "${unknown}": expected one of ${WEIGHT_INITIALIZERS.join(", ")}`,
      );
    }
  }
}

/** Which structure to draw, and with which random numbers. */
export interface StructureOptions extends LayerSize {
  /** Probability of each connection, in [0, 1]; see {@linkcode connectionProbability}. */
  readonly probability: number;
  readonly seed: number;
  /** Number of the layer; keeps the layers' random numbers apart. */
  readonly layer: number;
  /** @default {1} */
  readonly threads?: number;
}

/**
 * Draws how many connections each input neuron has, from which follows how large the other arrays must be.
 *
 * Cost: O(inputs + nnz), nothing allocated. The same for any number of threads.
 *
 * @param indptr Row starts, `[inputs + 1]`; overwritten.
 * @returns nnz.
 * @throws {RangeError} When there would be more than 2³² − 1 connections, or the probability is out of range.
 * @throws {TypeError} When `indptr` has the wrong length.
 */
export function countConnections(indptr: Uint32Array, options: StructureOptions): number {
  const { inputs, neurons, probability } = options;
  checkSize(options);
  if (indptr.length !== inputs + 1) {
    throw new TypeError(
      `Cannot draw connections: indptr has ${indptr.length} elements, expected ${inputs} inputs + 1`,
    );
  }
  const expected = inputs * neurons * probability;
  if (expected > MAX_CONNECTIONS) {
    throw new RangeError(
      `Cannot make a layer [${inputs}, ${neurons}] with about ${Math.round(expected)} connections: ` +
        `at most ${MAX_CONNECTIONS} can be counted; choose a smaller epsilon or density`,
    );
  }
  return erdosRenyiCount(indptr, options);
}

/**
 * Fills connections whose `indptr` was counted with the same options: targets, weights, incoming view.
 *
 * Cost: O(inputs + neurons + nnz), scratch as in {@linkcode rebuildIncoming}. The same for any number of threads.
 *
 * @param connections Connections with `indptr` and `nnz` set; everything else is overwritten.
 * @throws {TypeError} When an array has the wrong length, or `indptr` was counted with other options.
 */
export function fillConnections(
  connections: Connections,
  options: StructureOptions & { readonly weights: ValueLaw },
): void {
  checkConnections(connections);
  const { indptr, indices, values, nnz } = connections;
  erdosRenyiFill(indptr, indices, options);
  initValues(values.subarray(0, nnz), options.weights, options);
  rebuildIncoming(connections, options.threads);
}

function checkSize({ inputs, neurons }: LayerSize): void {
  for (const [name, size] of [["inputs", inputs], ["neurons", neurons]] as const) {
    if (!Number.isInteger(size) || size < 1 || size >= 2 ** 32) {
      throw new RangeError(
        `Cannot make a layer [${inputs}, ${neurons}]: ${name} is ${size}, expected a whole number ` +
          "from 1 to 2³² − 1",
      );
    }
  }
}

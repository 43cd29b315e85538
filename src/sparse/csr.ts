/**
 * One layer's connections in memory: CSR by input neuron, and the incoming view by target neuron.
 *
 * @module
 */
import { readValue } from "../hyperparameter.ts";
import { readByName, readItems } from "../value.ts";
import { incomingView, validateStructure } from "../native/csr.ts";
import { expectKind } from "../native/status.ts";

/** The most connections one layer can have: counts and positions are 32-bit. */
export const MAX_CONNECTIONS = 2 ** 32 - 1;

/**
 * The connections of one layer, a sparse matrix `[inputs, neurons]`.
 *
 * Capacity is fixed when it is made; nnz may shrink. What stands in an array beyond nnz has no meaning.
 * The arrays belong to the model; whoever changes `indices` rebuilds the incoming view before it is read.
 */
export interface Connections {
  /** Number of inputs, the rows of the matrix. */
  readonly inputs: number;
  /** Number of neurons, its columns. */
  readonly neurons: number;
  /** Number of connections; always `indptr[inputs]`. */
  nnz: number;
  /** The most connections there is room for. */
  readonly capacity: number;
  /** Where the row of each input neuron starts, `[inputs + 1]`. */
  readonly indptr: Uint32Array;
  /** Target neuron, ascending and unique in a row, `[capacity]`. */
  readonly indices: Uint32Array;
  /** Weight, `[capacity]`. */
  readonly values: Float32Array;
  /** What an optimiser keeps of each connection, `[capacity]` each; none before the first training. */
  readonly planes: readonly Float32Array[];
  /** Where the incoming connections of each neuron start, `[neurons + 1]`. */
  readonly incomingPtr: Uint32Array;
  /** Input neuron, ascending in a neuron, `[capacity]`. */
  readonly source: Uint32Array;
  /** Where that connection stands in `values`, `[capacity]`. */
  readonly position: Uint32Array;
}

/** Sizes of a layer, which is a matrix `[inputs, neurons]`. */
export type LayerShape = Pick<Connections, "inputs" | "neurons">;

/** Places of layers, connections among them. */
export function placesOf(layers: readonly LayerShape[]): number {
  return layers.reduce((sum, { inputs, neurons }) => sum + inputs * neurons, 0);
}

const TASK = "use these connections";

const CONNECTION_NAMES = [
  "inputs",
  "neurons",
  "nnz",
  "capacity",
  "indptr",
  "indices",
  "values",
  "planes",
  "incomingPtr",
  "source",
  "position",
] as const satisfies readonly (keyof Connections)[];

/**
 * Checks connections that are about to change: as {@linkcode checkConnections}, and whether `nnz` can be set.
 *
 * @throws {TypeError} Before anything has changed.
 */
export function checkChangeable(connections: Connections): void {
  checkConnections(connections);
  const { nnz } = connections;
  if (Reflect.set(connections, "nnz", nnz)) return;
  throw new TypeError(`Cannot ${TASK}: they are frozen, nnz cannot be set`);
}

/**
 * Checks the sizes of all arrays against each other; {@linkcode validateConnections} checks contents too.
 *
 * @returns Its parts as they were checked, each read once.
 * @throws {TypeError} When an array has the wrong length, or nnz is not what `indptr` says.
 */
export function checkConnections(connections: Connections): Connections {
  const read = readByName(connections, CONNECTION_NAMES, TASK, "connections.") as unknown as Connections;
  const { inputs, neurons, nnz, capacity, indptr } = read;
  const { incomingPtr, indices, values, source, position } = read;
  const planes = readItems(read.planes, { task: TASK, name: "planes" }, 32) as readonly Float32Array[];
  requireCount("inputs", inputs);
  requireCount("neurons", neurons);
  requireCount("nnz", nnz);
  requireCount("capacity", capacity);
  requireArray("indptr", indptr, Uint32Array, inputs + 1, read);
  requireArray("incomingPtr", incomingPtr, Uint32Array, neurons + 1, read);
  requireArray("indices", indices, Uint32Array, capacity, read);
  requireArray("values", values, Float32Array, capacity, read);
  for (let place = 0; place < planes.length; place++) {
    requireArray(`plane ${place + 1}`, planes[place], Float32Array, capacity, read);
  }
  requireArray("source", source, Uint32Array, capacity, read);
  requireArray("position", position, Uint32Array, capacity, read);
  if (indptr[inputs] !== nnz || nnz > capacity) {
    throw new TypeError(
      `Cannot use these connections: nnz is ${nnz}, indptr ends with ${
        indptr[inputs]
      }, capacity is ${capacity}`,
    );
  }
  return { ...read, planes };
}

const COUNT = { kind: "whole", least: 0, below: 2 ** 32, doc: "Neurons or connections." } as const;

function requireCount(name: string, count: number): void {
  readValue(COUNT, count, { task: TASK, name });
}

function requireArray<A extends Float32Array | Uint32Array>(
  name: string,
  array: A,
  Kind: { readonly name: string; readonly prototype: A },
  length: number,
  { inputs, neurons, capacity }: Connections,
): void {
  expectKind(TASK, name, array, Kind);
  if (array.length === length) return;
  throw new TypeError(
    `Cannot use these connections: ${name} has ${array.length} elements, expected ${length} for a layer ` +
      `[${inputs}, ${neurons}] with capacity ${capacity}`,
  );
}

/**
 * Checks sizes and structure, as must be done once for connections that come from outside.
 *
 * Cost: O(nnz). The incoming view is not read: rebuild it with {@linkcode rebuildIncoming}.
 *
 * @throws {TypeError} When sizes do not fit, or indices are unsorted, repeated or out of range.
 */
export function validateConnections(connections: Connections): void {
  checkConnections(connections);
  validateStructure(connections, connections.nnz);
}

/**
 * Rebuilds `incomingPtr`, `source` and `position` from the outgoing rows.
 *
 * Cost: O(nnz), shared by the threads, 2 bytes a connection of scratch in large layers. Call after each change of the
 * topology; values may change without. The same for any number of threads.
 */
export function rebuildIncoming(connections: Connections, threads = 1): void {
  incomingView(connections, threads);
}

/** The density of a layer: nnz / (inputs · neurons); 0 for a layer without places. */
export function density(connections: Pick<Connections, "inputs" | "neurons" | "nnz">): number {
  return connections.nnz === 0 ? 0 : connections.nnz / (connections.inputs * connections.neurons);
}

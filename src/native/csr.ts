/**
 * The structure of a layer: its validation and the incoming view.
 *
 * @module
 */
import { readValue, readWhole, THREADS } from "../hyperparameter.ts";
import { readByName, readItems } from "../value.ts";
import { kernels } from "./library.ts";
import { buffer, check, expectKind } from "./status.ts";

/** The outgoing arrays of one layer's connections, `capacity` elements in each but `indptr`. */
export interface OutgoingArrays {
  /** Number of inputs, the rows of the matrix. */
  readonly inputs: number;
  /** Number of neurons, its columns. */
  readonly neurons: number;
  /** Where the row of each input neuron starts, `[inputs + 1]`. */
  readonly indptr: Uint32Array;
  /** Target neuron, ascending and unique in a row, `[capacity]`. */
  readonly indices: Uint32Array;
  /** Weight, `[capacity]`. */
  readonly values: Float32Array;
  /** What an optimiser keeps, behind each other in one buffer at equal distances. */
  readonly planes: readonly Float32Array[];
}

/** The incoming view of one layer's connections. */
export interface IncomingArrays {
  readonly incomingPtr: Uint32Array;
  readonly source: Uint32Array;
  readonly position: Uint32Array;
}

/** Arguments of a kernel that changes the connections of a layer. */
export type ConnectionArguments = readonly [
  indptr: BufferSource,
  indptrLength: number,
  indices: BufferSource,
  values: BufferSource,
  capacity: number,
  planes: BufferSource,
  planesLength: number,
  planeCount: number,
];

/**
 * The outgoing arrays of a layer, each read once.
 *
 * @throws {TypeError} When one is no such array, or has another length than the others say.
 */
export function readOutgoing(layer: OutgoingArrays, task: string): Omit<OutgoingArrays, "neurons"> {
  const read = readByName(layer, ["inputs", "indptr", "indices", "values", "planes"], task, "layer.");
  const { indptr, indices, values } = read;
  const inputs = readWhole(read.inputs, { task, name: "layer.inputs" }, { least: 0, below: 2 ** 32 });
  const planes = readItems(read.planes, { task, name: "layer.planes" }, 32) as readonly Float32Array[];
  expectKind(task, "indptr", indptr, Uint32Array);
  expectKind(task, "indices", indices, Uint32Array);
  expectKind(task, "values", values, Float32Array);
  for (const plane of planes) expectKind(task, "a plane", plane, Float32Array);
  const capacity = indices.length;
  const odd = [values, ...planes].find((array) => array.length !== capacity);
  if (odd !== undefined) {
    throw new TypeError(
      `Cannot ${task}: indices have ${capacity} elements, values or a plane ${odd.length}, expected as many in each`,
    );
  }
  if (indptr.length !== inputs + 1) {
    throw new TypeError(
      `Cannot ${task}: indptr has ${indptr.length} elements, expected ${inputs} inputs + 1`,
    );
  }
  requireRowStarts(indptr, capacity, task);
  return { inputs, indptr, indices, values, planes };
}

/**
 * Refuses row starts that cannot be those of so many connections, before a kernel trusts them: they begin with 0 and do not
 * fall. O(rows).
 *
 * @throws {TypeError} The first row whose connections would not be there.
 */
export function requireRowStarts(indptr: Uint32Array, capacity: number, task: string, name = "indptr"): void {
  if (indptr.length === 0) throw new TypeError(`Cannot ${task}: ${name} has no elements, expected rows + 1`);
  if (indptr[0] !== 0) throw new TypeError(`Cannot ${task}: ${name} begins with ${indptr[0]}, expected 0`);
  for (let row = 1; row < indptr.length; row++) {
    if (indptr[row] >= indptr[row - 1] && indptr[row] <= capacity) continue;
    throw new TypeError(
      `Cannot ${task}: element ${row} of ${name} is ${
        indptr[row]
      }, expected a number from the one before it, ` +
        `${indptr[row - 1]}, to ${capacity}, the connections there is room for`,
    );
  }
}

/** The arrays of a layer for a kernel that changes them; lengths that it takes as one number are compared. */
function connectionArguments(layer: OutgoingArrays, task: string): ConnectionArguments {
  const { indptr, indices, values, planes } = readOutgoing(layer, task);
  const stacked = stackOf(planes, task);
  return [
    buffer(indptr),
    indptr.length,
    buffer(indices),
    buffer(values),
    indices.length,
    buffer(stacked),
    stacked.length,
    planes.length,
  ];
}

/**
 * Has a kernel change the connections of a layer.
 *
 * @param kernel Calls it, and returns its status.
 * @returns How many connections there are then: where the last row ends.
 */
export function changeConnections(
  layer: OutgoingArrays,
  task: string,
  kernel: (connections: ConnectionArguments) => number,
): number {
  const connections = connectionArguments(layer, task);
  const outdate = outdating(layer, task);
  const indptr = connections[0] as Uint32Array;
  const before = indptr[indptr.length - 1];
  check(kernel(connections), task);
  const after = indptr[indptr.length - 1];
  if (after !== before) outdate();
  return after;
}

/** No layer has so many connections: what the incoming view ends with while it is not that of the rows. */
const OUTDATED = 2 ** 32 - 1;

/**
 * What marks the incoming view of a layer, if it has one, once its connections have changed: kernels refuse the layer until
 * the view is rebuilt, though as many connections may grow as went.
 */
export function outdating(layer: OutgoingArrays, task: string): () => void {
  const { incomingPtr } = readByName(layer, ["incomingPtr"], task, "layer.");
  if (incomingPtr === undefined) return () => {};
  expectKind(task, "incomingPtr", incomingPtr, Uint32Array);
  return () => void (incomingPtr[incomingPtr.length - 1] = OUTDATED);
}

/**
 * Refuses an incoming view that is not that of the rows any more, or cannot be that of any. O(neurons).
 *
 * @throws {TypeError} What is wrong with it.
 */
export function requireIncoming(
  { incomingPtr, position }: Pick<IncomingArrays, "incomingPtr" | "position">,
  task: string,
): void {
  if (incomingPtr[incomingPtr.length - 1] === OUTDATED) {
    throw new TypeError(
      `Cannot ${task}: its connections have changed since the incoming view was built, rebuildIncoming() is needed`,
    );
  }
  requireRowStarts(incomingPtr, position.length, task, "incomingPtr");
}

/** Planes as the one array that they are parts of. */
export function stackOf(planes: readonly Float32Array[], task: string): Float32Array {
  const [first, second] = planes;
  if (first === undefined) return new Float32Array(0);
  if (second === undefined) return first;
  const stride = (second.byteOffset - first.byteOffset) / 4;
  const regular = stride >= first.length &&
    planes.every((plane, place) =>
      plane.buffer === first.buffer && plane.byteOffset === first.byteOffset + 4 * stride * place
    );
  if (!regular || first.byteOffset + 4 * stride * planes.length > first.buffer.byteLength) {
    throw new TypeError(
      `Cannot ${task}: the planes of its state must stand behind each other in one buffer, at equal distances`,
    );
  }
  return new Float32Array(first.buffer, first.byteOffset, stride * planes.length);
}

/** Throws a TypeError unless the first nnz indices form a CSR matrix: sorted, unique, in range. O(nnz). */
export function validateStructure(
  layer: Pick<OutgoingArrays, "inputs" | "neurons" | "indptr" | "indices">,
  nnz: number,
): void {
  const task = "use these connections";
  const { indptr, indices, inputs, neurons } = layer;
  expectKind(task, "indptr", indptr, Uint32Array);
  expectKind(task, "indices", indices, Uint32Array);
  const used = indices.subarray(0, nnz);
  const status = kernels().ts_validate(
    buffer(indptr),
    indptr.length,
    buffer(used),
    used.length,
    inputs,
    neurons,
  );
  check(status, task);
}

/** Rebuilds the incoming view from the outgoing rows. O(nnz). */
export function incomingView(layer: OutgoingArrays & IncomingArrays, threads = 1): void {
  const task = "rebuild the incoming view";
  const arrays = ["indptr", "indices", "incomingPtr", "source", "position"] as const;
  const read = readByName(layer, [...arrays, "inputs", "neurons"], task, "layer.");
  const { indptr, indices, incomingPtr, source, position } = read;
  const [inputs, neurons] = ["inputs", "neurons"].map((name) =>
    readWhole(read[name], { task, name: `layer.${name}` }, { least: 0, below: 2 ** 32 })
  );
  expectKind(task, "indptr", indptr, Uint32Array);
  expectKind(task, "indices", indices, Uint32Array);
  expectKind(task, "incomingPtr", incomingPtr, Uint32Array);
  expectKind(task, "source", source, Uint32Array);
  expectKind(task, "position", position, Uint32Array);
  requireRowStarts(indptr, indices.length, task);
  const status = kernels().ts_incoming_view(
    buffer(indptr),
    indptr.length,
    buffer(indices),
    indices.length,
    buffer(incomingPtr),
    incomingPtr.length,
    buffer(source),
    source.length,
    buffer(position),
    position.length,
    inputs,
    neurons,
    readValue(THREADS, threads, { task, name: "threads" }),
  );
  check(status, task);
}

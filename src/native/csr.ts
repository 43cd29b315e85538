/**
 * The structure of a layer: its validation and the incoming view.
 *
 * @module
 */
import { kernels } from "./library.ts";
import { readWhole } from "../hyperparameter.ts";
import { readByName, readItems } from "../value.ts";
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

/** The arrays of a layer for a kernel that changes them; lengths that it takes as one number are compared. */
export function connectionArguments(layer: OutgoingArrays, task: string): ConnectionArguments {
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
  const stacked = stackOf(planes, task);
  return [
    buffer(indptr),
    indptr.length,
    buffer(indices),
    buffer(values),
    capacity,
    buffer(stacked),
    stacked.length,
    planes.length,
  ];
}

/** How many connections there are after a kernel has changed them: where the last row ends. */
export function countAfter([indptr, length]: ConnectionArguments): number {
  return (indptr as Uint32Array)[length - 1];
}

/** Planes as the one array that they are parts of. */
function stackOf(planes: readonly Float32Array[], task: string): Float32Array {
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
  const { indptr, indices, incomingPtr, source, position, inputs, neurons } = layer;
  for (const [name, words] of Object.entries({ indptr, indices, incomingPtr, source, position })) {
    expectKind(task, name, words, Uint32Array);
  }
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
    threads,
  );
  check(status, task);
}

/**
 * The structure of a layer: its validation and the incoming view.
 *
 * @module
 */
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";

/** The outgoing arrays of one layer's connections, `capacity` elements in each but `indptr`. */
export interface OutgoingArrays {
  readonly inputs: number;
  readonly neurons: number;
  readonly indptr: Uint32Array;
  readonly indices: Uint32Array;
  readonly values: Float32Array;
  readonly velocity: Float32Array;
}

/** The incoming view of one layer's connections. */
export interface IncomingArrays {
  readonly incomingPtr: Uint32Array;
  readonly source: Uint32Array;
  readonly position: Uint32Array;
}

/** Lengths that the kernel takes as one number, and nnz as the kernel will read it. */
export function capacityOf(layer: OutgoingArrays, task: string): number {
  const capacity = layer.indices.length;
  if (layer.values.length !== capacity || layer.velocity.length !== capacity) {
    throw new TypeError(
      `Cannot ${task}: indices, values and velocity have ${capacity}, ${layer.values.length} and ` +
        `${layer.velocity.length} elements, expected as many in each`,
    );
  }
  if (layer.indptr.length !== layer.inputs + 1) {
    throw new TypeError(
      `Cannot ${task}: indptr has ${layer.indptr.length} elements, expected ${layer.inputs} inputs + 1`,
    );
  }
  return capacity;
}

/** Throws a TypeError unless the first nnz indices form a CSR matrix: sorted, unique, in range. O(nnz). */
export function validateStructure(
  layer: Pick<OutgoingArrays, "inputs" | "neurons" | "indptr" | "indices">,
  nnz: number,
): void {
  const indices = layer.indices.subarray(0, nnz);
  const status = kernels().ts_validate(
    buffer(layer.indptr),
    layer.indptr.length,
    buffer(indices),
    indices.length,
    layer.inputs,
    layer.neurons,
  );
  check(status, "use these connections");
}

/** Rebuilds the incoming view from the outgoing rows. O(nnz). */
export function incomingView(layer: OutgoingArrays & IncomingArrays, threads = 1): void {
  const status = kernels().ts_incoming_view(
    buffer(layer.indptr),
    layer.indptr.length,
    buffer(layer.indices),
    layer.indices.length,
    buffer(layer.incomingPtr),
    layer.incomingPtr.length,
    buffer(layer.source),
    layer.source.length,
    buffer(layer.position),
    layer.position.length,
    layer.inputs,
    layer.neurons,
    threads,
  );
  check(status, "rebuild the incoming view");
}

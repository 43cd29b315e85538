/**
 * One typed function a kernel: what the rest of the package calls.
 *
 * Each turns the kernel's status into an exception. Arrays are borrowed for the call.
 *
 * @module
 */
import { KernelError } from "../errors.ts";
import { loadKernels } from "./library.ts";

const REASONS: Record<number, [new (message: string) => Error, string]> = {
  1: [TypeError, "a buffer has the wrong length"],
  2: [RangeError, "an argument is out of range"],
  3: [TypeError, "the indices do not form a valid sparse matrix"],
  4: [KernelError, "there is not enough memory for scratch space"],
  5: [KernelError, "the kernel stopped unexpectedly, a defect worth reporting"],
  6: [SyntaxError, "the input cannot be parsed"],
};

/** Throws the exception that belongs to a status code other than 0. */
export function check(status: number, task: string): void {
  if (status === 0) return;
  const [ErrorClass, reason] = REASONS[status] ?? [KernelError, `the kernel returned status ${status}`];
  throw new ErrorClass(`Cannot ${task}: ${reason}`);
}

/**
 * Makes a typed array over a SharedArrayBuffer acceptable to Deno's FFI types; the call honours its offset and length.
 */
export function buffer(view: ArrayBufferView): BufferSource {
  return view as ArrayBufferView<ArrayBuffer>;
}

/** Writes a random order of `0 … order.length − 1`; a function of the seed and the epoch alone. */
export function shuffle(order: Uint32Array, seed: number, epoch: number): void {
  check(loadKernels().ts_shuffle(buffer(order), order.length, seed, epoch), "shuffle the samples");
}

// --- structure ---

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
function capacityOf(layer: OutgoingArrays, task: string): number {
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
  const status = loadKernels().ts_validate(
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
  const status = loadKernels().ts_incoming_view(
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

// --- initialisation ---

/** Which Erdős–Rényi structure to draw. */
export interface StructureLaw {
  /** Neurons of the layer, the places of a row. */
  readonly neurons: number;
  /** Probability of each connection, in [0, 1]. */
  readonly probability: number;
  readonly seed: number;
  readonly layer: number;
  readonly threads?: number;
}

/** Draws the number of connections of each row into `indptr` `[inputs + 1]`; returns nnz. O(inputs + nnz). */
export function erdosRenyiCount(indptr: Uint32Array, law: StructureLaw): number {
  const status = loadKernels().ts_erdos_renyi_count(
    buffer(indptr),
    indptr.length,
    law.neurons,
    law.probability,
    law.seed,
    law.layer,
    law.threads ?? 1,
  );
  check(status, "draw the connections of a layer");
  return indptr[indptr.length - 1];
}

/** Writes the targets that {@linkcode erdosRenyiCount} has counted with the same law. O(inputs + nnz). */
export function erdosRenyiFill(indptr: Uint32Array, indices: Uint32Array, law: StructureLaw): void {
  const status = loadKernels().ts_erdos_renyi_fill(
    buffer(indptr),
    indptr.length,
    buffer(indices),
    indices.length,
    law.neurons,
    law.probability,
    law.seed,
    law.layer,
    law.threads ?? 1,
  );
  check(status, "draw the connections of a layer");
}

/** The distribution of new weights: uniform in ±scale, or normal with standard deviation `scale`. */
export interface ValueLaw {
  readonly kind: "uniform" | "normal";
  readonly scale: number;
}

function kindCode(law: ValueLaw): number {
  return law.kind === "uniform" ? 0 : 1;
}

/** Writes initial weights, a function of seed, layer and place alone. */
export function initValues(
  values: Float32Array,
  law: ValueLaw,
  place: { readonly seed: number; readonly layer: number; readonly threads?: number },
): void {
  const status = loadKernels().ts_init_values(
    buffer(values),
    values.length,
    kindCode(law),
    law.scale,
    place.seed,
    place.layer,
    place.threads ?? 1,
  );
  check(status, "initialise weights");
}

// --- topology ---

/** Removes the zeta fraction of each sign that is closest to zero; returns the new nnz. O(nnz). */
export function dropSmallest(layer: OutgoingArrays, zeta: number, threads = 1): number {
  const task = "drop connections";
  const capacity = capacityOf(layer, task);
  const status = loadKernels().ts_drop_smallest(
    buffer(layer.indptr),
    layer.indptr.length,
    buffer(layer.indices),
    buffer(layer.values),
    buffer(layer.velocity),
    capacity,
    zeta,
    threads,
  );
  check(status, task);
  return layer.indptr[layer.inputs];
}

/** Where the random numbers of a topology change come from. */
export interface GrowthPlace {
  readonly seed: number;
  readonly epoch: number;
  readonly layer: number;
  readonly threads?: number;
}

/** Adds `count` connections at random absent places, fewer where fewer are absent; returns the new nnz. */
export function growRandom(layer: OutgoingArrays, count: number, law: ValueLaw, place: GrowthPlace): number {
  const task = "grow connections";
  const capacity = capacityOf(layer, task);
  const status = loadKernels().ts_grow_random(
    buffer(layer.indptr),
    layer.indptr.length,
    buffer(layer.indices),
    buffer(layer.values),
    buffer(layer.velocity),
    capacity,
    layer.neurons,
    count,
    kindCode(law),
    law.scale,
    place.seed,
    place.epoch,
    place.layer,
    place.threads ?? 1,
  );
  check(status, task);
  return layer.indptr[layer.inputs];
}

// --- importance ---

/** Writes the importance of each neuron to `out` `[neurons]`. O(nnz). */
export function importance(
  layer: Pick<OutgoingArrays & IncomingArrays, "incomingPtr" | "position" | "values">,
  out: Float32Array,
  threads = 1,
): void {
  const status = loadKernels().ts_importance(
    buffer(layer.incomingPtr),
    layer.incomingPtr.length,
    buffer(layer.position),
    layer.position.length,
    buffer(layer.values),
    layer.values.length,
    buffer(out),
    out.length,
    threads,
  );
  check(status, "score the neurons of a layer");
}

/** The percentile of `values`, interpolated linearly as by NumPy; NaN when a value is NaN. O(n). */
export function percentileOf(values: Float32Array, percentile: number): number {
  const out = new Float64Array(1);
  const status = loadKernels().ts_percentile(buffer(values), values.length, percentile, out, 1);
  check(status, `take percentile ${percentile} of ${values.length} values`);
  return out[0];
}

/**
 * Removes the incoming connections of neurons whose score is at or below the threshold; returns the new nnz.
 *
 * @throws {RangeError} When no connection would be left; nothing has changed then.
 */
export function removeIncoming(
  layer: OutgoingArrays,
  scores: Float32Array,
  threshold: number,
  threads = 1,
): number {
  const task = "remove the unimportant neurons of a layer";
  const capacity = capacityOf(layer, task);
  const status = loadKernels().ts_remove_incoming(
    buffer(layer.indptr),
    layer.indptr.length,
    buffer(layer.indices),
    buffer(layer.values),
    buffer(layer.velocity),
    capacity,
    buffer(scores),
    scores.length,
    threshold,
    threads,
  );
  check(status, task);
  return layer.indptr[layer.inputs];
}

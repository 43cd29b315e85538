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

// --- standardize ---

/** Writes mean and scale of each feature, `[features]` each, of `[samples, features]`. */
export function standardize(
  features: Float32Array | Uint8Array,
  samples: number,
  mean: Float32Array,
  scale: Float32Array,
  threads: number,
): void {
  const library = loadKernels();
  const kernel = features instanceof Uint8Array ? library.ts_standardize_u8 : library.ts_standardize_f32;
  const status = kernel(
    buffer(features),
    features.length,
    samples,
    buffer(mean),
    mean.length,
    buffer(scale),
    scale.length,
    threads,
  );
  check(status, "standardise the features");
}

// --- generator ---

/** What made-up data looks like; see `madelonLike`. */
export interface GeneratorDesign {
  /** Features of each sample. */
  readonly features: number;
  /** Features that carry the clusters. */
  readonly informative: number;
  /** Features that are random sums of informative ones. */
  readonly redundant: number;
  /** Features that are copies of informative or redundant ones. */
  readonly repeated: number;
  /** Number of classes. */
  readonly classes: number;
  /** Clusters of each class. */
  readonly clustersPerClass: number;
  /** Half the side of the hypercube at whose corners the clusters lie. */
  readonly classSeparation: number;
  /** Share of the samples that get a random class. */
  readonly labelNoise: number;
  /** Whether columns stand in random order, and clusters come in random turns. */
  readonly shuffle: boolean;
  /** Seed of all draws. */
  readonly seed: number;
}

/** Writes the samples from `first` on: `features` `[samples, design.features]`, `labels` `[samples]`. */
export function generateBlock(
  design: GeneratorDesign,
  first: number,
  features: Float32Array,
  labels: Uint32Array,
  threads: number,
): void {
  const status = loadKernels().ts_generate_block(
    design.features,
    design.informative,
    design.redundant,
    design.repeated,
    design.classes,
    design.clustersPerClass,
    design.classSeparation,
    design.labelNoise,
    design.shuffle,
    design.seed,
    first,
    buffer(features),
    features.length,
    buffer(labels),
    labels.length,
    threads,
  );
  check(status, "generate samples");
}

/** Writes the columns of the informative, then redundant, then repeated features. */
export function generatedPlaces(design: GeneratorDesign, places: Uint32Array): void {
  const { features, informative, redundant, repeated, shuffle, seed } = design;
  const status = loadKernels().ts_generated_places(
    features,
    informative,
    redundant,
    repeated,
    shuffle,
    seed,
    buffer(places),
    places.length,
  );
  check(status, "place the generated features");
}

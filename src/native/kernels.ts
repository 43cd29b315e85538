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

// --- text ---

/** Status of a kernel that found a fault in a text; its detail output says where. */
const SYNTAX = 6;

/** Elements of the detail output of a text kernel: kind, line, column, start, end, found, expected, names. */
export const TEXT_DETAIL = 8;

/** Elements of the names output for each distinct label: start, end and line of its first occurrence. */
export const TEXT_NAME = 3;

/** Where the rows of a text go; every array is as long as `rows` rows need. */
export interface TextOutputs {
  /** Rows of the text. */
  readonly rows: number;
  /** Shape `[rows, featureCount]`, written. */
  readonly features: Float32Array;
  /** Features of a row. */
  readonly featureCount: number;
  /** Shape `[rows, targetCount]`, written. */
  readonly targets: Float32Array;
  /** Regression targets of a row. */
  readonly targetCount: number;
  /** Number of each row's label, shape `[rows]`, written; empty where no label is read. */
  readonly labels: Uint32Array;
  /** Shape `[distinct labels, TEXT_NAME]`, written; its length is the room. */
  readonly names: BigUint64Array;
}

/**
 * Counts rows and lines of delimited text and checks that each row has `columns` cells.
 *
 * @param delimiter Character code; a blank stands for any run of blanks.
 * @param counts Rows and lines, written.
 * @param detail The first fault, written; {@linkcode TEXT_DETAIL} elements.
 * @returns Whether the text is well formed.
 */
export function delimitedScan(
  text: Uint8Array,
  delimiter: number,
  columns: number,
  threads: number,
  counts: BigUint64Array,
  detail: BigUint64Array,
): boolean {
  const status = loadKernels().ts_delimited_scan(
    ...[buffer(text), text.length, delimiter, columns, threads, buffer(counts), buffer(detail)] as const,
  );
  return wellFormed(status, "scan the text");
}

/**
 * Parses delimited text.
 *
 * @param roles What each column is: index of a feature, 2³¹ + index of a target, 2³² − 2 for the label,
 * 2³² − 1 for nothing.
 * @param detail The first fault, or the number of names, written; {@linkcode TEXT_DETAIL} elements.
 * @returns Whether the text is well formed; if not, the outputs hold anything.
 */
export function delimitedParse(
  text: Uint8Array,
  delimiter: number,
  roles: Uint32Array,
  threads: number,
  outputs: TextOutputs,
  detail: BigUint64Array,
): boolean {
  const { rows, features, featureCount, targets, targetCount, labels, names } = outputs;
  const status = loadKernels().ts_delimited_parse(
    ...[buffer(text), text.length, delimiter, buffer(roles), roles.length, threads, rows] as const,
    ...[
      buffer(features),
      features.length,
      featureCount,
      buffer(targets),
      targets.length,
      targetCount,
    ] as const,
    ...[buffer(labels), labels.length, buffer(names), names.length, buffer(detail)] as const,
  );
  return wellFormed(status, "parse the text");
}

/**
 * Checks svmlight text; counts rows, lines, the smallest and the largest index (2⁶⁴ − 1 and 0 without any).
 *
 * @param detail The first fault, written; {@linkcode TEXT_DETAIL} elements.
 * @returns Whether the text is well formed.
 */
export function svmlightScan(
  text: Uint8Array,
  threads: number,
  counts: BigUint64Array,
  detail: BigUint64Array,
): boolean {
  const status = loadKernels().ts_svmlight_scan(
    ...[buffer(text), text.length, threads, buffer(counts), buffer(detail)] as const,
  );
  return wellFormed(status, "scan the text");
}

/**
 * Parses svmlight text into dense rows; the label is a class with `targetCount` 0, the target with 1.
 *
 * @param firstIndex Index of the first feature, 0 or 1.
 * @param detail The first fault, or the number of names, written; {@linkcode TEXT_DETAIL} elements.
 * @returns Whether the text is well formed; if not, the outputs hold anything.
 */
export function svmlightParse(
  text: Uint8Array,
  firstIndex: number,
  threads: number,
  outputs: TextOutputs,
  detail: BigUint64Array,
): boolean {
  const { rows, features, featureCount, targets, targetCount, labels, names } = outputs;
  const status = loadKernels().ts_svmlight_parse(
    ...[buffer(text), text.length, firstIndex, threads, rows] as const,
    ...[
      buffer(features),
      features.length,
      featureCount,
      buffer(targets),
      targets.length,
      targetCount,
    ] as const,
    ...[buffer(labels), labels.length, buffer(names), names.length, buffer(detail)] as const,
  );
  return wellFormed(status, "parse the text");
}

function wellFormed(status: number, task: string): boolean {
  if (status !== SYNTAX) check(status, task);
  return status === 0;
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

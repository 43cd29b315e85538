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

// --- batch ---

/** Which samples become a batch, and how their features are scaled. */
export interface BatchSource {
  /** `[samples][features]`, raw. */
  readonly features: Float32Array | Uint8Array;
  /** Mean of each feature. */
  readonly mean: Float32Array;
  /** Reciprocal of each feature's standard deviation; 0 for a constant feature. */
  readonly scale: Float32Array;
}

/**
 * Builds the standardised batch of the samples in `order` as tiles, `[tiles][features][width]`. One pass over them.
 *
 * @throws {RangeError} When an index lies past the data, or `width` is no multiple of 16.
 * @throws {TypeError} When `output` has another length.
 */
export function gatherBatch(
  source: BatchSource,
  order: Uint32Array,
  width: number,
  threads: number,
  output: Float32Array,
): void {
  const { features, mean, scale } = source;
  if (mean.length !== scale.length) {
    throw new TypeError(`Cannot build a batch: ${mean.length} means and ${scale.length} scales do not agree`);
  }
  const status = loadKernels().ts_gather_batch(
    buffer(features),
    features.length,
    features instanceof Uint8Array ? 1 : 0,
    buffer(order),
    order.length,
    buffer(mean),
    buffer(scale),
    mean.length,
    width,
    threads,
    buffer(output),
    output.length,
  );
  check(status, "build a batch");
}

// --- step ---

/** Bytes from the start of a cache line to the start of `view`. */
export function misalignment(view: ArrayBufferView): number {
  return Number(loadKernels().ts_misalignment(buffer(view)));
}

/** A network as kernels see it: the layout table, the slopes, and the arena that holds all parameters. */
export interface NetworkMemory {
  /** One row a layer: inputs, neurons, nnz, capacity, activation kind. */
  readonly layout: Uint32Array;
  /** Slope of each layer's activation. */
  readonly slopes: Float32Array;
  /** All sections of all layers. */
  readonly arena: Uint32Array;
}

/** Words of work memory for tiles of `width` samples. */
export function workspaceWords(
  network: Pick<NetworkMemory, "layout" | "slopes">,
  width: number,
  use: { readonly training: boolean; readonly dropout: boolean },
): number {
  const words = new Float64Array(1);
  const status = loadKernels().ts_workspace_words(
    buffer(network.layout),
    buffer(network.slopes),
    network.slopes.length,
    width,
    use.training ? 1 : 0,
    use.dropout ? 1 : 0,
    words,
  );
  check(status, "plan the work memory");
  return words[0];
}

/** A batch ready to be run. */
export interface Batch {
  /** `[tiles][features][width]`. */
  readonly input: Float32Array;
  /** Class of each sample; empty for regression. */
  readonly labels: Uint32Array;
  /** `[samples][outputs]`; empty for classification. */
  readonly targets: Float32Array;
  readonly samples: number;
  /** Samples a tile: a multiple of 16, at most 128. */
  readonly width: number;
}

/** Settings of momentum SGD for one step. */
export interface MomentumSettings {
  /** η */
  readonly learningRate: number;
  /** μ */
  readonly momentum: number;
  /** λ, a step */
  readonly weightDecay: number;
  /** Whether λ·w is part of the gradient (textbook) or taken off the weight beside it (the authors). */
  readonly coupledDecay: boolean;
  readonly nesterov: boolean;
}

/** Settings of one training step. */
export interface StepSettings extends MomentumSettings {
  /** Fraction of the hidden units dropped. */
  readonly dropout: number;
  readonly seed: number;
  /** Number of the step, for dropout. */
  readonly step: number;
  readonly threads: number;
}

function formCode(settings: MomentumSettings): number {
  return (settings.coupledDecay ? 1 : 0) | (settings.nesterov ? 2 : 0);
}

/**
 * One training step: the fused update, or, where `gradients` is not empty, gradients alone.
 *
 * @param totals Receives the summed loss and the hits of the batch, `[2]`.
 * @throws {TypeError} When lengths do not agree.
 * @throws {RangeError} When a label or a setting is out of range.
 */
export function trainBatch(
  network: NetworkMemory,
  gradients: Uint32Array,
  batch: Batch,
  settings: StepSettings,
  work: Uint32Array,
  totals: Float64Array,
): void {
  const status = loadKernels().ts_train_batch(
    buffer(network.layout),
    buffer(network.slopes),
    network.slopes.length,
    buffer(network.arena),
    network.arena.length,
    buffer(gradients),
    gradients.length,
    buffer(batch.input),
    batch.input.length,
    buffer(batch.labels),
    batch.labels.length,
    buffer(batch.targets),
    batch.targets.length,
    batch.samples,
    batch.width,
    settings.learningRate,
    settings.momentum,
    settings.weightDecay,
    formCode(settings),
    settings.dropout,
    settings.seed,
    settings.step,
    settings.threads,
    buffer(work),
    work.length,
    buffer(totals),
  );
  check(status, "train on a batch");
}

/**
 * Runs a batch forward, without dropout.
 *
 * @param outputs `[samples][outputs]` for probabilities (or values), or empty.
 * @param totals Receives the summed loss and the hits of the batch, `[2]`.
 */
export function evaluateBatch(
  network: NetworkMemory,
  batch: Batch,
  threads: number,
  work: Uint32Array,
  outputs: Float32Array,
  totals: Float64Array,
): void {
  const status = loadKernels().ts_evaluate_batch(
    buffer(network.layout),
    buffer(network.slopes),
    network.slopes.length,
    buffer(network.arena),
    network.arena.length,
    buffer(batch.input),
    batch.input.length,
    buffer(batch.labels),
    batch.labels.length,
    buffer(batch.targets),
    batch.targets.length,
    batch.samples,
    batch.width,
    threads,
    buffer(work),
    work.length,
    buffer(outputs),
    outputs.length,
    buffer(totals),
  );
  check(status, "evaluate a batch");
}

// --- optimizer ---

/** Applies written gradients to all parameters: one momentum step. */
export function applyGradients(
  network: NetworkMemory,
  gradients: Uint32Array,
  settings: MomentumSettings,
  threads: number,
): void {
  const status = loadKernels().ts_apply_gradients(
    buffer(network.layout),
    buffer(network.slopes),
    network.slopes.length,
    buffer(network.arena),
    network.arena.length,
    buffer(gradients),
    gradients.length,
    settings.learningRate,
    settings.momentum,
    settings.weightDecay,
    formCode(settings),
    threads,
  );
  check(status, "apply gradients");
}

/** The squared norm of written gradients (gradient flow; Paper: §2.2, Figure 5). */
export function squaredNorm(network: NetworkMemory, gradients: Uint32Array): number {
  const norm = new Float64Array(1);
  const status = loadKernels().ts_squared_norm(
    buffer(network.layout),
    buffer(network.slopes),
    network.slopes.length,
    buffer(gradients),
    gradients.length,
    norm,
  );
  check(status, "measure the gradient");
  return norm[0];
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

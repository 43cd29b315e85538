/**
 * Whole steps of a network: training and evaluation.
 *
 * @module
 */
import { kernels } from "./library.ts";
import { buffer, check, expectLength } from "./status.ts";

/** Bytes from the start of a cache line to the start of `view`. */
export function misalignment(view: ArrayBufferView): number {
  return Number(kernels().ts_misalignment(buffer(view)));
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

/** Words of one row of the layout table. */
const LAYOUT_COLUMNS = 5;

/** Throws a TypeError unless the layout table has a row a slope: the kernel takes one number for both. */
export function expectLayout(
  { layout, slopes }: Pick<NetworkMemory, "layout" | "slopes">,
  task: string,
): void {
  expectLength(task, "the layout table", layout, slopes.length * LAYOUT_COLUMNS);
}

/** How a step keeps activations and deltas; sums are always f32. */
export interface ActivationMemory {
  /**
   * `bf16` takes half of the memory and keeps 8 bits of precision; tiles are then 16, 32, 64 or 128 wide.
   *
   * @default {"f32"}
   */
  readonly activationStorage?: "f32" | "bf16";
  /**
   * Compute every second hidden layer again on the way back instead of keeping it: half of the memory.
   *
   * @default {false}
   */
  readonly recompute?: boolean;
}

export function keepCode({ activationStorage, recompute }: ActivationMemory): number {
  return (activationStorage === "bf16" ? 1 : 0) | (recompute ? 2 : 0);
}

/** Words of work memory for tiles of `width` samples. */
export function workspaceWords(
  network: Pick<NetworkMemory, "layout" | "slopes">,
  width: number,
  use: { readonly training: boolean; readonly dropout: boolean } & ActivationMemory,
): number {
  expectLayout(network, "plan the work memory");
  const words = new Float64Array(1);
  const status = kernels().ts_workspace_words(
    buffer(network.layout),
    buffer(network.slopes),
    network.slopes.length,
    width,
    use.training ? 1 : 0,
    use.dropout ? 1 : 0,
    keepCode(use),
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
  /** Incoming connections a neuron may have before its weights learn slower; Infinity for no limit. */
  readonly fanInLimit: number;
  /** μ */
  readonly momentum: number;
  /** λ, a step */
  readonly weightDecay: number;
  /** Whether λ·w is part of the gradient (textbook) or taken off the weight beside it (the authors). */
  readonly coupledDecay: boolean;
  readonly nesterov: boolean;
}

/** Settings of one training step. */
export interface StepSettings extends MomentumSettings, ActivationMemory {
  /** Fraction of the hidden units dropped. */
  readonly dropout: number;
  readonly seed: number;
  /** Number of the step, for dropout. */
  readonly step: number;
  readonly threads: number;
}

export function formCode(settings: MomentumSettings): number {
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
  expectLayout(network, "train on a batch");
  expectLength("train on a batch", "totals", totals, 2);
  const status = kernels().ts_train_batch(
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
    settings.fanInLimit,
    settings.momentum,
    settings.weightDecay,
    formCode(settings),
    settings.dropout,
    keepCode(settings),
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
 * @param memory How activations are kept; there is nothing to recompute.
 */
export function evaluateBatch(
  network: NetworkMemory,
  batch: Batch,
  threads: number,
  work: Uint32Array,
  outputs: Float32Array,
  totals: Float64Array,
  memory: ActivationMemory = {},
): void {
  expectLayout(network, "evaluate a batch");
  expectLength("evaluate a batch", "totals", totals, 2);
  const status = kernels().ts_evaluate_batch(
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
    keepCode(memory),
    threads,
    buffer(work),
    work.length,
    buffer(outputs),
    outputs.length,
    buffer(totals),
  );
  check(status, "evaluate a batch");
}

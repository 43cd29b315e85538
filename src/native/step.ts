/**
 * Whole steps of a network: training and evaluation.
 *
 * @module
 */
import { expectLayout, layoutArguments, networkArguments, type NetworkMemory } from "./layout.ts";
import { kernels } from "./library.ts";
import type { SettingsBlock } from "./settings.ts";
import { buffer, check, expectLength } from "./status.ts";

/** Bytes from the start of a cache line to the start of `view`. */
export function misalignment(view: ArrayBufferView): number {
  return Number(kernels().ts_misalignment(buffer(view)));
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

/** How a kernel keeps activations: bf16, recompute. */
export function memoryArguments(
  { activationStorage, recompute }: ActivationMemory,
): readonly [number, number] {
  return [activationStorage === "bf16" ? 1 : 0, recompute ? 1 : 0];
}

/** Words of work memory for tiles of `width` samples. */
export function workspaceWords(
  network: Pick<NetworkMemory, "layout" | "slopes">,
  width: number,
  use: { readonly training: boolean; readonly dropout: boolean } & ActivationMemory,
): number {
  const task = "plan the work memory";
  const words = new Float64Array(1);
  const status = kernels().ts_workspace_words(
    ...layoutArguments(network, task),
    width,
    use.training ? 1 : 0,
    use.dropout ? 1 : 0,
    ...memoryArguments(use),
    words,
  );
  check(status, task);
  return words[0];
}

/**
 * How outputs can be compared with the truth; the place in the list is the code the kernels know it by.
 *
 * The sigmoid's is the mean over the outputs of a sample, as squared error is; with one output, the truth may be a class.
 */
const LOSSES = ["softmax-cross-entropy", "squared-error", "sigmoid-cross-entropy"] as const;

/** How outputs are compared with the truth. */
export type Loss = typeof LOSSES[number];

/** A batch ready to be run. */
export interface Batch {
  readonly loss: Loss;
  /** `[tiles][features][width]`. */
  readonly input: Float32Array;
  /** Class of each sample, for softmax cross-entropy and for the sigmoid of one output; else empty. */
  readonly labels: Uint32Array;
  /** Values, or labels from 0 to 1, `[samples][outputs]`; empty where there are classes. */
  readonly targets: Float32Array;
  /** What the loss of each sample is multiplied by; 1 where they are absent or empty. */
  readonly weights?: Float32Array;
  readonly samples: number;
  /** Samples a tile: a multiple of 16, at most 128. */
  readonly width: number;
}

const NO_WEIGHTS = new Float32Array(0);

/** A batch for a kernel: loss; input, labels, targets and weights, each with its length; samples, width. */
export function batchArguments(
  { loss, input, labels, targets, weights = NO_WEIGHTS, samples, width }: Batch,
): readonly [
  number,
  ...[BufferSource, number, BufferSource, number, BufferSource, number, BufferSource, number],
  ...[number, number],
] {
  return [
    LOSSES.indexOf(loss),
    ...[buffer(input), input.length, buffer(labels), labels.length] as const,
    ...[buffer(targets), targets.length, buffer(weights), weights.length, samples, width] as const,
  ];
}

/**
 * One training step: the fused update, or, where `gradients` is not empty, gradients alone; where tiles are halves, the
 * fused update with `gradients` for those that wait.
 *
 * @param settings The step's; gradients alone need no state.
 * @param totals Receives the sum of loss times weight and the hits of the batch, `[2]`.
 * @throws {TypeError} When lengths do not agree.
 * @throws {RangeError} When a class, a label or a setting is out of range.
 */
export function trainBatch(
  network: NetworkMemory,
  gradients: Uint32Array,
  batch: Batch,
  settings: SettingsBlock,
  work: Uint32Array,
  totals: Float64Array,
): void {
  const task = "train on a batch";
  expectLength(task, "totals", totals, 2);
  const { layout, slopes, arena, state } = network;
  expectLayout(network, task);
  const { input, labels, targets, weights = NO_WEIGHTS } = batch;
  // One by one, as in gatherBatch().
  const status = kernels().ts_train_batch(
    buffer(layout),
    buffer(slopes),
    slopes.length,
    buffer(arena),
    arena.length,
    buffer(state),
    state.length,
    buffer(gradients),
    gradients.length,
    LOSSES.indexOf(batch.loss),
    buffer(input),
    input.length,
    buffer(labels),
    labels.length,
    buffer(targets),
    targets.length,
    buffer(weights),
    weights.length,
    batch.samples,
    batch.width,
    settings.numbers,
    settings.numbers.length,
    buffer(work),
    work.length,
    buffer(totals),
  );
  check(status, task);
}

/**
 * Runs a batch forward, without dropout.
 *
 * @param outputs `[samples][outputs]` for probabilities (or values, or the one output of two classes), or empty.
 * @param totals Receives the sum of loss times weight and the hits of the batch, `[2]`.
 * @param memory How activations are kept; there is nothing to recompute.
 */
export function evaluateBatch(
  network: NetworkMemory,
  batch: Batch,
  threads: number,
  work: Uint32Array,
  outputs: Float32Array,
  totals: Float64Array,
  { activationStorage }: ActivationMemory = {},
): void {
  const task = "evaluate a batch";
  expectLength(task, "totals", totals, 2);
  const status = kernels().ts_evaluate_batch(
    ...networkArguments(network, task),
    ...batchArguments(batch),
    activationStorage === "bf16" ? 1 : 0,
    threads,
    buffer(work),
    work.length,
    buffer(outputs),
    outputs.length,
    buffer(totals),
  );
  check(status, task);
}

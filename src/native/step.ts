/**
 * Whole steps of a network: training and evaluation.
 *
 * @module
 */
import { expectLayout, type NetworkMemory } from "./layout.ts";
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
    use.activationStorage === "bf16" ? 1 : 0,
    use.recompute ? 1 : 0,
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

/**
 * One training step: the fused update, or, where `gradients` is not empty, gradients alone.
 *
 * @param settings The step's; gradients alone need no state.
 * @param totals Receives the summed loss and the hits of the batch, `[2]`.
 * @throws {TypeError} When lengths do not agree.
 * @throws {RangeError} When a label or a setting is out of range.
 */
export function trainBatch(
  network: NetworkMemory,
  gradients: Uint32Array,
  batch: Batch,
  settings: SettingsBlock,
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
    buffer(network.state),
    network.state.length,
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
    settings.numbers,
    settings.numbers.length,
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
  { activationStorage }: ActivationMemory = {},
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
    activationStorage === "bf16" ? 1 : 0,
    threads,
    buffer(work),
    work.length,
    buffer(outputs),
    outputs.length,
    buffer(totals),
  );
  check(status, "evaluate a batch");
}

/**
 * Gradients of a batch, of all parameters and of the features.
 *
 * @module
 */
import { networkArguments, type NetworkMemory } from "./layout.ts";
import { kernels } from "./library.ts";
import { buffer, check, expectLength } from "./status.ts";
import { type Batch, batchArguments } from "./step.ts";

/** Where gradients go. */
export interface GradientArrays {
  /** Arena of the gradients of all parameters. */
  readonly gradients: Uint32Array;
  /** Gradient of the features in the shape of the batch's input, `[tiles][features][width]`; empty where nobody asks. */
  readonly inputs: Float32Array;
}

/**
 * Writes the gradients of the mean loss of a batch, or, where a gradient of the outputs is given, of the sum over samples
 * and outputs of gradient times output. Without dropout, in f32; the network is not changed.
 *
 * @param outputGradient `[samples][outputs]`, or empty: then the batch has labels or targets.
 * @param work As `workspaceWords` says of a training step without dropout in f32; overwritten.
 * @param totals Receives the sum of loss times weight and the hits of the batch, `[2]`; 0 for a given gradient.
 * @throws {TypeError} When lengths do not agree.
 * @throws {RangeError} When a label is out of range.
 */
export function differentiate(
  network: Pick<NetworkMemory, "layout" | "slopes" | "arena">,
  batch: Batch,
  outputGradient: Float32Array,
  threads: number,
  { gradients, inputs }: GradientArrays,
  work: Uint32Array,
  totals: Float64Array,
): void {
  const task = "differentiate a batch";
  expectLength(task, "totals", totals, 2);
  const status = kernels().ts_differentiate(
    ...networkArguments(network, task),
    ...batchArguments(batch),
    buffer(outputGradient),
    outputGradient.length,
    threads,
    buffer(gradients),
    gradients.length,
    buffer(inputs),
    inputs.length,
    buffer(work),
    work.length,
    buffer(totals),
  );
  check(status, task);
}

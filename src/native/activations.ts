/**
 * What the neurons of one layer give for each sample of a batch.
 *
 * @module
 */
import { networkArguments, type NetworkMemory } from "./layout.ts";
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";
import type { Batch } from "./step.ts";

/**
 * Runs a batch forward as far as one layer, without dropout; the last layer gives its outputs, before any softmax.
 *
 * @param layer Number of the layer, from 0.
 * @param work As `workspaceWords` says of an evaluation in f32; overwritten.
 * @param outputs Receives the activations, `[samples][neurons]`.
 * @throws {TypeError} When lengths do not agree.
 * @throws {RangeError} When there is no such layer.
 */
export function activationsOf(
  network: Pick<NetworkMemory, "layout" | "slopes" | "arena">,
  { input, samples, width }: Pick<Batch, "input" | "samples" | "width">,
  layer: number,
  threads: number,
  work: Uint32Array,
  outputs: Float32Array,
): void {
  const task = "run a batch forward";
  const status = kernels().ts_activations(
    ...networkArguments(network, task),
    buffer(input),
    input.length,
    samples,
    width,
    layer,
    threads,
    buffer(work),
    work.length,
    buffer(outputs),
    outputs.length,
  );
  check(status, task);
}

/**
 * Written gradients: applied and measured.
 *
 * @module
 */
import { layoutArguments, networkArguments, type NetworkMemory } from "./layout.ts";
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";
import type { SettingsBlock } from "./settings.ts";

/** Says that layers are whole. */
const WHOLE = new Uint32Array(0);

/** A word over shared memory, and what shall be stored there. */
export interface SharedMark {
  readonly words: Int32Array;
  readonly place: number;
  readonly value: number;
}

/** What is beside the network and its gradients. */
export interface Application {
  /**
   * Connections of each whole layer, where the network holds some rows of its layers alone: a limit of the fan-in looks
   * at whole ones.
   */
  readonly connections?: Uint32Array | undefined;
  /**
   * Stored as soon as the kernel has done so. A thread that is ended from outside ends between kernel calls; here it has
   * no chance to, as no function is entered between the two, so others know by the mark what was done.
   */
  readonly done?: SharedMark | undefined;
}

/**
 * Applies written gradients to all parameters: one step of the optimiser.
 */
export function applyGradients(
  network: NetworkMemory,
  gradients: Uint32Array,
  settings: SettingsBlock,
  { connections = WHOLE, done }: Application = {},
): void {
  const task = "apply gradients";
  const status = kernels().ts_apply_gradients(
    ...networkArguments(network, task),
    buffer(network.state),
    network.state.length,
    buffer(gradients),
    gradients.length,
    buffer(connections),
    connections.length,
    settings.numbers,
    settings.numbers.length,
  );
  if (status === 0 && done !== undefined) Atomics.store(done.words, done.place, done.value);
  check(status, task);
}

/** The squared norm of written gradients (gradient flow; Paper: §2.2, Figure 5). */
export function squaredNorm(network: NetworkMemory, gradients: Uint32Array): number {
  const task = "measure the gradient";
  const norm = new Float64Array(1);
  const status = kernels().ts_squared_norm(
    ...layoutArguments(network, task),
    buffer(gradients),
    gradients.length,
    norm,
  );
  check(status, task);
  return norm[0];
}

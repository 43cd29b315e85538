/**
 * Written gradients: applied and measured.
 *
 * @module
 */
import { layoutArguments, networkArguments, type NetworkMemory } from "./layout.ts";
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";
import type { SettingsBlock } from "./settings.ts";

/** Applies written gradients to all parameters: one step of the optimiser. */
export function applyGradients(
  network: NetworkMemory,
  gradients: Uint32Array,
  settings: SettingsBlock,
): void {
  const task = "apply gradients";
  const status = kernels().ts_apply_gradients(
    ...networkArguments(network, task),
    buffer(network.state),
    network.state.length,
    buffer(gradients),
    gradients.length,
    settings.numbers,
    settings.numbers.length,
  );
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

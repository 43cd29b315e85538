/**
 * Written gradients: applied and measured.
 *
 * @module
 */
import { expectLayout, type NetworkMemory } from "./layout.ts";
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";
import type { SettingsBlock } from "./settings.ts";

/** Applies written gradients to all parameters: one step of the optimiser. */
export function applyGradients(
  network: NetworkMemory,
  gradients: Uint32Array,
  settings: SettingsBlock,
): void {
  expectLayout(network, "apply gradients");
  const status = kernels().ts_apply_gradients(
    buffer(network.layout),
    buffer(network.slopes),
    network.slopes.length,
    buffer(network.arena),
    network.arena.length,
    buffer(network.state),
    network.state.length,
    buffer(gradients),
    gradients.length,
    settings.numbers,
    settings.numbers.length,
  );
  check(status, "apply gradients");
}

/** The squared norm of written gradients (gradient flow; Paper: §2.2, Figure 5). */
export function squaredNorm(network: NetworkMemory, gradients: Uint32Array): number {
  expectLayout(network, "measure the gradient");
  const norm = new Float64Array(1);
  const status = kernels().ts_squared_norm(
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

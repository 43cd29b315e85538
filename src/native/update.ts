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

/**
 * Applies written gradients to all parameters: one step of the optimiser.
 *
 * @param connections Of each whole layer, where the network holds some rows of its layers alone: a limit of the fan-in
 * looks at whole ones.
 */
export function applyGradients(
  network: NetworkMemory,
  gradients: Uint32Array,
  settings: SettingsBlock,
  connections: Uint32Array = WHOLE,
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

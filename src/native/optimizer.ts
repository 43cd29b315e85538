/**
 * Written gradients: applied and measured.
 *
 * @module
 */
import { kernels } from "./library.ts";
import { buffer, check } from "./status.ts";
import { expectLayout, formCode, type MomentumSettings, type NetworkMemory } from "./step.ts";

/** Applies written gradients to all parameters: one momentum step. */
export function applyGradients(
  network: NetworkMemory,
  gradients: Uint32Array,
  settings: MomentumSettings,
  threads: number,
): void {
  expectLayout(network, "apply gradients");
  const status = kernels().ts_apply_gradients(
    buffer(network.layout),
    buffer(network.slopes),
    network.slopes.length,
    buffer(network.arena),
    network.arena.length,
    buffer(gradients),
    gradients.length,
    settings.learningRate,
    settings.fanInLimit,
    settings.momentum,
    settings.weightDecay,
    formCode(settings),
    threads,
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

/**
 * What becomes of the gradients of the dense perceptron: the optimisers in f64, one parameter at a time.
 *
 * @module
 */
import type { OptimizerSettings } from "../../src/optimizer/optimizers.ts";
import type { OracleGradients, OracleNetwork } from "./mlp.ts";

/**
 * How far one parameter moves by its gradient, weight decay aside; moves what is kept of it, number `at` of each plane.
 */
export type OracleRule = (
  gradient: number,
  planes: readonly Float64Array[],
  at: number,
  learningRate: number,
) => number;

/** Momentum SGD (Eq. 1): v ← μ·v − η·g, w ← w + v, or + μ·v − η·g in Nesterov's form. */
function sgdRule(
  { momentum, nesterov }: { readonly momentum: number; readonly nesterov: boolean },
): OracleRule {
  return (gradient, [velocity], at, learningRate) => {
    if (velocity === undefined) return -learningRate * gradient;
    velocity[at] = momentum * velocity[at] - learningRate * gradient;
    return nesterov ? momentum * velocity[at] - learningRate * gradient : velocity[at];
  };
}

/** Adam: m ← β₁·m + (1 − β₁)·g, s ← β₂·s + (1 − β₂)·g², w ← w − η·m̂ / (√ŝ + ε), at its t-th update. */
function adamRule(
  { beta1, beta2, adamEpsilon }: {
    readonly beta1: number;
    readonly beta2: number;
    readonly adamEpsilon: number;
  },
  t: number,
): OracleRule {
  return (gradient, [mean, square], at, learningRate) => {
    mean[at] = beta1 * mean[at] + (1 - beta1) * gradient;
    square[at] = beta2 * square[at] + (1 - beta2) * gradient ** 2;
    const [meanHat, squareHat] = [mean[at] / (1 - beta1 ** t), square[at] / (1 - beta2 ** t)];
    return -learningRate * meanHat / (Math.sqrt(squareHat) + adamEpsilon);
  };
}

/** The rule of an optimiser's update number `t`, counted from 1. */
export function ruleOf(settings: OptimizerSettings, t: number): OracleRule {
  switch (settings.optimizer) {
    case "sgd":
      return sgdRule(settings);
    case "adam":
      return adamRule(settings, t);
  }
}

/** What weight decay acts on, and how far parameters move. */
export interface OracleStep {
  readonly learningRate: number;
  readonly fanInLimit: number;
  readonly weightDecay: number;
  readonly weightDecayForm: "outside" | "coupled" | "decoupled";
}

/** One update of all parameters, in place; parameters of activations do not decay. */
export function updateNetwork(
  net: OracleNetwork,
  gradients: readonly OracleGradients[],
  rule: OracleRule,
  step: OracleStep,
): void {
  const { learningRate, fanInLimit, weightDecay, weightDecayForm } = step;
  const move = (
    w: Float64Array,
    planes: readonly Float64Array[],
    g: Float64Array,
    decay: number,
    rate: number,
    mask?: Uint8Array,
  ) => {
    const shrink = weightDecayForm === "outside" ? decay : weightDecayForm === "decoupled" ? rate * decay : 0;
    for (let at = 0; at < w.length; at++) {
      if (mask && mask[at] === 0) continue;
      const slope = g[at] + (weightDecayForm === "coupled" ? decay * w[at] : 0);
      w[at] += rule(slope, planes, at, rate) - shrink * w[at];
    }
  };
  for (const [index, layer] of net.layers.entries()) {
    const { weights, bias, activationParameters } = gradients[index];
    const fanIn = layer.mask.reduce((sum, one) => sum + one, 0) / layer.neurons;
    const rate = learningRate * Math.min(1, fanInLimit / fanIn);
    move(layer.weights, layer.planes, weights, weightDecay, rate, layer.mask);
    move(layer.bias, layer.biasPlanes, bias, weightDecay, learningRate);
    const own = layer.learnsSlope ? learningRate / Math.sqrt(layer.neurons) : learningRate;
    move(layer.activationParameters, layer.activationPlanes, activationParameters, 0, own);
  }
}

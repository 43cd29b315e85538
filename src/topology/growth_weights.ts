/**
 * The values of connections that grow: a law of their own, beside the initialiser's.
 *
 * @module
 */
import type { ValueLaw } from "../native/init.ts";
import type { SparseMlp } from "../model/model.ts";
import { isUnscaled } from "../model/target_scaling.ts";
import { weightLaw, type WeightLawOptions } from "../sparse/init.ts";
import type { GrowthRule } from "./rules/rule.ts";

/** Scale of grown weights: the initialiser's, none (they begin at exactly 0), or a share (≥ 0) of the initialiser's. */
export type GrowthWeights = "initial" | "zero" | number;

/**
 * The law of grown weights: the initialiser's, with its scale times the share.
 *
 * A share of 1 gives the initialiser's bits; one of 0 gives exactly +0 and draws nothing.
 *
 * @param initial Law of the layer's first weights, of its present size and density.
 */
export function growthLaw(initial: WeightLawOptions, weights: GrowthWeights): ValueLaw {
  const { kind, scale } = weightLaw(initial);
  const share = weights === "initial" ? 1 : weights === "zero" ? 0 : weights;
  return { kind, scale: scale * share };
}

/**
 * The scale of grown weights where none is asked for.
 *
 * Rules that grow by gradient begin at 0 (Evci et al. 2020), others as they say. Those that say nothing draw anew as the
 * paper does, as long as the initialiser's scale follows dense widths: one that follows the sparse fan-in stands out
 * among trained weights and the loss explodes, so there they begin at 0 too. So they do in a regression, where the
 * squared error of what fresh weights add has no bound; a network that learned targets as they were goes on as it began.
 * Measured: docs/algorithms.md, "Values of grown connections".
 */
export function defaultGrowthWeights(
  { needs, growthWeights }: Pick<GrowthRule, "needs" | "growthWeights">,
  { settings: { initializer, fanIn }, targetScaling }: GrowingModel,
): GrowthWeights {
  const followsSparse = fanIn === "sparse" && initializer !== "normal";
  const regression = targetScaling !== undefined && !isUnscaled(targetScaling);
  if (growthWeights !== undefined) return growthWeights;
  return needs === "gradients" || followsSparse || regression ? "zero" : "initial";
}

/** What decides the scale of grown weights where none is asked for. */
export type GrowingModel = Pick<SparseMlp, "targetScaling"> & {
  readonly settings: Pick<WeightLawOptions, "initializer" | "fanIn">;
};

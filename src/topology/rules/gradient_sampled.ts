/**
 * Growth by gradient among places that are drawn: guided stochastic exploration.
 *
 * @module
 */
import type { TableOf } from "../../hyperparameter.ts";
import { absentPairs, absentPlaces } from "../../native/grow.ts";
import { growStrongest } from "./strongest.ts";
import type { GradientRule, RulePlace, RuleSettings } from "./rule.ts";

/** How candidates are drawn: all alike, or in proportion to what a batch brings to their inputs and back to their neurons. */
export type GrowthSampling = "uniform" | "grabo" | "graest";

/** What growth by gradient may be told. */
export interface GradientSampledOptions {
  /**
   * Absent places of a layer whose gradients are looked at, as a share of its connections (γ).
   *
   * @default {1}
   */
  readonly growthCandidates?: number;
  /**
   * How these places are drawn: uniformly, in proportion to Σ|h|·Σ|δ| (`grabo`), or to |Σ s·h|·|Σ s·δ| with random signs s
   * (`graest`), sums over the samples of the batch.
   *
   * @default {"uniform"}
   */
  readonly growthSampling?: GrowthSampling;
}

/** Rows of {@linkcode GradientSampledOptions}. */
export const GRADIENT_SAMPLED_HYPERPARAMETERS = {
  growthCandidates: {
    kind: "number",
    above: 0,
    default: 1,
    doc: "Absent places whose gradients are looked at, as a share of the connections of a layer (γ).",
  },
  growthSampling: {
    kind: "choice",
    choices: ["uniform", "grabo", "graest"],
    default: "uniform",
    doc:
      "How these places are drawn: uniform, in proportion to the size of activations and deltas (grabo), or to that of " +
      "their sums with random signs (graest).",
  },
} as const satisfies TableOf<GradientSampledOptions>;

/** Settings of growth by gradient. */
export type GradientSampledSettings = RuleSettings & Readonly<Required<GradientSampledOptions>>;

/**
 * Draws γ·nnz places, at most as many as there are; connections grow at those whose gradients lie farthest from zero.
 *
 * Uniform places are distinct and absent; of those drawn by sums, the ones that exist or repeat are thrown away. Where
 * fewer are left than shall grow, the rest grows at random, what was dropped just now included: so a layer that is nearly
 * full keeps its connections.
 *
 * Source: Heddes et al. 2024 ("Always-Sparse Training by Growing Connections with Guided Stochastic Exploration").
 * As there, all places of a layer that is more than half full are looked at with γ = 1. Deviation: uniform places of
 * theirs may repeat or exist too.
 * Cost: O(inputs + neurons + nnz), the gradients of the places, and a pass of the batch more where places are drawn by
 * sums; 20 bytes a place while the topology changes.
 */
export const GRADIENT_SAMPLED: GradientRule<RulePlace<GradientSampledSettings>> = {
  name: "gradient-sampled",
  needs: "gradients",
  sums: ({ growthSampling }) => SUMS[growthSampling],
  candidates(connections, place) {
    const { inputs, neurons, nnz } = connections;
    const places = inputs * neurons;
    const count = Math.ceil(Math.min(place.settings.growthCandidates * nnz, places));
    if (place.sums !== undefined) return absentPairs(connections, place.sums, count, place);
    return absentPlaces(connections, Math.min(count, places - nnz), place);
  },
  grow: growStrongest,
};

/** What each way to draw is told of the batch. */
const SUMS = { uniform: undefined, grabo: "absolute", graest: "signed" } as const;

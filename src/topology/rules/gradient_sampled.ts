/**
 * Growth by gradient among places that are drawn: guided stochastic exploration with uniform draws.
 *
 * @module
 */
import type { TableOf } from "../../hyperparameter.ts";
import { absentPlaces, growRandom, insertConnections } from "../../native/grow.ts";
import { keepStrongest } from "../../native/strongest.ts";
import type { GradientRule, RulePlace, RuleSettings } from "./rule.ts";

/** What growth by gradient may be told. */
export interface GradientSampledOptions {
  /**
   * Absent places of a layer whose gradients are looked at, as a share of its connections (γ).
   *
   * @default {1}
   */
  readonly growthCandidates?: number;
}

/** Rows of {@linkcode GradientSampledOptions}. */
export const GRADIENT_SAMPLED_HYPERPARAMETERS = {
  growthCandidates: {
    kind: "number",
    above: 0,
    default: 1,
    doc: "Absent places whose gradients are looked at, as a share of the connections of a layer (γ).",
  },
} as const satisfies TableOf<GradientSampledOptions>;

/** Settings of growth by gradient. */
export type GradientSampledSettings = RuleSettings & Readonly<Required<GradientSampledOptions>>;

/**
 * Draws γ·nnz absent places uniformly; connections grow at those whose gradients lie farthest from zero.
 *
 * Where fewer places were drawn than shall grow, the rest grows at random, what was dropped just now included: so a
 * layer that is nearly full keeps its connections.
 *
 * Source: Heddes et al. 2024 ("Always-Sparse Training by Growing Connections with Guided Stochastic Exploration").
 * As there, all places of a layer that is more than half full are looked at with γ = 1. Deviation: places are distinct
 * and absent when they are drawn, theirs may repeat or exist and are then thrown away.
 * Cost: O(inputs + nnz) and the gradients of the places; 20 bytes a place while the topology changes.
 */
export const GRADIENT_SAMPLED: GradientRule<RulePlace<GradientSampledSettings>> = {
  name: "gradient-sampled",
  needs: "gradients",
  candidates(connections, place) {
    const { inputs, neurons, nnz } = connections;
    const count = Math.ceil(place.settings.growthCandidates * nnz);
    return absentPlaces(connections, Math.min(count, inputs * neurons - nnz), place);
  },
  grow(connections, count, place) {
    const { candidates, gradients } = place;
    const before = connections.nnz;
    const strongest = keepStrongest(candidates, gradients, Math.min(count, gradients.length));
    connections.nnz = insertConnections(connections, strongest, place, place);
    const left = before + count - connections.nnz;
    if (left > 0) connections.nnz = growRandom(connections, left, place, place);
    return connections.nnz - before;
  },
};

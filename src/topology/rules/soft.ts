/**
 * Soft removal: connections are kept at random, the more likely the more they matter.
 *
 * @module
 */
import type { TableOf } from "../../hyperparameter.ts";
import { MEASURES, softScores } from "../../native/soft.ts";
import { dropLowestShare } from "./lowest.ts";
import type { DropRule, RulePlace, RuleSettings } from "./rule.ts";

/** What soft removal may be told. */
export interface SoftRemovalOptions {
  /**
   * How much a connection matters: its share of the absolute weights of its row plus that of its column
   * (`relative-importance`), or its own absolute weight (`magnitude`).
   *
   * @default {"relative-importance"}
   */
  readonly dropScore?: "magnitude" | "relative-importance";
  /**
   * Power T of that score at the end of the run, from 1 at its start: the larger, the more strictly connections go by it.
   *
   * @default {3}
   */
  readonly dropTemperature?: number;
}

/** Rows of {@linkcode SoftRemovalOptions}. */
export const SOFT_HYPERPARAMETERS = {
  dropScore: {
    kind: "choice",
    choices: MEASURES,
    default: "relative-importance",
    doc: "How much a connection matters: |w|, or its share of the |w| of its row plus that of its column.",
  },
  dropTemperature: {
    kind: "number",
    least: 1,
    default: 3,
    doc: "Power of that score at the end of the run, from 1 at its start: larger is stricter (T).",
  },
} as const satisfies TableOf<SoftRemovalOptions>;

/** Settings of soft removal. */
export type SoftRemovalSettings = RuleSettings & Readonly<Required<SoftRemovalOptions>>;

/**
 * Keeps all but ⌊ζ·nnz⌋ connections, drawn without replacement in proportion to score^T; T rises from 1 with the run.
 *
 * The draw is exact: the largest T·log(score) + Gumbel noise stay. Weights of 0 go first.
 *
 * Source: Zhang et al. 2025 (CHTs, arXiv 2501.19107). Cost: O(nnz + neurons), 4 bytes a connection while it drops.
 */
export const SOFT: DropRule<RulePlace<SoftRemovalSettings>> = {
  name: "soft",
  drop(connections, place) {
    const { settings: { dropScore, dropTemperature }, progress } = place;
    const temperature = 1 + (dropTemperature - 1) * progress;
    const scores = softScores(connections, { measure: dropScore, temperature }, place);
    return dropLowestShare(connections, scores, place);
  },
};

/**
 * Removal by weight and gradient: what is small and hardly moves goes.
 *
 * @module
 */
import { dropLowestShare } from "./lowest.ts";
import type { RemovalRule } from "./rule.ts";

/** What the gradient counts beside the weight. */
const GRADIENT_SHARE = 0.01;

/**
 * The ⌊ζ·nnz⌋ connections with the smallest |w| + 0.01·|g| go, where g is the gradient of one batch; of equal ones the first
 * in the matrix.
 *
 * Source: Yuan et al. 2021 (MEST). Cost: O(nnz), 20 bytes a connection, and the probe's pass of one batch.
 */
export const MAGNITUDE_GRADIENT: RemovalRule = {
  name: "magnitude-gradient",
  needs: "gradients",
  drop(connections, place) {
    const { nnz, values } = connections;
    const scores = values.slice(0, nnz);
    for (let at = 0; at < nnz; at++) {
      scores[at] = Math.abs(scores[at]) + GRADIENT_SHARE * Math.abs(place.gradients[at]);
    }
    return dropLowestShare(connections, scores, place);
  },
};

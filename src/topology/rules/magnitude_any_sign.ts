/**
 * Removal of the smallest weights, whatever their sign.
 *
 * @module
 */
import { dropLowestShare } from "./lowest.ts";
import type { RemovalRule } from "./rule.ts";

/**
 * The ⌊ζ·nnz⌋ connections whose weights are closest to zero go, of both signs together; of equal ones the first in the
 * matrix.
 *
 * Source: Evci et al. 2020 (RigL); SET does it on each side of zero. Cost: O(nnz), 4 bytes a connection.
 */
export const MAGNITUDE_ANY_SIGN: RemovalRule = {
  name: "magnitude-any-sign",
  drop(connections, place) {
    const { nnz, values } = connections;
    const scores = values.slice(0, nnz);
    for (let at = 0; at < nnz; at++) scores[at] = Math.abs(scores[at]);
    return dropLowestShare(connections, scores, place);
  },
};

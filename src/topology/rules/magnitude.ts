/**
 * SET's drop rule: connections whose weights are closest to zero go.
 *
 * @module
 */
import { dropSmallest } from "../../native/drop.ts";
import type { DropRule, RulePlace } from "./rule.ts";

/**
 * SET's drop rule: the zeta fraction of the positive and of the negative weights that are closest to zero.
 *
 * Exactly ⌊zeta·n⁺⌋ and ⌊zeta·n⁻⌋ go, by exact selection in O(nnz); the sign bit decides the side of a zero,
 * and of equal weights the first in the matrix goes.
 *
 * @param zeta Dropped fraction, in [0, 1).
 * @throws {RangeError} When zeta lies outside its range.
 */
export function smallestMagnitude(zeta: number): DropRule {
  if (!(zeta >= 0 && zeta < 1)) {
    throw new RangeError(
      `Cannot evolve the topology: zeta is ${zeta}, expected a value from 0 up to (not including) 1`,
    );
  }
  return {
    name: "magnitude",
    drop(connections, { threads = 1 }) {
      const before = connections.nnz;
      connections.nnz = dropSmallest(connections, zeta, threads);
      return before - connections.nnz;
    },
  };
}

/** {@linkcode smallestMagnitude} with the ζ of the run. */
export const MAGNITUDE: DropRule<RulePlace> = {
  name: "magnitude",
  drop: (connections, place) => smallestMagnitude(place.settings.zeta).drop(connections, place),
};

/**
 * SET's grow rule: connections grow anywhere.
 *
 * @module
 */
import { growRandom } from "../../native/grow.ts";
import type { ValueLaw } from "../../native/init.ts";
import type { GrowRule, RulePlace } from "./rule.ts";

/**
 * SET's grow rule: uniformly random absent places, one dropped just now included.
 *
 * Cost: O(inputs + nnz), whatever the number of absent places.
 *
 * @param weights Distribution of the new weights, usually the layer's initial one.
 */
export function uniformGrowth(weights: ValueLaw): GrowRule {
  return {
    name: "random",
    grow(connections, count, place) {
      const before = connections.nnz;
      connections.nnz = growRandom(connections, count, { weights, fresh: place.fresh ?? [] }, place);
      return connections.nnz - before;
    },
  };
}

/** {@linkcode uniformGrowth} with the weights of the run. */
export const RANDOM: GrowRule<RulePlace> = {
  name: "random",
  grow: (connections, count, place) => uniformGrowth(place.weights).grow(connections, count, place),
};

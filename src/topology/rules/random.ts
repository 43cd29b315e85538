/**
 * SET's grow rule: connections grow anywhere.
 *
 * @module
 */
import { growRandom } from "../../native/grow.ts";
import { settingsOf } from "../../hyperparameter.ts";
import { VALUE_LAW, type ValueLaw } from "../../native/init.ts";
import { checkChangeable } from "../../sparse/csr.ts";
import { readByName } from "../../value.ts";
import type { GrowRule, RulePlace } from "./rule.ts";

const TASK = "grow connections";

/**
 * SET's grow rule: uniformly random absent places, one dropped just now included.
 *
 * Cost: O(inputs + nnz), whatever the number of absent places.
 *
 * @param weights Distribution of the new weights, usually the layer's initial one.
 */
export function uniformGrowth(weights: ValueLaw): GrowRule {
  const law = settingsOf(VALUE_LAW)(weights, {
    task: "grow connections",
    name: "weights",
  }) as unknown as ValueLaw;
  return {
    name: "random",
    grow(connections, count, place) {
      checkChangeable(connections);
      const { fresh = [] } = readByName(place, ["fresh"], TASK, "place.") as Pick<typeof place, "fresh">;
      const before = connections.nnz;
      connections.nnz = growRandom(connections, count, { weights: law, fresh }, place);
      return connections.nnz - before;
    },
  };
}

/** {@linkcode uniformGrowth} with the weights of the run. */
export const RANDOM: GrowRule<RulePlace> = {
  name: "random",
  grow: (connections, count, place) => uniformGrowth(place.weights).grow(connections, count, place),
};

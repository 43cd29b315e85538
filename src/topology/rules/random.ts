/**
 * SET's grow rule: connections grow anywhere.
 *
 * @module
 */
import { growRandom, type Seedling } from "../../native/grow.ts";
import { settingsOf } from "../../hyperparameter.ts";
import { VALUE_LAW, type ValueLaw } from "../../native/init.ts";
import { checkChangeable, type Connections } from "../../sparse/csr.ts";
import { readByName } from "../../value.ts";
import type { EvolutionPlace, GrowRule, RulePlace } from "./rule.ts";

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
      return grow(connections, count, { weights: law, fresh }, place);
    },
  };
}

/** {@linkcode uniformGrowth} with the weights of the run, whose law is checked. */
export const RANDOM: GrowRule<RulePlace> = {
  name: "random",
  grow: (connections, count, place) => grow(connections, count, place, place),
};

function grow(connections: Connections, count: number, seedling: Seedling, place: EvolutionPlace): number {
  const before = connections.nnz;
  connections.nnz = growRandom(connections, count, seedling, place);
  return connections.nnz - before;
}

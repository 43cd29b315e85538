/**
 * Growth by Cannistraci-Hebb: where the topology itself says that a connection is missing, without gradients.
 *
 * @module
 */
import { likelyPlaces } from "../../native/cannistraci_hebb.ts";
import { removeChains } from "../chains.ts";
import { growAt } from "./grow_at.ts";
import type { GrowRule, RulePlace } from "./rule.ts";

/** Most additions of a change of one layer: a quarter of an hour of a processor, in which nothing can stop it. */
const MOST_ADDITIONS = 2e13;

/**
 * Removes chains, then draws absent places in proportion to their score by CH2-L3n, which counts paths of length three.
 *
 * The score of (u, v) is the sum, over the neighbours j of v that share a neighbour with u, of
 * (cn(u, j) + 1)/(deg j − cn(u, j)), and the same from v's side; cn is the number of neighbours shared. Where fewer places
 * than needed have a score, all of those grow, and the rest at random. New weights begin at 0.
 *
 * Source: Zhang et al. 2025 (CHTs, arXiv 2501.19107). Cost: about (inputs + neurons) · degree³ additions a layer: 20 ms of
 * a processor for 1000 × 1000 at a density of 4 %, minutes where 100,000 neurons have a hundred neighbours each. Layers
 * that need more than 2·10¹³ are refused. Memory: 20 to 136 bytes a neuron and thread, 64 bytes a connection to grow.
 */
export const CANNISTRACI_HEBB: GrowRule<RulePlace> = {
  name: "cannistraci-hebb",
  readsIncoming: true,
  growthWeights: "zero",
  clear: removeChains,
  checkLayers(layers) {
    for (const { inputs, neurons, nnz = 0 } of layers) {
      const additions = nnz ** 3 * (1 / inputs ** 2 + 1 / neurons ** 2);
      if (additions <= MOST_ADDITIONS) continue;
      throw new RangeError(
        `Cannot grow connections by "cannistraci-hebb": the layer [${inputs}, ${neurons}] of ${nnz} connections needs ` +
          `about ${additions.toPrecision(2)} additions at each change, at most ${
            MOST_ADDITIONS.toPrecision(2)
          } are made; ` +
          'a smaller epsilon or density is needed, or growth "gradient-sampled"',
      );
    }
  },
  grow: (connections, count, place) =>
    growAt(connections, likelyPlaces(connections, count, place), count, place),
};

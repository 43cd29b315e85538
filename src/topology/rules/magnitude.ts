/**
 * SET's drop rule: connections whose weights are closest to zero go.
 *
 * @module
 */
import { FRACTION, readValue, THREADS } from "../../hyperparameter.ts";
import { dropSmallest } from "../../native/drop.ts";
import { checkChangeable, type Connections } from "../../sparse/csr.ts";
import { readByName } from "../../value.ts";
import type { DropRule, RulePlace } from "./rule.ts";

const TASK = "drop connections";

const ZETA = { kind: "number", ...FRACTION, required: true, doc: "Dropped fraction." } as const;

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
  readValue(ZETA, zeta, { task: "evolve the topology", name: "zeta" });
  return {
    name: "magnitude",
    drop(connections, place) {
      checkChangeable(connections);
      const { threads: given } = readByName(place, ["threads"], TASK, "place.");
      const threads = readValue(THREADS, given as number | undefined, { task: TASK, name: "threads" });
      return drop(connections, zeta, threads);
    },
  };
}

/** {@linkcode smallestMagnitude} with the ζ of the run, which has checked it. */
export const MAGNITUDE: DropRule<RulePlace> = {
  name: "magnitude",
  drop: (connections, { settings, threads = 1 }) => drop(connections, settings.zeta, threads),
};

function drop(connections: Connections, zeta: number, threads: number): number {
  const before = connections.nnz;
  connections.nnz = dropSmallest(connections, zeta, threads);
  return before - connections.nnz;
}

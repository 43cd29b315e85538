/**
 * Removal of the lowest scores: what rules that score each connection have alike.
 *
 * @module
 */
import { dropLowest } from "../../native/drop.ts";
import type { Connections } from "../../sparse/csr.ts";
import type { RulePlace } from "./rule.ts";

/**
 * Removes the ⌊ζ·nnz⌋ connections of lowest score, of equal ones the first in the matrix. O(nnz).
 *
 * @param scores One a connection, in matrix order.
 * @returns Number of connections removed.
 */
export function dropLowestShare(
  connections: Connections,
  scores: Float32Array,
  { settings: { zeta }, threads }: RulePlace,
): number {
  const { nnz } = connections;
  connections.nnz = dropLowest(connections, scores, Math.floor(zeta * nnz), threads);
  return nnz - connections.nnz;
}

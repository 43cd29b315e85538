/**
 * Growth at chosen places: what rules that choose places have alike.
 *
 * @module
 */
import { growRandom, insertConnections, type Places } from "../../native/grow.ts";
import type { Connections } from "../../sparse/csr.ts";
import type { RulePlace } from "./rule.ts";

/**
 * Adds a connection at each of the places, and at random absent places as many as are missing to `count`. O(nnz + count).
 *
 * @param places Absent, in matrix order; at most `count`.
 * @returns Number of connections added.
 */
export function growAt(connections: Connections, places: Places, count: number, place: RulePlace): number {
  const before = connections.nnz;
  connections.nnz = insertConnections(connections, places, place, place);
  const left = before + count - connections.nnz;
  if (left > 0) connections.nnz = growRandom(connections, left, place, place);
  return connections.nnz - before;
}

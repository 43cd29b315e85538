/**
 * Growth at the places of the largest gradients: what rules that grow by gradient have alike.
 *
 * @module
 */
import { keepStrongest } from "../../native/strongest.ts";
import type { Connections } from "../../sparse/csr.ts";
import { growAt } from "./grow_at.ts";
import type { Probed, RulePlace } from "./rule.ts";

/**
 * Grows at those absent candidates whose gradients lie farthest from zero, the first in the matrix of equal ones; where
 * there are fewer than `count`, the rest grows at random. O(nnz + candidates).
 *
 * @returns Number of connections added.
 */
export function growStrongest(connections: Connections, count: number, place: RulePlace & Probed): number {
  const { candidates, gradients } = place;
  const strongest = keepStrongest(candidates, gradients, Math.min(count, gradients.length));
  return growAt(connections, strongest, count, place);
}

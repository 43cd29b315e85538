/**
 * The name somebody may have meant.
 *
 * @module
 */

/**
 * Finds the candidate with the fewest letters to insert, remove or change (Levenshtein), capitals aside; before that, the
 * one whose words begin with these letters, where there is only one.
 *
 * @returns Undefined when even the nearest differs in more than half its letters.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { nearest } from "./nearest.ts";
 * assertEquals(nearest("fasion-mnist", ["mnist", "fashion-mnist"]), "fashion-mnist");
 * assertEquals(nearest("lr", ["epochs", "learningRate"]), "learningRate");
 * assertEquals(nearest("grow", ["drop", "growth"]), "growth");
 * assertEquals(nearest("iris", ["mnist", "fashion-mnist"]), undefined);
 * ```
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const abbreviated = candidates.filter((candidate) => initials(candidate) === word.toLowerCase());
  if (abbreviated.length === 1) return abbreviated[0];
  let best: string | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    const nearer = distance < least || (distance === least && candidate.startsWith(word));
    if (nearer && distance <= candidate.length / 2) [best, least] = [candidate, distance];
  }
  return best;
}

/** "lr" for `learningRate` and `learning-rate`; nothing for a single word. */
function initials(name: string): string | undefined {
  const words = name.split(/-|(?=[A-Z])/);
  return words.length > 1 ? words.map((word) => word.charAt(0)).join("").toLowerCase() : undefined;
}

function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = row[j - 1] + Number(from[i - 1] !== to[j - 1]);
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[to.length];
}

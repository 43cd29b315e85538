/**
 * How numbers stand beside an axis.
 *
 * @module
 */

/** From here on, and below here, numbers are long when written out. */
const [LARGE, SMALL] = [10_000, 0.001];

/** The format of ticks that would have no room: 250,000 is written 250k, 0.00002 is 20µ. */
export function roomyTicks(values: Iterable<number>): { readonly tickFormat?: "~s" } {
  let most = 0;
  for (const value of values) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return most >= LARGE || (most > 0 && most < SMALL) ? { tickFormat: "~s" } : {};
}

/** Ticks of an axis of counts: about four, never between two whole numbers. */
export function countTicks(most: number): { readonly ticks: number; readonly tickFormat: "~s" } {
  return { ticks: Math.max(1, Math.min(4, Math.floor(most))), tickFormat: "~s" };
}

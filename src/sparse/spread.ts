/**
 * How an exact number of connections is spread over the layers of a network.
 *
 * @module
 */
import { MAX_CONNECTIONS } from "./csr.ts";

/**
 * Spreads the connections of a network of a given overall density over its layers: exactly round(density · Σ n·m) in all.
 *
 * The density of a layer of n inputs and m neurons is in proportion to (n + m)/(n·m), so its connections to n + m. Layers
 * that would be more than full are full, and the others share what is left in the same way. Of the fractions left when
 * numbers are made whole, the largest are rounded up, in equal layers the first.
 *
 * Source: Mocanu et al. 2018 and Evci et al. 2020 (Erdős–Rényi, "ERK" without kernels). Cost: O(layers²).
 *
 * @param sizes Neurons of each layer, input first.
 * @param density Of the whole network, in [0, 1].
 * @returns Connections of each layer.
 * @throws {RangeError} When the density is out of range, or a layer would have more connections than can be counted.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { spreadConnections } from "./spread.ts";
 *
 * assertEquals(spreadConnections([784, 1000, 10], 0.05), [29_700, 10_000]);
 * ```
 */
export function spreadConnections(sizes: readonly number[], density: number): number[] {
  if (!(density >= 0 && density <= 1)) {
    throw new RangeError(`Cannot spread connections: density is ${density}, expected a value from 0 to 1`);
  }
  const layers = sizes.slice(1).map((neurons, layer) => ({
    places: sizes[layer] * neurons,
    weight: sizes[layer] + neurons,
  }));
  const total = Math.round(density * layers.reduce((sum, { places }) => sum + places, 0));
  const full = new Set<number>();
  let share = 0;
  for (;;) {
    const open = layers.filter((_, layer) => !full.has(layer));
    const left = layers.reduce((left, { places }, layer) => full.has(layer) ? left - places : left, total);
    share = open.length === 0 ? 0 : left / open.reduce((sum, { weight }) => sum + weight, 0);
    const before = full.size;
    layers.forEach(({ places, weight }, layer) => share * weight >= places && full.add(layer));
    if (full.size === before) break;
  }
  const exact = layers.map(({ places, weight }, layer) => full.has(layer) ? places : share * weight);
  const counts = exact.map((count) => Math.floor(count));
  const byFraction = exact
    .map((count, layer) => ({ layer, fraction: count - counts[layer] }))
    .toSorted((one, other) => other.fraction - one.fraction || one.layer - other.layer);
  let missing = total - counts.reduce((sum, count) => sum + count, 0);
  for (const { layer } of byFraction) {
    if (missing <= 0) break;
    if (counts[layer] === layers[layer].places) continue;
    counts[layer]++;
    missing--;
  }
  const most = Math.max(...counts);
  if (most <= MAX_CONNECTIONS) return counts;
  throw new RangeError(
    `Cannot make a layer with ${most} connections: at most ${MAX_CONNECTIONS} can be counted; choose a smaller ` +
      "density",
  );
}

/**
 * Numbers that are not numbers.
 *
 * @module
 */

/** Numbers that are looked at together: to ask of each one costs ten times as much. */
const BLOCK = 4096;

/** Index of the first NaN or infinity, −1 where there is none. */
export function firstNotFinite(values: Float32Array): number {
  for (let start = 0; start < values.length; start += BLOCK) {
    const end = Math.min(start + BLOCK, values.length);
    // A number times zero is zero, but for NaN and infinities.
    let zero = 0;
    for (let index = start; index < end; index++) zero += values[index] * 0;
    if (zero === 0) continue;
    for (let index = start; index < end; index++) if (!Number.isFinite(values[index])) return index;
  }
  return -1;
}

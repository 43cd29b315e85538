/**
 * Whether numbers are numbers.
 *
 * @module
 */

/** Numbers looked at together: a check of each costs ten times more. */
const BLOCK = 4096;
/** The bits of an f32 that are its exponent, and the lowest of them. */
const [EXPONENT, EXPONENT_ONE] = [0x7f80_0000, 0x0080_0000];

/**
 * Index of the first number that is NaN, infinite, below `least` or above `most`; −1 where there is none.
 *
 * Cost: one read of the numbers, several gigabytes a second.
 */
export function firstUnfit(numbers: Float32Array, least = -Infinity, most = Infinity): number {
  const bits = new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  for (let start = 0; start < numbers.length; start += BLOCK) {
    const end = Math.min(start + BLOCK, numbers.length);
    // Of what is no finite number all bits of the exponent are set: one more carries into the sign.
    let carried = 0;
    for (let at = start; at < end; at++) carried |= (bits[at] & EXPONENT) + EXPONENT_ONE;
    let smallest = Infinity;
    if (least > -Infinity) {
      for (let at = start; at < end; at++) smallest = Math.min(smallest, numbers[at]);
    }
    let largest = -Infinity;
    if (most < Infinity) {
      for (let at = start; at < end; at++) largest = Math.max(largest, numbers[at]);
    }
    if (carried >= 0 && smallest >= least && largest <= most) continue;
    return start +
      numbers.subarray(start, end).findIndex((x) => !Number.isFinite(x) || x < least || x > most);
  }
  return -1;
}

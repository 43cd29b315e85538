/**
 * How many places of a layer have ever been connected: counted by a bit a place, or estimated where places are too many.
 *
 * @module
 */

/** The most places that have a bit each: 128 MiB. */
export const MOST_BITS: number = 2 ** 30;

/** Registers of an estimate, and how far it is off (standard deviation, as a share). */
const INDEX_BITS = 14, REGISTERS = 2 ** INDEX_BITS;
const SKETCH_ERROR = 1.04 / Math.sqrt(REGISTERS);
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS);

/**
 * The places of a layer that were ever connected.
 *
 * Up to 2³⁰ places they are counted; beyond, their number is estimated from 64 KiB of registers, a function of the set of
 * places alone.
 *
 * Source: Flajolet et al. 2007 (HyperLogLog).
 */
export class EverConnected {
  /** A bit a place, or the registers. */
  readonly words: Uint32Array;
  readonly #neurons: number;
  readonly #exact: boolean;
  #count = 0;

  /**
   * @param inputs Rows of the layer.
   * @param neurons Its columns.
   * @param words What another has kept of the same layer. @default none connected yet
   * @throws {RangeError} When the words are not as many as the layer needs.
   */
  constructor(inputs: number, neurons: number, words?: Uint32Array) {
    const length = EverConnected.wordsOf(inputs, neurons);
    if (words !== undefined && words.length !== length) {
      throw new RangeError(
        `there are ${words.length} words of places that were connected, expected ${length}`,
      );
    }
    this.words = words ?? new Uint32Array(length);
    this.#neurons = neurons;
    this.#exact = inputs * neurons <= MOST_BITS;
    if (words === undefined || !this.#exact) return;
    for (const word of words) this.#count += onesOf(word);
  }

  /** Words that a layer needs. */
  static wordsOf(inputs: number, neurons: number): number {
    return inputs * neurons <= MOST_BITS ? Math.ceil(inputs * neurons / 32) : REGISTERS;
  }

  /** Standard deviation of the count, as a share of it; 0 where it is exact. */
  get error(): number {
    return this.#exact ? 0 : SKETCH_ERROR;
  }

  /** Notes a place. */
  add(row: number, column: number): void {
    const { words } = this;
    if (this.#exact) {
      const place = row * this.#neurons + column;
      const [word, bit] = [place >>> 5, 1 << (place & 31)];
      if ((words[word] & bit) !== 0) return;
      words[word] |= bit;
      this.#count++;
      return;
    }
    const low = mixed(row ^ mixed(column));
    const high = mixed(column + Math.imul(low, 0x9e3779b1));
    const register = low >>> (32 - INDEX_BITS);
    const rank = 1 + (high === 0 ? 32 + Math.clz32(low << INDEX_BITS) : Math.clz32(high));
    words[register] = Math.max(words[register], rank);
  }

  /** How many places were noted. */
  get count(): number {
    if (this.#exact) return this.#count;
    let [sum, empty] = [0, 0];
    for (const register of this.words) {
      sum += 2 ** -register;
      empty += Number(register === 0);
    }
    const estimate = ALPHA * REGISTERS * REGISTERS / sum;
    return estimate <= 2.5 * REGISTERS && empty > 0 ? REGISTERS * Math.log(REGISTERS / empty) : estimate;
  }

  /** The same over memory of its own. */
  copy(inputs: number): EverConnected {
    return new EverConnected(inputs, this.#neurons, this.words.slice());
  }
}

/** Mixes 32 bits so that close inputs give unrelated outputs (finaliser of MurmurHash3). */
function mixed(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

function onesOf(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/**
 * The compact protocol of Thrift, in which the footer and the page headers of a Parquet file are written.
 *
 * @module
 */

/** Fields of a structure by number: numbers and structures, truth values; NaN stands for all else. */
export type ThriftFields = ReadonlyMap<number, number | boolean | ThriftFields>;

const TYPE = {
  stop: 0,
  true: 1,
  false: 2,
  byte: 3,
  short: 4,
  word: 5,
  long: 6,
  double: 7,
  binary: 8,
  list: 9,
  struct: 12,
} as const;

/** Structures inside one another; Parquet has seven. */
const MOST_DEPTH = 24;

/**
 * Reads structures, and refuses what keeps a reader busy or has it ask for more memory than there are bytes: numbers
 * without an end, lists longer than what follows, structures without a floor.
 */
export class ThriftReader {
  /** Place of the next byte. */
  at: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Reads a structure. @throws {RangeError} When it is damaged. */
  struct(depth = 0): ThriftFields {
    if (depth > MOST_DEPTH) throw new RangeError("structures too deep inside one another");
    const fields = new Map<number, number | boolean | ThriftFields>();
    for (let field = 0;;) {
      const head = this.byte();
      const type = head & 15;
      if (type === TYPE.stop) return fields;
      const step = head >> 4;
      field = step > 0 ? field + step : this.zigzag();
      fields.set(field, this.#element(type, depth));
    }
  }

  byte(): number {
    if (this.at >= this.#bytes.length) throw new RangeError("it ends inside a number");
    return this.#bytes[this.at++];
  }

  /** A whole number of 32 bits, from 0 to 2³² − 1. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) {
        if (value >= 2 ** 32) break;
        return value;
      }
    }
    throw new RangeError("a number that does not fit into 32 bits");
  }

  /** A whole number of 32 bits with its sign. */
  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A whole number of 64 bits, which is passed over. */
  skipLong(): void {
    for (let count = 0; count < 10; count++) if (this.byte() < 128) return;
    throw new RangeError("a number that does not fit into 64 bits");
  }

  #element(type: number, depth: number): number | boolean | ThriftFields {
    switch (type) {
      case TYPE.true:
        return true;
      case TYPE.false:
        return false;
      case TYPE.byte:
        this.byte();
        return NaN;
      case TYPE.short:
      case TYPE.word:
        return this.zigzag();
      case TYPE.long:
        this.skipLong();
        return NaN;
      case TYPE.double:
        this.#skip(8);
        return NaN;
      case TYPE.binary:
        this.#skip(this.varint());
        return NaN;
      case TYPE.list: {
        const head = this.byte();
        const length = head >> 4 === 15 ? this.varint() : head >> 4;
        if (length > this.#bytes.length - this.at) throw new RangeError(`a list of ${length} is cut short`);
        const element = head & 15;
        const stored = element === TYPE.true || element === TYPE.false ? TYPE.byte : element;
        for (let index = 0; index < length; index++) this.#element(stored, depth + 1);
        return NaN;
      }
      case TYPE.struct:
        return this.struct(depth + 1);
      default:
        throw new RangeError(`a field of the unknown type ${type}`);
    }
  }

  #skip(bytes: number): void {
    if (bytes > this.#bytes.length - this.at) throw new RangeError(`a field of ${bytes} bytes is cut short`);
    this.at += bytes;
  }
}

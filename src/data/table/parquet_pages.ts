/**
 * Pages of a Parquet column, checked before they are decoded: a decoder that believes what they claim never ends, or
 * fills memory, on damaged ones.
 *
 * @module
 */
import { type ThriftFields, ThriftReader } from "./parquet_thrift.ts";

/** A column as the footer describes it. */
export interface PagedColumn {
  /** Rows of the group, and so cells of the column. */
  readonly rows: number;
  /** Whether cells may be missing. */
  readonly optional: boolean;
  /** Physical type, as BOOLEAN or BYTE_ARRAY. */
  readonly type: string;
  /** Unpacks a page to so many bytes; absent where pages are not packed. */
  readonly unpack?: (packed: Uint8Array, bytes: number) => Uint8Array;
}

/** What was found in a column. */
export interface CheckedPages {
  /** Bytes of the pages that were checked. */
  readonly end: number;
  /** What `unpack` gave, in the order of the pages. */
  readonly unpacked: Uint8Array[];
}

/** Bytes that are believed, many times what writers make: of a page, and of the pages of a column in a row group. */
const MOST_PAGE_BYTES = 2 ** 28, MOST_COLUMN_BYTES = 2 ** 31;

const PAGE = { data: 0, dictionary: 2, dataV2: 3 } as const;

const ENCODING = {
  plainDictionary: 2,
  runLength: 3,
  delta: 5,
  deltaLengths: 6,
  deltaTexts: 7,
  dictionary: 8,
} as const;

/**
 * Checks the pages of a column until they hold all rows.
 *
 * @param chunk The bytes of the column in a row group, pages one after another.
 * @throws {RangeError} When they are damaged in a way that a decoder cannot be left with.
 */
export function checkPages(chunk: Uint8Array, column: PagedColumn): CheckedPages {
  const { rows, type, optional } = column;
  const reader = new ThriftReader(chunk);
  const unpacked: Uint8Array[] = [];
  let [values, total, dictionary] = [0, 0, false];
  const unpack = (packed: Uint8Array, bytes: number): Uint8Array => {
    if (column.unpack === undefined) return packed;
    // Not every decompressor knows what nothing looks like when it is packed.
    const page = bytes === 0 ? new Uint8Array(0) : column.unpack(packed, bytes);
    unpacked.push(page);
    return page;
  };
  while (values < rows && reader.at < chunk.length - 1) {
    const header = reader.struct();
    const kind = header.get(1);
    const bytes = count(header, 2, MOST_PAGE_BYTES);
    const packed = chunk.subarray(reader.at, reader.at += count(header, 3, chunk.length - reader.at));
    if ((total += bytes) > MOST_COLUMN_BYTES) {
      throw new RangeError(`a column claims more than ${MOST_COLUMN_BYTES} bytes`);
    }
    if (kind === PAGE.dictionary) {
      count(part(header, 7), 1, 8 * bytes);
      unpack(packed, bytes);
      dictionary = true;
      continue;
    }
    if (kind !== PAGE.data && kind !== PAGE.dataV2) throw new RangeError("a page of an unknown type");
    const details = part(header, kind === PAGE.data ? 5 : 8);
    const held = count(details, 1, rows - values);
    values += held;
    const encoding = details.get(kind === PAGE.data ? 2 : 4);
    const coded = encoding === ENCODING.dictionary || encoding === ENCODING.plainDictionary;
    if (coded && !dictionary) throw new RangeError("a page needs a dictionary, there is none before it");
    if (kind === PAGE.data) {
      const page = unpack(packed, bytes);
      const levels = optional ? checkLevels(page, held) : { present: held, end: 0 };
      const values = page.subarray(levels.end);
      if (type !== "BOOLEAN" && encoding === ENCODING.runLength) checkCodes(values, levels.present);
      else checkValues(values, encoding, type, levels.present);
    } else {
      const present = held - count(details, 2, held);
      count(details, 3, rows);
      const [definitions, repetitions] = [count(details, 5, packed.length), count(details, 6, packed.length)];
      const start = repetitions + (optional ? definitions : 0);
      if (optional) checkRuns(packed.subarray(repetitions, start), 1, held);
      const packedValues = packed.subarray(start);
      const rest = bytes - definitions - repetitions;
      if (rest < 0) throw new RangeError("the levels of a page are longer than the page");
      const page = details.get(7) === false ? packedValues : unpack(packedValues, rest);
      checkValues(page, encoding, type, present);
    }
  }
  return { end: reader.at, unpacked };
}

/** A whole number of a header, from 0 to the most that is believed. */
function count(fields: ThriftFields, field: number, most: number): number {
  const found = fields.get(field);
  if (typeof found === "number" && found >= 0 && found <= most) return found;
  throw new RangeError(`a page header claims ${found ?? "nothing"} where at most ${most} is possible`);
}

function part(fields: ThriftFields, field: number): ThriftFields {
  const found = fields.get(field);
  if (found instanceof Map) return found;
  throw new RangeError("a page header is incomplete");
}

function checkValues(
  page: Uint8Array,
  encoding: number | boolean | ThriftFields | undefined,
  type: string,
  present: number,
): void {
  switch (encoding) {
    case ENCODING.plainDictionary:
    case ENCODING.dictionary:
      if (type === "BOOLEAN") checkRuns(prefixed(page), 1, present);
      else checkCodes(page, present);
      return;
    case ENCODING.runLength:
      checkRuns(prefixed(page), 1, present);
      return;
    case ENCODING.delta:
      checkDeltas(page, 0, present, type === "INT32");
      return;
    case ENCODING.deltaLengths:
      checkDeltas(page, 0, present, true);
      return;
    case ENCODING.deltaTexts:
      checkPrefixes(page, present);
  }
}

/** Codes of a dictionary: a byte that says how wide they are, and runs. */
function checkCodes(page: Uint8Array, present: number): void {
  if (page.length > 0) checkRuns(page.subarray(1), page[0], present);
}

/** What follows a length of four bytes; a decoder reads on beyond that length, until it has enough. */
function prefixed(page: Uint8Array): Uint8Array {
  return page.subarray(4);
}

/** Levels that say which cells are missing, after their length in bytes. */
function checkLevels(page: Uint8Array, cells: number): { present: number; end: number } {
  if (page.length < 4) throw new RangeError("the levels of a page are cut short");
  const end = 4 + new DataView(page.buffer, page.byteOffset).getUint32(0, true);
  if (end > page.length) throw new RangeError("the levels of a page are longer than the page");
  return { present: checkRuns(prefixed(page), 1, cells), end };
}

/**
 * Checks runs of repeated and of packed numbers until there are as many as are wanted.
 *
 * @param width Bits of a number.
 * @returns How many are 1, where the width is 1.
 */
function checkRuns(bytes: Uint8Array, width: number, wanted: number): number {
  if (width > 32) throw new RangeError(`numbers of ${width} bits`);
  const reader = new ThriftReader(bytes);
  let ones = 0;
  for (let seen = 0; seen < wanted;) {
    const head = reader.varint();
    const length = Math.floor(head / 2);
    if (head % 2 === 0) {
      if (length > wanted - seen) {
        throw new RangeError(`a run of ${length} where ${wanted - seen} are missing`);
      }
      let value = 0;
      for (let byte = 0; byte < width; byte += 8) value += reader.byte() * 2 ** byte;
      if (value === 1) ones += length;
      seen += length;
      continue;
    }
    const most = Math.ceil((wanted - seen) / 8);
    if (length > Math.max(most, bytes.length)) {
      throw new RangeError(`${length} groups where ${most} are missing`);
    }
    const last = Math.min(wanted, seen + 8 * length);
    if (width === 1) {
      for (let at = 0; at < last - seen; at++) ones += bytes[reader.at + (at >> 3)] >> (at & 7) & 1;
    }
    seen = last;
    reader.at += length * width;
  }
  return ones;
}

/**
 * Checks numbers packed as differences.
 *
 * @param visit Gets each number, of 32 bits.
 * @returns Where they end.
 */
function checkDeltas(
  page: Uint8Array,
  at: number,
  present: number,
  words: boolean,
  visit?: (value: number, index: number) => void,
): number {
  const reader = new ThriftReader(page, at);
  const [block, parts] = [reader.varint(), reader.varint()];
  const size = block / parts;
  if (!(block <= 2 ** 24 && size > 0 && size % 32 === 0)) {
    throw new RangeError(`blocks of ${block} numbers in ${parts} parts`);
  }
  reader.varint();
  let value = words ? reader.zigzag() : (reader.skipLong(), 0);
  if (present > 0) visit?.(value, 0);
  for (let seen = 1; seen < present;) {
    const least = words ? delta(reader) : (reader.skipLong(), 0);
    const widths = page.subarray(reader.at, reader.at += parts);
    if (widths.length < parts) throw new RangeError("a block of numbers is cut short");
    for (const width of widths) {
      if (seen >= present) break;
      if (width > 64) throw new RangeError(`numbers of ${width} bits`);
      const from = 8 * reader.at;
      const here = Math.min(size, present - seen);
      for (let index = 0; visit !== undefined && index < here; index++) {
        value = value + least + bitsAt(page, from + index * width, Math.min(width, 32)) | 0;
        visit(value, seen + index);
      }
      seen += here;
      reader.at += size * width / 8;
    }
  }
  return reader.at;
}

/** The least difference of a block, which may take 33 bits: all that counts is its value modulo 2³². */
function delta(reader: ThriftReader): number {
  let [low, shift] = [0, 1];
  for (let read = 0; read < 5; read++, shift *= 128) {
    const byte = reader.byte();
    low += (byte & 127) * shift;
    if (byte < 128) return low % 2 === 0 ? low / 2 : -(low + 1) / 2;
  }
  throw new RangeError("a number that does not fit into 33 bits");
}

function bitsAt(page: Uint8Array, from: number, width: number): number {
  let value = 0;
  for (let bit = 0; bit < width; bit++) {
    value |= (page[from + bit >> 3] >> (from + bit & 7) & 1) << bit;
  }
  return value;
}

/** Texts that each begin with a part of the one before: a few bytes may claim to be very many. */
function checkPrefixes(page: Uint8Array, present: number): void {
  const prefixes = new Int32Array(present);
  const middle = checkDeltas(page, 0, present, true, (value, index) => prefixes[index] = value);
  let [before, total] = [0, 0];
  checkDeltas(page, middle, present, true, (suffix, index) => {
    if (suffix < 0 || prefixes[index] < 0 || prefixes[index] > before) {
      throw new RangeError("a text is longer than it can be");
    }
    before = prefixes[index] + suffix;
    if ((total += before) > MOST_PAGE_BYTES) throw new RangeError(`a page claims ${total} bytes of texts`);
  });
}

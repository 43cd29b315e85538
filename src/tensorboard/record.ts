/**
 * Records of an event file: length, its check, content, its check. Numbers are little-endian.
 *
 * @module
 */
import crc32c from "npm:crc-32@1.2.2/crc32c.js";

/** Added to a check sum after its rotation, so that check sums of data with check sums in them are of use. */
const MASK = 0xa282ead8;

/** The CRC-32C of bytes, rotated right by 15 bits and moved on by a constant, as event files have it. */
export function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c.buf(bytes);
  return (((crc >>> 15) | (crc << 17)) + MASK) >>> 0;
}

/**
 * One record.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { frame } from "./record.ts";
 *
 * const record = frame(Uint8Array.of(7));
 * assertEquals([record.length, record[0], record[12]], [17, 1, 7]);
 * ```
 */
export function frame(content: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + content.length);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(content.length), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(content, 12);
  view.setUint32(12 + content.length, maskedCrc(content), true);
  return record;
}

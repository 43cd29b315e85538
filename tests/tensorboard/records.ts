/** Event files as a test reads them, without the code that writes them. @module */
import { assert, assertEquals } from "@std/assert";

/** The CRC-32C of bytes, bit by bit. */
export function crc32c(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Contents of the records of a file, whose check sums are looked at. */
export function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const records = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < bytes.length) {
    const length = Number(view.getBigUint64(at, true));
    assertEquals(view.getUint32(at + 8, true), masked(bytes.subarray(at, at + 8)));
    const content = bytes.subarray(at + 12, at + 12 + length);
    assertEquals(view.getUint32(at + 12 + length, true), masked(content));
    records.push(content);
    at += 16 + length;
  }
  assertEquals(at, bytes.length);
  return records;
}

/** Files below a folder, by their paths in it, in order. */
export function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}/${name}`).map((inner) => `${name}/${inner}`) : [name]
  ).sort();
}

/** Records of the one file of a run. */
export function recordsIn(folder: string): Uint8Array[] {
  const [name, ...others] = filesBelow(folder);
  assertEquals(others, []);
  assert(/^events\.out\.tfevents\.\d{10}\.truly-sparse\.000$/.test(name), name);
  return recordsOf(Deno.readFileSync(`${folder}/${name}`));
}

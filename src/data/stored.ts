/**
 * A source as it is stored: what it is called, and what its first bytes say.
 *
 * @module
 */

/** A file to read: a path, a `file:` URL, or its bytes. */
export type Source = string | URL | Uint8Array;

/** What messages call a source: its path, or "data" for bytes. */
export function sourceName(source: Source): string {
  return source instanceof Uint8Array ? "data" : String(source);
}

/** Deflate cannot pack better than 1 : 1032. */
export const MOST_PACKED = 1032;

/** Whether bytes begin as others do. */
export function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return bytes.length >= start.length && start.every((byte, index) => bytes[index] === byte);
}

/** First bytes of a zip file, and of one without content. */
const ZIP: readonly (readonly number[])[] = [[0x50, 0x4b, 3, 4], [0x50, 0x4b, 5, 6]];

/** Whether bytes begin as a zip file does. */
export function isZip(bytes: Uint8Array): boolean {
  return ZIP.some((start) => startsWith(bytes, start));
}

/**
 * Memory that Workers can see, aligned to cache lines.
 *
 * Vectors that cross cache lines halve the speed of a kernel, and a fresh buffer may begin anywhere.
 *
 * @module
 */
import { adviseHuge } from "../native/pages.ts";
import { misalignment } from "../native/step.ts";
import { beforeSharing } from "./reclaim.ts";

const LINE_BYTES = 64;
/** Bytes from which huge pages are asked for: below, the tables of small pages stay in the cache. */
const HUGE_BYTES = 32 * 2 ** 20;

/**
 * A zero-filled array of `length` 32-bit words over a SharedArrayBuffer, whose first word begins a cache line.
 *
 * It needs no release: what nobody holds any more is collected before much more is made ({@linkcode beforeSharing}).
 *
 * @throws {RangeError} When there is not enough memory, or more is asked for than one buffer can have.
 */
export function sharedWords(length: number): Uint32Array {
  let memory: SharedArrayBuffer;
  beforeSharing(4 * length);
  try {
    memory = new SharedArrayBuffer(4 * length + LINE_BYTES);
  } catch (cause) {
    const gibibytes = (4 * length / 2 ** 30).toFixed(2);
    throw new RangeError(`Cannot allocate ${gibibytes} GiB in one buffer: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (memory.byteLength >= HUGE_BYTES) adviseHuge(new Uint8Array(memory));
  const skip = (LINE_BYTES - misalignment(new Uint8Array(memory))) % LINE_BYTES;
  return new Uint32Array(memory, skip, length);
}

/** As {@linkcode sharedWords}, as floats. */
export function sharedFloats(length: number): Float32Array {
  const words = sharedWords(length);
  return new Float32Array(words.buffer, words.byteOffset, length);
}

/** As {@linkcode sharedWords}, as bytes. */
export function sharedBytes(length: number): Uint8Array {
  const words = sharedWords(Math.ceil(length / 4));
  return new Uint8Array(words.buffer, words.byteOffset, length);
}

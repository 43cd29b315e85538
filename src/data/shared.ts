/**
 * Arrays that Workers can see: data sets live in shared memory.
 *
 * @module
 */

/** A zero-filled array of floats that Workers can see. */
export function sharedFloats(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(4 * length));
}

/** A zero-filled array of bytes that Workers can see. */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}

/** A zero-filled array of counts or indices that Workers can see. */
export function sharedWords(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(4 * length));
}

/**
 * The safetensors format: a JSON header that names tensors, then their bytes.
 *
 * Reading trusts nothing: no size is believed before the file's own length confirms it. Writing is atomic: a temporary
 * name, synced, renamed.
 *
 * @module
 */

import { messageOf } from "../errors.ts";
import { isRecord } from "../hyperparameter.ts";
import type { RandomAccess } from "../data/random_access.ts";
import { type JsonBounds, parseBoundedJson } from "./bounded_json.ts";
import { EventLoopTurn } from "../event_loop_turn.ts";
import { writeWhole } from "../whole_file.ts";

/** A tensor to write or as read, little-endian as in memory. */
export type Tensor = Uint32Array | Float32Array;

/** What a file holds. */
export interface SafetensorsFile {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorPlace>;
}

/** Where a tensor stands in its file. */
export interface TensorPlace {
  readonly dtype: "U32" | "F32";
  readonly length: number;
  /** Byte of the file where it begins. */
  readonly offset: number;
}

const LENGTH_BYTES = 8;
/** A header longer than this is refused, as Python's reader does; ours have a few kilobytes, and 80 bytes a column of a table. */
const MAX_HEADER_BYTES = 100_000_000;
/** The header itself, a tensor in it, its shape. */
const HEADER_BOUNDS: JsonBounds = { depth: 3, parts: 2 ** 19 };
const CHUNK_BYTES = 64 * 2 ** 20;

/**
 * Writes tensors and metadata to a file that appears whole or not at all.
 *
 * @param onProgress Called with bytes written and bytes in all.
 * @throws {Error} The system's error when the folder cannot be written or the disk is full; nothing is left behind.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  const parts = partsOf(tensors, metadata);
  await writeWhole(path, (file) => inChunks(parts, (bytes) => file.write(bytes), onProgress));
}

/**
 * The bytes of the file that {@linkcode writeSafetensors} would write, in memory of their own.
 *
 * Other tasks of the program run between chunks of large files.
 *
 * @throws {RangeError} When there is no memory for them.
 */
export async function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
  onProgress?: (done: number, total: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts = partsOf(tensors, metadata);
  const [encoded, turn] = [new Uint8Array(bytesOf(parts)), new EventLoopTurn()];
  let at = 0;
  await inChunks(parts, async (bytes) => {
    encoded.set(bytes, at);
    at += bytes.length;
    if (turn.due) await turn.take();
  }, onProgress);
  return encoded;
}

/** A file in parts: its header, padded to eight bytes, and the tensors as they stand in memory. */
function partsOf(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, tensor] of tensors) {
    const dtype = tensor instanceof Uint32Array ? "U32" : "F32";
    header[name] = { dtype, shape: [tensor.length], data_offsets: [end, end + tensor.byteLength] };
    end += tensor.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const start = new Uint8Array(LENGTH_BYTES + padded).fill(0x20);
  new DataView(start.buffer).setBigUint64(0, BigInt(padded), true);
  start.set(json, LENGTH_BYTES);
  return [start, ...tensors.values()].map((part) =>
    new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
  );
}

function bytesOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** Hands out parts a chunk at a time. */
async function inChunks(
  parts: readonly Uint8Array[],
  write: (bytes: Uint8Array) => Promise<void>,
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  const total = bytesOf(parts);
  let done = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; at += CHUNK_BYTES) {
      const chunk = part.subarray(at, at + CHUNK_BYTES);
      await write(chunk);
      onProgress?.(done += chunk.length, total);
    }
  }
}

/**
 * Reads and checks the header.
 *
 * @throws {SyntaxError} When the file is no safetensors file, is cut off, or its header contradicts itself.
 */
export async function readSafetensorsHeader(file: RandomAccess): Promise<SafetensorsFile> {
  const { size, name } = file;
  if (size < LENGTH_BYTES) throw tooShort(name, size);
  const lengthBytes = new Uint8Array(LENGTH_BYTES);
  await file.read(0, lengthBytes);
  const bytes = new Uint8Array(headerLength(lengthBytes, name, size));
  await file.read(LENGTH_BYTES, bytes);
  const { metadata, tensors, end } = parseHeader(bytes, name, size);
  if (end !== size) throw unreadable(name, `${size - end} bytes follow the last tensor`);
  return { metadata, tensors };
}

/**
 * How long a file is by its own header.
 *
 * @param begun The first bytes of it, as many as there are so far.
 * @param size Bytes it can have at most. @default {Infinity}
 * @returns Undefined as long as the header is not complete.
 * @throws {SyntaxError} When these bytes begin no such file.
 */
export function safetensorsLength(begun: Uint8Array, name: string, size = Infinity): number | undefined {
  if (begun.length < LENGTH_BYTES) return undefined;
  const length = headerLength(begun.subarray(0, LENGTH_BYTES), name, size);
  if (begun.length < LENGTH_BYTES + length) return undefined;
  return parseHeader(begun.subarray(LENGTH_BYTES, LENGTH_BYTES + length), name, size).end;
}

function unreadable(name: string, found: string): SyntaxError {
  return new SyntaxError(`Cannot read "${name}" as a safetensors file: ${found}`);
}

/** The error of a file that ends before its header begins. */
export function tooShort(name: string, size: number): SyntaxError {
  return unreadable(name, `it has ${size} bytes, the length of the header alone takes ${LENGTH_BYTES}`);
}

/** Bytes of the header, by the first ones of the file. */
function headerLength(lengthBytes: Uint8Array, name: string, size: number): number {
  const view = new DataView(lengthBytes.buffer, lengthBytes.byteOffset, LENGTH_BYTES);
  const length = Number(view.getBigUint64(0, true));
  if (length >= 2 && length <= Math.min(MAX_HEADER_BYTES, size - LENGTH_BYTES)) return length;
  const isText = lengthBytes.every((byte) => byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte < 0x7f));
  throw unreadable(
    name,
    isText
      ? `it begins with the text ${
        JSON.stringify(String.fromCharCode(...lengthBytes))
      }; expected a saved model`
      : `its header claims ${length} bytes, ${
        size === Infinity ? `at most ${MAX_HEADER_BYTES} are read` : `the file has ${size}`
      }`,
  );
}

/** Reads a header; `end` is the byte of the file where its last tensor ends. */
function parseHeader(
  bytes: Uint8Array,
  name: string,
  size: number,
): SafetensorsFile & { readonly end: number } {
  const fail = (found: string) => unreadable(name, found);
  let header: unknown;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = parseBoundedJson(text, HEADER_BOUNDS);
  } catch (cause) {
    throw fail(`its header cannot be read: ${messageOf(cause)}`);
  }
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw fail(`its header has "${repeated}" twice`);
  if (!isRecord(header)) throw fail("its header is not an object");
  const dataStart = LENGTH_BYTES + bytes.length;
  const tensors = new Map<string, TensorPlace>();
  const metadata: Record<string, string> = Object.create(null);
  let end = 0;
  for (const [key, value] of Object.entries(header)) {
    if (!isRecord(value)) throw fail(`entry "${key}" is not an object`);
    if (key === "__metadata__") {
      for (const [field, content] of Object.entries(value)) {
        if (typeof content !== "string") throw fail(`its metadata "${field}" is no text`);
        metadata[field] = content;
      }
      continue;
    }
    const { dtype, shape, data_offsets: offsets } = value;
    const length = Array.isArray(shape) && shape.length === 1 ? shape[0] : undefined;
    const [from, to] = Array.isArray(offsets) ? offsets : [];
    if ((dtype !== "U32" && dtype !== "F32") || !Number.isSafeInteger(length) || length < 0) {
      throw fail(`tensor "${key}" has type ${JSON.stringify(dtype)} and shape ${JSON.stringify(shape)}`);
    }
    if (from !== end || to !== from + 4 * length || dataStart + to > size) {
      throw fail(
        `tensor "${key}" claims bytes ${from} to ${to} of ${size - dataStart}, expected them from ${end} on`,
      );
    }
    end = to;
    tensors.set(key, { dtype, length, offset: dataStart + from });
  }
  return { metadata, tensors, end: dataStart + end };
}

/**
 * Reads a tensor's bytes into an array of its length.
 *
 * @throws {SyntaxError} When the tensor has another type or length, or the file is cut off.
 */
export async function readTensor(
  file: RandomAccess,
  place: TensorPlace,
  into: Tensor,
  onChunk?: (bytes: number) => void,
): Promise<void> {
  const dtype = into instanceof Uint32Array ? "U32" : "F32";
  if (place.dtype !== dtype || place.length !== into.length) {
    throw new SyntaxError(
      `a tensor has ${place.length} numbers of type ${place.dtype}, expected ${into.length} of ${dtype}`,
    );
  }
  await file.read(place.offset, new Uint8Array(into.buffer, into.byteOffset, into.byteLength), onChunk);
}

/** The first key that an object of a JSON text has twice, of which a parser would drop one without a word. */
function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === "{" || character === "[") open.push(new Set());
    else if (character === "}" || character === "]") open.pop();
    if (character !== '"') continue;
    const start = at++;
    while (json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
    let next = at + 1;
    while (" \t\r\n".includes(json[next])) next++;
    if (json[next] !== ":") continue;
    const key: string = JSON.parse(json.slice(start, at + 1));
    const keys = open[open.length - 1];
    if (keys.has(key)) return key;
    keys.add(key);
  }
  return undefined;
}

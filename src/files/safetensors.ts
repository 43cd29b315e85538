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
  await writeWhole(path, async (file) => {
    let done = 0;
    const total = start.length + end;
    for (const part of [start, ...tensors.values()]) {
      const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
        await file.write(bytes.subarray(at, at + CHUNK_BYTES));
        done += Math.min(CHUNK_BYTES, bytes.length - at);
        onProgress?.(done, total);
      }
    }
  });
}

/**
 * Reads and checks the header.
 *
 * @throws {SyntaxError} When the file is no safetensors file, is cut off, or its header contradicts itself.
 */
export async function readSafetensorsHeader(file: RandomAccess): Promise<SafetensorsFile> {
  const { size, name } = file;
  const fail = (found: string) => new SyntaxError(`Cannot read "${name}" as a safetensors file: ${found}`);
  if (size < LENGTH_BYTES) {
    throw fail(`it has ${size} bytes, the length of the header alone takes ${LENGTH_BYTES}`);
  }
  const lengthBytes = new Uint8Array(LENGTH_BYTES);
  await file.read(0, lengthBytes);
  const headerLength = Number(new DataView(lengthBytes.buffer).getBigUint64(0, true));
  if (headerLength < 2 || headerLength > Math.min(MAX_HEADER_BYTES, size - LENGTH_BYTES)) {
    throw fail(
      lengthBytes.every((byte) => byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte < 0x7f))
        ? `it begins with the text ${
          JSON.stringify(String.fromCharCode(...lengthBytes))
        }; expected a saved model`
        : `its header claims ${headerLength} bytes, the file has ${size}`,
    );
  }
  const bytes = new Uint8Array(headerLength);
  await file.read(LENGTH_BYTES, bytes);
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
  const dataStart = LENGTH_BYTES + headerLength;
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
  if (dataStart + end !== size) throw fail(`${size - dataStart - end} bytes follow the last tensor`);
  return { metadata, tensors };
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

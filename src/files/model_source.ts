/**
 * The bytes of a model wherever they are, and the file it is saved to.
 *
 * @module
 */
import {
  BYTE_SOURCES,
  type ByteSource,
  byteSourceName,
  chunksOf,
  GrowingBytes,
  openByteSource,
  pathOf,
} from "../byte_source.ts";
import { RandomAccess } from "../data/random_access.ts";
import { messageOf } from "../errors.ts";
import { isInstance, shown } from "../value.ts";
import { safetensorsLength, tooShort } from "./safetensors.ts";

/** What a stream is read with. */
export interface StreamReading {
  /** Stops it. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes that have come, and those that the header says there are. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** A model's bytes, ready to be read. */
export interface OpenedModel {
  readonly file: RandomAccess;
  /** Whether they came through a stream, whose progress has been told. */
  readonly streamed: boolean;
}

/**
 * What messages call a source; without what a URL may hold of passwords.
 *
 * @throws {TypeError} When it is none.
 */
export function modelSourceName(source: unknown): string {
  const name = byteSourceName(source);
  if (name !== undefined) return name;
  throw new TypeError(`Cannot load a model: its source is ${shown(source)}, expected ${BYTE_SOURCES}`);
}

/**
 * Opens a source; what comes as a stream is read into memory, as much as its own header says and no more.
 *
 * @param source What {@linkcode modelSourceName} has a name for.
 * @throws {TypeError} When a URL is of another kind, or somebody else reads the stream.
 * @throws {SyntaxError} When a stream begins no model file, or is shorter or longer than its header says.
 * @throws {Error} The system's error when it cannot be opened; the answer of a server that refuses.
 */
export async function openModel(source: ByteSource, reading: StreamReading): Promise<OpenedModel> {
  const content = await openByteSource(source, reading.signal);
  if (!(content instanceof ReadableStream)) {
    return { file: await RandomAccess.open(content), streamed: false };
  }
  const bytes = await gather(content, modelSourceName(source), reading);
  return { file: await RandomAccess.open(bytes), streamed: true };
}

/**
 * The path of a file that a model is saved to.
 *
 * @throws {TypeError} When it is no path, and no `file:` URL.
 */
export function modelPath(place: unknown): string {
  if (typeof place !== "string" && !isInstance(place, URL)) {
    throw new TypeError(
      `Cannot save the model: its place is ${shown(place)}, expected a path or a file: URL`,
    );
  }
  const lead = `Cannot save the model to "${modelSourceName(place)}"`;
  if (typeof place !== "string" && place.protocol !== "file:") {
    throw new TypeError(
      `${lead}: only files are written; encodeModel() gives the bytes, which fetch() can send`,
    );
  }
  try {
    return pathOf(place)!;
  } catch (cause) {
    throw new TypeError(`${lead}: ${messageOf(cause)}`, { cause });
  }
}

/** All bytes of a stream that holds one model. */
async function gather(
  stream: ReadableStream<Uint8Array>,
  name: string,
  { signal, onProgress }: StreamReading,
): Promise<Uint8Array> {
  const held = new GrowingBytes();
  let total: number | undefined;
  for await (const chunk of chunksOf(stream, signal)) {
    held.add(chunk, total);
    total ??= safetensorsLength(held.bytes, name);
    if (total === undefined) continue;
    if (held.length > total) {
      throw new SyntaxError(`it goes on after the ${total} bytes that its header says it has`);
    }
    onProgress?.(held.length, total);
  }
  if (total === undefined && held.length < 8) throw tooShort(name, held.length);
  if (held.length !== total) {
    const claimed = total === undefined ? "before its header does" : `${total} are needed by its header`;
    throw new SyntaxError(`it ends after ${held.length} bytes, ${claimed}`);
  }
  return held.bytes;
}

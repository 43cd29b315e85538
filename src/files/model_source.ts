/**
 * Where the bytes of a model come from: a file, the network, memory, or a stream.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { isInstance } from "../value.ts";
import { RandomAccess } from "../data/random_access.ts";
import { shown } from "../hyperparameter.ts";
import { safetensorsLength, tooShort } from "./safetensors.ts";

/**
 * Where a model is: a path, a URL (`file:`, `http:`, `https:`), the bytes of a file, or what gives them once: a blob, the
 * response of a server, a stream.
 */
export type ModelSource =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | Response
  | ReadableStream<Uint8Array>;

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

/** Texts that are addresses rather than paths; one letter and a colon is a drive. */
const ADDRESS = /^([a-z][a-z\d+.-]+):(?=\/\/)|^(data):/i;
/** What is made ready for the first bytes of a stream; more as they come. */
const FIRST_BYTES = 1 << 16;

/**
 * What messages call a source; without what a URL may hold of passwords.
 *
 * @throws {TypeError} When it is none.
 */
export function modelSourceName(source: unknown): string {
  if (typeof source === "string") return source;
  if (isInstance(source, URL)) return addressOf(source);
  if (isInstance(source, Uint8Array) || isInstance(source, ArrayBuffer) || isInstance(source, Blob)) {
    return "data";
  }
  if (isInstance(source, Response)) {
    return URL.canParse(source.url) ? addressOf(new URL(source.url)) : "response";
  }
  if (isInstance(source, ReadableStream)) return "stream";
  throw new TypeError(
    `Cannot load a model: its source is ${
      shown(source)
    }, expected a path, a URL, bytes (Uint8Array, ArrayBuffer), a ` +
      "Blob, a Response or a ReadableStream",
  );
}

/**
 * Opens a source; what comes as a stream is read into memory, as much as its own header says and no more.
 *
 * @throws {TypeError} When a URL is of another kind, or somebody else reads the stream.
 * @throws {SyntaxError} When a stream begins no model file, or is shorter or longer than its header says.
 * @throws {Error} The system's error when it cannot be opened; the answer of a server that refuses.
 */
export async function openModel(source: ModelSource, reading: StreamReading): Promise<OpenedModel> {
  if (typeof source === "string" || source instanceof URL) {
    const path = pathOf(source);
    if (path !== undefined) return { file: await RandomAccess.open(path), streamed: false };
    const response = await fetch(source, { signal: reading.signal ?? null });
    return await streamed(bodyOf(response), modelSourceName(source), reading);
  }
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    return { file: await RandomAccess.open(bytesOf(source)), streamed: false };
  }
  const stream = source instanceof Response
    ? bodyOf(source)
    : source instanceof Blob
    ? source.stream()
    : source;
  return await streamed(stream, modelSourceName(source), reading);
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
  let path: string | undefined;
  try {
    path = pathOf(place);
  } catch (cause) {
    throw new TypeError(`Cannot save the model to "${modelSourceName(place)}": ${(cause as Error).message}`, {
      cause,
    });
  }
  if (path !== undefined) return path;
  throw new TypeError(
    `Cannot save the model to "${
      modelSourceName(place)
    }": only files are written; encodeModel() gives the bytes, ` +
      "which fetch() can send",
  );
}

function addressOf({ protocol, host, pathname }: URL): string {
  return protocol === "data:" ? protocol : `${protocol}//${host}${pathname}`;
}

/** The path of a file; undefined for an address of the network. */
function pathOf(place: string | URL): string | undefined {
  if (typeof place === "string") {
    const address = ADDRESS.exec(place);
    if (address === null) return place;
    throw new TypeError(
      `it is a text that begins as a URL does, not a path; give new URL("…") for an address${
        address[1] === "file" ? "" : ", where that is meant"
      }`,
    );
  }
  if (place.protocol === "file:") return fileURLToPath(place);
  if (place.protocol === "http:" || place.protocol === "https:") return undefined;
  throw new TypeError(
    `"${place.protocol}" is no kind of URL that models are kept at; file:, http: and https: are, and the Response of ` +
      "fetch() may be given instead",
  );
}

/** Bytes that nobody makes shorter while they are read. */
function bytesOf(source: Uint8Array | ArrayBuffer): Uint8Array {
  const bytes = source instanceof Uint8Array ? source : new Uint8Array(source);
  const buffer = bytes.buffer as ArrayBufferLike & {
    readonly growable?: boolean;
    readonly resizable?: boolean;
  };
  return buffer.resizable || buffer.growable ? bytes.slice() : bytes;
}

function bodyOf(response: Response): ReadableStream<Uint8Array> {
  const { ok, status, statusText, body, bodyUsed } = response;
  if (!ok) {
    void body?.cancel();
    throw new Error(`the server answered ${`${status} ${statusText}`.trimEnd()}`);
  }
  if (bodyUsed) throw new TypeError("the body of the response was read before");
  if (body === null) throw new SyntaxError("the response has no body");
  return body;
}

async function streamed(
  stream: ReadableStream<Uint8Array>,
  name: string,
  reading: StreamReading,
): Promise<OpenedModel> {
  if (stream.locked) throw new TypeError("somebody else reads the stream");
  const bytes = await gather(stream, name, reading);
  return { file: await RandomAccess.open(bytes), streamed: true };
}

/** All bytes of a stream; it never holds more than twice what has come. */
async function gather(
  stream: ReadableStream<Uint8Array>,
  name: string,
  { signal, onProgress }: StreamReading,
): Promise<Uint8Array> {
  const reader = stream.getReader();
  const stop = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", stop);
  let [bytes, length] = [new Uint8Array(FIRST_BYTES), 0];
  let total: number | undefined;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) break;
      if (!(value instanceof Uint8Array)) {
        throw new TypeError(`the stream gives ${shown(value)}, expected bytes`);
      }
      const needed = length + value.length;
      if (needed > bytes.length) {
        const larger = new Uint8Array(Math.max(needed, Math.min(2 * bytes.length, total ?? Infinity)));
        larger.set(bytes.subarray(0, length));
        bytes = larger;
      }
      bytes.set(value, length);
      length = needed;
      total ??= safetensorsLength(bytes.subarray(0, length), name);
      if (total === undefined) continue;
      if (length > total) {
        throw new SyntaxError(`it goes on after the ${total} bytes that its header says it has`);
      }
      onProgress?.(length, total);
    }
    if (total === undefined && length < 8) throw tooShort(name, length);
    if (length !== total) {
      const claimed = total === undefined ? "before its header does" : `${total} are needed by its header`;
      throw new SyntaxError(`it ends after ${length} bytes, ${claimed}`);
    }
    return bytes.subarray(0, length);
  } catch (cause) {
    await reader.cancel(cause).catch(() => {});
    throw cause;
  } finally {
    signal?.removeEventListener("abort", stop);
    reader.releaseLock();
  }
}

/**
 * Where bytes come from: a file, the network, memory, or a stream.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { messageOf } from "./errors.ts";
import { described } from "./numbers.ts";
import { isInstance } from "./value.ts";

/**
 * Where the bytes of a file are: a path, a URL (`file:`, `http:`, `https:`), the bytes themselves, or what gives them
 * once: a blob, the response of a server, a stream.
 */
export type ByteSource =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | Response
  | ReadableStream<Uint8Array>;

/** What messages say that a source may be. */
export const BYTE_SOURCES =
  "a path, a URL, the bytes of a file (a Uint8Array or ArrayBuffer), a Blob, a Response or a ReadableStream";

/** The network, a server or a stream did not give the bytes; whoever asked for them says it in an error of its own. */
export class TransferError extends Error {
  /** Name of the class. */
  override readonly name = "TransferError";
}

/** Texts that are addresses rather than paths; one letter and a colon is a drive. */
const ADDRESS = /^([a-z][a-z\d+.-]+:\/\/|data:)/i;

/** What messages call a source, without what a URL may hold of passwords; undefined for what is none. */
export function byteSourceName(source: unknown): string | undefined {
  if (typeof source === "string") return source;
  if (isInstance(source, URL)) return addressOf(source);
  if (isInstance(source, Uint8Array) || isInstance(source, ArrayBuffer)) return "data";
  if (isInstance(source, Response)) {
    return URL.canParse(source.url) ? addressOf(new URL(source.url)) : "response";
  }
  if (isInstance(source, Blob)) return isInstance(source, File) && source.name !== "" ? source.name : "blob";
  return isInstance(source, ReadableStream) ? "stream" : undefined;
}

function addressOf({ protocol, host, pathname }: URL): string {
  return protocol === "data:" ? protocol : `${protocol}//${host}${pathname}`;
}

/**
 * The path of a file; undefined for an address of the network.
 *
 * @throws {TypeError} When a text begins as a URL does, or a URL is of another kind.
 */
export function pathOf(place: string | URL): string | undefined {
  if (typeof place === "string") {
    if (!ADDRESS.test(place)) return place;
    throw new TypeError('it is a text that begins as a URL does, not a path; give new URL("…")');
  }
  if (place.protocol === "file:") return fileURLToPath(place);
  if (place.protocol === "http:" || place.protocol === "https:") return undefined;
  throw new TypeError(
    `its URL begins with "${place.protocol}"; file:, http: and https: are read, and the Response of fetch() may be ` +
      "given instead",
  );
}

/**
 * Opens a source as far as it can be without reading: the path of a file, bytes, or a stream of them.
 *
 * Errors say the reason alone.
 *
 * @param source What {@linkcode byteSourceName} has a name for.
 * @throws {TypeError} When it is none, as {@linkcode pathOf}, or was read before.
 * @throws {TransferError} When a server cannot be reached or refuses.
 * @throws {SyntaxError} When a response has no body.
 */
export async function openByteSource(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<string | Uint8Array | ReadableStream<Uint8Array>> {
  if (typeof source === "string" || isInstance(source, URL)) {
    return pathOf(source) ?? bodyOf(await fetched(source, signal));
  }
  if (isInstance(source, Response)) return bodyOf(source);
  if (isInstance(source, Blob)) return source.stream();
  if (!isInstance(source, ReadableStream)) return steady(source);
  if (source.locked) throw new TypeError("somebody else reads the stream");
  return source;
}

async function fetched(address: string | URL, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch(address, { signal: signal ?? null });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new TransferError(messageOf(cause), { cause });
  }
}

function bodyOf(response: Response): ReadableStream<Uint8Array> {
  const { ok, status, statusText, body, bodyUsed } = response;
  if (!ok) {
    void body?.cancel().catch(() => {});
    throw new TransferError(`the server answered ${`${status} ${statusText}`.trimEnd()}`);
  }
  if (bodyUsed) throw new TypeError("the body of the response was read before");
  if (body === null) throw new SyntaxError("the response has no body");
  if (body.locked) throw new TypeError("somebody else reads the body of the response");
  return body;
}

/** Bytes that nobody makes shorter while they are read. */
function steady(source: Uint8Array | ArrayBuffer): Uint8Array {
  const bytes = isInstance(source, Uint8Array) ? source : new Uint8Array(source);
  const { resizable, growable } = bytes.buffer as ArrayBuffer & { readonly growable?: boolean };
  return resizable === true || growable === true ? bytes.slice() : bytes;
}

/**
 * The bytes of a stream as they come; whoever stops asking for them cancels it.
 *
 * @throws {TypeError} When it gives something else.
 * @throws {TransferError} When it breaks off.
 * @throws {unknown} The reason of the signal.
 */
export async function* chunksOf(
  stream: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const reader = stream.getReader();
  const stop = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", stop);
  let ended = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await next(reader);
      ended = done;
      signal?.throwIfAborted();
      if (done) return;
      if (!isInstance(value, Uint8Array)) {
        throw new TypeError(`the stream gives ${described(value)}, expected bytes`);
      }
      yield value;
    }
  } finally {
    if (!ended) await reader.cancel().catch(() => {});
    signal?.removeEventListener("abort", stop);
    reader.releaseLock();
  }
}

async function next(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<ReadableStreamReadResult<unknown>> {
  try {
    return await reader.read();
  } catch (cause) {
    throw new TransferError(`it broke off: ${messageOf(cause)}`, { cause });
  }
}

/** What is made ready for the first bytes of a stream; more as they come. */
const FIRST_BYTES = 1 << 16;

/** Bytes that come piece by piece; they never take more than twice the memory of what has come. */
export class GrowingBytes {
  #memory = new Uint8Array(FIRST_BYTES);
  #length = 0;

  /** How many there are. */
  get length(): number {
    return this.#length;
  }

  /** Those that have come: a view, until more do. */
  get bytes(): Uint8Array {
    return this.#memory.subarray(0, this.#length);
  }

  /**
   * Adds some at the end.
   *
   * @param most How many there can be in all, where that is known.
   */
  add(bytes: Uint8Array, most = Infinity): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#memory.length) {
      const larger = new Uint8Array(Math.max(needed, Math.min(2 * this.#memory.length, most)));
      larger.set(this.bytes);
      this.#memory = larger;
    }
    this.#memory.set(bytes, this.#length);
    this.#length = needed;
  }
}

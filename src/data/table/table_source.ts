/**
 * Where a table comes from: a file, the network, memory, or a stream.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { DatasetError, messageOf } from "../../errors.ts";
import { described } from "../../numbers.ts";
import { guarded, isInstance, isList, requirePath } from "../../value.ts";
import { type DataFile, detectFormat } from "../format.ts";
import { quote } from "../../quote.ts";

/**
 * Where a table is: a path, a URL (`file:`, `http:`, `https:`), the bytes of a file, or what gives them once: a blob, the
 * response of a server, a stream.
 */
export type TableSource =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | ReadableStream<Uint8Array>
  | Blob
  | Response;

/** How bytes are fetched. */
export interface Fetching {
  /** Most bytes that are held of what comes from a server, a blob or a stream. */
  readonly maxBytes: number;
  /** Stops them. */
  readonly signal?: AbortSignal | undefined;
}

/** Texts that are addresses rather than paths; one letter and a colon is a drive. */
const ADDRESS = /^([a-z][a-z\d+.-]+:\/\/|data:)/i;

/** What is made ready for the first bytes of a stream; more as they come. */
const FIRST_BYTES = 1 << 16;

/**
 * Looks into a source. What is no file is read into memory first, once, since a table is read twice.
 *
 * @throws {TypeError} When it is no source, or was read before.
 * @throws {DatasetError} When a server cannot be reached or refuses.
 * @throws {RangeError} When more bytes come than may be held.
 * @throws {SyntaxError} When it is empty, or of a format that is not read (a web page, too): what it is and what to do.
 * @throws {Deno.errors.NotFound} When there is no such file.
 */
export async function openTableSource(source: TableSource, fetching: Fetching): Promise<DataFile> {
  if (typeof source === "string") return await detectFormat(pathOf(source));
  if (isInstance(source, URL)) {
    if (source.protocol === "file:") return await detectFormat(filePath(source));
    const name = addressOf(source);
    return await detectFormat(
      name,
      await gather(bodyOf(await fetched(source, name, fetching), name), name, fetching),
    );
  }
  if (isInstance(source, Uint8Array) || isInstance(source, ArrayBuffer)) {
    return await detectFormat("data", steady(source));
  }
  if (isInstance(source, Response)) {
    const name = URL.canParse(source.url) ? addressOf(new URL(source.url)) : "response";
    return await detectFormat(name, await gather(bodyOf(source, name), name, fetching));
  }
  if (isInstance(source, Blob)) {
    const name = source instanceof File && source.name !== "" ? source.name : "blob";
    return await detectFormat(name, await gather(source.stream(), name, fetching));
  }
  if (isInstance(source, ReadableStream)) {
    return await detectFormat("stream", await gather(source, "stream", fetching));
  }
  throw noSource(source);
}

function noSource(source: unknown): TypeError {
  const lead = `Cannot read a table: its source is ${described(source)}`;
  if (
    isList(source) &&
    typeof guarded({ task: "read a table", name: "its source" }, () => source[0]) === "string"
  ) {
    return new TypeError(`${lead} of texts, one is needed; loadFiles() takes a list of paths`);
  }
  if (isList(source) || ArrayBuffer.isView(source)) {
    return new TypeError(`${lead}; Dataset.from() takes rows and arrays`);
  }
  return new TypeError(
    `${lead}, expected a path, a URL, the bytes of a file (a Uint8Array), a Blob, a Response or a ReadableStream`,
  );
}

function pathOf(text: string): string {
  if (text === "") throw new TypeError("Cannot read a table: its path is an empty text");
  requirePath(text, { task: "read a table", name: "its source" }, "a path");
  if (ADDRESS.test(text)) {
    throw new TypeError(
      `Cannot read the table ${
        quote(text)
      }: it is a text that begins as a URL does, not a path; give new URL("…")`,
    );
  }
  if (/[\r\n]/.test(text)) {
    throw new TypeError(
      `Cannot read the table ${quote(text)}: it is the text of a table, not its path; give its bytes, ` +
        "new TextEncoder().encode(text)",
    );
  }
  return text;
}

function filePath(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new TypeError(`Cannot read the table ${quote(url.href)}: ${messageOf(cause)}`, { cause });
  }
}

/** An address without what it may hold of passwords. */
function addressOf({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`;
}

async function fetched(url: URL, name: string, { signal }: Fetching): Promise<Response> {
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new TypeError(
      `Cannot read the table at "${url.protocol}": file:, http: and https: are read, and the Response of fetch() may be ` +
        "given instead",
    );
  }
  try {
    return await fetch(url, { signal: signal ?? null });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new DatasetError(`Cannot read "${name}": ${messageOf(cause)}`, { cause });
  }
}

function bodyOf(response: Response, name: string): ReadableStream<Uint8Array> {
  const { ok, status, statusText, body, bodyUsed } = response;
  if (!ok) {
    void body?.cancel().catch(() => {});
    throw new DatasetError(
      `Cannot read "${name}": the server answered ${`${status} ${statusText}`.trimEnd()}`,
    );
  }
  if (bodyUsed) throw new TypeError(`Cannot read "${name}": the body of the response was read before`);
  if (body === null) throw new SyntaxError(`Cannot read "${name}": the response has no body`);
  return body;
}

/** Bytes that nobody makes shorter while they are read. */
function steady(source: Uint8Array | ArrayBuffer): Uint8Array {
  const bytes = isInstance(source, Uint8Array) ? source : new Uint8Array(source);
  const { resizable, growable } = bytes.buffer as ArrayBuffer & { readonly growable?: boolean };
  return resizable === true || growable === true ? bytes.slice() : bytes;
}

/** All bytes of a stream; it never holds more than twice what has come. */
async function gather(
  stream: ReadableStream<Uint8Array>,
  name: string,
  { maxBytes, signal }: Fetching,
): Promise<Uint8Array> {
  if (stream.locked) throw new TypeError(`Cannot read "${name}": somebody else reads the stream`);
  const reader = stream.getReader();
  const stop = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", stop);
  let [bytes, length] = [new Uint8Array(FIRST_BYTES), 0];
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await next(reader, name);
      signal?.throwIfAborted();
      if (done) return bytes.subarray(0, length);
      if (!isInstance(value, Uint8Array)) {
        throw new TypeError(`Cannot read "${name}": the stream gives ${described(value)}, expected bytes`);
      }
      const needed = length + value.length;
      if (needed > maxBytes) {
        throw new RangeError(
          `Cannot read "${name}": it has more than ${maxBytes} bytes, which are held in memory; write it to a file ` +
            "and give its path, or raise maxBytes",
        );
      }
      if (needed > bytes.length) {
        const larger = new Uint8Array(Math.max(needed, Math.min(2 * bytes.length, maxBytes)));
        larger.set(bytes.subarray(0, length));
        bytes = larger;
      }
      bytes.set(value, length);
      length = needed;
    }
  } catch (cause) {
    await reader.cancel(cause).catch(() => {});
    throw cause;
  } finally {
    signal?.removeEventListener("abort", stop);
    reader.releaseLock();
  }
}

async function next(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  name: string,
): Promise<ReadableStreamReadResult<unknown>> {
  try {
    return await reader.read();
  } catch (cause) {
    throw new DatasetError(`Cannot read "${name}": it broke off: ${messageOf(cause)}`, { cause });
  }
}

/**
 * A table wherever it is: looked into before it is read.
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
  TransferError,
} from "../../byte_source.ts";
import { DatasetError, messageOf } from "../../errors.ts";
import { described } from "../../numbers.ts";
import { guarded, isList, requirePath } from "../../value.ts";
import { quote } from "../../quote.ts";
import { type DataFile, detectFormat } from "../format.ts";

/** How bytes are fetched. */
export interface Fetching {
  /** Most bytes that are held of what comes from a server, a blob or a stream. */
  readonly maxBytes: number;
  /** Stops them. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks into a source. What is no file is read into memory first, once, since a table is read twice.
 *
 * @throws {TypeError} When it is no source, or was read before.
 * @throws {DatasetError} When a server cannot be reached or refuses.
 * @throws {RangeError} When more bytes come than may be held.
 * @throws {SyntaxError} When it is empty, or of a format that is not read (a web page, too): what it is and what to do.
 * @throws {Deno.errors.NotFound} When there is no such file.
 */
export async function openTableSource(source: ByteSource, fetching: Fetching): Promise<DataFile> {
  const name = byteSourceName(source);
  if (name === undefined) throw noSource(source);
  if (typeof source === "string") requireTablePath(source);
  const found = await opened(source, name, fetching);
  return typeof found === "string" ? await detectFormat(found) : await detectFormat(name, found);
}

/** The path of a file, or all bytes of what is none. */
async function opened(
  source: ByteSource,
  name: string,
  { maxBytes, signal }: Fetching,
): Promise<string | Uint8Array> {
  try {
    const content = await openByteSource(source, signal);
    if (!(content instanceof ReadableStream)) return content;
    const held = new GrowingBytes();
    for await (const chunk of chunksOf(content, signal)) {
      if (held.length + chunk.length > maxBytes) {
        throw new RangeError(
          `it has more than ${maxBytes} bytes, which are held in memory; write it to a file and give its path, or ` +
            "raise maxBytes",
        );
      }
      held.add(chunk, maxBytes);
    }
    return held.bytes;
  } catch (cause) {
    signal?.throwIfAborted();
    const message = `Cannot read "${name}": ${messageOf(cause)}`;
    if (cause instanceof TransferError) throw new DatasetError(message, { cause });
    const Kind = [RangeError, SyntaxError].find((Kind) => cause instanceof Kind) ?? TypeError;
    throw new Kind(message, { cause });
  }
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
  return new TypeError(`${lead}, expected ${BYTE_SOURCES}`);
}

/** Refuses texts that are no path, among them the text of a table. */
function requireTablePath(text: string): void {
  if (text === "") throw new TypeError("Cannot read a table: its path is an empty text");
  requirePath(text, { task: "read a table", name: "its source" }, "a path");
  if (/[\r\n]/.test(text)) {
    throw new TypeError(
      `Cannot read the table ${quote(text)}: it is the text of a table, not its path; give its bytes, ` +
        "new TextEncoder().encode(text)",
    );
  }
}

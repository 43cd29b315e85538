/**
 * Where the bytes of a data file come from: a path, a URL or memory, plain, packed with gzip, or alone in a zip archive.
 *
 * Files are read in windows, so that a text larger than memory can be parsed.
 *
 * @module
 */
import { foreignFormat } from "./foreign.ts";
import { isZip, type Source, sourceName, startsWith } from "./stored.ts";
import { beginning, fromStream, gunzipped, openStored, type Supply, unzipped, zipSupply } from "./supply.ts";
import type { ZipArchive, ZippedFile } from "./zip.ts";

export { type Source, sourceName } from "./stored.ts";

/** Called while a file is read: bytes read so far, and bytes to read in all (as they are stored). */
export type ReadProgress = (doneBytes: number, totalBytes: number) => void;

/** Bytes of a window of text. */
export const WINDOW_BYTES = 8 << 20;
/** The largest a window grows to for one long line or row. */
export const LONGEST_LINE_BYTES = 1 << 30;

/** Texts in an encoding that is not read, by their first bytes. */
const ENCODINGS: readonly (readonly [string, readonly number[]])[] = [
  ["text in UTF-16", [0xff, 0xfe]],
  ["text in UTF-16", [0xfe, 0xff]],
];

/**
 * Reads a source from its beginning to its end, unpacked if it begins as gzip does or is a zip archive with one file;
 * open with `await using`.
 */
export class SourceReader implements AsyncDisposable {
  /** What messages call the source. */
  readonly name: string;
  /** Bytes of the source as it is stored; infinite for a stream. */
  readonly storedBytes: number;
  /** Most bytes it can hold once unpacked. */
  readonly mostBytes: number;
  readonly #supply: Supply;

  private constructor(name: string, supply: Supply) {
    this.name = name;
    this.storedBytes = supply.storedBytes;
    this.mostBytes = supply.mostBytes;
    this.#supply = supply;
  }

  /**
   * Opens a source, or a stream that is read once.
   *
   * @param called What messages call it. @default its path, "data" or "stream"
   * @param options `unpack: false` for the bytes as they are stored.
   * @throws {Deno.errors.NotFound} When there is no such file.
   * @throws {Deno.errors.PermissionDenied} When it may not be read.
   * @throws {TypeError} When it is a folder, a pipe or a device.
   * @throws {SyntaxError} When it is empty, its name ends with `.gz` and its content is no gzip, or it is a zip archive
   * that is damaged or holds more than one file.
   */
  static async open(
    source: Source | ReadableStream<Uint8Array>,
    called?: string,
    { unpack = true } = {},
  ): Promise<SourceReader> {
    const streamed = source instanceof ReadableStream;
    const name = called ?? (streamed ? "stream" : sourceName(source));
    const stored = streamed ? fromStream(source) : await openStored(source, name);
    const head = new Uint8Array(4);
    let got = 0;
    try {
      for (let more = -1; more !== 0 && got < head.length; got += more) {
        more = await stored.pull(head.subarray(got));
      }
      if (got === 0) throw new SyntaxError(`Cannot read "${name}": it is empty`);
      const whole = beginning(head.subarray(0, got), stored);
      if (!unpack) return new SourceReader(name, whole);
      const isGzip = startsWith(head, [0x1f, 0x8b]);
      // What came from a server may have been unpacked on the way.
      if (name.endsWith(".gz") && !isGzip && !(source instanceof Uint8Array)) {
        throw new SyntaxError(
          `Cannot unpack "${name}": its name ends with ".gz", but its content is no gzip`,
        );
      }
      if (isZip(head)) {
        if (streamed) throw new SyntaxError(`Cannot read "${name}": a zip archive is read from a file alone`);
        await stored.release();
        return new SourceReader(name, await unzipped(source, name));
      }
      return new SourceReader(name, isGzip ? gunzipped(name, whole) : whole);
    } catch (cause) {
      await stored.release();
      throw cause;
    }
  }

  /** Reads a file of an archive, which is closed with the reader if it is its `owner`. */
  static ofZipped(archive: ZipArchive, file: ZippedFile, { owner = false } = {}): SourceReader {
    return new SourceReader(`${archive.name}/${file.name}`, zipSupply(archive, file, owner));
  }

  /** Bytes read so far, as they are stored. */
  get storedDone(): number {
    return this.#supply.storedDone();
  }

  /**
   * Fills a buffer, but for the end of the source.
   *
   * @returns How many bytes were written; fewer than the buffer holds only at the end.
   * @throws {SyntaxError} When packed bytes are damaged or cut short.
   */
  async fill(into: Uint8Array<ArrayBuffer>): Promise<number> {
    let filled = 0;
    while (filled < into.length) {
      const got = await this.#supply.pull(into.subarray(filled));
      if (got === 0) break;
      filled += got;
    }
    return filled;
  }

  /** Closes the source. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#supply.release();
  }
}

/**
 * Reads all bytes of a source.
 *
 * Memory: the bytes once, and twice for a moment where a packed file does not say how long it is.
 *
 * @param called What messages call it. @default its path, or "data"
 */
export async function readSource(
  source: Source,
  onProgress?: ReadProgress,
  called?: string,
): Promise<Uint8Array<ArrayBuffer>> {
  await using reader = await SourceReader.open(source, called);
  let bytes = new Uint8Array(Math.min(reader.mostBytes, Math.max(1 << 16, 4 * reader.storedBytes)));
  let length = 0;
  for (;;) {
    const room = bytes.subarray(length, length + WINDOW_BYTES);
    const got = await reader.fill(room);
    length += got;
    onProgress?.(reader.storedDone, reader.storedBytes);
    if (got < room.length) break;
    if (length < bytes.length) continue;
    const beyond = new Uint8Array(1);
    if (await reader.fill(beyond) === 0) break;
    const larger = new Uint8Array(2 * length);
    larger.set(bytes);
    larger[length++] = beyond[0];
    bytes = larger;
  }
  return length === bytes.length ? bytes : bytes.slice(0, length);
}

/**
 * Yields a text in windows of whole lines; a window is overwritten when the next is asked for.
 *
 * The byte order mark of UTF-8 is left out.
 *
 * @throws {SyntaxError} When the content is no text.
 */
export async function* lineWindows(
  reader: SourceReader,
  windowBytes = WINDOW_BYTES,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let buffer = new Uint8Array(Math.min(windowBytes, reader.mostBytes + 1));
  let held = 0;
  for (let first = true;;) {
    const filled = held + await reader.fill(buffer.subarray(held));
    const ended = filled < buffer.length;
    const cut = ended ? filled : buffer.lastIndexOf(10, filled - 1) + 1;
    if (first || cut === 0) refuseBinary(buffer.subarray(held, filled), first, reader.name);
    if (cut === 0 && !ended) {
      if (buffer.length >= LONGEST_LINE_BYTES) {
        throw new SyntaxError(
          `Cannot read "${reader.name}": it has no line end within ${buffer.length} bytes`,
        );
      }
      const larger = new Uint8Array(2 * buffer.length);
      larger.set(buffer);
      [buffer, held] = [larger, filled];
      continue;
    }
    const mark = first && startsWith(buffer, [0xef, 0xbb, 0xbf]) ? 3 : 0;
    if (cut > mark) yield buffer.subarray(mark, cut);
    if (ended) return;
    buffer.copyWithin(0, cut, filled);
    held = filled - cut;
    first = false;
  }
}

/** Throws a SyntaxError where bytes are no text; the `first` ones of a source tell other formats too. */
export function refuseBinary(bytes: Uint8Array, first: boolean, name: string): void {
  const encoding = first ? ENCODINGS.find(([, start]) => startsWith(bytes, start)) : undefined;
  if (encoding !== undefined) {
    throw new SyntaxError(`Cannot read "${name}": it is ${encoding[0]}, plain text (UTF-8) is needed`);
  }
  const foreign = first ? foreignFormat(bytes) : undefined;
  if (foreign !== undefined) throw new SyntaxError(`Cannot read "${name}": ${foreign}`);
  const zero = bytes.indexOf(0);
  if (zero >= 0) throw new SyntaxError(`Cannot read "${name}": it is not text, byte ${zero} is zero`);
}

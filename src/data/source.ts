/**
 * Where the bytes of a data file come from: a path, a URL or memory, packed with gzip or not.
 *
 * Files are read in windows, so that a text larger than memory can be parsed.
 *
 * @module
 */

/** A file to read: a path, a `file:` URL, or its bytes. */
export type Source = string | URL | Uint8Array;

/** Called while a file is read: bytes read so far, and bytes to read in all (as they are stored). */
export type ReadProgress = (doneBytes: number, totalBytes: number) => void;

/** What messages call a source: its path, or "data" for bytes. */
export function sourceName(source: Source): string {
  return source instanceof Uint8Array ? "data" : String(source);
}

/** Bytes of a window of text. */
export const WINDOW_BYTES = 8 << 20;
/** The largest a window grows to for one long line or row. */
export const LONGEST_LINE_BYTES = 1 << 30;

/** Deflate cannot pack better than 1 : 1032. */
export const MOST_PACKED = 1032;

/** Archives people take for text, by their first bytes. */
const ARCHIVES: readonly (readonly [string, readonly number[]])[] = [
  ["a zip archive", [0x50, 0x4b, 3, 4]],
  ["packed with xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ["packed with bzip2", [0x42, 0x5a, 0x68]],
  ["packed with zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["an HDF5 file", [0x89, 0x48, 0x44, 0x46]],
  ["a Parquet file", [0x50, 0x41, 0x52, 0x31]],
  ["text in UTF-16", [0xff, 0xfe]],
  ["text in UTF-16", [0xfe, 0xff]],
];

/** Whether bytes begin as others do. */
export function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return bytes.length >= start.length && start.every((byte, index) => bytes[index] === byte);
}

/** One place in a stored file: fills a buffer from there on, 0 at the end. */
type Pull = (into: Uint8Array<ArrayBuffer>) => Promise<number>;

/**
 * Reads a source from its beginning to its end, unpacked if it begins as gzip does; open with `await using`.
 */
export class SourceReader implements AsyncDisposable {
  /** What messages call the source. */
  readonly name: string;
  /** Bytes of the source as it is stored; infinite for a stream. */
  readonly storedBytes: number;
  /** Most bytes it can hold once unpacked. */
  readonly mostBytes: number;
  #storedDone = 0;
  #pull: Pull;
  #release: () => Promise<void>;
  #unpacking: boolean;

  private constructor(
    name: string,
    storedBytes: number,
    pull: Pull,
    release: () => Promise<void>,
    head: Uint8Array<ArrayBuffer>,
  ) {
    this.name = name;
    this.storedBytes = storedBytes;
    let ahead = head;
    const stored: Pull = async (into) => {
      let got = Math.min(ahead.length, into.length);
      if (got > 0) {
        into.set(ahead.subarray(0, got));
        ahead = ahead.subarray(got);
      } else got = await pull(into);
      this.#storedDone += got;
      return got;
    };
    this.#unpacking = startsWith(head, [0x1f, 0x8b]);
    this.mostBytes = storedBytes * (this.#unpacking ? MOST_PACKED : 1);
    this.#pull = stored;
    this.#release = release;
    if (this.#unpacking) this.#unpack(stored, release);
  }

  /**
   * Opens a source, or a stream that is read once.
   *
   * @param called What messages call it. @default its path, "data" or "stream"
   * @throws {Deno.errors.NotFound} When there is no such file.
   * @throws {Deno.errors.PermissionDenied} When it may not be read.
   * @throws {TypeError} When it is a folder, a pipe or a device.
   * @throws {SyntaxError} When it is empty, or its name ends with `.gz` and its content is no gzip.
   */
  static async open(source: Source | ReadableStream<Uint8Array>, called?: string): Promise<SourceReader> {
    const streamed = source instanceof ReadableStream;
    const name = called ?? (streamed ? "stream" : sourceName(source));
    const [size, pull, release] = streamed ? fromStream(source) : await openStored(source, name);
    const head = new Uint8Array(2);
    let got = 0;
    try {
      for (let more = -1; more !== 0 && got < 2; got += more) more = await pull(head.subarray(got));
      if (got === 0) throw new SyntaxError(`Cannot read "${name}": it is empty`);
      if (name.endsWith(".gz") && !startsWith(head, [0x1f, 0x8b])) {
        throw new SyntaxError(
          `Cannot unpack "${name}": its name ends with ".gz", but its content is no gzip`,
        );
      }
    } catch (cause) {
      await release();
      throw cause;
    }
    return new SourceReader(name, size, pull, release, head.subarray(0, got));
  }

  /** Bytes read so far, as they are stored. */
  get storedDone(): number {
    return this.#storedDone;
  }

  /**
   * Fills a buffer, but for the end of the source.
   *
   * @returns How many bytes were written; fewer than the buffer holds only at the end.
   * @throws {SyntaxError} When packed bytes are damaged or cut short.
   */
  async fill(into: Uint8Array<ArrayBuffer>): Promise<number> {
    let filled = 0;
    try {
      while (filled < into.length) {
        const got = await this.#pull(into.subarray(filled));
        if (got === 0) break;
        filled += got;
      }
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
      if (!this.#unpacking || !code.startsWith("Z_")) throw cause;
      throw new SyntaxError(`Cannot unpack "${this.name}": its gzip data is damaged or cut short`, { cause });
    }
    return filled;
  }

  /** Closes the source. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#release();
  }

  /** Puts a decompressor between the stored bytes and the reader; it takes several gzip members in a row. */
  #unpack(stored: Pull, release: () => Promise<void>): void {
    let chunks: AsyncIterator<Uint8Array> | undefined;
    let rest: Uint8Array = new Uint8Array(0);
    let stop = () => {};
    const begin = async (): Promise<AsyncIterator<Uint8Array>> => {
      const { createGunzip } = await import("node:zlib");
      const { Readable } = await import("node:stream");
      const packed = Readable.from(async function* () {
        for (;;) {
          const piece = new Uint8Array(1 << 18);
          const got = await stored(piece);
          if (got === 0) return;
          yield piece.subarray(0, got);
        }
      }());
      const gunzip = createGunzip({ chunkSize: 1 << 18 });
      packed.on("error", (cause: Error) => gunzip.destroy(cause));
      stop = () => {
        packed.destroy();
        gunzip.destroy();
      };
      return packed.pipe(gunzip)[Symbol.asyncIterator]();
    };
    this.#pull = async (into) => {
      chunks ??= await begin();
      while (rest.length === 0) {
        const { value, done } = await chunks.next();
        if (done) return 0;
        rest = value;
      }
      const got = Math.min(rest.length, into.length);
      into.set(rest.subarray(0, got));
      rest = rest.subarray(got);
      return got;
    };
    this.#release = async () => {
      stop();
      await release();
    };
  }
}

/** Opens the stored bytes: how many, how to get the next, how to close. */
async function openStored(source: Source, name: string): Promise<[number, Pull, () => Promise<void>]> {
  if (source instanceof Uint8Array) return fromMemory(source);
  let file: Deno.FsFile;
  try {
    file = await Deno.open(source);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new Deno.errors.NotFound(`Cannot read "${name}": there is no such file`, { cause });
    }
    if (cause instanceof Deno.errors.PermissionDenied) {
      throw new Deno.errors.PermissionDenied(`Cannot read "${name}": its permissions do not allow it`, {
        cause,
      });
    }
    throw cause;
  }
  try {
    const { size, isFile, isDirectory } = await file.stat();
    if (isDirectory) throw new TypeError(`Cannot read "${name}": it is a folder, a file is needed`);
    if (!isFile) {
      // A pipe can be read once only, but text is read twice.
      throw new TypeError(`Cannot read "${name}": it is a pipe or device, a regular file is needed`);
    }
    return [size, async (into) => await file.read(into) ?? 0, () => Promise.resolve(file.close())];
  } catch (cause) {
    file.close();
    throw cause;
  }
}

function fromMemory(bytes: Uint8Array): [number, Pull, () => Promise<void>] {
  let at = 0;
  const pull: Pull = (into) => {
    const got = Math.min(into.length, bytes.length - at);
    into.set(bytes.subarray(at, at + got));
    at += got;
    return Promise.resolve(got);
  };
  return [bytes.length, pull, () => Promise.resolve()];
}

/** A stream: how many bytes it may have, how to get the next, how to end it. */
function fromStream(stream: ReadableStream<Uint8Array>): [number, Pull, () => Promise<void>] {
  const reader = stream.getReader();
  let rest: Uint8Array = new Uint8Array(0);
  const pull: Pull = async (into) => {
    while (rest.length === 0) {
      const { value, done } = await reader.read();
      if (done) return 0;
      rest = value;
    }
    const got = Math.min(into.length, rest.length);
    into.set(rest.subarray(0, got));
    rest = rest.subarray(got);
    return got;
  };
  return [Infinity, pull, () => reader.cancel()];
}

/**
 * Reads all bytes of a source.
 *
 * Memory: the bytes once, and twice for a moment where a packed file does not say how long it is.
 */
export async function readSource(
  source: Source,
  onProgress?: ReadProgress,
): Promise<Uint8Array<ArrayBuffer>> {
  await using reader = await SourceReader.open(source);
  let bytes = new Uint8Array(Math.min(reader.mostBytes, Math.max(1 << 16, 4 * reader.storedBytes)));
  if (reader.mostBytes === reader.storedBytes) bytes = new Uint8Array(reader.storedBytes);
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

/** Throws a SyntaxError where bytes are no text; the `first` ones of a source tell archives too. */
export function refuseBinary(bytes: Uint8Array, first: boolean, name: string): void {
  const archive = first ? ARCHIVES.find(([, start]) => startsWith(bytes, start)) : undefined;
  if (archive !== undefined) {
    throw new SyntaxError(`Cannot read "${name}": it is ${archive[0]}, plain text (UTF-8) is needed`);
  }
  const zero = bytes.indexOf(0);
  if (zero >= 0) throw new SyntaxError(`Cannot read "${name}": it is not text, byte ${zero} is zero`);
}

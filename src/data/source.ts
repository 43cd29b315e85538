/**
 * Where the bytes of a data file come from: a path, a URL or memory, plain, packed with gzip, or alone in a zip archive.
 *
 * Files are read in windows, so that a text larger than memory can be parsed.
 *
 * @module
 */
import { foreignFormat } from "./foreign.ts";
import { isZip, MOST_PACKED, type Source, sourceName, startsWith } from "./stored.ts";
import { onlyFile, openZip, type ZipArchive, type ZippedFile } from "./zip.ts";

export { type Source, sourceName } from "./stored.ts";

/** Called while a file is read: bytes read so far, and bytes to read in all (as they are stored). */
export type ReadProgress = (doneBytes: number, totalBytes: number) => void;

/** Bytes of a window of text, and the largest a window grows to for one long line. */
const WINDOW_BYTES = 8 << 20;
const LONGEST_LINE_BYTES = 1 << 30;

/** Texts in an encoding that is not read, by their first bytes. */
const ENCODINGS: readonly (readonly [string, readonly number[]])[] = [
  ["text in UTF-16", [0xff, 0xfe]],
  ["text in UTF-16", [0xfe, 0xff]],
];

/** One place in a file: fills a buffer from there on, 0 at the end. */
type Pull = (into: Uint8Array<ArrayBuffer>) => Promise<number>;

/** Bytes of a file on their way. */
interface Supply {
  /** Bytes of the source as it is stored. */
  readonly storedBytes: number;
  /** Most bytes it can hold once unpacked. */
  readonly mostBytes: number;
  /** Bytes read so far, as they are stored. */
  readonly storedDone: () => number;
  readonly pull: Pull;
  readonly release: () => Promise<void>;
}

/**
 * Reads a source from its beginning to its end, unpacked if it begins as gzip does or is a zip archive with one file;
 * open with `await using`.
 */
export class SourceReader implements AsyncDisposable {
  /** What messages call the source. */
  readonly name: string;
  /** Bytes of the source as it is stored. */
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
   * Opens a source.
   *
   * @param options `unpack: false` for the bytes as they are stored.
   * @throws {Deno.errors.NotFound} When there is no such file.
   * @throws {Deno.errors.PermissionDenied} When it may not be read.
   * @throws {TypeError} When it is a folder, a pipe or a device.
   * @throws {SyntaxError} When it is empty, its name ends with `.gz` and its content is no gzip, or it is a zip archive
   * that is damaged or holds more than one file.
   */
  static async open(source: Source, { unpack = true } = {}): Promise<SourceReader> {
    const name = sourceName(source);
    const stored = await openStored(source, name);
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
      if (name.endsWith(".gz") && !isGzip) {
        throw new SyntaxError(
          `Cannot unpack "${name}": its name ends with ".gz", but its content is no gzip`,
        );
      }
      if (isZip(head)) {
        await stored.release();
        return new SourceReader(name, await unzipped(source));
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

/** Puts bytes that were read ahead back before the rest; counts what is taken. */
function beginning(head: Uint8Array<ArrayBuffer>, stored: Supply): Supply {
  let ahead = head;
  let done = 0;
  const pull: Pull = async (into) => {
    let got = Math.min(ahead.length, into.length);
    if (got > 0) {
      into.set(ahead.subarray(0, got));
      ahead = ahead.subarray(got);
    } else got = await stored.pull(into);
    done += got;
    return got;
  };
  return { ...stored, pull, storedDone: () => done };
}

/** Puts a decompressor between the stored bytes and the reader; it takes several gzip members in a row. */
function gunzipped(name: string, stored: Supply): Supply {
  let stop = () => {};
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    const { createGunzip } = await import("node:zlib");
    const { Readable } = await import("node:stream");
    const packed = Readable.from(async function* () {
      for (;;) {
        const piece = new Uint8Array(1 << 18);
        const got = await stored.pull(piece);
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
    try {
      yield* packed.pipe(gunzip);
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
      if (!code.startsWith("Z_")) throw cause;
      throw new SyntaxError(`Cannot unpack "${name}": its gzip data is damaged or cut short`, { cause });
    }
  };
  return {
    ...stored,
    mostBytes: stored.storedBytes * MOST_PACKED,
    pull: pullChunks(chunks()),
    release: async () => {
      stop();
      await stored.release();
    },
  };
}

/** The only file of a zip archive, as if it lay beside. */
async function unzipped(source: Source): Promise<Supply> {
  const archive = await openZip(source);
  try {
    return zipSupply(archive, onlyFile(archive), true);
  } catch (cause) {
    archive[Symbol.dispose]();
    throw cause;
  }
}

function zipSupply(archive: ZipArchive, file: ZippedFile, owner: boolean): Supply {
  const chunks = file.chunks();
  return {
    storedBytes: archive.storedBytes,
    mostBytes: file.bytes,
    storedDone: () => archive.storedDone,
    pull: pullChunks(chunks),
    release: async () => {
      await chunks.return(undefined);
      if (owner) archive[Symbol.dispose]();
    },
  };
}

function pullChunks(chunks: AsyncIterator<Uint8Array>): Pull {
  let rest: Uint8Array = new Uint8Array(0);
  return async (into) => {
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
}

/** Opens the stored bytes. */
async function openStored(source: Source, name: string): Promise<Supply> {
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
  let open = true;
  const release = () => {
    if (open) file.close();
    open = false;
    return Promise.resolve();
  };
  try {
    const { size, isFile, isDirectory } = await file.stat();
    if (isDirectory) throw new TypeError(`Cannot read "${name}": it is a folder, a file is needed`);
    if (!isFile) {
      // A pipe can be read once only, but text is read twice.
      throw new TypeError(`Cannot read "${name}": it is a pipe or device, a regular file is needed`);
    }
    return plain(size, async (into) => await file.read(into) ?? 0, release);
  } catch (cause) {
    await release();
    throw cause;
  }
}

function fromMemory(bytes: Uint8Array): Supply {
  let at = 0;
  const pull: Pull = (into) => {
    const got = Math.min(into.length, bytes.length - at);
    into.set(bytes.subarray(at, at + got));
    at += got;
    return Promise.resolve(got);
  };
  return plain(bytes.length, pull, () => Promise.resolve());
}

function plain(storedBytes: number, pull: Pull, release: () => Promise<void>): Supply {
  return { storedBytes, mostBytes: storedBytes, storedDone: () => 0, pull, release };
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

function refuseBinary(bytes: Uint8Array, first: boolean, name: string): void {
  const encoding = first ? ENCODINGS.find(([, start]) => startsWith(bytes, start)) : undefined;
  if (encoding !== undefined) {
    throw new SyntaxError(`Cannot read "${name}": it is ${encoding[0]}, plain text (UTF-8) is needed`);
  }
  const foreign = first ? foreignFormat(bytes) : undefined;
  if (foreign !== undefined) throw new SyntaxError(`Cannot read "${name}": ${foreign}`);
  const zero = bytes.indexOf(0);
  if (zero >= 0) throw new SyntaxError(`Cannot read "${name}": it is not text, byte ${zero} is zero`);
}

/**
 * Bytes on their way from where they are stored: plain, unpacked from gzip, or out of a zip archive.
 *
 * @module
 */
import { DatasetError, messageOf } from "../errors.ts";
import { MOST_PACKED, type Source } from "./stored.ts";
import { onlyFile, openZip, type ZipArchive, type ZippedFile } from "./zip.ts";

/** One place in a file: fills a buffer from there on, 0 at the end. */
export type Pull = (into: Uint8Array<ArrayBuffer>) => Promise<number>;

/** Bytes of a file on their way. */
export interface Supply {
  /** Bytes of the source as it is stored. */
  readonly storedBytes: number;
  /** Most bytes it can hold once unpacked. */
  readonly mostBytes: number;
  /** Bytes read so far, as they are stored. */
  readonly storedDone: () => number;
  readonly pull: Pull;
  readonly release: () => Promise<void>;
}

/** Puts bytes that were read ahead back before the rest; counts what is taken. */
export function beginning(head: Uint8Array<ArrayBuffer>, stored: Supply): Supply {
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
export function gunzipped(name: string, stored: Supply): Supply {
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

/**
 * The only file of a zip archive, as if it lay beside.
 *
 * @throws {SyntaxError} When the archive is damaged, or holds more files.
 */
export async function unzipped(source: Source, called: string): Promise<Supply> {
  const archive = await openZip(source, called);
  try {
    return zipSupply(archive, onlyFile(archive), true);
  } catch (cause) {
    archive[Symbol.dispose]();
    throw cause;
  }
}

/** A file of an archive, which is closed with it if it is its `owner`. */
export function zipSupply(archive: ZipArchive, file: ZippedFile, owner: boolean): Supply {
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

/** Fills buffers of any size from chunks of any size. */
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

/**
 * Opens the stored bytes.
 *
 * @throws {Deno.errors.NotFound} When there is no such file.
 * @throws {Deno.errors.PermissionDenied} When it may not be read.
 * @throws {DatasetError} When the system does not open it for another reason.
 * @throws {TypeError} When it is a folder, a pipe or a device.
 */
export async function openStored(source: Source, name: string): Promise<Supply> {
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
    throw new DatasetError(`Cannot read "${name}": ${messageOf(cause)}`, { cause });
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
      throw new TypeError(
        `Cannot read "${name}": it is a pipe or device, a regular file is needed; predict reads the standard input as "-"`,
      );
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

/** A stream, which is read once and may have any length. */
export function fromStream(stream: ReadableStream<Uint8Array>): Supply {
  const chunks = stream.values();
  return plain(Infinity, pullChunks(chunks), async () => {
    await chunks.return?.();
  });
}

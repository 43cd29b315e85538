/**
 * Zip archives: what they hold, and the bytes of each file in them as a stream.
 *
 * The directory at the end of an archive is read and checked before anything is unpacked.
 *
 * @module
 */
import type { Entry, FileEntry } from "npm:@zip.js/zip.js@2.24.0";
import { messageOf } from "../errors.ts";
import { foreignArchive } from "./foreign.ts";
import { quote } from "../quote.ts";
import { RandomAccess } from "./random_access.ts";
import { MOST_PACKED, type Source } from "./stored.ts";

/** Bytes of the header before each packed file, without its name. */
const LOCAL_HEADER_BYTES = 30;

/** A file in an archive. */
export interface ZippedFile {
  /** Its name, with folders. */
  readonly name: string;
  /** Bytes once unpacked, as the archive claims; never more than its packed bytes can hold. */
  readonly bytes: number;
  /**
   * Unpacks it.
   *
   * @throws {SyntaxError} When it is damaged, cut short, encrypted, or packed in a way that is not known.
   */
  chunks(): AsyncGenerator<Uint8Array>;
}

/** An archive that was opened; close it with `using`. */
export interface ZipArchive extends Disposable {
  readonly name: string;
  /** Bytes as it is stored. */
  readonly storedBytes: number;
  /** Bytes read so far, as they are stored. */
  readonly storedDone: number;
  /** Its files, without folders. */
  readonly files: readonly ZippedFile[];
}

/**
 * Opens an archive and checks its directory.
 *
 * No two files may have one name (in any case), share packed bytes, or claim more than their packed bytes can hold: so
 * all files together are never more than 1032 times the archive. Memory: the directory.
 *
 * @param called What messages call it. @default its path, or "data"
 * @throws {SyntaxError} When it is no zip file, damaged or cut short, or its directory contradicts itself.
 */
export async function openZip(source: Source, called?: string): Promise<ZipArchive> {
  const file = await RandomAccess.open(source, called);
  try {
    return await readDirectory(file);
  } catch (cause) {
    file[Symbol.dispose]();
    throw cause;
  }
}

async function readDirectory(file: RandomAccess): Promise<ZipArchive> {
  const { name, size } = file;
  const fail = (found: string, cause?: unknown) =>
    new SyntaxError(`Cannot read archive "${name}": ${found}`, { cause });
  const { Reader, ZipReader } = await import("npm:@zip.js/zip.js@2.24.0");
  let storedDone = 0;
  class StoredBytes extends Reader<RandomAccess> {
    override size = size;
    override async readUint8Array(offset: number, length: number): Promise<Uint8Array> {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      await file.read(offset, bytes);
      storedDone = Math.min(size, storedDone + bytes.length);
      return bytes;
    }
  }
  const zip = new ZipReader(new StoredBytes(file), { useWebWorkers: false, checkCrc32: true });
  let entries: Entry[];
  try {
    entries = await zip.getEntries();
  } catch (cause) {
    throw fail(`it is damaged, cut short, or no zip file (${messageOf(cause)})`, cause);
  }
  const packed = entries.filter((entry): entry is FileEntry => !entry.directory);
  checkEntries(packed, size, fail);
  const files = packed.map((entry): ZippedFile => ({
    name: entry.filename,
    bytes: entry.uncompressedSize,
    chunks: () => unpack(entry, fail),
  }));
  return {
    name,
    storedBytes: size,
    get storedDone() {
      return storedDone;
    },
    files,
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

function checkEntries(entries: readonly FileEntry[], size: number, fail: (found: string) => Error): void {
  const names = new Set<string>();
  for (const { filename, compressedSize, uncompressedSize } of entries) {
    const folded = filename.toLowerCase();
    if (names.has(folded)) throw fail(`it holds ${quote(filename)} twice (in one case or another)`);
    names.add(folded);
    if (uncompressedSize > compressedSize * MOST_PACKED + 64) {
      throw fail(`${quote(filename)} claims ${uncompressedSize} bytes in ${compressedSize} packed ones`);
    }
  }
  let [end, before] = [0, ""];
  for (const entry of [...entries].sort((a, b) => a.offset - b.offset)) {
    const { offset, compressedSize, filename } = entry;
    if (offset < end) throw fail(`${quote(before)} and ${quote(filename)} share packed bytes`);
    end = offset + LOCAL_HEADER_BYTES + entry.rawFilename.length + compressedSize;
    before = filename;
  }
  if (end > size) throw fail(`${quote(before)} goes beyond its end: it is damaged or cut short`);
}

async function* unpack(entry: FileEntry, fail: (found: string, cause?: unknown) => Error) {
  const called = quote(entry.filename);
  if (entry.encrypted) throw fail(`${called} is encrypted, unpack it with its password first`);
  let ended: (cause: unknown) => void = () => {};
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
    start: (controller) => {
      ended = (cause) => controller.error(cause);
    },
  });
  const unpacked = entry.getData(writable, { useWebWorkers: false, checkCrc32: true });
  // What fails before the first byte does not end the stream by itself.
  unpacked.catch(ended);
  try {
    yield* readable;
    await unpacked;
  } catch (cause) {
    throw fail(
      `${called} is damaged, cut short, or packed in a way that is not known (${messageOf(cause)})`,
      cause,
    );
  }
}

/** What systems add to archives on their own. */
const ADDED = /(^|\/)(__MACOSX\/|\.DS_Store$|\._|desktop\.ini$|Thumbs\.db$)/;

/**
 * The file of an archive that holds one, apart from what systems add.
 *
 * @throws {SyntaxError} When it holds none or several; the message names them.
 */
export function onlyFile({ name, files }: ZipArchive): ZippedFile {
  const foreign = foreignArchive(files.map((file) => file.name));
  if (foreign !== undefined) throw new SyntaxError(`Cannot read "${name}": ${foreign}`);
  const own = files.filter((file) => !ADDED.test(file.name));
  if (own.length === 1) return own[0];
  const named = own.slice(0, 4).map((file) => quote(file.name)).join(", ") + (own.length > 4 ? ", …" : "");
  throw new SyntaxError(
    own.length === 0
      ? `Cannot read "${name}": it is a zip archive without a file`
      : `Cannot read "${name}": it is a zip archive of ${own.length} files (${named}), one is needed; ` +
        "unpack it and name the files",
  );
}

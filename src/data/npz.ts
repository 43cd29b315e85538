/**
 * Archives of NumPy arrays in `.npz` files, which are zip files of `.npy` files.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { unzipSync } from "npm:fflate@0.8.2";
import { decodeNpy, type NpyArray } from "./npy.ts";
import { MOST_PACKED, type ReadProgress, readSource, type Source, sourceName, startsWith } from "./source.ts";

/** First bytes of a zip file, and of one without content. */
const ZIP: readonly (readonly number[])[] = [[0x50, 0x4b, 3, 4], [0x50, 0x4b, 5, 6]];

/** Whether bytes begin as a zip file does. */
export function isZip(bytes: Uint8Array): boolean {
  return ZIP.some((start) => startsWith(bytes, start));
}

/** Options of {@linkcode readNpz}. */
export interface NpzOptions {
  /** Which arrays to read. @default {all} */
  readonly choose?: (name: string) => boolean;
  /** Called now and then. */
  readonly onProgress?: ReadProgress | undefined;
}

/**
 * Reads a `.npz` file.
 *
 * Memory: the file and its unpacked arrays. Files of 4 GiB and more (zip64) are refused.
 *
 * @returns The arrays, by their names (without `.npy`).
 * @throws {SyntaxError} When the file is no zip file, damaged or cut short, or an array cannot be read.
 */
export async function readNpz(source: Source, options: NpzOptions = {}): Promise<Map<string, NpyArray>> {
  const files = await readNpzFiles(source, options);
  const name = sourceName(source);
  return new Map([...files].map(([array, content]) => [array, decodeNpy(content, `${name}/${array}`)]));
}

/**
 * As {@linkcode readNpz}, the bytes of the `.npy` files.
 *
 * @throws {SyntaxError} When the file is no zip file, damaged or cut short.
 */
export async function readNpzFiles(
  source: Source,
  options: NpzOptions = {},
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const name = sourceName(source);
  const { choose = () => true, onProgress } = options;
  const bytes = await readSource(source, onProgress);
  const fail = (found: string, cause?: unknown) =>
    new SyntaxError(`Cannot read archive "${name}": ${found}`, { cause });
  if (!isZip(bytes)) throw fail("it is no zip file");
  let files: Record<string, Uint8Array<ArrayBuffer>>;
  let sums: Map<string, number>;
  try {
    files = unzipSync(bytes, {
      filter: ({ name: entry, size, originalSize }) => {
        if (!entry.endsWith(".npy") || !choose(entry.slice(0, -4))) return false;
        // The library allocates what the archive claims.
        if (size > bytes.length || originalSize > size * MOST_PACKED + 64) {
          throw new RangeError(`"${entry}" claims ${originalSize} bytes`);
        }
        return true;
      },
    }) as Record<string, Uint8Array<ArrayBuffer>>;
    sums = checksums(bytes);
  } catch (cause) {
    throw fail("it is damaged, cut short, or packed in a way that is not known (zip64, bzip2 …)", cause);
  }
  return new Map(
    Object.entries(files).map(([entry, content]) => {
      if (sums.get(entry) !== crc32(content)) throw fail(`"${entry}" is damaged, its checksum is wrong`);
      return [entry.slice(0, -4), content];
    }),
  );
}

/** CRC-32 of each file, out of the archive's directory (the library that unpacks it does not look at them). */
function checksums(bytes: Uint8Array<ArrayBuffer>): Map<string, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sums = new Map<string, number>();
  let end = bytes.length - 22;
  while (end > 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  for (let at = view.getUint32(end + 16, true); at < end && view.getUint32(at, true) === 0x02014b50;) {
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    sums.set(name, view.getUint32(at + 16, true));
    at += 46 + nameLength + extra + comment;
  }
  return sums;
}

/**
 * Archives of NumPy arrays, written a piece at a time.
 *
 * @module
 */
import { Zip, ZipPassThrough } from "npm:fflate@0.8.2";
import { encodeNpyHeader } from "../data/npy.ts";
import { writeWhole } from "../whole_file.ts";

/** An array to write: NumPy's name of its type, its shape, its bytes. */
export interface NpzEntry {
  readonly descr: string;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

/** Zip without its 64-bit extension counts bytes in 32 bits. */
const MOST_BYTES = 2 ** 32 - 2 ** 16;
const CHUNK_BYTES = 4 * 2 ** 20;
/** The date of every entry, the first that zip knows: equal arrays make equal files. */
const ENTRY_DATE = "1980-01-01T00:00:00";

/**
 * Writes an archive that appears whole or not at all. Not compressed; memory: one piece.
 *
 * @throws {RangeError} When it would have 4 GiB or more.
 */
export async function writeNpz(path: string, arrays: Readonly<Record<string, NpzEntry>>): Promise<void> {
  const total = Object.values(arrays).reduce((sum, { data }) => sum + data.byteLength, 0);
  if (total > MOST_BYTES) {
    throw new RangeError(
      `Cannot write "${path}": its arrays have ${total} bytes, an archive has below 4 GiB`,
    );
  }
  await writeWhole(path, async (file) => {
    const ready: Uint8Array[] = [];
    const zip = new Zip((error, chunk) => {
      if (error) throw error;
      ready.push(chunk);
    });
    const flush = async () => {
      for (const chunk of ready.splice(0)) await file.write(chunk);
    };
    for (const [name, { descr, shape, data }] of Object.entries(arrays)) {
      const entry = new ZipPassThrough(`${name}.npy`);
      entry.mtime = ENTRY_DATE;
      zip.add(entry);
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      entry.push(encodeNpyHeader(descr, shape), bytes.length === 0);
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
        entry.push(bytes.slice(at, at + CHUNK_BYTES), at + CHUNK_BYTES >= bytes.length);
        await flush();
      }
    }
    zip.end();
    await flush();
  });
}

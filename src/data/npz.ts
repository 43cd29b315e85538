/**
 * Archives of NumPy arrays in `.npz` files, which are zip files of `.npy` files.
 *
 * @module
 */
import { type NpyArray, type NpyData, readNpyBytes } from "./npy.ts";
import { quote } from "../quote.ts";
import { type ReadProgress, type Source, SourceReader } from "./source.ts";
import { openZip } from "./zip.ts";

/** Options of {@linkcode readNpz}. */
export interface NpzOptions {
  /** Which arrays to read. @default {all} */
  readonly choose?: ((name: string) => boolean) | undefined;
  /**
   * Most bytes of all arrays together, once unpacked.
   *
   * Without it, 4 GiB more than the archive itself: what is not packed is no surprise.
   */
  readonly maxBytes?: number | undefined;
  /** Called now and then. */
  readonly onProgress?: ReadProgress | undefined;
}

/**
 * Reads a `.npz` file.
 *
 * Its directory is checked as a whole ({@linkcode openZip}) before an array is unpacked, and the header of each array
 * before its numbers are. Memory: the arrays.
 *
 * @returns The arrays, by their names (without `.npy`).
 * @throws {SyntaxError} When the file is no zip file, damaged or cut short, or an array cannot be read.
 * @throws {RangeError} When the arrays are larger than allowed.
 */
export async function readNpz(
  source: Source,
  options: NpzOptions = {},
): Promise<Map<string, NpyArray<NpyData>>> {
  const { choose = () => true, onProgress } = options;
  using archive = await openZip(source);
  const wanted = archive.files.filter(({ name }) => name.endsWith(".npy") && choose(name.slice(0, -4)));
  const bytes = wanted.reduce((sum, file) => sum + file.bytes, 0);
  const { maxBytes = archive.storedBytes + 2 ** 32 } = options;
  if (bytes > maxBytes) {
    throw new RangeError(
      `Cannot hold the arrays of "${archive.name}": they claim ${bytes} bytes once unpacked, at most ${maxBytes} ` +
        "are allowed; unpack the archive, and give its arrays as files",
    );
  }
  const arrays = new Map<string, NpyArray<NpyData>>();
  for (const file of wanted) {
    await using reader = SourceReader.ofZipped(archive, file);
    arrays.set(file.name.slice(0, -4), await readNpyBytes(reader, onProgress));
  }
  return arrays;
}

/**
 * Opens the array that has one of some names (in any case, the first that is there), or the only one.
 *
 * @throws {SyntaxError} When there is no such array.
 */
export async function openNpzArray(source: Source, names: readonly string[]): Promise<SourceReader> {
  const archive = await openZip(source);
  const arrays = archive.files.filter(({ name }) => name.endsWith(".npy"));
  const called = (name: string) => arrays.find((file) => file.name.toLowerCase() === `${name}.npy`);
  const file = names.map(called).find((found) => found !== undefined) ??
    (arrays.length === 1 ? arrays[0] : undefined);
  if (file !== undefined) return SourceReader.ofZipped(archive, file, { owner: true });
  archive[Symbol.dispose]();
  const found = arrays.slice(0, 8).map(({ name }) => quote(name.slice(0, -4))).join(", ");
  throw new SyntaxError(
    `Cannot read archive "${archive.name}": its arrays are ${found}, expected ${
      names.map(quote).join(" or ")
    }`,
  );
}

/** Small files for the tests of `loadFiles()`: written, loaded, and what came of it. @module */
import { assert } from "@std/assert";
import type { Dataset } from "../src/data/dataset.ts";
import type { FileOptions } from "../src/data/file_options.ts";
import { loadFiles } from "../src/data/files.ts";
import { encodeNpy, type NpyNumbers } from "../src/data/npy.ts";

/** What a file holds. */
export type Content = string | Uint8Array;

/** Writes files into a folder of their own and loads those named, all of them unless told otherwise. */
export async function load(
  files: Record<string, Content>,
  options: FileOptions = {},
  names = Object.keys(files),
): Promise<Dataset> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(`${folder}/${name}`, bytes);
    }
    return await loadFiles(names.map((name) => `${folder}/${name}`), options);
  } catch (cause) {
    if (cause instanceof Error) cause.message = cause.message.replaceAll(`${folder}/`, "");
    throw cause;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Name and message of the error that loading gives, one line. */
export async function fault(
  files: Record<string, Content>,
  options: FileOptions = {},
  names = Object.keys(files),
): Promise<string> {
  try {
    await load(files, options, names);
  } catch (cause) {
    assert(cause instanceof Error);
    assert(!/[\n\r]/.test(cause.message), cause.message);
    return `${cause.name}: ${cause.message}`;
  }
  return "no error";
}

/** The bytes of a `.npy` file. */
export const npy = (shape: number[], data: NpyNumbers): Uint8Array<ArrayBuffer> => encodeNpy({ shape, data });

/** The bytes of an IDX file of bytes. */
export function idx(shape: number[], body: readonly number[]): Uint8Array {
  return Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((n) => [0, 0, n >> 8, n & 255]), ...body]);
}

/** A row a sample, the label at the end of it. */
export function content({ train, test, featureCount, classNames }: Dataset): string[][] {
  return [train, test].map((split) =>
    Array.from({ length: split?.samples ?? 0 }, (_, row) => {
      const features = split!.features.subarray(row * featureCount, (row + 1) * featureCount);
      return [...features, classNames[split!.labels[row]]].join();
    })
  );
}

/** Five samples of two classes. */
export const csv = "a,b,label\n1,2,x\n3,4,y\n5,6,x\n7,8,y\n9,10,x\n";

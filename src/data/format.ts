/**
 * What format a data file has, by its name and its first bytes.
 *
 * @module
 */
import { NPY_MAGIC } from "./npy.ts";
import { isZip } from "./npz.ts";
import { SourceReader, startsWith } from "./source.ts";

/** Formats of data files; "labels" are the label files of Madelon and its kind. */
export type FileFormat = "delimited" | "svmlight" | "labels" | "npy" | "npz" | "idx";

/** What messages call each format. */
export const FORMAT_NAMES: Readonly<Record<FileFormat, string>> = {
  delimited: "delimited text",
  svmlight: "svmlight text",
  labels: "a file of labels",
  npy: "a NumPy array",
  npz: "a NumPy archive",
  idx: "an IDX file",
};

/** A data file that was looked into. */
export interface DataFile {
  /** As it was given. */
  readonly path: string;
  /** Its name without folders, `.gz` and the last extension. */
  readonly stem: string;
  /** How it is to be read. */
  readonly format: FileFormat;
  /** What stands between cells, where the extension says so. */
  readonly delimiter?: string;
  /** Bytes as it is stored. */
  readonly storedBytes: number;
}

/** Endings of names that decide; whatever has none of them is told by its content. */
const ENDINGS: readonly (readonly [RegExp, FileFormat])[] = [
  [/\.(csv|tsv)$/, "delimited"],
  [/\.(svm|libsvm|svmlight)$/, "svmlight"],
  [/\.labels$/, "labels"],
  [/\.npy$/, "npy"],
  [/\.npz$/, "npz"],
  [/(\.idx\d*|[-.]ubyte)$/, "idx"],
];

/** Bytes that are looked at. */
const HEAD_BYTES = 1 << 16;

/**
 * Looks into a file, packed with gzip or not.
 *
 * Content that cannot be mistaken (NumPy, zip, IDX) goes before the extension, the extension before all else.
 *
 * @throws {Deno.errors.NotFound} When there is no such file.
 * @throws {TypeError} When it is a folder, a pipe or a device.
 * @throws {SyntaxError} When it is empty, or its gzip data is damaged.
 */
export async function detectFormat(path: string): Promise<DataFile> {
  await using reader = await SourceReader.open(path);
  const buffer = new Uint8Array(HEAD_BYTES);
  const head = buffer.subarray(0, await reader.fill(buffer));
  const name = path.replace(/^.*[/\\]/, "").replace(/\.gz$/i, "");
  const stem = name.replace(/(?<=.)\.[^.]*$/, "") || name;
  const ending = ENDINGS.find(([pattern]) => pattern.test(name.toLowerCase()));
  const format = binaryFormat(head) ?? ending?.[1] ?? textFormat(head);
  const tabs = /\.tsv$/i.test(name) && head.includes(9);
  return { path, stem, format, storedBytes: reader.storedBytes, ...(tabs ? { delimiter: "\t" } : {}) };
}

function binaryFormat(head: Uint8Array): FileFormat | undefined {
  if (startsWith(head, NPY_MAGIC)) return "npy";
  if (isZip(head)) return "npz";
  // No text begins with zeros; the third byte is a type, the fourth counts dimensions.
  if (startsWith(head, [0, 0]) && head[2] >= 8 && head[2] <= 14 && head[3] > 0 && head[3] < 16) return "idx";
  return undefined;
}

/** Svmlight if the first line with more than a label goes on with a pair. */
function textFormat(head: Uint8Array): FileFormat {
  for (const line of new TextDecoder().decode(head).split(/\r?\n/)) {
    const [label = "", next] = line.trim().split(/[ \t]+/, 2);
    if (label.startsWith("#") || next === undefined || next.startsWith("#")) continue;
    return /^(\d+|qid):[^:]+$/.test(next) ? "svmlight" : "delimited";
  }
  return "delimited";
}

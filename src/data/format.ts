/**
 * What format a data file has, by its name and its first bytes.
 *
 * @module
 */
import { foreignFormat } from "./foreign.ts";
import { NPY_MAGIC } from "./npy.ts";
import { type Source, SourceReader } from "./source.ts";
import { isZip, startsWith } from "./stored.ts";
import { onlyFile, openZip } from "./zip.ts";

/** Formats of data files; "labels" are the label files of Madelon and its kind. */
export type FileFormat = "delimited" | "svmlight" | "labels" | "npy" | "npz" | "idx" | "parquet";

/** What messages call each format. */
export const FORMAT_NAMES: Readonly<Record<FileFormat, string>> = {
  delimited: "delimited text",
  svmlight: "svmlight text",
  labels: "a file of labels",
  npy: "a NumPy array",
  npz: "a NumPy archive",
  idx: "an IDX file",
  parquet: "a Parquet table",
};

/** A data file that was looked into. */
export interface DataFile {
  /** As it was given; of bytes in memory, what messages call them. */
  readonly path: string;
  /** What is read in the place of a file. */
  readonly bytes?: Uint8Array;
  /** Its name without folders, `.gz` or `.zip`, and the last extension. */
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

/** First bytes of Parquet files. */
const PARQUET: readonly number[] = [0x50, 0x41, 0x52, 0x31];

/** Bytes that are looked at. */
const HEAD_BYTES = 1 << 16;

/**
 * Looks into a file, packed with gzip, alone in a zip archive, or plain.
 *
 * Content that cannot be mistaken (NumPy, zip, IDX, Parquet) goes before the extension, the extension before all else.
 *
 * @param bytes What is read in the place of a file; the path is then what they are called.
 * @throws {Deno.errors.NotFound} When there is no such file.
 * @throws {TypeError} When it is a folder, a pipe or a device.
 * @throws {SyntaxError} When it is empty, its packed data is damaged, it is an archive of several files, or of a format
 * that is not read; the message says what it is and what to do.
 */
export async function detectFormat(path: string, bytes?: Uint8Array): Promise<DataFile> {
  const file = path.replace(/^.*[/\\]/, "").replace(/\.(gz|zip)$/i, "");
  const stem = file.replace(/(?<=.)\.[^.]*$/, "") || file;
  const source = bytes ?? path;
  const memory = bytes === undefined ? {} : { bytes };
  const archive = await archiveOf(source, path);
  if (archive?.format === "npz") return { path, ...memory, stem, ...archive };
  await using reader = await SourceReader.open(source, path);
  const buffer = new Uint8Array(HEAD_BYTES);
  const head = buffer.subarray(0, await reader.fill(buffer));
  const name = archive?.name ?? file;
  const ending = ENDINGS.find(([pattern]) => pattern.test(name.toLowerCase()));
  const binary = binaryFormat(head);
  const foreign = binary === undefined ? foreignFormat(head) : undefined;
  if (foreign !== undefined) throw new SyntaxError(`Cannot read "${path}": ${foreign}`);
  const format = binary ?? ending?.[1] ?? textFormat(head);
  const tabs = /\.tsv$/i.test(name) && head.includes(9);
  return {
    path,
    ...memory,
    stem,
    format,
    storedBytes: reader.storedBytes,
    ...(tabs ? { delimiter: "\t" } : {}),
  };
}

/** A zip archive: a NumPy archive, or the name of the only file in it; undefined for other files. */
async function archiveOf(
  source: Source,
  path: string,
): Promise<{ format: "npz"; storedBytes: number } | { format?: undefined; name: string } | undefined> {
  if (!await beginsAsZip(source, path)) return undefined;
  using archive = await openZip(source, path);
  const { files, storedBytes } = archive;
  const isNumPy = files.some(({ name }) => name.endsWith(".npy")) || /\.npz$/i.test(path);
  return isNumPy ? { format: "npz", storedBytes } : { name: onlyFile(archive).name };
}

async function beginsAsZip(source: Source, path: string): Promise<boolean> {
  await using reader = await SourceReader.open(source, path, { unpack: false });
  const head = new Uint8Array(4);
  return isZip(head.subarray(0, await reader.fill(head)));
}

function binaryFormat(head: Uint8Array): FileFormat | undefined {
  if (startsWith(head, NPY_MAGIC)) return "npy";
  if (startsWith(head, PARQUET)) return "parquet";
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

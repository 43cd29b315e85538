/**
 * Parquet files: their columns, and the cells of each, a row group at a time.
 *
 * @module
 */
import type { AsyncBuffer, Compressors, FileMetaData, SchemaTree } from "npm:hyparquet@1.31.5";
import { messageOf } from "../../errors.ts";
import { quote } from "../quote.ts";
import { RandomAccess } from "../random_access.ts";
import { readSource, type Source, SourceReader } from "../source.ts";
import { isZip, startsWith } from "../stored.ts";

/** A cell: a number, a whole number beyond 32 bits, text (truth values and dates too); undefined where it is missing. */
export type ParquetCell = number | bigint | string | undefined;

/** Rows that stand together in a file. */
export interface RowGroup {
  /** The first, from 0. */
  readonly start: number;
  readonly rows: number;
}

/** A Parquet file that was opened and whose footer was read. */
export interface ParquetFile {
  readonly name: string;
  readonly bytes: number;
  readonly columnNames: readonly string[];
  readonly groups: readonly RowGroup[];
  /**
   * Reads columns of a row group, one after another.
   *
   * @param visit Gets the place of each column and its cells.
   * @throws {SyntaxError} When the file is damaged, or packed in a way that is not known.
   */
  read(
    group: RowGroup,
    columns: readonly number[],
    visit: (column: number, cells: ArrayLike<ParquetCell>) => void,
  ): Promise<void>;
}

/** Rows of a group and bytes of a page that are believed: many times what writers make. */
const MOST_GROUP_ROWS = 1 << 26, MOST_PAGE_BYTES = 1 << 28;
/** Columns that are planned together. */
const BLOCK = 64;

/** Types that are no cells. */
const NO_CELLS = /^(JSON|BSON|GEOMETRY|GEOGRAPHY|VARIANT|INTERVAL)$/;

/**
 * Opens a Parquet file and reads its footer.
 *
 * @throws {SyntaxError} When it is no Parquet file or damaged, or a column holds lists or records.
 */
export async function openParquetFile(source: Source): Promise<ParquetFile> {
  const stored = await storedBytes(source);
  const { parquetMetadataAsync, parquetSchema } = await import("npm:hyparquet@1.31.5");
  const fail = failure(stored.name);
  let metadata: FileMetaData;
  let children: readonly SchemaTree[];
  try {
    metadata = await withFile(stored.source, (file) => parquetMetadataAsync(file, { geoparquet: false }));
    children = parquetSchema(metadata).children;
  } catch (cause) {
    throw fail(`it is damaged or cut short (${messageOf(cause)})`, cause);
  }
  for (const child of children) {
    if (typeof child.element.name !== "string") throw fail("a column has no name: it is damaged");
    refuseNested(child, fail);
  }
  const names = children.map(({ element }) => element.name);
  const repeated = names.find((name, at) => names.indexOf(name) < at);
  if (repeated !== undefined) throw fail(`two columns are called ${quote(repeated)}`);
  const compressors = await compressorsFor(metadata);
  return {
    name: stored.name,
    bytes: stored.bytes,
    columnNames: names,
    groups: groupsOf(metadata, fail),
    read: (group, columns, visit) =>
      withFile(stored.source, async (file) => {
        for (let from = 0; from < columns.length; from += BLOCK) {
          const block = columns.slice(from, from + BLOCK);
          await readColumns(file, metadata, compressors, group, block.map((at) => names[at]), (at, cells) => {
            visit(block[at], cells);
          }, fail);
        }
      }),
  };
}

type Fail = (found: string, cause?: unknown) => SyntaxError;

function failure(name: string): Fail {
  return (found, cause) => new SyntaxError(`Cannot read Parquet file "${name}": ${found}`, { cause });
}

/** The file as it is stored; what is alone in a zip archive is unpacked. */
async function storedBytes(source: Source): Promise<{ source: Source; name: string; bytes: number }> {
  await using reader = await SourceReader.open(source, undefined, { unpack: false });
  const head = new Uint8Array(4);
  await reader.fill(head);
  const { name, storedBytes: bytes } = reader;
  if (isZip(head)) return { source: await readSource(source), name, bytes };
  if (startsWith(head, [0x1f, 0x8b])) throw failure(name)("it is packed with gzip; unpack it first");
  return { source, name, bytes };
}

async function withFile<Result>(
  source: Source,
  use: (file: AsyncBuffer) => Promise<Result>,
): Promise<Result> {
  using file = await RandomAccess.open(source);
  return await use({
    byteLength: file.size,
    slice: async (start, end = file.size) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, file.size) - start));
      await file.read(start, bytes);
      return bytes.buffer;
    },
  });
}

function refuseNested({ children, element }: SchemaTree, fail: Fail): void {
  const { name, repetition_type: repetition, converted_type: converted = "", logical_type: logical } =
    element;
  const advice = "leave it out, or spread it into columns of its own";
  if (children.length > 0 || repetition === "REPEATED") {
    throw fail(`column ${quote(name)} holds lists or records, a number or text is needed; ${advice}`);
  }
  const type = [converted, logical?.type ?? ""].find((type) => NO_CELLS.test(type));
  if (type !== undefined) {
    throw fail(`column ${quote(name)} holds ${type}, a number or text is needed; ${advice}`);
  }
}

function groupsOf(metadata: FileMetaData, fail: Fail): RowGroup[] {
  let start = 0;
  const groups = metadata.row_groups.map(({ num_rows }) => {
    const rows = Number(num_rows);
    if (!(rows >= 0 && rows <= MOST_GROUP_ROWS)) {
      throw fail(
        `it has a row group of ${rows} rows, at most ${MOST_GROUP_ROWS} are read; write smaller ones`,
      );
    }
    start += rows;
    return { start: start - rows, rows };
  });
  return groups.filter(({ rows }) => rows > 0);
}

/** Decompressors for what the file needs; each refuses pages that claim too much. */
async function compressorsFor(metadata: FileMetaData): Promise<Compressors> {
  const codecs = new Set(
    metadata.row_groups.flatMap(({ columns }) => columns.map((c) => c.meta_data?.codec)),
  );
  const { snappyUncompress } = await import("npm:hyparquet@1.31.5");
  const plain: Compressors = {
    SNAPPY: (input, length) => {
      const output = new Uint8Array(length);
      snappyUncompress(input, output);
      return output;
    },
  };
  codecs.delete("UNCOMPRESSED");
  codecs.delete("SNAPPY");
  const known: Compressors = codecs.size === 0
    ? plain
    : { ...(await import("npm:hyparquet-compressors@1.1.2")).compressors, ...plain };
  const bounded = Object.entries(known).map(([codec, unpack]) => {
    const checked = (input: Uint8Array, length: number): Uint8Array => {
      if (length > MOST_PAGE_BYTES) throw new RangeError(`a page claims ${length} bytes`);
      return unpack(input, length);
    };
    return [codec, checked] as const;
  });
  return Object.fromEntries(bounded);
}

async function readColumns(
  file: AsyncBuffer,
  metadata: FileMetaData,
  compressors: Compressors,
  { start, rows }: RowGroup,
  names: string[],
  visit: (column: number, cells: ArrayLike<ParquetCell>) => void,
  fail: Fail,
): Promise<void> {
  const { parquetScan } = await import("npm:hyparquet@1.31.5");
  const range = { rowStart: start, rowEnd: start + rows };
  const scan = await parquetScan({
    file,
    metadata,
    columns: names,
    compressors,
    geoparquet: false,
    parsers: PARSERS,
    ...range,
  });
  for (const [at, column] of names.entries()) {
    let data: ArrayLike<unknown>;
    try {
      data = await scan.readColumn({ column, ...range }) as ArrayLike<unknown>;
    } catch (cause) {
      throw fail(
        `column ${quote(column)} is damaged, or packed in a way that is not known (${messageOf(cause)})`,
        cause,
      );
    }
    if (data.length !== rows) throw fail(`column ${quote(column)} has ${data.length} of ${rows} rows`);
    visit(at, ArrayBuffer.isView(data) ? data as unknown as ArrayLike<number> : Array.from(data, cellOf));
  }
}

const DECODER = new TextDecoder("utf-8", { fatal: true });
const text = (bytes: Uint8Array | undefined): string | undefined => bytes && DECODER.decode(bytes);

/** Dates as text that looks like one; text that is none is an error. */
const PARSERS = {
  stringFromBytes: text,
  timestampFromMilliseconds: (time: bigint | undefined) => instant(time, 1),
  timestampFromMicroseconds: (time: bigint | undefined) => instant(time, 1e3),
  timestampFromNanoseconds: (time: bigint | undefined) => instant(time, 1e6),
  dateFromDays: (days: number | undefined) => instant(days, 1 / 86_400_000)?.slice(0, 10),
};

function instant(time: bigint | number | undefined | null, perMillisecond: number): string | undefined {
  if (time === undefined || time === null) return undefined;
  const date = new Date(Number(time) / perMillisecond);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}

function cellOf(found: unknown): ParquetCell {
  if (found === null || found === undefined || found === "") return undefined;
  if (typeof found === "number" || typeof found === "bigint" || typeof found === "string") return found;
  return found instanceof Uint8Array ? text(found) : String(found);
}

/**
 * Parquet files: their columns, and the cells of each, a row group at a time.
 *
 * @module
 */
import type {
  AsyncBuffer,
  ColumnChunk,
  Compressors,
  FileMetaData,
  SchemaElement,
  SchemaTree,
} from "npm:hyparquet@1.31.5";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { messageOf } from "../../errors.ts";
import { quote } from "../../quote.ts";
import { RandomAccess } from "../random_access.ts";
import { readSource, type Source, SourceReader } from "../source.ts";
import { isZip, startsWith } from "../stored.ts";
import { checkPages } from "./parquet_pages.ts";
import { ThriftReader } from "./parquet_thrift.ts";

/** A cell: a number, a whole number beyond 32 bits, text (truth values and dates too); undefined where it is missing. */
export type ParquetCell = number | bigint | string | undefined;

/** Rows that stand together in a file. */
export interface RowGroup {
  /** Place in the footer, from 0. */
  readonly place: number;
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

/** Rows of a group that are believed: many times what writers make. */
const MOST_GROUP_ROWS = 1 << 26;
/** Bytes of a footer that are believed. */
const MOST_FOOTER_BYTES = 1 << 26;

/** Types that are no cells. */
const NO_CELLS = /^(JSON|BSON|GEOMETRY|GEOGRAPHY|VARIANT|INTERVAL)$/;

/**
 * Opens a Parquet file and reads its footer.
 *
 * @param called What messages call it. @default its path, or "data"
 * @throws {SyntaxError} When it is no Parquet file or damaged, or a column holds lists or records.
 */
export async function openParquetFile(source: Source, called?: string): Promise<ParquetFile> {
  const stored = await storedBytes(source, called);
  const { parquetMetadataAsync, parquetSchema } = await import("npm:hyparquet@1.31.5");
  const fail = failure(stored.name);
  let metadata: FileMetaData;
  let children: readonly SchemaTree[];
  let compressors: Compressors;
  try {
    metadata = await withFile(stored.source, async (file) => {
      await checkFooter(file);
      return await parquetMetadataAsync(file, { geoparquet: false });
    });
    children = parquetSchema(metadata).children;
    compressors = await compressorsFor(metadata);
  } catch (cause) {
    throw fail(`it is damaged or cut short (${messageOf(cause)})`, cause);
  }
  for (const child of children) {
    if (typeof child.element.name !== "string") throw fail("a column has no name: it is damaged");
    refuseNested(child, fail);
  }
  const names = children.map(({ element }) => element.name);
  const known = new Set<string>();
  for (const name of names) {
    if (known.size === known.add(name).size) throw fail(`two columns are called ${quote(name)}`);
  }
  return {
    name: stored.name,
    bytes: stored.bytes,
    columnNames: names,
    groups: groupsOf(metadata, fail),
    read: (group, columns, visit) =>
      withFile(stored.source, async (file) => {
        const chunks = chunksOf(metadata.row_groups[group.place], fail);
        for (const column of columns) {
          const { element } = children[column];
          let cells: ArrayLike<unknown>;
          try {
            cells = await readColumn(file, element, chunks.get(element.name), group.rows, compressors);
          } catch (cause) {
            throw fail(
              `column ${quote(element.name)} is damaged, or packed in a way that is not known (${
                messageOf(cause)
              })`,
              cause,
            );
          }
          visit(column, ArrayBuffer.isView(cells) ? cells as unknown as Numbers : Array.from(cells, cellOf));
        }
      }),
  };
}

type Numbers = ArrayLike<number>;
type Fail = (found: string, cause?: unknown) => SyntaxError;

function failure(name: string): Fail {
  return (found, cause) => new SyntaxError(`Cannot read Parquet file "${name}": ${found}`, { cause });
}

/** The file as it is stored; what is alone in a zip archive is unpacked. */
async function storedBytes(
  source: Source,
  called?: string,
): Promise<{ source: Source; name: string; bytes: number }> {
  await using reader = await SourceReader.open(source, called, { unpack: false });
  const head = new Uint8Array(4);
  await reader.fill(head);
  const { name, storedBytes: bytes } = reader;
  if (isZip(head)) return { source: await readSource(source, undefined, name), name, bytes };
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
  const groups = metadata.row_groups.map(({ num_rows }, place) => {
    const rows = Number(num_rows);
    if (!(rows >= 0 && rows <= MOST_GROUP_ROWS)) {
      throw fail(
        `it has a row group of ${rows} rows, at most ${MOST_GROUP_ROWS} are read; write smaller ones`,
      );
    }
    start += rows;
    return { place, start: start - rows, rows };
  });
  return groups.filter(({ rows }) => rows > 0);
}

/** Decompressors for what the file needs; each gives at most as many bytes as the page says. */
async function compressorsFor(metadata: FileMetaData): Promise<Compressors> {
  const codecs = new Set(
    metadata.row_groups.flatMap(({ columns }) => columns.map((c) => c.meta_data?.codec)),
  );
  const { snappyUncompress } = await import("npm:hyparquet@1.31.5");
  const within =
    (unpack: (packed: Uint8Array, options: { maxOutputLength: number }) => Uint8Array) =>
    (packed: Uint8Array, bytes: number): Uint8Array => {
      const { buffer, byteOffset, length } = unpack(packed, { maxOutputLength: Math.max(bytes, 1) });
      return new Uint8Array(buffer, byteOffset, length);
    };
  const known: Compressors = {
    SNAPPY: (packed, bytes) => {
      const page = new Uint8Array(bytes);
      snappyUncompress(packed, page);
      return page;
    },
    GZIP: within(gunzipSync),
    BROTLI: within(brotliDecompressSync),
    ZSTD: within(zstdDecompressSync),
  };
  if (!codecs.has("LZ4") && !codecs.has("LZ4_RAW")) return known;
  const { LZ4, LZ4_RAW } = (await import("npm:hyparquet-compressors@1.1.2")).compressors;
  if (LZ4 === undefined || LZ4_RAW === undefined) return known;
  return {
    ...known,
    LZ4_RAW,
    LZ4: (packed, bytes) => (isFramed(packed, bytes) ? LZ4 : LZ4_RAW)(packed, bytes),
  };
}

/** Whether LZ4 stands in the frames of Hadoop; its decoder would follow lengths below zero in circles. */
function isFramed(packed: Uint8Array, bytes: number): boolean {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  let [at, total] = [0, 0];
  while (at + 8 < packed.length) {
    total += view.getUint32(at);
    at += 8 + view.getUint32(at + 4);
  }
  return at === packed.length && total === bytes;
}

/** Reads the footer for what keeps its reader busy or fills memory. */
async function checkFooter(file: AsyncBuffer): Promise<void> {
  const end = file.byteLength - 8;
  if (end < 4) throw new RangeError(`it has ${file.byteLength} bytes`);
  const bytes = new DataView(await file.slice(end, end + 4)).getUint32(0, true);
  const most = Math.min(end, MOST_FOOTER_BYTES);
  if (bytes > most) throw new RangeError(`its footer claims ${bytes} bytes, at most ${most} are read`);
  new ThriftReader(new Uint8Array(await file.slice(end - bytes, end))).struct();
}

/** Where the columns of a row group stand, by name. */
function chunksOf(group: FileMetaData["row_groups"][number], fail: Fail): Map<string, ColumnChunk> {
  const chunks = new Map<string, ColumnChunk>();
  for (const chunk of group.columns) {
    // Of a damaged file any part may be missing.
    const name = chunk.meta_data?.path_in_schema?.[0];
    if (typeof name !== "string") throw fail("a row group has a column without a name: it is damaged");
    if (chunks.size === chunks.set(name, chunk).size) {
      throw fail(`a row group has the column ${quote(name)} twice: it is damaged`);
    }
  }
  return chunks;
}

/** Reads the cells of a column: its pages are checked, and the decoder gets nothing but what was checked. */
async function readColumn(
  file: AsyncBuffer,
  element: SchemaElement,
  chunk: ColumnChunk | undefined,
  rows: number,
  compressors: Compressors,
): Promise<ArrayLike<unknown>> {
  const meta = chunk?.meta_data;
  if (meta === undefined) throw new RangeError("a row group is without it");
  const first = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const bytes = Number(meta.total_compressed_size);
  if (!(first >= 0 && bytes >= 0 && first + bytes <= file.byteLength)) {
    throw new RangeError(`it claims ${bytes} bytes from byte ${first} on, the file has ${file.byteLength}`);
  }
  const { type, codec } = meta;
  if (type !== element.type) throw new RangeError(`its cells are ${element.type} and ${type}`);
  if (type === "FIXED_LEN_BYTE_ARRAY" && !(element.type_length! > 0)) {
    throw new RangeError("its cells have no length");
  }
  const unpack = compressors[codec];
  const packed = codec !== "UNCOMPRESSED";
  if (packed && unpack === undefined) throw new RangeError(`it is packed as ${codec}`);
  const stored = new Uint8Array(await file.slice(first, first + bytes));
  const optional = element.repetition_type !== "REQUIRED";
  const { end, unpacked } = checkPages(stored, { rows, optional, type, ...(packed && { unpack }) });
  const range = { rowStart: 0, rowEnd: rows };
  const { parquetScan } = await import("npm:hyparquet@1.31.5");
  // Alone in its row group and schema: the decoder goes through all columns of these for each that it reads.
  const scan = await parquetScan({
    file: {
      byteLength: file.byteLength,
      slice: (from, to = file.byteLength) => stored.slice(from - first, Math.min(to - first, end)).buffer,
    },
    metadata: {
      version: 1,
      num_rows: BigInt(rows),
      metadata_length: 0,
      schema: [{ name: "", num_children: 1 }, element],
      row_groups: [{
        columns: [chunk!],
        num_rows: BigInt(rows),
        total_byte_size: meta.total_compressed_size,
      }],
    },
    compressors: {
      [codec]: () => {
        const page = unpacked.shift();
        if (page === undefined) throw new RangeError("it has more pages than were checked");
        return page;
      },
    },
    columns: [element.name],
    useOffsetIndex: false,
    geoparquet: false,
    parsers: PARSERS,
    ...range,
  });
  const cells = await scan.readColumn({ column: element.name, ...range }) as ArrayLike<unknown>;
  if (cells.length !== rows) throw new RangeError(`it has ${cells.length} of ${rows} rows`);
  return cells;
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

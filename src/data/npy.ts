/**
 * Arrays of NumPy in `.npy` files.
 *
 * Format: NumPy Enhancement Proposal 1 (versions 1.0, 2.0 and 3.0).
 *
 * @module
 */
import { quote } from "../quote.ts";
import { type ReadProgress, type Source, SourceReader } from "./source.ts";

/** Numbers a `.npy` file holds; truth values are bytes 0 and 1. */
export type NpyNumbers =
  | Float16Array
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** What a `.npy` file holds: numbers, or text. */
export type NpyData = NpyNumbers | readonly string[];

/** An array of NumPy. */
export interface NpyArray<Data extends NpyData = NpyNumbers> {
  /** Length of each dimension, slowest first; empty for a single number. */
  readonly shape: readonly number[];
  /** The numbers or texts, the last dimension fastest. */
  readonly data: Data;
}

interface NumberType {
  readonly bytes: number;
  readonly view: (bytes: ArrayBuffer, offset: number, length: number) => NpyNumbers;
}

const TYPES: Readonly<Record<string, NumberType>> = {
  f2: { bytes: 2, view: (bytes, offset, length) => new Float16Array(bytes, offset, length) },
  f4: { bytes: 4, view: (bytes, offset, length) => new Float32Array(bytes, offset, length) },
  f8: { bytes: 8, view: (bytes, offset, length) => new Float64Array(bytes, offset, length) },
  i1: { bytes: 1, view: (bytes, offset, length) => new Int8Array(bytes, offset, length) },
  i2: { bytes: 2, view: (bytes, offset, length) => new Int16Array(bytes, offset, length) },
  i4: { bytes: 4, view: (bytes, offset, length) => new Int32Array(bytes, offset, length) },
  i8: { bytes: 8, view: (bytes, offset, length) => new BigInt64Array(bytes, offset, length) },
  u1: { bytes: 1, view: (bytes, offset, length) => new Uint8Array(bytes, offset, length) },
  u2: { bytes: 2, view: (bytes, offset, length) => new Uint16Array(bytes, offset, length) },
  u4: { bytes: 4, view: (bytes, offset, length) => new Uint32Array(bytes, offset, length) },
  u8: { bytes: 8, view: (bytes, offset, length) => new BigUint64Array(bytes, offset, length) },
  b1: { bytes: 1, view: (bytes, offset, length) => new Uint8Array(bytes, offset, length) },
};

/** First bytes of every `.npy` file. */
export const NPY_MAGIC: readonly number[] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** The longest header that is looked for; NumPy's have 118 bytes. */
export const NPY_HEADER_BYTES: number = 1 << 16;
const CHUNK_BYTES = 8 << 20;

/**
 * Reads a `.npy` file, packed with gzip or not.
 *
 * The header decides how much is read: what follows is an error, and is not unpacked. Memory: the array, and a copy
 * where its order must change.
 *
 * @throws {SyntaxError} When the file is no `.npy` file, damaged, cut short, or its content is of another kind.
 */
export async function readNpy(source: Source, onProgress?: ReadProgress): Promise<NpyArray<NpyData>> {
  await using reader = await SourceReader.open(source);
  return await readNpyBytes(reader, onProgress);
}

/** As {@linkcode readNpy}, from a source that is open. */
export async function readNpyBytes(
  reader: SourceReader,
  onProgress?: ReadProgress,
): Promise<NpyArray<NpyData>> {
  const { name, mostBytes } = reader;
  const head = new Uint8Array(Math.min(NPY_HEADER_BYTES, mostBytes + 1));
  const begun = head.subarray(0, await reader.fill(head));
  const header = npyHeader(begun, name);
  const needed = bodyBytes(header);
  if (header.start + needed > mostBytes) throw wrongLength(header, name, mostBytes - header.start);
  const body = allocate(needed, name);
  const known = begun.subarray(header.start, header.start + needed);
  body.set(known);
  for (let at = known.length; at < needed;) {
    const got = await reader.fill(body.subarray(at, at + CHUNK_BYTES));
    at += got;
    onProgress?.(reader.storedDone, reader.storedBytes);
    if (got === 0) throw wrongLength(header, name, at);
  }
  const beyond = begun.length - header.start - needed;
  if (beyond > 0 || await reader.fill(new Uint8Array(1)) > 0) throw wrongLength(header, name, needed + 1);
  return toArray(body, header, name);
}

/**
 * Reads the bytes of a `.npy` file.
 *
 * Nothing is allocated before the header agrees with the length.
 *
 * @param bytes The array returned is a view of them, where it can be.
 * @param source What messages call them.
 * @throws {SyntaxError} As {@linkcode readNpy}.
 * @example
 * ```ts
 * import { decodeNpy, encodeNpy } from "./npy.ts";
 * const bytes = encodeNpy({ shape: [1, 2], data: Float32Array.of(3, 4) });
 * const { shape, data } = decodeNpy(bytes, "pair");
 * if (shape.join() !== "1,2" || data[1] !== 4) throw new Error("wrong");
 * ```
 */
export function decodeNpy(bytes: Uint8Array<ArrayBuffer>, source: string): NpyArray<NpyData> {
  const header = npyHeader(bytes, source);
  const found = bytes.length - header.start;
  if (bodyBytes(header) !== found) throw wrongLength(header, source, found);
  return toArray(bytes.subarray(header.start), header, source);
}

/**
 * The array, if it is one of numbers.
 *
 * @throws {SyntaxError} When it is one of text.
 */
export function npyNumbers({ shape, data }: NpyArray<NpyData>, source: string): NpyArray {
  if (ArrayBuffer.isView(data)) return { shape, data };
  throw new SyntaxError(`Cannot use array "${source}": it holds text, numbers are needed`);
}

/** Bytes after the header. Inexact past 2⁵³, but then no file is long enough. */
function bodyBytes({ shape, itemBytes }: NpyHeader): number {
  return shape.reduce((product, size) => product * size, itemBytes);
}

function wrongLength(header: NpyHeader, source: string, found: number): SyntaxError {
  const { shape, descr } = header;
  const needed = bodyBytes(header);
  return new SyntaxError(
    `Cannot read array "${source}": shape (${shape.join(", ")}) of ${descr} needs ${needed} bytes, ` +
      (found < needed ? `found ${found}: it is cut short` : "it is longer than its header says"),
  );
}

function allocate(bytes: number, source: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new RangeError(`Cannot hold "${source}": it needs ${bytes} bytes in one array`, { cause });
  }
}

function toArray(bytes: Uint8Array<ArrayBuffer>, header: NpyHeader, source: string): NpyArray<NpyData> {
  const { descr, itemBytes, shape, fortran } = header;
  const length = shape.reduce((product, size) => product * size, 1);
  const swap = descr[0] === ">" && (descr[1] === "U" ? 4 : itemBytes);
  const aligned = bytes.byteOffset % itemBytes === 0;
  const body = swap || !aligned ? bytes.slice() : bytes;
  if (swap) { for (let at = 0; at < body.length; at += swap) body.subarray(at, at + swap).reverse(); }
  const type = TYPES[descr.slice(1)];
  const data = type === undefined
    ? texts(body, header, source)
    : type.view(body.buffer, body.byteOffset, length);
  return { shape, data: fortran && shape.length > 1 ? toRowOrder(data, shape) : data };
}

/** Texts of a fixed width, filled up with zeros: bytes of UTF-8 (`S`), or code points of four bytes (`U`). */
function texts(body: Uint8Array<ArrayBuffer>, { descr, itemBytes }: NpyHeader, source: string): string[] {
  const wide = descr[1] === "U";
  const codes = wide ? new Uint32Array(body.buffer, body.byteOffset, body.length / 4) : body;
  const width = wide ? itemBytes / 4 : itemBytes;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  return Array.from({ length: codes.length / width }, (_, index) => {
    let end = (index + 1) * width;
    while (end > index * width && codes[end - 1] === 0) end--;
    const item = codes.subarray(index * width, end);
    try {
      return item instanceof Uint32Array ? String.fromCodePoint(...item) : decoder.decode(item);
    } catch (cause) {
      throw new SyntaxError(`Cannot read array "${source}": text ${index} is no Unicode`, { cause });
    }
  });
}

/** What the header of a `.npy` file says. */
export interface NpyHeader {
  /** Byte order, kind and size, one of those that are read: `<f4`, `|u1`; `<U5`, `|S5` for text of 5 letters. */
  readonly descr: string;
  /** Bytes of one number or text. */
  readonly itemBytes: number;
  /** Whether the first dimension is fastest. */
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** Byte where the numbers begin. */
  readonly start: number;
}

/**
 * Reads the header alone, from bytes that begin as the file does.
 *
 * @throws {SyntaxError} When it is no such header, cut short, or its numbers are of another kind.
 */
export function npyHeader(bytes: Uint8Array<ArrayBuffer>, source: string): NpyHeader {
  const fail = (found: string) => new SyntaxError(`Cannot read array "${source}": ${found}`);
  const { header, start } = readHeader(bytes, fail);
  const { descr, fortran, shape } = parseHeader(header, fail);
  const itemBytes = /^[<>|=]/.test(descr) ? sizeOf(descr.slice(1)) : undefined;
  if (itemBytes !== undefined) return { descr, itemBytes, fortran, shape, start };
  if (descr === "|O") {
    throw fail("it holds Python objects; save plain numbers or text: array.astype(float), array.astype(str)");
  }
  throw fail(
    `its numbers are of type ${quote(descr)}, expected one of ${
      Object.keys(TYPES).join(", ")
    }, or text (U, S)`,
  );
}

/** Bytes of a number, or of a text as U5 or S5; undefined for what is not read. */
function sizeOf(type: string): number | undefined {
  const width = /^[US]([1-9]\d{0,5})$/.exec(type)?.[1];
  if (width !== undefined) return type[0] === "U" ? 4 * Number(width) : Number(width);
  return Object.hasOwn(TYPES, type) ? TYPES[type].bytes : undefined;
}

function readHeader(
  bytes: Uint8Array<ArrayBuffer>,
  fail: (found: string) => Error,
): { header: string; start: number } {
  if (!NPY_MAGIC.every((byte, index) => bytes[index] === byte)) {
    throw fail("it does not begin as a .npy file");
  }
  const [version] = bytes.subarray(6);
  const field = version === 1 ? 2 : 4;
  if (bytes.length < 8 + field) throw fail("it is cut short within its header");
  if (version < 1 || version > 3) throw fail(`it has version ${version}, expected 1, 2 or 3`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + field + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > NPY_HEADER_BYTES) throw fail(`its header claims ${start} bytes`);
  if (start > bytes.length) throw fail("it is cut short within its header");
  return { header: new TextDecoder().decode(bytes.subarray(8 + field, start)), start };
}

interface Header {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
}

/** NumPy writes a Python dictionary of exactly three entries, in alphabetical order; others may order them otherwise. */
function parseHeader(header: string, fail: (found: string) => Error): Header {
  const entry = (name: string, value: string) =>
    new RegExp(`['"]${name}['"]\\s*:\\s*${value}\\s*[,}]`).exec(header)?.[1];
  const dictionary = header.length < 10_000 && /^\s*\{[^{}]*\}\s*$/.test(header);
  const shape = dictionary ? entry("shape", "\\(\\s*((?:\\d+\\s*,\\s*)*(?:\\d+)?)\\s*\\)") : undefined;
  const fortran = dictionary ? entry("fortran_order", "(True|False)") : undefined;
  const descr = dictionary ? entry("descr", "['\"]([^'\"]*)['\"]") : undefined;
  if (dictionary && descr === undefined && /['"]descr['"]\s*:\s*\[/.test(header)) {
    throw fail("it holds records, an array of plain numbers is needed");
  }
  if (shape === undefined || fortran === undefined || descr === undefined) {
    throw fail(`its header is ${quote(header.trim())}, expected descr, fortran_order and shape`);
  }
  const sizes = shape.split(",").filter((size) => size.trim() !== "").map(Number);
  if (sizes.length > 32) throw fail(`it has ${sizes.length} dimensions, at most 32 are possible`);
  return { descr, fortran: fortran === "True", shape: sizes };
}

/** Copies an array whose first dimension is fastest into one whose last is. */
function toRowOrder(data: NpyNumbers | string[], shape: readonly number[]): NpyNumbers | string[] {
  const ordered = data.slice();
  const strides: number[] = [];
  shape.reduce((stride, size) => (strides.push(stride), stride * size), 1);
  const place = new Array<number>(shape.length).fill(0);
  for (let to = 0, from = 0; to < data.length; to++) {
    ordered[to] = data[from];
    for (let dimension = shape.length - 1; dimension >= 0; dimension--) {
      from += strides[dimension];
      if (++place[dimension] < shape[dimension]) break;
      from -= strides[dimension] * shape[dimension];
      place[dimension] = 0;
    }
  }
  return ordered;
}

/**
 * Writes an array as the bytes of a `.npy` file (version 1.0, little-endian, the last dimension fastest).
 *
 * Memory: a copy of the array.
 *
 * @throws {TypeError} When the shape does not fit the numbers.
 */
export function encodeNpy({ shape, data }: NpyArray): Uint8Array<ArrayBuffer> {
  const length = shape.reduce((product, size) => product * size, 1);
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0) || length !== data.length) {
    throw new TypeError(
      `Cannot write an array of shape (${
        shape.join(", ")
      }): it has ${data.length} numbers, the shape needs ${length}`,
    );
  }
  const header = encodeNpyHeader(descrOf(data), shape);
  const bytes = new Uint8Array(header.length + data.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), header.length);
  return bytes;
}

/**
 * What stands before the numbers of a `.npy` file (version 1.0), the last dimension fastest.
 *
 * @param descr NumPy's name of the type, as `<f4`.
 */
export function encodeNpyHeader(descr: string, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const fields = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  // The body begins at a multiple of 64.
  const start = Math.ceil((10 + fields.length + 1) / 64) * 64;
  const bytes = new Uint8Array(start);
  bytes.set(NPY_MAGIC);
  bytes.set([1, 0, (start - 10) & 0xff, (start - 10) >> 8], 6);
  bytes.set(new TextEncoder().encode(fields.padEnd(start - 11) + "\n"), 10);
  return bytes;
}

/** NumPy's name of the type of numbers. */
export function descrOf(data: NpyNumbers): string {
  const size = data.BYTES_PER_ELEMENT;
  const kind = data instanceof Float16Array || data instanceof Float32Array || data instanceof Float64Array
    ? "f"
    : data instanceof Uint8Array || data instanceof Uint16Array || data instanceof Uint32Array ||
        data instanceof BigUint64Array
    ? "u"
    : "i";
  return `${size === 1 ? "|" : "<"}${kind}${size}`;
}

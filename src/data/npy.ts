/**
 * Arrays of NumPy in `.npy` files.
 *
 * Format: NumPy Enhancement Proposal 1 (versions 1.0, 2.0 and 3.0).
 *
 * @module
 */
import { quote } from "./quote.ts";
import { type ReadProgress, readSource, type Source, sourceName } from "./source.ts";

/** Numbers a `.npy` file holds; truth values are bytes 0 and 1. */
export type NpyNumbers =
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

/** An array of NumPy. */
export interface NpyArray {
  /** Length of each dimension, slowest first; empty for a single number. */
  readonly shape: readonly number[];
  /** The numbers, the last dimension fastest. */
  readonly data: NpyNumbers;
}

interface NumberType {
  readonly bytes: number;
  readonly view: (bytes: ArrayBuffer, offset: number, length: number) => NpyNumbers;
}

const TYPES: Readonly<Record<string, NumberType>> = {
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

/**
 * Reads a `.npy` file, packed with gzip or not.
 *
 * Memory: the file; the array is a view of it, or a copy where the order or the bytes of its numbers must change.
 *
 * @throws {SyntaxError} When the file is no `.npy` file, damaged, cut short, or its numbers are of another kind.
 */
export async function readNpy(source: Source, onProgress?: ReadProgress): Promise<NpyArray> {
  return decodeNpy(await readSource(source, onProgress), sourceName(source));
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
export function decodeNpy(bytes: Uint8Array<ArrayBuffer>, source: string): NpyArray {
  const fail = (found: string) => new SyntaxError(`Cannot read array "${source}": ${found}`);
  const { descr, fortran, shape, start } = npyHeader(bytes, source);
  const type = TYPES[descr.slice(1)];
  // Inexact past 2⁵³, but then no file is long enough.
  const length = shape.reduce((product, size) => product * size, 1);
  const [needed, found] = [length * type.bytes, bytes.length - start];
  if (needed !== found) {
    throw fail(
      `shape (${shape.join(", ")}) of ${descr} needs ${needed} bytes, found ${found}: ` +
        `it is ${found < needed ? "cut short" : "longer than its header says"}`,
    );
  }
  const swap = descr[0] === ">" && type.bytes > 1;
  const aligned = (bytes.byteOffset + start) % type.bytes === 0;
  const body = swap || !aligned ? bytes.slice(start) : bytes.subarray(start);
  if (swap) {
    for (let at = 0; at < body.length; at += type.bytes) body.subarray(at, at + type.bytes).reverse();
  }
  const data = type.view(body.buffer, body.byteOffset, length);
  return { shape, data: fortran && shape.length > 1 ? toRowOrder(data, shape) : data };
}

/** What the header of a `.npy` file says. */
export interface NpyHeader {
  /** Byte order, kind and bytes of its numbers, one of those that are read: `<f4`, `|u1` … */
  readonly descr: string;
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
  if (TYPES[descr.slice(1)] === undefined || !/^[<>|=]/.test(descr)) {
    throw fail(`its numbers are of type ${quote(descr)}, expected one of ${Object.keys(TYPES).join(", ")}`);
  }
  return { descr, fortran, shape, start };
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
function toRowOrder<T extends NpyNumbers>(data: T, shape: readonly number[]): T {
  const ordered = data.slice() as T;
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
  const kind = data instanceof Float32Array || data instanceof Float64Array
    ? "f"
    : data instanceof Uint8Array || data instanceof Uint16Array || data instanceof Uint32Array ||
        data instanceof BigUint64Array
    ? "u"
    : "i";
  return `${size === 1 ? "|" : "<"}${kind}${size}`;
}

/**
 * Numbers as people bring them: typed arrays of any kind, lists, lists of rows; checked, and made what kernels take.
 *
 * The one place where an array that comes from outside is looked at: what it is, how long it is, and each number of what
 * has to be converted. An element of a foreign object is read once.
 *
 * @module
 */
import { isRecord, type Place, shown } from "./hyperparameter.ts";
import { isList, outOfRange } from "./value.ts";

/** Numbers in one line: a typed array of any kind but 64-bit integers, or a list. */
export type Numbers =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array
  | Int8Array
  | Int16Array
  | Int32Array
  | readonly number[];

/** Numbers of samples: sample after sample in one line, or a list with a row for each sample. */
export type Matrix = Numbers | readonly Numbers[];

/** Numbers of samples as kernels take them. */
export interface ReadMatrix<A = Float32Array | Uint8Array> {
  /** Shape `[rows, width]`. */
  readonly values: A;
  readonly rows: number;
  readonly width: number;
}

/** Most numbers an array can hold here. */
const MOST_NUMBERS = 2 ** 33;

const TYPED_ARRAY: object = Object.getPrototypeOf(Uint8Array.prototype);

/** A property of typed arrays as the language has it, whatever an object says of itself. */
function intrinsic(name: string | symbol): (array: unknown) => unknown {
  const { get } = Object.getOwnPropertyDescriptor(TYPED_ARRAY, name)!;
  return (array) => get!.call(array);
}

const [kindOf, lengthOf, offsetOf, bufferOf] = [Symbol.toStringTag, "length", "byteOffset", "buffer"].map(
  intrinsic,
);

/** Whether the memory of a typed array belongs to somebody else by now. */
function isDetached(array: unknown): boolean {
  return (bufferOf(array) as Partial<ArrayBuffer>).detached === true;
}

/** What an array is, for messages: "Float64Array of 12", "a list of 3", "null". */
export function described(value: unknown): string {
  const kind = ArrayBuffer.isView(value) ? kindOf(value) : undefined;
  if (kind !== undefined) return `a ${isDetached(value) ? "detached " : ""}${kind} of ${lengthOf(value)}`;
  if (typeof value === "string") return "a string";
  try {
    if (isList(value)) return `a list of ${shown(value.length)}`;
    const name = isRecord(value) ? Object.prototype.toString.call(value).slice(8, -1) : "Object";
    return name === "Object" ? shown(value) : `a ${name}`;
  } catch {
    // A proxy need not say what it is.
    return shown(value);
  }
}

/**
 * Whether a value is an array of one kind as the language makes it, with a length that nobody can dress up: what a kernel
 * may be given without a look at each number.
 */
export function isPlain<A extends ArrayBufferView>(
  value: unknown,
  Kind: { readonly prototype: A },
): value is A {
  return ArrayBuffer.isView(value) && Object.getPrototypeOf(value) === Kind.prototype && !isDetached(value) &&
    !Object.hasOwn(value, "length") && !Object.hasOwn(value, "buffer") &&
    !Object.hasOwn(value, "byteOffset") && !Object.hasOwn(value, "byteLength");
}

/**
 * Features of samples: 32-bit floats and bytes as they are, without a copy; other numbers rounded to 32-bit floats in a
 * new array (a whole number beyond 2²⁴ loses its last digits).
 *
 * Whether floats are finite is for the caller to ask: kernels and `validateDataset` do.
 *
 * Cost: none for the two kinds that kernels take; one read of each number otherwise.
 *
 * @param width Numbers of a sample. @default the length of the rows; an array in one line needs it
 * @throws {TypeError} When it is no such array, rows differ in length, or the length is no multiple of `width`.
 * @throws {RangeError} When a number of another kind is not finite in 32 bits.
 */
export function readMatrix(value: unknown, place: Place, width?: number): ReadMatrix {
  if (isRows(value, place)) return readRows(value, place, width);
  const values = readNumbers(value, place);
  if (width === undefined) {
    throw new TypeError(
      `Cannot ${place.task}: ${place.name} are ${
        described(value)
      } in one line, how many a sample has is needed`,
    );
  }
  const count = values.length / width;
  if (Number.isSafeInteger(count)) return { values, rows: count, width };
  throw new TypeError(
    `Cannot ${place.task}: ${place.name} are ${values.length} numbers, samples have ${width} each`,
  );
}

/** Whether a matrix is a list of rows, which tell themselves how wide they are; false for numbers in one line. */
export function isRows(value: unknown, place: Place): value is readonly unknown[] {
  return isList(value) && length(value, place) > 0 && isArrayLike(element(value, 0, place));
}

/** As {@linkcode readMatrix}, always as 32-bit floats: targets, gradients, weights. */
export function readFloatMatrix(value: unknown, place: Place, width?: number): ReadMatrix<Float32Array> {
  const found = readMatrix(value, place, width);
  return { ...found, values: asFloats(found.values) };
}

/**
 * Numbers in one line as 32-bit floats, converted as {@linkcode readMatrix} does.
 *
 * @param length How many there must be.
 */
export function readFloats(value: unknown, place: Place, length?: number): Float32Array {
  const values = asFloats(readNumbers(value, place));
  requireLength(values, place, length);
  return values;
}

/**
 * Whole numbers from 0, below a bound: classes, places, groups. A Uint32Array is given back as it is.
 *
 * Cost: one read of each number.
 *
 * @param below What they must be smaller than. @default {2 ** 32}
 * @param length How many there must be.
 * @throws {TypeError} When it is no array of numbers, or has another length.
 * @throws {RangeError} When a number is no whole number, or out of range.
 */
export function readIndices(value: unknown, place: Place, below = 2 ** 32, length?: number): Uint32Array {
  const plain = plainView(value, place);
  const source = plain ?? numbersOf(value, place);
  const indices = source instanceof Uint32Array ? source : new Uint32Array(source.length);
  requireLength(indices, place, length);
  if (indices === source && below >= 2 ** 32) return indices;
  for (let index = 0; index < source.length; index++) {
    const number = source[index];
    if (!(number >= 0 && number < below && Number.isInteger(number))) {
      throw new RangeError(
        `Cannot ${place.task}: number ${index} of ${place.name} is ${number}, expected a whole number from 0 up to ` +
          `(not including) ${below}`,
      );
    }
    indices[index] = number;
  }
  return indices;
}

/** Most elements of a list. */
const MOST_ELEMENTS = 2 ** 28;

/**
 * Elements of a list or a typed array as they are, whatever they are; those of a list each read once.
 *
 * For what need not be numbers: labels, names, groups. A typed array is not copied.
 *
 * @throws {TypeError} When it is neither.
 * @throws {RangeError} When a list says that it has more elements than any can have.
 */
export function readElements(value: unknown, place: Place): ArrayLike<unknown> {
  const plain = plainView(value, place);
  if (plain !== undefined) return plain;
  if (!isList(value)) throw foreign(place, value, "a list or an array of numbers");
  const count = length(value, place);
  if (count > MOST_ELEMENTS) {
    throw outOfRange({ ...place, name: `the length of ${place.name}` }, count, `at most ${MOST_ELEMENTS}`);
  }
  return Array.from({ length: count }, (_, index) => element(value, index, place));
}

function asFloats(values: Float32Array | Uint8Array): Float32Array {
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

function requireLength(values: ArrayLike<number>, { task, name }: Place, length: number | undefined): void {
  if (length === undefined || values.length === length) return;
  throw new TypeError(`Cannot ${task}: ${name} are ${values.length} numbers, expected ${length}`);
}

function readNumbers(value: unknown, place: Place): Float32Array | Uint8Array {
  const plain = plainView(value, place) ?? numbersOf(value, place);
  if (plain instanceof Float32Array || plain instanceof Uint8Array) return plain;
  const floats = allocate(plain.length, place);
  rounded(plain, floats, 0, place);
  return floats;
}

function readRows(list: readonly unknown[], place: Place, width: number | undefined): ReadMatrix {
  const rows = length(list, place);
  let floats: Float32Array | undefined;
  let wide = width ?? 0;
  for (let row = 0; row < rows; row++) {
    const where = { task: place.task, name: `row ${row} of ${place.name}` };
    const value = element(list, row, place);
    if (!isArrayLike(value)) throw foreign(where, value, "a list of numbers, as the first row is");
    const numbers = plainView(value, where) ?? numbersOf(value, where);
    if (floats === undefined) {
      wide = width ?? numbers.length;
      floats = allocate(rows * wide, place);
    }
    requireLength(numbers, where, wide);
    rounded(numbers, floats, row * wide, where);
  }
  return { values: floats!, rows, width: wide };
}

/** Writes numbers rounded to 32 bits. */
function rounded(numbers: ArrayLike<number>, into: Float32Array, start: number, { task, name }: Place): void {
  for (let index = 0; index < numbers.length; index++) {
    into[start + index] = numbers[index];
    if (Number.isFinite(into[start + index])) continue;
    throw new RangeError(
      `Cannot ${task}: number ${index} of ${name} is ${
        numbers[index]
      }, a number that is finite in 32 bits is needed`,
    );
  }
}

function allocate(length: number, place: Place): Float32Array;
function allocate(length: number, place: Place, Kind: Float64ArrayConstructor): Float64Array;
function allocate(
  length: number,
  { task, name }: Place,
  Kind: Float32ArrayConstructor | Float64ArrayConstructor = Float32Array,
): Float32Array | Float64Array {
  try {
    return new Kind(length);
  } catch (cause) {
    throw new RangeError(`Cannot ${task}: there is no memory for the ${length} numbers of ${name}`, {
      cause,
    });
  }
}

/** What is a typed array, as one whose length nobody can change or dress up; undefined for what is none. */
function plainView(value: unknown, place: Place): Exclude<Numbers, readonly number[]> | undefined {
  const kind = ArrayBuffer.isView(value) ? kindOf(value) as string | undefined : undefined;
  if (kind === undefined) return undefined;
  const buffer = bufferOf(value) as ArrayBuffer & { readonly growable?: boolean };
  if (buffer.detached) {
    throw new TypeError(
      `Cannot ${place.task}: ${place.name} are a ${kind} whose memory was transferred to another owner`,
    );
  }
  const Kind = KINDS[kind];
  if (Kind === undefined) {
    throw foreign(place, value, "a Float32Array, another array of numbers, or a list");
  }
  const moves = buffer.resizable === true || buffer.growable === true;
  if (moves) return Kind.from(new Kind(buffer, offsetOf(value) as number, lengthOf(value) as number));
  const plain = Object.getPrototypeOf(value) === Kind.prototype && !Object.hasOwn(value as object, "length");
  if (plain && kind !== "Uint8ClampedArray") return value as Float32Array;
  const Same = kind === "Uint8ClampedArray" ? Uint8Array : Kind;
  return new Same(buffer, offsetOf(value) as number, lengthOf(value) as number);
}

/** The kinds that numbers may have, by name: those of other realms have the same. */
const KINDS: Readonly<Record<string, Float32ArrayConstructor>> = {
  Float32Array,
  Float64Array,
  Uint8Array,
  Uint8ClampedArray,
  Uint16Array,
  Uint32Array,
  Int8Array,
  Int16Array,
  Int32Array,
  ...("Float16Array" in globalThis && { Float16Array: Reflect.get(globalThis, "Float16Array") }),
} as unknown as Readonly<Record<string, Float32ArrayConstructor>>;

/**
 * A short list of numbers, as a list of one's own: sizes of layers, densities.
 *
 * @throws {TypeError} When it is no array of numbers.
 */
export function readList(value: unknown, place: Place): readonly number[] {
  return Array.from(plainView(value, place) ?? numbersOf(value, place));
}

/** The numbers of a list, each read once. */
function numbersOf(value: unknown, place: Place): Float64Array {
  if (!isList(value)) throw foreign(place, value, "an array of numbers");
  const count = length(value, place);
  const numbers = allocate(count, place, Float64Array);
  for (let index = 0; index < count; index++) {
    const number = element(value, index, place);
    if (typeof number !== "number") {
      throw new TypeError(
        `Cannot ${place.task}: element ${index} of ${place.name} is ${described(number)}, expected a number`,
      );
    }
    numbers[index] = number;
  }
  return numbers;
}

function foreign({ task, name }: Place, value: unknown, expected: string): TypeError {
  return new TypeError(`Cannot ${task}: ${name} is ${described(value)}, expected ${expected}`);
}

function isArrayLike(value: unknown): boolean {
  return isList(value) || ArrayBuffer.isView(value);
}

/** How long a list says that it is. */
function length(list: readonly unknown[], { task, name }: Place): number {
  let count: unknown;
  try {
    count = list.length;
  } catch (cause) {
    throw new TypeError(`Cannot ${task}: the length of ${name} cannot be read`, { cause });
  }
  if (Number.isSafeInteger(count) && (count as number) >= 0 && (count as number) <= MOST_NUMBERS) {
    return count as number;
  }
  throw new RangeError(
    `Cannot ${task}: ${name} has length ${shown(count)}, at most ${MOST_NUMBERS} are possible`,
  );
}

/** An element of a list, which may be a getter that throws. */
function element(list: readonly unknown[], index: number, { task, name }: Place): unknown {
  try {
    return list[index];
  } catch (cause) {
    throw new TypeError(`Cannot ${task}: element ${index} of ${name} cannot be read`, { cause });
  }
}

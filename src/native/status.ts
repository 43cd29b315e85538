/**
 * What the functions of this folder share: a status becomes an exception, a view becomes a buffer.
 *
 * Each of them is one kernel, whose arrays are borrowed for the call.
 *
 * @module
 */
import { KernelError } from "../errors.ts";
import { described, isPlain } from "../numbers.ts";

/** Status of a kernel that met a feature which is not finite once it is standardised. */
export const NOT_FINITE = 8;

const REASONS: Record<number, [new (message: string) => Error, string]> = {
  1: [TypeError, "a buffer has the wrong length"],
  2: [RangeError, "an argument is out of range"],
  3: [TypeError, "the indices do not form a valid sparse matrix"],
  4: [KernelError, "there is not enough memory for scratch space"],
  5: [KernelError, "the kernel stopped unexpectedly, a defect worth reporting"],
  6: [SyntaxError, "the input cannot be parsed"],
  7: [TypeError, "two of its arrays share memory, and it writes one of them; give each an array of its own"],
  [NOT_FINITE]: [RangeError, "a feature is not finite once it is standardised"],
};

/** Throws the exception that belongs to a status code other than 0. */
export function check(status: number, task: string): void {
  if (status === 0) return;
  const [ErrorClass, reason] = REASONS[status] ?? [KernelError, `the kernel returned status ${status}`];
  throw new ErrorClass(`Cannot ${task}: ${reason}`);
}

/**
 * Makes a typed array over a SharedArrayBuffer acceptable to Deno's FFI types; the call honours its offset and length.
 */
export function buffer(view: ArrayBufferView): BufferSource {
  return view as ArrayBufferView<ArrayBuffer>;
}

/**
 * Throws a TypeError unless `view` is an array of a kind, with memory and length of its own that nobody can change or
 * dress up: the kernel takes its word for both.
 */
export function expectKind<A extends Float32Array | Uint32Array>(
  task: string,
  name: string,
  view: unknown,
  Kind: { readonly name: string; readonly prototype: A },
): asserts view is A {
  if (!isPlain(view, Kind)) {
    throw new TypeError(`Cannot ${task}: ${name} is ${described(view)}, expected a ${Kind.name}`);
  }
  const memory = view.buffer as ArrayBuffer & { readonly growable?: boolean };
  if (memory.resizable || memory.growable) {
    throw new TypeError(`Cannot ${task}: ${name} is a ${Kind.name} whose memory can change its size`);
  }
}

/** Throws a TypeError unless `view` has `length` elements: the kernel will read or write as many. */
export function expectLength(task: string, name: string, view: ArrayLike<unknown>, length: number): void {
  if (view.length === length) return;
  throw new TypeError(`Cannot ${task}: ${name} has ${view.length} elements, expected ${length}`);
}

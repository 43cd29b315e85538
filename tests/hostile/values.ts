/**
 * Values that nobody should give: wrong types and lengths, numbers out of range, objects that lie or throw.
 *
 * Everything is a function of a seed, so that what was found can be found again.
 *
 * @module
 */
import { runInNewContext } from "node:vm";
import { SparseMlp } from "../../mod.ts";

/** What hostile getters and traps throw. */
export class Trap extends Error {}

/** Mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 up to (not including) `below`. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }
}

/** A value with a name for messages; `never`: no entry point can take it for anything. */
export interface Hostile {
  readonly name: string;
  readonly value: unknown;
  readonly never?: true;
}

const trap = () => {
  throw new Trap("trap");
};

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function detached(): Float32Array {
  const array = Float32Array.of(1, 2, 3);
  structuredClone(array, { transfer: [array.buffer] });
  return array;
}

function shrunk(): Float32Array {
  const buffer = new ArrayBuffer(24, { maxByteLength: 64 });
  const array = new Float32Array(buffer, 8, 4);
  buffer.resize(4);
  return array;
}

class Dressed extends Float32Array {
  override get length(): number {
    return 2 ** 31;
  }
}

function lying(): Uint32Array {
  const array = Uint32Array.of(0, 1, 2);
  Object.defineProperty(array, "length", { value: 2 ** 30 });
  return array;
}

function cyclic(): unknown {
  const object: Record<string, unknown> = {};
  object.self = object;
  return object;
}

function cyclicList(): unknown[] {
  const list: unknown[] = [];
  list.push(list);
  return list;
}

const husk = () => SparseMlp.create({ sizes: [6, 5, 3] });

const NUMBERS = [
  NaN,
  -1,
  -0,
  0,
  1,
  2,
  3,
  0.5,
  1.5,
  5e-324,
  65_536,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 60,
  1e308,
  Infinity,
  -Infinity,
];

const TEXTS = ["", "7", "abc", "__proto__", "length", "a\0b", "\ud800", "x".repeat(100_000), "line\nline"];

/** Makes a value; each is made anew, since calls may change it. */
const OTHERS: readonly (readonly [name: string, make: () => unknown, never?: true])[] = [
  ["null", () => null],
  ["true", () => true],
  ["false", () => false],
  ["a symbol", () => Symbol("hostile"), true],
  ["a bigint", () => 10n, true],
  ["a huge bigint", () => 2n ** 70n, true],
  ["a function", () => () => 1],
  ["a class", () => class Foreign {}],
  ["a Date", () => new Date(0), true],
  ["a RegExp", () => /x/, true],
  ["a Promise", () => Promise.resolve({}), true],
  ["a Map", () => new Map([["seed", 1]]), true],
  ["a Set", () => new Set([1, 2]), true],
  ["a WeakMap", () => new WeakMap(), true],
  ["an Error", () => new Error("given"), true],
  ["a boxed number", () => new Number(3), true],
  ["a boxed text", () => new String("abc"), true],
  ["an object with valueOf", () => ({ valueOf: () => 3 })],
  ["an object whose toString throws", () => ({ toString: trap, valueOf: trap })],
  ["an object without a prototype", () => Object.create(null)],
  ["an empty object", () => ({})],
  ["a frozen object", () => Object.freeze({})],
  ["a sealed object", () => Object.seal({ seed: 1 })],
  ["a cyclic object", cyclic],
  ["a cyclic list", cyclicList],
  ["an empty list", () => []],
  ["a list of one", () => [1]],
  ["a frozen list", () => Object.freeze([0, 1, 2])],
  ["a list with holes", () => [0, , 2]], // deno-lint-ignore-line no-sparse-arrays
  ["a list that says it is huge", () => Object.assign([], { length: 2 ** 32 - 1 })],
  ["a list of texts", () => ["0", "1"]],
  ["a list of bigints", () => [0n, 1n]],
  ["a list of symbols", () => [Symbol("hostile")]],
  ["a list of NaN", () => [NaN, NaN, NaN]],
  ["ragged rows", () => [[1, 2, 3], [4]]],
  ["rows of texts", () => [["a"], ["b"]]],
  ["rows of null", () => [null, null]],
  ["an object like a list", () => ({ length: 3, 0: 1, 1: 2, 2: 3 })],
  ["an object like a huge list", () => ({ length: 2 ** 53, 0: 1 })],
  ["a Float32Array", () => Float32Array.of(1, 2, 3)],
  ["an empty Float32Array", () => new Float32Array(0)],
  ["a Float32Array of NaN", () => new Float32Array(72).fill(NaN)],
  ["a Float64Array of huge numbers", () => new Float64Array(72).fill(1e300)],
  ["a Float64Array", () => Float64Array.of(1, 2, 3)],
  ["a Uint8Array", () => Uint8Array.of(1, 2, 3)],
  ["a Uint32Array", () => Uint32Array.of(7, 0xffff_ffff)],
  ["an Int8Array", () => Int8Array.of(-1, -2)],
  ["a BigInt64Array", () => BigInt64Array.of(1n, 2n), true],
  ["a DataView", () => new DataView(new ArrayBuffer(8)), true],
  ["an ArrayBuffer", () => new ArrayBuffer(8)],
  ["a SharedArrayBuffer", () => new SharedArrayBuffer(8)],
  ["a detached array", detached, true],
  ["an array over shrunk memory", shrunk],
  [
    "an array that growable memory holds",
    () => new Float32Array(new SharedArrayBuffer(8, { maxByteLength: 64 })),
  ],
  ["an array of a class that lies about its length", () => new Dressed(3)],
  ["an array with a length of its own", lying],
  ["an array of another realm", () => runInNewContext("Float32Array.of(1, 2, 3)")],
  ["a list of another realm", () => runInNewContext("[1, 2, 3]")],
  ["an object of another realm", () => runInNewContext("({ seed: 1 })")],
  [
    "a proxy that throws",
    () => new Proxy({}, { get: trap, has: trap, ownKeys: trap, getOwnPropertyDescriptor: trap }),
    true,
  ],
  ["a list behind a proxy that throws", () => new Proxy([1, 2], { get: trap }), true],
  [
    "a list behind a proxy that says it is huge",
    () =>
      new Proxy([1, 2], { get: (list, name) => name === "length" ? 2 ** 53 - 1 : Reflect.get(list, name) }),
    true,
  ],
  ["a revoked proxy", () => revoked({}), true],
  ["a revoked list", () => revoked([]), true],
  ["an array behind a proxy", () => new Proxy(Float32Array.of(1, 2), {}), true],
  [
    "an object whose getters throw",
    () =>
      Object.defineProperties(
        {},
        Object.fromEntries(
          ["seed", "threads", "length", "kind", "samples", "task"].map((
            name,
          ) => [name, { get: trap, enumerable: true }]),
        ),
      ),
    true,
  ],
  [
    "properties of a model",
    () => Object.defineProperties({}, Object.getOwnPropertyDescriptors(husk())),
    true,
  ],
  ["an object with the prototype of a model", () => Object.create(SparseMlp.prototype)],
  ["a model behind a proxy", () => new Proxy(husk(), {}), true],
  ["a model", husk],
  ["layers of a model", () => husk().layers],
];

/** A hostile value. */
export function hostile(random: Random): Hostile {
  const kind = random.below(10);
  if (kind < 2) {
    const value = random.pick(NUMBERS);
    return { name: Object.is(value, -0) ? "-0" : String(value), value };
  }
  if (kind < 3) {
    const value = random.pick(TEXTS);
    return { name: JSON.stringify(value.slice(0, 20)), value };
  }
  const [name, make, never] = random.pick(OTHERS);
  return { name, value: make(), ...(never && { never }) };
}

/** The same numbers in another form; undefined for what is no array of numbers. */
export function sameNumbers(value: unknown, random: Random): Hostile | undefined {
  const isNumbers = ArrayBuffer.isView(value) && !(value instanceof DataView);
  if (!isNumbers || value instanceof BigInt64Array || value instanceof BigUint64Array) return undefined;
  const numbers = value as Float32Array;
  const forms: readonly (readonly [string, () => unknown])[] = [
    ["as a Float64Array", () => Float64Array.from(numbers)],
    ["as a list", () => Array.from(numbers)],
    ["as a frozen list", () => Object.freeze(Array.from(numbers))],
    ["as a list of another realm", () => runInNewContext("(list) => Array.from(list)")(Array.from(numbers))],
    ["as an array of another realm", () => new (runInNewContext(numbers.constructor.name))(numbers)],
    [
      "as an array of a class of its own",
      () => new (class Own extends (numbers.constructor as Float32ArrayConstructor) {})(numbers),
    ],
    ["over resizable memory", () => overResizable(numbers)],
    ["over shared memory", () => overShared(numbers)],
  ];
  const [name, make] = random.pick(forms);
  return { name, value: make() };
}

/** The same array but for one number, or cut short; undefined for what is no array of numbers. */
export function damaged(value: unknown, random: Random): Hostile | undefined {
  if (!(value instanceof Float32Array || value instanceof Uint32Array) || value.length === 0) {
    return undefined;
  }
  if (random.below(4) === 0) {
    const length = random.below(value.length);
    return { name: `cut to ${length}`, value: value.slice(0, length) };
  }
  const [place, number] = [
    random.below(value.length),
    random.pick([NaN, Infinity, -1, 3e38, -3e38, 1e-45, 7, 0xffff_ffff]),
  ];
  const copy = value.slice();
  copy[place] = number;
  return { name: `with ${number} at ${place}`, value: copy };
}

function overResizable(numbers: Float32Array): Float32Array {
  const buffer = new ArrayBuffer(numbers.byteLength, { maxByteLength: numbers.byteLength + 64 });
  const array = new (numbers.constructor as Float32ArrayConstructor)(buffer);
  array.set(numbers);
  return array;
}

function overShared(numbers: Float32Array): Float32Array {
  const array = new (numbers.constructor as Float32ArrayConstructor)(
    new SharedArrayBuffer(numbers.byteLength),
  );
  array.set(numbers);
  return array;
}

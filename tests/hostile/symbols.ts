/**
 * Calls every export of the kernel library with hostile numbers and contents, and prints how many calls it survived.
 *
 * A program of its own, so that a crash is seen. Arguments come from the names and C types in `kernels/src/ffi/`: what
 * follows a buffer as its `_len` is true, since a lying length is the duty of `src/native/`; every other number is
 * hostile. Each buffer lies between canaries, which shows writes past its ends. Then each pair of arrays of which an
 * export writes one is given to it as one piece of memory.
 *
 * @module
 */
import { kernels } from "../../src/native/library.ts";

/** Arrays without a length of their own; their size is fixed. */
const FIXED = ["totals", "counts", "detail", "words", "norm", "place", "drawn"];
/** Numbers that are the length of several arrays at once. */
const COUNTS = ["layers", "capacity", "features", "places", "stacked", "room"];
const MOST = 4096;
const CANARY = 256;
const CALLS = Number(Deno.args[0] ?? 400);

let state = Number(Deno.args[1] ?? 1) >>> 0;

/** Mulberry32, scaled. */
function random(below: number): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
  return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
}

function pick<T>(values: readonly T[]): T {
  return values[random(values.length)];
}

const REALS = [0, -0, 1, -1, 0.5, 100, NaN, Infinity, -Infinity, 1e308, -1e308, 5e-324, 1e-40];
const WORDS = [0, 1, 2, 3, 4, 5, 16, 128, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const LONGS = [
  0n,
  1n,
  2n,
  3n,
  5n,
  16n,
  100n,
  128n,
  1n << 31n,
  1n << 32n,
  1n << 53n,
  1n << 63n,
  (1n << 64n) - 1n,
];

interface Parameter {
  readonly name: string;
  readonly type: string;
}

function* exports(): Generator<{ readonly name: string; readonly parameters: readonly Parameter[] }> {
  const folder = new URL("../../kernels/src/ffi/", import.meta.url);
  for (const { name: file } of [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    const text = Deno.readTextFileSync(new URL(file, folder));
    for (const [, name, list] of text.matchAll(/extern "C" fn (\w+)\(([^)]*)\)/g)) {
      const parameters = list.split(",").filter((part) => part.trim()).map((part) => {
        const [name, type] = part.split(":").map((word) => word.trim());
        return { name, type };
      });
      yield { name, parameters };
    }
  }
}

/** Fills with small numbers, floats, huge words, ascending counts or text. */
function fill(bytes: Uint8Array): void {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  const kind = random(6);
  if (kind === 0) return;
  for (let index = 0; index < words.length; index++) {
    if (kind === 1) words[index] = random(4);
    else if (kind === 2) words[index] = pick(WORDS);
    else if (kind === 3) words[index] = index;
    else if (kind === 4) words[index] = 0x3f000000 + random(0x1000000);
  }
  if (kind === 5) {
    for (let index = 0; index < bytes.length; index++) {
      bytes[index] = '0123456789.,:-+e\n "x'.charCodeAt(random(20));
    }
  }
}

const symbols = kernels() as unknown as Record<string, (...words: unknown[]) => number | bigint>;
let calls = 0;
let accepted = 0;
const statuses: Record<string, number> = {};

for (const { name, parameters } of exports()) {
  const names = new Set(parameters.map((parameter) => parameter.name));
  const isBuffer = ({ type }: Parameter) => type.startsWith("*");
  const shared = parameters.filter((parameter) =>
    isBuffer(parameter) && !names.has(`${parameter.name}_len`) && !FIXED.includes(parameter.name)
  );
  const counted = parameters.some(({ name }) => COUNTS.includes(name) && !names.has(`${name}_len`));
  for (let call = 0; call < CALLS; call++) {
    const blocks: Uint8Array[] = [];
    const lengths: Record<string, number> = {};
    const arguments_ = parameters.map((parameter) => {
      const { name, type } = parameter;
      if (isBuffer(parameter)) {
        const own = names.has(`${name}_len`);
        const length = own
          ? pick([0, 1, 2, 3, 5, 16, 17, 32, 100, 128, 256])
          : shared.includes(parameter)
          ? MOST * 5
          : 8;
        lengths[`${name}_len`] = length;
        const block = new Uint8Array(2 * CANARY + length * 8).fill(0xa5);
        blocks.push(block);
        // The second canary begins right behind the last element of the declared type.
        const size = /u8$/.test(type) ? (names.has("is_bytes") ? 4 : 1) : /64$/.test(type) ? 8 : 4;
        const body = block.subarray(CANARY, CANARY + length * size);
        body.fill(0);
        fill(body);
        return body;
      }
      if (name in lengths) return lengths[name];
      if (type === "usize" && shared.length > 0 && (COUNTS.includes(name) || !counted)) {
        return pick([0, 1, 2, 3, 4, 16, 100, MOST]);
      }
      // As many times `stacked` as an array has room for.
      if (name === "plane_count" && names.has("stacked")) return random(6);
      // Drawing 2³¹ · ½ connections is honest work, and takes half a minute.
      if (name === "neurons" && (names.has("probability") || names.has("exponent"))) {
        return pick([0, 1, 3, 100, 100_000]);
      }
      // So is shuffling 2³¹ columns.
      if (name === "columns" && names.has("shuffle")) return pick([0, 1, 3, 100, 100_000]);
      if (type === "usize" || type === "u64") return pick(LONGS);
      if (type === "u32") return pick(WORDS);
      if (type === "u8") return pick([0, 10, 32, 44, 255]);
      if (type === "bool") return random(2) === 1;
      return pick(REALS);
    });
    const status = symbols[name](...arguments_);
    calls++;
    if (status === 0) accepted++;
    statuses[String(status)] = (statuses[String(status)] ?? 0) + 1;
    for (const [index, block] of blocks.entries()) {
      const body = arguments_.filter((value) => value instanceof Uint8Array)[index] as Uint8Array;
      const after = block.subarray(CANARY + body.length);
      if (
        !block.subarray(0, CANARY).every((byte) => byte === 0xa5) || !after.every((byte) => byte === 0xa5)
      ) {
        throw new Error(`${name} wrote outside buffer ${index}`);
      }
    }
  }
}
/** A number with which an export gets as far as its arrays. */
function harmless(type: string): unknown {
  if (type === "bool") return true;
  return type.startsWith("f") ? 0.5 : 4;
}

/** Status of `Status::Overlap` in Rust. */
const OVERLAP = 7;
const overlaps = { calls: 0, accepted: [] as string[], refused: 0 };
for (const { name, parameters } of exports()) {
  const buffers = parameters.filter(({ type }) => type.startsWith("*"));
  for (const [index, first] of buffers.entries()) {
    for (const second of buffers.slice(index + 1)) {
      if (![first, second].some(({ type }) => type.startsWith("*mut"))) continue;
      const shared = new Uint8Array(4096);
      const status = symbols[name](...parameters.map(({ name, type }) => {
        if (name === first.name) return shared.subarray(0, 2048);
        // Begins inside the first one, which is 32 bytes long at least.
        if (name === second.name) return shared.subarray(8, 2056);
        if (type.startsWith("*")) return new Uint8Array(2048);
        return name.endsWith("_len") ? 32 : harmless(type);
      }));
      overlaps.calls++;
      if (status === OVERLAP) overlaps.refused++;
      if (status === 0) overlaps.accepted.push(`${name}(${first.name}, ${second.name})`);
    }
  }
}
console.log(JSON.stringify({ calls, accepted, statuses, overlaps }));

import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { zipSync } from "npm:fflate@0.8.2";
import { crc32, gzipSync } from "node:zlib";
import {
  decodeNpy,
  encodeNpy,
  type NpyArray,
  type NpyData,
  type NpyNumbers,
  readNpy,
} from "../src/data/npy.ts";
import { readNpz } from "../src/data/npz.ts";
import { assertReadOrRefused, drawsBelow } from "./damage.ts";

/** A file as NumPy writes it. */
function file(header: string, body: Uint8Array | readonly number[], version = 1): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header.padEnd(117) + "\n");
  const field = version === 1
    ? [text.length & 255, text.length >> 8]
    : [text.length & 255, text.length >> 8, 0, 0];
  return new Uint8Array([0x93, ...new TextEncoder().encode("NUMPY"), version, 0, ...field, ...text, ...body]);
}

const header = (descr: string, shape: string, fortran = "False") =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

const fault = (bytes: Uint8Array<ArrayBuffer>) =>
  assertThrows(() => decodeNpy(bytes, "x"), SyntaxError).message.replace('Cannot read array "x": ', "");

async function zipFault(bytes: Uint8Array): Promise<string> {
  try {
    await readNpz(bytes);
  } catch (cause) {
    assert(cause instanceof SyntaxError, `${cause}`);
    return cause.message;
  }
  return "no error";
}

Deno.test("encodeNpy() and decodeNpy() are each other's inverse for every type and shape", () => {
  const all: NpyNumbers[] = [
    Float16Array.of(1.5, -2, 3, 0, 5, 6),
    Float32Array.of(1.5, -2, 3, 0, 5, 6),
    Float64Array.of(0.1, -2, 3, 0, 5, 6),
    Int8Array.of(-1, 2, 3, 4, 5, 6),
    Int16Array.of(-1, 2, 3, 4, 5, 6),
    Int32Array.of(-1, 2, 3, 4, 5, 6),
    BigInt64Array.of(-1n, 2n, 3n, 4n, 5n, 2n ** 62n),
    Uint8Array.of(1, 2, 3, 4, 5, 255),
    Uint16Array.of(1, 2, 3, 4, 5, 65535),
    Uint32Array.of(1, 2, 3, 4, 5, 0xffff_ffff),
    BigUint64Array.of(1n, 2n, 3n, 4n, 5n, 2n ** 63n),
  ];
  for (const data of all) {
    for (const shape of [[6], [2, 3], [1, 3, 2]]) {
      const bytes = encodeNpy({ shape, data });
      assertEquals((bytes.length - data.byteLength) % 64, 0);
      const back: NpyArray<NpyData> = decodeNpy(bytes, "x");
      assertEquals(back.shape, shape);
      assertEquals(back.data, data);
    }
  }
  assertEquals(decodeNpy(encodeNpy({ shape: [0, 3], data: new Float32Array(0) }), "x").shape, [0, 3]);
  assertEquals([...decodeNpy(encodeNpy({ shape: [], data: Float32Array.of(7) }), "x").data], [7]);
  assertThrows(() => encodeNpy({ shape: [2, 2], data: new Float32Array(3) }), TypeError, "the shape needs 4");
});

Deno.test("decodeNpy() reads Fortran order, big-endian numbers, truth values and all versions", () => {
  const bytes = [1, 4, 2, 5, 3, 6];
  assertEquals([...decodeNpy(file(header("|u1", "(2, 3)", "True"), bytes), "x").data], [1, 2, 3, 4, 5, 6]);
  const cube = Array.from({ length: 24 }, (_, index) => index);
  const ordered = decodeNpy(file(header("|u1", "(2, 3, 4)", "True"), cube), "x").data;
  for (let i = 0; i < 24; i++) {
    assertEquals(ordered[i], Math.floor(i / 12) + 2 * (Math.floor(i / 4) % 3) + 6 * (i % 4));
  }
  assertEquals([...decodeNpy(file(header(">i2", "(2,)"), [1, 0, 0xff, 0xfe]), "x").data], [256, -2]);
  assertEquals([...decodeNpy(file(header("|b1", "(2,)"), [1, 0]), "x").data], [1, 0]);
  for (const version of [1, 2, 3]) {
    assertEquals([...decodeNpy(file(header("<u2", "(1,)"), [5, 1], version), "x").data], [261]);
  }
  const shifted = new Uint8Array(200).subarray(1);
  const whole = file(header("<f4", "(1,)"), [0, 0, 0x80, 0x3f]);
  shifted.set(whole);
  assertEquals([...decodeNpy(shifted.subarray(0, whole.length), "x").data], [1]);
});

Deno.test("decodeNpy() reads text of fixed width, in any order of bytes and dimensions", () => {
  const wide = [..."ab\0é", "𝄞", ..."\0\0\0"].flatMap((letter) => {
    const code = letter.codePointAt(0)!;
    return [code & 255, code >> 8 & 255, code >> 16, 0];
  });
  assertEquals(decodeNpy(file(header("<U4", "(2,)"), wide), "x").data, ["ab\0é", "𝄞"]);
  const swapped = wide.map((_, at) => wide[(at & ~3) + 3 - (at & 3)]);
  assertEquals(decodeNpy(file(header(">U4", "(2,)"), swapped), "x").data, ["ab\0é", "𝄞"]);
  const narrow = new TextEncoder().encode("a\0bcé");
  assertEquals(decodeNpy(file(header("|S2", "(3,)"), narrow), "x").data, ["a", "bc", "é"]);
  assertEquals(decodeNpy(file(header("|S1", "(2, 2)", "True"), [65, 66, 67, 0]), "x").data, [
    "A",
    "C",
    "B",
    "",
  ]);
});

Deno.test("readNpy() unpacks no more than the header says", async () => {
  const long = file(header("|u1", "(1,)"), new Uint8Array(1 << 24));
  const packed = new Uint8Array(gzipSync(long));
  const short = new Uint8Array(gzipSync(file(header("<f8", "(2,)"), new Uint8Array(15))));
  await assertRejects(() => readNpy(packed), SyntaxError, "longer than its header says");
  await assertRejects(() => readNpy(short), SyntaxError, "needs 16 bytes, found 15: it is cut short");
  const vast = new Uint8Array(gzipSync(file(header("<f8", "(99999999999,)"), [])));
  await assertRejects(() => readNpy(vast), SyntaxError, "it is cut short");
  const good = new Uint8Array(gzipSync(file(header("<u2", "(70000,)"), new Uint8Array(140_000).fill(1))));
  assertEquals((await readNpy(good)).data[69_999], 257);
});

Deno.test("decodeNpy() refuses hostile and damaged headers before it allocates", () => {
  assertStringIncludes(fault(new Uint8Array(3)), "does not begin as a .npy file");
  assertStringIncludes(fault(file(header("<f4", "(2,)"), []).subarray(0, 9)), "cut short within its header");
  assertStringIncludes(fault(file(header("<f4", "(2,)"), []).subarray(0, 40)), "cut short within its header");
  assertStringIncludes(fault(file(header("<f4", "(2,)"), [], 9)), "version 9");
  assertStringIncludes(
    fault(file(header("<f4", "(2,)"), [1, 2, 3])),
    "needs 8 bytes, found 3: it is cut short",
  );
  assertStringIncludes(fault(file(header("<f4", "(0,)"), [1])), "longer than its header says");
  const vast = "(4294967296, 4294967296, 4294967296)";
  assertStringIncludes(fault(file(header("<f4", vast), [])), "it is cut short");
  assertStringIncludes(fault(file(header("<f4", `(${"9".repeat(60)},)`), [])), "it is cut short");
  assertStringIncludes(fault(file(header("<f4", "(-1,)"), [])), "expected descr, fortran_order and shape");
  assertStringIncludes(fault(file(header("<f4", "(1.5,)"), [])), "expected descr");
  assertStringIncludes(fault(file(header("|O", "(1,)"), [])), "it holds Python objects; save plain numbers");
  assertStringIncludes(fault(file(header("<c8", "(1,)"), [])), 'of type "<c8"');
  assertStringIncludes(fault(file(header("<U5", "(1,)"), [])), "needs 20 bytes");
  assertStringIncludes(fault(file(header("<U0", "(9999999999,)"), [])), 'of type "<U0"');
  assertStringIncludes(fault(file(header("<U1", "(1,)"), [0, 0, 0, 1])), "text 0 is no Unicode");
  assertStringIncludes(fault(file(header("|S1", "(1,)"), [0xff])), "text 0 is no Unicode");
  assertStringIncludes(fault(file(header("constructor", "(1,)"), [])), "of type");
  const records = "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }";
  assertStringIncludes(fault(file(records, [])), "it holds records");
});

Deno.test("decodeNpy() reads or refuses damaged bytes and never crashes", async () => {
  const good = file(header("<f4", "(2, 2)"), new Uint8Array(16));
  const below = drawsBelow(3);
  const damaged = () => {
    const bytes = good.slice(0, below(8) === 0 ? below(good.length) : good.length);
    for (let change = below(3); change >= 0; change--) bytes[below(bytes.length)] = below(256);
    return bytes;
  };
  await assertReadOrRefused(damaged, (bytes) => {
    const { shape, data } = decodeNpy(bytes, "x");
    assertEquals(data.length, shape.reduce((product, size) => product * size, 1));
  }, { least: 500, refusals: [SyntaxError] });
});

Deno.test("readNpz() reads stored and packed arrays, and only those chosen", async () => {
  const one = encodeNpy({ shape: [3], data: Float32Array.of(1, 2, 3) });
  const two = encodeNpy({ shape: [5000], data: new Uint8Array(5000).fill(7) });
  for (const level of [0, 6] as const) {
    const archive = zipSync({ "x.npy": one, "y.npy": two, "note.txt": new Uint8Array(3) }, { level });
    const arrays = await readNpz(archive);
    assertEquals([...arrays.keys()].sort(), ["x", "y"]);
    assertEquals([...arrays.get("x")!.data], [1, 2, 3]);
    assertEquals([...(await readNpz(archive, { choose: (name) => name === "y" })).keys()], ["y"]);
  }
});

Deno.test("readNpz() refuses damaged archives and those that claim too much", async () => {
  const data = Float32Array.from({ length: 500 }, (_, index) => Math.sin(index));
  const archive = zipSync({ "x.npy": encodeNpy({ shape: [500], data }) }, { level: 0 });
  assertStringIncludes(await zipFault(Uint8Array.of(1, 2, 3, 4)), "no zip file");
  assertStringIncludes(await zipFault(archive.subarray(0, 900)), "damaged, cut short");
  const damaged = archive.slice();
  damaged[1000] ^= 1;
  assertStringIncludes(await zipFault(damaged), '"x.npy" is damaged');
  const greedy = zipSync({ "x.npy": new Uint8Array(100) }, { level: 6 });
  const directory = directoryOf(greedy);
  new DataView(greedy.buffer, greedy.byteOffset).setUint32(directory + 24, 0xffff_fff0, true);
  assertStringIncludes(await zipFault(greedy), "Cannot read archive");
});

/** Where the directory of an archive begins: the last place of its signature, which a time of day may look like a part of. */
function directoryOf(archive: Uint8Array): number {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.length);
  for (let at = archive.length - 46; at >= 0; at--) if (view.getUint32(at, true) === 0x02014b50) return at;
  throw new Error("no directory");
}

/** A zip archive by hand: each file is a stored one, its directory entry as given. */
function archiveOf(entries: readonly { name: string; at: number; packed?: number; bytes?: number }[]) {
  const content = encodeNpy({ shape: [4], data: Uint8Array.of(1, 2, 3, 4) });
  const local = zipSync({ "x.npy": content }, { level: 0 });
  const body = local.subarray(0, directoryOf(local));
  const directory = entries.map(({ name, at, packed = content.length, bytes = content.length }) => {
    const entry = new Uint8Array(46 + name.length);
    const view = new DataView(entry.buffer);
    [0x02014b50, 0x00140014, 0, 0, crc32(content), packed, bytes].forEach((word, index) =>
      view.setUint32(4 * index, word, true)
    );
    view.setUint16(28, name.length, true);
    view.setUint32(42, at, true);
    entry.set(new TextEncoder().encode(name), 46);
    return entry;
  });
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, entries.length, true);
  end.setUint16(10, entries.length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, body.length, true);
  return new Uint8Array([
    ...body,
    ...directory.flatMap((entry) => [...entry]),
    ...new Uint8Array(end.buffer),
  ]);
}

Deno.test("readNpz() looks at the directory as a whole before it unpacks anything", async () => {
  assertEquals(
    (await readNpz(archiveOf([{ name: "x.npy", at: 0 }]))).get("x")?.data,
    Uint8Array.of(1, 2, 3, 4),
  );
  const twice = (name: string) => archiveOf([{ name: "x.npy", at: 0 }, { name, at: 0 }]);
  assertStringIncludes(await zipFault(twice("x.npy")), 'it holds "x.npy" twice');
  assertStringIncludes(await zipFault(twice("X.npy")), 'it holds "X.npy" twice');
  assertStringIncludes(await zipFault(twice("y.npy")), '"x.npy" and "y.npy" share packed bytes');
  assertStringIncludes(
    await zipFault(archiveOf([{ name: "x.npy", at: 0, bytes: 1e9 }])),
    "claims 1000000000",
  );
  assertStringIncludes(
    await zipFault(archiveOf([{ name: "x.npy", at: 0, packed: 1e6, bytes: 1e6 }])),
    "goes beyond its end",
  );
  await assertRejects(
    () => readNpz(archiveOf([{ name: "x.npy", at: 0 }]), { maxBytes: 100 }),
    RangeError,
    "at most 100 are allowed",
  );
});

// Bytes numpy 2.4.6 wrote: np.save of np.asfortranarray(np.arange(6, dtype=np.float64).reshape(2, 3) / 4).
const FROM_NUMPY =
  "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAg" +
  "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAAAAAOg/" +
  "AAAAAAAA0D8AAAAAAADwPwAAAAAAAOA/AAAAAAAA9D8=";

Deno.test("readNpy() reads what NumPy writes", async () => {
  const { shape, data } = await readNpy(Uint8Array.from(atob(FROM_NUMPY), (letter) => letter.charCodeAt(0)));
  assertEquals([shape, [...data]], [[2, 3], [0, 0.25, 0.5, 0.75, 1, 1.25]]);
});

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { gzipSync } from "node:zlib";
import { zipSync } from "npm:fflate@0.8.2";
import { arraySamples } from "../src/data/arrays.ts";
import { readCsv } from "../src/data/csv.ts";
import { parseIdx } from "../src/data/idx.ts";
import { decodeNpy, encodeNpy, type NpyArray } from "../src/data/npy.ts";
import { readSvmlight } from "../src/data/svmlight.ts";
import { drawsBelow } from "./damage.ts";
import { csv, fault, idx, npy } from "./loading.ts";

Deno.test("loadFiles() names file, line and column of a cell that is no number", async () => {
  for (const cell of ["inf", "abc", "1e39x"]) {
    assertStringIncludes(
      await fault({ "a.csv": csv + `1,${cell},x\n` }),
      `SyntaxError: Cannot use "b" of "a.csv": line 7 is "${cell}", 5 others are numbers; correct it`,
    );
  }
  for (const cell of ["NaN", "nan", "?", ""]) {
    assertStringIncludes(
      await fault({ "a.csv": csv + `1,${cell},x\n` }, { missing: "refuse" }),
      `SyntaxError: Cannot use "b" of "a.csv": line 7 is missing (${cell === "" ? "empty" : `"${cell}"`})`,
    );
  }
  for (const [cell, shown] of [["NaN", '"NaN"'], ["", "empty"]]) {
    assertStringIncludes(
      await fault({ "a.csv": csv + `1,2,${cell}\n` }),
      `Cannot use line 7, "label" of "a.csv": the label is missing (${shown})`,
    );
  }
});

Deno.test("loadFiles() refuses files that are absent, empty, folders or wrongly packed", async () => {
  assertEquals(await fault({ "a.csv": "" }), 'SyntaxError: Cannot read "a.csv": it is empty');
  assertEquals(await fault({}, {}, ["no.csv"]), 'NotFound: Cannot read "no.csv": there is no such file');
  assertEquals(await fault({}, {}, ["."]), 'TypeError: Cannot read ".": it is a folder, a file is needed');
  assertEquals(await fault({}), "TypeError: Cannot load data: no file is given");
  assertStringIncludes(
    await fault({ "a.csv.gz": csv }),
    'its name ends with ".gz", but its content is no gzip',
  );
  const packed = new Uint8Array(gzipSync(csv));
  for (const cut of [packed.length - 1, packed.length - 9, 12, 5]) {
    const message = await fault({ "a.csv.gz": packed.subarray(0, cut) });
    assertEquals(message, 'SyntaxError: Cannot unpack "a.csv.gz": its gzip data is damaged or cut short');
  }
  assertStringIncludes(await fault({ "a.csv": Uint8Array.of(1, 2, 0, 3) }), "it is not text, byte 2 is zero");
});

Deno.test("loadFiles() refuses options out of range before it reads", async () => {
  for (const testFraction of [-0.1, 1, NaN]) {
    assertStringIncludes(
      await fault({}, { testFraction }),
      `RangeError: Cannot load data: testFraction is`,
    );
  }
  for (const seed of [-1, 0.5, NaN]) assertStringIncludes(await fault({}, { seed }), `seed is ${seed}`);
});

/** Changes, cuts out or doubles a few bytes. */
function mutate(bytes: Uint8Array, below: (bound: number) => number): Uint8Array<ArrayBuffer> {
  let changed = [...bytes];
  for (let change = below(4); change >= 0; change--) {
    const at = below(changed.length + 1);
    const kind = below(8);
    if (kind < 4) changed[Math.min(at, changed.length - 1)] = below(256);
    else if (kind < 6) changed.splice(at, 1 + below(3));
    else if (kind === 6) changed.splice(at, 0, ...changed.slice(at, at + 1 + below(9)));
    else changed = changed.slice(0, below(4) === 0 ? at : changed.length);
  }
  return Uint8Array.from(changed);
}

Deno.test("the readers throw nothing but TypeError, RangeError and SyntaxError at damaged bytes", async () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  const shape = [2, 2];
  const x: NpyArray = { shape, data: Float32Array.of(1, 2, 3, 4) };
  const y = { source: "y", shape: [2], values: Uint8Array.of(0, 1) };
  const readers: [Uint8Array, (bytes: Uint8Array<ArrayBuffer>) => unknown][] = [
    [encode('\ufeffa,b,label\r\n1,2.5,cat\n-3,"4",dog\n'), (bytes) => readCsv(bytes, { threads: 1 })],
    [
      encode("+1 qid:1 1:0.5 3:2 # x\n-1 2:7\r\n1 0:1\n"),
      (bytes) => readSvmlight(bytes, { threads: 1, maxBytes: 1 << 16 }),
    ],
    [encodeNpy(x), (bytes) => {
      const { shape, data } = decodeNpy(bytes, "x");
      return arraySamples({ source: "x", shape, values: data }, y, "classification");
    }],
    [
      idx(shape, [1, 2, 3, 4]),
      (bytes) => arraySamples({ source: "x", ...parseIdx(bytes, "x") }, y, "classification"),
    ],
  ];
  for (const [kind, [good, read]] of readers.entries()) {
    const below = drawsBelow(kind + 1);
    let [accepted, refused] = [0, 0];
    for (let round = 0; round < 6000; round++) {
      const bytes = mutate(good, below);
      try {
        await read(bytes);
        accepted++;
      } catch (cause) {
        const known = [TypeError, RangeError, SyntaxError].some((kind) => cause instanceof kind);
        assert(known && /^Cannot [^\n\r]*$/.test((cause as Error).message), `${cause} for ${bytes}`);
        refused++;
      }
    }
    assert(accepted > 50 && refused > 50, `reader ${kind}: ${accepted} read, ${refused} refused`);
  }
});

Deno.test("loadFiles() throws nothing else at damaged files either", async () => {
  const x = npy([2, 2], Float32Array.of(1, 2, 3, 4));
  const y = npy([2], Uint8Array.of(0, 1));
  const good: [string, Uint8Array][] = [
    ["a.csv.gz", new Uint8Array(gzipSync(csv))],
    ["a", new TextEncoder().encode("1 1:2 3:4\n2 1:1\n")],
    ["a.npz", zipSync({ "x.npy": x, "y.npy": y })],
    ["a.npz", zipSync({ "x.npy": x, "y.npy": y }, { level: 0 })],
  ];
  const below = drawsBelow(5);
  for (let round = 0; round < 240; round++) {
    const [name, bytes] = good[round % good.length];
    const message = await fault({ [name]: mutate(bytes, below) }, { threads: 1, testFraction: 0 });
    assert(/^((Type|Range|Syntax)Error: Cannot |no error)/.test(message), message);
  }
});

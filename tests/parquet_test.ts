import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { zipSync } from "npm:fflate@0.8.2";
import { parquetWriteBuffer } from "npm:hyparquet-writer@0.17.0";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { detectFormat } from "../src/data/format.ts";
import { openTable } from "../src/data/table/table_files.ts";
import { openParquet } from "../src/data/table/parquet.ts";
import type { RolePlan } from "../src/data/table/table.ts";
import { drawsBelow } from "./damage.ts";
import { inFolder } from "./temporary.ts";

type Columns = Parameters<typeof parquetWriteBuffer>[0]["columnData"];
type Settings = Omit<Parameters<typeof parquetWriteBuffer>[0], "columnData">;

const written = (columnData: Columns, settings: Settings = {}): Uint8Array<ArrayBuffer> =>
  new Uint8Array(parquetWriteBuffer({ columnData, ...settings }));

/** Five flowers, in row groups of two. */
const flowers = written([
  { name: "width", data: [1.5, 2.5, null, NaN, -4], type: "DOUBLE" },
  { name: "id", data: [1n, 2n, 3n, 312782592000000017n, 5n], type: "INT64" },
  { name: "colour", data: ["red", "blue", null, "red", "7"], type: "STRING" },
  { name: "wild", data: [true, false, true, true, false], type: "BOOLEAN" },
  {
    name: "seen",
    data: [0, 1, 2, 3, 4].map((day) => new Date(Date.UTC(2024, 0, 1 + day))),
    type: "TIMESTAMP",
  },
  { name: "petals", data: Int32Array.of(5, 5, 6, 6, 8), type: "INT32" },
], { rowGroupSize: 2 });

const skip = { kind: "skip" } as const;

Deno.test("openParquet() profiles numbers, texts, truth values, dates and missing cells", async () => {
  const table = await openParquet(flowers);
  assertEquals(table.columnNames, ["width", "id", "colour", "wild", "seen", "petals"]);
  const { rows, columns } = await table.profile({ spelled: [1] });
  assertEquals([rows, columns.length], [5, 6]);
  const [width, id, colour, wild, seen, petals] = columns;
  assertEquals([width.numbers, width.missing, width.texts, width.minimum, width.maximum], [3, 2, 0, -4, 2.5]);
  assertEquals([width.mean, width.whole, width.firstMissing], [0, false, { line: 3, text: "" }]);
  assertAlmostEquals(width.deviation, Math.sqrt((2.25 + 6.25 + 16) / 3), 1e-12);
  assertEquals([id.whole, id.beyondExact, [...id.values!.keys()][3]], [true, 1, "312782592000000017"]);
  assertEquals([colour.texts, colour.missing, colour.firstText], [4, 1, { line: 1, text: "red" }]);
  assertEquals([...colour.values!], [["red", 2], ["blue", 1], ["7", 1]]);
  assertEquals([...wild.values!], [["true", 3], ["false", 2]]);
  assertEquals(seen.firstText?.text, "2024-01-01T00:00:00.000Z");
  assertEquals([petals.mean, [...petals.values!]], [6, [["5", 2], ["6", 2], ["8", 1]]]);
});

const plan: RolePlan = {
  inputCount: 5,
  targetCount: 1,
  roles: [
    { kind: "number", input: 0, offset: 1, factor: 2, missing: 3, indicator: 1 },
    { kind: "target", output: 0 },
    { kind: "category", inputs: new Map([["red", 2]]), other: 3, missing: 4 },
    { kind: "class", classes: new Map([["false", 0], ["true", 1]]) },
    skip,
    { kind: "weight" },
  ],
};

Deno.test("openParquet() encodes cells as their roles say, and counts what is lost", async () => {
  const table = await openParquet(flowers);
  const { features, labels, targets, weights, counts } = await table.encode(plan, 5);
  assert(features.buffer instanceof SharedArrayBuffer);
  assertEquals([...features], [
    ...[1, 0, 1, 0, 0],
    ...[3, 0, 0, 1, 0],
    ...[4, 1, 0, 0, 1],
    ...[4, 1, 1, 0, 0],
    ...[-10, 0, 0, 1, 0],
  ]);
  assertEquals([[...labels], [...weights]], [[1, 0, 1, 1, 0], [5, 5, 6, 6, 8]]);
  assertEquals([...targets], [1, 2, 3, Math.fround(312782592000000017), 5]);
  assertEquals([[...counts.missing], [...counts.unknown]], [[2, 0, 1, 0, 0, 0], [0, 0, 2, 0, 0, 0]]);
  assertEquals([...counts.firstUnknown], [[2, { line: 2, text: "blue" }]]);
});

Deno.test("openParquet() reads windows of row groups that hold what encode() gives", async () => {
  const table = await openParquet(flowers);
  const { features } = await table.encode(plan, 5);
  const rows: number[] = [];
  const found: number[] = [];
  for await (const window of table.windows(plan)) {
    rows.push(window.rows);
    found.push(...window.features);
  }
  assertEquals([rows, found], [[2, 2, 1], [...features]]);
});

Deno.test("openParquet() counts numbers that vanish in 32 bits, by column", async () => {
  const data = [1.7e9, 1.7e9 + 1, 1.7e9 + 2, 1.8e9];
  const table = await openParquet(written([{ name: "time", data, type: "DOUBLE" }]));
  const raw: RolePlan = {
    inputCount: 1,
    targetCount: 0,
    roles: [{ kind: "number", input: 0, offset: 0, factor: 1 }],
  };
  assertEquals([...(await table.encode(raw, 4)).counts.vanished], [2]);
  const standardised = [{ kind: "number", input: 0, offset: 1.7e9, factor: 1 }] as const;
  assertEquals([...(await table.encode({ ...raw, roles: standardised }, 4)).counts.vanished], [0]);
});

Deno.test("openParquet() names row and column of cells that a role cannot take", async () => {
  const table = await openParquet(flowers);
  const fault = async (column: number, role: RolePlan["roles"][number]) => {
    const roles = Array.from({ length: 6 }, (_, at) => at === column ? role : skip);
    const encoded = table.encode({ roles, inputCount: 1, targetCount: 1 }, 5);
    return (await assertRejects(() => encoded, SyntaxError)).message.replace('Cannot read "data": ', "");
  };
  const number = { kind: "number", input: 0, offset: 0, factor: 1 } as const;
  assertEquals(await fault(0, number), 'row 3, column "width" is missing, a number is needed');
  assertEquals(await fault(2, number), 'row 1, column "colour" holds "red", a number is needed');
  assertEquals(
    await fault(2, { kind: "class", classes: new Map([["red", 0]]) }),
    'row 2, column "colour" holds "blue", which is no class that is known',
  );
  assertEquals(
    await fault(1, { ...number, factor: 1e30 }),
    'row 4, column "id" holds "312782592000000017", which does not fit into 32 bits once standardised',
  );
  assertEquals(
    await fault(0, { kind: "weight" }),
    'row 3, column "width" is missing, a finite weight of at least 0 is needed',
  );
});

Deno.test("openParquet() refuses lists, records, files without rows and what is no Parquet file", async () => {
  const refused = async (bytes: Uint8Array) =>
    (await assertRejects(() => openParquet(bytes), SyntaxError)).message.replace(
      'Cannot read Parquet file "data": ',
      "",
    );
  const lists = written([{ name: "path", data: [{ x: 1 }, { x: 2 }], type: "JSON" }]);
  assertEquals(
    await refused(lists),
    'column "path" holds JSON, a number or text is needed; leave it out, or spread it into columns of its own',
  );
  const twice = written([{ name: "a", data: [1], type: "INT32" }, { name: "a", data: [1], type: "INT32" }]);
  assertEquals(await refused(twice), 'two columns are called "a"');
  assertEquals(await refused(written([{ name: "a", data: [], type: "INT32" }])), "it has no rows of data");
  assert((await refused(flowers.subarray(0, 300))).startsWith("it is damaged or cut short"));
  assert((await refused(new TextEncoder().encode("PAR1, not really"))).startsWith("it is damaged"));
  assertEquals(await refused(new Uint8Array(gzipSync(flowers))), "it is packed with gzip; unpack it first");
});

Deno.test("openTable() tells Parquet by its content, also alone in a zip archive", async () => {
  await inFolder(async (folder) => {
    for (const [name, bytes] of [["a.dat", flowers], ["b.zip", zipSync({ "b.parquet": flowers })]] as const) {
      const path = `${folder}/${name}`;
      await Deno.writeFile(path, bytes);
      const file = await detectFormat(path);
      assertEquals(file.format, "parquet");
      assertEquals((await (await openTable(file, {})).profile()).rows, 5);
    }
  });
});

Deno.test("openParquet() refuses a file cut short anywhere", async () => {
  for (let length = 4; length < flowers.length; length += 13) {
    await assertRejects(
      () => openParquet(flowers.subarray(0, length)),
      SyntaxError,
      "it is damaged or cut short",
    );
  }
});

/** Files of every encoding and packing that the writer knows, in pages of a few cells. */
function manyKinds(): Uint8Array<ArrayBuffer>[] {
  const numbers = Array.from({ length: 60 }, (_, at) => at % 7);
  const texts = numbers.map((number) => `text ${number * 31}`);
  const compressors = {
    GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)),
    ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdCompressSync(bytes)),
    BROTLI: (bytes: Uint8Array) => new Uint8Array(brotliCompressSync(bytes)),
    LZ4_RAW: literals,
    LZ4: (bytes: Uint8Array) => framed(literals(bytes), bytes.length),
  };
  const columns: Columns = [
    { name: "double", data: numbers.map((number) => number === 3 ? null : number + 0.5), type: "DOUBLE" },
    { name: "dictionary", data: texts.map((text, at) => at % 5 === 0 ? null : text), type: "STRING" },
    { name: "truth", data: numbers.map((number) => number > 3), type: "BOOLEAN", encoding: "RLE" },
    { name: "delta", data: Int32Array.from(numbers), type: "INT32", encoding: "DELTA_BINARY_PACKED" },
    { name: "long", data: numbers.map(BigInt), type: "INT64", encoding: "DELTA_BINARY_PACKED" },
    { name: "lengths", data: texts, type: "STRING", encoding: "DELTA_LENGTH_BYTE_ARRAY" },
    {
      name: "prefixes",
      data: texts.map((text) => text.repeat(3)),
      type: "STRING",
      encoding: "DELTA_BYTE_ARRAY",
    },
    { name: "split", data: Float32Array.from(numbers), type: "FLOAT", encoding: "BYTE_STREAM_SPLIT" },
    { name: "required", data: numbers, type: "DOUBLE", nullable: false },
  ];
  const codecs = ["UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "BROTLI", "LZ4_RAW", "LZ4"] as const;
  return codecs.map((codec) => written(columns, { codec, compressors, rowGroupSize: 30, pageSize: 100 }));
}

/** Bytes as LZ4 has them when nothing repeats. */
function literals(bytes: Uint8Array): Uint8Array {
  const extra = bytes.length - 15;
  const lengths = extra < 0 ? [] : [...new Array(Math.floor(extra / 255)).fill(255), extra % 255];
  return Uint8Array.of(Math.min(bytes.length, 15) << 4, ...lengths, ...bytes);
}

function framed(packed: Uint8Array, bytes: number): Uint8Array {
  const frame = new Uint8Array(8 + packed.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, bytes);
  view.setUint32(4, packed.length);
  frame.set(packed, 8);
  return frame;
}

Deno.test("openParquet() reads every encoding and packing alike", async () => {
  const [first, ...others] = await Promise.all(
    manyKinds().map(async (bytes) => {
      const { columns, rows } = await (await openParquet(bytes)).profile();
      return { rows, columns };
    }),
  );
  assertEquals([first.rows, first.columns[0].missing, first.columns[1].missing], [60, 9, 12]);
  assertEquals([first.columns[3].mean, first.columns[4].mean], [
    first.columns[7].mean,
    first.columns[7].mean,
  ]);
  assertEquals(first.columns[5].values?.size, 7);
  assertEquals([...first.columns[6].values!.keys()][1], "text 31text 31text 31");
  for (const other of others) assertEquals(other, first);
});

/** Files given; 20,000 with TRULY_SPARSE_FUZZ=200000. */
const DAMAGED = Math.ceil(Number(Deno.env.get("TRULY_SPARSE_FUZZ") ?? 7000) / 10);

Deno.test(`openParquet() reads a damaged file or refuses it, and never hangs (${DAMAGED} files)`, async () => {
  const files = manyKinds();
  const below = drawsBelow(11);
  let refused = 0;
  for (let round = 0; round < DAMAGED; round++) {
    const bytes = files[round % files.length].slice();
    for (let change = below(3); change >= 0; change--) {
      // Mostly one bit; else a whole byte, to what ends or goes on with numbers, or is below zero.
      const at = below(bytes.length);
      bytes[at] = [bytes[at] ^ 1 << below(8), bytes[at] ^ 1 << below(8), 0, 0x7f, 0x80, 0xff][below(6)];
    }
    const started = performance.now();
    try {
      await (await openParquet(bytes)).profile();
    } catch (error) {
      assert(error instanceof SyntaxError && error.message.startsWith("Cannot read"), `${round}: ${error}`);
      refused++;
    }
    assert(performance.now() - started < 5000, `file ${round} took ${performance.now() - started} ms`);
  }
  assert(Math.min(refused, DAMAGED - refused) > DAMAGED / 10, `${refused} of ${DAMAGED} were refused`);
});

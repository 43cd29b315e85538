import { assert, assertEquals } from "@std/assert";
import { zipSync } from "npm:fflate@0.8.2";
import { gzipSync } from "node:zlib";
import { CheckpointError, loadModel, newRunState, saveModel, SparseMlp } from "../mod.ts";
import { readCifarDataset } from "../src/data/cifar.ts";
import { openDelimited } from "../src/data/table/delimited.ts";
import type { CellRole } from "../src/data/table/table.ts";
import { parseIdx } from "../src/data/idx.ts";
import { decodeNpy, encodeNpy } from "../src/data/npy.ts";
import { readNpz } from "../src/data/npz.ts";
import { readSvmlight } from "../src/data/svmlight.ts";
import { readKnownTable, readTrainingTable } from "../src/data/table/table_samples.ts";
import type { TableSchema } from "../src/schema.ts";
import { validateConnections } from "../src/sparse/csr.ts";
import { holdNumbers } from "./model/state.ts";

/** Damaged inputs a reader is given; 100,000 over all readers with TRULY_SPARSE_FUZZ=100000. */
const INPUTS = Number(Deno.env.get("TRULY_SPARSE_FUZZ") ?? 7000);
/** No small input may keep a reader busy for longer; it is never near, even on a loaded machine. */
const MOST_MS = 5000;

type Bytes = Uint8Array<ArrayBuffer>;

/** A generator of numbers in [0, 1), by Weyl sequence and mixing; the same for each run. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const TOKENS = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "null",
  "-1",
  "1e999",
  "nan",
  "inf",
  "\n",
  "\r",
  "99999999999",
  "\\u0000",
]
  .map((token) => new TextEncoder().encode(token));
const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x7fc0_0000];

/** One to four changes of a valid input: bits, bytes, words, cuts, repeats, tokens. */
function damage(valid: Bytes, random: () => number): Bytes {
  let bytes = valid.slice();
  const below = (count: number) => Math.floor(random() * count);
  // Half of the changes hit the beginning, where headers stand.
  const place = () => below(random() < 0.5 ? Math.min(bytes.length, 64) : bytes.length);
  for (let change = 1 + below(4); change > 0 && bytes.length > 0; change--) {
    const at = place();
    switch (below(7)) {
      case 0:
        bytes[at] ^= 1 << below(8);
        break;
      case 1:
        bytes[at] = below(256);
        break;
      case 2:
        if (at + 4 <= bytes.length) {
          new DataView(bytes.buffer).setUint32(at, EXTREMES[below(EXTREMES.length)], random() < 0.5);
        }
        break;
      case 3:
        bytes = bytes.slice(0, at);
        break;
      case 4: {
        const piece = bytes.slice(at, at + 1 + below(64));
        bytes = spliced(bytes, place(), 0, piece);
        break;
      }
      case 5:
        bytes = spliced(bytes, at, below(16), new Uint8Array(0));
        break;
      default:
        bytes = spliced(bytes, at, below(4), TOKENS[below(TOKENS.length)]);
    }
  }
  return bytes;
}

function spliced(bytes: Bytes, at: number, removed: number, piece: Uint8Array): Bytes {
  const rest = bytes.subarray(Math.min(bytes.length, at + removed));
  const joined = new Uint8Array(at + piece.length + rest.length);
  joined.set(bytes.subarray(0, at));
  joined.set(piece, at);
  joined.set(rest, at + piece.length);
  return joined;
}

/** Gives a reader damaged inputs: each is read, or refused with an error that was made for people. */
async function fuzz(
  inputs: readonly Bytes[],
  count: number,
  read: (bytes: Bytes) => unknown,
  kinds: readonly (new (message: string) => Error)[] = [SyntaxError, RangeError, TypeError],
): Promise<void> {
  const random = randomNumbers(20_260_101);
  let refused = 0;
  for (const input of inputs) await read(input.slice());
  for (let round = 0; round < count; round++) {
    const bytes = damage(inputs[round % inputs.length], random);
    const started = performance.now();
    try {
      await read(bytes);
    } catch (error) {
      const text = `input ${round}: ${error instanceof Error ? error.stack : error}`;
      assert(error instanceof Error && kinds.some((kind) => error instanceof kind), text);
      // Errors of the engine (no such property, allocation failed) do not begin so.
      assert(/^Cannot (?!read prop|set prop|destructure|convert|mix)/.test(error.message), text);
      assert(!/allocation failed|Invalid typed array length/i.test(error.message), text);
      refused++;
    }
    let elapsedMs = performance.now() - started;
    // Other programs may hold up one read, hardly the same one three times.
    for (let again = 0; elapsedMs >= MOST_MS && again < 2; again++) {
      const restarted = performance.now();
      await Promise.resolve(bytes).then(read).catch(() => {});
      elapsedMs = Math.min(elapsedMs, performance.now() - restarted);
    }
    assert(elapsedMs < MOST_MS, `input ${round} took ${elapsedMs} ms`);
  }
  assert(refused > count / 10, `only ${refused} of ${count} damaged inputs were refused`);
}

const share = (part: number) => Math.ceil(INPUTS * part);
const text = (lines: string) => new TextEncoder().encode(lines);

/** What columns are to a model of four inputs. */
const SCHEMA: TableSchema = {
  header: true,
  columns: [
    { kind: "number", name: "mass", offset: 1.5, factor: 0.25, missing: 2, indicator: true },
    { kind: "ignored", name: "id", because: "counts the rows" },
    { kind: "category", name: "colour", categories: ["red"], rare: ["teal"], other: true, missing: "zero" },
    { kind: "class", name: "label" },
  ],
};

async function saved(checkpoint: boolean, activation: "prelu" | "all-relu"): Promise<Bytes> {
  const path = await Deno.makeTempFile();
  try {
    const model = SparseMlp.create({ sizes: [4, 6, 2], epsilon: 2, activation, seed: 3 });
    model.standardization = { mean: new Float32Array(4), scale: new Float32Array(4).fill(1) };
    model.classNames = ["no", "yes"];
    model.schema = SCHEMA;
    holdNumbers(model, activation === "prelu" ? 2 : 1);
    const training = { epoch: 3, options: { values: { epochs: 4 } }, state: { ...newRunState(3), step: 2 } };
    await saveModel(model, path, checkpoint ? { training } : {});
    return await Deno.readFile(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test(`loadModel() reads a damaged file whole or refuses it (${share(0.5)} inputs)`, async () => {
  const inputs = [await saved(false, "all-relu"), await saved(true, "prelu")];
  await fuzz(inputs, share(0.5), async (bytes) => {
    const { model } = await loadModel(bytes);
    for (const layer of model.layers) {
      validateConnections(layer);
      assertEquals(layer.incomingPtr[layer.neurons], layer.nnz);
      const numbers = [
        ...[layer.values, layer.bias, layer.activationParameters],
        ...[...layer.planes, ...layer.biasPlanes, ...layer.activationPlanes],
      ];
      for (const array of numbers) assert(array.every(Number.isFinite));
    }
  }, [CheckpointError]);
});

Deno.test(`decodeNpy() reads a damaged array or refuses it (${share(0.1)} inputs)`, async () => {
  const inputs = [
    encodeNpy({ shape: [3, 4], data: Float32Array.from({ length: 12 }, (_, index) => index) }),
    encodeNpy({ shape: [5], data: BigInt64Array.of(1n, 2n, 3n, 4n, -5n) }),
  ];
  await fuzz(inputs, share(0.1), (bytes) => decodeNpy(bytes, "damaged"));
});

Deno.test(`readNpz() reads a damaged archive or refuses it (${share(0.1)} inputs)`, async () => {
  const arrays = {
    "x.npy": encodeNpy({ shape: [3, 4], data: new Float32Array(12).fill(2) }),
    "y.npy": encodeNpy({ shape: [3], data: Uint8Array.of(0, 1, 2) }),
  };
  const inputs = [0, 6].map((level) => zipSync(arrays, { level: level as 0 | 6 }) as Bytes);
  await fuzz(inputs, share(0.1), (bytes) => readNpz(bytes));
});

Deno.test(`parseIdx() reads damaged numbers or refuses them (${share(0.1)} inputs)`, async () => {
  const inputs = [
    Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8),
    Uint8Array.of(0, 0, 0x0d, 1, 0, 0, 0, 2, 63, 128, 0, 0, 64, 0, 0, 0),
  ];
  await fuzz(inputs, share(0.1), (bytes) => parseIdx(bytes, "damaged"));
});

Deno.test(`readCifarDataset() reads damaged records or refuses them (${share(0.02)} inputs)`, async () => {
  const records = new Uint8Array(2 * 3073);
  records[3073] = 9;
  const inputs = [records, new Uint8Array(gzipSync(records))];
  await fuzz(inputs, share(0.02), (bytes) => readCifarDataset({ train: [bytes] }));
});

/** Reads all of a table: its profile, and its rows by roles that suit what its columns hold. */
async function readTable(bytes: Bytes, round: number): Promise<void> {
  const table = await openDelimited(bytes);
  const { rows, columns } = await table.profile({ threads: 1, spelled: [table.columnCount - 1] });
  assertEquals(columns.length, table.columnCount);
  let inputCount = 0;
  const roles = columns.map(({ numbers, texts, mean, deviation, values }, column): CellRole => {
    if (column === columns.length - 1 && values !== undefined) {
      return { kind: "class", classes: new Map(Array.from(values.keys(), (value, index) => [value, index])) };
    }
    if (texts === 0 && numbers > 0) {
      const [offset, factor] = Number.isFinite(deviation) && deviation > 0 ? [mean, 1 / deviation] : [0, 1];
      return { kind: "number", input: inputCount++, offset, factor, missing: mean, indicator: inputCount++ };
    }
    const inputs = new Map(
      [...(values?.keys() ?? [])].slice(1).map((value) => [value, inputCount++] as const),
    );
    return { kind: "category", inputs, other: inputCount++, missing: -1 };
  });
  const plan = { roles, inputCount, targetCount: 0 };
  if (round % 2 === 0) {
    const { features, labels } = await table.encode(plan, rows, { threads: 1 });
    assertEquals(features.length, rows * inputCount);
    assert(features.every(Number.isFinite) && labels.every((label) => label < rows));
  } else {
    let total = 0;
    for await (const window of table.windows(plan, { threads: 1, windowBytes: 32 })) total += window.rows;
    assertEquals(total, rows);
  }
}

Deno.test(`openDelimited() reads a damaged table or refuses it (${share(1)} inputs)`, async () => {
  const inputs = [
    text("a,b,label\n1,2.5,x\n-3e2,NA,y\n5,6,x\n"),
    text('1\t"2"\tcat\n3\t4\t"a ""dog"""\n5\t6\t"two\nlines"\n'),
    text("# by hand\r\na;b;c\r\n1,5;x;1\r\n2,5;y;0\r\n"),
    text('"p" "q"\n"1" 0.5 2\n"2" 1e-3 3\n'),
    text("400,402,404,kind\r0.1,0.5,0.2,a\r0.3,0.1,0.9,b\r0.2,?,0.4,a\r"),
    Uint8Array.of(0xff, 0xfe, ...[..."a,b\n1,x\n2,y\n"].flatMap((letter) => [letter.charCodeAt(0), 0])),
  ];
  let round = 0;
  await fuzz(inputs, share(1), (bytes) => readTable(bytes, round++));
});

Deno.test(`readTrainingTable() reads a damaged table or refuses it (${share(0.1)} inputs)`, async () => {
  const rows = "1.5,red,2024,x\nNA,blue,2025,y\n2,red,2026,x\n,red,1,y\n7,blue,1e9,x\n8,,3,y\n";
  const known = {
    schema: { header: true, columns: [SCHEMA.columns[0], ...SCHEMA.columns.slice(2)] },
    task: "classification",
    classNames: ["x", "y"],
  } as const;
  const inputs = [text(`mass,colour,year,label\n${rows}`), text(`colour;mass;label\nred;1,5;x\nteal;2;y\n`)];
  await fuzz(inputs, share(0.1), async (bytes) => {
    const table = await openDelimited(bytes);
    const { features } = await readTrainingTable(table, { threads: 1 });
    assert(features.every(Number.isFinite));
    await readKnownTable(table, known, { threads: 1 });
  });
});

Deno.test(`readSvmlight() reads damaged samples or refuses them (${share(0.09)} inputs)`, async () => {
  const inputs = [text("1 1:0.5 3:2\n-1 2:1 # two\n1 1:-4e-3 5:7\n")];
  await fuzz(inputs, share(0.09), (bytes) => readSvmlight(bytes, { threads: 1 }));
});

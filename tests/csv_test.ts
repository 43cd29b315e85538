import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { type CsvOptions, readCsv, readLabels } from "../src/data/csv.ts";
import { readMadelon } from "../src/data/madelon.ts";
import type { FileSamples } from "../src/data/samples.ts";
import { folder } from "./cli/process.ts";
import { assertReadOrRefused, drawsBelow } from "./damage.ts";
import { dataFolder, exists } from "./real_data.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const read = (text: string, options?: CsvOptions) => readCsv(encode(text), options);

/** The message of the error a text gives, after "Cannot read "data": ". */
async function fault(text: string | Uint8Array, options?: CsvOptions): Promise<string> {
  try {
    await readCsv(typeof text === "string" ? encode(text) : text, options);
  } catch (cause) {
    assert(cause instanceof Error);
    assert(!cause.message.includes("\n"));
    return `${cause.name}: ${cause.message}`.replace('Cannot read "data": ', "");
  }
  return "no error";
}

/** Sums that depend on every value and its place, in the order the parity script takes them. */
function sums({ features }: FileSamples): [number, number] {
  let [sum, weighted] = [0, 0];
  features.forEach((value, index) => {
    sum += value;
    weighted += value * (index % 97);
  });
  return [sum, weighted];
}

function counts({ labels }: FileSamples): number[] {
  const counts: number[] = [];
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

Deno.test("readCsv() takes the column the header calls the label, and the last without a header", async () => {
  const named = await read("a,Class,b\n1,x,2\n3,w,4\n");
  assertEquals([...named.features], [1, 2, 3, 4]);
  assertEquals(named.featureNames, ["a", "b"]);
  assertEquals([named.classNames, [...named.labels]], [["w", "x"], [1, 0]]);
  const bare = await read("1,2,0\n3,4,1\n");
  assertEquals([[...bare.features], [...bare.labels], bare.featureNames.length], [[1, 2, 3, 4], [0, 1], 0]);
  const first = await read("1,2,0\n3,4,1\n", { labelColumn: "first" });
  assertEquals([[...first.features], first.classNames], [[2, 0, 4, 1], ["1", "3"]]);
});

Deno.test("readCsv() tells a header from a row of data", async () => {
  const samples = async (text: string, options?: CsvOptions) => (await read(text, options)).samples;
  assertEquals(await samples("5.1,3.5,setosa\n4.9,3.0,virginica\n"), 2);
  assertEquals(await samples("digit,0,1,2\n5,0,0,9\n3,0,1,8\n"), 2);
  assertEquals(await samples('"x 1","x 2","y"\n1,2,0\n3,4,1\n'), 2);
  assertEquals(await samples("1,2,0\n3,4,1\n", { header: true }), 1);
  assertStringIncludes(await fault("1,?,3\n1,2,3\n"), 'line 1, column 2 holds "?"');
  assertStringIncludes(await fault("0.5,abc,1\n0.5,2,1\n"), 'line 1, column 2 holds "abc"');
});

Deno.test("readCsv() finds the delimiter, and takes any that is given", async () => {
  for (const mark of [",", ";", "\t", "|", " ", "   "]) {
    const text = ["a", "b", "y"].join(mark) + "\n" + ["1", "2", "0"].join(mark) + "\n" +
      ["3", "4", "1"].join(mark);
    assertEquals([...(await read(text)).features], [1, 2, 3, 4], JSON.stringify(mark));
  }
  assertEquals([...(await read("1:2:0\n3:4:1\n", { delimiter: ":" })).features], [1, 2, 3, 4]);
  assertStringIncludes(await fault("1,2\n", { delimiter: "ab" }), "TypeError");
});

Deno.test("readCsv() passes over blanks, quotes, empty lines, CRLF and a byte order mark", async () => {
  const text = '\ufeff"f1", f2 ,label\r\n\r\n "1" , 2 ,"a, ""b"""\r\n\t\r\n3,4,c';
  const { features, classNames, featureNames } = await read(text);
  assertEquals([...features], [1, 2, 3, 4]);
  assertEquals(classNames, ['a, "b"', "c"]);
  assertEquals(featureNames, ["f1", "f2"]);
});

Deno.test("readCsv() orders numeric classes by value and joins their spellings", async () => {
  const { classNames, labels } = await read("1,10\n1,-1\n1,9\n1,1.0E+01\n1,+9.0\n");
  assertEquals([classNames, [...labels]], [["-1", "9", "10"], [2, 0, 1, 2, 1]]);
  assertEquals((await read("1,10\n1,9\n1,b\n")).classNames, ["10", "9", "b"]);
});

Deno.test("readCsv() reads several regression targets, and no label at all", async () => {
  const { targets, features, labels } = await read("a,y1,y2\n1,2,4\n5,6,8\n", {
    task: "regression",
    labelColumn: ["y2", "y1"],
  });
  assertEquals([[...targets], [...features], labels.length], [[4, 2, 8, 6], [1, 5], 0]);
  const bare = await read("1,2\n3,4\n", { labelColumn: "none" });
  assertEquals([bare.featureCount, bare.labels.length, bare.classNames.length], [2, 0, 0]);
});

Deno.test("readCsv() puts the arrays into shared memory", async () => {
  const { features, labels, targets } = await read("1,2,0\n3,4,1\n");
  for (const { buffer } of [features, labels, targets]) assert(buffer instanceof SharedArrayBuffer);
});

Deno.test("readCsv() names line and column of what it cannot read", async () => {
  const head = "a,b,label\n1,2,x\n";
  assertEquals(
    await fault(head + "1,oops,x\n"),
    'SyntaxError: line 3, column 2 ("b") holds "oops", a number is needed',
  );
  assertStringIncludes(
    await fault(head + "\n1,NaN,x\n"),
    'line 4, column 2 ("b") holds "NaN", a value is needed',
  );
  assertStringIncludes(
    await fault(head + "-inf,1,x\n"),
    'line 3, column 1 ("a") holds "-inf", a finite number',
  );
  assertStringIncludes(await fault(head + "1e39,1,x\n"), "does not fit into 32 bits");
  assertStringIncludes(await fault(head + "1,,x\n"), 'line 3, column 2 ("b") is empty');
  assertStringIncludes(
    await fault(head + "1,2,\n"),
    'line 3, "label" of "data": the label is missing (empty)',
  );
  assertStringIncludes(await fault(head + "1,2\n"), "line 3 has 2 cells, expected 3 as in the first row");
  assertStringIncludes(await fault(head + "1,2,x,4\n"), "line 3 has 4 cells, expected 3");
  assertStringIncludes(await fault(head + '1,"2,x\n'), 'line 3, column 2 ("b") begins a quotation');
  assertStringIncludes(await fault(head + "1,\u001b[31mred,x\n"), 'holds "\ufffd[31mred"');
  assertStringIncludes(await fault(head + `1,${"z".repeat(1000)},x\n`), `"${"z".repeat(40)}…"`);
});

Deno.test("readCsv() refuses files without data, without features, without text", async () => {
  assertEquals(await fault(""), "SyntaxError: it is empty");
  assertStringIncludes(await fault("\n \n\n"), "it has no rows of data");
  assertEquals(await fault("a,b,label\n"), "SyntaxError: it has no rows of data");
  assertStringIncludes(await fault("1\n2\n"), "it has 1 column, 1 for the label, at least 1 more is needed");
  assertStringIncludes(await fault("1,\u00002\n"), "it is not text, byte 2 is zero");
  assertStringIncludes(await fault(Uint8Array.of(0x50, 0x4b, 3, 4, 9, 9)), "no zip file");
  const noise = Uint8Array.from({ length: 5000 }, (_, index) => (index * index * 31) % 251 + 1);
  assertStringIncludes(await fault(noise), "Error");
});

Deno.test("readCsv() refuses columns that do not exist and labels that are no classes", async () => {
  assertStringIncludes(await fault("a,b\n1,2\n", { labelColumn: "c" }), 'its columns are "a", "b"');
  assertStringIncludes(await fault("1,2\n", { labelColumn: "c" }), "it has no header");
  assertStringIncludes(await fault("1,2\n", { labelColumn: 2 }), "counted from 0 to 1");
  assertStringIncludes(await fault("1,2\n", { labelColumn: [0, 1] }), "TypeError");
  const prices = Array.from({ length: 1001 }, (_, index) => `1,${index / 8}`).join("\n");
  assertStringIncludes(await fault(prices), "found 1001 different numbers");
  assertEquals((await read(prices, { task: "regression" })).targets[8], 1);
  const names = Array.from({ length: 65_537 }, (_, index) => `1,n${index}`).join("\n");
  assertStringIncludes(await fault(names), "it holds too many different labels; use regression");
  assertStringIncludes(
    await fault("1,a\n1,q\n", { classNames: ["a", "b"] }),
    'line 2 of "data" for testing: class "q" is not among the classes to learn',
  );
  assertEquals([...(await read("1,b\n", { classNames: ["a", "b"] })).labels], [1]);
});

Deno.test("readLabels() reads one label a line", async () => {
  assertEquals([...(await readLabels(encode("-1\n1\n1\n"))).labels], [0, 1, 1]);
  await assertRejects(() => readLabels(encode("1,2\n")), RangeError, "2 columns, 1 is needed");
});

Deno.test("readCsv() unpacks gzip, several members in a row too, and refuses damaged ones", async () => {
  const text = Array.from({ length: 2000 }, (_, index) => `${index},${index * index % 1013},${index % 3}`);
  const packed = new Uint8Array(gzipSync(text.join("\n") + "\n"));
  const whole = await readCsv(packed);
  assertEquals([whole.samples, whole.features[3999]], [2000, 1999 * 1999 % 1013]);
  const twice = new Uint8Array([...packed, ...packed]);
  assertEquals((await readCsv(twice)).samples, 4000);
  assertStringIncludes(await fault(packed.subarray(0, packed.length - 9)), "damaged or cut short");
  assertStringIncludes(await fault(packed.subarray(0, 5)), "damaged or cut short");
  const damaged = packed.slice();
  damaged[packed.length >> 1] ^= 0xff;
  assertStringIncludes(await fault(damaged), "damaged or cut short");
  const place = await folder({});
  const path = `${place}/plain.csv.gz`;
  await Deno.writeTextFile(path, "1,2\n");
  await assertRejects(() => readCsv(path), SyntaxError, "its content is no gzip");
  await Deno.writeFile(path, packed);
  assertEquals((await readCsv(path)).samples, 2000);
  await assertRejects(() => readCsv(`${place}/absent.csv`), Deno.errors.NotFound, "there is no such file");
  await assertRejects(() => readCsv(place), TypeError, "it is a folder");
});

Deno.test("readCsv() reads several windows alike for any number of threads", async () => {
  const rows = 300_000;
  const lines = Array.from(
    { length: rows },
    (_, row) => `${row},${row * 0.125},${-row - 0.5},name${row % 11}`,
  );
  const text = encode("a,b,c,label\n" + lines.join("\n") + "\n");
  assert(text.length > 8 << 20, "one window only");
  let last = 0;
  const one = await readCsv(text, {
    threads: 1,
    onProgress: (done, total) => {
      assert(done >= last && done <= total);
      last = done / total;
    },
  });
  assertEquals(last, 1);
  assertEquals(one.samples, rows);
  for (let row = 0; row < rows; row++) {
    const [a, b, c] = one.features.subarray(3 * row, 3 * row + 3);
    const right = a === row && b === row / 8 && c === -row - 0.5 &&
      one.classNames[one.labels[row]] === `name${row % 11}`;
    assert(right, `row ${row}`);
  }
  const two = await readCsv(text, { threads: 3 });
  assertEquals(Buffer.compare(bytesOf(one.features), bytesOf(two.features)), 0);
  assertEquals(Buffer.compare(bytesOf(one.labels), bytesOf(two.labels)), 0);
  const faulty = encode(lines.join("\n").replace("\n299998,", "\n299998x,"));
  for (const threads of [1, 2]) {
    assertStringIncludes(await fault(faulty, { threads }), 'line 299999, column 1 holds "299998x"');
  }
});

Deno.test("readCsv() reads or refuses damaged text and never crashes", async () => {
  const seed = '\ufeffa,b,label\n1,2.5,cat\n-3,"4",dog\r\n5e-1,6,"b""c"\n';
  const alphabet = [...'0123456789.,;:eE+-"# \t\r\nnaif', "\u0000", "\u00ff", "é"];
  const below = drawsBelow(1);
  const damaged = () => {
    let text = seed;
    for (let change = below(4); change >= 0; change--) {
      const at = below(text.length);
      text = text.slice(0, at) + (below(5) === 0 ? "" : alphabet[below(alphabet.length)]) +
        (below(9) === 0 ? "" : text.slice(at + below(2)));
    }
    return text;
  };
  await assertReadOrRefused(damaged, async (text) => {
    const { samples, features, featureCount, labels, classNames } = await readCsv(encode(text), {
      threads: 1,
    });
    assertEquals(features.length, samples * featureCount);
    assert(features.every(Number.isFinite) && labels.every((label) => label < classNames.length), text);
  }, { least: 1000, refusals: [SyntaxError, RangeError] });
});

const higgs = `${dataFolder}/higgs/higgs_train_10k.csv`;
Deno.test({
  name: "readCsv() reads HIGGS as an independent script does",
  ignore: !exists(higgs),
  fn: async () => {
    // Sums by tests/parity/text.py.
    const data = await readCsv(higgs);
    assertEquals([data.samples, data.featureCount, counts(data)], [10_000, 28, [4705, 5295]]);
    assertEquals([data.featureNames[0], data.classNames], ["x1", ["0", "1"]]);
    assertEquals(sums(data), [169587.77053643652, 8137220.6083825985]);
  },
});

const madelon = `${dataFolder}/madelon/madelon`;
Deno.test({
  name: "readMadelon() reads Madelon as an independent script does",
  ignore: !exists(`${madelon}_train.data`),
  fn: async () => {
    // Sums by tests/parity/text.py; the first is also the check-sum in the official madelon.param.
    const train = await readMadelon(`${madelon}_train.data`, `${madelon}_train.labels`);
    assertEquals([train.samples, train.featureCount, counts(train)], [2000, 500, [1000, 1000]]);
    assertEquals(sums(train), [488083511, 23427476272]);
    assertEquals(train.classNames, ["-1", "1"]);
    const mixed = readMadelon(`${madelon}_train.data`, `${madelon}_valid.labels`);
    await assertRejects(() => mixed, SyntaxError, "found 600 labels for 2000 samples");
  },
});

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

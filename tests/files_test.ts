import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { gzipSync } from "node:zlib";
import { zipSync } from "npm:fflate@0.8.2";
import { arraySamples } from "../src/data/arrays.ts";
import { readCsv } from "../src/data/csv.ts";
import { standardization, validateDataset } from "../src/data/dataset.ts";
import type { Dataset } from "../src/data/dataset.ts";
import { loadFiles, type LoadOptions } from "../src/data/files.ts";
import { parseIdx } from "../src/data/idx.ts";
import { decodeNpy, encodeNpy, type NpyArray, type NpyNumbers } from "../src/data/npy.ts";
import { readSvmlight } from "../src/data/svmlight.ts";
import { dataFolder, debianFashionMnist, exists } from "./real_data.ts";

type Content = string | Uint8Array;

/** Writes files into a folder of their own and loads those named, all of them unless told otherwise. */
async function load(
  files: Record<string, Content>,
  options: LoadOptions = {},
  names = Object.keys(files),
): Promise<Dataset> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(`${folder}/${name}`, bytes);
    }
    return await loadFiles(names.map((name) => `${folder}/${name}`), options);
  } catch (cause) {
    if (cause instanceof Error) cause.message = cause.message.replaceAll(`${folder}/`, "");
    throw cause;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Name and message of the error that loading gives, one line. */
async function fault(
  files: Record<string, Content>,
  options: LoadOptions = {},
  names = Object.keys(files),
): Promise<string> {
  try {
    await load(files, options, names);
  } catch (cause) {
    assert(cause instanceof Error);
    assert(!/[\n\r]/.test(cause.message), cause.message);
    return `${cause.name}: ${cause.message}`;
  }
  return "no error";
}

const npy = (shape: number[], data: NpyNumbers) => encodeNpy({ shape, data });

function idx(shape: number[], body: readonly number[]): Uint8Array {
  return Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((n) => [0, 0, n >> 8, n & 255]), ...body]);
}

/** A row a sample, the label at the end of it. */
function content({ train, test, featureCount, classNames }: Dataset): string[][] {
  return [train, test].map((split) =>
    Array.from({ length: split?.samples ?? 0 }, (_, row) => {
      const features = split!.features.subarray(row * featureCount, (row + 1) * featureCount);
      return [...features, classNames[split!.labels[row]]].join();
    })
  );
}

const csv = "a,b,label\n1,2,x\n3,4,y\n5,6,x\n7,8,y\n9,10,x\n";

Deno.test("loadFiles() splits one text file by fraction and seed", async () => {
  const data = await load({ "iris.csv": csv });
  validateDataset(data);
  assertEquals([data.name, data.featureNames, data.classNames], ["iris", ["a", "b"], ["x", "y"]]);
  assertEquals([data.train.samples, data.test?.samples], [4, 1]);
  const rows = ["1,2,x", "3,4,y", "5,6,x", "7,8,y", "9,10,x"].sort();
  assertEquals(content(data).flat().sort(), rows);
  const [one, again, other] = [1, 1, 2].map((seed) => load({ "a.csv": csv }, { seed, testFraction: 0.4 }));
  assertEquals(content(await one), content(await again));
  assertEquals((await other).test?.samples, 2);
  const tests = new Set<string>();
  for (let seed = 0; seed < 8; seed++) tests.add(content(await load({ "a.csv": csv }, { seed }))[1].join());
  assert(tests.size > 2, "the seed changes nothing");
  assertEquals((await load({ "a.csv": csv }, { testFraction: 0 })).test, undefined);
});

Deno.test("loadFiles() tells formats by extension and content, packed or not", async () => {
  const svmlight = "# made up\n-1\n+1 1:0.5 3:2\n-1 2:1\n";
  const packed = new Uint8Array(gzipSync(svmlight));
  const sparse = ["0,0,0,-1", "0.5,0,2,1", "0,1,0,-1"].sort();
  for (
    const [name, text] of [["a.txt", svmlight], ["a", svmlight], ["a.svm", svmlight], ["a.libsvm.gz", packed]]
  ) {
    const data = await load({ [name as string]: text }, { testFraction: 0.34 });
    assertEquals(content(data).flat().sort(), sparse, name as string);
  }
  const table = ["1,2,a", "3,4,b"];
  for (
    const [name, text] of [
      ["t.tsv", "1\t2\ta\n3\t4\tb\n"],
      ["t.txt", "1 2 a\n3 4 b\n"],
      ["t.data", "1;2;a\n3;4;b"],
      ["t.csv.gz", new Uint8Array(gzipSync("1,2,a\n3,4,b\n"))],
      ["packed.csv", new Uint8Array(gzipSync("1,2,a\n3,4,b\n"))],
    ]
  ) {
    assertEquals(
      content(await load({ [name as string]: text }, { testFraction: 0 }))[0],
      table,
      name as string,
    );
  }
  const tabs = await load({ "t.tsv": "1,5\t2,5\tx\n3,5\t4\ty\n" }).catch((cause) => cause.message);
  assertStringIncludes(tabs, 'line 2, column 1 ("1,5") holds "3,5", a number is needed');
});

Deno.test("loadFiles() takes two text files to train and to test, in the order of their names", async () => {
  const test = "a,b,label\n0,0,y\n";
  const data = await load({ "one.csv": csv, "two.csv": test });
  validateDataset(data);
  assertEquals([data.train.samples, content(data)[1]], [5, ["0,0,y"]]);
  assertEquals((await load({ "one_test.csv": test, "one_train.csv": csv })).train.samples, 5);
  assertEquals(
    (await load({ "latest.csv": csv, "train.csv": test }, {}, ["latest.csv", "train.csv"])).train.samples,
    5,
  );
  // The label's column follows from the first file, whose header names it.
  const first = await load({ "a.csv": "label,p,q\n1,5,6\n0,7,8\n", "b.csv": "0,1,2\n1,3,4\n" });
  assertEquals(content(first)[1], ["1,2,0", "3,4,1"]);
  // A feature that only one svmlight file has is 0 in the other.
  const sparse = await load({ "a": "1 1:1\n2 2:1\n", "a.t": "2 5:1\n" });
  assertEquals([sparse.featureCount, content(sparse)[1]], [5, ["0,0,0,0,1,2"]]);
  const zero = await load({ "a": "1 1:1\n2 2:1\n", "a.t": "2 0:1\n" });
  assertEquals(content(zero), [["0,1,0,1", "0,0,1,2"], ["1,0,0,2"]]);
});

Deno.test("loadFiles() refuses test files that do not fit the training file", async () => {
  const wrong = (test: string) => fault({ "a.csv": csv, "b.csv": test });
  assertEquals(
    await wrong("a,b,label\n0,0,y\n1,1,z\n"),
    'RangeError: Cannot use line 3 of "b.csv" for testing: class "z" is not among the 2 classes to learn',
  );
  assertStringIncludes(await wrong("a,b,c,label\n0,0,0,y\n"), "it has 4 columns, the training file has 3");
  assertStringIncludes(
    await wrong("a,label,b\n0,y,0\n"),
    'its column 2 is "label", in the training file "b"',
  );
  assertStringIncludes(
    await fault({ "a.svm": "1 1:1\n2 1:2\n", "b.svm": "3 1:1\n" }),
    'class "3" is not among',
  );
  assertStringIncludes(
    await fault({ "a.csv": csv, "b.svm": "1 1:1\n" }),
    "found delimited text and svmlight text, expected one or two text files of one format",
  );
  assertStringIncludes(await fault({ "a.csv": csv, "b.csv": csv, "c.csv": csv }), "each is delimited text");
});

Deno.test("loadFiles() reads regression targets, of several columns too", async () => {
  const data = await load({ "a.csv": "u,v,w\n1,2,3\n4,5,6\n" }, {
    task: "regression",
    labelColumn: ["w", "u"],
    testFraction: 0,
  });
  validateDataset(data);
  assertEquals([data.outputCount, [...data.train.targets], [...data.train.features]], [2, [3, 1, 6, 4], [
    2,
    5,
  ]]);
  assertEquals([data.classNames, data.train.labels.length], [[], 0]);
  const pair = {
    "x.npy": npy([2, 1], Float32Array.of(1, 2)),
    "y.npy": npy([2, 2], Float64Array.of(1, 2, 3, 4)),
  };
  const arrays = await load(pair, { task: "regression", testFraction: 0.5 });
  assertEquals([arrays.outputCount, arrays.test?.targets.length], [2, 2]);
});

Deno.test("loadFiles() takes a label column as a name, an index, or digits in a text", async () => {
  for (const labelColumn of ["label", 2, -1, "2", "last"]) {
    assertEquals((await load({ "a.csv": csv }, { labelColumn })).classNames, ["x", "y"]);
  }
  assertStringIncludes(
    await fault({ "a.csv": csv }, { labelColumn: "nothing" }),
    'its columns are "a", "b", "label"',
  );
  assertStringIncludes(await fault({ "a.csv": csv }, { labelColumn: "7" }), "counted from 0 to 2");
  assertStringIncludes(
    await fault({ "a.csv": "1,2\n3,4\n" }, { labelColumn: "none" }),
    "no column is its label",
  );
  assertStringIncludes(
    await fault({ "a.svm": "1 1:1\n2 1:1\n" }, { labelColumn: 0 }),
    'TypeError: Cannot choose the label column of "a.svm": it is svmlight text, only delimited text has columns',
  );
});

Deno.test("loadFiles() reads features and labels of .npy files in any order, bytes as bytes", async () => {
  const x = npy([3, 2], Uint8Array.of(1, 2, 3, 4, 5, 6));
  const y = npy([3], BigInt64Array.of(-1n, 7n, -1n));
  for (const names of [["X.npy", "y.npy"], ["y.npy", "X.npy"]]) {
    const data = await load({ "X.npy": x, "y.npy": y }, { testFraction: 0 }, names);
    validateDataset(data);
    assertEquals(content(data)[0], ["1,2,-1", "3,4,7", "5,6,-1"]);
    assert(
      data.train.features instanceof Uint8Array && data.train.features.buffer instanceof SharedArrayBuffer,
    );
  }
  const four = {
    "X_test.npy": npy([1, 2], Float64Array.of(0.5, 0.25)),
    "X_train.npy": x,
    "y_test.npy": npy([1, 1], Float32Array.of(7)),
    "y_train.npy": y,
  };
  assertEquals(content(await load(four)), [["1,2,-1", "3,4,7", "5,6,-1"], ["0.5,0.25,7"]]);
});

Deno.test("loadFiles() makes images planar, with channels last or first", async () => {
  const y = npy([2], Uint8Array.of(0, 1));
  const body = Uint8Array.from({ length: 24 }, (_, index) => index);
  const last = await load({ "x.npy": npy([2, 2, 2, 3], body), "y.npy": y }, { testFraction: 0 });
  assertEquals(last.image, { channels: 3, height: 2, width: 2 });
  assertEquals([...last.train.features.subarray(0, 12)], [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
  assertEquals(last.train.features[13], 15);
  const first = await load({ "x.npy": npy([2, 3, 2, 2], body), "y.npy": y }, { testFraction: 0 });
  assertEquals([first.image, [...first.train.features]], [last.image, [...body]]);
});

Deno.test("loadFiles() refuses arrays that make no samples", async () => {
  const x = npy([3, 2], Float32Array.of(1, 2, 3, 4, 5, 6));
  const y = npy([3], Uint8Array.of(0, 1, 0));
  const wrong = (x: Uint8Array, y: Uint8Array) => fault({ "x.npy": x, "y.npy": y });
  assertStringIncludes(
    await fault({ "x.npy": x }),
    'found 1 of features and 0 of labels ("x.npy" is 3 × 2), expected one of each, or two',
  );
  assertStringIncludes(await wrong(x, npy([2], Uint8Array.of(0, 1))), "found 2 labels for 3 samples");
  assertStringIncludes(await wrong(x, npy([3, 2], new Uint8Array(6))), "its shape is 3 × 2, 3 is needed");
  assertStringIncludes(
    await wrong(npy([0, 2], new Float32Array(0)), npy([0], new Uint8Array(0))),
    "no samples",
  );
  assertStringIncludes(await wrong(npy([3, 0], new Float32Array(0)), y), "at least 1 feature is needed");
  assertEquals(
    await wrong(npy([3, 2], Float64Array.of(1, 2, 3, NaN, 5, 6)), y),
    'SyntaxError: Cannot read "x.npy": feature 1 of sample 1 is NaN, a finite number is needed',
  );
  assertStringIncludes(
    await wrong(npy([3, 2], Float64Array.of(1, 2, 3, 1e200, 5, 6)), y),
    "is 1e+200, which does not fit into 32 bits",
  );
  assertStringIncludes(await wrong(x, npy([3], Float32Array.of(0, NaN, 1))), "label 1 is NaN");
  assertStringIncludes(await fault({ "x.npy": "1,2\n" }), "it does not begin as a .npy file");
  const four = {
    "x_train.npy": x,
    "y_train.npy": y,
    "x_test.npy": npy([1, 2], Float32Array.of(1, 2)),
    "y_test.npy": npy([1], Uint8Array.of(2)),
  };
  assertStringIncludes(
    await fault(four),
    'Cannot use "y_test.npy" for testing: class "2" is not among the 2',
  );
});

Deno.test("loadFiles() reads .npz archives with either set of names", async () => {
  const x = npy([2, 2], Float32Array.of(1, 2, 3, 4));
  const y = npy([2], Int32Array.of(1, 0));
  const both = zipSync({
    "x_train.npy": x,
    "y_train.npy": y,
    "x_test.npy": x,
    "y_test.npy": y,
    "more.npy": x,
  });
  assertEquals(content(await load({ "mnist.npz": both })), [["1,2,1", "3,4,0"], ["1,2,1", "3,4,0"]]);
  const one = await load({ "a.npz": zipSync({ "X.npy": x, "y.npy": y }) }, { testFraction: 0.5 });
  assertEquals([one.name, one.train.samples, one.test?.samples], ["a", 1, 1]);
  assertStringIncludes(
    await fault({ "a.npz": zipSync({ "x_train.npy": x, "w.npy": x }) }),
    'its arrays are "x_train", "w", y_train is missing',
  );
  assertStringIncludes(
    await fault({ "a.npz": zipSync({ "w.npy": x }) }),
    'its arrays are "w", expected x_train',
  );
  assertStringIncludes(
    await fault({ "a.zip": zipSync({ "a.csv": x }) }),
    "it has no arrays, expected x_train",
  );
  assertStringIncludes(await fault({ "a.npz": both.subarray(0, 400) }), "damaged, cut short");
});

Deno.test("loadFiles() reads two or four IDX files in any order", async () => {
  const images = idx([2, 1, 2], [1, 2, 3, 4]);
  const labels = idx([2], [0, 1]);
  const pair = await load({ "labels": labels, "images": new Uint8Array(gzipSync(images)) }, {
    testFraction: 0,
  });
  validateDataset(pair);
  assertEquals([pair.image, content(pair)[0]], [{ channels: 1, height: 1, width: 2 }, ["1,2,0", "3,4,1"]]);
  const all = {
    "t10k-images-idx3-ubyte": idx([1, 1, 2], [9, 9]),
    "t10k-labels-idx1-ubyte": idx([1], [1]),
    "train-images-idx3-ubyte": images,
    "train-labels-idx1-ubyte": labels,
  };
  assertEquals(content(await load(all)), [["1,2,0", "3,4,1"], ["9,9,1"]]);
  assertStringIncludes(
    await fault({ ...all, "t10k-labels-idx1-ubyte": idx([1], [7]) }),
    'class "7" is not among the 2 classes to learn',
  );
  assertStringIncludes(
    await fault({ "a-ubyte": images.subarray(0, 18), "b-ubyte": labels }),
    "it is truncated",
  );
  assertStringIncludes(
    await fault({ "images": images, "labels": idx([3], [0, 1, 0]) }),
    "3 labels for 2 samples",
  );
});

Deno.test("loadFiles() reads .data files with their .labels files", async () => {
  const files = {
    "m_train.data": "1 2 \n3 4 \n",
    "m_train.labels": "-1\n1\n",
    "m_valid.data": "5 6 \n",
    "m_valid.labels": "1\n",
  };
  assertEquals(content(await load(files)), [["1,2,-1", "3,4,1"], ["5,6,1"]]);
  const { "m_train.data": data, "m_train.labels": labels } = files;
  assertEquals((await load({ "m.labels": labels, "m.data": data }, { testFraction: 0.5 })).test?.samples, 1);
  assertStringIncludes(await fault({ "m.labels": labels }), "it is a file of labels");
});

Deno.test("loadFiles() takes one sample and constant features, and refuses one class", async () => {
  const one = await load({ "a.csv": "1,2\n" }, { task: "regression", testFraction: 0 });
  assertEquals([one.train.samples, [...one.train.features], [...one.train.targets]], [1, [1], [2]]);
  assertStringIncludes(
    await fault({ "a.csv": "1,2\n" }, { task: "regression" }),
    "a fraction of 0.2 of 1 samples leaves 1 to train and 0 to test, both need at least 1",
  );
  assertEquals(
    await fault({ "a.csv": "1,x\n" }),
    'RangeError: Cannot learn classes from "a.csv": its only label is "x", at least 2 classes are needed',
  );
  const constant = await load({ "a.csv": "5,1,x\n5,2,y\n5,3,x\n" }, { testFraction: 0 });
  validateDataset(constant);
  const { mean, scale } = standardization(constant.train.features, 3, 2);
  assertEquals([mean[0], scale[0], mean[1]], [5, 0, 2]);
});

Deno.test("loadFiles() names file, line and column of a cell that is no number", async () => {
  for (const cell of ["NaN", "nan", "inf", "?", "abc"]) {
    assertStringIncludes(
      await fault({ "a.csv": csv + `1,${cell},x\n` }),
      `SyntaxError: Cannot read "a.csv": line 7, column 2 ("b") holds "${cell}", a`,
    );
  }
  assertStringIncludes(await fault({ "a.csv": csv + "1,2,NaN\n" }), 'line 7 of "a.csv": its label is "NaN"');
  assertStringIncludes(await fault({ "a.csv": csv + "1,2,\n" }), 'line 7, column 3 ("label") is empty');
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
      `RangeError: Cannot set test samples aside: the fraction`,
    );
  }
  for (const seed of [-1, 0.5, NaN]) assertStringIncludes(await fault({}, { seed }), `the seed is ${seed}`);
});

Deno.test("loadFiles() reports progress that rises to its end", async () => {
  let [last, whole] = [0, 0];
  await load({ "a.csv": csv, "b.csv": csv }, {
    onProgress: (done, total) => {
      assert(done >= last && done <= total);
      [last, whole] = [done, total];
    },
  });
  assertEquals([last, whole], [2 * csv.length, 2 * csv.length]);
});

/** A generator of whole numbers below a bound. */
function seeded(state: number): (bound: number) => number {
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
}

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
    const below = seeded(kind + 1);
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
  const below = seeded(5);
  for (let round = 0; round < 240; round++) {
    const [name, bytes] = good[round % good.length];
    const message = await fault({ [name]: mutate(bytes, below) }, { threads: 1, testFraction: 0 });
    assert(/^((Type|Range|Syntax)Error: Cannot |no error)/.test(message), message);
  }
});

Deno.test({
  name: "loadFiles() reads the real Fashion-MNIST",
  ignore: !exists(debianFashionMnist),
  fn: async () => {
    const paths = Array.from(
      Deno.readDirSync(debianFashionMnist),
      ({ name }) => `${debianFashionMnist}/${name}`,
    );
    const data = await loadFiles(paths.filter((path) => path.includes("ubyte")).sort());
    assertEquals([data.train.samples, data.test?.samples, data.outputCount], [60_000, 10_000, 10]);
    assertEquals(data.image, { channels: 1, height: 28, width: 28 });
  },
});

Deno.test({
  name: "loadFiles() reads the real Madelon and a9a",
  ignore: !exists(`${dataFolder}/madelon`) || !exists(`${dataFolder}/a9a`),
  fn: async () => {
    const stem = `${dataFolder}/madelon/madelon`;
    const names = ["_train.data", "_train.labels", "_valid.data", "_valid.labels"];
    const madelon = await loadFiles(names.map((name) => stem + name));
    assertEquals([madelon.train.samples, madelon.test?.samples, madelon.featureCount], [2000, 600, 500]);
    const a9a = await loadFiles([`${dataFolder}/a9a/a9a.gz`, `${dataFolder}/a9a/a9a.t.gz`]);
    assertEquals([a9a.train.samples, a9a.test?.samples, a9a.featureCount], [32_561, 16_281, 123]);
  },
});

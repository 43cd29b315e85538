import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { gzipSync } from "node:zlib";
import { standardization } from "../src/data/standardization.ts";
import { validateDataset } from "../src/data/dataset.ts";
import { loadFiles } from "../src/data/files.ts";
import { content, csv, fault, load, npy } from "./loading.ts";
import { dataFolder, debianFashionMnist, exists } from "./real_data.ts";

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
  const commas = await load({ "t.tsv": "1,5\t2,5\tx\n3,5\t4\ty\n" }, { testFraction: 0 });
  assertEquals(content(commas)[0], ["1.5,2.5,x", "3.5,4,y"]);
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
    'RangeError: Cannot use line 3 of "b.csv" for testing: class "z" is not among the classes to learn',
  );
  assertStringIncludes(
    await wrong("a,c,label\n0,0,y\n"),
    'it has no column "b", which the model was trained on',
  );
  assertStringIncludes(await wrong("0,0,0,y\n"), "it has 4 columns without a header");
  const permuted = await load({ "a.csv": csv, "b.csv": "c,label,b,a\n0,y,1,2\n" });
  assertEquals(content(permuted)[1], ["2,1,y"]);
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
    'TypeError: Cannot choose the label column of "a.svm": it is svmlight text, only tables have columns',
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

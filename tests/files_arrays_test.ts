import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { gzipSync } from "node:zlib";
import { zipSync } from "npm:fflate@0.8.2";
import { validateDataset } from "../src/data/dataset.ts";
import { content, fault, idx, load, npy } from "./loading.ts";

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

Deno.test("loadFiles() reads several labels of a sample from an array", async () => {
  const x = npy([3, 2], Uint8Array.of(1, 2, 3, 4, 5, 6));
  const labels = (...flags: number[]) => ({ "X.npy": x, "y.npy": npy([3, 2], Uint8Array.from(flags)) });
  const options = { task: "multi-label", testFraction: 0 } as const;
  const data = await load(labels(1, 0, 1, 1, 0, 0), options);
  validateDataset(data);
  assertEquals([data.task, data.outputCount, data.classNames], ["multi-label", 2, ["0", "1"]]);
  assertEquals([...data.train.targets], [1, 0, 1, 1, 0, 0]);
  const like = { task: "multi-label", featureCount: 2, schema: undefined } as const;
  const known = await load(labels(1, 0, 1, 1, 0, 0), {
    ...options,
    like: { ...like, classNames: ["hot", "wet"] },
  });
  assertEquals(known.classNames, ["hot", "wet"]);
  assertStringIncludes(
    await fault(labels(1, 0, 1, 1, 0, 0), { ...options, like: { ...like, classNames: ["hot"] } }),
    "they are 2 of each sample, 1 are needed: hot",
  );
  assertStringIncludes(
    await fault(labels(1, 0, 2, 1, 0, 0), options),
    "label 0 of sample 1 is 2, expected 1 for a label",
  );
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
    await fault({ "a.npz": zipSync({ "a.csv": x }) }),
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

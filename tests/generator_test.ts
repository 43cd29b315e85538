import { assert, assertEquals, assertGreater, assertNotEquals, assertThrows } from "@std/assert";
import { generateBlock } from "../src/native/generator.ts";
import { classCounts, validateDataset } from "../src/data/dataset.ts";
import { standardization } from "../src/data/standardization.ts";
import { madelonLike } from "../src/data/generator.ts";

Deno.test("madelonLike() has Madelon's shape by default, valid and with even classes", () => {
  const data = madelonLike();
  validateDataset(data);
  assertEquals([data.featureCount, data.outputCount, data.train.samples, data.test?.samples], [
    500,
    2,
    2000,
    600,
  ]);
  assert(data.train.features.buffer instanceof SharedArrayBuffer);
  const { informative, redundant, repeated } = data.truth;
  assertEquals([informative.length, redundant.length, repeated.length], [5, 15, 0]);
  assertEquals(new Set([...informative, ...redundant]).size, 20);
  // 1 % of the labels are drawn anew, half of them change.
  assert(Math.abs(classCounts(data.train, 2)[0] - 1000) < 30);
});

Deno.test("madelonLike() gives the same bits for any threads, other ones for another seed", () => {
  const options = { samples: 999, testSamples: 10, features: 130, repeated: 7, seed: 5 };
  const one = madelonLike(options);
  assertEquals(madelonLike({ ...options, threads: 3 }), one);
  assertNotEquals(madelonLike({ ...options, seed: 6 }).truth.informative, one.truth.informative);
  // These numbers must not change: saved runs name only the seed.
  assertEquals([...one.train.features.slice(0, 3)], [
    0.8679137825965881,
    1.424506664276123,
    -1.5961323976516724,
  ]);
});

Deno.test("madelonLike() tells the truth: informative columns separate the classes, noise does not", () => {
  const data = madelonLike({ samples: 4000, clustersPerClass: 1, classSeparation: 2, seed: 3 });
  const { mean, scale } = standardization(data.train.features, 4000, 500);
  const contrast = new Float64Array(500);
  data.train.features.forEach((value, index) => {
    const column = index % 500;
    const side = data.train.labels[Math.floor(index / 500)] === 0 ? -1 : 1;
    contrast[column] += side * (value - mean[column]) * scale[column] / 4000;
  });
  const structured = new Set([...data.truth.informative, ...data.truth.redundant]);
  // Noise columns have a standard deviation of 1/√4000 = 0.016; five of them.
  contrast.forEach((value, column) => structured.has(column) || assert(Math.abs(value) < 0.08));
  assertGreater(Math.max(...[...data.truth.informative].map((column) => Math.abs(contrast[column]))), 0.5);
});

Deno.test("madelonLike() without shuffle keeps columns and classes in order", () => {
  const data = madelonLike({ samples: 6, testSamples: 0, shuffle: false, labelNoise: 0, repeated: 2 });
  assertEquals([...data.truth.informative, ...data.truth.redundant, ...data.truth.repeated], [
    ...Array(22).keys(),
  ]);
  assertEquals([...data.train.labels], [0, 1, 0, 1, 0, 1]);
  assertEquals(data.test, undefined);
});

Deno.test("generateBlock() makes any block of samples on its own", () => {
  const whole = madelonLike({ samples: 300, testSamples: 100, seed: 9 });
  const design = {
    ...{ features: 500, informative: 5, redundant: 15, repeated: 0, classes: 2, clustersPerClass: 2 },
    ...{ classSeparation: 1, labelNoise: 0.01, shuffle: true, seed: 9 },
  };
  const [features, labels] = [new Float32Array(50 * 500), new Uint32Array(50)];
  generateBlock(design, { first: 250 }, features, labels, 1);
  assertEquals(features, Float32Array.from(whole.train.features.slice(250 * 500)));
  assertEquals([...labels], [...whole.train.labels.slice(250)]);
  generateBlock(design, { first: 300 }, features, labels, 1);
  assertEquals([...labels], [...whole.test!.labels.slice(0, 50)]);
});

Deno.test("madelonLike() refuses impossible designs with the reason", () => {
  const refuse = (options: Parameters<typeof madelonLike>[0], message: string) =>
    assertThrows(() => madelonLike(options), RangeError, message);
  refuse({ samples: 0 }, "samples is 0");
  refuse({ informative: 0 }, "informative is 0");
  refuse({ features: 19 }, "are 20, more than the 19 features");
  refuse({ clustersPerClass: 17 }, "need 34 corners");
  refuse({ labelNoise: -0.1 }, "labelNoise is -0.1");
  refuse({ classSeparation: NaN }, "classSeparation is NaN");
  refuse({ seed: -1 }, "seed is -1");
  refuse({ samples: 1e9 }, "do not fit into one array");
});

import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Dataset,
  loadFiles,
  madelonLike,
  readTable,
  saveTable,
  selectFeatures,
  SparseMlp,
  strongestFeatures,
  train,
  withFeatures,
} from "../mod.ts";
import { inputAttribution } from "../src/features/attribution.ts";
import { simplestOfBest } from "../src/features/comparison.ts";
import { featureColumns } from "../src/features/columns.ts";
import { InputElimination } from "../src/features/elimination.ts";
import { fTestPieces } from "../src/features/f_test.ts";
import { RANKING_METHODS } from "../src/features/rankings.ts";
import { reliefFPieces } from "../src/features/relief_f.ts";
import { atOnce } from "../src/pieces.ts";
import { inFolder } from "./temporary.ts";

const SHORT = {
  training: { epochs: 6, batchSize: 32 },
  network: { hidden: [32] },
  threads: 1,
  seed: 1,
} as const;

/** 120 samples of which features 2 and 5 of 8 tell the class; feature 7 is constant. */
function twoMatter(): Dataset {
  let state = 7;
  const random = () => (state = state * 16807 % 2147483647) / 2147483647 - 0.5;
  const features = Array.from({ length: 120 }, () => [...Array.from({ length: 7 }, random), 3]);
  const labels = features.map((row) => row[2] + row[5] > 0 ? "high" : "low");
  return Dataset.from({ features, labels, featureNames: [..."abcdefgh"] });
}

Deno.test("selectFeatures() finds by every method the two features that matter, the same for any number of threads", async () => {
  const data = twoMatter();
  for (const method of RANKING_METHODS) {
    const options = {
      ...SHORT,
      count: 2,
      method,
      training: { epochs: 40, batchSize: 16 },
    };
    const chosen = await selectFeatures(data, options);
    assertEquals(chosen.features.map(({ name }) => name).sort(), ["c", "f"], method);
    assertEquals(await selectFeatures(data, { ...options, threads: 2 }), chosen, method);
  }
});

Deno.test("selectFeatures() by the best method compares all and takes the F-test where chance alone speaks against it", async () => {
  const seen = new Set<string>();
  const chosen = await selectFeatures(twoMatter(), {
    ...SHORT,
    count: 2,
    onProgress: ({ phase, done, total }) => void (assert(done <= total), seen.add(phase)),
  });
  assertEquals(chosen.comparisons?.map(({ method }) => method), [...RANKING_METHODS]);
  assertEquals([...seen], ["strength", "neurofs", "comparison"]);
  assertEquals(chosen.method, "f-test");
  assertEquals(simplestOfBest([Float64Array.of(1, 0, 0), Float64Array.of(0, 0, 0)]), 0);
  assertEquals(
    simplestOfBest([Float64Array.of(1, 1, 1), Float64Array.of(0, 1, 0), Float64Array.of(0, 0, 0)]),
    1,
  );
});

Deno.test("selectFeatures() ranks columns of a table, a category as one; their inputs stay together", async () => {
  const rows = Array.from(
    { length: 90 },
    (_, at) =>
      `${(at * 37) % 11},${["red", "green", "blue"][at % 3]},${(at * 53) % 17},${["x", "y", "z"][at % 3]}`,
  );
  const data = await readTable(new TextEncoder().encode(`size,colour,mass,kind\n${rows.join("\n")}\n`), {
    label: "kind",
  });
  for (const method of RANKING_METHODS) {
    const { features, featureCount } = await selectFeatures(data, { ...SHORT, count: 1, method });
    assertEquals([features[0].name, features[0].feature, featureCount], ["colour", 1, 3], method);
  }
  const reduced = withFeatures(data, [1]);
  assertEquals(reduced.featureNames, ["colour=blue", "colour=green", "colour=red"]);
  assertEquals(reduced.schema!.columns.map(({ kind }) => kind), ["ignored", "category", "ignored", "class"]);
  assertEquals(reduced.train.features.length, 3 * reduced.train.samples);
});

Deno.test("selectFeatures() serves regression and several labels", async () => {
  const features = Array.from(
    { length: 80 },
    (_, at) => [(at * 7) % 13, (at * 5) % 17, (at * 3) % 19, (at * 11) % 23],
  );
  const targets = features.map((row) => 3 * row[2] - 20);
  const labels = features.map((row) => [row[1] > 8 ? 1 : 0, row[3] > 11 ? 1 : 0]);
  const regression = Dataset.from({ features, targets });
  const several = Dataset.from({
    features,
    targets: labels,
    task: "multi-label",
    classNames: ["wide", "late"],
  });
  for (const method of ["best", ...RANKING_METHODS] as const) {
    const training = { epochs: 40, batchSize: 8 };
    const one = await selectFeatures(regression, { ...SHORT, training, count: 1, method });
    assertEquals(one.features[0].feature, 2, method);
    const two = await selectFeatures(several, { ...SHORT, training, count: 2, method });
    assertEquals(two.features.map(({ feature }) => feature).sort(), [1, 3], method);
  }
});

Deno.test("selectFeatures() refuses what cannot be chosen, with the numbers", async () => {
  const data = twoMatter();
  const refused = (options: object, kind: ErrorConstructor, says: string) =>
    assertRejects(() => selectFeatures(data, options as never), kind, says);
  await refused({}, TypeError, "count");
  await refused({ count: 9 }, RangeError, "count is 9, there are 8 features");
  await refused({ count: 8 }, RangeError, "count is 8, 7 of 8 features vary in the training samples");
  await refused({ count: 2, method: "lasso" }, RangeError, "method is lasso, expected best, f-test");
  await refused({ count: 2, training: { growth: "random" } }, TypeError, "training.growth");
  await refused({ count: 2, training: { seed: 1 } }, TypeError, "training.seed");
  await refused({ count: 2, network: { seed: 1 } }, TypeError, "network.seed");
  await refused({ count: 2, training: { patience: 1 } }, TypeError, "training.patience");
  for (
    const [training, last] of [
      [{ zeta: 0 }, "its topology never changes;"],
      [{ epochs: 1 }, "never changes;"],
      [{ epochs: 10, evolveEvery: 11 }, "until 0.7 of the training is done, its topology never changes;"],
      [{ epochs: 10, evolveEvery: 6 }, "changes until 0.6;"],
      [{ epochs: 10, zetaStop: 0.5 }, "changes until 0.5;"],
      [{ epochs: 10, batchSize: 12, maxSteps: 50 }, "changes until 0.5;"],
    ] as const
  ) {
    for (const method of ["best", "neurofs"]) await refused({ count: 2, method, training }, RangeError, last);
  }
  await selectFeatures(data, {
    ...SHORT,
    count: 2,
    method: "neurofs",
    training: { epochs: 10, evolveEvery: 7 },
  });
  await refused({ count: 2, methd: "best" }, TypeError, 'did you mean "method"');
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(
    () => selectFeatures(data, { ...SHORT, count: 2, method: "strength", signal }),
    Error,
    "enough",
  );
});

Deno.test("selectFeatures() takes a density of each layer or of all instead of ε", async () => {
  for (const sparsity of [{ density: 0.5 }, { overallDensity: 0.5 }, { epsilon: 5 }]) {
    const network = { hidden: [20], ...sparsity };
    const { features } = await selectFeatures(twoMatter(), {
      ...SHORT,
      network,
      count: 2,
      method: "strength",
    });
    assertEquals(features.length, 2);
  }
});

Deno.test("selectFeatures() by competing inputs ends with as many as asked for, whatever goes and comes back", async () => {
  const data = madelonLike({ samples: 150, testSamples: 0, features: 60, seed: 2 });
  for (const count of [1, 7, 60]) {
    const { features } = await selectFeatures(data, { ...SHORT, count, method: "neurofs" });
    assertEquals(new Set(features.map(({ feature }) => feature)).size, count);
    assert(
      features.every(({ score }, place) => score > 0 && (place === 0 || score <= features[place - 1].score)),
    );
  }
});

Deno.test("selectFeatures() of samples made on demand chooses what it chooses of those in memory", async () => {
  const shape = { samples: 120, testSamples: 0, features: 30, seed: 3 } as const;
  for (const method of ["f-test", "neurofs"] as const) {
    const options = { ...SHORT, count: 5, method };
    assertEquals(
      await selectFeatures(madelonLike({ ...shape, onDemand: true }), options),
      await selectFeatures(madelonLike(shape), options),
    );
  }
});

Deno.test("strongestFeatures() ranks the inputs of a model as their connections are", () => {
  const model = SparseMlp.create({ sizes: [3, 2, 2], density: 1, seed: 1 });
  model.layers[0].values.set([1, -1, 0.5, 0.25, -3, 0]);
  const { features, method } = strongestFeatures(model, 2);
  assertEquals(method, "strength");
  assertEquals(features.map(({ name, score }) => [name, score]), [["feature 2", 3], ["feature 0", 2]]);
  assertThrows(() => strongestFeatures(model, 4), RangeError, "count is 4, there are 3 features");
});

Deno.test("inputAttribution() of a linear network is the sum of absolute weights, in units of standardised inputs", () => {
  const model = SparseMlp.create({ sizes: [2, 3], density: 1, seed: 1 });
  model.layers[0].values.set([1, -2, 3, 0.5, 0, -0.25]);
  model.standardization = { mean: Float32Array.of(5, 1), scale: Float32Array.of(2, 0.1) };
  const found = inputAttribution(model, Float32Array.of(1, 2, 3, 4));
  assertAlmostEquals(found[0], 6, 1e-5); // sums of three f32 products
  assertAlmostEquals(found[1], 0.75, 1e-5);
});

Deno.test("fTestPieces() gives F of an analysis of variance, and of a correlation", () => {
  const classes = Dataset.from({ features: [[1, 4], [2, 4], [4, 4], [5, 4]], labels: ["a", "a", "b", "b"] });
  // Between: 2·1.5² · 2 = 9 with 1 degree; within: 4 · 0.5² = 1 with 2.
  assertEquals([...atOnce(fTestPieces(classes))], [18, 0]);
  const numbers = Dataset.from({ features: [[1], [2], [3], [4]], targets: [1, 3, 2, 4] });
  // r = 0.8: 0.64 / 0.36 · 2
  assertAlmostEquals(atOnce(fTestPieces(numbers))[0], 0.64 / 0.36 * 2, 1e-12);
});

Deno.test("reliefFPieces() finds two inputs that tell the class only together, which the F-test does not", () => {
  const data = checkered((a, b) => a * b > 0 ? "same" : "other");
  const best = (scores: Float64Array) =>
    [...scores.keys()].sort((a, b) => scores[b] - scores[a]).slice(0, 2).sort();
  assertEquals(best(atOnce(reliefFPieces(data))), [1, 4]);
  assert(best(atOnce(fTestPieces(data))).join() !== "1,4");
});

Deno.test("reliefFPieces() finds two inputs whose product is the number to predict", () => {
  const { train: { features }, featureCount } = checkered((a) => a > 0 ? "high" : "low");
  const targets = Array.from(
    { length: 300 },
    (_, at) => features[at * featureCount + 1] * features[at * featureCount + 4],
  );
  const rows = Array.from(
    { length: 300 },
    (_, at) => [...features.subarray(at * featureCount, (at + 1) * featureCount)],
  );
  const scores = atOnce(reliefFPieces(Dataset.from({ features: rows, targets, task: "regression" })));
  assertEquals([...scores.keys()].sort((a, b) => scores[b] - scores[a]).slice(0, 2).sort(), [1, 4]);
});

Deno.test("reliefFPieces() of four samples is what one counts by hand", () => {
  const data = Dataset.from({ features: [[0, 0], [0, 4], [1, 0], [1, 4]], labels: ["n", "n", "y", "y"] });
  // Each sample: one of its class, which differs in the second; two others, one differing in the first, one in both.
  assertEquals([...atOnce(reliefFPieces(data))], [4 * 1, 0]);
});

/** 300 samples of six inputs from −1 to 1; their class is a function of the second and the fifth. */
function checkered(classOf: (a: number, b: number) => string): Dataset {
  let state = 11;
  const random = () => (state = state * 16807 % 2147483647) / 2147483647 * 2 - 1;
  const features = Array.from({ length: 300 }, () => Array.from({ length: 6 }, random));
  return Dataset.from({ features, labels: features.map((row) => classOf(row[1], row[4])) });
}

Deno.test("withFeatures() and saveTable() call features without a name by their old places", () =>
  inFolder(async (folder) => {
    const data = madelonLike({ samples: 20, testSamples: 0, features: 30, seed: 1 });
    const reduced = withFeatures(data, [7, 3]);
    assertEquals(reduced.featureNames, ["feature 3", "feature 7"]);
    await saveTable(reduced, `${folder}/small.csv`);
    assertEquals(
      (await Deno.readTextFile(`${folder}/small.csv`)).split("\n")[0],
      "feature 3,feature 7,label",
    );
  }));

Deno.test("saveTable() of several labels as .npz is read again", () =>
  inFolder(async (folder) => {
    const features = [[1, 2], [3, 4], [5, 6]];
    const targets = [[1, 0], [0, 1], [1, 1]];
    const saved = Dataset.from({ features, targets, task: "multi-label", classNames: ["hot", "wet"] });
    await saveTable(saved, `${folder}/small.npz`);
    const read = await loadFiles([`${folder}/small.npz`], { task: "multi-label", testFraction: 0 });
    assertEquals([read.train.features, read.train.targets], [saved.train.features, saved.train.targets]);
  }));

Deno.test("withFeatures() refuses no feature and one past the last", () => {
  const data = twoMatter();
  assertThrows(() => withFeatures(data, []), RangeError, "no feature is named");
  assertThrows(() => withFeatures(data, [8]), RangeError);
});

Deno.test("InputElimination removes inputs by the share of the run that is done, whether epochs or steps change the topology", async () => {
  const data = madelonLike({ samples: 300, features: 40, seed: 1 });
  const living = async (evolveEvery: number | { readonly steps: number }) => {
    const varying = new Uint8Array(40).fill(1);
    const rules = new InputElimination({ columns: featureColumns(data), varying, count: 10, epochs: 10 });
    const { drop, growth } = rules;
    const model = SparseMlp.for(data, { hidden: [50], epsilon: 10, seed: 1 });
    const found: number[] = [];
    for await (
      const _ of train(model, data, { epochs: 10, batchSize: 16, evolveEvery, drop, growth, threads: 1 })
    ) {
      found.push(rules.survivors.alive.reduce((sum, flag) => sum + flag, 0));
    }
    return found;
  };
  const [byEpochs, bySteps] = [await living(1), await living({ steps: 5 })];
  // The last change by steps in an epoch comes up to five of 19 steps before its end: 5 % fewer have gone.
  byEpochs.forEach((count, epoch) => assert(Math.abs(bySteps[epoch] - count) <= 3, `${byEpochs} ${bySteps}`));
  assertEquals([byEpochs[9], bySteps[9]], [10, 10]);
});

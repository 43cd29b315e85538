import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Dataset,
  madelonLike,
  type ModelForOptions,
  searchSlope,
  SparseMlp,
  stratifiedFolds,
  subset,
  train,
} from "../mod.ts";

const data = madelonLike({ samples: 60, testSamples: 20, features: 20, classes: 3, seed: 1 });

Deno.test("SparseMlp.for() takes sizes and task from the data, and gives the bits of create()", () => {
  const options = { epsilon: 8, seed: 3, activation: "relu" } as const;
  const model = SparseMlp.for(data, { hidden: [16, 12], ...options });
  assertEquals([model.settings.sizes, model.settings.task], [[20, 16, 12, 3], "classification"]);
  const same = SparseMlp.create({ sizes: [20, 16, 12, 3], ...options });
  assertEquals(model.settings, same.settings);
  for (const [index, layer] of model.layers.entries()) assertEquals(layer.values, same.layers[index].values);
  const shape = { featureCount: 4, outputCount: 2, task: "regression" } as const;
  const regression = SparseMlp.for(shape, { hidden: Uint32Array.of(5) as unknown as number[] });
  assertEquals([regression.settings.sizes, regression.settings.task], [[4, 5, 2], "regression"]);
});

Deno.test("SparseMlp.for() without hidden layers is a linear model, which learns", async () => {
  const model = SparseMlp.for(data, { hidden: [], density: 1 });
  assertEquals(model.settings.sizes, [20, 3]);
  const losses: number[] = [];
  for await (const { trainLoss } of train(model, data, { epochs: 5, batchSize: 10, dropout: 0 })) {
    losses.push(trainLoss);
  }
  assertEquals(losses[4] < losses[0], true, losses.join());
});

Deno.test("SparseMlp.for() refuses what the data say already, unknown names, and data without a shape", () => {
  const make = (options: object, shape: unknown = data) => () =>
    SparseMlp.for(shape as typeof data, options as ModelForOptions);
  const wrong: [() => unknown, new (message: string) => Error, string][] = [
    [make({ hidden: [4], sizes: [3, 2] }), TypeError, 'there is no option "sizes"'],
    [make({ hidden: [4], task: "regression" }), TypeError, 'there is no option "task"'],
    [make({ hiden: [4] }), TypeError, 'there is no option "hiden", did you mean "hidden"?'],
    [make({}), TypeError, "hidden is undefined, expected an array of numbers"],
    [make({ hidden: 4 }), TypeError, "hidden is 4, expected an array of numbers"],
    [make({ hidden: [0] }), RangeError, "layer 2 has size 0"],
    [make({ hidden: [4] }, null), TypeError, "data is null, expected an object"],
    [
      make({ hidden: [4] }, { featureCount: 3, outputCount: 2 }),
      TypeError,
      "Cannot make a model for the data: data.task is undefined",
    ],
    [make({ hidden: [4] }, { ...data, outputCount: NaN }), RangeError, "data.outputCount is NaN"],
    [make({ hidden: [4] }, { ...data, task: "ranking" }), TypeError, 'task is "ranking"'],
  ];
  for (const [call, kind, message] of wrong) assertThrows(call, kind, message);
});

Deno.test("SparseMlp.for() and searchSlope() say what is missing of hidden layers", async () => {
  assertThrows(() => SparseMlp.for(data, undefined as never), TypeError, "expected { hidden: [100, 50] }");
  await assertRejects(() => searchSlope(data, { hidden: [] }), TypeError, "the network has no hidden layer");
});

Deno.test("SparseMlp.for() of own samples has the predictions of their task, as the compiler sees it", () => {
  const features = [[1, 2], [3, 4], [5, 6], [7, 8]];
  const options = { hidden: [4], seed: 1 };
  const kinds = Dataset.from({ features, labels: ["a", "b", "a", "b"] }, { test: 0.5 });
  const classes: Uint32Array = SparseMlp.for(kinds, options).predictClasses(features);
  const numbers = Dataset.from({ features, targets: [1, 2, 3, 4] });
  const values: Float32Array = SparseMlp.for(subset(numbers, [0, 1]), options).predictValues(features);
  const tags = Dataset.from({ features, labels: [["a"], ["a", "b"], [], ["b"]] });
  const labels: Uint8Array = SparseMlp.for(tags, options).predictLabels(features);
  const flags = Dataset.from({ features, targets: [[1, 0], [0, 1], [1, 1], [0, 0]], task: "multi-label" });
  const others: Uint8Array = SparseMlp.for(flags, options).predictLabels(features);
  assertEquals([classes, values, labels, others].map(({ length }) => length), [4, 4, 8, 8]);
  for (const fold of stratifiedFolds(kinds, { folds: 2 })) {
    assertEquals(SparseMlp.for(fold, options).predictClasses(features).length, 4);
  }
  // Where the types do not tell the task, the model is asked.
  const any: Dataset = kinds;
  const model = SparseMlp.for(any, options);
  assertEquals([kinds, numbers, tags, flags].map(({ task }) => task), [
    "classification",
    "regression",
    "multi-label",
    "multi-label",
  ]);
  // @ts-expect-error: it may be for another task.
  assertEquals(model.predictClasses(features).length, 4);
  // @ts-expect-error: classes are no values.
  assertThrows(() => SparseMlp.for(kinds, options).predictValues(features), TypeError);
});

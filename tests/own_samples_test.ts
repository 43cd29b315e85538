import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Dataset,
  type DatasetOptions,
  groupFolds,
  type SampleSource,
  SparseMlp,
  splitValidation,
  stratifiedFolds,
  subset,
  train,
  type TrainOptions,
  trainParallel,
  validateDataset,
} from "../mod.ts";

/** Whole numbers below 100, that every kind of array holds exactly. */
const NUMBERS = Array.from({ length: 60 * 4 }, (_, at) => (at * 37) % 97);
const LABELS = Array.from({ length: 60 }, (_, sample) => sample % 3);
const ROWS = Array.from({ length: 60 }, (_, sample) => NUMBERS.slice(4 * sample, 4 * sample + 4));

const options: TrainOptions = { epochs: 3, batchSize: 16, threads: 1 };

/** The weights after a short training, as bytes. */
async function trained(data: Dataset, more: TrainOptions = {}): Promise<readonly number[]> {
  const { featureCount, outputCount, task } = data;
  assert(task !== "multi-label");
  const model = SparseMlp.create({ sizes: [featureCount, 8, outputCount], epsilon: 8, seed: 1, task });
  for await (const _ of train(model, data, { ...options, ...more }));
  return model.layers.flatMap(({ values, nnz }) => [...new Uint8Array(values.slice(0, nnz).buffer)]);
}

function refuse(
  source: unknown,
  Kind: typeof TypeError | typeof RangeError,
  message: string,
  given?: unknown,
): void {
  const error = assertThrows(
    () => Dataset.from(source as SampleSource, given as DatasetOptions),
    Kind,
    message,
  );
  assert(!error.message.includes("\n"), error.message);
}

Deno.test("Dataset.from() trains to the same bits with numbers of every kind", async () => {
  const wanted = await trained(
    Dataset.from({ features: Float32Array.from(NUMBERS), featureCount: 4, labels: LABELS }),
  );
  const kinds = [
    Float64Array,
    Uint8Array,
    Uint8ClampedArray,
    Uint16Array,
    Uint32Array,
    Int8Array,
    Int16Array,
    Int32Array,
  ];
  for (const Kind of kinds) {
    const features = Kind.from(NUMBERS);
    const made = Dataset.from({ features, featureCount: 4, labels: Kind.from(LABELS) });
    assertEquals(await trained(made), wanted, Kind.name);
    const { samples, labels, targets } = made.train;
    const literal = { ...made, train: { samples, labels: [...labels], targets: [...targets], features } };
    assertEquals(await trained(literal as unknown as Dataset), wanted, `a literal of ${Kind.name}`);
  }
  assertEquals(await trained(Dataset.from({ features: NUMBERS, featureCount: 4, labels: LABELS })), wanted);
  assertEquals(await trained(Dataset.from({ features: ROWS, labels: LABELS })), wanted);
  const rows = ROWS.map((row) => Float64Array.from(row));
  assertEquals(await trained(Dataset.from({ features: rows, labels: LABELS.map((n) => `${n}`) })), wanted);
});

Deno.test("Dataset.from() takes floats and bytes in one line as they are", () => {
  for (const features of [Float32Array.from(NUMBERS), Uint8Array.from(NUMBERS)]) {
    assert(Dataset.from({ features, featureCount: 4, labels: LABELS }).train.features === features);
  }
});

Deno.test("Dataset.from() makes classes of labels of any kind", () => {
  const features = [[1], [2], [3], [4]];
  const classes = (labels: unknown, classNames?: readonly string[]) => {
    const data = Dataset.from({ features, labels, ...(classNames && { classNames }) } as SampleSource);
    assertEquals(data.outputCount, data.classNames.length);
    return [[...data.train.labels], data.classNames];
  };
  assertEquals(classes([1, 0, 2, 1]), [[1, 0, 2, 1], ["0", "1", "2"]]);
  assertEquals(classes([10, -1, 2, 10]), [[2, 0, 1, 2], ["-1", "2", "10"]]);
  assertEquals(classes(Float64Array.of(0.5, 1.5, 0.5, 1.5)), [[0, 1, 0, 1], ["0.5", "1.5"]]);
  assertEquals(classes(["b", "a", "b", "c"]), [[1, 0, 1, 2], ["a", "b", "c"]]);
  assertEquals(classes([true, false, false, true]), [[1, 0, 0, 1], ["false", "true"]]);
  assertEquals(classes(BigInt64Array.of(7n, 5n, 7n, 5n)), [[1, 0, 1, 0], ["5", "7"]]);
  assertEquals(classes(["b", "a", "b", "b"], ["b", "x", "a"]), [[0, 2, 0, 0], ["b", "x", "a"]]);
  assertEquals(classes([2, 0, 0, 2], ["x", "y", "z"]), [[2, 0, 0, 2], ["x", "y", "z"]]);
  assertEquals(classes([5, 3, 3, 5], ["5", "3"]), [[0, 1, 1, 0], ["5", "3"]]);
  assertEquals(classes([true, false, true, true], ["no", "yes"]), [[1, 0, 1, 1], ["no", "yes"]]);
});

Deno.test("Dataset.from() takes targets, and several labels of a sample", () => {
  const features = [[1, 2], [3, 4], [5, 6]];
  const one = Dataset.from({ features, targets: [1, 2, 3], weights: [1, 0, 2], name: "prices" });
  assertEquals([one.name, one.task, one.outputCount, one.classNames], ["prices", "regression", 1, []]);
  assertEquals(one.train.weights, Float32Array.of(1, 0, 2));
  const two = Dataset.from({ features, targets: [[1, 2], [3, 4], [5, 6]] });
  assertEquals([two.outputCount, two.train.targets], [2, Float32Array.of(1, 2, 3, 4, 5, 6)]);
  assertEquals(Dataset.from({ features, targets: Float64Array.of(1, 2, 3, 4, 5, 6) }).train, two.train);
  const lists = Dataset.from({ features, labels: [["b"], [], ["a", "b"]] });
  assertEquals([lists.task, lists.classNames], ["multi-label", ["a", "b"]]);
  assertEquals([...lists.train.targets], [0, 1, 0, 0, 1, 1]);
  const flags = Dataset.from({ features, targets: [[0, 1], [0, 0], [1, 1]], task: "multi-label" });
  assertEquals(flags, { ...lists, classNames: ["0", "1"] });
  validateDataset(lists);
});

Deno.test("Dataset.from() takes objects, with the label a column or beside them", () => {
  const rows = [
    { mass: 1, colour: "red", kind: "a" },
    { mass: 2, colour: "blue", kind: "b" },
    { mass: null, colour: "red", kind: "a" },
    { mass: 4, colour: "blue", kind: "b" },
  ];
  const column = Dataset.from({ features: rows, labels: "kind" });
  assertEquals(column.classNames, ["a", "b"]);
  assertEquals(column.featureNames, ["mass", "mass is missing", "colour=blue", "colour=red"]);
  assertEquals([...column.train.labels], [0, 1, 0, 1]);
  assert(column.schema !== undefined);
  const inputs = rows.map(({ mass, colour }) => ({ mass, colour }));
  const beside = Dataset.from({ features: inputs, labels: ["a", "b", "a", "b"] });
  assertEquals(beside.train, column.train);
  const target = Dataset.from({ features: inputs.toSpliced(2, 1), targets: "mass" });
  assertEquals([target.task, ...target.train.targets], ["regression", 1, 2, 4]);
  refuse({ features: rows, labels: "knd" }, RangeError, "kind");
  refuse({ features: rows, labels: "kind", featureCount: 2 }, TypeError, "featureCount is for numbers");
});

Deno.test("Dataset.from() is told of the columns of objects what readTable() is told of those of a table", () => {
  const features = Array.from({ length: 8 }, (_, i) => ({
    id: `x${i}`,
    size: i % 2,
    mass: i === 3 ? "?!" : i,
    kind: i < 4 ? "a" : i < 6 ? "b" : null,
  }));
  const columns = {
    ignoreColumns: "id",
    categories: ["size"],
    numbers: "mass",
    missingLabels: "drop",
  } as const;
  const data = Dataset.from({ features, labels: "kind", ...columns });
  assertEquals([data.train.samples, data.classNames], [6, ["a", "b"]]);
  assertEquals(data.featureNames, ["size=0", "size=1", "mass", "mass is missing"]);
  const beside = { features, labels: features.map(({ size }) => size) };
  assertThrows(
    () => Dataset.from({ ...beside, missingLabels: "drop" }),
    TypeError,
    "for a label that is a column",
  );
  assertThrows(
    () => Dataset.from({ features: [[1]], targets: [1], categories: "a" }),
    TypeError,
    "is for objects",
  );
});

Deno.test("Dataset.from() refuses what it cannot learn from, and says what is needed", () => {
  const features = [[1, 2], [3, 4]];
  const labels = ["a", "b"];
  refuse(undefined, TypeError, "found undefined, expected { features, labels }");
  refuse([features, labels], TypeError, "found a list of 2");
  refuse({ features, label: labels }, TypeError, 'no option "label", did you mean "labels"?');
  refuse({ features, labels }, TypeError, 'no option "tests", did you mean "test"?', { tests: 0.5 });
  refuse({ labels }, TypeError, "there are no features");
  refuse({ features }, TypeError, "neither labels nor targets");
  refuse({ features, labels, targets: [1, 2] }, TypeError, "both labels and targets");
  refuse({ features: Float32Array.of(1, 2), labels }, TypeError, "featureCount says how many");
  refuse({ features: [1, 2, 3], featureCount: 2, labels }, TypeError, "3 numbers, samples have 2 each");
  refuse({ features: [[1, 2], [3]], labels }, TypeError, "row 1 of features are 1 numbers, expected 2");
  refuse({ features: [[1, 2], , [3, 4]], labels }, TypeError, "row 1 of features is undefined");
  refuse({ features: [[1, "2"], [3, 4]], labels }, TypeError, "element 1 of row 0 of features is a string");
  refuse({ features: [[1, NaN], [3, 4]], labels }, RangeError, "is NaN");
  refuse({ features: [[1, 1e39], [3, 4]], labels }, RangeError, "finite in 32 bits");
  const infinite = Float32Array.of(1, 2, Infinity, 4);
  refuse({ features: infinite, featureCount: 2, labels }, RangeError, "feature 0 of sample 1 of the data");
  refuse({ features, labels, featureNames: ["x"] }, TypeError, "row 0 of features are 2 numbers, expected 1");
  refuse({ features, labels, featureCount: 2, featureNames: ["x"] }, TypeError, "featureNames says 1");
  refuse({ features, labels: ["a", "a"] }, RangeError, "at least 2 classes are needed");
  refuse({ features, labels: ["a", "b", "c"] }, TypeError, "labels of 3 samples, features of 2");
  refuse({ features, labels: ["a", , "b"] }, TypeError, "element 1 of labels is undefined");
  refuse({ features, labels: ["a", 1] }, TypeError, "is a number, expected a string as the first one is");
  refuse({ features, labels: ["a", ""] }, RangeError, "an empty text");
  refuse({ features, labels: [0, NaN] }, RangeError, "element 1 of labels is NaN");
  refuse({ features, labels, classNames: ["a", "c"] }, RangeError, 'labels have "b"');
  refuse({ features, labels: [0, 2], classNames: ["a", "c"] }, RangeError, "counted from 0 to 1");
  refuse({ features, labels, classNames: ["a", "a"] }, RangeError, 'classNames have "a" twice');
  refuse({ features, targets: [1, 2, 3] }, TypeError, "targets are 3 numbers");
  refuse({ features, targets: [1, NaN] }, RangeError, "is NaN");
  refuse({ features, targets: [[0], [2]], task: "multi-label" }, RangeError, "expected 1 for a label");
  refuse({ features, labels, task: "regression" }, TypeError, "which learns targets");
  refuse({ features, labels, task: "cluster" }, TypeError, "task is a string");
  refuse({ features, labels, weights: [1] }, TypeError, "weights are 1 numbers, expected 2");
  refuse({ features, labels, weights: [0, 0] }, RangeError, "all weights of the data are 0");
  const many = Array.from({ length: 1001 }, (_, at) => at);
  refuse({ features: many, featureCount: 1, labels: many }, RangeError, "numbers to predict are targets");
});

Deno.test("Dataset.from() takes no matrix of flags for labels, and no column of classes for several", () => {
  const features = [[1], [2], [3]];
  for (
    const labels of [
      [[1, 0], [0, 1], [1, 0]],
      [[1, 1, 0], [0, 0, 1], [0, 1, 1]].map((row) => row.map(Boolean)),
    ]
  ) {
    for (const task of [undefined, "multi-label"] as const) {
      assertThrows(() => Dataset.from({ features, labels, task }), TypeError, "flags are targets");
    }
    const targets = labels.map((row) => row.map(Number));
    assertEquals([...Dataset.from({ features, targets, task: "multi-label" }).train.targets], targets.flat());
  }
  const column = [["a"], ["b"], ["a"]];
  assertThrows(
    () => Dataset.from({ features, labels: column }),
    TypeError,
    "for classes give the labels alone",
  );
  assertEquals(Dataset.from({ features, labels: column, task: "multi-label" }).outputCount, 2);
  assertThrows(() => Dataset.from({ features: [[], []], labels: [0, 1] }), RangeError, "are empty");
});

Deno.test("Dataset.from() sets aside the share of each class, or whole groups, as the seed has it", () => {
  const labels = LABELS.map((label, sample) => sample % 10 === 0 ? "rare" : `class ${label % 2}`);
  const source = { features: ROWS, labels };
  const data = Dataset.from(source, { test: 0.2, validation: 0.25, seed: 3 });
  const { train, validation, test } = data;
  assertEquals([train.samples, validation?.samples, test?.samples], [33, 15, 12]);
  const rare = data.classNames.indexOf("rare");
  const count = (labels: Uint32Array) => labels.filter((label) => label === rare).length;
  assertEquals(count(train.labels) + count(validation!.labels) + count(test!.labels), 6);
  for (const [part, share] of [[train, 0.55], [validation!, 0.25], [test!, 0.2]] as const) {
    assertAlmostEquals(count(part.labels), 6 * share, 1);
    assert(part.features.buffer instanceof SharedArrayBuffer);
  }
  assertEquals(Dataset.from(source, { test: 0.2, validation: 0.25, seed: 3 }), data);
  assert(Dataset.from(source, { test: 0.2, seed: 4 }).test!.features.join() !== test!.features.join());
  const alone = splitValidation(Dataset.from(source), 0.25, 3);
  const again = Dataset.from(source, { validation: 0.25, seed: 3 });
  assertEquals({ train: again.train, validation: again.validation }, alone);

  const groups = Array.from({ length: 60 }, (_, sample) => `patient ${Math.floor(sample / 4)}`);
  const names = Float32Array.from(groups, (name) => Number(name.slice(8)));
  const whole = Dataset.from({ features: names, featureCount: 1, labels }, {
    groups,
    test: 0.2,
    validation: 0.2,
  });
  const parts = [whole.train, whole.validation!, whole.test!].map(({ features }) => new Set(features));
  assertEquals(parts.reduce((sum, { size }) => sum + size, 0), 15);
  for (const { samples } of [whole.validation!, whole.test!]) assert(samples >= 8 && samples <= 16);
  refuse(source, RangeError, "leaves nothing to train", { test: 0.5, validation: 0.5 });
  refuse(source, RangeError, "leaves 60 to train and 0 for test", { test: 1e-3 });
  refuse(source, TypeError, "groups of 2 samples, the data set has 60", { groups: [1, 2] });
  refuse({ features: ROWS, targets: NUMBERS.slice(0, 60) }, TypeError, "stratify is for classes", {
    stratify: true,
    test: 0.1,
  });
});

Deno.test("train() chooses by the validation part of a data set as by a fraction it sets aside", async () => {
  const source = { features: ROWS, labels: LABELS };
  const data = Dataset.from(source, { validation: 0.25, seed: 5 });
  const judging = {
    metric: "balanced-accuracy",
    patience: 2,
    calibrate: true,
    keep: "best",
    seed: 5,
  } as const;
  const wanted = await trained(Dataset.from(source), { ...judging, validationFraction: 0.25 });
  assertEquals(await trained(data, judging), wanted);
  const model = SparseMlp.create({ sizes: [4, 8, 3], epsilon: 8, seed: 1 });
  assertThrows(
    () => train(model, data, { validationFraction: 0.2 }),
    TypeError,
    "the data set has a validation part; give one of the two",
  );
  assertThrows(() => trainParallel(model, data, { validationFraction: 0.2 }), TypeError, "validation part");
  const epochs = trainParallel(model, data, { workers: 2, epochs: 2, batchSize: 8 });
  for await (const { validationLoss } of epochs) assert(Number.isFinite(validationLoss));
  assertThrows(
    () => train(model, { ...data, validation: { ...data.validation!, labels: Uint32Array.of(1) } }),
    TypeError,
    "the validation part has 1 labels",
  );
});

Deno.test("stratifiedFolds() and groupFolds() give each sample one turn to test", () => {
  const data = Dataset.from({
    features: NUMBERS.slice(0, 60).map((_, at) => [at]),
    labels: LABELS.map((label) => `class ${label}`),
  }, { validation: 0.1 });
  const tested: number[] = [];
  for (const { train, test, validation } of stratifiedFolds(data, { folds: 3, seed: 2 })) {
    assertEquals([train.samples, test.samples], [36, 18]);
    assert(validation !== undefined);
    tested.push(...test.features);
  }
  assertEquals(tested.toSorted((a, b) => a - b), [...data.train.features]);
  const groups = Array.from(data.train.features, (number) => `group ${number % 7}`);
  for (const { train, test } of groupFolds(data, groups, { folds: 3 })) {
    const mine = new Set(Array.from(test.features, (number) => number % 7));
    assert(!train.features.some((number) => mine.has(number % 7)));
  }
  assertThrows(() => stratifiedFolds(data, { folds: 1 }), RangeError, "folds is 1");
  assertThrows(() => stratifiedFolds(data, { fold: 3 } as object), TypeError, 'did you mean "folds"?');
  assertThrows(() => groupFolds(data, [1, 2]), TypeError, "groups of 2 samples, the data set has 54");
  assertThrows(() => groupFolds(data, groups, { folds: 8 }), RangeError, "belong to 7 groups");
});

Deno.test("subset() learns from the samples named, in their order, and keeps the other parts", () => {
  const data = Dataset.from({ features: ROWS, labels: LABELS }, { test: 0.5 });
  const { train, test } = subset(data, [5, 0, 5]);
  assertEquals([...train.labels], [5, 0, 5].map((sample) => data.train.labels[sample]));
  assertEquals([...train.features.subarray(4, 8)], [...data.train.features.subarray(0, 4)]);
  assertEquals(test, data.test);
  assertThrows(() => subset(data, []), RangeError, "no sample is named");
  assertThrows(() => subset(data, [30]), RangeError, "(not including) 30");
  assertThrows(() => subset(data, [0.5]), RangeError, "a whole number");
});

Deno.test("a data set written out is refused with the remedy where its labels are texts", async () => {
  const { train: part, ...data } = Dataset.from({ features: ROWS, labels: LABELS });
  const literal = { ...data, train: { ...part, labels: LABELS.map((label) => `${label}`) } };
  const model = SparseMlp.create({ sizes: [4, 8, 3], epsilon: 8, seed: 1 });
  const said = "element 0 of the labels of the training part is a string, expected a number; Dataset.from()";
  await assertRejects(
    async () => await train(model, literal as unknown as Dataset, options).next(),
    TypeError,
    said,
  );
});

import { assertAlmostEquals, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { classCounts, type Dataset, type Split, validateDataset } from "../src/data/dataset.ts";
import { splitValidation, trainingSamples } from "../src/data/validation_split.ts";
import { standardization } from "../src/data/standardization.ts";

function split(features: Float32Array | Uint8Array, labels: number[], targets: number[] = []): Split {
  const samples = Math.max(labels.length, targets.length);
  return { samples, features, labels: Uint32Array.from(labels), targets: Float32Array.from(targets) };
}

function dataset(train: Split, change: Partial<Dataset> = {}): Dataset {
  return {
    name: "small",
    task: "classification",
    featureCount: 2,
    outputCount: 2,
    classNames: ["a", "b"],
    featureNames: [],
    train,
    ...change,
  };
}

const good = split(Float32Array.of(1, 2, 3, 4, 5, 6), [0, 1, 0]);

Deno.test("validateDataset() accepts classification and regression", () => {
  validateDataset(dataset(good, { test: good, featureNames: ["x", "y"] }));
  validateDataset(dataset(split(Uint8Array.of(1, 2), [1]), { image: { height: 1, width: 2, channels: 1 } }));
  validateDataset(dataset(split(Float32Array.of(1, 2), [], [0.5]), {
    task: "regression",
    outputCount: 1,
    classNames: [],
  }));
});

Deno.test("validateDataset() says what is wrong, in which part", () => {
  const refuse = (wrong: Dataset, ErrorClass: typeof TypeError | typeof RangeError, message: string) =>
    assertThrows(() => validateDataset(wrong), ErrorClass, message);
  refuse(dataset(split(new Float32Array(0), [])), RangeError, "the training part has 0 samples");
  refuse(
    dataset(split(new Float32Array(3), [0, 1])),
    TypeError,
    "has 3 features, its 2 samples need 4",
  );
  refuse(
    dataset(good, { test: split(new Float32Array(2), [2]) }),
    RangeError,
    "sample 0 of the test part has class 2, the last class is 1",
  );
  refuse(
    dataset(split(Float32Array.of(0, 0, 0, NaN), [0, 1])),
    RangeError,
    "feature 1 of sample 1 of the training part is NaN",
  );
  refuse(dataset(split(Float32Array.of(0, -Infinity), [0])), RangeError, "is -Infinity");
  refuse(dataset({ ...good, targets: new Float32Array(1) }), TypeError, "has 1 targets");
  refuse(dataset(good, { classNames: ["a"] }), TypeError, "2 classes and 1 class names");
  refuse(dataset(good, { outputCount: 1, classNames: ["a"] }), RangeError, "at least 2 are needed");
  refuse(dataset(good, { featureNames: ["x"] }), TypeError, "2 features and 1 feature names");
  refuse(dataset(good, { featureCount: 0 }), RangeError, "it has 0 features");
  refuse(dataset(good, { image: { height: 2, width: 2, channels: 1 } }), TypeError, "1 × 2 × 2");
  refuse(
    dataset(split(Float32Array.of(0, 0), [], [NaN]), { task: "regression", outputCount: 1, classNames: [] }),
    RangeError,
    "target 0 of sample 0",
  );
});

Deno.test("classCounts() counts, and refuses a class past the last", () => {
  assertEquals([...classCounts(good, 3)], [2, 1, 0]);
  assertThrows(() => classCounts(good, 1), RangeError, "found class 1");
});

Deno.test("standardization() agrees with a dense f64 loop for bytes and floats, any thread count", () => {
  for (const [samples, columns] of [[1, 1], [3, 5], [5003, 7], [41, 1030]]) {
    const bytes = Uint8Array.from(
      { length: samples * columns },
      (_, index) => (index * 7919 + index % 13) % 256,
    );
    const floats = Float32Array.from(bytes, (value, index) => 1e4 + value / 3 + Math.sin(index));
    for (const features of [bytes, floats]) {
      const found = standardization(features, samples, columns, 1);
      for (let column = 0; column < columns; column += 11) {
        const values = Array.from({ length: samples }, (_, sample) => features[sample * columns + column]);
        const mean = values.reduce((sum, value) => sum + value, 0) / samples;
        const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / samples;
        // Only the rounding to f32 differs.
        assertAlmostEquals(found.mean[column], mean, Math.abs(mean) * 6e-8);
        const scale = variance === 0 ? 0 : 1 / Math.sqrt(variance);
        assertAlmostEquals(found.scale[column], scale, scale * 1e-6);
      }
      assertEquals(standardization(features, samples, columns, 3), found);
    }
  }
});

Deno.test("standardization() refuses wrong lengths, no samples and numbers that are not finite", () => {
  assertThrows(
    () => standardization(new Float32Array(3), 2, 2),
    TypeError,
    "3 numbers, 2 samples of 2 features",
  );
  assertThrows(() => standardization(new Uint8Array(2), 2, 2), TypeError, "have 4");
  assertThrows(() => standardization(new Float32Array(0), 0, 2), RangeError);
  assertThrows(() => standardization(Float32Array.of(NaN), 1, 1), RangeError);
});

Deno.test("splitValidation() gives each class its share, every sample once, and depends on the seed", () => {
  const labels = Array.from({ length: 1000 }, (_, sample) => sample < 900 ? 0 : sample < 999 ? 1 : 2);
  const features = Float32Array.from({ length: 2000 }, (_, index) => index);
  const whole = dataset(split(features, labels), { outputCount: 3, classNames: ["a", "b", "c"] });
  const { train, validation } = splitValidation(whole, 0.25, 1);
  assertEquals([validation.samples, train.samples], [250, 750]);
  const counts = classCounts(validation, 3);
  assertEquals([...counts], [225, 25, 0]);
  const rows = [...train.features, ...validation.features].sort((a, b) => a - b);
  assertEquals(rows, [...features]);
  for (let sample = 0; sample < validation.samples; sample++) {
    assertEquals(validation.labels[sample], labels[validation.features[2 * sample] / 2]);
  }
  assertEquals(splitValidation(whole, 0.25, 1).validation, validation);
  const other = splitValidation(whole, 0.25, 2).validation.features;
  assertGreater(validation.features.filter((value, index) => value !== other[index]).length, 100);
});

Deno.test("trainingSamples() tells what splitValidation() leaves to learn from", () => {
  for (
    const labels of [
      [0, 1, 0, 1, 0, 0, 0, 1, 0],
      Array.from({ length: 101 }, (_, sample) => sample % 2),
    ]
  ) {
    const whole = dataset(split(new Float32Array(2 * labels.length), labels));
    for (const fraction of [0.1, 0.25, 1 / 3, 0.5, 0.77]) {
      assertEquals(trainingSamples(whole, fraction), splitValidation(whole, fraction, 1).train.samples);
    }
    assertEquals(trainingSamples(whole, 0), labels.length);
  }
  assertThrows(() => trainingSamples(dataset(good), 0.01), RangeError, "leaves 3 to train and 0 to validate");
});

Deno.test("splitValidation() splits regression targets, and refuses parts that would be empty", () => {
  const regression = dataset(split(Uint8Array.of(1, 1, 2, 2, 3, 3, 4, 4), [], [1, 2, 3, 4]), {
    task: "regression",
    outputCount: 1,
    classNames: [],
  });
  const { validation } = splitValidation(regression, 0.5, 3);
  assertEquals([...validation.targets], [...validation.features].filter((_, index) => index % 2 === 0));
  assertThrows(() => splitValidation(regression, 0.05, 3), RangeError, "leaves 4 to train and 0 to validate");
  assertThrows(() => splitValidation(regression, 1, 3), RangeError, "between 0 and 1");
  assertThrows(() => splitValidation(dataset(split(Uint8Array.of(1, 1, 1, 1), [0, 1])), 0.5, 3), RangeError);
});

import { firstUnfit } from "../src/finite.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Dataset,
  FeatureError,
  loadModel,
  madelonLike,
  saveModel,
  SparseMlp,
  train,
  TrainingError,
  trainParallel,
} from "../mod.ts";
import { Evaluator } from "../engine.ts";
import { main } from "../src/cli/main.ts";

const FEATURES = 6;
const HUGE = 3.4e38;

function dataset(seed = 1): Dataset {
  const size = { samples: 60, testSamples: 20, features: FEATURES, informative: 3, redundant: 1 };
  const data = madelonLike({ ...size, seed });
  return { ...data, featureNames: ["a", "b", "c", "d", "e", "f\n"] };
}

async function trained(data: Dataset = dataset()): Promise<SparseMlp<"classification">> {
  const model = SparseMlp.create({ sizes: [FEATURES, 12, 2], epsilon: 4, seed: 1 });
  for await (const _ of train(model, data, { epochs: 2, batchSize: 16, threads: 1 }));
  return model;
}

/** As many samples of ones, with one other number. */
function samples(count: number, sample: number, feature: number, value: number): Float32Array {
  const features = new Float32Array(count * FEATURES).fill(1);
  features[sample * FEATURES + feature] = value;
  return features;
}

Deno.test("firstUnfit() finds the first number that is not finite or out of bounds, wherever it is", () => {
  const numbers = new Float32Array(4100).fill(1);
  numbers.set([3.4028234663852886e38, -3.4028234663852886e38, 1e-45, -0], 10);
  assertEquals(firstUnfit(numbers), -1);
  numbers.fill(1);
  for (const at of [0, 3, 4095, 4096, 4099]) {
    for (const wrong of [NaN, -NaN, Infinity, -Infinity]) {
      numbers[at] = wrong;
      assertEquals(firstUnfit(numbers), at);
      // A view that does not begin where its memory does.
      assertEquals(firstUnfit(numbers.subarray(at)), 0);
    }
    numbers[at] = -0.5;
    assertEquals([firstUnfit(numbers), firstUnfit(numbers, 0), firstUnfit(numbers, -0.5)], [-1, at, -1]);
    numbers[at] = 1.5;
    assertEquals([firstUnfit(numbers, 0), firstUnfit(numbers, 0, 1), firstUnfit(numbers, 0, 1.5)], [
      -1,
      at,
      -1,
    ]);
    numbers[at] = 1;
  }
});

Deno.test("predictClasses() and predictProbabilities() name the sample and feature that cannot be standardised", async () => {
  const inference = (await trained()).toInference();
  for (const [count, sample] of [[1, 0], [2, 1], [3, 2], [300, 299], [300, 128]]) {
    for (const value of [NaN, Infinity, -Infinity]) {
      for (const threads of [1, 2]) {
        const features = samples(count, sample, 4, value);
        const message =
          `Cannot predict: feature 4 of sample ${sample} is ${value}, a finite number is needed`;
        const error = assertThrows(() => inference.predictClasses(features, { threads }), FeatureError);
        assertEquals([error.message, error.place], [message, { sample, feature: 4 }]);
        assertThrows(() => inference.predictProbabilities(features, { threads }), FeatureError, message);
      }
    }
  }
});

Deno.test("predict() refuses a sample whose outputs are not finite, and gives no NaN for any finite feature", async () => {
  const model = await trained();
  for (let feature = 0; feature < FEATURES; feature++) {
    for (const value of [HUGE, -HUGE, 1e30, 1e38]) {
      try {
        const outputs = model.predictProbabilities(samples(5, 3, feature, value));
        assert(outputs.every(Number.isFinite));
      } catch (error) {
        assert(error instanceof FeatureError, String(error));
        assertEquals(error.place, { sample: 3, feature });
        assert(error.message.startsWith(`Cannot predict: feature ${feature} of sample 3 is `), error.message);
      }
    }
  }
  const wide = { ...model.standardization!, scale: new Float32Array(FEATURES).fill(10) };
  model.standardization = wide;
  assertThrows(
    () => model.predict(samples(5, 3, 1, HUGE)),
    FeatureError,
    "Cannot predict: feature 1 of sample 3 is 3.4e+38, too far from the mean",
  );
});

Deno.test("predict() names the raw feature of a model that uses only some", async () => {
  const model = await trained();
  const [mean, scale] = [new Float32Array(FEATURES), new Float32Array(FEATURES).fill(1)];
  const selection = { featureCount: 10, features: Uint32Array.of(0, 2, 3, 5, 7, 9) };
  model.standardization = { mean, scale, selection };
  const features = new Float32Array(40);
  features[17] = NaN; // Feature 7 of sample 1.
  assertThrows(() => model.predict(features), FeatureError, "feature 7 of sample 1 is NaN");
  features[17] = 0;
  features[18] = NaN; // No input of the network.
  assertEquals(model.predict(features).length, 4);
});

Deno.test("train() names the feature whose extremes cannot be standardised, by its name too", async () => {
  const data = dataset();
  const features = data.train.features as Float32Array;
  for (let sample = 0; sample < 60; sample++) features[sample * FEATURES + 5] = sample === 7 ? HUGE : -HUGE;
  const model = SparseMlp.create({ sizes: [FEATURES, 12, 2], epsilon: 4, seed: 1 });
  const error = await assertRejects(async () => {
    for await (const _ of train(model, data, { epochs: 1, batchSize: 16, threads: 1 }));
  }, FeatureError);
  assertEquals(error.place.sample, 7);
  assert(
    error.message.startsWith(`Cannot standardise the samples: feature 5 ("f\\n") of sample 7 is 3.4e+38`),
  );
  await assertRejects(
    async () => {
      const options = { epochs: 1, batchSize: 16, workers: 2, algorithm: "wassp" } as const;
      for await (const _ of trainParallel(model, data, options));
    },
    TrainingError,
    "feature 5 of sample 7 is 3.4e+38",
  );
});

Deno.test("train() learns from a feature as wide as f32 allows", async () => {
  const data = dataset();
  const { features, labels } = data.train;
  for (let sample = 0; sample < 60; sample++) {
    features[sample * FEATURES] = labels[sample] === 0 ? -1.6e38 : 1.6e38;
  }
  const model = SparseMlp.create({ sizes: [FEATURES, 12, 2], epsilon: 20, seed: 1 });
  let accuracy = 0;
  for await (
    const record of train(model, data, { epochs: 20, batchSize: 16, learningRate: 0.1, threads: 1 })
  ) {
    accuracy = record.trainAccuracy;
  }
  assert(accuracy > 0.95, `${accuracy}`);
});

Deno.test("train() tells which part of the data a sample is of that cannot be standardised", async () => {
  const data = dataset();
  data.test!.features[3 * FEATURES + 2] = HUGE;
  const scaled = data.train.features as Float32Array;
  for (let index = 2; index < scaled.length; index += FEATURES) scaled[index] *= 1e-3;
  await assertRejects(
    () => trained(data),
    FeatureError,
    `feature 2 ("c") of sample 3 of the test part is 3.4e+38, too far from the mean`,
  );
});

Deno.test("Evaluator refuses features that are not finite", async () => {
  const [model, { test }] = [await trained(), dataset()];
  test!.features[9 * FEATURES] = NaN;
  const evaluator = new Evaluator(model, test!);
  assertThrows(() => evaluator.run(), FeatureError, "feature 0 of sample 9 is NaN");
});

Deno.test("predict names the sample of the file, and leaves nothing behind", async () => {
  const folder = await Deno.makeTempDir();
  const errors: string[] = [];
  const log = console.error;
  try {
    const model = await trained();
    model.standardization = { mean: new Float32Array(FEATURES), scale: new Float32Array(FEATURES).fill(10) };
    await saveModel(model, `${folder}/model.safetensors`);
    assertEquals((await loadModel(`${folder}/model.safetensors`)).model.featureCount, FEATURES);
    const rows = Array.from({ length: 200 }, (_, row) => `1,2,${row === 150 ? HUGE : 3},4,5,6`);
    await Deno.writeTextFile(`${folder}/new.csv`, rows.join("\n"));
    console.error = (text) => errors.push(String(text));
    const words = ["predict", `${folder}/model.safetensors`, `${folder}/new.csv`];
    assertEquals(await main([...words, "--output", `${folder}/out.csv`]), 1);
    console.error = log;
    assert(
      errors.join().includes(
        `feature 2 of sample 150 of "${folder}/new.csv" is 3.4e+38, too far from the mean`,
      ),
      errors.join(),
    );
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assertEquals(names, ["model.safetensors", "new.csv"]);
  } finally {
    console.error = log;
    await Deno.remove(folder, { recursive: true });
  }
});

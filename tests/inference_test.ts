import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  compact,
  madelonLike,
  type ModelOptions,
  pruneByImportance,
  SparseMlp,
  type Standardization,
  train,
} from "../mod.ts";
import { Evaluator } from "../engine.ts";
import { ACTIVATION_KINDS } from "../src/model/activation.ts";

const data = madelonLike({ samples: 400, testSamples: 301, features: 30, seed: 1 });

async function trained(
  options: Partial<ModelOptions<"classification">> = {},
): Promise<SparseMlp<"classification">> {
  const model = SparseMlp.create({ sizes: [30, 40, 25, 2], epsilon: 6, seed: 1, ...options });
  for await (const _ of train(model, data, { epochs: 3, batchSize: 32, threads: 1 }));
  return model;
}

function evaluated(model: SparseMlp): { outputs: Float32Array; accuracy: number } {
  const outputs = new Float32Array(2 * data.test!.samples);
  const { accuracy } = new Evaluator(model, data.test!).run(outputs);
  return { outputs, accuracy };
}

Deno.test("predictProbabilities() equals the evaluation of training bit for bit, for every activation", async () => {
  for (const activation of ACTIVATION_KINDS) {
    const model = await trained({ activation });
    assertEquals(model.predictProbabilities(data.test!.features), evaluated(model).outputs, activation);
  }
});

Deno.test("predictClasses() is right as often as evaluation says, before and after compaction", async () => {
  const model = await trained();
  for (const layer of model.layers.slice(0, -1)) pruneByImportance(layer, 40);
  const small = compact(model).model;
  for (const each of [model, small]) {
    const labels = each.predictClasses(data.test!.features);
    const right = [...labels].filter((label, sample) => label === data.test!.labels[sample]).length;
    assertEquals(right / data.test!.samples, evaluated(each).accuracy);
  }
  const [before, after] = [model, small].map((each) => each.predictProbabilities(data.test!.features));
  // Constants are folded into biases and rounded once more.
  before.forEach((value, at) => assertAlmostEquals(after[at], value, 1e-5));
  assert(small.toInference().bytes < 0.8 * model.toInference().bytes);
});

Deno.test("predictProbabilities() gives the same bits for any number of threads and samples, and nearly for one alone", async () => {
  const inference = (await trained({ activation: "srelu" })).toInference();
  const features = data.test!.features;
  const all = inference.predictProbabilities(features, { threads: 1 });
  for (const threads of [2, 3, 8]) {
    assertEquals(inference.predictProbabilities(features, { threads }), all);
  }
  const some = inference.predictProbabilities(features.subarray(0, 30 * 37), { threads: 2 });
  assertEquals(some, all.subarray(0, 2 * 37));
  for (let sample = 0; sample < 40; sample++) {
    const one = inference.predictProbabilities(features.subarray(30 * sample, 30 * (sample + 1)));
    // The sums have another order of terms.
    one.forEach((value, output) => assertAlmostEquals(value, all[2 * sample + output], 1e-5));
  }
  assertEquals(inference.predictClasses(new Float32Array(0)).length, 0);
});

Deno.test("predictValues() takes features in bytes and gives the values of a regression", () => {
  const model = SparseMlp.create({ sizes: [12, 20, 3], epsilon: 4, task: "regression", seed: 2 });
  const bytes = Uint8Array.from({ length: 12 * 50 }, (_, at) => at * 7 % 256);
  const values = model.predictValues(bytes);
  assertEquals(values, model.predictValues(Float32Array.from(bytes)));
  assertEquals(values.length, 150);
});

Deno.test("a model that somebody has written nonsense into refuses to predict, and says what is wrong", async () => {
  const writes: [write: (model: SparseMlp) => void, message: string][] = [
    [(model) => model.temperature = 0, "the temperature of the model is 0"],
    [(model) => model.temperature = -1, "the temperature of the model is -1"],
    [(model) => model.layers[0].nnz = 1e9, "nnz of layer 1 is 1000000000, its arrays have room for"],
    [
      (model) => model.standardization = { mean: [0], scale: [1] } as unknown as Standardization,
      "expected mean and scale, two Float32Array of 30",
    ],
  ];
  const model = await trained();
  for (const [write, message] of writes) {
    const written = model.clone();
    write(written);
    assertThrows(() => written.predictProbabilities(data.test!.features), Error, message);
  }
});

Deno.test("toInference() is a copy, of 8 bytes a connection", async () => {
  const model = await trained();
  const inference = model.toInference();
  const before = inference.predictProbabilities(data.test!.features);
  model.layers[0].values.fill(0);
  assertEquals(inference.predictProbabilities(data.test!.features), before);
  const { inferenceBytes, connections } = model.stats();
  // Sections are rounded up to cache lines.
  assert(inference.bytes >= 8 * connections && inference.bytes < inferenceBytes + 5 * 64 * 3);
});

Deno.test("featureStrength() finds the informative features of madelon-like data, compacted or not", async () => {
  const made = madelonLike({ samples: 2000, testSamples: 100, seed: 1 });
  const model = SparseMlp.create({
    sizes: [500, 400, 100, 400, 2],
    epsilon: 10,
    activation: { kind: "all-relu", alpha: 0.5 },
    initializer: "normal",
    seed: 1,
  });
  for await (const _ of train(model, made, { epochs: 60, batchSize: 32, evaluateEvery: 60 }));
  const truth = new Set([...made.truth.informative, ...made.truth.redundant]);
  const first = (strength: Float32Array) =>
    [...strength.keys()].sort((a, b) => strength[b] - strength[a]).slice(0, truth.size);
  const found = first(model.featureStrength());
  const hits = found.filter((feature) => truth.has(feature)).length;
  // By chance 20 of 500 features hold 0.8 of the 20.
  assert(hits >= 10, `${hits} of ${truth.size} found`);
  const small = compact(model).model;
  assertEquals(small.featureStrength().length, 500);
  assertEquals(first(small.featureStrength()), found);
});

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { stateOf } from "./model/state.ts";
import { ACTIVATION_KINDS } from "../src/model/activation.ts";
import {
  compact,
  loadModel,
  madelonLike,
  neuronImportance,
  pruneByImportance,
  saveModel,
  SparseMlp,
  train,
  trainParallel,
} from "../mod.ts";
import { Evaluator } from "../engine.ts";
import type { Split } from "../src/data/dataset.ts";
import type { Standardization } from "../src/native/standardize.ts";
import { validateConnections } from "../src/sparse/csr.ts";

/** Numbers from 0 up to 1, the same in each run. */
function random(seed: number): () => number {
  let state = seed * 2654435761 >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A network with random biases and activation parameters, sparse enough to have dead neurons. */
function network(seed: number): SparseMlp {
  const next = random(seed + 1);
  const size = () => 1 + Math.floor(next() * 30);
  const sizes = Array.from({ length: 2 + Math.floor(next() * 4) }, size);
  const kind = ACTIVATION_KINDS[seed % ACTIVATION_KINDS.length];
  const model = SparseMlp.create({
    sizes,
    density: 0.02 + 0.3 * next() ** 2,
    activation: kind,
    task: "regression",
    seed,
  });
  for (const layer of model.layers) {
    for (const array of [layer.bias, layer.activationParameters]) {
      array.forEach((_, at) => array[at] += next() - 0.5);
    }
  }
  for (const layer of model.layers.slice(0, -1)) if (next() < 0.5) pruneByImportance(layer, 60 * next());
  const mean = Float32Array.from({ length: sizes[0] }, () => next());
  const scale = Float32Array.from({ length: sizes[0] }, () => next() < 0.1 ? 0 : 0.5 + next());
  if (next() < 0.8) model.standardization = { mean, scale };
  return model;
}

function outputs(model: SparseMlp, features: Float32Array, samples: number): Float32Array {
  const count = model.layers[model.layers.length - 1].neurons;
  const split: Split = {
    samples,
    features,
    labels: new Uint32Array(0),
    targets: new Float32Array(samples * count),
  };
  const inputs = model.layers[0].inputs;
  const plain: Standardization = { mean: new Float32Array(inputs), scale: new Float32Array(inputs).fill(1) };
  const found = new Float32Array(samples * count);
  const { standardization } = model;
  model.standardization ??= plain;
  new Evaluator(model, split).run(found);
  if (standardization === undefined) delete model.standardization;
  return found;
}

Deno.test("compact() keeps the outputs of 400 random networks, and compacting twice is compacting once", () => {
  let removed = 0;
  for (let seed = 0; seed < 400; seed++) {
    const model = network(seed);
    const samples = 17;
    const next = random(seed + 7);
    const features = Float32Array.from({ length: samples * model.layers[0].inputs }, () => 4 * next() - 2);
    const compaction = compact(model);
    const small = compaction.model;
    removed += compaction.removed;
    const [expected, found] = [outputs(model, features, samples), outputs(small, features, samples)];
    for (const [place, value] of expected.entries()) {
      // Biases are rounded once more, and sums have another order of terms: some units in the last place of f32.
      assertAlmostEquals(found[place], value, 2e-5 * Math.max(1, Math.abs(value)), `seed ${seed}`);
    }
    for (const [index, layer] of small.layers.entries()) {
      validateConnections(layer);
      const hidden = index < small.layers.length - 1;
      const incoming = (neuron: number) => layer.incomingPtr[neuron + 1] - layer.incomingPtr[neuron];
      if (hidden && layer.neurons > 1) {
        for (let neuron = 0; neuron < layer.neurons; neuron++) assert(incoming(neuron) > 0, `seed ${seed}`);
      }
      if (layer.inputs > 1) {
        for (let input = 0; input < layer.inputs; input++) {
          assert(layer.indptr[input + 1] > layer.indptr[input], `seed ${seed}`);
        }
      }
    }
    assertEquals(compact(small).removed, 0, `seed ${seed}`);
    assertEquals(small.layers.at(-1)!.neurons, model.layers.at(-1)!.neurons);
  }
  assert(removed > 5_000, `${removed} neurons removed: the networks test little`);
});

Deno.test("compact() moves weights and what is kept of them with their neurons", () => {
  const model = SparseMlp.create({ sizes: [6, 10, 3], density: 0.4, seed: 2 });
  model.holdState(stateOf(1));
  model.layers.forEach((layer) =>
    layer.planes[0].forEach((_, at) => layer.planes[0][at] = 2 * layer.values[at])
  );
  pruneByImportance(model.layers[0], 50);
  const { model: small, kept } = compact(model);
  assert(small.layers[0].neurons >= 3 && small.layers[0].neurons <= 5, "half lost their inputs");
  const [before, after] = [neuronImportance(model.layers[0]), neuronImportance(small.layers[0])];
  assertEquals([...after], [...kept[1]].map((neuron) => before[neuron]));
  for (const layer of small.layers) {
    layer.values.forEach((value, at) => assertEquals(layer.planes[0][at], 2 * value));
  }
});

Deno.test("saveModel() keeps the features a compacted model reads, and loadModel() checks them", async () => {
  const data = madelonLike({ samples: 200, testSamples: 60, features: 40, seed: 3 });
  const model = SparseMlp.create({ sizes: [40, 30, 2], epsilon: 2, seed: 3 });
  for await (const _ of train(model, data, { epochs: 2, batchSize: 32, threads: 1 }));
  pruneByImportance(model.layers[0], 70);
  const small = compact(model).model;
  const { selection } = small.standardization!;
  assertEquals(selection!.featureCount, 40);
  assert(selection!.features.length === small.layers[0].inputs && selection!.features.length < 40);
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  try {
    await saveModel(small, path);
    const { model: loaded } = await loadModel(path);
    assertEquals(loaded.standardization, small.standardization);
    assertEquals(loaded.featureCount, 40);
    const evaluate = (model: SparseMlp) => new Evaluator(model, data.test!).run();
    assertEquals(evaluate(loaded), evaluate(small));
    assertAlmostEquals(evaluate(loaded).loss, evaluate(model).loss, 1e-5);
    selection!.features[0] = 40;
    await saveModel(small, path);
    const message = await loadModel(path).then(() => "", (cause: Error) => cause.message);
    assert(message.includes(path) && message.includes("used features"), message);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("train() with compactWhilePruning shrinks the arrays and goes on learning", async () => {
  const data = madelonLike({ samples: 400, testSamples: 100, features: 30, seed: 4 });
  const model = SparseMlp.create({ sizes: [30, 60, 50, 2], epsilon: 6, seed: 4 });
  const bytes = model.stats().trainingBytes;
  const options = {
    epochs: 12,
    batchSize: 32,
    compactWhilePruning: true,
    importancePruning: { start: 2, every: 2, percentile: 20 },
  };
  let connections = Infinity;
  for await (const epoch of train(model, data, { ...options, threads: 2 })) {
    assert(epoch.connections <= connections && epoch.trainLoss > 0);
    connections = epoch.connections;
  }
  const [first, second] = model.layers;
  assert(first.neurons < 35 && second.neurons < 35, `${first.neurons} and ${second.neurons} neurons left`);
  assertEquals(model.settings.sizes, [30, first.neurons, second.neurons, 2]);
  assert(model.stats().trainingBytes < 0.6 * bytes);
  model.layers.forEach((layer) => validateConnections(layer));
  const again = SparseMlp.create({ sizes: [30, 60, 50, 2], epsilon: 6, seed: 4 });
  for await (const _ of train(again, data, { ...options, threads: 1 }));
  assertEquals([...again.memory.arena], [...model.memory.arena]);
});

Deno.test("trainParallel() refuses to compact the arrays its workers share", () => {
  const data = madelonLike({ samples: 100, testSamples: 20, features: 30, seed: 5 });
  const model = SparseMlp.create({ sizes: [30, 8, 2], epsilon: 3, seed: 5 });
  const options = { workers: 2, importancePruning: true, compactWhilePruning: true };
  assertThrows(() => trainParallel(model, data, options), TypeError, "share the arrays");
});

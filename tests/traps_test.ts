/**
 * Mistakes known from the authors' code, none of which may be made here. Those with a test of their own elsewhere:
 * the derivative of the squared error (`gradient_test.ts`), the last partial batch in training and evaluation
 * (`trainer_test.ts`).
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { datasets, loadModel, madelonLike, saveModel, SparseMlp, train } from "../mod.ts";
import { folder, run } from "./cli/process.ts";
import { contentOf } from "./model/content.ts";
import { stateOf } from "./model/state.ts";
import { finishParallel } from "./parallel/runs.ts";

const SIZES = [20, 24, 16, 2];
const data = madelonLike({ samples: 200, testSamples: 50, features: 20, seed: 1 });
const newModel = (sizes = SIZES) => SparseMlp.create({ sizes, epsilon: 4, seed: 1 });
const OPTIONS = { epochs: 4, batchSize: 20, seed: 1 };

Deno.test("SparseMlp.create() never holds a dense layer: 200,000 by 200,000 neurons fit into 200 MB", () => {
  const before = Deno.memoryUsage().rss;
  const model = SparseMlp.create({ sizes: [200_000, 200_000, 2], epsilon: 1, seed: 1 });
  // ε(n + m) connections expected in the first layer; five standard deviations of a Poisson count.
  assert(Math.abs(model.layers[0].nnz - 400_000) < 5 * Math.sqrt(400_000), `${model.layers[0].nnz}`);
  const grown = Deno.memoryUsage().rss - before;
  // Dense, one byte a place alone would be 40 GB.
  assert(grown < 200e6, `${grown} bytes more`);
});

Deno.test("saveModel() saves what was learned, not an empty network", async () => {
  const model = newModel();
  for await (const _ of train(model, data, OPTIONS));
  const path = `${await folder({})}/m.safetensors`;
  await saveModel(model, path);
  const loaded = (await loadModel(path)).model;
  assert(model.layers.every(({ nnz }) => nnz > 0));
  // Velocities belong to checkpoints.
  const learned = (model: SparseMlp) =>
    model.layers.map(({ nnz, indptr, indices, values, bias }) => [
      indptr.slice(),
      indices.slice(0, nnz),
      values.slice(0, nnz),
      bias.slice(),
    ]);
  assertEquals(learned(loaded), learned(model));
});

Deno.test("datasets.describe() knows every name that it lists, and train refuses a misspelt one", async () => {
  for (const name of datasets.names()) assertEquals(datasets.describe(name).name, name);
  assert(datasets.names().includes("madelon"));
  const { code, stderr } = await run("train", "--dataset", "madalon");
  assertEquals([code, /did you mean "madelon"\?/.test(stderr)], [2, true], stderr);
});

Deno.test("trainParallel() prunes when asked to, and only then", async () => {
  const parallel = { ...OPTIONS, algorithm: "wasap", workers: 2 } as const;
  const pruned = async (importancePruning?: { start: number; every: number; percentile: number }) => {
    const model = newModel();
    const { records } = await finishParallel(model, data, {
      ...parallel,
      ...(importancePruning && { importancePruning }),
    });
    return records.reduce((sum, record) => sum + record.pruned, 0);
  };
  assertEquals(await pruned(), 0);
  assert(await pruned({ start: 1, every: 1, percentile: 20 }) > 0);
});

Deno.test("trainParallel() records every epoch of both phases, for a network of two layers too", async () => {
  for (const sizes of [[20, 2], [20, 16, 2]]) {
    const { records } = await finishParallel(newModel(sizes), data, {
      ...OPTIONS,
      algorithm: "wasap",
      workers: 2,
      phaseOneFraction: 0.5,
    });
    assertEquals(records.map(({ parallel }) => parallel!.phase), [1, 1, 2, 2], sizes.join("-"));
    for (const { trainLoss, testLoss } of records) assert(Number.isFinite(trainLoss + testLoss!));
  }
});

Deno.test("train() draws the order of the samples from the seed", async () => {
  const learned = async (seed: number) => {
    const model = newModel();
    // Nothing but the order of the samples is random: no dropout, no evolution.
    for await (const _ of train(model, data, { ...OPTIONS, seed, dropout: 0, zeta: 0 }));
    return contentOf(model);
  };
  assertEquals(await learned(1), await learned(1));
  assertNotEquals(await learned(1), await learned(2));
});

Deno.test("train() measures its times to fractions of a second", async () => {
  const started = performance.now();
  let [seconds, fractions] = [0, 0];
  for await (const record of train(newModel(), data, OPTIONS)) {
    for (const time of [record.seconds, record.evolutionSeconds, record.evaluationSeconds]) {
      seconds += time;
      if (!Number.isInteger(time)) fractions++;
    }
  }
  assert(seconds > 0 && 1000 * seconds <= performance.now() - started, `${seconds} s`);
  // Training and evaluation of each epoch at least; the last has no evolution.
  assert(fractions >= 2 * OPTIONS.epochs, `${fractions} times with a fraction`);
});

Deno.test("SparseMlp.layers hold 32-bit weights and indices, as the paper says", () => {
  const model = newModel();
  model.holdState(stateOf(1));
  for (const { values, planes: [plane], bias, indices } of model.layers) {
    for (const array of [values, plane, bias]) assert(array instanceof Float32Array);
    assert(indices instanceof Uint32Array);
  }
});

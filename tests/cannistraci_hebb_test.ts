import { assert, assertEquals, assertThrows } from "@std/assert";
import { madelonLike } from "../src/data/generator.ts";
import { loadModel, saveModel } from "../src/files/checkpoint.ts";
import { SparseMlp } from "../src/model/model.ts";
import { likelyPlaces } from "../src/native/cannistraci_hebb.ts";
import type { ParallelOptions } from "../src/parallel/options.ts";
import { trainParallel } from "../src/parallel/wasap.ts";
import { WorkerModels } from "../src/parallel/worker_models.ts";
import { type Connections, rebuildIncoming } from "../src/sparse/csr.ts";
import { removeChains } from "../src/topology/chains.ts";
import { changeTopology, type TopologySettings } from "../src/topology/change.ts";
import { checkLayers } from "../src/topology/rules/rules.ts";
import { SOFT } from "../src/topology/rules/soft.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import type { TrainOptions } from "../src/train/options.ts";
import { newRunState } from "../src/train/state.ts";
import { train } from "../src/train/trainer.ts";
import { assertSameModel } from "./model/content.ts";
import { randomModel } from "./oracle/batch.ts";
import { cannistraciHebbScores, denseOf, withoutChains } from "./oracle/topology_graph.ts";
import { finishInProcess, finishParallel } from "./parallel/runs.ts";
import { assertInvariants, layerOf, placesOf } from "./topology/layer.ts";
import { finish } from "./trainer/data.ts";
import { inParts } from "./trainer/in_parts.ts";

const RULES = { drop: "soft", growth: "cannistraci-hebb" } as const;
const PLACE = { seed: 3, epoch: 4, layer: 2 };
const data = madelonLike({ samples: 300, testSamples: 60, features: 20, seed: 2 });
const make = () => SparseMlp.create({ sizes: [20, 40, 30, 2], epsilon: 4, activation: "prelu", seed: 5 });
const OPTIONS = { ...RULES, epochs: 6, batchSize: 32, learningRate: 0.02 } as const;

const settingsOf = (options: object = {}): TopologySettings =>
  resolveHyperparameters(
    { ...RULES, seed: 7, threads: 2, epochs: 10, ...options } as Parameters<typeof resolveHyperparameters>[0],
    1,
  );

/** The scores that are above 0, by place. */
function scoresOf(layer: Connections): Map<number, number> {
  const scores = cannistraciHebbScores(denseOf(layer));
  const entries = scores.flatMap((row, u) =>
    row.map((score, v): [number, number] => [u * layer.neurons + v, score])
  );
  return new Map(entries.filter(([, score]) => score > 0));
}

const flat = ({ rows, columns }: { rows: Uint32Array; columns: Uint32Array }, { neurons }: Connections) =>
  Array.from(rows, (row, at) => row * neurons + columns[at]);

Deno.test("likelyPlaces() gives every place to which a dense reference gives a score, and no other, in matrix order", () => {
  for (const [inputs, neurons] of [[1, 1], [1, 9], [9, 1], [13, 21], [30, 8]]) {
    for (const probability of [0, 0.05, 0.2, 0.6, 1]) {
      for (const seed of [1, 2, 3]) {
        const layer = layerOf({ inputs, neurons, probability, seed });
        rebuildIncoming(layer);
        const expected = [...scoresOf(layer).keys()].toSorted((a, b) => a - b);
        assertEquals(flat(likelyPlaces(layer, inputs * neurons, PLACE), layer), expected);
        const some = flat(likelyPlaces(layer, Math.ceil(expected.length / 3), PLACE), layer);
        assertEquals(some.length, Math.ceil(expected.length / 3));
        assert(some.every((place, at) => expected.includes(place) && (at === 0 || place > some[at - 1])));
        for (const threads of [2, 5]) {
          const again = likelyPlaces(layer, some.length, { ...PLACE, threads });
          assertEquals(flat(again, layer), some);
        }
      }
    }
  }
});

Deno.test("likelyPlaces() draws places in proportion to the scores of a dense reference, without replacement", () => {
  const layer = layerOf({ inputs: 7, neurons: 6, probability: 0.3, seed: 4 });
  rebuildIncoming(layer);
  const scores = scoresOf(layer);
  assert(scores.size > 6);
  const all = [...scores.values()].reduce((sum, score) => sum + score);
  const runs = 20_000;
  const hits = { one: new Map<number, number>(), two: new Map<number, number>() };
  for (let epoch = 0; epoch < runs; epoch++) {
    for (const [count, name] of [[1, "one"], [2, "two"]] as const) {
      for (const place of flat(likelyPlaces(layer, count, { ...PLACE, epoch }), layer)) {
        hits[name].set(place, (hits[name].get(place) ?? 0) + 1);
      }
    }
  }
  let square = 0;
  for (const [place, score] of scores) {
    const mean = runs * score / all;
    square += ((hits.one.get(place) ?? 0) - mean) ** 2 / mean;
    let second = 0;
    for (const [other, first] of scores) {
      if (other !== place) second += first / all * score / (all - first);
    }
    const chance = score / all + second;
    const deviation = Math.sqrt(runs * chance * (1 - chance));
    assert(Math.abs((hits.two.get(place) ?? 0) - runs * chance) < 6 * deviation, `place ${place}`);
  }
  const freedom = scores.size - 1;
  // Mean and deviation of chi-square are k and √(2k); six of them.
  assert(square < freedom + 6 * Math.sqrt(2 * freedom), `${square} of ${freedom}`);
});

Deno.test("likelyPlaces() refuses an incoming view that is not that of the rows", () => {
  const layer = layerOf({ inputs: 5, neurons: 6, probability: 0.5 });
  assertThrows(
    () => likelyPlaces({ ...layer, incomingPtr: new Uint32Array(7) }, 3, PLACE),
    TypeError,
    "valid sparse",
  );
  assertThrows(() => likelyPlaces({ ...layer, source: new Uint32Array(2) }, 3, PLACE), TypeError, "source 2");
  assertThrows(() => likelyPlaces(layer, -1, PLACE), RangeError, "count is -1");
});

Deno.test("removeChains() leaves what taking out one connection after another leaves, and the output layer whole", () => {
  let removed = 0;
  for (const seed of [1, 2, 3, 4, 5]) {
    for (const epsilon of [0.4, 1, 3]) {
      const model = randomModel({ sizes: [12, 30, 25, 18, 3], epsilon, seed });
      const before = model.layers.map(({ nnz }) => nnz);
      const expected = withoutChains(model.layers.map((layer) => denseOf(layer)));
      const kept = model.layers.map((layer) => placesOf(layer));
      const counts = removeChains(model.layers, 2);
      for (const [index, layer] of model.layers.slice(0, -1).entries()) {
        rebuildIncoming(layer);
        assertInvariants(layer);
        assertEquals(denseOf(layer), expected[index]);
        assertEquals(counts[index], before[index] - layer.nnz);
        for (const [place, content] of placesOf(layer)) assertEquals(content, kept[index].get(place));
        removed += counts[index];
      }
      assertEquals(placesOf(model.layers[3]), kept[3]);
    }
  }
  assert(removed > 100);
});

Deno.test("changeTopology() by Cannistraci-Hebb drops, removes chains, and grows likely places to the exact count, at 0", () => {
  for (const seed of [1, 2, 3]) {
    for (const [epsilon, drop] of [[1, "soft"], [3, "soft"], [6, "magnitude"]] as const) {
      const [model, twin] = [1, 2].map(() => randomModel({ sizes: [14, 30, 20, 3], epsilon, seed }));
      const before = model.layers.map(({ nnz }) => nnz);
      const old = model.layers.map((layer) => placesOf(layer));
      let expected: number[][][] | undefined;
      if (drop === "soft") {
        const { layers } = twin;
        for (const [index, layer] of layers.slice(0, -1).entries()) {
          SOFT.drop(
            layer,
            { seed: 7, epoch: 4, layer: index, progress: 0.4, settings: settingsOf() } as never,
          );
        }
        expected = withoutChains(layers.map((layer) => denseOf(layer)));
      }
      const { replaced } = changeTopology(model, settingsOf({ drop }), 4);
      let grownInAll = 0;
      for (const [index, layer] of model.layers.slice(0, -1).entries()) {
        assertInvariants(layer);
        assertEquals(layer.nnz, before[index]);
        if (expected === undefined) continue;
        const left = new Set(
          expected[index].flatMap((row, u) =>
            row.flatMap((connected, v) => connected ? [u * layer.neurons + v] : [])
          ),
        );
        const now = placesOf(layer);
        for (const place of left) assertEquals(now.get(place), old[index].get(place));
        const grown = [...now].filter(([place]) => !left.has(place));
        const scores = [...cannistraciHebbScores(expected[index]).entries()].flatMap(([u, row]) =>
          row.flatMap((score, v) => score > 0 ? [u * layer.neurons + v] : [])
        );
        const scored = grown.filter(([place]) => scores.includes(place)).length;
        // All that grow have a score, or all that have one grow.
        assertEquals(Math.min(grown.length, scores.length) <= scored, true);
        for (const [, [weight]] of grown) assert(Object.is(weight, 0));
        grownInAll += grown.length;
      }
      if (expected !== undefined) assertEquals(replaced, grownInAll);
      assertEquals(placesOf(model.layers[2]), old[2]);
    }
  }
});

Deno.test("changeTopology() by Cannistraci-Hebb fills layers that are nearly full or empty", () => {
  for (const density of [1, 0.95, 0.02]) {
    const model = randomModel({ sizes: [12, 20, 15, 3], density, seed: 4 });
    const before = model.layers.map(({ nnz }) => nnz);
    for (let epoch = 1; epoch <= 5; epoch++) changeTopology(model, settingsOf({ zeta: 0.5 }), epoch);
    assertEquals(model.layers.map(({ nnz }) => nnz), before);
    model.layers.forEach(assertInvariants);
  }
});

Deno.test("growth by Cannistraci-Hebb refuses layers whose changes would take hours, and no others", () => {
  const check = (inputs: number, neurons: number, nnz: number) =>
    checkLayers([{ inputs, neurons, nnz }], { ...RULES, zeta: 0.3 });
  assertThrows(
    () => check(20_000, 20_000, 1e8),
    RangeError,
    'by "cannistraci-hebb": the layer [20000, 20000] of 100000000 connections needs about 5.0e+15 additions at each ' +
      "change, at most 2.0e+13 are made",
  );
  check(784, 1000, 784_000);
  check(65_536, 500_000, 5_655_360);
  const model = SparseMlp.create({ sizes: [20, 8, 2], density: 1, seed: 1 });
  const told: object[] = [];
  const rule = {
    name: "mine",
    grow: () => 0,
    checkLayers: (layers: readonly object[]) => void told.push(...layers),
  };
  train(model, data, { epochs: 1, growth: rule });
  assertEquals(told, model.layers.slice(0, -1));
});

Deno.test("train() by Cannistraci-Hebb, stopped after any step and resumed with other threads, gives the same bits", async () => {
  const variants: TrainOptions[] = [
    {},
    { dropScore: "magnitude", dropTemperature: 9, optimizer: "adam", learningRate: 0.001 },
    { importancePruning: { start: 2, every: 2, percentile: 20 }, compactWhilePruning: true },
  ];
  for (const variant of variants) {
    const options: TrainOptions = { ...OPTIONS, ...variant };
    const straight = make();
    await finish(straight, data, { ...options, threads: 1 });
    for (const steps of [5, 10, 23]) {
      const { model } = await inParts(make(), data, options, steps);
      assertSameModel(model, straight);
    }
  }
});

Deno.test("trainParallel() with wassp and Cannistraci-Hebb gives the bits of workers that take turns, and resumed the same", async () => {
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  const options: ParallelOptions = { ...OPTIONS, algorithm: "wassp", workers: 2, threads: 2 };
  try {
    const [workers, turns] = [make(), make()];
    await finishParallel(workers, data, options);
    await finishInProcess(turns, data, { ...options, threads: 1 }, 3);
    assertSameModel(workers, turns);
    for (const stop of [2, 5]) {
      const [model, state, workerModels] = [make(), newRunState(), new WorkerModels()];
      const epochs = trainParallel(model, data, { ...options, state, workerModels });
      while (state.epoch < stop) await epochs.next();
      const replicas = await workerModels.current();
      await saveModel(model, path, {
        training: { epoch: state.epoch, options: {}, state },
        workers: replicas,
      });
      await epochs.return(undefined!);
      const loaded = await loadModel(path);
      const rest = { state: loaded.training!.state!, workerModels: new WorkerModels(loaded.workers) };
      await finishParallel(loaded.model, data, { ...options, ...rest });
      assertSameModel(loaded.model, workers);
    }
    const [alone, sequential] = [make(), make()];
    await finishInProcess(alone, data, { ...options, workers: 1 }, 1);
    await finish(sequential, data, OPTIONS);
    assertSameModel(alone, sequential);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("trainParallel() with wasap and Cannistraci-Hebb keeps the number of connections", async () => {
  const model = make();
  const before = model.layers.map(({ nnz }) => nnz);
  const { records } = await finishParallel(model, data, { ...OPTIONS, algorithm: "wasap", workers: 2 });
  assert(records.length === 6 && records.every(({ trainLoss }) => Number.isFinite(trainLoss)));
  model.layers.forEach(assertInvariants);
  assert(model.layers.every(({ nnz }, index) => nnz <= before[index]));
});

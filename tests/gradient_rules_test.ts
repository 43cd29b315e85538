import { assert, assertEquals, assertThrows } from "@std/assert";
import { madelonLike } from "../src/data/generator.ts";
import { loadModel, saveModel } from "../src/files/checkpoint.ts";
import { SparseMlp } from "../src/model/model.ts";
import { absentPairs } from "../src/native/grow.ts";
import { probeSums, probeWords, type SumKind } from "../src/native/probe.ts";
import { trainParallel } from "../src/parallel/wasap.ts";
import { WorkerModels } from "../src/parallel/worker_models.ts";
import { sharedWords } from "../src/sparse/shared.ts";
import { changeTopology, type TopologySettings } from "../src/topology/change.ts";
import { probeOf } from "../src/topology/probe.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import type { TrainOptions } from "../src/train/options.ts";
import { newRunState } from "../src/train/state.ts";
import { train } from "../src/train/trainer.ts";
import { assertSameModel } from "./model/content.ts";
import { batchOf, randomBatch, randomModel } from "./oracle/batch.ts";
import { backpropagate, forward, type OracleGradients, oracleOf } from "./oracle/mlp.ts";
import { finishInProcess, finishParallel } from "./parallel/runs.ts";
import { assertInvariants, placesOf } from "./topology/layer.ts";
import { finish } from "./trainer/data.ts";
import { inParts } from "./trainer/in_parts.ts";

const SIZES = [9, 24, 16, 3];
const SEEDS = [1, 2, 3];

const settingsOf = (options: TrainOptions): TopologySettings =>
  resolveHyperparameters(
    { seed: 7, threads: 2, zeta: 0.3, ...options } as Parameters<typeof resolveHyperparameters>[0],
    1,
  );

/** A random network, a batch, and the gradient at every place by dense loops. */
function problem(seed: number, samples = 40) {
  const model = randomModel({
    sizes: SIZES,
    density: 0.3,
    activation: { kind: "all-relu", alpha: 0.6 },
    seed,
  });
  const batch = randomBatch(SIZES, samples, "classification", seed);
  const net = oracleOf(model);
  for (const layer of net.layers) layer.mask.fill(1);
  const { gradients } = backpropagate(net, batch);
  const before = model.layers.map((layer) => placesOf(layer));
  const probe = () => probeOf(model, batch.tiles(32), { threads: 2 });
  return { model, batch, net, gradients, before, probe };
}

/** The ⌊ζ·nnz⌋ places of lowest score, by sorting. */
function lowest(places: readonly number[], score: (place: number) => number, zeta: number): Set<number> {
  const order = places.toSorted((a, b) => score(a) - score(b) || a - b);
  return new Set(order.slice(0, Math.floor(zeta * places.length)));
}

const byGradient = (gradients: OracleGradients[], layer: number) => (place: number) =>
  Math.abs(gradients[layer].weights[place]);

for (const drop of ["magnitude-any-sign", "magnitude-gradient"] as const) {
  Deno.test(`drop ${drop} removes what sorting a dense reference's scores removes`, () => {
    for (const seed of SEEDS) {
      const { model, gradients, before, probe } = problem(seed);
      const { replaced } = changeTopology(model, settingsOf({ drop, growth: "gradient" }), 1, { probe });
      let droppedInAll = 0;
      for (const [index, layer] of model.layers.slice(0, -1).entries()) {
        const weights = before[index];
        const slope = byGradient(gradients, index);
        const score = (place: number) =>
          Math.abs(weights.get(place)![0]) + (drop === "magnitude-gradient" ? 0.01 * slope(place) : 0);
        const gone = lowest([...weights.keys()], score, 0.3);
        droppedInAll += gone.size;
        assertEquals(layer.nnz, weights.size);
        assertInvariants(layer);
        const after = placesOf(layer);
        for (const [place, kept] of weights) if (!gone.has(place)) assertEquals(after.get(place), kept);
        // Growth by gradient over all places that are absent now, those dropped just now among them.
        const absent = [...gradients[index].weights.keys()].filter((place) =>
          !weights.has(place) || gone.has(place)
        );
        const grown = absent.toSorted((a, b) => slope(b) - slope(a) || a - b).slice(0, gone.size);
        for (const place of grown) assert(Object.is(after.get(place)?.[0], 0), "it begins at +0");
      }
      assertEquals(replaced, droppedInAll);
    }
  });
}

Deno.test("drop magnitude-any-sign breaks ties by place and lets neither sign go first", () => {
  const { model, before } = problem(1);
  const [layer] = model.layers;
  layer.values.subarray(0, layer.nnz).forEach((_, at) => layer.values[at] = at % 2 === 0 ? 0.5 : -0.5);
  const count = Math.floor(0.3 * layer.nnz);
  changeTopology(
    model,
    settingsOf({ drop: "magnitude-any-sign", growth: "random", growthWeights: "zero" }),
    1,
  );
  const after = placesOf(layer);
  const kept = [...before[0].keys()].filter((place) => Math.abs(after.get(place)?.[0] ?? 0) === 0.5);
  assertEquals(kept, [...before[0].keys()].slice(count));
});

Deno.test("growth gradient keeps nnz in full layers and where gradients are 0", () => {
  for (const density of [1, 0.97, 0.2]) {
    const model = randomModel({ sizes: SIZES, density, activation: "relu", seed: 2 });
    // Nothing passes the last hidden layer: all gradients are 0.
    if (density === 0.2) model.layers[1].bias.fill(-1e6);
    const before = model.layers.map(({ nnz }) => nnz);
    const batch = randomBatch(SIZES, 16, "classification", 1);
    const probe = () => probeOf(model, batch.tiles(16), { threads: 1 });
    for (let epoch = 1; epoch <= 3; epoch++) {
      changeTopology(model, settingsOf({ growth: "gradient" }), epoch, { probe });
    }
    assertEquals(model.layers.map(({ nnz }) => nnz), before);
    model.layers.forEach(assertInvariants);
  }
});

const MASK = 2n ** 64n - 1n;

/** The finaliser of SplitMix64, as `kernels/src/base/random.rs` uses it. */
function mix(value: bigint): bigint {
  let z = (value + 0x9e37_79b9_7f4a_7c15n) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn) & MASK;
  return z ^ (z >> 31n);
}

/** The sign of each sample. */
function signsOf(samples: number, seed: bigint, draw: bigint): number[] {
  const key = mix(mix(seed ^ mix(9n)) ^ mix(draw));
  return Array.from(
    { length: samples },
    (_, at) => mix(key ^ ((BigInt(at + 1) * 0xd134_2543_de82_ef95n) & MASK)) >> 63n === 0n ? 1 : -1,
  );
}

/** Σ|x| and Σ s·x of each column. */
function columnSums(rows: readonly ArrayLike<number>[], signs: readonly number[]): [number, number][] {
  return Array.from(rows[0], (_, column): [number, number] => [
    rows.reduce((sum, row) => sum + Math.abs(row[column]), 0),
    rows.reduce((sum, row, sample) => sum + signs[sample] * row[column], 0),
  ]);
}

Deno.test("probeSums() gives the sums of a dense reference, of several tiles, with padding and in bf16", () => {
  const signed = { seed: 7, draw: 4 };
  for (const [samples, width] of [[1, 16], [50, 16], [40, 64]]) {
    const { model, batch, net } = problem(3, samples);
    const signs = signsOf(samples, 7n, 4n);
    const pass = forward(net, batch);
    // The deltas of a sample are the gradients of the biases in a batch of its own.
    const deltas = batch.features.map((features, sample) =>
      backpropagate(
        net,
        batchOf([Float32Array.from(features)], Uint32Array.of(batch.labels[sample]), new Float32Array(0)),
      )
        .gradients.map(({ bias }) => bias.map((delta) => delta / samples))
    );
    for (const activationStorage of ["f32", "bf16"] as const) {
      const settings = { activationStorage, recompute: activationStorage === "bf16" };
      const sums = (kind: SumKind, threads: number) => {
        const words = probeWords(model.memory, width, { ...settings, dropout: false });
        const work = sharedWords(words).fill(0x7fc0_0000);
        return probeSums(
          model.memory,
          model.layers,
          batch.tiles(width),
          kind,
          { ...settings, threads },
          work,
        );
      };
      const found = [sums("absolute", 2), sums(signed, 2)];
      assertEquals([sums("absolute", 1), sums(signed, 1)], found);
      for (const index of model.layers.keys()) {
        const inputs = columnSums(index === 0 ? batch.features : pass.values[index - 1], signs);
        const neurons = columnSums(deltas.map((layers) => layers[index]), signs);
        for (const [name, expected] of [["inputs", inputs], ["neurons", neurons]] as const) {
          for (const [at, [size, sum]] of expected.entries()) {
            // Sums of up to 50 rounded terms; bfloat16 has 8 bits, and rounds on each of the layers before too.
            const near = (activationStorage === "f32" ? 1e-5 : 0.1) * Math.max(size, 1e-3);
            assert(Math.abs(found[0][index][name][at] - size) <= near, `${name} of layer ${index}`);
            assert(Math.abs(found[1][index][name][at] - sum) <= near, `signed ${name} of layer ${index}`);
          }
        }
      }
    }
  }
});

for (const growthSampling of ["grabo", "graest"] as const) {
  Deno.test(`growth by gradient of places drawn by ${growthSampling} takes those that a dense reference finds largest`, () => {
    for (const seed of SEEDS) {
      const { model, batch, gradients, before, probe } = problem(seed);
      const settings = settingsOf({ growth: "gradient-sampled", growthSampling, growthCandidates: 2 });
      const kind = growthSampling === "grabo" ? "absolute" : { seed: 7, draw: 4 };
      const sums = probeOf(model, batch.tiles(32), { threads: 1 }).sums(kind);
      const layers = model.layers.slice(0, -1);
      const candidates = layers.map((layer, index) => {
        const place = { seed: 7, epoch: 4, layer: index };
        const { rows, columns } = absentPairs(layer, sums[index], Math.ceil(2 * layer.nnz), place);
        return Array.from(rows, (row, at) => row * layer.neurons + columns[at]);
      });
      changeTopology(model, settings, 4, { probe });
      for (const [index, layer] of layers.entries()) {
        assertEquals(layer.nnz, before[index].size);
        assertInvariants(layer);
        assert(candidates[index].every((place) => !before[index].has(place)), "candidates are absent");
        const slope = byGradient(gradients, index);
        const grown = [...placesOf(layer).keys()].filter((place) => !before[index].has(place));
        const expected = candidates[index].toSorted((a, b) => slope(b) - slope(a)).slice(0, grown.length);
        assertEquals(grown, expected.toSorted((a, b) => a - b));
      }
    }
  });
}

Deno.test("growth by gradient draws no more places than a layer has, however many are asked for", async () => {
  for (const growthSampling of ["uniform", "grabo"] as const) {
    const trained = async (growthCandidates: number) => {
      const model = make();
      await finish(model, data, { ...OPTIONS, growth: "gradient-sampled", growthSampling, growthCandidates });
      return model;
    };
    assertSameModel(await trained(1e12), await trained(1e4));
  }
  const sums = { inputs: new Float32Array(20).fill(1), neurons: new Float32Array(40).fill(1) };
  assertThrows(
    () => absentPairs(make().layers[0], sums, 2 ** 50, { seed: 1, epoch: 1, layer: 0 }),
    RangeError,
    "Cannot draw absent places: 1125899906842624 need 9007199254740992 bytes, more than can be had",
  );
});

Deno.test("train() refuses growth gradient, at the call, where there are too many places", () => {
  const data = madelonLike({ samples: 30, testSamples: 0, features: 20, seed: 1 });
  const model = SparseMlp.create({ sizes: [20, 6_000, 6_000, 2], epsilon: 1, seed: 1 });
  const message =
    'Cannot grow connections by "gradient": the layers [20, 6000], [6000, 6000] have 36120000 places, ' +
    "whose gradients need 722400000 bytes; at most 33554432 places (671088640 bytes) are looked at; growth " +
    '"gradient-sampled" looks at a sample of them';
  assertThrows(() => train(model, data, { growth: "gradient" }), RangeError, message);
  assertThrows(() => trainParallel(model, data, { growth: "gradient", workers: 2 }), RangeError, message);
});

const data = madelonLike({ samples: 300, testSamples: 60, features: 20, seed: 2 });
const make = () => SparseMlp.create({ sizes: [20, 40, 30, 2], epsilon: 5, seed: 5 });
const OPTIONS = { epochs: 5, batchSize: 32, learningRate: 0.02 } as const;
const RULES = [
  { drop: "magnitude-any-sign", growth: "gradient" },
  { drop: "magnitude-gradient" },
  { growth: "gradient-sampled", growthSampling: "grabo" },
  { drop: "magnitude-gradient", growth: "gradient-sampled", growthSampling: "graest", microBatch: 16 },
] as const;

Deno.test("train() by each rule, stopped after any step and resumed with other threads, gives the same bits", async () => {
  for (const rule of RULES) {
    const options: TrainOptions = { ...OPTIONS, ...rule };
    const straight = make();
    await finish(straight, data, { ...options, threads: 1 });
    const { model } = await inParts(make(), data, options, 10);
    assertSameModel(model, straight);
  }
});

Deno.test("trainParallel() by each rule: wassp resumes with the same bits, whoever carries it; wasap keeps nnz", async () => {
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  try {
    for (const rule of RULES) {
      const options = { ...OPTIONS, ...rule, algorithm: "wassp", workers: 2, threads: 1 } as const;
      const [straight, turns] = [make(), make()];
      await finishInProcess(straight, data, options, 3);
      const [state, workerModels] = [newRunState(), new WorkerModels()];
      const epochs = trainParallel(turns, data, { ...options, state, workerModels });
      while (state.epoch < 4) await epochs.next();
      const workers = await workerModels.current();
      await saveModel(turns, path, { training: { epoch: state.epoch, options: {}, state }, workers });
      await epochs.return(undefined!);
      const loaded = await loadModel(path);
      const rest = { state: loaded.training!.state!, workerModels: new WorkerModels(loaded.workers) };
      await finishParallel(loaded.model, data, { ...options, ...rest });
      assertSameModel(loaded.model, straight);

      const free = make();
      await finishInProcess(free, data, { ...options, algorithm: "wasap" }, 3);
      assertEquals(free.layers.map(({ nnz }) => nnz), make().layers.map(({ nnz }) => nnz));
      free.layers.forEach(assertInvariants);
    }
  } finally {
    await Deno.remove(path);
  }
});

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { SparseMlp } from "../src/model/model.ts";
import { kernels } from "../src/native/library.ts";
import { averageModels } from "../src/parallel/average.ts";
import { gradientViews } from "../src/model/layer.ts";
import { emptyReplica } from "../src/parallel/replica.ts";
import { resolveParallelHyperparameters } from "../src/parallel/options.ts";
import { phaseOneRate } from "../src/parallel/rates.ts";
import { ParameterServer, serverState } from "../src/parallel/server.ts";
import { Shard, shardSize } from "../src/parallel/shard.ts";
import { resolveHyperparameters } from "../src/train/hyperparameters.ts";
import { changeTopology } from "../src/topology/change.ts";
import { validateConnections } from "../src/sparse/csr.ts";
import { assertSameModel } from "./model/content.ts";
import { stateOf } from "./model/state.ts";

const SIZES = [30, 50, 20, 4];

function newModel(seed: number): SparseMlp {
  const model = SparseMlp.create({ sizes: SIZES, epsilon: 5, seed });
  model.holdState(stateOf(1));
  for (const layer of model.layers) {
    for (let at = 0; at < layer.nnz; at++) layer.planes[0][at] = layer.values[at] / 3 + seed;
    for (let neuron = 0; neuron < layer.neurons; neuron++) layer.bias[neuron] = neuron * seed;
  }
  return model;
}

function dense({ inputs, neurons, indptr, indices, values }: SparseMlp["layers"][number]): Float64Array {
  const matrix = new Float64Array(inputs * neurons);
  for (let row = 0; row < inputs; row++) {
    for (let at = indptr[row]; at < indptr[row + 1]; at++) matrix[row * neurons + indices[at]] = values[at];
  }
  return matrix;
}

/** The models have the first one's capacities, as those of workers have. */
function workersModels(count: number): SparseMlp[] {
  const server = newModel(1);
  const settings = resolveHyperparameters({ zeta: 0.5, threads: 1 }, 1);
  return Array.from({ length: count }, (_, worker) => {
    const model = emptyReplica(server);
    model.memory.arena.set(server.memory.arena);
    model.memory.layout.set(server.memory.layout);
    model.memory.state.set(server.memory.state);
    changeTopology(model, settings, 1, { draw: worker + 1 });
    for (const layer of model.layers) layer.bias.forEach((_, at) => layer.bias[at] = at + worker);
    return model;
  });
}

Deno.test("averageModels() equals the dense mean, less the weights closest to zero", () => {
  for (const count of [2, 3, 5]) {
    const models = workersModels(count);
    const target = emptyReplica(models[0]);
    averageModels(models, target);
    for (const [index, layer] of target.layers.entries()) {
      validateConnections(layer);
      assertEquals(layer.nnz, models[0].layers[index].nnz);
      const matrices = models.map((model) => dense(model.layers[index]));
      const mean = matrices[0].map((_, at) => matrices.reduce((sum, matrix) => sum + matrix[at], 0) / count);
      const found = dense(layer);
      const kept: Record<string, number[]> = { "1": [], "-1": [] };
      const gone: Record<string, number[]> = { "1": [], "-1": [] };
      for (const [at, value] of mean.entries()) {
        if (value === 0) continue;
        // The mean is rounded to f32 once.
        if (found[at] !== 0) assertEquals(found[at], Math.fround(value));
        (found[at] === 0 ? gone : kept)[Math.sign(value)].push(Math.abs(value));
      }
      for (const sign of ["1", "-1"]) {
        assert(Math.max(0, ...gone[sign]) <= Math.min(...kept[sign]) + 1e-7, `layer ${index}, sign ${sign}`);
      }
      layer.bias.forEach((bias, at) => assertAlmostEquals(bias, at + (count - 1) / 2, 1e-6));
    }
  }
});

Deno.test("averageModels() gives one model back bit for bit", () => {
  const model = newModel(4);
  const target = emptyReplica(model);
  averageModels([model], target);
  assertSameModel(target, model);
});

Deno.test("ParameterServer.push() of stale gradients touches only connections that still exist", () => {
  const model = newModel(2);
  const sender = emptyReplica(model);
  const settings = resolveHyperparameters({ learningRate: 1, momentum: 0.9, weightDecay: 0, threads: 1 }, 1);
  const parallel = resolveParallelHyperparameters({ workers: 2, initialRateFactor: 1 });
  const server = new ParameterServer(model, serverState(2, 0), { settings, parallel, steps: 10 });
  const { version, clock } = server.pull(sender, -1, 0);
  const counts = changeTopology(model, settings, 1);
  server.topologyChanged();
  const gradients = sender.allocateGradients();
  for (const { values, bias } of gradientViews(sender.layers, gradients)) {
    values.forEach((_, at) => values[at] = -1 - at % 7);
    bias.fill(-2);
  }
  const before = model.layers.map(({ values, planes: [kept] }) => ({
    values: values.slice(),
    kept: kept.slice(),
  }));
  server.push(gradients, { worker: 0, version, clock, loss: 1, correct: 0, samples: 1 }, sender);
  let fresh = 0;
  for (const [index, layer] of model.layers.entries()) {
    const old = sender.layers[index];
    const oldGradients = gradientViews(sender.layers, gradients)[index].values;
    const places = new Map<number, number>();
    for (let row = 0; row < old.inputs; row++) {
      for (let at = old.indptr[row]; at < old.indptr[row + 1]; at++) {
        places.set(row * old.neurons + old.indices[at], oldGradients[at]);
      }
    }
    for (let row = 0; row < layer.inputs; row++) {
      for (let at = layer.indptr[row]; at < layer.indptr[row + 1]; at++) {
        const gradient = places.get(row * layer.neurons + layer.indices[at]);
        const { values, kept } = before[index];
        const expected = Math.fround(0.9 * kept[at]) - (gradient ?? 0);
        // One multiplication and one addition in f32.
        assertAlmostEquals(layer.planes[0][at], expected, 1e-5);
        if (gradient !== undefined) continue;
        // A new connection has no past, and none is left of the one that stood in its place in memory.
        fresh++;
        assertEquals([kept[at], layer.planes[0][at]], [0, 0]);
        assertEquals(layer.values[at], values[at]);
      }
    }
  }
  assert(fresh > 0 && fresh <= counts.replaced);
  assertEquals(server.sums().droppedGradients, fresh);
});

Deno.test("ParameterServer.pushRound() applies the mean over all samples, and gives no kernel one memory twice", () => {
  const model = newModel(3);
  const settings = resolveHyperparameters({ learningRate: 1, momentum: 0, weightDecay: 0, threads: 1 }, 1);
  const parallel = resolveParallelHyperparameters({ workers: 4, algorithm: "wassp", warmUpEpochs: 5 });
  const server = new ParameterServer(model, serverState(4, 0), { settings, parallel, steps: 10 });
  const gradients = [1, 2, 4, NaN].map((value) => {
    const arena = model.allocateGradients();
    new Float32Array(arena.buffer, arena.byteOffset, arena.length).fill(value);
    return arena;
  });
  const headers = [6, 1, 1, 0].map((samples, worker) => ({
    ...{ worker, version: 0, clock: 0, loss: 1, correct: 0 },
    samples,
  }));
  const before = model.layers.map(({ values, bias }) => ({ values: values.slice(), bias: bias.slice() }));
  const symbols = kernels() as unknown as Record<string, (...given: unknown[]) => unknown>;
  const calls = Object.entries(symbols);
  try {
    for (const [name, call] of calls) {
      symbols[name] = (...given) => {
        const views = given.filter((one): one is Uint8Array => ArrayBuffer.isView(one) && one.byteLength > 0);
        for (const [place, one] of views.entries()) {
          for (const other of views.slice(place + 1)) {
            const apart = one.buffer !== other.buffer ||
              one.byteOffset + one.byteLength <= other.byteOffset ||
              other.byteOffset + other.byteLength <= one.byteOffset;
            assert(apart, `${name} was given one memory twice`);
          }
        }
        return call(...given);
      };
    }
    server.pushRound(gradients, headers);
  } finally {
    for (const [name, call] of calls) symbols[name] = call;
  }
  // (6 · 1 + 1 · 2 + 1 · 4) / 8, in numbers that f32 holds exactly.
  for (const [index, { values, bias, nnz }] of model.layers.entries()) {
    for (let at = 0; at < nnz; at++) assertEquals(values[at], Math.fround(before[index].values[at] - 1.5));
    bias.forEach((value, at) => assertEquals(value, before[index].bias[at] - 1.5));
  }
  assertEquals([server.updates, server.sums().samples, server.sums().loss], [1, 8, 4]);
});

/** Makes a model's topology one that has no connection in common with another's, in as many places as there are. */
function makeDisjoint(model: SparseMlp, other: SparseMlp): void {
  for (const [index, layer] of model.layers.entries()) {
    const { indptr, indices } = other.layers[index];
    let nnz = 0;
    for (let row = 0; row < layer.inputs; row++) {
      const taken = new Set(indices.subarray(indptr[row], indptr[row + 1]));
      const end = Math.min(layer.capacity, nnz + taken.size);
      for (let target = 0; target < layer.neurons && nnz < end; target++) {
        if (!taken.has(target)) layer.indices[nnz++] = target;
      }
      layer.indptr[row + 1] = nnz;
    }
    layer.nnz = nnz;
  }
}

Deno.test("ParameterServer.push() whose gradients are all stale drops and counts them, and leaves a valid model", () => {
  const model = SparseMlp.create({ sizes: SIZES, density: 0.3, seed: 3 });
  model.holdState(stateOf(1));
  for (const layer of model.layers) layer.planes[0].forEach((_, at) => layer.planes[0][at] = 1 + at % 5);
  const sender = emptyReplica(model);
  const settings = resolveHyperparameters({ learningRate: 1, momentum: 0.5, weightDecay: 0, threads: 1 }, 1);
  const parallel = resolveParallelHyperparameters({ workers: 2, initialRateFactor: 1 });
  const server = new ParameterServer(model, serverState(2, 0), { settings, parallel, steps: 10 });
  const { version, clock } = server.pull(sender, -1, 0);
  makeDisjoint(sender, model);
  server.topologyChanged();
  const gradients = sender.allocateGradients();
  for (const { values, bias } of gradientViews(sender.layers, gradients)) {
    values.fill(NaN);
    bias.fill(-2);
  }
  const before = model.layers.map(({ nnz, indices, values, planes: [kept], bias }) => ({
    nnz,
    indices: indices.slice(),
    values: values.slice(),
    kept: kept.slice(),
    bias: bias.slice(),
  }));
  server.push(gradients, { worker: 0, version, clock, loss: 1, correct: 0, samples: 1 }, sender);
  assertEquals(server.sums().droppedGradients, sender.layers.reduce((sum, { nnz }) => sum + nnz, 0));
  for (const [index, layer] of model.layers.entries()) {
    validateConnections(layer);
    const { nnz, indices, values, kept, bias } = before[index];
    assert(sender.layers[index].nnz > 0);
    assertEquals([layer.nnz, layer.indices], [nnz, indices]);
    // Momentum alone moves the weights; biases have gradients whatever the topology.
    for (let at = 0; at < nnz; at++) {
      assertEquals(layer.planes[0][at], kept[at] / 2);
      assertEquals(layer.values[at], Math.fround(values[at] + kept[at] / 2));
    }
    assertEquals([...layer.bias], [...bias].map((value) => value + 2));
  }
  // The next push, on the current topology, is none the worse.
  const current = emptyReplica(model);
  const pulled = server.pull(current, -1, 1);
  gradients.fill(0);
  server.push(gradients, { worker: 1, ...pulled, loss: 1, correct: 0, samples: 1 }, current);
  assertEquals([server.updates, server.sums().samples, server.sums().largestStaleness], [2, 2, 0]);
  assert(model.layers.every(({ values }) => values.every(Number.isFinite)));
});

Deno.test("Shard cuts all samples into parts, and shuffles each anew in every pass", () => {
  for (const [samples, workers] of [[10, 1], [11, 3], [64, 5]]) {
    const shards = Array.from({ length: workers }, (_, worker) => new Shard(samples, workers, worker, 7));
    for (const pass of [1, 2]) {
      shards.forEach((shard) => shard.shuffle(pass));
      const all = shards.flatMap((shard) => [...shard.order]);
      assertEquals(all.toSorted((a, b) => a - b), Array.from({ length: samples }, (_, sample) => sample));
    }
    const sizes = shards.map((shard) => shard.order.length);
    assertEquals(sizes, sizes.map((_, worker) => shardSize(samples, workers, worker)));
    assert(Math.max(...sizes) - Math.min(...sizes) <= 1);
  }
});

Deno.test("phaseOneRate() is larger at first for wasap, warms up to K times the rate and tells by how much for wassp", () => {
  const settings = resolveHyperparameters({ learningRate: 0.1 }, 1);
  const wasap = resolveParallelHyperparameters({ workers: 4 });
  assertEquals(phaseOneRate(wasap, settings, 0, 10), { learningRate: 0.2, rateRatio: 1 });
  assertEquals(phaseOneRate(wasap, settings, 49, 10).learningRate, 0.2);
  assertEquals(phaseOneRate(wasap, settings, 50, 10), { learningRate: 0.1, rateRatio: 1 });
  const wassp = resolveParallelHyperparameters({ workers: 4, algorithm: "wassp" });
  assertEquals(phaseOneRate(wassp, settings, 0, 10), { learningRate: 0.1, rateRatio: 1 });
  const half = phaseOneRate(wassp, settings, 25, 10);
  assertAlmostEquals(half.learningRate, 0.25, 1e-12);
  assertAlmostEquals(half.rateRatio, 2.5 / 2.44, 1e-12);
  for (const number of [51, 60, 500]) {
    const rate = phaseOneRate(wassp, settings, number, 10);
    assertAlmostEquals(rate.learningRate, 0.4, 1e-12);
    assertEquals(rate.rateRatio, 1);
  }
});

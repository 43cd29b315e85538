import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  encodeModel,
  loadModel,
  madelonLike,
  newRunState,
  SparseMlp,
  train,
  type TrainOptions,
} from "../mod.ts";
import { densitiesOf, densityLeft, scheduledConnections } from "../src/topology/density_decay.ts";
import { assertSameModel } from "./model/content.ts";
import { assertInvariants } from "./topology/layer.ts";
import { finish } from "./trainer/data.ts";
import { inParts } from "./trainer/in_parts.ts";

const data = madelonLike({ samples: 300, testSamples: 60, features: 20, seed: 2 });
/** Two layers that evolve, of 1,200 and 3,000 places, of which half are connections, and an output layer. */
const make = () => SparseMlp.create({ sizes: [20, 60, 50, 2], density: 0.5, seed: 5 });
const OPTIONS: TrainOptions = { epochs: 10, batchSize: 32, finalDensity: 0.05, threads: 1 };
const PLACES = 20 * 60 + 60 * 50;

/** The curve of docs/algorithms.md, in other words: σ(3 − 6x), stretched from σ(±3) = 0.952574…, 0.047426… to 1 and 0. */
const left = (x: number) =>
  x >= 1 ? 0 : (1 / (1 + Math.exp(6 * x - 3)) - 0.04742587317756678) / 0.9051482536448664;

/** Connections of the layers that evolve. */
const evolving = ({ layers }: SparseMlp) => layers.slice(0, -1).reduce((sum, { nnz }) => sum + nnz, 0);

Deno.test("densityLeft() falls along a sigmoid with curvature 6 from 1 to 0", () => {
  // σ(1.5) = 0.817574, σ(0) = 0.5, σ(−1.5) = 0.182426, minus σ(−3) = 0.047426, over σ(3) − σ(−3) = 0.905148.
  for (
    const [progress, expected] of [[0, 1], [0.2, 0.850853], [0.4, 0.5], [0.6, 0.149147], [0.8, 0], [1, 0]]
  ) {
    assertAlmostEquals(densityLeft(progress, 0.8), expected, 1e-6);
  }
});

Deno.test("scheduledConnections() keeps the shares of the layers, and their sum exactly", () => {
  const layers = [[10, 55], [30, 100], [10, 25]].map(([inputs, nnz]) => ({ inputs, neurons: 10, nnz }));
  const start = densitiesOf(layers);
  const decay = { finalDensity: 0.1, densityStop: 0.8 };
  const at = (progress: number) => scheduledConnections(layers, start, decay, progress);
  assertEquals(at(0), [55, 100, 25]);
  // 500 places: from 180 to 50, half way 115.
  assertEquals(at(0.8), [15, 28, 7]);
  assertEquals(at(0.4), [35, 64, 16]);
  const pruned = layers.map((layer, index) => index === 1 ? { ...layer, nnz: 20 } : layer);
  assertEquals(scheduledConnections(pruned, start, decay, 0.4), [35, 20, 16]);
});

Deno.test("scheduledConnections() keeps the sum where a layer is rounded up again, and never empties a layer", () => {
  // Shares of 32 : 8 places, and of a layer that comes down to 0.52 connections.
  for (const shapes of [[[8, 4, 32], [4, 4, 8]], [[5, 5, 23], [1, 4, 1], [6, 6, 21]]]) {
    let layers = shapes.map(([inputs, neurons, nnz]) => ({ inputs, neurons, nnz }));
    const [start, begun] = [densitiesOf(layers), layers.reduce((sum, { nnz }) => sum + nnz, 0)];
    const places = layers.reduce((sum, { inputs, neurons }) => sum + inputs * neurons, 0);
    const final = shapes.length === 2 ? 0.2 : 0.52 * begun / places;
    for (let step = 1; step <= 200; step++) {
      const counts = scheduledConnections(
        layers,
        start,
        { finalDensity: final, densityStop: 0.8 },
        step / 200,
      );
      const wanted = final * places + (begun - final * places) * left(step / 160);
      assertEquals(counts.reduce((sum, count) => sum + count, 0), Math.round(wanted), `step ${step}`);
      counts.forEach((count, index) => assert(count >= 1 && count <= layers[index].nnz));
      layers = layers.map((layer, index) => ({ ...layer, nnz: counts[index] }));
    }
  }
});

Deno.test("train() with finalDensity goes on where compaction has left less than the density could fall from", async () => {
  const make = () => SparseMlp.create({ sizes: [20, 8, 8, 2], density: [0.9, 0.1, 0.9], seed: 3 });
  const importancePruning = { start: 1, every: 1, percentile: 30 };
  const settings: TrainOptions = {
    ...{ ...OPTIONS, finalDensity: 0.3, growth: "cannistraci-hebb", epochs: 6 },
    ...{ importancePruning, compactWhilePruning: true },
  };
  const straight = make();
  await finish(straight, data, settings);
  straight.layers.forEach(({ nnz }) => assert(nnz > 0));
  for (let epochs = 1; epochs < 6; epochs++) {
    const [model, state] = [make(), newRunState()];
    for await (const { epoch } of train(model, data, { ...settings, state })) if (epoch === epochs) break;
    const { model: loaded, training } = await loadModel(
      await encodeModel(model, { training: { epoch: epochs, options: {}, state } }),
    );
    await finish(loaded, data, { ...settings, state: training!.state! });
    assertSameModel(loaded, straight, `after epoch ${epochs}`);
  }
});

Deno.test("train() with finalDensity has after each change exactly the connections of the schedule, whatever the rules", async () => {
  const variants: TrainOptions[] = [
    {},
    { zeta: 0 },
    { zeta: 0, drop: "magnitude-gradient", growth: "gradient" },
    { zeta: 0.6, zetaSchedule: "cosine", zetaStop: 0.5 },
    { growth: "gradient-sampled", optimizer: "adam" },
    { zeta: 0, drop: "magnitude-gradient", growth: "gradient-sampled", growthSampling: "grabo" },
    { drop: { name: "nothing", drop: () => 0 } },
    { evolveEvery: { steps: 7 } },
    { evolveEvery: 2 },
  ];
  for (const variant of variants) {
    const model = make();
    const [begun, output] = [evolving(model), model.layers[2].nnz];
    const shares = model.layers.map(({ nnz }) => nnz / begun);
    const { evolveEvery = 1 } = variant;
    for await (const { epoch, connections, replaced } of train(model, data, { ...OPTIONS, ...variant })) {
      const steps = 10;
      const done = Math.min(epoch * steps, 10 * steps - 1);
      const every = typeof evolveEvery === "number" ? evolveEvery * steps : evolveEvery.steps;
      const progress = Math.floor(done / every) * every / (10 * steps);
      const wanted = Math.round(0.05 * PLACES + (begun - 0.05 * PLACES) * left(progress / 0.8));
      assertEquals(connections, wanted + output, `after epoch ${epoch}`);
      assertEquals(connections, evolving(model) + output);
      for (const [index, { nnz }] of model.layers.slice(0, -1).entries()) {
        assert(Math.abs(nnz - shares[index] * wanted) <= 1);
      }
      if (variant.zeta === 0) assertEquals(replaced, 0);
      model.layers.forEach(assertInvariants);
    }
    assertEquals(evolving(model), 210);
  }
});

Deno.test("train() with finalDensity gives room back while the density falls, and all of it at its end", async () => {
  const model = make();
  const bytes: number[] = [];
  for await (const { connections } of train(model, data, OPTIONS)) {
    bytes.push(model.memory.arena.byteLength);
    const room = model.layers.reduce((sum, { capacity }) => sum + capacity, 0);
    assert(connections >= 0.7 * room, `${connections} of ${room}`);
  }
  assert(bytes[9] < 0.3 * bytes[0]);
  assertEquals(model.layers.map(({ capacity }) => capacity), model.layers.map(({ nnz }) => nnz));
});

Deno.test("train() with finalDensity and Importance Pruning never has more than the schedule says, and keeps what pruning took", async () => {
  for (const compactWhilePruning of [false, true]) {
    const model = make();
    let before = evolving(model);
    const importancePruning = { start: 2, every: 2, percentile: 15 };
    const options = { ...OPTIONS, importancePruning, compactWhilePruning };
    for await (const { pruned, epoch } of train(model, data, options)) {
      const now = evolving(model);
      assert(now <= before - pruned, `after epoch ${epoch}`);
      before = now;
      model.layers.forEach(assertInvariants);
    }
    const places = model.layers.slice(0, -1).reduce((sum, { inputs, neurons }) => sum + inputs * neurons, 0);
    assert(before <= Math.round(0.05 * places));
  }
});

Deno.test("train() with finalDensity gives the same bits stopped anywhere and resumed, with other threads and smaller arrays", async () => {
  for (const variant of [{}, { evolveEvery: { steps: 4 }, growth: "gradient-sampled" }] as TrainOptions[]) {
    const settings = { ...OPTIONS, epochs: 6, validationFraction: 0.2, ...variant };
    const straight = make();
    await finish(straight, data, settings);
    for (const steps of [3, 11]) {
      const { model } = await inParts(make(), data, settings, steps);
      assertSameModel(model, straight, `in parts of ${steps} steps`);
    }
  }
});

Deno.test("train() with finalDensity keeps no epoch as the best before the density has fallen, and does not stop there", async () => {
  const model = make();
  const { finalDensity: _, ...rest } = {
    ...OPTIONS,
    validationFraction: 0.2,
    patience: 1,
    learningRate: 0.1,
  };
  const constant = await finish(make(), data, rest);
  assert(constant.records.length < 8, "the validation loss never rose");
  const settings = { ...rest, finalDensity: 0.05 };
  const { records, summary } = await finish(model, data, settings);
  assert(records.length >= 9, `${records.length} epochs`);
  assert(summary.kept!.epoch >= 9);
  assertEquals(evolving(model), 210);
});

Deno.test("train() goes on with a density that has fallen: a longer run keeps it", async () => {
  const [model, state] = [make(), newRunState()];
  await finish(model, data, { ...OPTIONS, epochs: 5, state });
  assertEquals(evolving(model), 210);
  assertEquals(state.startDensities!.length, 2);
  await finish(model, data, { ...OPTIONS, epochs: 10, state });
  assertEquals(evolving(model), 210);
});

Deno.test("train() refuses a final density that it could not come down to, at the call", () => {
  const run = (options: TrainOptions, model = make()) => () => train(model, data, { ...OPTIONS, ...options });
  assertThrows(run({ finalDensity: 0 }), RangeError, "finalDensity is 0");
  assertThrows(run({ finalDensity: 0.7 }), RangeError, "the layers that evolve begin with a density of 0.49");
  assertThrows(run({ finalDensity: 0.0002 }), RangeError, "layer 1 would have no connection");
  assertThrows(run({ epochs: 2 }), RangeError, "the last change of the topology comes after 0.5");
  assertThrows(run({ evolveEvery: { steps: 90 }, densityStop: 0.95 }), RangeError, "comes after 0.9");
  assertThrows(run({ epochsDone: 3 }), TypeError, "nothing says with which density");
  const shallow = SparseMlp.create({ sizes: [20, 2], density: 0.5, seed: 1 });
  assertThrows(run({}, shallow), RangeError, "there is no hidden layer");
  const state = { ...newRunState(), startDensities: [0.5] };
  assertThrows(run({ state }), TypeError, "startDensities has 1 numbers");
  assertThrows(
    run({ state: { ...newRunState(), startDensities: [2] } }),
    RangeError,
    "startDensities is [2]",
  );
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import { TASKS } from "../src/task.ts";
import { gradientsOf, numbers, randomBatch, randomModel, STEP } from "./oracle/batch.ts";
import { assertClose, backpropagate, oracleOf } from "./oracle/mlp.ts";
import type { SparseMlp } from "../src/model/model.ts";
import type { Places } from "../src/native/grow.ts";
import { probeGradients, type ProbePlaces, type ProbeSettings, probeWords } from "../src/native/probe.ts";
import type { Batch } from "../src/native/step.ts";
import { keepStrongest } from "../src/native/strongest.ts";
import { sharedWords } from "../src/sparse/shared.ts";
import { gradientsAt } from "../src/topology/probe.ts";

/** A share of all places of each layer, in matrix order. */
function placesOf(model: SparseMlp, share: number): ProbePlaces {
  const next = numbers(3);
  const [ends, rows, columns]: number[][] = [[], [], []];
  for (const { inputs, neurons } of model.layers) {
    for (let place = 0; place < inputs * neurons; place++) {
      if ((next() + 1) / 2 >= share) continue;
      rows.push(Math.floor(place / neurons));
      columns.push(place % neurons);
    }
    ends.push(rows.length);
  }
  return { ends: Uint32Array.from(ends), rows: Uint32Array.from(rows), columns: Uint32Array.from(columns) };
}

/** One probe in fresh work memory, filled with NaN so that reading what was not written shows. */
function probe(model: SparseMlp, batch: Batch, places: ProbePlaces, settings: ProbeSettings): Float32Array {
  const use = { ...settings, dropout: (settings.dropout ?? 0) > 0 };
  const work = sharedWords(probeWords(model.memory, batch.width, use)).fill(0x7fc0_0000);
  const gradients = new Float32Array(places.rows.length).fill(NaN);
  probeGradients(model.memory, batch, places, settings, work, gradients);
  return gradients;
}

/** Calls back with what belongs to each layer. */
function* layersOf(places: ProbePlaces): Generator<{ index: number; start: number; end: number }> {
  let start = 0;
  for (const [index, end] of places.ends.entries()) {
    yield { index, start, end };
    start = end;
  }
}

for (const task of TASKS) {
  for (const activation of [{ kind: "all-relu", alpha: 0.6 }, { kind: "srelu" }] as const) {
    Deno.test(`probeGradients() gives the slopes of a dense network: ${activation.kind}, ${task}`, () => {
      for (const sizes of [[5, 3], [1, 1, 1], [7, 19, 11, 3], [33, 17, 40, 9, 2]]) {
        const model = randomModel({ sizes, density: 0.2, activation, task, seed: 4 });
        const before = Uint32Array.from(model.memory.arena);
        // One sample, one tile, several tiles of which the last is in part padding.
        for (const [samples, width] of [[1, 16], [64, 64], [50, 16]]) {
          const random = randomBatch(sizes, samples, task, 6);
          const { gradients: expected } = backpropagate(unmasked(model), random);
          for (const share of [1, 0.3, 0]) {
            const places = placesOf(model, share);
            const found = probe(model, random.tiles(width), places, { threads: 2 });
            for (const { index, start, end } of layersOf(places)) {
              const at = (place: number) =>
                places.rows[place] * model.layers[index].neurons + places.columns[place];
              const wanted = Float64Array.from(
                { length: end - start },
                (_, place) => expected[index].weights[at(start + place)],
              );
              // Sums of up to 64 products of f32, whose factors are sums of up to 40: 104 · 2⁻²⁴ is 6e-6.
              assertClose(found.subarray(start, end), wanted, 1e-5, `layer ${index} of ${sizes}`);
            }
          }
        }
        assertEquals(model.memory.arena, before, "the network is not changed");
      }
    });
  }
}

/** The oracle's network with gradients at all places: absent weights are 0, but are there. */
function unmasked(model: SparseMlp): ReturnType<typeof oracleOf> {
  const net = oracleOf(model);
  for (const layer of net.layers) layer.mask.fill(1);
  return net;
}

Deno.test("probeGradients() gives connections that exist the bits of their written gradients", () => {
  const sizes = [20, 60, 30, 4];
  const model = randomModel({ sizes, density: 0.3, activation: "srelu", seed: 2 });
  const places = placesOf(model, 1);
  for (const [samples, width] of [[64, 64], [100, 32]]) {
    for (const dropout of [0, 0.4]) {
      const batch = randomBatch(sizes, samples, "classification", 5).tiles(width);
      const { layers } = gradientsOf(model, batch, { ...STEP, dropout, seed: 7, step: 8 });
      const found = probe(model, batch, places, { threads: 1, dropout, seed: 7, step: 8 });
      for (const { index, start } of layersOf(places)) {
        const { inputs, neurons, nnz, indptr, indices } = model.layers[index];
        const own: number[] = [];
        for (let row = 0; row < inputs; row++) {
          for (let at = indptr[row]; at < indptr[row + 1]; at++) {
            own.push(found[start + row * neurons + indices[at]]);
          }
        }
        assertEquals(Float32Array.from(own), layers[index].weights.slice(0, nnz));
      }
    }
  }
});

Deno.test("probeGradients() gives the same bits for any number of threads, in f32 and bf16", () => {
  const sizes = [200, 300, 250, 10];
  const model = randomModel({ sizes, density: 0.05, activation: { kind: "all-relu", alpha: 0.6 }, seed: 2 });
  const batch = randomBatch(sizes, 150, "classification", 5).tiles(64);
  const places = placesOf(model, 0.8);
  const whole = probe(model, batch, places, { threads: 1 });
  for (const activationStorage of ["f32", "bf16"] as const) {
    const memory = { activationStorage, recompute: activationStorage === "bf16" };
    const one = probe(model, batch, places, { threads: 1, ...memory });
    for (const threads of [2, 3, 8]) {
      assertEquals(probe(model, batch, places, { threads, ...memory }), one);
    }
    // bfloat16 has 8 bits, and rounds activations and deltas: 2⁻⁹ each.
    const square = (numbers: Float32Array) => numbers.reduce((sum, number) => sum + number ** 2, 0);
    const error = Math.sqrt(square(one.map((gradient, at) => gradient - whole[at])) / square(whole));
    assert(activationStorage === "f32" ? error === 0 : error > 0 && error < 0.02, `${error}`);
  }
});

Deno.test("probeGradients() refuses places outside their layer and lists that do not fit", () => {
  const model = randomModel({ sizes: [4, 6, 3], density: 0.5 });
  const batch = randomBatch([4, 6, 3], 10, "classification", 1).tiles(16);
  const places = { ends: Uint32Array.of(1, 2), rows: Uint32Array.of(3, 5), columns: Uint32Array.of(5, 2) };
  const run = (change: Partial<ProbePlaces>, settings: Partial<ProbeSettings> = {}) => () =>
    probe(model, batch, { ...places, ...change }, { threads: 1, ...settings });
  run({})();
  assertThrows(run({ rows: Uint32Array.of(4, 5) }), RangeError, "Cannot probe the gradients");
  assertThrows(run({ columns: Uint32Array.of(5, 3) }), RangeError);
  assertThrows(run({ ends: Uint32Array.of(0, 2) }), RangeError); // (3, 5) is no place of the second layer
  assertThrows(run({ ends: Uint32Array.of(3, 2) }), RangeError);
  assertThrows(run({ ends: Uint32Array.of(1, 1) }), TypeError);
  assertThrows(run({ ends: Uint32Array.of(2) }), TypeError, "the list of ends has 1 elements, expected 2");
  assertThrows(run({ columns: Uint32Array.of(5) }), TypeError, "the list of neurons");
  assertThrows(run({}, { dropout: 1 }), RangeError);
  const short = new Uint32Array(probeWords(model.memory, 16, { dropout: false }) - 1);
  const gradients = new Float32Array(2);
  assertThrows(
    () => probeGradients(model.memory, batch, places, { threads: 1 }, short, gradients),
    TypeError,
    "Cannot probe the gradients of absent connections: a buffer has the wrong length",
  );
});

Deno.test("gradientsAt() and keepStrongest() find the places where the loss falls fastest", () => {
  const sizes = [6, 30, 20, 3];
  const model = randomModel({ sizes, density: 0.3, activation: { kind: "all-relu", alpha: 0.6 }, seed: 9 });
  const random = randomBatch(sizes, 40, "classification", 5);
  const net = unmasked(model);
  const { gradients } = backpropagate(net, random);
  // All absent places of the hidden layers; none of the output layer is asked for.
  const places = model.layers.map((layer, index): Places => {
    const mask = oracleOf(model).layers[index].mask;
    const absent = [...mask.keys()].filter((place) => index < 2 && mask[place] === 0);
    return {
      rows: Uint32Array.from(absent, (place) => Math.floor(place / layer.neurons)),
      columns: Uint32Array.from(absent, (place) => place % layer.neurons),
    };
  });
  const found = gradientsAt(model, random.tiles(48), places, { threads: 2 });
  assertEquals(found.map(({ length }) => length), places.map(({ rows }) => rows.length));
  for (const index of [0, 1]) {
    const { neurons } = model.layers[index];
    const size = (place: number) => Math.abs(gradients[index].weights[place]);
    const flat = ({ rows, columns }: Places) => Array.from(rows, (row, at) => row * neurons + columns[at]);
    const expected = flat(places[index]).toSorted((a, b) => size(b) - size(a)).slice(0, 10);
    const chosen = keepStrongest(places[index], found[index], 10);
    assertEquals(flat(chosen), expected.toSorted((a, b) => a - b));
  }
});

Deno.test("gradientsAt() refuses lists and memory that do not fit", () => {
  const model = randomModel({ sizes: [4, 6, 3], density: 0.5 });
  const batch = randomBatch([4, 6, 3], 10, "classification", 1).tiles(16);
  const none: Places = { rows: new Uint32Array(0), columns: new Uint32Array(0) };
  assertEquals(gradientsAt(model, batch, [none, none], { threads: 1 }).map(({ length }) => length), [0, 0]);
  assertThrows(() => gradientsAt(model, batch, [none], { threads: 1 }), TypeError, "the list of ends");
  const outside = { rows: Uint32Array.of(0), columns: Uint32Array.of(6) };
  assertThrows(() => gradientsAt(model, batch, [outside, none], { threads: 1 }), RangeError);
  const work = new Uint32Array(16);
  assertThrows(() => gradientsAt(model, batch, [none, none], { threads: 1 }, work), TypeError);
});

Deno.test("keepStrongest() keeps the first of equal scores, all where there are too few, and refuses other lengths", () => {
  const places = () => ({ rows: Uint32Array.of(0, 1, 2, 3), columns: Uint32Array.of(9, 8, 7, 6) });
  const scores = Float32Array.of(0.5, -2, 2, -0.5);
  const rows = (count: number) => Array.from(keepStrongest(places(), scores, count).rows);
  assertEquals([0, 1, 2, 3, 4, 9].map(rows), [[], [1], [1, 2], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3]]);
  assertEquals(Array.from(keepStrongest(places(), scores, 3).columns), [9, 8, 7]);
  assertThrows(
    () => keepStrongest(places(), scores.subarray(1), 2),
    TypeError,
    "choose the strongest places",
  );
});

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { percentileOf } from "../src/native/importance.ts";
import type { Connections } from "../src/sparse/csr.ts";
import { neuronImportance, pruneByImportance, removeUnimportant } from "../src/topology/importance.ts";
import { evolveConnections } from "../src/topology/evolution.ts";
import { assertInvariants, copyOf, layerOf, numberPlanes, placesOf } from "./topology/layer.ts";

/** Importance by a dense walk in f64. */
function denseImportance(layer: Connections): Float64Array {
  const scores = new Float64Array(layer.neurons);
  for (const [place, [value]] of placesOf(layer)) scores[place % layer.neurons] += Math.abs(value);
  return scores;
}

/** numpy.percentile(values, q), linear, by sorting. */
function sortedPercentile(values: Iterable<number>, q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = q / 100 * (sorted.length - 1);
  const below = Math.floor(place);
  return sorted[below] + ((sorted[below + 1] ?? sorted[below]) - sorted[below]) * (place - below);
}

Deno.test("neuronImportance() refuses a position that is past the weights", () => {
  const layer = layerOf({ inputs: 5, neurons: 7, probability: 0.5 });
  layer.position[0] = layer.values.length;
  assertThrows(() => neuronImportance(layer), TypeError, "Cannot score the neurons of a layer");
});

Deno.test("neuronImportance() is the sum of absolute incoming weights, equal for 1, 2 and 4 threads", () => {
  for (
    const [inputs, neurons, probability] of [[1, 1, 1], [1, 70, 0.2], [70, 1, 0.2], [33, 57, 0], [
      700,
      900,
      0.5,
    ]]
  ) {
    const layer = layerOf({ inputs, neurons, probability });
    const scores = neuronImportance(layer);
    const oracle = denseImportance(layer);
    // The kernel sums in f64 too, so only the rounding to f32 (2⁻²⁴ of the value) remains.
    scores.forEach((score, neuron) => assertAlmostEquals(score, oracle[neuron], oracle[neuron] * 2 ** -23));
    for (const threads of [2, 4]) assertEquals(neuronImportance(layer, threads), scores);
  }
});

Deno.test("percentileOf() gives NumPy's numbers", () => {
  // numpy.percentile([3, 1, 4, 1, 5, 9, 2, 6], [0, 10, 20, 25, 50, 90, 99, 100])
  const values = Float32Array.of(3, 1, 4, 1, 5, 9, 2, 6);
  const expected = [[0, 1], [10, 1], [20, 1.4], [25, 1.75], [50, 3.5], [90, 6.9], [99, 8.79], [100, 9]];
  for (const [q, percentile] of expected) assertAlmostEquals(percentileOf(values, q), percentile, 1e-13);
  assertEquals(percentileOf(Float32Array.of(7), 42), 7);
  assert(Number.isNaN(percentileOf(Float32Array.of(1, NaN), 20)));
  for (const q of [-1, 101, NaN]) assertThrows(() => percentileOf(values, q), RangeError, "percentile");
  assertThrows(() => percentileOf(new Float32Array(0), 50), RangeError, "of 0 values");
});

Deno.test("pruneByImportance() takes all inputs of neurons at or below the percentile, no others", () => {
  for (const [inputs, neurons, probability] of [[30, 40, 0.05], [30, 40, 1], [400, 700, 0.3], [5, 2, 1]]) {
    for (const threads of [1, 2, 4]) {
      const layer = layerOf({ inputs, neurons, probability, planes: threads === 4 ? 0 : threads });
      numberPlanes(layer);
      const before = placesOf(layer);
      const scores = neuronImportance(layer);
      const threshold = sortedPercentile(scores, 20);
      const counts = pruneByImportance(layer, 20, threads);
      assertAlmostEquals(counts.threshold, threshold, 1e-12);
      const expected = new Map([...before].filter(([place]) => scores[place % neurons] > counts.threshold));
      assertEquals(placesOf(layer), expected);
      assertEquals(counts.removed, before.size - expected.size);
      assertEquals(layer.nnz, expected.size);
      assertEquals(layer.nnz, layer.indptr[inputs]);
      const targets = (places: Map<number, unknown>) =>
        new Set([...places.keys()].map((place) => place % neurons)).size;
      assertEquals(counts.neurons, targets(before) - targets(expected));
      assertInvariants(layer);
    }
  }
});

Deno.test("pruneByImportance() counts neurons without connections in the percentile", () => {
  const layer = layerOf({ inputs: 10, neurons: 10, probability: 1 });
  const scores = neuronImportance(layer);
  const order = [...scores.keys()].sort((a, b) => scores[a] - scores[b]);
  removeUnimportant(layer, scores, { threshold: scores[order[2]] });
  const { nnz } = layer;
  assertEquals(nnz, 70);
  // Three of ten neurons are dead, so the 20th percentile is 0 and nobody else goes.
  assertEquals(pruneByImportance(layer, 20), { threshold: 0, neurons: 0, removed: 0 });
  // The 40th percentile lies between the fourth and the fifth: one more goes.
  assertEquals(pruneByImportance(layer, 40).neurons, 1);
  assertEquals(layer.nnz, 60);
});

Deno.test("pruneByImportance() never empties a layer", () => {
  const equal = layerOf({ inputs: 8, neurons: 6, probability: 1 });
  equal.values.fill(0.5);
  for (const layer of [equal, layerOf({ inputs: 9, neurons: 1, probability: 1 })]) {
    const before = copyOf(layer);
    for (const percentile of [0, 20, 100]) {
      const { removed, neurons } = pruneByImportance(layer, percentile);
      assertEquals([removed, neurons], [0, 0]);
      assertEquals(copyOf(layer), before);
    }
  }
  const empty = layerOf({ inputs: 8, neurons: 6, probability: 0 });
  assertEquals(pruneByImportance(empty, 20), { threshold: 0, neurons: 0, removed: 0 });
});

Deno.test("pruneByImportance() lets a NaN weight remove nothing", () => {
  const layer = layerOf({ inputs: 8, neurons: 6, probability: 1 });
  layer.values[3] = NaN;
  assertEquals(pruneByImportance(layer, 50), { threshold: NaN, neurons: 0, removed: 0 });
});

Deno.test("evolveConnections() keeps the nnz that pruneByImportance() has left", () => {
  const layer = layerOf({ inputs: 100, neurons: 80, probability: 0.2 });
  for (let epoch = 0; epoch < 10; epoch++) {
    const before = layer.nnz;
    const { removed } = pruneByImportance(layer, 20);
    assert(removed > 0);
    evolveConnections(layer, {
      zeta: 0.3,
      weights: { kind: "normal", scale: 0.1 },
      seed: 1,
      epoch,
      layer: 2,
    });
    assertEquals(layer.nnz, before - removed);
    assertInvariants(layer);
  }
});

Deno.test("pruneByImportance() refuses percentiles out of range and arrays of wrong length", () => {
  const layer = layerOf({ inputs: 8, neurons: 6, probability: 1 });
  for (const percentile of [-1, 101, NaN]) {
    assertThrows(() => pruneByImportance(layer, percentile), RangeError, `percentile is ${percentile}`);
  }
  const broken = { ...layer, position: layer.position.subarray(1) };
  assertThrows(() => neuronImportance(broken), TypeError, "position");
  assertThrows(() => pruneByImportance(broken, 20), TypeError, "position");
  const scores = new Float32Array(5);
  assertThrows(() => removeUnimportant(layer, scores, { threshold: 1 }), TypeError, "5 scores");
});

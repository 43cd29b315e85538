import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { compact, pruneByImportance, SparseMlp } from "../mod.ts";
import { distributions, histogramOf } from "../src/topology/distribution.ts";

Deno.test("histogramOf() counts every number once, in bins of equal width", () => {
  assertEquals(histogramOf([], 5), { least: 0, most: 0, counts: [] });
  assertEquals(histogramOf([3, 3, 3], 5), { least: 3, most: 3, counts: [3] });
  assertEquals(histogramOf([0, 0.5, 1, 1.5, 2], 2), { least: 0, most: 2, counts: [2, 3] });
  const many = Float32Array.from({ length: 1000 }, (_, at) => Math.sin(at));
  const { least, most, counts } = histogramOf(many, 24);
  assertEquals([counts.length, counts.reduce((sum, each) => sum + each)], [24, 1000]);
  assertEquals([least, most], [Math.min(...many), Math.max(...many)]);
});

Deno.test("distributions() agrees with a count by hand", () => {
  const model = SparseMlp.create({ sizes: [30, 50, 20, 4], epsilon: 3, seed: 1 });
  pruneByImportance(model.layers[0], 60);
  const [first, second, output] = distributions(model.layers, 10);
  const { indptr, indices, values, nnz, neurons } = model.layers[0];
  const incoming = new Array(neurons).fill(0);
  indices.subarray(0, nnz).forEach((target) => incoming[target]++);
  assertEquals(first.dead.withoutInput, incoming.filter((degree) => degree === 0).length);
  assert(first.dead.withoutInput >= 30);
  assertEquals(first.incomingDegrees.most, Math.max(...incoming));
  assertEquals(first.outgoingDegrees.counts.reduce((sum, each) => sum + each), indptr.length - 1);
  const weights = [...values.subarray(0, nnz)];
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / nnz;
  assertAlmostEquals(first.weights.mean, mean, 1e-12);
  const variance = weights.reduce((sum, weight) => sum + (weight - mean) ** 2, 0) / nnz;
  assertAlmostEquals(first.weights.standardDeviation, Math.sqrt(variance), 1e-12);
  const useless = Array.from({ length: 50 }, (_, neuron) => neuron).filter((neuron) =>
    incoming[neuron] === 0 || model.layers[1].indptr[neuron] === model.layers[1].indptr[neuron + 1]
  );
  assertEquals(first.dead.either, useless.length);
  assertEquals(output.dead.withoutOutput, 0);
  assert(second.importance.least >= 0);
  const left = distributions(compact(model).model.layers, 10);
  assertEquals(left.slice(0, 2).map(({ dead }) => dead.either), [0, 0]);
});

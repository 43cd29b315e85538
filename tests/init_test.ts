import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { type Connections, density, rebuildIncoming, validateConnections } from "../src/sparse/csr.ts";
import { connectionProbability, countConnections, fillConnections, weightLaw } from "../src/sparse/init.ts";
import { layerOf, transposed } from "./topology/layer.ts";

const SHAPES = [
  [1, 1, 1],
  [1, 300, 0.2],
  [300, 1, 0.2],
  [33, 47, 0],
  [33, 47, 0.07],
  [33, 47, 1],
  [784, 1000, 0.0455],
  [20_000, 3_000, 0.003],
] as const;

Deno.test("connectionProbability() is min(1, ε·(n + m)/(n·m)), or the density asked for", () => {
  const size = { inputs: 784, neurons: 1000 };
  assertAlmostEquals(connectionProbability({ ...size, epsilon: 20 }), 20 * 1784 / 784_000, 1e-15);
  assertEquals(connectionProbability({ ...size, epsilon: 1e6 }), 1);
  assertEquals(connectionProbability({ ...size, epsilon: 0 }), 0);
  assertEquals(connectionProbability({ ...size, density: 0.25 }), 0.25);
});

Deno.test("connectionProbability() refuses sizes, ε and densities out of range", () => {
  const size = { inputs: 3, neurons: 4 };
  for (const epsilon of [-1, NaN, Infinity]) {
    assertThrows(() => connectionProbability({ ...size, epsilon }), RangeError, `epsilon is ${epsilon}`);
  }
  for (const density of [-0.1, 1.01, NaN]) {
    assertThrows(() => connectionProbability({ ...size, density }), RangeError, `density is ${density}`);
  }
  for (const inputs of [0, 2.5, -1, NaN, 2 ** 32]) {
    assertThrows(() => connectionProbability({ inputs, neurons: 4, epsilon: 1 }), RangeError, "inputs is");
  }
  const both = { ...size, epsilon: 1, density: 0.5 } as unknown as { epsilon: number } & typeof size;
  assertThrows(() => connectionProbability(both), TypeError, "either epsilon or density");
});

Deno.test("weightLaw() follows the dense widths, or the expected sparse ones on request", () => {
  const layer = { inputs: 600, neurons: 150, probability: 0.1 };
  const scale = (initializer: "he-uniform" | "xavier" | "normal", fanIn?: "sparse") =>
    weightLaw({ ...layer, initializer, ...(fanIn && { fanIn }) }).scale;
  assertAlmostEquals(scale("he-uniform"), Math.sqrt(6 / 600), 1e-15);
  assertAlmostEquals(scale("he-uniform", "sparse"), Math.sqrt(6 / 60), 1e-15);
  assertAlmostEquals(scale("xavier"), Math.sqrt(6 / 750), 1e-15);
  assertAlmostEquals(scale("xavier", "sparse"), Math.sqrt(6 / 75), 1e-15);
  assertEquals([scale("normal"), scale("normal", "sparse")], [0.1, 0.1]);
  const single = { inputs: 2, neurons: 2, probability: 1e-9, fanIn: "sparse" } as const;
  assertAlmostEquals(weightLaw({ ...single, initializer: "he-uniform" }).scale, Math.sqrt(6), 1e-15);
  assertThrows(
    () => weightLaw({ inputs: 2, neurons: 2, initializer: "xavier", fanIn: "sparse" }),
    RangeError,
    "probability is NaN",
  );
  const unknown = "glorot" as "xavier";
  assertThrows(() => weightLaw({ inputs: 2, neurons: 2, initializer: unknown }), TypeError, '"glorot"');
});

Deno.test("fillConnections() gives a valid layer of the expected size, equal for 1, 2 and 4 threads", () => {
  for (const [inputs, neurons, probability] of SHAPES) {
    const layer = layerOf({ inputs, neurons, probability });
    validateConnections(layer);
    const mean = inputs * neurons * probability;
    // Six standard deviations of a binomial count.
    assert(Math.abs(layer.nnz - mean) <= 6 * Math.sqrt(mean * (1 - probability)) + 1e-9);
    assert(layer.planes[0].every((value) => value === 0));
    assertEquals(transposed(layer), [layer.incomingPtr, layer.source, layer.position]);
    for (const threads of [2, 4]) assertEquals(layerOf({ inputs, neurons, probability, threads }), layer);
  }
});

Deno.test("fillConnections() depends on the seed and the layer", () => {
  const size = { inputs: 50, neurons: 60, probability: 0.2 };
  const layer = layerOf(size);
  assertNotEquals(layerOf({ ...size, seed: 2 }).indices, layer.indices);
  assertNotEquals(layerOf({ ...size, layer: 2 }).indices, layer.indices);
  assertAlmostEquals(density(layer), 0.2, 0.05);
  assertEquals(density({ inputs: 0, neurons: 3, nnz: 0 }), 0);
});

Deno.test("countConnections() refuses layers that 32 bits cannot count, before drawing them", () => {
  const options = { inputs: 3, neurons: 2 ** 31, probability: 1, seed: 1, layer: 1 };
  assertThrows(
    () => countConnections(new Uint32Array(4), options),
    RangeError,
    "Cannot make a layer [3, 2147483648] with about 6442450944 connections",
  );
  assertThrows(() => countConnections(new Uint32Array(3), options), TypeError, "indptr has 3 elements");
  const impossible = { ...options, neurons: 5, probability: 1.5 };
  assertThrows(() => countConnections(new Uint32Array(4), impossible), RangeError);
});

Deno.test("fillConnections() refuses arrays of wrong length and a structure counted otherwise", () => {
  const options = { inputs: 50, neurons: 60, probability: 0.2, seed: 1, layer: 1 };
  const weights = { kind: "uniform", scale: 1 } as const;
  const layer = layerOf(options);
  const broken = (change: Partial<Connections>) => ({ ...layer, ...change });
  for (const name of ["indices", "source", "position"] as const) {
    const short = broken({ [name]: layer[name].subarray(1) });
    assertThrows(() => fillConnections(short, { ...options, weights }), TypeError, name);
  }
  const planes = layer.planes.map((plane) => plane.subarray(1));
  assertThrows(() => fillConnections(broken({ planes }), { ...options, weights }), TypeError, "plane 1");
  assertThrows(
    () => fillConnections(layer, { ...options, weights, seed: 2 }),
    TypeError,
    "valid sparse matrix",
  );
});

Deno.test("validateConnections() refuses unsorted, repeated and foreign indices", () => {
  for (const indices of [[1, 0, 2], [0, 0, 2], [0, 1, 4]]) {
    const layer = layerOf({ inputs: 2, neurons: 4, probability: 1 });
    layer.indptr.set([0, 2, 3]);
    layer.indices.set(indices);
    layer.nnz = 3;
    assertThrows(() => validateConnections(layer), TypeError, "valid sparse matrix");
  }
  const layer = layerOf({ inputs: 2, neurons: 4, probability: 1 });
  layer.nnz = 7;
  assertThrows(() => validateConnections(layer), TypeError, "nnz is 7, indptr ends with 8");
});

Deno.test("rebuildIncoming() follows a change of the rows", () => {
  const layer = layerOf({ inputs: 3, neurons: 4, probability: 1 });
  layer.indptr.set([0, 1, 1, 3]);
  layer.indices.set([2, 0, 2]);
  layer.nnz = 3;
  rebuildIncoming(layer);
  assertEquals([...layer.incomingPtr], [0, 1, 1, 3, 3]);
  assertEquals([...layer.source.subarray(0, 3)], [2, 0, 2]);
  assertEquals([...layer.position.subarray(0, 3)], [1, 0, 2]);
});

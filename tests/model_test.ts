import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { ACTIVATION_KINDS, activationCode, resolveActivation } from "../src/model/activation.ts";
import { SparseMlp } from "../src/model/model.ts";
import type { ModelOptions } from "../src/model/settings.ts";
import { type Connections, validateConnections } from "../src/sparse/csr.ts";
import { stateOf } from "./model/state.ts";
import { transposed } from "./topology/layer.ts";

Deno.test("SparseMlp.create() fills in the paper's defaults and keeps what was given", () => {
  assertEquals(SparseMlp.create({ sizes: [4, 3, 2] }).settings, {
    sizes: [4, 3, 2],
    epsilon: 20,
    start: "random",
    activation: { kind: "all-relu", alpha: 0.6 },
    initializer: "he-uniform",
    fanIn: "dense",
    zeroOutput: false,
    task: "classification",
    seed: 0,
  });
  const options = {
    sizes: [4, 3, 2],
    density: [0.5, 1],
    start: "random",
    activation: { kind: "leaky-relu", alpha: 0.2 },
    initializer: "xavier",
    fanIn: "sparse",
    zeroOutput: true,
    task: "regression",
    seed: 9,
  } as const;
  assertEquals(SparseMlp.create(options).settings, options);
  const { activation } = SparseMlp.create({ sizes: [2, 2], activation: "prelu" }).settings;
  assertEquals(activation, { kind: "prelu", alpha: 0.25 });
});

Deno.test("SparseMlp.create() makes valid layers with zero biases and no state, for all activations", () => {
  const start = { prelu: [0.25], srelu: [0, 0.2, 1, 1] } as Record<string, number[]>;
  for (const activation of ACTIVATION_KINDS) {
    const model = SparseMlp.create({ sizes: [31, 47, 23, 5], epsilon: 4, activation, seed: 2 });
    for (const [index, layer] of model.layers.entries()) {
      validateConnections(layer);
      assertEquals([layer.incomingPtr, layer.source, layer.position], transposed(layer as Connections));
      assert(layer.bias.every((value) => value === 0));
      assertEquals([layer.planes, layer.biasPlanes, layer.activationPlanes], [[], [], []]);
      const shape = index < 2 ? start[activation] ?? [] : [];
      assertEquals(
        [...layer.activationParameters],
        Array.from({ length: layer.neurons }, () => shape.map(Math.fround)).flat(),
      );
    }
  }
});

Deno.test("SparseMlp.create() gives as many connections as epsilon or each layer's density asks for", () => {
  const check = (model: SparseMlp, densities: number[]) => {
    for (const [index, layer] of model.layers.entries()) {
      const [places, p] = [layer.inputs * layer.neurons, densities[index]];
      // Five standard deviations of a binomial count.
      const spread = 5 * Math.sqrt(places * p * (1 - p));
      assert(Math.abs(layer.nnz - places * p) <= spread, `${layer.nnz} of ${places} at ${p}`);
    }
  };
  const sizes = [784, 300, 200, 10];
  const byEpsilon = sizes.slice(1).map((m, layer) =>
    Math.min(1, 20 * (sizes[layer] + m) / (sizes[layer] * m))
  );
  check(SparseMlp.create({ sizes, seed: 1 }), byEpsilon);
  check(SparseMlp.create({ sizes, density: 0.1, seed: 1 }), [0.1, 0.1, 0.1]);
  check(SparseMlp.create({ sizes, density: [0.01, 0.5, 1], seed: 1 }), [0.01, 0.5, 1]);
  assertEquals(SparseMlp.create({ sizes, density: [1, 0, 1] }).layers.map((layer) => layer.nnz), [
    235_200,
    0,
    2000,
  ]);
});

Deno.test("SparseMlp.create() scales initial weights as the initialiser says", () => {
  const sizes = [200, 300];
  const largest = (options: Partial<ModelOptions>) => {
    const [layer] = SparseMlp.create({ sizes, density: 0.2, seed: 3, ...options }).layers;
    return layer.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  };
  // The largest of 12,000 uniform draws misses the bound by about 1 part in 12,000.
  assertAlmostEquals(largest({}), Math.sqrt(6 / 200), 1e-3);
  assertAlmostEquals(largest({ initializer: "xavier" }), Math.sqrt(6 / 500), 1e-3);
  assertAlmostEquals(largest({ fanIn: "sparse" }), Math.sqrt(6 / 40), 2e-3);
  const [normal] = SparseMlp.create({ sizes, density: 0.2, seed: 3, initializer: "normal" }).layers;
  const variance = normal.values.reduce((sum, value) => sum + value * value, 0) / normal.nnz;
  // The standard deviation of a variance of 12,000 draws is 1.3 %; four of them.
  assertAlmostEquals(variance, 0.01, 0.0005);
});

Deno.test("SparseMlp.create() lets the output layer begin at zero where asked, and changes nothing else", () => {
  const options = { sizes: [30, 40, 50, 3], density: 0.4, seed: 2 };
  const [plain, zero] = [SparseMlp.create(options), SparseMlp.create({ ...options, zeroOutput: true })];
  assertEquals(zero.layers[2].values, new Float32Array(plain.layers[2].values.length));
  plain.layers[2].values.fill(0);
  assertEquals(zero.memory.arena, plain.memory.arena);
});

Deno.test("SparseMlp.create() is a function of the seed, not of threads", () => {
  const make = (seed: number, threads: number) =>
    SparseMlp.create({ sizes: [500, 700, 10], seed, threads }).memory.arena;
  assertEquals(make(1, 2), make(1, 1));
  assertNotEquals(make(2, 1), make(1, 1));
});

Deno.test("activationCode() alternates All-ReLU's slope, −alpha in the first hidden layer", () => {
  const model = SparseMlp.create({
    sizes: [2, 2, 2, 2, 2, 2],
    activation: { kind: "all-relu", alpha: 0.75 },
  });
  assertEquals([...model.memory.slopes], [-0.75, 0.75, -0.75, 0.75, 0]);
  const relu = SparseMlp.create({ sizes: [2, 2, 2, 2], activation: "relu" });
  assertEquals([...relu.memory.slopes], [0, 0, 0]);
  assertEquals(activationCode(resolveActivation({ kind: "leaky-relu", alpha: 0.5 }), 1).slope, 0.5);
});

Deno.test("SparseMlp.create() refuses settings of the wrong kind", () => {
  const wrong: [Readonly<Record<string, unknown>>, string][] = [
    [{ sizes: [4] }, "at least two layers"],
    [{ sizes: [] }, "at least two layers"],
    [{ sizes: "4,3" }, "sizes is a string, expected an array of numbers"],
    [{ sizes: [4, "3"] }, "element 1 of sizes is a string, expected a number"],
    [{ hidden: [4] }, 'there is no option "hidden"'],
    [
      { activation: { kind: "relu", aplha: 1 } },
      'no option "activation.aplha", did you mean "activation.alpha"?',
    ],
    [{ seed: "1" }, "seed is 1 (a string)"],
    [{ epsilon: 2, density: 0.5 }, "epsilon and density were both given"],
    [{ density: [0.5] }, "1 densities were given"],
    [{ density: [0.5, 0.5, 0.5] }, "3 densities were given"],
    [{ activation: "gelu" }, 'Cannot use activation "gelu"'],
    [{ activation: { kind: "swish" } }, 'Cannot use activation "swish"'],
    [{ initializer: "zeros" }, 'initializer is "zeros"'],
    [{ fanIn: "wide" }, 'fanIn is "wide"'],
    [{ zeroOutput: "yes" }, "zeroOutput is yes"],
    [{ task: "ranking" }, 'task is "ranking"'],
  ];
  for (const [options, message] of wrong) {
    assertThrows(
      () => SparseMlp.create({ sizes: [4, 3, 2], ...options }),
      TypeError,
      message,
    );
  }
});

Deno.test("SparseMlp.create() refuses numbers out of range", () => {
  const wrong: [Partial<ModelOptions>, string][] = [
    [{ sizes: [4, 0, 2] }, "layer 2 has size 0"],
    [{ sizes: [4, -1] }, "layer 2 has size -1"],
    [{ sizes: [4.5, 2] }, "layer 1 has size 4.5"],
    [{ sizes: [NaN, 2] }, "layer 1 has size NaN"],
    [{ sizes: [4, 2 ** 32] }, "layer 2 has size 4294967296"],
    [{ epsilon: -1 }, "epsilon is -1"],
    [{ epsilon: Infinity }, "epsilon is Infinity"],
    [{ epsilon: NaN }, "epsilon is NaN"],
    [{ density: 1.01 }, "density is 1.01"],
    [{ density: -0.1 }, "density is -0.1"],
    [{ density: [0.5, NaN] }, "density is NaN"],
    [{ seed: -1 }, "seed is -1"],
    [{ seed: 1.5 }, "seed is 1.5"],
    [{ seed: 2 ** 53 }, "seed is 9007199254740992"],
    [{ threads: 0 }, "threads is 0"],
    [{ threads: NaN }, "threads is NaN"],
    [{ activation: { kind: "all-relu", alpha: NaN } }, "alpha is NaN"],
    [{ activation: { kind: "prelu", alpha: Infinity } }, "alpha is Infinity"],
  ];
  for (const [options, message] of wrong) {
    assertThrows(() => SparseMlp.create({ sizes: [4, 3, 2], ...options }), RangeError, message);
  }
});

Deno.test("SparseMlp.create() refuses what 32 bits cannot count and memory cannot hold", () => {
  assertThrows(
    () => SparseMlp.create({ sizes: [70_000, 70_000], density: 1 }),
    RangeError,
    "at most 4294967295 can be counted",
  );
  // Each of these layers can be counted; together they take 62 TiB, more than any machine has.
  assertThrows(
    () => SparseMlp.create({ sizes: Array(1000).fill(65_535), density: 1 }),
    RangeError,
    "Cannot allocate 63934.78 GiB in one buffer",
  );
});

Deno.test("SparseMlp.stats() counts the planes that are held, and one before the first training", () => {
  const model = SparseMlp.create({ sizes: [4, 3, 2], density: [0, 1], activation: "srelu" });
  const { trainingBytes, denseTrainingBytes } = model.stats();
  // 6 connections, 5 biases and 12 activation parameters; the dense network has 12 connections more.
  for (const [planes, more] of [[0, -1], [1, 0], [2, 1]] as const) {
    model.discardState();
    model.holdState(stateOf(planes));
    const stats = model.stats();
    assertEquals(stats.trainingBytes - trainingBytes, more * 4 * 23);
    assertEquals(stats.denseTrainingBytes - denseTrainingBytes, more * 4 * 35);
  }
});

Deno.test("SparseMlp.stats() gives the numbers counted by hand", () => {
  const stats = SparseMlp.create({ sizes: [4, 3, 2], density: [0, 1], activation: "srelu" }).stats();
  const first = {
    inputs: 4,
    neurons: 3,
    connections: 0,
    denseConnections: 12,
    density: 0,
    parameters: 3 + 12,
    denseParameters: 12 + 3 + 12,
    // Pointers of 5 rows and of 4 columns; 3 biases and 12 activation parameters, each with one number of state.
    trainingBytes: 4 * 5 + 4 * 4 + 8 * 15,
    denseTrainingBytes: 8 * 27,
    inferenceBytes: 4 * 4 + 4 * 15,
    denseInferenceBytes: 4 * 27,
    forwardFlops: 3,
    denseForwardFlops: 27,
    trainingFlops: 6,
    denseTrainingFlops: 4 * 12 + 6,
  };
  const second = {
    inputs: 3,
    neurons: 2,
    connections: 6,
    denseConnections: 6,
    density: 1,
    parameters: 8,
    denseParameters: 8,
    trainingBytes: 20 * 6 + 4 * 4 + 4 * 3 + 8 * 2,
    denseTrainingBytes: 8 * 8,
    inferenceBytes: 8 * 6 + 4 * 3 + 4 * 2,
    denseInferenceBytes: 4 * 8,
    forwardFlops: 14,
    denseForwardFlops: 14,
    trainingFlops: 40,
    denseTrainingFlops: 40,
  };
  assertEquals(stats.layers, [first, second]);
  const sums = Object.fromEntries(
    Object.entries(first).map(([name, value]) => [name, value + second[name as keyof typeof second]]),
  );
  const { inputs: _, ...totals } = sums;
  assertEquals(
    { ...stats },
    { ...totals, neurons: 9, density: 6 / 18, layers: stats.layers } as typeof stats,
  );
});

Deno.test("SparseMlp.stats() counts the paper's Fashion-MNIST network", () => {
  const { parameters, density } = SparseMlp.create({ sizes: [784, 1000, 1000, 1000, 10] }).stats();
  // Expected: 35,680 + 40,000 + 40,000 + 10,000 connections and 3,010 biases; 1,700 are five standard deviations.
  assertAlmostEquals(parameters, 128_690, 1_700);
  assertAlmostEquals(density, 0.045, 0.001);
});

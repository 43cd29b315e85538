import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { FeatureError } from "../src/errors.ts";
import type { LayerGradients } from "../src/model/layer.ts";
import { describeActivation, resolveActivation } from "../src/model/activation.ts";
import type { SparseMlp } from "../src/model/model.ts";
import { type Task, TASKS } from "../src/task.ts";
import { tileWidth } from "../src/model/tile.ts";
import { compact } from "../src/topology/compaction.ts";
import { evolveConnections } from "../src/topology/evolution.ts";
import { contentOf } from "./model/content.ts";
import {
  ACTIVATIONS,
  gradientsOf,
  numbers,
  randomBatch,
  randomModel,
  STEP,
  type TestBatch,
  weighted,
} from "./oracle/batch.ts";
import { assertClose, forward, meanLoss, type OracleNetwork, oracleOf } from "./oracle/mlp.ts";

const SIZES = [5, 9, 8, 7, 3];
// Sums of up to 40 products in f32 through four layers: about 40 · 2⁻²⁴ each, measured at most 3e-6.
const TOLERANCE = 1e-5;
// Central differences in f64: a third-order term of SHIFT², and rounding of 2⁻⁵² / SHIFT.
const SHIFT = 1e-6;

/** What gradients() takes, in the unit of raw features: x = (raw − mean) · scale. */
function givenOf(batch: TestBatch): Parameters<SparseMlp["gradients"]>[0] {
  const { features, labels, targets, weights } = batch;
  return {
    features: features.map((row) => Float32Array.from(row)),
    ...(labels.length > 0 ? { labels: Array.from(labels) } : { targets: Array.from(targets) }),
    ...(weights && { weights: Array.from(weights) }),
  };
}

/** Finite differences of a function of a network by all its parameters, connections in their order. */
function slopesOf(model: SparseMlp, net: OracleNetwork, value: () => number): LayerGradients[] {
  const slope = (numbers: Float64Array, at: number) => {
    const before = numbers[at];
    numbers[at] = before + SHIFT;
    const up = value();
    numbers[at] = before - SHIFT;
    const down = value();
    numbers[at] = before;
    return (up - down) / (2 * SHIFT);
  };
  return net.layers.map((layer, index) => {
    const { indptr, indices, inputs, nnz } = model.layers[index];
    const values = new Float32Array(nnz);
    for (let row = 0; row < inputs; row++) {
      for (let at = indptr[row]; at < indptr[row + 1]; at++) {
        values[at] = slope(layer.weights, row * layer.neurons + indices[at]);
      }
    }
    const bias = Float32Array.from(layer.bias, (_, at) => slope(layer.bias, at));
    const own = layer.activationParameters;
    return { values, bias, activationParameters: Float32Array.from(own, (_, at) => slope(own, at)) };
  });
}

/** Finite differences by the features, sample after sample. */
function inputSlopes(batch: TestBatch, value: (features: readonly Float64Array[]) => number): Float64Array {
  const features = batch.features.map((row) => Float64Array.from(row));
  return Float64Array.from(features.flatMap((row) =>
    Array.from(row, (before, at) => {
      row[at] = before + SHIFT;
      const up = value(features);
      row[at] = before - SHIFT;
      const down = value(features);
      row[at] = before;
      return (up - down) / (2 * SHIFT);
    })
  ));
}

function assertLayersClose(
  found: readonly LayerGradients[],
  expected: readonly LayerGradients[],
  what: string,
) {
  assertEquals(found.length, expected.length);
  for (const [index, layer] of found.entries()) {
    for (const part of ["values", "bias", "activationParameters"] as const) {
      assertClose(layer[part], expected[index][part], TOLERANCE, `${what}: ${part} of layer ${index}`);
    }
  }
}

for (const task of TASKS) {
  for (const activation of ACTIVATIONS) {
    const named = describeActivation(resolveActivation(activation));
    Deno.test(`gradients() and backward() agree with finite differences: ${named}, ${task}`, () => {
      const model = randomModel({ sizes: SIZES, density: 0.6, activation, task, seed: 8 });
      const random = weighted(randomBatch(SIZES, 20, task, 9), 4);
      const net = oracleOf(model);
      const found = model.gradients(givenOf(random));
      assertClose([found.loss], [meanLoss(net, random)], TOLERANCE, "loss");
      assertLayersClose(found.layers, slopesOf(model, net, () => meanLoss(net, random)), "gradients()");
      const byInputs = inputSlopes(random, (features) => meanLoss(net, { ...random, features }));
      assertClose(found.inputs, byInputs, TOLERANCE, "inputs of gradients()");

      const next = numbers(5);
      const outputGradient = Float32Array.from({ length: 20 * 3 }, next);
      const product = (features: readonly ArrayLike<number>[]) =>
        forward(net, { ...random, features }).values[3]
          .flatMap((row) => Array.from(row)).reduce(
            (sum, output, at) => sum + outputGradient[at] * output,
            0,
          );
      const outputs = model.forward(givenOf(random).features);
      const expected = forward(net, random).values[3].flatMap((row) => Array.from(row));
      assertClose(outputs, expected, TOLERANCE, "outputs");
      const back = model.backward(outputGradient);
      assertLayersClose(back.layers, slopesOf(model, net, () => product(random.features)), "backward()");
      assertClose(back.inputs, inputSlopes(random, product), TOLERANCE, "inputs of backward()");
    });
  }
}

Deno.test("gradients() of one output for two classes agree with finite differences", () => {
  const sizes = [5, 9, 1];
  const model = randomModel({ sizes, density: 0.6, activation: "tanh", seed: 8 });
  const random = weighted(randomBatch(sizes, 200, "classification", 9), 4);
  const net = oracleOf(model);
  const { loss, layers, inputs } = model.gradients(givenOf(random));
  assertClose([loss], [meanLoss(net, random)], TOLERANCE, "loss");
  assertLayersClose(layers, slopesOf(model, net, () => meanLoss(net, random)), "gradients()");
  const byInputs = inputSlopes(random, (features) => meanLoss(net, { ...random, features }));
  assertClose(inputs, byInputs, TOLERANCE, "inputs");
  const given = { features: [[1, 2, 3, 4, 5]], labels: [2] };
  assertThrows(() => model.gradients(given), RangeError, "number 0 of labels is 2");
});

Deno.test("activations() gives what the neurons of each layer give, of the last the outputs", () => {
  for (const sizes of [[3, 2], [7, 19, 11, 3], [33, 17, 40, 9, 2]]) {
    const model = randomModel({ sizes, density: 0.4, activation: "srelu", seed: 3 });
    for (const samples of [1, 16, 50, 300]) {
      const random = randomBatch(sizes, samples, "classification", 2);
      const { values } = forward(oracleOf(model), random);
      const { features } = givenOf(random);
      for (const [layer, rows] of values.entries()) {
        const found = model.activations(features, layer);
        assertClose(found, rows.flatMap((row) => Array.from(row)), TOLERANCE, `layer ${layer} of ${sizes}`);
      }
      assertEquals(model.activations(features, values.length - 1), model.forward(features));
    }
  }
});

Deno.test("gradients() gives the bits that a training step writes, in one tile and in several", () => {
  for (const task of TASKS) {
    const sizes = [20, 60, 30, 4];
    const model = randomModel({ sizes, density: 0.3, activation: "srelu", task, seed: 2 });
    for (const samples of [1, 40, 128, 129, 700]) {
      const random = weighted(randomBatch(sizes, samples, task, 5), 6);
      const batch = random.tiles(tileWidth(sizes, samples));
      const { layers, totals } = gradientsOf(model, batch, STEP);
      const found = model.gradients(givenOf(random));
      assertEquals(found.loss, totals.loss / samples);
      for (const [index, { weights, bias, activationParameters }] of layers.entries()) {
        const values = weights.slice(0, model.layers[index].nnz);
        const expected = { values, bias: bias.slice(), activationParameters: activationParameters.slice() };
        assertEquals(found.layers[index], expected, `layer ${index}, ${samples} samples`);
      }
    }
  }
});

Deno.test("backward() with the gradient of the loss gives the bits of gradients()", () => {
  const sizes = [20, 60, 30, 4];
  const model = randomModel({ sizes, density: 0.3, activation: "prelu", task: "regression", seed: 2 });
  const random = randomBatch(sizes, 300, "regression", 5);
  const given = givenOf(random);
  const share = Math.fround(1 / 300);
  // As the kernel rounds it: 2 · error · share / outputs.
  const outputGradient = model.forward(given.features).map((output, at) => {
    const error = Math.fround(2 * Math.fround(output - random.targets[at]));
    return Math.fround(Math.fround(error * share) / 4);
  });
  const { layers, inputs } = model.gradients(given);
  assertEquals(model.backward(outputGradient), { layers, inputs });
  assertEquals(model.backward(outputGradient, given.features), { layers, inputs });
});

Deno.test("forward(), gradients(), backward() and absentGradients() give the same bits for any number of threads", () => {
  const sizes = [200, 300, 250, 10];
  const model = randomModel({ sizes, density: 0.05, activation: { kind: "all-relu", alpha: 0.6 }, seed: 2 });
  const given = givenOf(randomBatch(sizes, 150, "classification", 5));
  const { features } = given;
  const outputGradient = Float32Array.from({ length: 1500 }, numbers(3));
  const rows = Uint32Array.from({ length: 3000 }, (_, at) => at % 200);
  const columns = Uint32Array.from({ length: 3000 }, (_, at) => (at * 7) % 300);
  const run = (threads: number) => [
    model.forward(features, { threads }),
    model.activations(features, 1, { threads }),
    model.gradients({ ...given, threads }),
    model.backward(outputGradient, features, { threads }),
    model.absentGradients(0, rows, columns, { ...given, threads }),
  ];
  const one = run(1);
  for (const threads of [2, 3, 8]) assertEquals(run(threads), one);
});

/** A regression model as training leaves it, of which compaction has left out features. */
function compacted(): SparseMlp {
  const sizes = [9, 14, 8, 2];
  const model = randomModel({ sizes, density: 0.5, activation: "tanh", task: "regression", seed: 6 });
  const next = numbers(12);
  const [first] = model.layers;
  // Two features that reach nobody.
  for (let at = first.indptr[3]; at < first.indptr[5]; at++) first.values[at] = 0;
  model.standardization = {
    mean: Float32Array.from({ length: 9 }, next),
    scale: Float32Array.from({ length: 9 }, (_, at) => at === 7 ? 0 : 1.5 + next()),
  };
  model.targetScaling = { mean: Float64Array.of(3, -1), deviation: Float64Array.of(2, 0.5) };
  const { model: smaller } = compact(model);
  assert(smaller.layers[0].inputs < 9 && smaller.featureCount === 9);
  return smaller;
}

Deno.test("gradients() of a compacted model are of raw features, and of targets in their own unit", () => {
  const model = compacted();
  const { mean, scale, selection } = model.standardization!;
  const random = randomBatch([9, 2], 30, "regression", 3);
  const net = oracleOf(model);
  // In f64, where a shift of 1e-6 counts.
  const exactly = (features: readonly ArrayLike<number>[]) =>
    features.map((row) =>
      Float64Array.from(mean, (centre, at) => (row[selection!.features[at]] - centre) * scale[at])
    );
  const targets = Array.from(
    random.targets,
    (target, at) => at % 2 === 0 ? (target - 3) / 2 : 2 * (target + 1),
  );
  const { loss, layers, inputs } = model.gradients(givenOf(random));
  assertClose(
    [loss],
    [meanLoss(net, { features: exactly(random.features), labels: [], targets })],
    TOLERANCE,
    "loss",
  );
  const value = (features: readonly Float64Array[]) =>
    meanLoss(net, { features: exactly(features), labels: [], targets });
  const expected = inputSlopes(random, value);
  assertClose(inputs, expected, TOLERANCE, "inputs");
  const left = Array.from({ length: 9 }, (_, feature) => feature).filter((at) =>
    !selection!.features.includes(at)
  );
  for (const feature of left) assertEquals(inputs[feature], 0);
  const features = exactly(random.features);
  assertLayersClose(
    layers,
    slopesOf(model, net, () => meanLoss(net, { features, labels: [], targets })),
    "layers",
  );
});

Deno.test("absentGradients() gives the slopes of weights that are not there, and of those that are", () => {
  for (const task of TASKS) {
    const model = randomModel({ sizes: SIZES, density: 0.4, activation: "tanh", task, seed: 8 });
    const random = randomBatch(SIZES, 150, task, 9);
    const given = givenOf(random);
    const { layers } = model.gradients(given);
    for (const [index, { inputs, neurons, indptr, indices }] of model.layers.entries()) {
      const rows = Array.from({ length: inputs * neurons }, (_, place) => Math.floor(place / neurons));
      const columns = rows.map((_, place) => place % neurons);
      const found = model.absentGradients(index, rows, columns, given);
      const net = oracleOf(model);
      const { weights } = net.layers[index];
      const expected = Float64Array.from(weights, (before, place) => {
        weights[place] = before + SHIFT;
        const up = meanLoss(net, random);
        weights[place] = before - SHIFT;
        const down = meanLoss(net, random);
        weights[place] = before;
        return (up - down) / (2 * SHIFT);
      });
      assertClose(found, expected, TOLERANCE, `places of layer ${index}`);
      const own: number[] = [];
      for (let row = 0; row < inputs; row++) {
        for (let at = indptr[row]; at < indptr[row + 1]; at++) own.push(found[row * neurons + indices[at]]);
      }
      assertEquals(Float32Array.from(own), layers[index].values);
    }
    assertEquals(model.absentGradients(1, [], [], given).length, 0);
  }
});

Deno.test("backward() refuses samples of layers that are no more, and uses none that another call has run", () => {
  const model = randomModel({ sizes: [4, 6, 3], density: 0.5, activation: "tanh" });
  const other = randomModel({ sizes: [4, 7, 3], density: 0.5, activation: "tanh", seed: 3 });
  const features = [[1, 2, 3, 4], [0, 1, 0, -1]];
  const gradient = [[1, 0, -1], [0, 2, 0]];
  assertThrows(() => model.backward(gradient), TypeError, "Cannot run backward: there was no forward run");
  model.forward(features);
  const expected = model.backward(gradient, features);
  features[0][0] = 7;
  model.activations([[5, 5, 5, 5]], 0);
  model.gradients({ features: [[5, 5, 5, 6]], labels: [1] });
  assertEquals(model.backward(gradient), expected, "the samples are copies of their own");
  assertThrows(
    () => model.forward(Float32Array.of(NaN, 0, 0, 0)),
    FeatureError,
    "feature 0 of sample 0 is NaN",
  );
  assertThrows(() => model.backward(gradient), TypeError, "there was no forward run");
  assertEquals(model.forward([]).length, 0);
  assertThrows(() => model.backward([]), TypeError, "features of 0 samples, expected one at least");
  model.forward(features);
  model.adopt(other);
  assertThrows(() => model.backward(gradient), TypeError, "other layers than at its last forward run");
});

Deno.test("gradients() follow a topology that evolves, and parameters that move", () => {
  const model = randomModel({ sizes: [10, 20, 3], density: 0.3, activation: "tanh", seed: 2 });
  const random = randomBatch([10, 20, 3], 40, "classification", 3);
  const before = model.gradients(givenOf(random));
  evolveConnections(model.layers[0], {
    ...{ seed: 1, epoch: 1, layer: 0, zeta: 0.4 },
    weights: { kind: "uniform", scale: 0.5 },
  });
  const after = model.gradients(givenOf(random));
  assertNotEquals(after.loss, before.loss);
  const net = oracleOf(model);
  assertLayersClose(after.layers, slopesOf(model, net, () => meanLoss(net, random)), "evolved");
});

Deno.test("composition does not change the model", () => {
  const model = compacted();
  const before = contentOf(model);
  const given = givenOf(randomBatch([9, 2], 200, "regression", 3));
  model.forward(given.features);
  model.backward(new Float32Array(400).fill(1));
  model.gradients(given);
  model.activations(given.features, 0);
  model.absentGradients(0, [0], [0], given);
  assertEquals(contentOf(model), before);
});

/** A call that must be refused, by what and with what message. */
type Refusal = readonly [call: () => unknown, kind: typeof Error | typeof FeatureError, message: string];

Deno.test("composition refuses what does not fit, and says what it found", () => {
  const make = (task: Task) => randomModel({ sizes: [2, 5, 3], density: 0.7, activation: "tanh", task });
  const [model, regression, labels] = [make("classification"), make("regression"), make("multi-label")];
  const features = [[1, 2], [3, 4]];
  const good = { features, labels: [0, 2] };
  const strange = (value: unknown) => value as never;
  const refusals: readonly Refusal[] = [
    [() => model.forward(strange(undefined)), TypeError, "features is undefined, expected"],
    [() => model.forward(strange("12")), TypeError, "features is a string"],
    [() => model.forward([1, 2, 3]), TypeError, "features are 3 numbers, samples have 2 each"],
    [() => model.forward([[1, 2], [3]]), TypeError, "row 1 of features"],
    [() => model.forward([[1, Infinity]]), RangeError, "finite"],
    [() => model.forward(Float32Array.of(1, Infinity)), FeatureError, "feature 1 of sample 0 is Infinity"],
    [() => model.forward(features, strange({ thread: 2 })), TypeError, 'did you mean "threads"?'],
    [() => model.forward(features, { threads: 0 }), RangeError, "threads is 0"],
    [() => model.activations(features, 2), RangeError, "layer is 2, expected a whole number from 0 to 1"],
    [() => model.activations(features, strange("1")), TypeError, "layer is 1 (a string)"],
    [() => model.gradients(strange({ features })), TypeError, "it takes labels and no targets"],
    [() => model.gradients({ features, targets: [[1], [2]] }), TypeError, "it takes labels and no targets"],
    [() => model.gradients({ ...good, targets: [1, 2] }), TypeError, "it takes labels and no targets"],
    [() => regression.gradients(good), TypeError, "it takes targets and no labels"],
    [() => model.gradients({ ...good, labels: [0, 3] }), RangeError, "number 1 of labels is 3"],
    [() => model.gradients({ ...good, labels: [0] }), TypeError, "labels are 1 numbers, expected 2"],
    [() => model.gradients({ ...good, labels: strange(["a", "b"]) }), TypeError, "element 0 of labels"],
    [() => model.gradients({ ...good, weights: [1] }), TypeError, "weights are 1 numbers"],
    [() => model.gradients({ ...good, weights: [1, -1] }), RangeError, "number 1 of weights is -1"],
    [() => model.gradients(strange({ ...good, label: [0, 1] })), TypeError, 'did you mean "labels"?'],
    [() => model.gradients({ features: [], labels: [] }), TypeError, "features of 0 samples"],
    [() => labels.gradients(good), TypeError, "the model is for multi-label, it takes targets and no labels"],
    [
      () => labels.gradients({ features, targets: [0, 1, 1, 0, 2, 0] }),
      RangeError,
      "number 4 of targets is 2",
    ],
    [() => regression.gradients({ features, targets: [1, 2] }), TypeError, "targets are 2 numbers"],
    [() => regression.gradients({ features, targets: [[1, 2, 3]] }), TypeError, "targets are of 1 samples"],
    [() => regression.gradients({ features, targets: new Float32Array(6).fill(NaN) }), RangeError, "is NaN"],
    [() => model.backward([[1, 2, 3]], features), TypeError, "of 1 samples, features of 2"],
    [() => model.backward([1, 2, 3, 4], features), TypeError, "are 4 numbers, samples have 3 each"],
    [() => model.backward(new Float32Array(6).fill(NaN), features), RangeError, "is NaN, a finite number"],
    [() => model.absentGradients(3, [0], [0], good), RangeError, "layer is 3"],
    [() => model.absentGradients(0, [2], [0], good), RangeError, "number 0 of rows is 2"],
    [() => model.absentGradients(0, [1], [5], good), RangeError, "number 0 of columns is 5"],
    [() => model.absentGradients(0, [1], [1, 2], good), TypeError, "columns are 2 numbers, expected 1"],
    [() => model.absentGradients(0, [1.5], [1], good), RangeError, "number 0 of rows is 1.5"],
  ];
  for (const [call, kind, message] of refusals) assertThrows(call, kind, message);
  assert(model.gradients(good).loss > 0);
  const far = randomModel({ sizes: [2, 5, 3], density: 1, activation: "identity" });
  assertThrows(() => far.forward([[3e38, 3e38]]), FeatureError, "the outputs of the sample are not finite");
  far.layers[1].values.fill(3e38);
  assertThrows(() => far.gradients(good), RangeError, "the loss is ");
});

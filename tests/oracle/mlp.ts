/**
 * A dense perceptron in f64, written to be read: what the sparse kernels are compared with.
 *
 * Absent connections are places whose mask is 0. Nothing here is shared with the code under test but the layout of
 * a model's arrays and the names of the activations.
 *
 * @module
 */
import { assert } from "@std/assert";
import { type ActivationKind, resolveActivation } from "../../src/model/activation.ts";
import type { SparseMlp } from "../../src/model/model.ts";
import { activationOf, type Task } from "../../src/model/settings.ts";

/** One layer; matrices are `[inputs][neurons]`, flat. */
export interface OracleLayer {
  readonly inputs: number;
  readonly neurons: number;
  readonly kind: ActivationKind;
  /** Slope below zero of ReLU, Leaky ReLU and All-ReLU; the sign of one that is learned. */
  readonly slope: number;
  /** Whether the layer has one slope, the size of its one parameter. */
  readonly learnsSlope: boolean;
  /** 1 where a connection exists. */
  readonly mask: Uint8Array;
  readonly weights: Float64Array;
  readonly bias: Float64Array;
  /** Trainable parameters of the activation, `[neurons][s]`: PReLU (a), SReLU (tl, al, tr, ar). */
  readonly activationParameters: Float64Array;
  /** What an optimiser keeps of the weights. */
  readonly planes: readonly Float64Array[];
  /** What it keeps of the biases. */
  readonly biasPlanes: readonly Float64Array[];
  /** What it keeps of the activation's parameters. */
  readonly activationPlanes: readonly Float64Array[];
}

/** A network: hidden layers, then the output layer. */
export interface OracleNetwork {
  readonly task: Task;
  readonly layers: readonly OracleLayer[];
}

/** What goes in and what should come out. */
export interface OracleBatch {
  /** `[samples][features]`. */
  readonly features: readonly ArrayLike<number>[];
  readonly labels: ArrayLike<number>;
  /** `[samples][outputs]`, flat. */
  readonly targets: ArrayLike<number>;
  /** Of each sample's loss; 1 each where absent. */
  readonly weights?: ArrayLike<number>;
}

/** Factor of each unit, `[layer][sample][neuron]`: 0 where dropped, 1 / (1 − rate) where kept. */
export type DropoutFactors = readonly (readonly ArrayLike<number>[])[];

/** Gradients of the mean loss; shapes as in the layer. */
export interface OracleGradients {
  readonly weights: Float64Array;
  readonly bias: Float64Array;
  readonly activationParameters: Float64Array;
}

/** Copies a model; its settings name the activation, its structure the mask. */
export function oracleOf(model: SparseMlp): OracleNetwork {
  const { task } = model.settings;
  const layers = model.layers.map((layer, index): OracleLayer => {
    const { inputs, neurons } = layer;
    const mask = new Uint8Array(inputs * neurons);
    const weights = new Float64Array(mask.length);
    const planes = layer.planes.map(() => new Float64Array(mask.length));
    for (let input = 0; input < inputs; input++) {
      for (let at = layer.indptr[input]; at < layer.indptr[input + 1]; at++) {
        const place = input * neurons + layer.indices[at];
        mask[place] = 1;
        weights[place] = layer.values[at];
        planes.forEach((plane, p) => plane[place] = layer.planes[p][at]);
      }
    }
    const hidden = index + 1 < model.layers.length;
    const { kind, alpha } = hidden ? activationOf(model.settings, index) : resolveActivation("identity");
    return {
      inputs,
      neurons,
      kind,
      slope: slopeBelowZero(kind, alpha === "learned" ? 1 : alpha, index),
      learnsSlope: alpha === "learned",
      mask,
      weights,
      bias: Float64Array.from(layer.bias),
      activationParameters: Float64Array.from(layer.activationParameters),
      planes,
      biasPlanes: layer.biasPlanes.map((plane) => Float64Array.from(plane)),
      activationPlanes: layer.activationPlanes.map((plane) => Float64Array.from(plane)),
    };
  });
  return { task, layers };
}

/** Paper, Eq. 3: −α in even layers, +α in odd ones, where the input is layer 1. */
function slopeBelowZero(kind: ActivationKind, alpha: number, index: number): number {
  const paperLayer = index + 2;
  if (kind === "all-relu") return Math.fround(paperLayer % 2 === 0 ? -alpha : alpha);
  return kind === "leaky-relu" ? Math.fround(alpha) : 0;
}

/** Value and derivative of a neuron's activation at `z`, and the derivatives by its own parameters. */
function activate(layer: OracleLayer, neuron: number, z: number): [number, number, number[]] {
  switch (layer.kind) {
    case "identity":
      return [z, 1, []];
    case "all-relu":
      if (layer.learnsSlope) {
        const [own] = layer.activationParameters;
        const slope = layer.slope * Math.max(Math.abs(own), 1 / 1024);
        return z > 0 ? [z, 1, [0]] : [slope * z, slope, [layer.slope * (own < 0 ? -z : z)]];
      }
      return z > 0 ? [z, 1, []] : [layer.slope * z, layer.slope, []];
    case "relu":
    case "leaky-relu":
      return z > 0 ? [z, 1, []] : [layer.slope * z, layer.slope, []];
    case "sigmoid": {
      const y = 1 / (1 + Math.exp(-z));
      return [y, y * (1 - y), []];
    }
    case "tanh": {
      const y = Math.tanh(z);
      return [y, 1 - y * y, []];
    }
    case "prelu": {
      const slope = layer.activationParameters[neuron];
      return z > 0 ? [z, 1, [0]] : [slope * z, slope, [z]];
    }
    case "srelu": {
      const [tl, al, tr, ar] = layer.activationParameters.subarray(4 * neuron, 4 * neuron + 4);
      if (z < tl) return [tl + al * (z - tl), al, [1 - al, z - tl, 0, 0]];
      if (z > tr) return [tr + ar * (z - tr), ar, [0, 0, 1 - ar, z - tr]];
      return [z, 1, [0, 0, 0, 0]];
    }
  }
}

/** Sums before and values after the activation (and dropout) of every layer, `[layer][sample]`. */
export interface OraclePass {
  readonly sums: Float64Array[][];
  readonly values: Float64Array[][];
}

/** Runs all samples forward. */
export function forward(net: OracleNetwork, batch: OracleBatch, dropout?: DropoutFactors): OraclePass {
  const pass: OraclePass = { sums: [], values: [] };
  let below: readonly ArrayLike<number>[] = batch.features;
  for (const [index, layer] of net.layers.entries()) {
    const { inputs, neurons, weights, bias } = layer;
    const sums = below.map((x) => {
      const z = Float64Array.from(bias);
      for (let i = 0; i < inputs; i++) {
        for (let j = 0; j < neurons; j++) z[j] += weights[i * neurons + j] * x[i];
      }
      return z;
    });
    const values = sums.map((z, sample) =>
      z.map((value, j) => activate(layer, j, value)[0] * (dropout?.[index]?.[sample][j] ?? 1))
    );
    pass.sums.push(sums);
    pass.values.push(values);
    below = values;
  }
  return pass;
}

/** What {@linkcode lossOf} finds. */
export interface OracleLoss {
  /** Of each sample. */
  readonly losses: Float64Array;
  /** Their sum, each times the sample's weight. */
  readonly total: number;
  /** Samples whose largest output is their class, or all of whose outputs are on the right side of 0. */
  readonly correct: number;
  /** Of the mean of weight times loss by the outputs, `[sample]`. */
  readonly gradient: Float64Array[];
}

/**
 * Softmax and cross-entropy, the mean over the outputs of the squared error, or that of the binary cross-entropy of
 * sigmoids (several labels, and classes with one output).
 */
export function lossOf(
  net: OracleNetwork,
  outputs: readonly Float64Array[],
  batch: OracleBatch,
): OracleLoss {
  const samples = outputs.length;
  const losses = new Float64Array(samples);
  let correct = 0;
  const weightOf = (sample: number) => batch.weights?.[sample] ?? 1;
  const gradient = outputs.map((z, sample) => {
    const share = weightOf(sample) / samples;
    if (net.task === "regression") {
      return z.map((value, j) => {
        const error = value - batch.targets[sample * z.length + j];
        losses[sample] += error * error / z.length;
        return 2 * error / z.length * share;
      });
    }
    if (net.task === "multi-label" || z.length === 1) {
      const truth = net.task === "multi-label"
        ? Array.from(z, (_, j) => batch.targets[sample * z.length + j])
        : [batch.labels[sample]];
      const shares = z.map((value) => 1 / (1 + Math.exp(-value)));
      if (z.every((value, j) => value > 0 === truth[j] >= 0.5)) correct++;
      truth.forEach((t, j) =>
        losses[sample] -= (t * Math.log(shares[j]) + (1 - t) * Math.log(1 - shares[j])) / z.length
      );
      return z.map((_, j) => (shares[j] - truth[j]) / z.length * share);
    }
    const highest = Math.max(...z);
    const total = z.reduce((sum, value) => sum + Math.exp(value - highest), 0);
    const label = batch.labels[sample];
    losses[sample] = Math.log(total) - (z[label] - highest);
    if (z.indexOf(highest) === label) correct++;
    return z.map((value, j) => (Math.exp(value - highest) / total - (j === label ? 1 : 0)) * share);
  });
  const total = losses.reduce((sum, loss, sample) => sum + weightOf(sample) * loss, 0);
  return { losses, correct, total, gradient };
}

/** Mean loss of a batch. */
export function meanLoss(net: OracleNetwork, batch: OracleBatch, dropout?: DropoutFactors): number {
  const { values } = forward(net, batch, dropout);
  return lossOf(net, values[values.length - 1], batch).total / batch.features.length;
}

/** Backpropagation: gradients of the mean loss for every layer, and the summed loss and hits. */
export function backpropagate(
  net: OracleNetwork,
  batch: OracleBatch,
  dropout?: DropoutFactors,
): { gradients: OracleGradients[]; total: number; correct: number } {
  const pass = forward(net, batch, dropout);
  const { total, correct, gradient } = lossOf(net, pass.values[pass.values.length - 1], batch);
  const gradients: OracleGradients[] = [];
  let byValue = gradient;
  for (let index = net.layers.length - 1; index >= 0; index--) {
    const layer = net.layers[index];
    const { inputs, neurons } = layer;
    const below: readonly ArrayLike<number>[] = index === 0 ? batch.features : pass.values[index - 1];
    const own = {
      weights: new Float64Array(inputs * neurons),
      bias: new Float64Array(neurons),
      activationParameters: new Float64Array(layer.activationParameters.length),
    };
    const perNeuron = layer.learnsSlope ? 0 : layer.activationParameters.length / neurons;
    const byInput = byValue.map((upper, sample) => {
      const delta = upper.map((value, j) => {
        const kept = value * (dropout?.[index]?.[sample][j] ?? 1);
        const [, slope, byParameter] = activate(layer, j, pass.sums[index][sample][j]);
        byParameter.forEach((part, s) => own.activationParameters[j * perNeuron + s] += kept * part);
        own.bias[j] += kept * slope;
        return kept * slope;
      });
      const x = new Float64Array(inputs);
      for (let i = 0; i < inputs; i++) {
        for (let j = 0; j < neurons; j++) {
          const place = i * neurons + j;
          own.weights[place] += layer.mask[place] * below[sample][i] * delta[j];
          x[i] += layer.weights[place] * delta[j];
        }
      }
      return x;
    });
    gradients.unshift(own);
    byValue = byInput;
  }
  return { gradients, total, correct };
}

/** Fails unless the numbers agree within `tolerance` times the largest expected one. */
export function assertClose(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  assert(found.length === expected.length, `${what}: ${found.length} numbers, expected ${expected.length}`);
  let largest = 1e-3;
  for (let at = 0; at < expected.length; at++) largest = Math.max(largest, Math.abs(expected[at]));
  for (let at = 0; at < expected.length; at++) {
    const error = Math.abs(found[at] - expected[at]) / largest;
    assert(error <= tolerance, `${what}[${at}]: ${found[at]}, expected ${expected[at]} (error ${error})`);
  }
}

/** Fails unless every parameter of the model, and all that is kept of it, is that of the oracle. */
export function assertModelClose(
  model: SparseMlp,
  net: OracleNetwork,
  tolerance: number,
  what: string,
): void {
  for (const [index, layer] of oracleOf(model).layers.entries()) {
    const expected = net.layers[index];
    for (const name of ["weights", "bias", "activationParameters"] as const) {
      assertClose(layer[name], expected[name], tolerance, `${what}: ${name} of layer ${index}`);
    }
    for (const name of ["planes", "biasPlanes", "activationPlanes"] as const) {
      const kept = expected[name];
      assert(layer[name].length === kept.length, `${what}: ${layer[name].length} planes in ${name}`);
      for (const [place, plane] of layer[name].entries()) {
        assertClose(plane, kept[place], tolerance, `${what}: ${name}[${place}] of layer ${index}`);
      }
    }
  }
}

/** Gradients of a layer's connections, out of the oracle's dense matrix. */
function connected(model: SparseMlp, index: number, gradients: OracleGradients): Float64Array {
  const { inputs, neurons, indptr, indices, nnz } = model.layers[index];
  const values = new Float64Array(nnz);
  for (let input = 0; input < inputs; input++) {
    for (let at = indptr[input]; at < indptr[input + 1]; at++) {
      values[at] = gradients.weights[input * neurons + indices[at]];
    }
  }
  return values;
}

/** Fails unless written gradients are those of the oracle. */
export function assertGradientsClose(
  model: SparseMlp,
  found: readonly {
    readonly weights: Float32Array;
    readonly bias: Float32Array;
    readonly activationParameters: Float32Array;
  }[],
  expected: readonly OracleGradients[],
  tolerance: number,
  what: string,
): void {
  for (const [index, layer] of found.entries()) {
    assertClose(
      layer.weights,
      connected(model, index, expected[index]),
      tolerance,
      `${what}: weights ${index}`,
    );
    assertClose(layer.bias, expected[index].bias, tolerance, `${what}: biases ${index}`);
    const parameters = expected[index].activationParameters;
    assertClose(layer.activationParameters, parameters, tolerance, `${what}: activation ${index}`);
  }
}

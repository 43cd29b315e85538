/**
 * What a network costs: parameters, bytes and operations, as it is and as if it were dense.
 *
 * @module
 */
import type { SparseLayer } from "./layer.ts";

/** Counts of one layer, or of a whole network. */
export interface Counts {
  /** Connections. */
  readonly connections: number;
  /** Connections of the dense layer. */
  readonly denseConnections: number;
  /** connections / denseConnections. */
  readonly density: number;
  /** Weights, biases and trainable activation parameters. */
  readonly parameters: number;
  /** The same of the dense network. */
  readonly denseParameters: number;
  /** Bytes of the arrays while training: structure, weights, the optimiser's state, both views. */
  readonly trainingBytes: number;
  /** The same of a dense network: weights and state. */
  readonly denseTrainingBytes: number;
  /** Bytes for inference: 8 a connection, 8 a neuron. */
  readonly inferenceBytes: number;
  /** The same of a dense network: weights and biases. */
  readonly denseInferenceBytes: number;
  /** Floating-point operations of one sample forward: 2 a connection, 1 a bias. */
  readonly forwardFlops: number;
  /** The same of the dense network. */
  readonly denseForwardFlops: number;
  /** Floating-point operations of one sample in a training step: forward, gradient of weights, gradient of inputs. */
  readonly trainingFlops: number;
  /** The same of the dense network. */
  readonly denseTrainingFlops: number;
}

/** Counts of a network. */
export interface ModelStats extends Counts {
  /** Neurons of all layers, inputs included. */
  readonly neurons: number;
  /** Counts of each layer, first hidden layer first. */
  readonly layers: readonly (Counts & { readonly inputs: number; readonly neurons: number })[];
}

/**
 * Counts of all layers and their sums; the first layer needs no gradient of its input.
 *
 * @param planes What an optimiser keeps of each parameter.
 */
export function statistics(layers: readonly SparseLayer[], planes: number): ModelStats {
  const rows = layers.map((layer, index) => {
    const { inputs, neurons, nnz } = layer;
    const dense = inputs * neurons;
    const own = layer.activationParameters.length;
    const passes = index === 0 ? 4 : 6;
    return {
      inputs,
      neurons,
      connections: nnz,
      denseConnections: dense,
      density: nnz / dense,
      parameters: nnz + neurons + own,
      denseParameters: dense + neurons + own,
      trainingBytes: 16 * nnz + 4 * (inputs + 1) + 4 * (neurons + 1) + 4 * (neurons + own) +
        4 * planes * (nnz + neurons + own),
      denseTrainingBytes: 4 * (1 + planes) * (dense + neurons + own),
      inferenceBytes: 8 * nnz + 4 * (neurons + 1) + 4 * (neurons + own),
      denseInferenceBytes: 4 * (dense + neurons + own),
      forwardFlops: 2 * nnz + neurons,
      denseForwardFlops: 2 * dense + neurons,
      trainingFlops: passes * nnz + 2 * neurons,
      denseTrainingFlops: passes * dense + 2 * neurons,
    };
  });
  const total = (count: (row: Counts) => number) => rows.reduce((sum, row) => sum + count(row), 0);
  const connections = total((row) => row.connections);
  const denseConnections = total((row) => row.denseConnections);
  return {
    neurons: layers[0].inputs + layers.reduce((sum, layer) => sum + layer.neurons, 0),
    connections,
    denseConnections,
    density: connections / denseConnections,
    parameters: total((row) => row.parameters),
    denseParameters: total((row) => row.denseParameters),
    trainingBytes: total((row) => row.trainingBytes),
    denseTrainingBytes: total((row) => row.denseTrainingBytes),
    inferenceBytes: total((row) => row.inferenceBytes),
    denseInferenceBytes: total((row) => row.denseInferenceBytes),
    forwardFlops: total((row) => row.forwardFlops),
    denseForwardFlops: total((row) => row.denseForwardFlops),
    trainingFlops: total((row) => row.trainingFlops),
    denseTrainingFlops: total((row) => row.denseTrainingFlops),
    layers: rows,
  };
}

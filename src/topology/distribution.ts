/**
 * How connections and weights are spread over a network: degrees, importance, weights, dead neurons.
 *
 * @module
 */
import type { SparseLayer } from "../model/layer.ts";
import { neuronImportance } from "./importance.ts";

/** Numbers counted in bins of equal width. */
export interface Histogram {
  /** Smallest number, where the first bin begins. */
  readonly least: number;
  /** Largest number, where the last bin ends. */
  readonly most: number;
  /** Numbers in each bin. */
  readonly counts: readonly number[];
}

/** Weights of a layer, in numbers. */
export interface WeightStatistics {
  readonly mean: number;
  /** Population standard deviation. */
  readonly standardDeviation: number;
  readonly meanMagnitude: number;
  readonly largestMagnitude: number;
  readonly positiveFraction: number;
  /** Weights that are exactly 0. */
  readonly zeros: number;
}

/** Neurons of a layer that cannot change the output. */
export interface DeadNeurons {
  /** Without incoming connections: constants. */
  readonly withoutInput: number;
  /** Without outgoing connections; 0 for outputs. */
  readonly withoutOutput: number;
  /** Either of them. */
  readonly either: number;
}

/** What is known of the neurons a layer leads to. */
export interface LayerDistribution {
  /** Incoming connections of each neuron. */
  readonly incomingDegrees: Histogram;
  /** Outgoing connections of each input of the layer. */
  readonly outgoingDegrees: Histogram;
  /** Importance of each neuron (Paper: Eq. 4). */
  readonly importance: Histogram;
  readonly weights: WeightStatistics;
  readonly dead: DeadNeurons;
}

/**
 * Counts numbers in bins of equal width between the smallest and the largest.
 *
 * Whole numbers get no more bins than there are values, so that none stays empty for want of one. Cost: O(n).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { histogramOf } from "./distribution.ts";
 *
 * assertEquals(histogramOf([0, 1, 1, 4], 4), { least: 0, most: 4, counts: [1, 2, 0, 1] });
 * ```
 */
export function histogramOf(values: ArrayLike<number>, bins: number): Histogram {
  if (values.length === 0) return { least: 0, most: 0, counts: [] };
  let [least, most, whole] = [Infinity, -Infinity, true];
  for (let index = 0; index < values.length; index++) {
    least = Math.min(least, values[index]);
    most = Math.max(most, values[index]);
    whole &&= Number.isInteger(values[index]);
  }
  const count = least === most ? 1 : whole ? Math.min(bins, most - least + 1) : bins;
  const counts = new Array<number>(count).fill(0);
  for (let index = 0; index < values.length; index++) {
    const place = Math.floor((values[index] - least) / (most - least) * count);
    counts[Math.min(count - 1, place || 0)]++;
  }
  return { least, most, counts };
}

/**
 * The distributions of each layer. Cost: O(connections + neurons), a few arrays of the largest layer.
 *
 * @param bins Bins of the histograms.
 */
export function distributions(layers: readonly SparseLayer[], bins: number): LayerDistribution[] {
  return layers.map((layer, index) => ({
    incomingDegrees: histogramOf(degrees(layer.incomingPtr), bins),
    outgoingDegrees: histogramOf(degrees(layer.indptr), bins),
    importance: histogramOf(neuronImportance(layer), bins),
    weights: weightStatistics(layer.values.subarray(0, layer.nnz)),
    dead: deadNeurons(layer, layers[index + 1]),
  }));
}

function degrees(starts: Uint32Array): Uint32Array {
  return Uint32Array.from({ length: starts.length - 1 }, (_, neuron) => starts[neuron + 1] - starts[neuron]);
}

function weightStatistics(values: Float32Array): WeightStatistics {
  let [sum, magnitudes, largest, positive, zeros] = [0, 0, 0, 0, 0];
  for (const value of values) {
    sum += value;
    magnitudes += Math.abs(value);
    largest = Math.max(largest, Math.abs(value));
    positive += Number(value > 0);
    zeros += Number(value === 0);
  }
  const count = Math.max(1, values.length);
  const mean = sum / count;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return {
    mean,
    standardDeviation: Math.sqrt(squares / count),
    meanMagnitude: magnitudes / count,
    largestMagnitude: largest,
    positiveFraction: positive / count,
    zeros,
  };
}

function deadNeurons({ incomingPtr, neurons }: SparseLayer, next: SparseLayer | undefined): DeadNeurons {
  let [withoutInput, withoutOutput, either] = [0, 0, 0];
  for (let neuron = 0; neuron < neurons; neuron++) {
    const input = incomingPtr[neuron + 1] === incomingPtr[neuron];
    const output = next !== undefined && next.indptr[neuron + 1] === next.indptr[neuron];
    withoutInput += Number(input);
    withoutOutput += Number(output);
    either += Number(input || output);
  }
  return { withoutInput, withoutOutput, either };
}

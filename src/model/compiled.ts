/**
 * The arena of a model that only predicts; the sections are those of `kernels/src/network/inference.rs`.
 *
 * @module
 */
import { LAYOUT_COLUMNS, LAYOUT_FIELDS, type NetworkMemory, writeLayoutRow } from "../native/layout.ts";
import { sharedWords } from "../sparse/shared.ts";
import type { ActivationCode } from "./activation.ts";
import { paddedWords, type SparseLayer } from "./layer.ts";

/** Sizes from which the sections of a compiled layer follow. */
export interface CompiledPlan {
  readonly neurons: number;
  readonly nnz: number;
  /** Trainable parameters of the activation, of all neurons together. */
  readonly parameters: number;
}

/** Lengths of a layer's sections: where neurons begin, their inputs, weights, biases, parameters of the activation. */
export function compiledSections({ neurons, nnz, parameters }: CompiledPlan): number[] {
  return [neurons + 1, nnz, nnz, neurons, parameters];
}

/** Words of an arena with these sections, each of which begins a cache line. */
export function compiledWords(plans: readonly CompiledPlan[]): number {
  return plans.flatMap(compiledSections).reduce((sum, length) => sum + paddedWords(length), 0);
}

/** Connections of all layers. */
export function connectionsOf({ layout }: NetworkMemory): number {
  let sum = 0;
  for (let row = LAYOUT_FIELDS.indexOf("nnz"); row < layout.length; row += LAYOUT_COLUMNS) sum += layout[row];
  return sum;
}

/** A layer that is laid out for prediction. */
export interface CompiledLayer {
  readonly inputs: number;
  readonly neurons: number;
  readonly nnz: number;
  readonly activation: Pick<ActivationCode, "code" | "slope">;
  /** Where the connections of each neuron begin, `[neurons + 1]`. */
  readonly incomingPtr: Uint32Array;
  /** Input of each connection; nnz of them count. */
  readonly source: Uint32Array;
  readonly bias: Float32Array;
  readonly activationParameters: Float32Array;
  /** Writes the weights in the order of `source`, `[nnz]`. */
  writeWeights(place: Float32Array): void;
}

/**
 * Copies the layers of a model, their weights into incoming order, O(connections).
 *
 * @throws {RangeError} When somebody has written an nnz that no layer with such arrays has.
 */
export function compileNetwork(layers: readonly SparseLayer[]): NetworkMemory {
  for (const [index, { nnz, capacity }] of layers.entries()) {
    if (nnz <= capacity) continue;
    throw new RangeError(
      `Cannot predict: nnz of layer ${index + 1} is ${nnz}, its arrays have room for ${capacity} connections`,
    );
  }
  return compileLayers(layers.map((layer) => {
    const { inputs, neurons, nnz, activation, incomingPtr, source, position, values } = layer;
    const { bias, activationParameters } = layer;
    return {
      ...{ inputs, neurons, nnz, activation, incomingPtr, source, bias, activationParameters },
      writeWeights(place) {
        for (let connection = 0; connection < nnz; connection++) {
          place[connection] = values[position[connection]];
        }
      },
    };
  }));
}

/**
 * Copies layers one behind the other, O(connections).
 *
 * @param allocate Gives the arena, of so many words.
 */
export function compileLayers(
  layers: readonly CompiledLayer[],
  allocate: (words: number) => Uint32Array = sharedWords,
): NetworkMemory {
  const layout = new Uint32Array(LAYOUT_COLUMNS * layers.length);
  const slopes = new Float32Array(layers.length);
  const plans = layers.map(({ neurons, nnz, activationParameters }) => ({
    neurons,
    nnz,
    parameters: activationParameters.length,
  }));
  const arena = allocate(compiledWords(plans));
  const floats = new Float32Array(arena.buffer, arena.byteOffset, arena.length);
  let place = 0;
  for (const [index, layer] of layers.entries()) {
    const { inputs, neurons, nnz, activation } = layer;
    writeLayoutRow(layout, index, { inputs, neurons, nnz, capacity: nnz, activation: activation.code });
    slopes[index] = activation.slope;
    const starts = compiledSections(plans[index]).map((length) => {
      const start = place;
      place += paddedWords(length);
      return start;
    });
    arena.set(layer.incomingPtr, starts[0]);
    arena.set(layer.source.subarray(0, nnz), starts[1]);
    layer.writeWeights(floats.subarray(starts[2], starts[2] + nnz));
    floats.set(layer.bias, starts[3]);
    floats.set(layer.activationParameters, starts[4]);
  }
  return { layout, slopes, arena, state: new Uint32Array(0) };
}

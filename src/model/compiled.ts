/**
 * The arena of a model that only predicts; the sections are those of `kernels/src/network/inference.rs`.
 *
 * @module
 */
import { LAYOUT_COLUMNS, LAYOUT_FIELDS, type NetworkMemory, writeLayoutRow } from "../native/layout.ts";
import { sharedWords } from "../sparse/shared.ts";
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

/**
 * Copies weights into incoming order, O(connections).
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
  const layout = new Uint32Array(LAYOUT_COLUMNS * layers.length);
  const slopes = new Float32Array(layers.length);
  const plans = layers.map(({ neurons, nnz, activationParameters }) => ({
    neurons,
    nnz,
    parameters: activationParameters.length,
  }));
  const arena = sharedWords(compiledWords(plans));
  const floats = new Float32Array(arena.buffer, arena.byteOffset, arena.length);
  let place = 0;
  for (const [index, layer] of layers.entries()) {
    const { inputs, neurons, nnz, activation, incomingPtr, source, position, values } = layer;
    writeLayoutRow(layout, index, { inputs, neurons, nnz, capacity: nnz, activation: activation.code });
    slopes[index] = activation.slope;
    const starts = compiledSections(plans[index]).map((length) => {
      const start = place;
      place += paddedWords(length);
      return start;
    });
    arena.set(incomingPtr, starts[0]);
    arena.set(source.subarray(0, nnz), starts[1]);
    for (let connection = 0; connection < nnz; connection++) {
      floats[starts[2] + connection] = values[position[connection]];
    }
    floats.set(layer.bias, starts[3]);
    floats.set(layer.activationParameters, starts[4]);
  }
  return { layout, slopes, arena, state: new Uint32Array(0) };
}

/**
 * Layers that somebody gives one by one, in the order their weights are read.
 *
 * @module
 */
import { firstUnfit } from "../finite.ts";
import { readFloats } from "../numbers.ts";
import { expectKind, expectLength } from "../native/status.ts";
import { readByName, unfit } from "../value.ts";
import {
  activate,
  type Activation,
  type ActivationCode,
  activationCode,
  type ActivationKind,
  parameterCount,
  parametersOf,
  resolveActivation,
} from "./activation.ts";
import type { CompiledLayer } from "./compiled.ts";

/**
 * One layer by its incoming connections: a CSR matrix with a row a neuron and a column an input, as the weights of a
 * linear layer stand in PyTorch. SciPy makes it of a matrix `[inputs, neurons]` by `csr_matrix(matrix.T)`, or it is the
 * three arrays of `csc_matrix(matrix)`.
 */
export interface PropagationLayer {
  /** Neurons of the layer before, or features of a sample. */
  readonly inputs: number;
  /** Where the connections of each neuron begin, and where the last end, shape `[neurons + 1]`. */
  readonly indptr: Uint32Array;
  /** Input of each connection, in any order within a neuron, shape `[connections]`. */
  readonly indices: Uint32Array;
  /** Weight of each connection, shape `[connections]`. */
  readonly weights: Float32Array;
  /** Bias of all neurons, or of each, shape `[neurons]`. @default {0} */
  readonly bias?: number | Float32Array;
  /** What a neuron does with its sum. @default {"identity"} */
  readonly activation?: ActivationKind | Activation;
  /**
   * Parameters of the activation where it has some, for all neurons alike or neuron after neuron: the slope of PReLU; of
   * SReLU left threshold and slope, right threshold and slope, so that `[0, 0, 32, 0]` is min(max(x, 0), 32).
   *
   * @default what a new model begins with
   */
  readonly activationParameters?: readonly number[] | Float32Array;
}

const NAMES = [
  "inputs",
  "indptr",
  "indices",
  "weights",
  "bias",
  "activation",
  "activationParameters",
] as const satisfies readonly (keyof PropagationLayer)[];

const TASK = "propagate";

/**
 * Reads and checks a layer, O(connections); its arrays are looked at again when it is laid out, so nobody may change them
 * meanwhile.
 *
 * @param number Number of the layer, from 1.
 * @param before Neurons of the layer before; undefined for the first.
 * @throws {TypeError} When a part is missing or of another kind, or parts do not fit each other.
 * @throws {RangeError} When a number is out of range or not finite.
 */
export function readPropagationLayer(given: unknown, number: number, before?: number): CompiledLayer {
  const within = `layer ${number}.`;
  const read = readByName(given as object, NAMES, TASK, within) as Partial<PropagationLayer>;
  const { inputs, indptr, indices, weights, bias: givenBias = 0 } = read;
  const place = (name: string) => ({ task: TASK, name: within + name });
  expectKind(TASK, `${within}indptr`, indptr, Uint32Array);
  expectKind(TASK, `${within}indices`, indices, Uint32Array);
  expectKind(TASK, `${within}weights`, weights, Float32Array);
  if (!Number.isSafeInteger(inputs) || inputs! < 1 || inputs! >= 2 ** 32) {
    throw unfit(place("inputs"), inputs, "a whole number from 1");
  }
  if (before !== undefined && inputs !== before) {
    throw new TypeError(
      `Cannot propagate: layer ${number} has ${inputs} inputs, the layer before it ${before} neurons`,
    );
  }
  const neurons = indptr.length - 1;
  if (neurons < 1) throw unfit(place("indptr"), indptr, "the beginning of at least one row, and its end");
  const nnz = indptr[neurons];
  expectLength(TASK, `${within}indices`, indices, nnz);
  expectLength(TASK, `${within}weights`, weights, nnz);
  const activation = activationCode(resolveActivation(read.activation ?? "identity"), number - 1);
  const bias = spread(typeof givenBias === "number" ? [givenBias] : givenBias, 1, neurons, place("bias"));
  const activationParameters = spread(
    read.activationParameters ?? activation.parameters,
    activation.parameters.length,
    parameterCount(activation, neurons),
    place("activationParameters"),
  );
  for (const [name, numbers] of Object.entries({ weights, bias, activationParameters })) {
    const unusable = firstUnfit(numbers);
    if (unusable < 0) continue;
    throw new RangeError(
      `Cannot propagate: number ${unusable + 1} of ${within}${name} is ${
        numbers[unusable]
      }, expected a finite one`,
    );
  }
  return {
    ...{ inputs: inputs!, neurons, nnz, activation, bias, activationParameters },
    ...{ incomingPtr: indptr, source: indices, writeWeights: (slot) => slot.set(weights) },
  };
}

/** Numbers for all neurons: as many as there are, or those of one neuron over and over. */
function spread(
  given: unknown,
  each: number,
  all: number,
  place: { task: string; name: string },
): Float32Array {
  const numbers = readFloats(given, place);
  if (numbers.length === all) return numbers;
  expectLength(place.task, place.name, numbers, each);
  const every = new Float32Array(all);
  every.set(numbers);
  for (let filled = each; filled < all; filled *= 2) every.copyWithin(filled, 0, filled);
  return every;
}

/**
 * Refuses a layer that makes something of nothing: a sample whose activations are all zero would come to life in it.
 *
 * @throws {RangeError} When a neuron without input is not 0.
 */
export function expectZerosStay(layer: CompiledLayer, number: number): void {
  const { neurons, bias, activationParameters } = layer;
  const activation = layer.activation as ActivationCode;
  for (let neuron = 0; neuron < neurons; neuron++) {
    if (neuron > 0 && isAsBefore(layer, neuron)) continue;
    const value = activate(activation, bias[neuron], parametersOf(activation, activationParameters, neuron));
    if (value === 0) continue;
    throw new RangeError(
      `Cannot propagate with dropDead: neuron ${neuron + 1} of layer ${number} makes ${
        Number(value.toPrecision(4))
      } of inputs that are all 0, so that no sample is dead before it`,
    );
  }
}

/** Whether a neuron has the bias and the parameters of the one before: where all are alike, one is looked at. */
function isAsBefore({ neurons, bias, activationParameters }: CompiledLayer, neuron: number): boolean {
  if (bias[neuron] !== bias[neuron - 1]) return false;
  const each = Math.floor(activationParameters.length / neurons);
  for (let at = neuron * each; at < (neuron + 1) * each; at++) {
    if (activationParameters[at] !== activationParameters[at - each]) return false;
  }
  return true;
}

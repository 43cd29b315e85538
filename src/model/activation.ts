/**
 * Activation functions by name, and the slope All-ReLU has in each layer, given or learned.
 *
 * @module
 */
import { type NamesOf, onlyKnown, shown } from "../hyperparameter.ts";
import { isList, readItems } from "../value.ts";

/** Names of the activation functions of hidden layers. */
export type ActivationKind =
  | "all-relu"
  | "relu"
  | "leaky-relu"
  | "prelu"
  | "srelu"
  | "sigmoid"
  | "tanh"
  | "identity";

/** Names of the activation functions, in the order help texts show them. */
export const ACTIVATION_KINDS: readonly ActivationKind[] = [
  "all-relu",
  "relu",
  "leaky-relu",
  "prelu",
  "srelu",
  "sigmoid",
  "tanh",
  "identity",
];

/** An activation function. */
export interface Activation {
  /** Which function. */
  readonly kind: ActivationKind;
  /**
   * Slope below zero: α of All-ReLU (0.6), of Leaky ReLU (0.01), the initial slope of PReLU (0.25); others ignore it.
   *
   * `"learned"`, for All-ReLU alone: each hidden layer learns its |α| with the weights, from 0.6 on; the layer's number
   * fixes the sign as it does else. Weight decay leaves it alone. A step that takes it across zero is reflected, and it
   * never falls below 2⁻¹⁰, which is a ReLU to three decimals.
   */
  readonly alpha?: number | "learned";
}

const ACTIVATION: NamesOf<Activation> = { kind: true, alpha: true };

const DEFAULT_ALPHA: Partial<Record<ActivationKind, number>> = {
  "all-relu": 0.6,
  "leaky-relu": 0.01,
  prelu: 0.25,
};

/** Where |α| begins that a layer learns. */
const FIRST_LEARNED_SLOPE = 0.6;

/** An activation in words, with the slope where it has one: "all-relu α 0.6". */
export function describeActivation(
  activation: Required<Activation> | readonly Required<Activation>[],
): string {
  return [activation].flat().map(describeOne).join(", ");
}

function describeOne({ kind, alpha }: Required<Activation>): string {
  // What suits a table goes from leaky ReLU to ReLU by its slope.
  if (kind === "leaky-relu" && alpha === 0) return "relu";
  return kind in DEFAULT_ALPHA ? `${kind} α ${alpha}` : kind;
}

/** What a kernel must know of a layer's activation. */
export interface ActivationCode {
  /** Kind in the layout table. */
  readonly code: number;
  /** Slope below zero, for the kinds that have a fixed one; of one that is learned the sign, −1 or 1. */
  readonly slope: number;
  /** Initial trainable parameters of one neuron; of the whole layer where the slope is learned. */
  readonly parameters: readonly number[];
}

/** The code of All-ReLU with a slope that each layer learns. */
const LEARNED_SLOPE_CODE = 6;

/** The smallest size of a slope that is learned. */
const SMALLEST_SLOPE = 2 ** -10;

/** An activation with a code of the layout table, its slope aside; undefined where there is none. */
export function activationOfCode(code: number): ActivationCode | undefined {
  const all: Required<Activation>[] = ACTIVATION_KINDS.map((kind) => ({ kind, alpha: 0 }));
  const codes = [...all, { kind: "all-relu", alpha: "learned" } as const].map((one) =>
    activationCode(one, 0)
  );
  return codes.find((one) => one.code === code);
}

/** Whether a layer learns its slope, one parameter in all. */
export function learnsSlope({ code }: Pick<ActivationCode, "code">): boolean {
  return code === LEARNED_SLOPE_CODE;
}

/** Shape of the trainable parameters of a layer: `[neurons, s]`, or `[1]` where it learns its slope. */
export function parameterShape(activation: ActivationCode, neurons: number): number[] {
  return learnsSlope(activation) ? [1] : [neurons, activation.parameters.length];
}

/** How many trainable parameters the activation of a layer has. */
export function parameterCount(activation: ActivationCode, neurons: number): number {
  return parameterShape(activation, neurons).reduce((product, size) => product * size);
}

/** The trainable parameters that decide what one neuron does, out of those of its layer. */
export function parametersOf(activation: ActivationCode, all: Float32Array, neuron: number): Float32Array {
  const count = activation.parameters.length;
  return learnsSlope(activation) ? all : all.subarray(neuron * count, (neuron + 1) * count);
}

/** Puts the trainable parameters of a layer where they begin. */
export function beginParameters({ parameters }: ActivationCode, all: Float32Array): void {
  for (let place = 0; place < all.length; place++) all[place] = parameters[place % parameters.length];
}

/**
 * Slope below zero that is in force in a layer, with its sign: given, learned, or the mean over the neurons of PReLU;
 * undefined for a function that has none.
 *
 * @param parameters Trainable parameters of the layer.
 */
export function slopeOf(activation: ActivationCode, parameters: Float32Array): number | undefined {
  switch (activation.code) {
    case 1:
      return activation.slope;
    case 4:
      return parameters.reduce((sum, slope) => sum + slope, 0) / parameters.length;
    case LEARNED_SLOPE_CODE:
      return activation.slope * Math.max(Math.abs(parameters[0]), SMALLEST_SLOPE);
    default:
      return undefined;
  }
}

/** The function of a code at `x`, in f64; `parameters` are those of {@linkcode parametersOf}. */
export function activate(activation: ActivationCode, x: number, parameters: Float32Array): number {
  switch (activation.code) {
    case 0:
      return x;
    case 1:
      return x > 0 ? x : activation.slope * x;
    case 2:
      return 1 / (1 + Math.exp(-x));
    case 3:
      return Math.tanh(x);
    case 4:
      return x > 0 ? x : parameters[0] * x;
    case 5: {
      const [left, leftSlope, right, rightSlope] = [
        parameters[0],
        parameters[1],
        parameters[2],
        parameters[3],
      ];
      return x < left ? left + leftSlope * (x - left) : x > right ? right + rightSlope * (x - right) : x;
    }
    case LEARNED_SLOPE_CODE:
      return x > 0 ? x : slopeOf(activation, parameters)! * x;
    default:
      throw new TypeError(`Cannot use activation code ${activation.code}: expected 0 to 6`);
  }
}

/** The code of the output layer: its non-linearity belongs to the loss. */
export const OUTPUT_CODE: ActivationCode = { code: 0, slope: 0, parameters: [] };

/**
 * Fills in what the user left out.
 *
 * @throws {TypeError} When the kind is unknown, or alpha shall be learned by another kind than All-ReLU.
 * @throws {RangeError} When alpha is not finite as an f32.
 */
export function resolveActivation(activation: ActivationKind | Activation): Required<Activation> {
  if (typeof activation !== "string" && (typeof activation !== "object" || activation === null)) {
    throw new TypeError(`Cannot use activation ${shown(activation)}: expected a name or an object`);
  }
  const { kind, alpha }: Activation = typeof activation === "string"
    ? { kind: activation }
    : onlyKnown(activation, ACTIVATION, "make a model", "activation.");
  if (!ACTIVATION_KINDS.includes(kind)) {
    throw new TypeError(
      `Cannot use activation "${shown(kind)}": expected one of ${ACTIVATION_KINDS.join(", ")}`,
    );
  }
  if (alpha === "learned") {
    if (kind === "all-relu") return { kind, alpha };
    throw new TypeError(
      `Cannot use activation "${kind}": alpha is "learned", which all-relu alone can; prelu learns one a neuron`,
    );
  }
  if (alpha !== undefined && typeof alpha !== "number") {
    const more = kind === "all-relu" ? ' or "learned"' : "";
    throw new TypeError(
      `Cannot use activation "${kind}": alpha is ${shown(alpha)}, expected a number${more}`,
    );
  }
  const slope = alpha ?? DEFAULT_ALPHA[kind] ?? 0;
  if (!Number.isFinite(Math.fround(slope))) {
    throw new RangeError(
      `Cannot use activation "${kind}": alpha is ${slope}, expected a number that is finite in 32 bits`,
    );
  }
  return { kind, alpha: slope };
}

/**
 * Fills in what the user left out: one activation for all hidden layers, or a list with one for each.
 *
 * @param hidden How many hidden layers there are.
 * @throws {TypeError} When a kind is unknown, or there are not as many as hidden layers.
 * @throws {RangeError} When an alpha is not finite as an f32.
 */
export function resolveActivations(
  given: ActivationKind | Activation | readonly (ActivationKind | Activation)[],
  hidden: number,
): Required<Activation> | readonly Required<Activation>[] {
  if (!isList(given)) return resolveActivation(given as ActivationKind | Activation);
  const list = readItems(given, { task: "make a model", name: "activation" }, 2 ** 20);
  if (list.length === hidden) return list.map((one) => resolveActivation(one as ActivationKind | Activation));
  throw new TypeError(
    `Cannot make a model: ${list.length} activations were given, expected one for each of ${hidden} hidden layers`,
  );
}

/**
 * The code of a hidden layer.
 *
 * All-ReLU's slope alternates: −α in the first hidden layer (layer 2 of the paper, where the input is layer 1), +α in
 * the second, and so on. Paper: §2.1 Eq. 3.
 *
 * @param index Number of the hidden layer, from 0.
 */
export function activationCode(activation: Required<Activation>, index: number): ActivationCode {
  const { kind, alpha } = activation;
  const sign = index % 2 === 0 ? -1 : 1;
  if (alpha === "learned") {
    return { code: LEARNED_SLOPE_CODE, slope: sign, parameters: [FIRST_LEARNED_SLOPE] };
  }
  switch (kind) {
    case "all-relu":
      return { code: 1, slope: sign * alpha, parameters: [] };
    case "relu":
      return { code: 1, slope: 0, parameters: [] };
    case "leaky-relu":
      return { code: 1, slope: alpha, parameters: [] };
    case "sigmoid":
      return { code: 2, slope: 0, parameters: [] };
    case "tanh":
      return { code: 3, slope: 0, parameters: [] };
    case "prelu":
      return { code: 4, slope: 0, parameters: [alpha] };
    case "srelu":
      return { code: 5, slope: 0, parameters: [0, 0.2, 1, 1] };
    case "identity":
      return OUTPUT_CODE;
    default: {
      const unknown: never = kind;
      throw new TypeError(`Cannot use activation "${unknown}"`);
    }
  }
}

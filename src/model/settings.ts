/**
 * The settings of a model: sizes, sparsity, activation and how it begins.
 *
 * @module
 */
import {
  connectionProbability,
  type Sparsity,
  WEIGHT_INITIALIZERS,
  type WeightInitializer,
} from "../sparse/init.ts";
import { type Activation, type ActivationKind, resolveActivations } from "./activation.ts";

/** What the output means: classes (softmax and cross-entropy) or values (mean squared error). */
export type Task = "classification" | "regression";

/** Options of {@linkcode SparseMlp.create}. */
export interface ModelOptions {
  /** Neurons of each layer, input first, output last; at least two layers. */
  readonly sizes: readonly number[];
  /**
   * Sparsity ε of the paper: a connection exists with probability ε·(n + m)/(n·m).
   *
   * @default {20}
   */
  readonly epsilon?: number;
  /** Density instead of ε: one for all layers, or one for each. */
  readonly density?: number | readonly number[];
  /**
   * Activation of the hidden layers: one for all, or a list with one for each.
   *
   * @default {{ kind: "all-relu", alpha: 0.6 }}
   */
  readonly activation?: ActivationKind | Activation | readonly (ActivationKind | Activation)[];
  /**
   * Law of the first weights.
   *
   * @default {"he-uniform"}
   */
  readonly initializer?: WeightInitializer;
  /**
   * Whether the scale of initial weights follows the dense width (as the authors do) or the expected connections.
   *
   * @default {"dense"}
   */
  readonly fanIn?: "dense" | "sparse";
  /**
   * Whether the weights of the output layer begin at zero, so that the first outputs do not depend on how wide or deep
   * the network is (Yang & Hu 2021). Deviation: the authors draw them as those of any layer.
   *
   * @default {false}
   */
  readonly zeroOutput?: boolean;
  /**
   * What the outputs mean.
   *
   * @default {"classification"}
   */
  readonly task?: Task;
  /**
   * Seed of structure and weights.
   *
   * @default {0}
   */
  readonly seed?: number;
  /**
   * Threads that build the model; they do not change it.
   *
   * @default {1}
   */
  readonly threads?: number;
  /** Called after each layer that was made, with layers done and to do. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Every setting of a model, as it was made. */
export type ModelSettings =
  & Required<Omit<ModelOptions, "threads" | "onProgress" | "activation" | "epsilon" | "density">>
  & {
    readonly activation: Required<Activation> | readonly Required<Activation>[];
    readonly epsilon?: number;
    readonly density?: number | readonly number[];
  };

/**
 * Fills in defaults and checks ranges.
 *
 * @throws {TypeError} When a setting has the wrong type or an unknown name.
 * @throws {RangeError} When a setting is out of range.
 */
export function resolveSettings(options: ModelOptions): ModelSettings {
  const {
    sizes,
    epsilon,
    density,
    initializer = "he-uniform",
    fanIn = "dense",
    zeroOutput = false,
    task = "classification",
    seed = 0,
  } = options;
  if (!Array.isArray(sizes) || sizes.length < 2) {
    throw new TypeError(
      "Cannot make a model: expected sizes of at least two layers, input first and output last",
    );
  }
  for (const [layer, size] of sizes.entries()) {
    if (!Number.isInteger(size) || size < 1 || size >= 2 ** 32) {
      throw new RangeError(
        `Cannot make a model: layer ${
          layer + 1
        } has size ${size}, expected a whole number from 1 to 4294967295`,
      );
    }
  }
  if (epsilon !== undefined && density !== undefined) {
    throw new TypeError("Cannot make a model: epsilon and density were both given, expected one of them");
  }
  if (Array.isArray(density) && density.length !== sizes.length - 1) {
    throw new TypeError(
      `Cannot make a model: ${density.length} densities were given, expected one for each of ${
        sizes.length - 1
      } layers`,
    );
  }
  if (!WEIGHT_INITIALIZERS.includes(initializer)) {
    throw new TypeError(
      `Cannot make a model: initializer is "${initializer}", expected one of ${
        WEIGHT_INITIALIZERS.join(", ")
      }`,
    );
  }
  if (fanIn !== "dense" && fanIn !== "sparse") {
    throw new TypeError(`Cannot make a model: fanIn is "${fanIn}", expected dense or sparse`);
  }
  if (typeof zeroOutput !== "boolean") {
    throw new TypeError(`Cannot make a model: zeroOutput is ${zeroOutput}, expected true or false`);
  }
  if (task !== "classification" && task !== "regression") {
    throw new TypeError(`Cannot make a model: task is "${task}", expected classification or regression`);
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`Cannot make a model: seed is ${seed}, expected a whole number from 0 to 2^53 − 1`);
  }
  const { threads = 1 } = options;
  if (!Number.isSafeInteger(threads) || threads < 1) {
    throw new RangeError(`Cannot make a model: threads is ${threads}, expected a whole number of at least 1`);
  }
  const sparsity = density === undefined ? { epsilon: epsilon ?? 20 } : { density };
  for (const number of [epsilon, ...(Array.isArray(density) ? density : [density])]) {
    if (number === undefined || typeof number === "number") continue;
    throw new TypeError(
      `Cannot make a model: epsilon or density is ${JSON.stringify(number)}, expected a number`,
    );
  }
  for (const [layer, neurons] of sizes.slice(1).entries()) {
    connectionProbability({ inputs: sizes[layer], neurons, ...sparsityOf(sparsity, layer) });
  }
  const activation = resolveActivations(options.activation ?? "all-relu", sizes.length - 2);
  return { sizes: [...sizes], ...sparsity, activation, initializer, fanIn, zeroOutput, task, seed };
}

/** Activation of a hidden layer, from 0. */
export function activationOf(
  { activation }: Pick<ModelSettings, "activation">,
  layer: number,
): Required<Activation> {
  return "kind" in activation ? activation : activation[layer];
}

/** What decides how many connections a layer has. */
export function sparsityOf(settings: Pick<ModelSettings, "epsilon" | "density">, layer: number): Sparsity {
  const { epsilon, density } = settings;
  if (density === undefined) return { epsilon: epsilon ?? 20 };
  return { density: typeof density === "number" ? density : density[layer] };
}

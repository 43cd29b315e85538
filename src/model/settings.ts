/**
 * The settings of a model: sizes, sparsity, activation and how it begins.
 *
 * @module
 */
import {
  CALLBACK,
  type Hyperparameter,
  type NamesOf,
  onlyKnown,
  readValue,
  SEED,
  shown,
  THREADS,
} from "../hyperparameter.ts";
import { readList } from "../numbers.ts";
import {
  connectionProbability,
  type Sparsity,
  WEIGHT_INITIALIZERS,
  type WeightInitializer,
} from "../sparse/init.ts";
import { type Start, STARTS } from "../sparse/start.ts";
import { type Task, TASKS } from "../task.ts";
import { type Activation, type ActivationKind, resolveActivations } from "./activation.ts";

export type { Start, Task };

/** Options of {@linkcode SparseMlp.create}. */
export interface ModelOptions<T extends Task = Task> {
  /**
   * Neurons of each layer, input first, output last; at least two layers. A classification of two classes may have one
   * output.
   */
  readonly sizes: readonly number[];
  /**
   * Sparsity ε of the paper: a connection exists with probability ε·(n + m)/(n·m).
   *
   * @default {20}
   */
  readonly epsilon?: number;
  /**
   * Density instead of ε: one for all layers, or one for each. How many connections a layer has varies by about the root
   * of their number, unless it is full.
   */
  readonly density?: number | readonly number[];
  /**
   * Density of the whole network, instead of ε: exactly round(density · Σ n·m) connections, spread so that the density of a
   * layer is in proportion to (n + m)/(n·m); layers that would be more than full are full.
   *
   * Source: Evci et al. 2020 (ER).
   */
  readonly overallDensity?: number;
  /**
   * Where the first connections stand: at random; `csti`, those of the first layer where features go together most
   * (`SparseMlp.for` only); `brf`, those of all layers near each neuron's own place on a ring. The number of connections
   * of a layer of the two latter kinds is exact.
   *
   * Source: Zhang et al. 2024 and 2025.
   *
   * @default {"random"}
   */
  readonly start?: Start;
  /**
   * Of `start: "brf"`: r, from 0 (the nearest inputs) to 1 (any inputs). Probability falls with the distance d as
   * (1 + d)^(−(1 − r)/r), at 0.5 as 1/(1 + d).
   *
   * @default {0.5}
   */
  readonly rewiring?: number;
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
  readonly task?: T;
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
  /**
   * Called after each layer that was made, with layers done and to do; on the way through a layer that takes long, layers
   * done are no whole number.
   */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Every setting of a model, as it was made. */
export type ModelSettings<T extends Task = Task> =
  & Required<
    Omit<
      ModelOptions<T>,
      "threads" | "onProgress" | "activation" | "epsilon" | "density" | "overallDensity" | "rewiring"
    >
  >
  & Pick<ModelOptions, "epsilon" | "density" | "overallDensity">
  & {
    readonly activation: Required<Activation> | readonly Required<Activation>[];
    /** Given for `start: "brf"` alone. */
    readonly rewiring?: number;
  };

/** Where the first connections stand. */
export const START = {
  kind: "choice",
  choices: STARTS,
  default: "random",
  doc:
    "Where the first connections stand: anywhere (random), in the first layer where features of the training samples go " +
    "together (csti), or near each neuron's own place on a ring (brf).",
} as const satisfies Hyperparameter<Start>;

/** How far receptive fields reach. */
export const REWIRING = {
  kind: "number",
  least: 0,
  most: 1,
  default: 0.5,
  symbol: "r",
  doc:
    "How far the inputs of a neuron lie from its own place with brf: probability falls with the distance d as " +
    "(1 + d)^(−(1 − r)/r); 0 for the nearest, 1 for any.",
} as const satisfies Hyperparameter<number>;

/** Density of the whole network. */
export const OVERALL_DENSITY = {
  kind: "number",
  above: 0,
  most: 1,
  doc:
    "Density of the whole network instead of ε, exact; spread as ε spreads it, layers too small for that are full.",
} as const satisfies Hyperparameter<number>;

/** Names of {@linkcode ModelOptions}. */
const MODEL_OPTIONS: NamesOf<ModelOptions> = {
  sizes: true,
  epsilon: true,
  density: true,
  overallDensity: true,
  start: true,
  rewiring: true,
  activation: true,
  initializer: true,
  fanIn: true,
  zeroOutput: true,
  task: true,
  seed: true,
  threads: true,
  onProgress: true,
};

/** Every name in {@linkcode ModelOptions}. */
export const MODEL_OPTION_NAMES: readonly string[] = Object.keys(MODEL_OPTIONS);

const TASK = "make a model";

/** How a model is to be made: its settings, and how they are carried out. */
export interface ReadModelOptions extends Pick<ModelOptions, "onProgress"> {
  readonly settings: ModelSettings;
  readonly threads: number;
}

/**
 * Reads the options of a new model, each once.
 *
 * @throws {TypeError} When there is no option of a name, or its value has the wrong type.
 * @throws {RangeError} When a value is out of range.
 */
export function readModelOptions(given: ModelOptions): ReadModelOptions {
  const options = onlyKnown(given, MODEL_OPTIONS, TASK);
  const { onProgress } = options;
  if (onProgress !== undefined) readValue(CALLBACK, onProgress, { task: TASK, name: "onProgress" });
  return {
    settings: resolveSettings(options),
    threads: readValue(THREADS, options.threads, { task: TASK, name: "threads" }),
    ...(onProgress && { onProgress }),
  };
}

/**
 * Fills in defaults and checks ranges.
 *
 * @throws {TypeError} When a setting has the wrong type or an unknown name.
 * @throws {RangeError} When a setting is out of range.
 */
export function resolveSettings(options: ModelOptions): ModelSettings {
  const {
    epsilon,
    overallDensity,
    initializer = "he-uniform",
    fanIn = "dense",
    zeroOutput = false,
    task = "classification",
  } = options;
  const sizes = readList(options.sizes ?? [], { task: TASK, name: "sizes" });
  if (sizes.length < 2) {
    throw new TypeError(
      "Cannot make a model: expected sizes of at least two layers, input first and output last",
    );
  }
  const density = options.density === undefined || typeof options.density === "number"
    ? options.density
    : readList(options.density, { task: TASK, name: "density" });
  for (const [layer, size] of sizes.entries()) {
    if (!Number.isInteger(size) || size < 1 || size >= 2 ** 32) {
      throw new RangeError(
        `Cannot make a model: layer ${
          layer + 1
        } has size ${size}, expected a whole number from 1 to 4294967295`,
      );
    }
  }
  const [one, other] = Object.entries({ epsilon, density, overallDensity })
    .flatMap(([name, value]) => value === undefined ? [] : [name]);
  if (other !== undefined) {
    throw new TypeError(`Cannot make a model: ${one} and ${other} were both given, expected one of them`);
  }
  if (typeof density === "object" && density.length !== sizes.length - 1) {
    throw new TypeError(
      `Cannot make a model: ${density.length} densities were given, expected one for each of ${
        sizes.length - 1
      } layers`,
    );
  }
  if (!WEIGHT_INITIALIZERS.includes(initializer)) {
    throw new TypeError(
      `Cannot make a model: initializer is "${shown(initializer)}", expected one of ${
        WEIGHT_INITIALIZERS.join(", ")
      }`,
    );
  }
  if (fanIn !== "dense" && fanIn !== "sparse") {
    throw new TypeError(`Cannot make a model: fanIn is "${shown(fanIn)}", expected dense or sparse`);
  }
  if (typeof zeroOutput !== "boolean") {
    throw new TypeError(`Cannot make a model: zeroOutput is ${shown(zeroOutput)}, expected true or false`);
  }
  if (!TASKS.includes(task)) {
    throw new TypeError(`Cannot make a model: task is "${shown(task)}", expected one of ${TASKS.join(", ")}`);
  }
  const seed = readValue(SEED, options.seed, { task: TASK, name: "seed" });
  const start = readValue<Start>(START, options.start, { task: TASK, name: "start" });
  if (start !== "brf" && options.rewiring !== undefined) {
    throw new TypeError(`Cannot make a model: rewiring is for start "brf", the one asked for is "${start}"`);
  }
  const begins = start === "brf"
    ? { start, rewiring: readValue<number>(REWIRING, options.rewiring, { task: TASK, name: "rewiring" }) }
    : { start };
  const sparsity = overallDensity !== undefined
    ? {
      overallDensity: readValue<number>(OVERALL_DENSITY, overallDensity, {
        task: TASK,
        name: "overallDensity",
      }),
    }
    : density === undefined
    ? { epsilon: epsilon ?? 20 }
    : { density };
  if (epsilon !== undefined && typeof epsilon !== "number") {
    throw new TypeError(`Cannot make a model: epsilon is ${shown(epsilon)}, expected a number`);
  }
  for (const [layer, neurons] of overallDensity === undefined ? sizes.slice(1).entries() : []) {
    connectionProbability({ inputs: sizes[layer], neurons, ...sparsityOf(sparsity, layer) });
  }
  const activation = resolveActivations(options.activation ?? "all-relu", sizes.length - 2);
  return { sizes, ...sparsity, ...begins, activation, initializer, fanIn, zeroOutput, task, seed };
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

/**
 * A model laid out for prediction: weights in the order they are read, 8 bytes a connection.
 *
 * @module
 */
import { FeatureError } from "../errors.ts";
import { refuseUnknown, resolveOptions, type TableOf, THREADS } from "../hyperparameter.ts";
import { pictured } from "../picture.ts";
import { inputNames, type TableSchema } from "../schema.ts";
import type { Standardization } from "../native/standardize.ts";
import { predict, type PredictionSettings } from "../native/inference.ts";
import { copyTrap, refuseCopies } from "../copy_trap.ts";
import type { NetworkMemory } from "../native/layout.ts";
import { type Matrix, readMatrix } from "../numbers.ts";
import { sharedWords } from "../sparse/shared.ts";
import type { Task } from "../task.ts";
import { isInstance, readByName, readItems, unfit } from "../value.ts";
import { compileNetwork, connectionsOf } from "./compiled.ts";
import { SparseLayer } from "./layer.ts";
import { isFor, requireTask } from "./model_task.ts";
import { answerCount, isOneSided, writeBothSides } from "./outputs.ts";
import { inferencePicture } from "./picture.ts";
import { readSharedInference } from "./read_shared.ts";
import { standardizationOf } from "./sample_batch.ts";
import { shareCompiled, type SharedInference } from "./share.ts";
import { type TargetScaling, toOwnUnit } from "./target_scaling.ts";
import { applyTemperature } from "./temperature.ts";
import { predictionTiles } from "./tile.ts";

/** Options of a prediction. */
export interface PredictOptions {
  /** Threads of the kernels; they do not change the result. @default {1} */
  readonly threads?: number;
}

const COMPILING = "lay the model out for prediction";

const OPTIONS = { threads: THREADS } as const satisfies TableOf<PredictOptions>;
const OPTION_NAMES = Object.keys(OPTIONS);

/** What a model for prediction is made from. */
export interface Compilable<T extends Task = Task> {
  readonly settings: {
    readonly sizes: readonly number[];
    readonly task: T;
  };
  readonly layers: readonly SparseLayer[];
  readonly standardization?: Standardization;
  readonly trainedMark?: Uint32Array;
  readonly targetScaling?: TargetScaling;
  readonly featureCount: number;
  readonly classNames: readonly string[];
  readonly temperature: number;
  readonly schema?: TableSchema;
}

const TRAP = copyTrap(
  "an inference model",
  "its weights are none of them; share() is for another Worker, where fromShared() makes a model of it",
);

/**
 * A trained network that predicts: a copy, which later training does not change.
 *
 * Raw features are standardised with the model's statistics (and taken as they are without them). Batches are cut into
 * tiles that threads share; one or two samples alone take a shorter way. Memory: 8 bytes a connection, and the
 * activations of two layers for one tile a thread, or for fewer and narrower tiles where layers are huge.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { madelonLike, SparseMlp, train } from "@truly-sparse/truly-sparse";
 *
 * const data = madelonLike({ samples: 200, testSamples: 50, features: 20, seed: 1 });
 * const model = SparseMlp.create({ sizes: [20, 16, 2], epsilon: 8, seed: 1 });
 * for await (const _ of train(model, data, { epochs: 2, batchSize: 16 }));
 * const inference = model.toInference();
 * const classes = inference.predictClasses(data.test!.features);
 * assertEquals(classes.length, 50);
 * ```
 */
export class InferenceModel<out T extends Task = Task> {
  /** Raw features of a sample. */
  readonly featureCount: number;
  /** Classes, labels or values of a sample. */
  readonly outputCount: number;
  /** Name of each class or label; empty for regression, or where they are unknown. */
  readonly classNames: readonly string[];
  /** What the outputs mean. */
  readonly task: T;
  /** What the columns of the tables are that the model was trained on; undefined without one. */
  readonly schema: TableSchema | undefined;
  readonly #network: NetworkMemory;
  readonly #standardization: Standardization;
  readonly #targetScaling: TargetScaling | undefined;
  /** Whether one output tells two classes apart. */
  readonly #oneSided: boolean;
  readonly #sizes: readonly number[];
  readonly #temperature: number;
  #work: Uint32Array = new Uint32Array(0);

  static {
    pictured(
      InferenceModel.prototype,
      (model) => inferencePicture(model.#sizes, model.task, connectionsOf(model.#network), model.bytes),
    );
  }

  /**
   * Copies a model; O(connections).
   *
   * @param network What {@linkcode InferenceModel.fromShared} has read instead of layers.
   */
  constructor(model: Compilable<T>, network: NetworkMemory = compileNetwork(layersOf(model))) {
    const { settings: { sizes, task } } = model;
    this.#sizes = sizes;
    this.task = task;
    this.featureCount = model.featureCount;
    this.outputCount = answerCount({ sizes, task });
    this.#oneSided = isOneSided({ sizes, task });
    this.classNames = model.classNames;
    this.#temperature = model.temperature;
    this.schema = model.schema;
    this.#standardization = standardizationOf(model, "predict");
    this.#targetScaling = model.targetScaling;
    this.#network = network;
    refuseCopies(this, TRAP);
  }

  /**
   * The model in a form that `postMessage` and `structuredClone` carry to another Worker; its weights are not copied, so
   * that a pool of Workers holds them once. Nobody changes them; all may predict at the same time.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { InferenceModel, SparseMlp } from "@truly-sparse/truly-sparse";
   *
   * const inference = SparseMlp.create({ sizes: [4, 8, 2], seed: 1 }).compile();
   * const other = InferenceModel.fromShared(structuredClone(inference.share())); // in a Worker: of event.data
   * assertEquals(other.predict(new Float32Array(4)), inference.predict(new Float32Array(4)));
   * ```
   */
  share(): SharedInference {
    return shareCompiled({ sizes: this.#sizes, task: this.task }, this.#network, {
      classNames: this.classNames,
      temperature: this.#temperature,
      standardization: this.#standardization,
      ...(this.#targetScaling && { targetScaling: this.#targetScaling }),
      ...(this.schema && { schema: this.schema }),
    });
  }

  /**
   * The model that another Worker shared, over the same weights; it is checked first, O(connections).
   *
   * @throws {TypeError} When it is not what `share()` gave, of another version of the package, or damaged.
   * @throws {RangeError} When a number in it is out of range.
   */
  static fromShared(shared: SharedInference): InferenceModel {
    const { settings, memory, meaning } = readSharedInference(shared);
    const featureCount = meaning.standardization?.selection?.featureCount ?? settings.sizes[0];
    return new InferenceModel({ ...meaning, settings, layers: [], featureCount }, memory);
  }

  /** Bytes of the network's arrays. */
  get bytes(): number {
    return this.#network.arena.byteLength;
  }

  /** Whether it is for a task; see `SparseMlp.is`. */
  is<K extends Task>(task: K): this is InferenceModel<K> {
    return isFor(this.task, task);
  }

  /**
   * The class of each sample, by its index; the first of equal ones.
   *
   * @param features Raw features, shape `[samples, featureCount]`: one line of numbers or a row for each sample, in
   * arrays of any kind; numbers that are neither 32-bit floats nor bytes are rounded to 32-bit floats.
   * @returns Shape `[samples]`.
   * @throws {TypeError} When it is for another task, or features are of another kind or number.
   * @throws {RangeError} When a number that had to be converted is not finite.
   * @throws {FeatureError} When a feature is not finite, or so far from those of training that the outputs are not.
   */
  predictClasses(
    this: InferenceModel<"classification">,
    features: Matrix,
    options: PredictOptions = {},
  ): Uint32Array {
    requireTask(this.task, ["classification"], "classes");
    const outputs = this.#run(features, "outputs", options);
    return this.#oneSided ? Uint32Array.from(outputs, above) : largest(outputs, this.outputCount);
  }

  /**
   * Which labels apply to each sample: 1 where one's probability is above ½, else 0; as {@linkcode predictClasses}.
   *
   * @returns Shape `[samples, labels]`.
   */
  predictLabels(
    this: InferenceModel<"multi-label">,
    features: Matrix,
    options: PredictOptions = {},
  ): Uint8Array {
    requireTask(this.task, ["multi-label"], "labels");
    return Uint8Array.from(this.#run(features, "outputs", options), above);
  }

  /**
   * The probability of each class, with the temperature of a calibrated model, or of each label for itself; as
   * {@linkcode predictClasses}.
   *
   * @returns Shape `[samples, classes]`, where each row sums to 1; or `[samples, labels]`, where it need not.
   */
  predictProbabilities(
    this: InferenceModel<"classification" | "multi-label">,
    features: Matrix,
    options: PredictOptions = {},
  ): Float32Array {
    requireTask(this.task, ["classification", "multi-label"], "probabilities");
    if (this.task === "multi-label") return this.#run(features, "sigmoid", options);
    const outputs = this.#run(features, this.#oneSided ? "outputs" : "softmax", options);
    const probabilities = this.#oneSided ? new Float32Array(2 * outputs.length) : outputs;
    if (this.#oneSided) writeBothSides(outputs, probabilities);
    applyTemperature(probabilities, this.outputCount, this.#temperature);
    return probabilities;
  }

  /**
   * The values of a regression, in the targets' own unit; as {@linkcode predictClasses}.
   *
   * @returns Shape `[samples, outputs]`.
   */
  predictValues(
    this: InferenceModel<"regression">,
    features: Matrix,
    options: PredictOptions = {},
  ): Float32Array {
    requireTask(this.task, ["regression"], "values");
    return this.#run(features, "outputs", options);
  }

  /**
   * The class of each sample by its index, for regression its values, or for several labels those that apply.
   *
   * @deprecated Use `predictClasses`, `predictValues` or `predictLabels`, whose results have one type.
   */
  predict(features: Matrix, options: PredictOptions = {}): Uint32Array | Float32Array | Uint8Array {
    if (this.is("regression")) return this.predictValues(features, options);
    return this.is("multi-label")
      ? this.predictLabels(features, options)
      : (this as InferenceModel<"classification">).predictClasses(features, options);
  }

  #run(given: Matrix, wanted: PredictionSettings["wanted"], options: PredictOptions): Float32Array {
    refuseUnknown(options, OPTION_NAMES, "predict");
    const { threads } = resolveOptions(OPTIONS, options, { task: "predict" }) as Required<PredictOptions>;
    const { values: features, rows: samples } = readMatrix(
      given,
      { task: "predict", name: "features" },
      this.featureCount,
    );
    const outputs = new Float32Array(samples * this.#sizes[this.#sizes.length - 1]);
    if (samples === 0) return outputs;
    const { width, words } = predictionTiles(this.#sizes, samples, threads);
    if (this.#work.length < words) this.#work = sharedWords(words);
    const source = { features, ...this.#standardization };
    try {
      predict(this.#network, source, { wanted, width, threads }, this.#work, outputs);
    } catch (cause) {
      if (!(cause instanceof FeatureError) || this.schema === undefined) throw cause;
      throw cause.at({ name: inputNames(this.schema)[cause.place.feature] });
    }
    if (this.#targetScaling !== undefined) toOwnUnit(this.#targetScaling, outputs);
    return outputs;
  }
}

/** Which side of 0 an output is on. */
function above(output: number): number {
  return output > 0 ? 1 : 0;
}

/** The first largest of each row. */
function largest(outputs: Float32Array, count: number): Uint32Array {
  const labels = new Uint32Array(outputs.length / count);
  for (let sample = 0; sample < labels.length; sample++) {
    const start = sample * count;
    let best = 0;
    for (let output = 1; output < count; output++) {
      if (outputs[start + output] > outputs[start + best]) best = output;
    }
    labels[sample] = best;
  }
  return labels;
}

/** The layers of what should be a model: their arrays go to kernels, which trust them. */
function layersOf(model: Compilable): readonly SparseLayer[] {
  const { layers } = readByName(model, ["layers"], COMPILING, "model.");
  const refused = () => unfit({ task: COMPILING, name: "the model" }, model, "a SparseMlp");
  if (layers === undefined) throw refused();
  return readItems(layers, { task: COMPILING, name: "model.layers" }, 2 ** 16).map((layer) => {
    if (isInstance(layer, SparseLayer)) return layer;
    throw refused();
  });
}

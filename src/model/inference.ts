/**
 * A model laid out for prediction: weights in the order they are read, 8 bytes a connection.
 *
 * @module
 */
import { FeatureError } from "../errors.ts";
import { refuseUnknown, resolveOptions, type TableOf, THREADS } from "../hyperparameter.ts";
import { inputNames, type TableSchema } from "../schema.ts";
import type { Standardization } from "../native/standardize.ts";
import { predict, type PredictionSettings } from "../native/inference.ts";
import { LAYOUT_COLUMNS, type NetworkMemory, writeLayoutRow } from "../native/layout.ts";
import { type Matrix, readMatrix } from "../numbers.ts";
import { sharedWords } from "../sparse/shared.ts";
import type { Task } from "../task.ts";
import { paddedWords, type SparseLayer } from "./layer.ts";
import { isFor, requireTask } from "./model_task.ts";
import { answerCount, isOneSided, writeBothSides } from "./outputs.ts";
import { type TargetScaling, toOwnUnit } from "./target_scaling.ts";
import { applyTemperature } from "./temperature.ts";
import { predictionTiles } from "./tile.ts";

/** Options of a prediction. */
export interface PredictOptions {
  /** Threads of the kernels; they do not change the result. @default {1} */
  readonly threads?: number;
}

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
  readonly targetScaling?: TargetScaling;
  readonly featureCount: number;
  readonly classNames: readonly string[];
  readonly temperature: number;
  readonly schema?: TableSchema;
}

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
  readonly #network: NetworkMemory;
  readonly #standardization: Standardization;
  readonly #targetScaling: TargetScaling | undefined;
  /** Whether one output tells two classes apart. */
  readonly #oneSided: boolean;
  readonly #sizes: readonly number[];
  readonly #temperature: number;
  readonly #schema: TableSchema | undefined;
  #work: Uint32Array = new Uint32Array(0);

  /** Copies a model; O(connections). */
  constructor(model: Compilable<T>) {
    const { settings: { sizes, task }, layers, standardization } = model;
    this.#sizes = sizes;
    this.task = task;
    this.featureCount = model.featureCount;
    this.outputCount = answerCount({ sizes, task });
    this.#oneSided = isOneSided({ sizes, task });
    this.classNames = model.classNames;
    this.#temperature = model.temperature;
    this.#schema = model.schema;
    this.#standardization = standardization ??
      { mean: new Float32Array(sizes[0]), scale: new Float32Array(sizes[0]).fill(1) };
    this.#targetScaling = model.targetScaling;
    this.#network = compileNetwork(layers);
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
      if (!(cause instanceof FeatureError) || this.#schema === undefined) throw cause;
      throw cause.at({ name: inputNames(this.#schema)[cause.place.feature] });
    }
    if (this.#targetScaling !== undefined) toOwnUnit(this.#targetScaling, outputs);
    return outputs;
  }
}

/** Copies weights into incoming order; the sections are those of `kernels/src/network/inference.rs`. */
function compileNetwork(layers: readonly SparseLayer[]): NetworkMemory {
  const layout = new Uint32Array(LAYOUT_COLUMNS * layers.length);
  const slopes = new Float32Array(layers.length);
  const sections = layers.map((layer) => {
    const { neurons, nnz, activationParameters } = layer;
    return [neurons + 1, nnz, nnz, neurons, activationParameters.length];
  });
  const arena = sharedWords(sections.flat().reduce((sum, length) => sum + paddedWords(length), 0));
  const floats = new Float32Array(arena.buffer, arena.byteOffset, arena.length);
  let place = 0;
  for (const [index, layer] of layers.entries()) {
    const { inputs, neurons, nnz, activation, incomingPtr, source, position, values } = layer;
    writeLayoutRow(layout, index, { inputs, neurons, nnz, capacity: nnz, activation: activation.code });
    slopes[index] = activation.slope;
    const starts = sections[index].map((length) => {
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

/**
 * A model laid out for prediction: weights in the order they are read, 8 bytes a connection.
 *
 * @module
 */
import { FeatureError } from "../errors.ts";
import { pictured } from "../picture.ts";
import { inputNames, type TableSchema } from "../schema.ts";
import type { Standardization } from "../native/standardize.ts";
import { predict } from "../native/inference.ts";
import { copyTrap, refuseCopies } from "../copy_trap.ts";
import type { NetworkMemory } from "../native/layout.ts";
import { sharedWords } from "../sparse/shared.ts";
import { type NamesOf, onlyKnown, readValue, THREADS } from "../hyperparameter.ts";
import { readMatrix } from "../numbers.ts";
import { isInstance, readByName, readItems, unfit } from "../value.ts";
import { compileNetwork, connectionsOf } from "./compiled.ts";
import { SparseLayer } from "./layer.ts";
import { inferencePicture } from "./picture.ts";
import { readSharedInference } from "./read_shared.ts";
import { shareCompiled, type SharedInference } from "./share.ts";
import { type TargetScaling, toOwnUnit } from "./target_scaling.ts";
import { applyTemperature } from "./temperature.ts";
import { predictionTiles } from "./tile.ts";

/** Options of a prediction. */
export interface PredictOptions {
  /** Threads of the kernels; they do not change the result. @default {1} */
  readonly threads?: number;
}

const [COMPILING, PREDICTING] = ["lay the model out for prediction", "predict"];

const PREDICT_OPTIONS: NamesOf<PredictOptions> = { threads: true };

/** What a model is compiled from. */
export interface Compilable {
  readonly settings: {
    readonly sizes: readonly number[];
    readonly task: "classification" | "regression" | "multi-label";
  };
  readonly layers: readonly SparseLayer[];
  readonly standardization?: Standardization;
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
 * const inference = model.compile();
 * const labels = inference.predict(data.test!.features);
 * assertEquals(labels.length, 50);
 * ```
 */
export class InferenceModel {
  /** Raw features of a sample. */
  readonly featureCount: number;
  /** Classes or values of a sample. */
  readonly outputCount: number;
  /** Name of each class; empty for regression, or where they are unknown. */
  readonly classNames: readonly string[];
  /** What the outputs mean. */
  readonly task: "classification" | "regression" | "multi-label";
  /** What the columns of the tables are that the model was trained on; undefined without one. */
  readonly schema: TableSchema | undefined;
  readonly #network: NetworkMemory;
  readonly #standardization: Standardization;
  readonly #targetScaling: TargetScaling | undefined;
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
  constructor(model: Compilable, network: NetworkMemory = compileNetwork(layersOf(model))) {
    const { settings: { sizes, task }, standardization } = model;
    this.#sizes = sizes;
    this.task = task;
    this.featureCount = model.featureCount;
    this.outputCount = sizes[sizes.length - 1];
    this.classNames = model.classNames;
    this.#temperature = model.temperature;
    this.schema = model.schema;
    this.#standardization = standardization ??
      { mean: new Float32Array(sizes[0]), scale: new Float32Array(sizes[0]).fill(1) };
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
   * import { InferenceModel, SparseMlp } from "../../mod.ts";
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

  /**
   * The class of each sample by its index (the first of equal outputs), or for regression its values in the targets' own
   * unit.
   *
   * @param features Raw features, shape `[samples, featureCount]`.
   * @returns Shape `[samples]`, or `[samples, outputs]` for regression.
   * @throws {TypeError} When their number is no multiple of `featureCount`.
   * @throws {FeatureError} When one is not finite, or so far from those of training that the outputs are not.
   */
  predict(features: Float32Array | Uint8Array, options: PredictOptions = {}): Uint32Array | Float32Array {
    const outputs = this.#run(features, false, options);
    return this.task === "regression" ? outputs : largest(outputs, this.outputCount);
  }

  /**
   * The probability of each class, with the temperature of a calibrated model.
   *
   * @param features Raw features, shape `[samples, featureCount]`.
   * @returns Shape `[samples, classes]`; each row sums to 1.
   * @throws {TypeError} When the model is for regression, or the number of features does not fit.
   * @throws {FeatureError} As {@linkcode predict}.
   */
  predictProbabilities(features: Float32Array | Uint8Array, options: PredictOptions = {}): Float32Array {
    if (this.task === "regression") {
      throw new TypeError("Cannot predict probabilities: the model is for regression, use predict");
    }
    const probabilities = this.#run(features, true, options);
    applyTemperature(probabilities, this.outputCount, this.#temperature);
    return probabilities;
  }

  #run(given: Float32Array | Uint8Array, softmax: boolean, options: PredictOptions): Float32Array {
    const { threads: most } = onlyKnown(options, PREDICT_OPTIONS, PREDICTING);
    const threads = readValue(THREADS, most, { task: PREDICTING, name: "threads" });
    const place = { task: PREDICTING, name: "features" };
    const { values: features, rows: samples } = readMatrix(given, place, this.featureCount);
    const outputs = new Float32Array(samples * this.outputCount);
    if (samples === 0) return outputs;
    const { width, words } = predictionTiles(this.#sizes, samples, threads);
    if (this.#work.length < words) this.#work = sharedWords(words);
    const source = { features, ...this.#standardization };
    try {
      predict(this.#network, source, { softmax, width, threads }, this.#work, outputs);
    } catch (cause) {
      if (!(cause instanceof FeatureError) || this.schema === undefined) throw cause;
      throw cause.at({ name: inputNames(this.schema)[cause.place.feature] });
    }
    if (this.#targetScaling !== undefined) toOwnUnit(this.#targetScaling, outputs);
    return outputs;
  }
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

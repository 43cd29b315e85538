/**
 * A model laid out for prediction: weights in the order they are read, 8 bytes a connection.
 *
 * @module
 */
import { FeatureError } from "../errors.ts";
import { inputNames, type TableSchema } from "../schema.ts";
import type { Standardization } from "../native/standardize.ts";
import { predict } from "../native/inference.ts";
import { LAYOUT_COLUMNS, type NetworkMemory, writeLayoutRow } from "../native/layout.ts";
import { sharedWords } from "../sparse/shared.ts";
import { type NamesOf, onlyKnown, readValue, THREADS } from "../hyperparameter.ts";
import { readMatrix } from "../numbers.ts";
import { isInstance, readByName, readItems, unfit } from "../value.ts";
import { paddedWords, SparseLayer } from "./layer.ts";
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

  /** Copies a model; O(connections). */
  constructor(model: Compilable) {
    const { layers: given } = readByName(model, ["layers"], COMPILING, "model.");
    for (const layer of readItems(given ?? [], { task: COMPILING, name: "model.layers" }, 2 ** 16)) {
      if (!isInstance(layer, SparseLayer)) {
        throw unfit({ task: COMPILING, name: "the model" }, model, "a SparseMlp");
      }
    }
    if (given === undefined) throw unfit({ task: COMPILING, name: "the model" }, model, "a SparseMlp");
    const { settings: { sizes, task }, layers, standardization } = model;
    this.#sizes = sizes;
    this.task = task;
    this.featureCount = model.featureCount;
    this.outputCount = layers[layers.length - 1].neurons;
    this.classNames = model.classNames;
    this.#temperature = model.temperature;
    this.schema = model.schema;
    this.#standardization = standardization ??
      { mean: new Float32Array(sizes[0]), scale: new Float32Array(sizes[0]).fill(1) };
    this.#targetScaling = model.targetScaling;
    this.#network = compileNetwork(layers);
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

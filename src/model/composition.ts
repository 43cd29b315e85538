/**
 * A sparse network as a part of somebody else's graph: what it gives, and gradients on the way back.
 *
 * @module
 */
import { firstUnfit } from "../finite.ts";
import { type NamesOf, onlyKnown, readValue, readWhole, THREADS } from "../hyperparameter.ts";
import { activationsOf } from "../native/activations.ts";
import { differentiate } from "../native/differentiation.ts";
import { probeGradients, probeWords } from "../native/probe.ts";
import { type Batch, workspaceWords } from "../native/step.ts";
import type { Standardization } from "../native/standardize.ts";
import type { NetworkMemory } from "../native/layout.ts";
import type { OptimizerState } from "../optimizer/optimizer.ts";
import type { TableSchema } from "../schema.ts";
import { unusableSample } from "../native/unusable_feature.ts";
import { type Matrix, type Numbers, readIndices } from "../numbers.ts";
import { sharedFloats, sharedWords } from "../sparse/shared.ts";
import type { ModelSettings } from "./settings.ts";
import type { TargetScaling } from "./target_scaling.ts";
import type { ModelUse } from "./use.ts";
import { gradientLength, type LayerGradients, type SparseLayer } from "./layer.ts";
import {
  type GivenGradients,
  layerGradients,
  type ModelUpdateOptions,
  updateParameters,
} from "./layer_gradients.ts";
import {
  named,
  readRows,
  readTruth,
  requireFinite,
  type SampleBatch,
  type SampleReader,
  standardizationOf,
  type TiledSamples,
  TileMemory,
} from "./sample_batch.ts";

/** How a network is run. */
export interface RunOptions {
  /** Threads of the kernels; they do not change the result. @default {1} */
  readonly threads?: number;
}

/** Gradients that came back through a network. */
export interface NetworkGradients {
  /** Of the parameters of each layer. */
  readonly layers: LayerGradients[];
  /** Of the raw features, shape `[samples, featureCount]`; 0 for those a compacted model does not read. */
  readonly inputs: Float32Array;
}

/** Gradients of the loss. */
export interface LossGradients extends NetworkGradients {
  /** Mean over the samples of the loss of each times its weight; of standardised targets. */
  readonly loss: number;
}

const NONE: Float32Array = new Float32Array(0);
/** Of a batch whose gradient of outputs is given: not looked at. */
const NO_TRUTH = { loss: "squared-error", labels: new Uint32Array(0), targets: NONE } as const;
const RUN_OPTIONS: NamesOf<RunOptions> = { threads: true };
const BATCH: NamesOf<SampleBatch> = {
  features: true,
  labels: true,
  targets: true,
  weights: true,
  threads: true,
};

function threadsOf(threads: unknown, task: string): number {
  return readValue(THREADS, threads, { task, name: "threads" }) as number;
}

/**
 * What makes a network a part of a graph of one's own: the methods of `SparseMlp` that run it forward and backward.
 *
 * The network keeps the memory that its runs work in from one to the next.
 */
export abstract class ComposableNetwork {
  /** See `SparseMlp`. */
  abstract readonly settings: ModelSettings;
  /** See `SparseMlp`. */
  abstract readonly layers: readonly SparseLayer[];
  /** See `SparseMlp`. */
  abstract readonly memory: NetworkMemory;
  /** See `SparseMlp`. */
  abstract readonly use: ModelUse;
  /** See `SparseMlp`. */
  abstract readonly featureCount: number;
  /** See `SparseMlp`. */
  abstract readonly optimizerState: OptimizerState | undefined;
  /** See `SparseMlp`. */
  abstract updates: number;
  /** See `SparseMlp`. */
  abstract standardization?: Standardization;
  /** See `SparseMlp`. */
  abstract targetScaling?: TargetScaling;
  /** See `SparseMlp`. */
  abstract schema?: TableSchema;
  /** The samples of the last forward run, for the way back. */
  readonly #forwardTiles = new TileMemory();
  readonly #tiles = new TileMemory();
  #forward: { readonly arena: Uint32Array; readonly samples: TiledSamples } | undefined;
  #work: Uint32Array = new Uint32Array(0);
  #gradients: Uint32Array = new Uint32Array(0);
  #inputs: Float32Array = NONE;
  readonly #totals = new Float64Array(2);

  /** See `SparseMlp`. */
  abstract holdState(wanted: OptimizerState): void;

  /**
   * What the network gives for each sample: its outputs before softmax or sigmoid, for regression those of standardised targets.
   *
   * With {@linkcode backward}, the network stands in the middle of a graph of one's own. The samples are kept for that
   * until the next call. Without dropout. Raw features are standardised where the model has a standardisation (`train()`
   * gives it one) and taken as they are otherwise.
   *
   * @param features Shape `[samples, featureCount]`.
   * @returns Shape `[samples, outputs]`.
   * @throws {TypeError} When it is no such array, or its length no multiple of the model's features.
   * @throws {FeatureError} When one is not finite, or so far from those of training that the outputs are not.
   *
   * @example The gradient of a weight, by that of the outputs
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { SparseMlp } from "@truly-sparse/truly-sparse";
   *
   * const model = SparseMlp.create({ sizes: [3, 2], task: "regression", density: 1, seed: 1 });
   * const outputs = model.forward([[1, 2, 3]]);
   * assertEquals(outputs.length, 2);
   * const { layers, inputs } = model.backward([[1, 0]]); // Σ gradient · output is the first output
   * assertEquals(layers[0].values, Float32Array.of(1, 0, 2, 0, 3, 0));
   * assertEquals(inputs, Float32Array.of(model.layers[0].values[0], model.layers[0].values[2], model.layers[0].values[4]));
   * ```
   */
  forward(features: Matrix, options: RunOptions = {}): Float32Array {
    this.#forward = undefined;
    const last = this.layers.length - 1;
    const { outputs, samples } = this.#run(features, last, options, this.#forwardTiles);
    this.#forward = { arena: this.memory.arena, samples };
    return outputs;
  }

  /**
   * What the neurons of one layer give for each sample, without dropout; otherwise as {@linkcode forward}, whose samples
   * it leaves as they are.
   *
   * @param layer Number of the layer in {@linkcode layers}; the last gives the outputs.
   * @returns Shape `[samples, neurons]`.
   * @throws {RangeError} When there is no such layer.
   */
  activations(features: Matrix, layer: number, options: RunOptions = {}): Float32Array {
    return this.#run(features, layer, options, this.#tiles).outputs;
  }

  /**
   * The loss of some samples, and its gradient with respect to all parameters and the raw features; nothing is learnt.
   *
   * The loss is the mean over the samples of that of each times its weight, of standardised targets, without dropout and
   * weight decay: the bits of a training step on these samples. Cost: forward and back, and copies of the gradients.
   *
   * @throws {TypeError} When samples lack what the model's task asks for, or something has another length or type.
   * @throws {RangeError} When a class is none of the model's, or a number is not finite.
   *
   * @example A step against the gradient
   * ```ts
   * import { assert } from "@std/assert";
   * import { SparseMlp } from "@truly-sparse/truly-sparse";
   *
   * const model = SparseMlp.create({ sizes: [2, 8, 2], epsilon: 4, seed: 1 });
   * const batch = { features: [[0, 1], [1, 0], [1, 1], [0, 0]], labels: [1, 1, 0, 0] };
   * const { loss, layers } = model.gradients(batch);
   * model.update(layers, { learningRate: 0.1 });
   * assert(model.gradients(batch).loss < loss);
   * ```
   */
  gradients(batch: SampleBatch): LossGradients {
    const task = "compute gradients";
    const { batch: tiles, threads } = this.#batchOf(batch, task);
    const found = this.#back(tiles, NONE, threads);
    const loss = this.#totals[0] / tiles.samples;
    if (!Number.isFinite(loss)) {
      throw new RangeError(
        `Cannot ${task}: the loss is ${loss}; the features lie too far from those of training, or parameters do ` +
          "from 0",
      );
    }
    return { loss, ...found };
  }

  /**
   * Gradients of Σ `outputGradient` · output, summed over samples and outputs: with the gradient of some loss with respect
   * to what {@linkcode forward} gave, those of that loss with respect to all parameters and the raw features.
   *
   * They are of the parameters as they are now. A network that is used twice in a graph is run backward once for each use,
   * with the features of that use, and its gradients are added.
   *
   * @param outputGradient Shape `[samples, outputs]`.
   * @param features Shape `[samples, featureCount]`. @default those of the last forward run
   * @throws {TypeError} When there was no forward run with these layers, or something has another length or type.
   * @throws {RangeError} When a number is not finite.
   */
  backward(outputGradient: Matrix, features?: Matrix, options: RunOptions = {}): NetworkGradients {
    const task = "run backward";
    const threads = threadsOf(onlyKnown(options, RUN_OPTIONS, task).threads, task);
    const samples = features === undefined
      ? this.#forwardSamples(task)
      : this.#tiles.fill(this, features, task, threads);
    requireSamples(samples, task);
    const { neurons } = this.layers[this.layers.length - 1];
    const place = { task, name: "the gradients of outputs" };
    const given = readRows(outputGradient, place, samples.samples, neurons);
    const found = this.#back({ ...samples, ...NO_TRUTH }, given, threads);
    for (const { values, bias, activationParameters } of found.layers) {
      for (const numbers of [values, bias, activationParameters]) {
        requireFinite(numbers, { task, name: "the gradients found" });
      }
    }
    requireFinite(found.inputs, { task, name: "the gradients found" });
    return found;
  }

  /**
   * The gradient of the mean loss with respect to a weight at places of one layer, where there is a connection or not: what
   * decides where connections should grow.
   *
   * Cost: forward and back, and as much for a place as for a connection on the way back.
   *
   * @param layer Number of the layer in {@linkcode layers}.
   * @param rows Input neuron of each place; ascending is quickest.
   * @param columns Target neuron of each place.
   * @returns One number a place.
   * @throws {RangeError} When there is no such layer or place, or a gradient is not finite; otherwise as
   * {@linkcode gradients}.
   */
  absentGradients(layer: number, rows: Numbers, columns: Numbers, batch: SampleBatch): Float32Array {
    const task = "compute gradients of absent connections";
    const { layers, memory } = this;
    const { inputs, neurons } = layers[this.#layer(layer, task)];
    const read = readIndices(rows, { task, name: "rows" }, inputs);
    const places = {
      rows: read,
      columns: readIndices(columns, { task, name: "columns" }, neurons, read.length),
      ends: Uint32Array.from(layers, (_, index) => index < layer ? 0 : read.length),
    };
    const { batch: tiles, threads } = this.#batchOf(batch, task);
    const work = this.#workOf(probeWords(memory, tiles.width, { dropout: false }));
    const gradients = new Float32Array(places.rows.length);
    probeGradients(memory, tiles, places, { threads }, work, gradients);
    requireFinite(gradients, { task, name: "the gradients found" });
    return gradients;
  }

  /**
   * One step of an optimiser from gradients of one's own, given for the connections that the layers have now.
   *
   * State is kept in the model as training does, which may go on from it. Nothing changes where an argument is wrong.
   *
   * @param layers As {@linkcode gradients} and {@linkcode backward} give them; those of several uses may be added.
   * @param options As in training, with the same defaults.
   * @throws {TypeError} When lengths or types do not fit, the model is in a run or being saved, or it holds the state of
   * another optimiser.
   * @throws {RangeError} When an option is out of range or a gradient is not finite.
   */
  update(layers: readonly GivenGradients[], options: ModelUpdateOptions = {}): void {
    updateParameters(this, layers, options, this.#gradientArena());
  }

  #run(
    features: Matrix,
    layer: number,
    options: RunOptions,
    tiles: TileMemory,
  ): { readonly outputs: Float32Array; readonly samples: TiledSamples } {
    const task = "run forward";
    const threads = threadsOf(onlyKnown(options, RUN_OPTIONS, task).threads, task);
    const { layers, memory } = this;
    const { neurons } = layers[this.#layer(layer, task)];
    const samples = tiles.fill(this, features, task, threads);
    const outputs = new Float32Array(samples.samples * neurons);
    if (outputs.length === 0) return { outputs, samples };
    const work = this.#workOf(workspaceWords(memory, samples.width, { training: false, dropout: false }));
    activationsOf(memory, samples, layer, threads, work, outputs);
    const unfit = firstUnfit(outputs);
    if (unfit < 0) return { outputs, samples };
    throw named(unusableSample(task, samples.source, Math.floor(unfit / neurons)), this);
  }

  /** A batch that was given, checked. */
  #batchOf(given: SampleBatch, task: string): { readonly batch: Batch; readonly threads: number } {
    const { features, ...others } = onlyKnown(given, BATCH, task);
    const threads = threadsOf(others.threads, task);
    const samples = this.#tiles.fill(this, features, task, threads);
    requireSamples(samples, task);
    return { batch: { ...samples, ...readTruth(this, others, samples.samples, task) }, threads };
  }

  #back(batch: Batch, outputGradient: Float32Array, threads: number): NetworkGradients {
    const { memory, layers } = this;
    const work = this.#workOf(workspaceWords(memory, batch.width, { training: true, dropout: false }));
    if (this.#inputs.length < batch.input.length) this.#inputs = sharedFloats(batch.input.length);
    const [gradients, inputs] = [this.#gradientArena(), this.#inputs.subarray(0, batch.input.length)];
    differentiate(memory, batch, outputGradient, threads, { gradients, inputs }, work, this.#totals);
    return { layers: layerGradients(layers, gradients), inputs: rawGradient(this, batch, inputs) };
  }

  #forwardSamples(task: string): TiledSamples {
    if (this.#forward?.arena === this.memory.arena) return this.#forward.samples;
    const found = this.#forward === undefined
      ? "there was no forward run"
      : "the model has other layers than at its last forward run";
    throw new TypeError(`Cannot ${task}: ${found}; give the features too`);
  }

  #layer(layer: number, task: string): number {
    return readWhole(layer, { task, name: "layer" }, { least: 0, most: this.layers.length - 1 });
  }

  #workOf(words: number): Uint32Array {
    if (this.#work.length < words) this.#work = sharedWords(words);
    return this.#work;
  }

  /** An arena for gradients of the layers as they are now. */
  #gradientArena(): Uint32Array {
    const words = gradientLength(this.layers);
    if (this.#gradients.length !== words) this.#gradients = sharedWords(words);
    return this.#gradients;
  }
}

function requireSamples({ samples }: TiledSamples, task: string): void {
  if (samples > 0) return;
  throw new TypeError(`Cannot ${task}: there are features of 0 samples, expected one at least`);
}

/** Gradients of tiles as those of raw features, by the standardisation between the two. */
function rawGradient(
  model: SampleReader,
  { samples, width }: TiledSamples,
  tiles: Float32Array,
): Float32Array {
  const { scale, selection } = standardizationOf(model, "run backward");
  const [count, inputs] = [model.featureCount, scale.length];
  const gradient = new Float32Array(samples * count);
  for (let sample = 0; sample < samples; sample++) {
    const tile = Math.floor(sample / width) * width * inputs + sample % width;
    for (let input = 0; input < inputs; input++) {
      const feature = selection?.features[input] ?? input;
      gradient[sample * count + feature] = tiles[tile + input * width] * scale[input];
    }
  }
  return gradient;
}

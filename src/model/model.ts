/**
 * The sparse multilayer perceptron: layers in one shared arena, and what can be counted of them.
 *
 * @module
 */
import type { Standardization } from "../native/standardize.ts";
import type { NetworkMemory } from "../native/layout.ts";
import { copyTrap, refuseCopies } from "../copy_trap.ts";
import { pictured } from "../picture.ts";
import { inputNames, type TableSchema } from "../schema.ts";
import type { OptimizerState } from "../optimizer/optimizer.ts";
import type { ConnectionHistory } from "../sparse/history.ts";
import { sharedWords } from "../sparse/shared.ts";
import { inputStrength } from "../sparse/strength.ts";
import { type DataShape, type ModelForOptions, optionsFor, samplesFor } from "./data_shape.ts";
import { type Draft, draftOf } from "./draft.ts";
import { gradientLength, type LayerPlan, type SparseLayer } from "./layer.ts";
import { isFor } from "./model_task.ts";
import { NetworkArrays } from "./network_arrays.ts";
import { copyParts, type ModelParts } from "./parts.ts";
import { modelDisplay, modelPicture } from "./picture.ts";
import { PredictiveNetwork } from "./predictive.ts";
import { reachedOutputs } from "./reach.ts";
import { readShared } from "./read_shared.ts";
import type { ModelOptions, ModelSettings, Task } from "./settings.ts";
import { type SharedModel, shareParts } from "./share.ts";
import { type ModelStats, statistics } from "./stats.ts";
import type { TargetScaling } from "./target_scaling.ts";
import { ModelUse } from "./use.ts";

const TRAP = copyTrap(
  "a model",
  "its weights are none of them; clone() is a copy, share() is for another Worker, encodeModel() gives bytes",
);

/**
 * A truly sparse multilayer perceptron: only the connections that exist take memory and time.
 *
 * Paper: §2. Layer l maps `sizes[l]` inputs to `sizes[l + 1]` neurons; what the outputs become depends on the task.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { SparseMlp } from "@truly-sparse/truly-sparse";
 *
 * const model = SparseMlp.create({ sizes: [784, 1000, 10], epsilon: 20, seed: 1 });
 * assertEquals(model.layers.length, 2);
 * assertEquals(model.layers[1].nnz, 10_000); // ε 20 asks for more than all of 1000·10
 * ```
 *
 * @template T What the model is for, where that is known: it says which predictions there are. A model that was loaded
 * may be for any task, which {@linkcode SparseMlp.is} tells apart.
 */
export class SparseMlp<out T extends Task = Task> extends PredictiveNetwork<T> {
  /** Which raw features are inputs, and how they are standardised; set by the first training. */
  standardization?: Standardization;
  /** Regression: the unit of the values it predicts; set by the first training. Without it, outputs are the values. */
  targetScaling?: TargetScaling;
  /** Name of each class or label; set by training. */
  classNames: readonly string[] = [];
  /** What the columns of the tables are that the model reads; set by training on one. */
  schema?: TableSchema;
  /** What became of its connections, where training is told to keep that. Set by training, saved with a checkpoint. @ignore */
  history?: ConnectionHistory;
  /** What models over the same memory are told by: 1 once one of them was trained. Made when it is shared. @ignore */
  trainedMark?: Uint32Array;
  /** Who is at work on it: training waits for saves, one run for another. @ignore */
  readonly use: ModelUse = new ModelUse();
  /** What outputs are divided by before they become probabilities: 1 unless the model was calibrated. */
  temperature = 1;
  /** While a run keeps its best epoch: the model of that epoch. Set by training, saved with a checkpoint. */
  best?: SparseMlp;
  /**
   * After such a run: the model of its last epoch, with the optimiser's state, from which a longer run goes on. Set by
   * training, saved with a checkpoint; may be deleted to free its memory.
   */
  running?: SparseMlp;
  #settings: ModelSettings;
  #arrays: NetworkArrays;

  static {
    pictured(SparseMlp.prototype, modelPicture, modelDisplay);
  }

  private constructor(settings: ModelSettings, arrays: NetworkArrays) {
    super();
    this.#settings = settings;
    this.#arrays = arrays;
    refuseCopies(this, TRAP);
  }

  /** Whether a value is a model that this module made, and no copy of its properties. */
  static isModel(value: unknown): value is SparseMlp {
    return typeof value === "object" && value !== null && #arrays in value;
  }

  /** Settings the model was made with; `sizes` are those it has. */
  get settings(): ModelSettings<T> {
    return this.#settings as ModelSettings<T>;
  }

  /** The layers, first hidden layer first, output layer last. */
  get layers(): readonly SparseLayer[] {
    return this.#arrays.layers;
  }

  /** Becomes another model, whose arrays it then shares: after compaction while training, and after the best epoch. @ignore */
  adopt(other: SparseMlp): void {
    this.#settings = other.#settings;
    this.#arrays = other.#arrays;
    if (other.standardization !== undefined) this.standardization = other.standardization;
    if (other.targetScaling !== undefined) this.targetScaling = other.targetScaling;
    if (other.schema !== undefined) this.schema = other.schema;
    this.classNames = other.classNames;
    this.temperature = other.temperature;
  }

  /** Which optimiser's state the model holds; undefined before the first training. */
  get optimizerState(): OptimizerState | undefined {
    return this.#arrays.optimizerState;
  }

  /** How many updates the optimiser has made since its state began; counted where it keeps any. @ignore */
  get updates(): number {
    return this.#arrays.updates;
  }

  set updates(count: number) {
    this.#arrays.updates = count;
  }

  /**
   * Makes room for the state of an optimiser, all 0; a state that is already there stays.
   *
   * Memory: 4 bytes a parameter and plane. Called by training.
   * @throws {TypeError} When the model holds the state of another optimiser; see {@linkcode discardState}.
   * @ignore
   */
  holdState(wanted: OptimizerState): void {
    this.#arrays.holdState(wanted);
  }

  /** Forgets what an optimiser has kept, of the model in training too: the next training begins without a past. */
  discardState(): void {
    this.#arrays.discardState();
    this.running?.discardState();
  }

  /**
   * Makes a model with random connections and weights.
   *
   * Cost: O(connections + neurons) in time and memory, 16 bytes a connection (training keeps its state beside). The same for any number of threads.
   *
   * @throws {TypeError} When a setting has the wrong type or an unknown name, or the start needs data.
   * @throws {RangeError} When a size, ε or density is out of range, counts pass 2³² − 1, or memory does not suffice.
   */
  static create<const T extends Task = "classification">(options: ModelOptions<T>): SparseMlp<T> {
    return SparseMlp.#draw(draftOf(options)) as SparseMlp<T>;
  }

  /**
   * Makes a model for data: its sizes and task are those of the data, the rest is as for {@linkcode SparseMlp.create}.
   *
   * @param data A data set, or anything with its `featureCount`, `outputCount` and `task`; `start: "csti"` correlates the
   * features of its training samples. Where its type tells the task, as that of {@linkcode Dataset} does after
   * `Dataset.from`, the model has the predictions of that task.
   * @throws {TypeError} When the data have no shape, an option has the wrong type or there is none of its name.
   * @throws {RangeError} As {@linkcode SparseMlp.create}.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { madelonLike, SparseMlp } from "@truly-sparse/truly-sparse";
   *
   * const data = madelonLike({ samples: 100, features: 20, classes: 3, seed: 1 });
   * const model = SparseMlp.for(data, { hidden: [64, 32], epsilon: 8, seed: 1 });
   * assertEquals(model.settings.sizes, [20, 64, 32, 3]);
   * assertEquals(model.predictClasses(data.train.features).length, 100);
   * ```
   */
  static for<const T extends Task>(data: DataShape<T>, options: ModelForOptions): SparseMlp<T> {
    return SparseMlp.#draw(draftOf(optionsFor(data, options), () => samplesFor(data))) as SparseMlp<T>;
  }

  static #draw({ settings, plans, fill }: Draft): SparseMlp {
    const model = SparseMlp.allocate(settings, plans);
    fill(model.layers);
    return model;
  }

  /** A model with room for the planned connections and none in it yet: what loading and compaction fill. @ignore */
  static allocate(settings: ModelSettings, plans: readonly LayerPlan[]): SparseMlp {
    return new SparseMlp(settings, NetworkArrays.allocate(plans));
  }

  /** A model over memory that exists: how a Worker sees the model of another. Nothing is copied. @ignore */
  static over(
    settings: ModelSettings,
    plans: readonly LayerPlan[],
    memory: NetworkMemory,
    held?: OptimizerState,
  ): SparseMlp {
    return new SparseMlp(settings, new NetworkArrays(plans, memory, held));
  }

  /** A model put together of its parts, over their memory. @ignore */
  static assemble(parts: ModelParts): SparseMlp {
    const { settings, layers, memory, optimizerState, best, running, ...meaning } = parts;
    const model = SparseMlp.over(settings, layers, memory, optimizerState);
    return Object.assign(model, meaning, {
      ...(best && { best: SparseMlp.assemble(best) }),
      ...(running && { running: SparseMlp.assemble(running) }),
    });
  }

  /**
   * An independent copy: connections, weights, the optimiser's state, what goes in and out, the models of the best and
   * the last epoch. Training the copy leaves the model alone, and gives the bits that training the model would have given.
   *
   * Cost: O(connections + neurons), and as much memory as the model has.
   *
   * @throws {TypeError} When workers are in the middle of an epoch of the model.
   */
  clone(): SparseMlp<T> {
    using _ = this.use.read("clone the model");
    return SparseMlp.assemble(copyParts(this)) as SparseMlp<T>;
  }

  /**
   * The model in a form that `postMessage` and `structuredClone` carry to another Worker; nothing is copied but what goes
   * in and out. There, {@linkcode SparseMlp.fromShared} makes a model of it.
   *
   * Both sides see one set of connections, weights and states of the optimiser; a change by one is seen by the other. One
   * side at a time may change them (train, evolve, prune, write into arrays), and meanwhile no other may train or predict:
   * nobody is asked to wait, and who reads in between finds weights of two steps, or an error where the topology
   * changes. What else a side sets (standardisation, class names, temperature, a state of the optimiser made by a first
   * training, a best epoch that takes the model's place) is its own: a Worker that has trained sends its own `share()`
   * back. A model that was never trained refuses to predict once another over its memory was.
   *
   * @example In a Worker: `const model = SparseMlp.fromShared(event.data)`
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { SparseMlp } from "@truly-sparse/truly-sparse";
   *
   * const model = SparseMlp.create({ sizes: [4, 8, 2], seed: 1 });
   * const arrived = structuredClone(model.share()); // what postMessage does
   * const other = SparseMlp.fromShared(arrived);
   * other.layers[0].values[0] = 0.5;
   * assertEquals(model.layers[0].values[0], 0.5);
   * ```
   */
  share(): SharedModel {
    this.trainedMark ??= sharedWords(1);
    return shareParts(this);
  }

  /**
   * The model that another Worker shared, over the same memory; when who may change it, {@linkcode SparseMlp.share}
   * says.
   *
   * Whatever comes is checked before a kernel sees it: lengths, structure, settings and names. O(connections).
   *
   * @throws {TypeError} When it is not what `share()` gave, of another version of the package, or damaged.
   * @throws {RangeError} When a number in it is out of range.
   */
  static fromShared(shared: SharedModel): SparseMlp {
    return SparseMlp.assemble(readShared(shared));
  }

  /** Raw features of a sample; a compacted model may use only some of them as inputs. */
  get featureCount(): number {
    return this.standardization?.selection?.featureCount ?? this.layers[0].inputs;
  }

  /** Name of each raw feature, by column and category of its schema; empty without one. */
  get featureNames(): readonly string[] {
    return this.schema === undefined ? [] : inputNames(this.schema);
  }

  /** The arenas and their tables, for kernels. Whoever changes them keeps the structure valid. @ignore */
  get memory(): NetworkMemory {
    return this.#arrays.memory;
  }

  /** A zero-filled arena for the gradients of all parameters. @ignore */
  allocateGradients(): Uint32Array {
    return sharedWords(gradientLength(this.layers));
  }

  /**
   * Strength of each input: the sum of the absolute weights of its connections, shape `[featureCount]`.
   *
   * Inputs are standardised, so their weights can be compared; a feature that a compacted model left out has 0.
   *
   * Source: QuickSelection (Atashgahi et al. 2022). Cost: O(connections of the first layer).
   */
  featureStrength(): Float32Array {
    const strength = new Float32Array(this.featureCount);
    const places = this.standardization?.selection?.features;
    inputStrength(this.layers[0]).forEach((sum, input) => strength[places?.[input] ?? input] = sum);
    return strength;
  }

  /**
   * How many outputs a path of connections leads to from the inputs; the others are the same number whatever comes in.
   *
   * With none, a training learns the shares of the classes (or the means) alone, until a path grows. A console says so of
   * the model.
   *
   * Cost: O(connections).
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { SparseMlp } from "@truly-sparse/truly-sparse";
   *
   * assertEquals(SparseMlp.create({ sizes: [4, 8, 2], density: 1 }).reachedOutputs(), 2);
   * assertEquals(SparseMlp.create({ sizes: [90, 90, 90, 2], density: 0.0002 }).reachedOutputs(), 0);
   * ```
   */
  reachedOutputs(): number {
    return reachedOutputs(this.layers);
  }

  /**
   * Whether the model is for a task; where it is, the compiler knows which predictions it gives.
   *
   * @throws {TypeError} When there is no such task.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { SparseMlp } from "@truly-sparse/truly-sparse";
   *
   * const model: SparseMlp = SparseMlp.create({ sizes: [2, 4, 1], task: "regression" });
   * if (model.is("regression")) assertEquals(model.predictValues([0, 1]).length, 1);
   * ```
   */
  is<K extends Task>(task: K): this is SparseMlp<K> {
    return isFor(this.settings.task, task);
  }

  /** Counts of parameters, bytes and operations, as it is (with one plane before the first training) and if dense. */
  stats(): ModelStats {
    return statistics(this.layers, this.optimizerState?.planes.length ?? 1);
  }
}

/**
 * Settings that suit a table of a given shape, where nobody has tuned any.
 *
 * The rule is smooth in the shape; docs/defaults.md has its reasons and the measurements it was found by.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { COUNT, isRecord, refuseUnknown, resolveOptions, type TableOf, unfit } from "../hyperparameter.ts";
import { type Task, TASKS } from "../task.ts";
import { readByName } from "../value.ts";

/** The shape of a table to learn from. */
export interface TableShape<T extends Task = Task> {
  /** Samples to learn from; those set aside for tests or validation do not count. */
  readonly samples: number;
  /** Features of a sample. */
  readonly features: number;
  /** Classes, labels, or numbers to predict. */
  readonly outputs: number;
  /** What is learned of a sample. @default {"classification"} */
  readonly task?: T;
}

const SUGGESTING = "suggest settings";

/** Rows of {@linkcode TableShape}. */
const TABLE_SHAPE = {
  samples: { ...COUNT, required: true, doc: "Samples to learn from." },
  features: { ...COUNT, required: true, doc: "Features of a sample." },
  outputs: { ...COUNT, required: true, doc: "Classes, or numbers to predict." },
  task: {
    kind: "choice",
    choices: TASKS,
    default: "classification",
    doc: "What is learned of a sample.",
  },
} as const satisfies TableOf<TableShape>;

/** Settings for a network and its training. */
export interface SuggestedSettings<T extends Task = Task> {
  /** Options of {@linkcode SparseMlp.create}; a seed can be added. */
  readonly model: {
    readonly sizes: readonly number[];
    readonly task: T;
    readonly epsilon: number;
    readonly activation: { readonly kind: "leaky-relu"; readonly alpha: number };
    readonly initializer: "he-uniform";
    readonly fanIn: "dense";
    readonly zeroOutput: true;
  };
  /** Options of {@linkcode train}. */
  readonly training: {
    readonly epochs: number;
    readonly batchSize: number;
    readonly optimizer: "sgd" | "adam";
    readonly learningRate: number;
    readonly schedule: { readonly kind: "cosine" };
    readonly weightDecay: number;
    readonly weightDecayForm: "coupled" | "decoupled";
    readonly dropout: number;
    readonly zeta: number;
    readonly growthWeights: "zero";
  };
}

/**
 * Settings that suit a table of this shape, or the training samples of a data set.
 *
 * Few samples of many features get one hidden layer that is nearly linear and decays strongly; many samples of few
 * features two layers of ReLU. Between the two, slope, decay, batch, rate and epochs change smoothly.
 *
 * @param data A data set, whose training samples count: where a `validationFraction` is to set some of them aside, give
 * the shape without those.
 * @throws {TypeError} When it is neither, or there is no such property of a shape.
 * @throws {RangeError} When a count is no positive whole number, or there is no such task.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { madelonLike, SparseMlp, suggestSettings } from "@truly-sparse/truly-sparse";
 *
 * const { model, training } = suggestSettings({ samples: 100, features: 5000, outputs: 2 });
 * assertEquals(model.sizes, [5000, 1000, 2]);
 * assertEquals([training.batchSize, training.epochs], [8, 116]);
 *
 * const data = madelonLike({ samples: 100, testSamples: 10, features: 50 });
 * const network = SparseMlp.create({ ...suggestSettings(data).model, seed: 1 });
 * assertEquals(network.settings.sizes, [50, 500, 500, 2]);
 * ```
 */
export function suggestSettings(data: Dataset): SuggestedSettings;
/** As for a data set, of a shape alone; the task is known to the compiler. */
export function suggestSettings<const T extends Task = "classification">(
  shape: TableShape<T>,
): SuggestedSettings<T>;
export function suggestSettings(data: Dataset | TableShape): SuggestedSettings {
  const shape = shapeOf(data);
  refuseUnknown(shape, Object.keys(TABLE_SHAPE), SUGGESTING);
  const { samples, features, outputs, task } = resolveOptions(TABLE_SHAPE, shape, {
    task: SUGGESTING,
  }) as Required<
    TableShape
  >;
  const wideness = between(0, (Math.log10(features / samples) + 0.7) / 1.4, 1);
  const batchSize = Math.min(
    samples,
    2 ** Math.round(Math.log2(between(8, 8 * (samples / 100) ** 0.4, 256))),
  );
  return {
    model: {
      sizes: [features, ...hiddenLayers(samples, wideness), outputs],
      task,
      epsilon: Math.round(between(20, 20 * (samples / 2000) ** 0.3, 40)),
      activation: { kind: "leaky-relu", alpha: rounded(0.75 * wideness) },
      initializer: "he-uniform",
      fanIn: "dense",
      zeroOutput: true,
    },
    training: {
      epochs: Math.round(between(15, 70 * (1000 / samples) ** 0.22, 150)),
      batchSize,
      ...(task === "classification" ? momentum(samples, batchSize) : adam(samples)),
      schedule: { kind: "cosine" },
      dropout: rounded(0.2 + 0.2 * wideness),
      zeta: 0.3,
      growthWeights: "zero",
    },
  };
}

/** The shape of a data set's training samples; what is none is as it was given. */
function shapeOf(data: Dataset | TableShape): object {
  if (!isRecord(data)) {
    throw unfit(
      { task: SUGGESTING, name: "the shape" },
      data,
      "a data set, or { samples, features, outputs }",
    );
  }
  const { train, featureCount, outputCount, task } = readByName(
    data,
    ["train", "featureCount", "outputCount", "task"],
    SUGGESTING,
    "data.",
  );
  if (train === undefined) return data;
  const { samples } = readByName(train as object, ["samples"], SUGGESTING, "data.train.");
  return { samples, features: featureCount, outputs: outputCount, task };
}

/** Two hidden layers, wider for more samples; one where features outnumber samples, as depth then only overfits. */
function hiddenLayers(samples: number, wideness: number): readonly number[] {
  if (wideness > 0.5) return [1000];
  const width = 50 * Math.round(between(500, 500 * (samples / 2000) ** 0.3, 1000) / 50);
  return [width, width];
}

/** Decay as a prior on the weights: what it weighs against all samples together does not depend on their number. */
function momentum(samples: number, batchSize: number) {
  return {
    optimizer: "sgd",
    learningRate: rounded(between(0.02, 0.02 * (batchSize / 8) ** 0.7, 0.1)),
    weightDecay: rounded(between(1e-6, 4 / samples, 0.04)),
    weightDecayForm: "coupled",
  } as const;
}

/** Gradients of squared errors have no bound, those of a mean over many labels are small: Adam's steps have one size. */
function adam(samples: number) {
  return {
    optimizer: "adam",
    learningRate: 0.002,
    weightDecay: rounded(between(0.01, (500 / samples) ** 0.5, 0.9)),
    weightDecayForm: "decoupled",
  } as const;
}

function between(least: number, value: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}

/** To two digits, so that what is printed is what is used. */
function rounded(value: number): number {
  return Number(value.toPrecision(2));
}

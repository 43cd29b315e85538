/**
 * Settings that suit a table of a given shape, where nobody has tuned any.
 *
 * The rule is smooth in the shape; docs/defaults.md has its reasons and the measurements it was found by.
 *
 * @module
 */
import { COUNT, refuseUnknown, resolveOptions, type TableOf } from "../hyperparameter.ts";
import type { Task } from "../model/settings.ts";

/** The shape of a table to learn from. */
export interface TableShape {
  /** Samples to learn from; those set aside for tests or validation do not count. */
  readonly samples: number;
  /** Features of a sample. */
  readonly features: number;
  /** Classes, or numbers to predict. */
  readonly outputs: number;
  /** Whether samples have a class, or numbers to predict. @default {"classification"} */
  readonly task?: Task;
}

const SUGGESTING = "suggest settings";

/** Rows of {@linkcode TableShape}. */
const TABLE_SHAPE = {
  samples: { ...COUNT, required: true, doc: "Samples to learn from." },
  features: { ...COUNT, required: true, doc: "Features of a sample." },
  outputs: { ...COUNT, required: true, doc: "Classes, or numbers to predict." },
  task: {
    kind: "choice",
    choices: ["classification", "regression"],
    default: "classification",
    doc: "The task.",
  },
} as const satisfies TableOf<TableShape>;

/** Settings for a network and its training. */
export interface SuggestedSettings {
  /** Options of {@linkcode SparseMlp.create}; a seed can be added. */
  readonly model: {
    readonly sizes: readonly number[];
    readonly task: Task;
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
 * Settings that suit a table of this shape.
 *
 * Few samples of many features get one hidden layer that is nearly linear and decays strongly; many samples of few
 * features two layers of ReLU. Between the two, slope, decay, batch, rate and epochs change smoothly.
 *
 * @throws {RangeError} When a count is no positive whole number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { suggestSettings } from "@truly-sparse/truly-sparse";
 *
 * const { model, training } = suggestSettings({ samples: 100, features: 5000, outputs: 2 });
 * assertEquals(model.sizes, [5000, 1000, 2]);
 * assertEquals([training.batchSize, training.epochs], [8, 116]);
 * ```
 */
export function suggestSettings(shape: TableShape): SuggestedSettings {
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

/** Squared errors have gradients without a bound; Adam's steps have one. */
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

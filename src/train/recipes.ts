/**
 * Recipes: settings that were measured together, under one name.
 *
 * @module
 */
import { readValue } from "../hyperparameter.ts";
import type { ModelForOptions } from "../model/data_shape.ts";
import type { HyperparameterOptions } from "./hyperparameters.ts";

/** Settings of a network and of its training that belong together; sizes and sparsity are free. */
export interface Recipe {
  /** What it is for. */
  readonly doc: string;
  /** Options of {@linkcode SparseMlp.for}. */
  readonly model: Pick<ModelForOptions, "activation" | "initializer" | "fanIn">;
  /** Options of {@linkcode train}. */
  readonly training: HyperparameterOptions;
}

/** Name of a recipe. */
export type RecipeName = "paper" | "fast" | "best";

/** What the recipes that were found here have in common. */
const FOUND = {
  model: { activation: { kind: "all-relu", alpha: 0.8 }, initializer: "he-uniform", fanIn: "dense" },
  training: {
    batchSize: 128,
    optimizer: "sgd",
    momentum: 0.9,
    nesterov: true,
    learningRate: 0.1,
    schedule: { kind: "cosine", warmUp: 2 },
    weightDecay: 0.0005,
    weightDecayForm: "coupled",
    dropout: 0.3,
    zeta: 0.3,
    zetaSchedule: "cosine",
    growthWeights: "zero",
  },
} as const;

const RECIPES: Readonly<Record<RecipeName, Recipe>> = {
  paper: {
    doc: "what the paper does",
    model: { activation: { kind: "all-relu", alpha: 0.6 }, initializer: "he-uniform", fanIn: "dense" },
    training: {
      epochs: 500,
      batchSize: 128,
      optimizer: "sgd",
      momentum: 0.9,
      nesterov: false,
      learningRate: 0.01,
      schedule: { kind: "constant" },
      weightDecay: 0.0002,
      weightDecayForm: "coupled",
      dropout: 0.3,
      zeta: 0.3,
      zetaSchedule: "constant",
      growthWeights: "initial",
    },
  },
  fast: {
    doc: "the best accuracy within 50 epochs",
    model: FOUND.model,
    training: { ...FOUND.training, epochs: 50 },
  },
  best: {
    doc: "the best accuracy, in 500 epochs",
    model: FOUND.model,
    training: { ...FOUND.training, epochs: 500 },
  },
};

/** Names of the recipes, in the order help shows them. */
export const RECIPE_NAMES = Object.keys(RECIPES) as readonly RecipeName[];

const NAME = { kind: "choice", choices: RECIPE_NAMES, required: true, doc: "Which recipe it is." } as const;

/**
 * A recipe by its name: `paper`, what the paper does; `fast`, the best accuracy within 50 epochs; `best`, in 500.
 *
 * How they were found and what they reach: docs/accuracy.md, "Recipes". Options beside them win where they stand behind.
 *
 * @throws {RangeError} When there is no recipe of the name.
 * @throws {TypeError} When it is no text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { madelonLike, recipe, SparseMlp, train } from "@truly-sparse/truly-sparse";
 *
 * const data = madelonLike({ samples: 200, features: 20, seed: 1 });
 * const { model: network, training } = recipe("fast");
 * const model = SparseMlp.for(data, { ...network, hidden: [32], epsilon: 8, seed: 1 });
 * let epochs = 0;
 * for await (const { epoch } of train(model, data, { ...training, epochs: 3 })) epochs = epoch;
 * assertEquals([training.epochs, epochs], [50, 3]);
 * ```
 */
export function recipe(name: RecipeName): Recipe {
  const known = readValue(NAME, name, { task: "take a recipe", name: "its name" }) as RecipeName;
  return structuredClone(RECIPES[known]);
}

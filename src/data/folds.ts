/**
 * Folds: samples dealt into parts of equal size, each of which tests what was learned from the others.
 *
 * @module
 */
import {
  type HyperparameterTable,
  type NamesOf,
  onlyKnown,
  resolveOptions,
  SEED,
} from "../hyperparameter.ts";
import { shuffle } from "../native/random.ts";
import type { Task } from "../task.ts";
import { type Dataset, usableDataset } from "./dataset.ts";
import { finished } from "./finished.ts";
import { numberGroups } from "./groups.ts";
import { FIRST_FOLD_DRAW } from "./held_out.ts";
import type { Labels } from "./own_labels.ts";
import { placesOf, samplesAt } from "./samples_at.ts";
import type { Split } from "./split.ts";

/** Options of {@linkcode stratifiedFolds} and {@linkcode groupFolds}. */
export interface FoldOptions {
  /** How many parts, at least 2. @default {5} */
  readonly folds?: number;
  /** Number of the repetition, from 0; each deals anew. @default {0} */
  readonly repeat?: number;
  /** Seed of the deal. @default {0} */
  readonly seed?: number;
}

const NAMES: NamesOf<FoldOptions> = { folds: true, repeat: true, seed: true };

const ROWS = {
  folds: { kind: "whole", least: 2, default: 5, doc: "How many parts." },
  repeat: { kind: "whole", least: 0, most: FIRST_FOLD_DRAW, default: 0, doc: "Number of the repetition." },
  seed: SEED,
} as const satisfies HyperparameterTable;

/** A data set in which one fold tests what is learned from the others. */
export type Fold<T extends Task = Task> = Dataset<T> & { readonly test: Split };

/**
 * Deals the training samples into folds, each of which tests what is learned from the others.
 *
 * Each class is dealt in turn, so that every fold has its share of it, within one sample; without classes, samples are
 * dealt at random. A test part that the data set has is left out, a validation part stays. A function of the data set, the
 * seed and the repetition alone.
 *
 * Cost: a copy of the samples for each fold, made when it is asked for.
 *
 * @throws {RangeError} At the call, when there are fewer samples than folds, or an option is out of range.
 * @throws {TypeError} At the call, when an option is unknown, or it is no data set that a model could be trained on.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { madelonLike, stratifiedFolds } from "@truly-sparse/truly-sparse";
 *
 * const data = madelonLike({ samples: 100, testSamples: 10, features: 20 });
 * for (const { train, test } of stratifiedFolds(data, { folds: 4, seed: 1 })) {
 *   assertEquals([train.samples, test.samples], [75, 25]);
 * }
 * ```
 */
export function stratifiedFolds<T extends Task>(
  data: Dataset<T>,
  options: FoldOptions = {},
): Generator<Fold<T>> {
  return eachFold(usableDataset(data), options);
}

/**
 * As {@linkcode stratifiedFolds}, with the samples of a group always in one fold.
 *
 * Groups are dealt from the largest to the smallest, each to the fold in which the classes then lie most evenly.
 *
 * @param groups What each training sample belongs to: numbers or texts.
 * @throws {RangeError} At the call, when there are fewer groups than folds, or an option is out of range.
 * @throws {TypeError} At the call, when there are not as many groups as samples, an option is unknown, or it is no data
 * set that a model could be trained on.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { Dataset, groupFolds } from "@truly-sparse/truly-sparse";
 *
 * const patients = ["ada", "ada", "bob", "bob", "eve", "eve"];
 * const data = Dataset.from({ features: [[1], [2], [3], [4], [5], [6]], labels: [0, 1, 0, 1, 0, 1] });
 * for (const { test } of groupFolds(data, patients, { folds: 3 })) assert(test.features[1] === test.features[0] + 1);
 * ```
 */
export function groupFolds<T extends Task>(
  data: Dataset<T>,
  groups: Labels,
  options: FoldOptions = {},
): Generator<Fold<T>> {
  const usable = usableDataset(data);
  const numbers = numberGroups(groups, usable.train.samples, {
    task: `make folds of "${usable.name}"`,
    name: "groups",
  });
  return eachFold(usable, options, numbers);
}

/** Deals at the call, and makes one fold after another. */
function eachFold<T extends Task>(
  data: Dataset<T>,
  options: FoldOptions,
  groups?: Uint32Array,
): Generator<Fold<T>> {
  const task = `make folds of "${data.name}"`;
  const settings = resolveOptions(ROWS, onlyKnown(options, NAMES, task), { task }) as Required<FoldOptions>;
  const foldOf = deal(data, settings, groups, (found) => `Cannot ${task}: ${found}`);
  return (function* () {
    for (let fold = 0; fold < settings.folds; fold++) yield heldOut(data, foldOf, fold);
  })();
}

/** Fold of each sample, from 0, shape `[samples]`. */
function deal(
  dataset: Dataset,
  { folds, repeat, seed }: Required<FoldOptions>,
  groups: Uint32Array | undefined,
  because: (found: string) => string,
): Uint32Array {
  const { samples, labels } = dataset.train;
  if (folds > samples) throw new RangeError(because(`it has ${samples} samples for ${folds} folds`));
  const order = new Uint32Array(samples);
  shuffle(order, seed, FIRST_FOLD_DRAW - repeat);
  if (groups !== undefined) return dealGroups(dataset, order, groups, folds, because);
  // Class after class, each going on with the fold at which the one before it ended.
  if (labels.length > 0) order.sort((one, other) => labels[one] - labels[other]);
  const found = new Uint32Array(samples);
  order.forEach((sample, place) => found[sample] = place % folds);
  return found;
}

function dealGroups(
  { train: { samples, labels }, outputCount }: Dataset,
  order: Uint32Array,
  groups: Uint32Array,
  folds: number,
  because: (found: string) => string,
): Uint32Array {
  const classes = labels.length > 0 ? outputCount : 1;
  /** Samples of each class in each group, in the order of the draw. */
  const members = new Map<number, Float64Array>();
  const all = new Float64Array(classes);
  for (const sample of order) {
    const counts = members.get(groups[sample]) ?? new Float64Array(classes);
    const label = labels.length > 0 ? labels[sample] : 0;
    counts[label]++;
    all[label]++;
    members.set(groups[sample], counts);
  }
  if (members.size < folds) {
    throw new RangeError(
      because(`its samples belong to ${members.size} groups, ${folds} folds need as many`),
    );
  }
  const size = (counts: Float64Array) => counts.reduce((sum, count) => sum + count, 0);
  // A stable sort: groups of one size stay in the order of the draw.
  const largestFirst = [...members].sort(([, one], [, other]) => size(other) - size(one));
  const held = Array.from({ length: folds }, () => new Float64Array(classes));
  const sizes = new Float64Array(folds);
  const foldOf = new Map<number, number>();
  let empty = folds;
  for (const [place, [group, counts]] of largestFirst.entries()) {
    // The last groups go where there is none yet.
    const mustFill = largestFirst.length - place <= empty;
    let [best, least] = [-1, Infinity];
    for (let fold = 0; fold < folds; fold++) {
      if (mustFill && sizes[fold] > 0) continue;
      // How much worse the sum of squared shares becomes.
      let cost = 0;
      for (let label = 0; label < classes; label++) {
        if (all[label] === 0) continue;
        const share = counts[label] / all[label];
        cost += share * (share + 2 * held[fold][label] / all[label]);
      }
      cost += 1e-6 * sizes[fold] / samples;
      if (cost < least) [best, least] = [fold, cost];
    }
    empty -= Number(sizes[best] === 0);
    counts.forEach((count, label) => held[best][label] += count);
    sizes[best] += size(counts);
    foldOf.set(group, best);
  }
  return Uint32Array.from(groups, (group) => foldOf.get(group)!);
}

/** Both parts are copies, their samples in their order; every fold has samples. */
function heldOut<T extends Task>(dataset: Dataset<T>, foldOf: Uint32Array, fold: number): Fold<T> {
  const { train } = dataset;
  const flags = Uint8Array.from(foldOf, (other) => Number(other === fold));
  const parted: Fold<T> = {
    ...dataset,
    train: samplesAt(train, placesOf(flags, 0), dataset),
    test: samplesAt(train, placesOf(flags, 1), dataset),
  };
  return finished(parted);
}

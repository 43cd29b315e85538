/**
 * What the loss of each training sample is multiplied by: its own weight by that of its class.
 *
 * @module
 */
import { classCounts, type Dataset, type Split } from "../data/dataset.ts";
import { type Place, shown, unfit } from "../hyperparameter.ts";
import { sharedFloats } from "../sparse/shared.ts";
import { isList, readItems } from "../value.ts";

/** Most classes there can be weights for. */
const MOST_WEIGHTS = 2 ** 28;

/** A weight for each class in the order of the classes, or `balanced`: samples / (classes · samples of the class). */
export type ClassWeights = "balanced" | readonly number[];

/** Checks class weights as they are given: a frozen copy. */
export function readClassWeights(value: unknown, place: Place): ClassWeights {
  if (value === "balanced") return value;
  if (!isList(value)) throw unfit(place, value, "balanced or a list with a weight for each class");
  const weights = readItems(value, place, MOST_WEIGHTS);
  const wrong = weights.findIndex((weight) => !(Number.isFinite(weight) && (weight as number) >= 0));
  if (wrong >= 0) {
    throw new RangeError(
      `Cannot ${place.task}: weight ${wrong} of ${place.name} is ${shown(weights[wrong])}, ` +
        "expected a finite number of at least 0",
    );
  }
  return Object.freeze(weights as readonly number[]);
}

/**
 * The samples with the weights they are learned with: own weight times class weight, over the mean of that.
 *
 * The mean weight is 1, so that a learning rate means the same with weights and without. Cost: O(samples), and 4 bytes a
 * sample where there are weights; without, the split as it is.
 *
 * Source: King & Zeng 2001 ("Logistic Regression in Rare Events Data") for balanced weights.
 *
 * @param data What the samples are part of.
 * @param classWeights Fit for the data: {@linkcode checkClassWeights}.
 * @throws {RangeError} When all samples have weight 0, or weights are beyond all bounds.
 */
export function withTrainingWeights(
  split: Split,
  data: Pick<Dataset, "name" | "outputCount">,
  classWeights: ClassWeights | undefined,
): Split {
  const { samples, labels, weights: own } = split;
  if (own === undefined && classWeights === undefined) return split;
  const ofClass = classWeights && weightsOfClasses(split, data.outputCount, classWeights);
  const weight = (sample: number) => (own?.[sample] ?? 1) * (ofClass?.[labels[sample]] ?? 1);
  let sum = 0;
  for (let sample = 0; sample < samples; sample++) sum += weight(sample);
  if (!(sum > 0 && sum < Infinity)) {
    throw new RangeError(
      `Cannot train on "${data.name}": the weights of its ${samples} training samples sum to ${sum}, ` +
        "a finite number above 0 is needed",
    );
  }
  const weights = sharedFloats(samples);
  for (let sample = 0; sample < samples; sample++) weights[sample] = weight(sample) * (samples / sum);
  return { ...split, weights };
}

/**
 * Refuses class weights that the data have no use for.
 *
 * @throws {TypeError} When the data are for regression, or there are not as many weights as classes.
 */
export function checkClassWeights(
  classWeights: ClassWeights,
  { name, task, outputCount }: Pick<Dataset, "name" | "task" | "outputCount">,
): void {
  if (task !== "classification") {
    const why = task === "regression" ? "has no classes" : "has no class of each sample";
    throw new TypeError(`Cannot train on "${name}" with classWeights: it is for ${task}, which ${why}`);
  }
  if (classWeights === "balanced" || classWeights.length === outputCount) return;
  throw new TypeError(
    `Cannot train on "${name}" with ${classWeights.length} classWeights: it has ${outputCount} classes, each needs one`,
  );
}

function weightsOfClasses(split: Split, classes: number, classWeights: ClassWeights): readonly number[] {
  if (classWeights !== "balanced") return classWeights;
  // A class without samples has no weight to be had.
  const counts = Array.from(classCounts(split, classes));
  return counts.map((count) => count === 0 ? 0 : split.samples / (classes * count));
}

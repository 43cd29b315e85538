/**
 * What the loss of each training sample is multiplied by: its own weight by that of its class.
 *
 * @module
 */
import { classCounts, type Dataset, type Split } from "../data/dataset.ts";
import { type Place, shown, unfit } from "../hyperparameter.ts";
import { sharedFloats } from "../sparse/shared.ts";
import { nearest } from "../nearest.ts";
import { quote } from "../quote.ts";
import { guarded, hasNames, isList, readItems } from "../value.ts";

/** Most classes there can be weights for. */
const MOST_WEIGHTS = 2 ** 28;

/**
 * A weight for each class in the order of the classes or by its name (`{ ill: 5, well: 1 }`), or `balanced`: samples /
 * (classes · samples of the class).
 */
export type ClassWeights = "balanced" | readonly number[] | Readonly<Record<string, number>>;

/** Checks class weights as they are given: a frozen copy. */
export function readClassWeights(value: unknown, place: Place): ClassWeights {
  if (value === "balanced") return value;
  if (isList(value)) {
    const weights = readItems(value, place, MOST_WEIGHTS);
    weights.forEach((weight, number) => requireWeight(weight, `weight ${number} of ${place.name}`, place));
    return Object.freeze(weights as readonly number[]);
  }
  if (!hasNames(value)) {
    throw unfit(
      place,
      value,
      "balanced, a list with a weight for each class, or an object with a weight by its name",
    );
  }
  const names = guarded(place, () => Object.keys(value));
  const byName = names.map((name) => [name, guarded(place, () => Reflect.get(value, name))] as const);
  for (const [name, weight] of byName) requireWeight(weight, `${place.name} of ${quote(name)}`, place);
  return Object.freeze(Object.fromEntries(byName));
}

function requireWeight(weight: unknown, name: string, { task }: Place): void {
  if (Number.isFinite(weight) && (weight as number) >= 0) return;
  throw new RangeError(`Cannot ${task}: ${name} is ${shown(weight)}, expected a finite number of at least 0`);
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
  data: Pick<Dataset, "name" | "outputCount" | "classNames">,
  classWeights: ClassWeights | undefined,
): Split {
  const { samples, labels, weights: own } = split;
  if (own === undefined && classWeights === undefined) return split;
  const ofClass = classWeights && weightsOfClasses(split, data, classWeights);
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
 * @throws {TypeError} When the data are for regression, or there is not one weight for each class.
 */
export function checkClassWeights(
  classWeights: ClassWeights,
  { name, task, outputCount, classNames }: Pick<Dataset, "name" | "task" | "outputCount" | "classNames">,
): void {
  if (task !== "classification") {
    const why = task === "regression" ? "has no classes" : "has no class of each sample";
    throw new TypeError(`Cannot train on "${name}" with classWeights: it is for ${task}, which ${why}`);
  }
  if (classWeights === "balanced") return;
  const because = (found: string) => new TypeError(`Cannot train on "${name}" with ${found}`);
  if (isList(classWeights)) {
    if (classWeights.length === outputCount) return;
    throw because(`${classWeights.length} classWeights: it has ${outputCount} classes, each needs one`);
  }
  const names = new Set(classNames);
  const strange = Object.keys(classWeights).find((className) => !names.has(className));
  if (strange !== undefined) {
    const near = nearest(strange, classNames);
    throw because(
      `classWeights of ${quote(strange)}: it has no such class` +
        (near === undefined ? "" : `; did you mean ${quote(near)}?`),
    );
  }
  const missing = classNames.find((className) => !Object.hasOwn(classWeights, className));
  if (missing === undefined) return;
  throw because(`classWeights that have none for ${quote(missing)}: each class needs one`);
}

function weightsOfClasses(
  split: Split,
  { outputCount, classNames }: Pick<Dataset, "outputCount" | "classNames">,
  classWeights: ClassWeights,
): readonly number[] {
  if (classWeights !== "balanced") {
    if (isList(classWeights)) return classWeights as readonly number[];
    const byName = classWeights as Readonly<Record<string, number>>;
    return classNames.map((name) => byName[name]);
  }
  // A class without samples has no weight to be had.
  const counts = Array.from(classCounts(split, outputCount));
  return counts.map((count) => count === 0 ? 0 : split.samples / (outputCount * count));
}

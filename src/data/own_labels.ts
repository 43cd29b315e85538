/**
 * Labels as people bring them: numbers, texts, true and false, or lists of them; and the classes they stand for.
 *
 * @module
 */
import { isInstance, type Place } from "../value.ts";
import { nearest } from "../nearest.ts";
import { described, type Numbers, readElements } from "../numbers.ts";
import { areNumbers, labelName, LabelTable, MOST_NUMBERED_CLASSES } from "./labels.ts";
import { quote } from "../quote.ts";

/** One label. */
export type Label = string | number | boolean | bigint;

/** A label of each sample: an array of numbers, or a list. */
export type Labels = Numbers | readonly Label[] | BigInt64Array | BigUint64Array;

/** Classes of samples. */
interface Classes {
  /** Class of each label, in the order of the labels. */
  readonly labels: Uint32Array;
  /** Name of each class. */
  readonly classNames: readonly string[];
}

/**
 * Turns labels into classes.
 *
 * Without names, the classes are the different labels: numbers by value, texts by their UTF-16 code units, false before
 * true. With names, texts are found among them; numbers count the names from 0, unless the names are numbers themselves.
 *
 * @param names Name of each class, in order.
 * @throws {TypeError} When a label is none, or is of another kind than the first.
 * @throws {RangeError} When a label is empty, not finite or none of the names, or numbers make more than 1,000 classes.
 */
export function readClasses(value: unknown, place: Place, names?: readonly string[]): Classes {
  const given = readLabels(value, place);
  const labels = new Uint32Array(given.length);
  const numbers = new Map<unknown, number>();
  const spellings: string[] = [];
  const kind = typeof given[0];
  for (let sample = 0; sample < labels.length; sample++) {
    const label = given[sample];
    let number = numbers.get(label);
    if (number === undefined) {
      spellings.push(spelling(label, kind, { task: place.task, name: `element ${sample} of ${place.name}` }));
      numbers.set(label, number = spellings.length - 1);
    }
    labels[sample] = number;
  }
  const { classNames, classOf } = names === undefined
    ? classesOf(spellings, place)
    : { classNames: names, classOf: amongNames(spellings, kind, names, place) };
  for (let sample = 0; sample < labels.length; sample++) labels[sample] = classOf[labels[sample]];
  return { labels, classNames };
}

/**
 * Turns lists of labels into targets: 1 for each label that a sample has, else 0.
 *
 * @returns Targets, shape `[samples, labels]`, the name of each label, and whether each sample has just one.
 * @throws {TypeError} When it is no list of lists, or rows of 0 and 1, which are targets; or as {@linkcode readClasses}.
 */
export function readLabelLists(
  value: unknown,
  place: Place,
  names?: readonly string[],
): {
  readonly targets: Float32Array;
  readonly samples: number;
  readonly classNames: readonly string[];
  readonly column: boolean;
} {
  const lists = readElements(value, place);
  const all: unknown[] = [];
  const ends = Uint32Array.from({ length: lists.length }, (_, sample) => {
    const labels = readElements(lists[sample], {
      task: place.task,
      name: `element ${sample} of ${place.name}`,
    });
    for (let index = 0; index < labels.length; index++) all.push(labels[index]);
    return all.length;
  });
  refuseFlags(all, ends, place);
  const { labels, classNames } = readClasses(all, { task: place.task, name: `all ${place.name}` }, names);
  const width = classNames.length;
  const targets = new Float32Array(lists.length * width);
  for (let sample = 0, at = 0; sample < lists.length; sample++) {
    for (; at < ends[sample]; at++) targets[sample * width + labels[at]] = 1;
  }
  const column = ends.every((end, sample) => end === sample + 1);
  return { targets, samples: lists.length, classNames, column };
}

/** Refuses rows of 0 and 1, as others write several labels: read as labels, each sample would have both. */
function refuseFlags(all: readonly unknown[], ends: Uint32Array, { task, name }: Place): void {
  const width = ends[0];
  const even = width > 1 && ends.every((end, sample) => end === width * (sample + 1));
  if (!even || !all.every((label) => label === 0 || label === 1 || typeof label === "boolean")) return;
  throw new TypeError(
    `Cannot ${task}: ${name} are rows of ${width} flags, expected a list of the labels of each sample; flags are ` +
      'targets with task "multi-label", and a class of each sample is one label',
  );
}

/** Labels as they are, whatever they are: a list or an array of any kind, each element of a list read once. */
export function readLabels(value: unknown, place: Place): ArrayLike<unknown> {
  return isBig(value) ? Array.from<unknown>(value) : readElements(value, place);
}

function isBig(value: unknown): value is BigInt64Array | BigUint64Array {
  return isInstance(value, BigInt64Array) || isInstance(value, BigUint64Array);
}

/**
 * A label as text; the first one decides of which kind all are.
 *
 * @param kind Type of the first.
 * @param what What messages call it.
 * @throws {TypeError} When it is none, or is of another kind.
 * @throws {RangeError} When it is empty or not finite.
 */
export function spelling(label: unknown, kind: string, { task, name }: Place, what = "label"): string {
  const because = (found: string) => `Cannot ${task}: ${name} is ${found}`;
  const type = typeof label;
  if (type !== "string" && type !== "number" && type !== "boolean" && type !== "bigint") {
    throw new TypeError(because(`${described(label)}, expected a number, a text, or true or false`));
  }
  if (type !== kind) {
    throw new TypeError(because(`a ${type}, expected a ${kind} as the first one is`));
  }
  if (label === "") throw new RangeError(because(`an empty text, a ${what} is needed`));
  if (type === "number" ? !Number.isFinite(label) : /^[+-]?nan$/i.test(String(label))) {
    throw new RangeError(because(`${label}, a ${what} is needed; leave out samples that have none`));
  }
  return String(label);
}

/** The classes that labels make when nobody names them. */
function classesOf(
  spellings: readonly string[],
  { task, name }: Place,
): { readonly classNames: readonly string[]; readonly classOf: Uint32Array } {
  if (spellings.length > MOST_NUMBERED_CLASSES && areNumbers(spellings)) {
    throw new RangeError(
      `Cannot ${task}: ${name} are ${spellings.length} different numbers, at most ${MOST_NUMBERED_CLASSES} can be ` +
        "classes; numbers to predict are targets",
    );
  }
  const table = new LabelTable();
  for (const spelled of spellings) table.add(spelled, 0);
  return table.classes(name);
}

/** The class of each spelling, where the classes have names. */
function amongNames(
  spellings: readonly string[],
  kind: string,
  names: readonly string[],
  { task, name }: Place,
): Uint32Array {
  const numeric = areNumbers(names);
  const classes = new Map(names.map((className, index) => [labelName(className, numeric), index]));
  const counts = !numeric && (kind === "number" || kind === "bigint");
  const flags = kind === "boolean" && !classes.has("true") && !classes.has("false");
  return Uint32Array.from(spellings, (spelled) => {
    const index = flags ? Number(spelled === "true") : counts ? Number(spelled) : -1;
    const found = index >= 0
      ? (Number.isInteger(index) ? index : -1)
      : classes.get(labelName(spelled, numeric));
    if (found !== undefined && found >= 0 && found < names.length) return found;
    const near = nearest(spelled, names);
    throw new RangeError(
      `Cannot ${task}: ${name} have ${kind === "string" ? quote(spelled) : spelled}, ` +
        (counts
          ? `the ${names.length} classNames are counted from 0 to ${names.length - 1}`
          : `which is none of the ${names.length} classNames`) +
        (near === undefined || counts ? "" : `; did you mean ${quote(near)}?`),
    );
  });
}

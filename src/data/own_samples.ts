/**
 * Samples out of arrays of one's own: numbers of any kind, labels of any kind, and the parts they are divided into.
 *
 * @module
 */
import {
  FRACTION,
  type HyperparameterTable,
  isRecord,
  type NamesOf,
  onlyKnown,
  type Place,
  resolveOptions,
} from "../hyperparameter.ts";
import {
  described,
  type Matrix,
  type Numbers,
  readElements,
  readFloatMatrix,
  readFloats,
  readMatrix,
} from "../numbers.ts";
import { type Drawn, drawSamples, TEST_DRAW, VALIDATION_DRAW } from "./held_out.ts";
import { type Labels, readClasses, readGroups, readLabelLists } from "./own_labels.ts";
import { placesOf, samplesAt } from "./samples_at.ts";
import type { ImageShape, Split, SplitShape, Task } from "./split.ts";
import { checkSplit } from "./split_check.ts";

/** Arrays of one's own: features, and what there is to learn of them. */
export interface SampleSource {
  /**
   * Numbers of any kind: a list with a row for each sample, or all in one line, sample after sample.
   *
   * 32-bit floats and bytes in one line are used as they are, without a copy; other numbers are rounded to 32-bit floats.
   */
  readonly features: Matrix;
  /** Features of a sample: needed where they stand in one line and have no names. @default length of the rows */
  readonly featureCount?: number | undefined;
  /** Name of each feature. */
  readonly featureNames?: readonly string[] | undefined;
  /** Given when each sample is an image, with planar pixels: `[channels, height, width]`. */
  readonly image?: ImageShape | undefined;
  /**
   * The class of each sample: numbers, texts, or true and false. The different ones are the classes, in order, so that
   * 0 … K − 1 stay what they are. For several labels a sample: a list of labels of each.
   */
  readonly labels?: Labels | readonly (readonly (string | number)[])[] | undefined;
  /**
   * Numbers to predict, one or several of each sample: rows, or in one line. With the task "multi-label": 1 for each
   * label that the sample has, else 0.
   */
  readonly targets?: Matrix | undefined;
  /** How much each sample counts in the loss: finite, 0 or more, not all 0. @default 1 each */
  readonly weights?: Numbers | undefined;
  /**
   * Name of each class or label, in order: a label that is none of them is refused. Labels that are numbers count the
   * names from 0, unless the names are numbers too.
   *
   * @default the different labels
   */
  readonly classNames?: readonly string[] | undefined;
  /** What messages and saved files call the data set. @default {"samples"} */
  readonly name?: string | undefined;
  /** What is to be learned. @default "classification" of labels, "multi-label" of lists of labels, "regression" of targets */
  readonly task?: Task | undefined;
}

/** The parts that samples are divided into; fractions are of all samples. */
export interface DatasetOptions {
  /** Share of the samples to test with. @default {0} */
  readonly test?: number | undefined;
  /** Share of the samples to choose the best epoch by. @default {0} */
  readonly validation?: number | undefined;
  /** Whether each class gives its share, within one sample. @default true where samples have a class */
  readonly stratify?: boolean | undefined;
  /** What each sample belongs to (a patient, a batch), numbers or texts: a group is never divided. */
  readonly groups?: Labels | undefined;
  /** Seed of the draws, a whole number from 0. @default {0} */
  readonly seed?: number | undefined;
}

/** What own arrays hold: all that a data set says of itself, and its parts. */
export interface OwnSamples extends SplitShape {
  readonly name: string;
  readonly classNames: readonly string[];
  readonly featureNames: readonly string[];
  readonly image?: ImageShape;
  readonly train: Split;
  readonly validation?: Split;
  readonly test?: Split;
}

const SOURCE_NAMES: NamesOf<SampleSource> = {
  features: true,
  featureCount: true,
  featureNames: true,
  image: true,
  labels: true,
  targets: true,
  weights: true,
  classNames: true,
  name: true,
  task: true,
};

const OPTION_NAMES: NamesOf<DatasetOptions> = {
  test: true,
  validation: true,
  stratify: true,
  groups: true,
  seed: true,
};

const OPTIONS = {
  test: { kind: "number", ...FRACTION, default: 0, doc: "Share of the samples to test with." },
  validation: { kind: "number", ...FRACTION, default: 0, doc: "Share of the samples to validate with." },
  stratify: { kind: "flag", doc: "Whether each class gives its share." },
  seed: { kind: "whole", least: 0, default: 0, doc: "Seed of the draws." },
} as const satisfies HyperparameterTable;

const TASK = "make a data set";

/** Names of properties of a source, as messages have them. */
function called(name: string): Place {
  return { task: TASK, name };
}

function because(found: string): string {
  return `Cannot ${TASK}: ${found}`;
}

/**
 * Reads arrays of one's own and divides them; see `Dataset.from`.
 *
 * @throws {TypeError} When something is missing, is unknown or of a wrong kind, or lengths do not agree.
 * @throws {RangeError} When a number is not finite or out of range, or a part would be empty.
 */
export function ownSamples(source: SampleSource, options: DatasetOptions = {}): OwnSamples {
  if (!isRecord(source) || ArrayBuffer.isView(source)) {
    throw new TypeError(
      because(`found ${described(source)}, expected an object: { features, labels } or { features, targets }`),
    );
  }
  onlyKnown(source, SOURCE_NAMES, TASK);
  onlyKnown(options, OPTION_NAMES, TASK);
  const { features, labels, targets, weights, image, name = "samples" } = source;
  const [given, known] = [{ ...source }, { ...options }];
  if (typeof name !== "string") throw new TypeError(because(`name is ${described(name)}, expected a text`));
  const shape = image === undefined ? undefined : readImage(image);
  const featureNames = readNames(given.featureNames, "featureNames");
  const classNames = readNames(given.classNames, "classNames");
  const width = widthOf(features, given.featureCount, featureNames, shape);
  const read = readMatrix(features, called("features"), width);
  const learned = readAnswers(labels, targets, given.task, classNames, read.rows);
  const whole = checkSplit(
    {
      samples: read.rows,
      features: read.values,
      labels: learned.labels,
      targets: learned.targets,
      ...(weights !== undefined && { weights: readFloats(weights, called("weights"), read.rows) }),
    },
    { ...learned, featureCount: read.width },
    called("the data"),
  );
  const { task, outputCount } = learned;
  const meaning = { task, featureCount: read.width, outputCount };
  return {
    name,
    ...meaning,
    classNames: learned.classNames,
    featureNames: featureNames ?? [],
    ...(shape && { image: shape }),
    ...divide(whole, meaning, known),
  };
}

function readImage(image: unknown): ImageShape {
  if (!isRecord(image)) throw new TypeError(because(`image is ${described(image)}, expected its size`));
  const { height, width, channels } = image as unknown as ImageShape;
  for (const [what, count] of Object.entries({ height, width, channels })) {
    if (Number.isSafeInteger(count) && count > 0) continue;
    throw new RangeError(
      because(`image.${what} is ${described(count)}, expected a whole number of at least 1`),
    );
  }
  return { height, width, channels };
}

/** A list of texts, each read once; no two of the classes' names may be alike. */
function readNames(value: unknown, name: "featureNames" | "classNames"): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const names = Array.from(readElements(value, called(name)), (text, index) => {
    if (typeof text === "string") return text;
    throw new TypeError(because(`element ${index} of ${name} is ${described(text)}, expected a text`));
  });
  const twice = name === "classNames" ? names.find((text, index) => names.indexOf(text) !== index) : undefined;
  if (twice === undefined) return names;
  throw new RangeError(because(`classNames have "${twice}" twice, each class needs a name of its own`));
}

/** How many features a sample has, as far as it is said; what is said twice has to agree. */
function widthOf(
  features: unknown,
  featureCount: number | undefined,
  names: readonly string[] | undefined,
  image: ImageShape | undefined,
): number | undefined {
  if (features === undefined) throw new TypeError(because("there are no features"));
  if (featureCount !== undefined && !(Number.isSafeInteger(featureCount) && featureCount > 0)) {
    throw new RangeError(
      because(`featureCount is ${described(featureCount)}, expected a whole number of at least 1`),
    );
  }
  const said = {
    featureCount,
    featureNames: names?.length,
    image: image && image.channels * image.height * image.width,
  };
  const [first, ...others] = Object.entries(said).filter(([, count]) => count !== undefined);
  for (const [what, count] of others) {
    if (count === first[1]) continue;
    throw new TypeError(because(`${first[0]} say ${first[1]} features, ${what} ${count}`));
  }
  if (first !== undefined) return first[1];
  if (!ArrayBuffer.isView(features)) {
    if (Array.isArray(features) && features.length > 0 && isRow(features[0])) {
      throw new TypeError(because("features are a list of objects, expected numbers"));
    }
    if (!Array.isArray(features) || Array.isArray(features[0]) || ArrayBuffer.isView(features[0])) return undefined;
  }
  throw new TypeError(
    because(
      `features are ${described(features)} in one line, featureCount says how many a sample has; or give a list of rows`,
    ),
  );
}

function isRow(value: unknown): boolean {
  return isRecord(value) && !ArrayBuffer.isView(value);
}

interface Answers {
  readonly task: Task;
  readonly outputCount: number;
  readonly classNames: readonly string[];
  readonly labels: Uint32Array;
  readonly targets: Float32Array;
}

/** What there is to learn of each sample. */
function readAnswers(
  labels: unknown,
  targets: unknown,
  given: Task | undefined,
  names: readonly string[] | undefined,
  samples: number,
): Answers {
  if ((labels === undefined) === (targets === undefined)) {
    const found = labels === undefined ? "there are neither labels nor targets" : "there are both labels and targets";
    throw new TypeError(because(`${found}, expected labels for classes, or targets for numbers to predict`));
  }
  const lists = Array.isArray(labels) && (Array.isArray(labels[0]) || ArrayBuffer.isView(labels[0]));
  const task = given ?? (targets !== undefined ? "regression" : lists ? "multi-label" : "classification");
  if (task !== "classification" && task !== "regression" && task !== "multi-label") {
    throw new TypeError(
      because(`task is ${described(task)}, expected "classification", "regression" or "multi-label"`),
    );
  }
  const fits = task === "multi-label" || (task === "classification") === (labels !== undefined);
  if (!fits) {
    throw new TypeError(
      because(`task is "${task}", which learns ${task === "regression" ? "targets" : "labels"}`),
    );
  }
  if (task === "regression" && names !== undefined) {
    throw new TypeError(because("classNames are for classes and labels, targets are numbers to predict"));
  }
  if (targets !== undefined) return readTargets(targets, task, names, samples);
  const noTargets = new Float32Array(0);
  if (task === "multi-label") {
    const found = readLabelLists(labels, called("labels"), names);
    requireSamples("labels", found.samples, samples);
    if (found.classNames.length === 0) throw new RangeError(because("no sample has a label"));
    return { task, ...found, outputCount: found.classNames.length, labels: new Uint32Array(0) };
  }
  const found = readClasses(labels, called("labels"), names);
  requireSamples("labels", found.labels.length, samples);
  const classes = found.classNames.length;
  if (classes < 2) {
    throw new RangeError(
      because(
        classes === 0 ? "there is no sample" : `the only label is "${found.classNames[0]}", at least 2 classes are needed`,
      ),
    );
  }
  return { task, ...found, outputCount: classes, targets: noTargets };
}

function requireSamples(what: string, found: number, samples: number): void {
  if (found === samples) return;
  throw new TypeError(because(`there are ${what} of ${found} samples, features of ${samples}`));
}

function readTargets(
  value: unknown,
  task: Task,
  names: readonly string[] | undefined,
  samples: number,
): Answers {
  const place = called("targets");
  // Rows are as long as the first one; what stands in one line is divided among the samples.
  const flat = ArrayBuffer.isView(value) || !Array.isArray(value) || typeof value[0] === "number";
  const found = readFloatMatrix(value, place, flat ? 1 : undefined);
  const outputCount = flat ? found.values.length / Math.max(samples, 1) : found.width;
  if (!flat) requireSamples("targets", found.rows, samples);
  if (!Number.isSafeInteger(outputCount) || outputCount < 1) {
    throw new TypeError(
      because(`targets are ${found.values.length} numbers, features are of ${samples} samples`),
    );
  }
  if (names !== undefined && names.length !== outputCount) {
    throw new TypeError(
      because(`there are ${names.length} classNames, targets are ${outputCount} of each sample`),
    );
  }
  const classNames = task === "multi-label" ? names ?? Array.from({ length: outputCount }, (_, at) => `${at}`) : [];
  return { task, outputCount, classNames, labels: new Uint32Array(0), targets: found.values };
}

type Parts = Pick<OwnSamples, "train" | "validation" | "test">;

/** Sets samples aside for tests and validation; without any, the samples are one part, not copied. */
function divide(whole: Split, shape: SplitShape, options: DatasetOptions): Parts {
  const { groups: groupsGiven, ...others } = options;
  const resolved = resolveOptions(OPTIONS, others, { task: TASK });
  const { test, validation, seed, stratify } = resolved as Required<Omit<DatasetOptions, "groups">>;
  if (stratify && shape.task !== "classification") {
    throw new TypeError(because(`stratify is for classes, the samples are for ${shape.task}`));
  }
  if (test! + validation! >= 1) {
    throw new RangeError(because(`test and validation are ${test} and ${validation}, which leaves nothing to train`));
  }
  const groups = groupsGiven === undefined
    ? undefined
    : readGroups(groupsGiven, called("groups"), whole.samples);
  const classes = shape.task === "classification" && stratify !== false;
  const from: Drawn = {
    flags: new Uint8Array(whole.samples),
    labels: classes ? whole.labels : new Uint32Array(0),
    classes: classes ? shape.outputCount : 1,
    groups,
  };
  let left = whole.samples;
  const wanted = [["test", test, TEST_DRAW, 1], ["validation", validation, VALIDATION_DRAW, 2]] as const;
  for (const [what, share, draw, mark] of wanted) {
    if (!share) continue;
    const size = drawSamples(from, { fraction: share * whole.samples / left, seed: seed!, draw, mark });
    left -= size;
    if (size > 0 && left > 0) continue;
    throw new RangeError(
      because(
        `a ${what} fraction of ${share} of ${whole.samples} samples` +
          `${groups === undefined ? "" : " in whole groups"} leaves ${left} to train and ${size} for ${what}, ` +
          "both need at least 1",
      ),
    );
  }
  if (left === whole.samples) return { train: whole };
  const part = (mark: number) => samplesAt(whole, placesOf(from.flags, mark), shape);
  return {
    train: part(0),
    ...(validation! > 0 && { validation: part(2) }),
    ...(test! > 0 && { test: part(1) }),
  };
}

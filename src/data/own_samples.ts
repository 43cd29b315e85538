/**
 * Samples out of arrays of one's own: numbers of any kind, labels of any kind, and the parts they are divided into.
 *
 * @module
 */
import { type NamesOf, onlyKnown, resolveOptions } from "../hyperparameter.ts";
import { isList, isRecord, type Place } from "../value.ts";
import { described, type Matrix, type Numbers, readElements, readFloats, readMatrix } from "../numbers.ts";
import type { TableSchema } from "../schema.ts";
import { type DatasetOptions, divide, type Parts } from "./division.ts";
import { COLUMN_ROWS } from "./file_options.ts";
import { readAnswers } from "./own_answers.ts";
import type { Label, Labels } from "./own_labels.ts";
import { quote } from "../quote.ts";
import type { Task } from "../task.ts";
import type { ImageShape, Split, SplitShape } from "./split.ts";
import { readPart, requireFiniteFeatures } from "./split_argument.ts";
import type { SchemaOptions } from "./table/choose_schema.ts";
import { samplesOfRows } from "./table/row_samples.ts";
import type { Row } from "./table/rows.ts";

/**
 * Samples of one's own: features, and what there is to learn of them; where features are objects, also what their columns
 * are (`ignoreColumns`, `categories`, `numbers`, `missing`, `missingLabels`), as `readTable` takes it.
 */
export interface SampleSource
  extends Pick<SchemaOptions, "ignoreColumns" | "categories" | "numbers" | "missing" | "missingLabels"> {
  /**
   * Numbers of any kind: a list with a row for each sample, or all in one line, sample after sample.
   *
   * 32-bit floats and bytes in one line are used as they are, without a copy; other numbers are rounded to 32-bit floats.
   * Or a list of objects with a cell for each column by its name: they are read as `readTable` reads the same table,
   * missing cells and categories included.
   */
  readonly features: Matrix | readonly Row[];
  /** Features of a sample: needed where they stand in one line and have no names. @default length of the rows */
  readonly featureCount?: number | undefined;
  /** Name of each feature. */
  readonly featureNames?: readonly string[] | undefined;
  /** Given when each sample is an image, with planar pixels: `[channels, height, width]`. */
  readonly image?: ImageShape | undefined;
  /**
   * The class of each sample: numbers, texts, or true and false. The different ones are the classes, in order, so that
   * 0 … K − 1 stay what they are. For several labels a sample: a list of labels of each (rows of 0 and 1 are `targets`).
   * Where features are objects: also the name of the label's column, or with the task "multi-label" a list of names of columns.
   */
  readonly labels?: Labels | readonly (readonly Label[])[] | string | undefined;
  /**
   * Numbers to predict, one or several of each sample: rows, or in one line. With the task "multi-label": 1 for each
   * label that the sample has, else 0. Where features are objects: also the name of a column, or a list of names.
   */
  readonly targets?: Matrix | string | readonly string[] | undefined;
  /**
   * How much each sample counts in the loss: finite, 0 or more, not all 0; of objects also the name of a column.
   *
   * @default 1 each
   */
  readonly weights?: Numbers | string | undefined;
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

/** What own samples hold: all that a data set says of itself, and its parts. */
export interface OwnSamples extends SplitShape, Parts {
  readonly name: string;
  readonly classNames: readonly string[];
  readonly featureNames: readonly string[];
  readonly image?: ImageShape;
  readonly schema?: TableSchema;
}

/** The same, before it is divided. */
type Whole = Omit<OwnSamples, keyof Parts> & { readonly samples: Split };

const NAMES: NamesOf<SampleSource> = {
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
  ignoreColumns: true,
  categories: true,
  numbers: true,
  missing: true,
  missingLabels: true,
};

const DOING = "make a data set";

/** Where a property of the source stands, for messages. */
function called(name: string): Place {
  return { task: DOING, name };
}

function because(found: string): string {
  return `Cannot ${DOING}: ${found}`;
}

/**
 * Reads samples of one's own and divides them; see `Dataset.from`.
 *
 * @throws {TypeError} When something is missing, is unknown or of a wrong kind, or lengths do not agree.
 * @throws {RangeError} When a number is not finite or out of range, or a part would be empty.
 * @throws {SyntaxError} When a cell of rows of objects can be of no use.
 */
export function ownSamples(source: SampleSource, options: DatasetOptions = {}): OwnSamples {
  if (!isRecord(source) || ArrayBuffer.isView(source)) {
    throw new TypeError(
      because(`found ${described(source)}, expected { features, labels } or { features, targets }`),
    );
  }
  const given = onlyKnown(source, NAMES, DOING);
  const { features, name = "samples" } = given;
  if (features === undefined) throw new TypeError(because("there are no features"));
  if (typeof name !== "string") throw new TypeError(because(`name is ${described(name)}, expected a text`));
  const first = firstOf(features);
  const rows = isRecord(first) && !ArrayBuffer.isView(first);
  const { samples: read, ...meaning } = rows ? ofRows(given, name) : ofArrays(given, name);
  const samples = readPart(read, meaning, called("the data"));
  requireFiniteFeatures(samples, meaning, called("the data"));
  return { ...meaning, ...divide(samples, meaning, options, DOING) };
}

function ofArrays(given: SampleSource, name: string): Whole {
  for (const what of Object.keys(COLUMN_ROWS) as (keyof typeof COLUMN_ROWS)[]) {
    if (given[what] === undefined) continue;
    throw new TypeError(because(`${what} is for objects, features are numbers`));
  }
  const image = given.image === undefined ? undefined : readImage(given.image);
  const featureNames = readNames(given.featureNames, "featureNames");
  const names = readNames(given.classNames, "classNames");
  const width = widthOf(given, featureNames, image);
  const { values, rows, width: featureCount } = readMatrix(given.features, called("features"), width);
  if (featureCount === 0) throw new RangeError(because("the rows of features are empty, 1 number is needed"));
  const { labels, targets, ...learned } = readAnswers({ ...given, names }, rows, DOING);
  const meaning = { ...learned, featureCount };
  const samples = { samples: rows, features: values, labels, targets, ...weightsOf(given, rows) };
  return {
    name,
    ...meaning,
    featureNames: featureNames ?? [],
    ...(image && { image }),
    samples,
  };
}

/** Objects, whose columns are read as those of a table; answers are columns, or arrays beside them. */
function ofRows({ features, labels, targets, weights, task, ...given }: SampleSource, name: string): Whole {
  for (const what of ["featureCount", "featureNames", "image"] as const) {
    if (given[what] === undefined) continue;
    throw new TypeError(because(`${what} is for numbers, features are objects, which name their columns`));
  }
  const names = readNames(given.classNames, "classNames");
  const columns = labels === undefined || task === "multi-label"
    ? columnNames(labels ?? targets)
    : columnName(labels);
  if (columns !== undefined && names !== undefined) {
    throw new TypeError(because("classNames are for labels in an array, a column names its classes itself"));
  }
  if (columns === undefined && given.missingLabels !== undefined) {
    throw new TypeError(because("missingLabels is for a label that is a column, these stand in an array"));
  }
  const weightColumn = columnName(weights);
  const table = samplesOfRows(features as readonly Row[], {
    ...resolveOptions(COLUMN_ROWS, given, { task: DOING }),
    name: "features",
    labelOption: labels === undefined ? "targets" : "labels",
    labelColumn: columns ?? [],
    task: columns === undefined
      ? undefined
      : task ?? (labels === undefined ? "regression" : "classification"),
    ...(weightColumn !== undefined && { weightColumn }),
  });
  const { samples: rows, features: values, featureCount, featureNames, schema } = table;
  const outputCount = table.task === "classification" ? table.classNames.length : table.targets.length / rows;
  const learned = columns === undefined ? readAnswers({ labels, targets, task, names }, rows, DOING) : {
    task: table.task,
    outputCount,
    classNames: table.classNames,
    labels: table.labels,
    targets: table.targets,
  };
  const { labels: classes, targets: numbers, ...answers } = learned;
  const meaning = { ...answers, featureCount };
  const counts = weightsOf({ weights: weightColumn === undefined ? weights : table.weights }, rows);
  const samples = { samples: rows, features: values, labels: classes, targets: numbers, ...counts };
  return {
    name,
    ...meaning,
    featureNames,
    schema,
    samples,
  };
}

function weightsOf({ weights }: Pick<SampleSource, "weights">, samples: number): Pick<Split, "weights"> {
  return weights === undefined ? {} : { weights: readFloats(weights, called("weights"), samples) };
}

/** The name of a column; undefined for what is an array of values. */
function columnName(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The names of columns; undefined for what is an array of values. */
function columnNames(value: unknown): readonly string[] | undefined {
  if (typeof value === "string") return [value];
  if (!isList(value) || typeof firstOf(value) !== "string") return undefined;
  return Array.from(readElements(value, called("targets")), String);
}

/** The first element of a list, which may be a getter that throws; undefined for what is none. */
function firstOf(value: unknown): unknown {
  try {
    return isList(value) ? value[0] : undefined;
  } catch {
    return undefined;
  }
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
  const twice = name === "classNames"
    ? names.find((text, index) => names.indexOf(text) !== index)
    : undefined;
  if (twice === undefined) return names;
  throw new RangeError(because(`classNames have ${quote(twice)} twice, each class needs a name of its own`));
}

/** How many features a sample has, as far as it is said; what is said twice has to agree. */
function widthOf(
  { features, featureCount }: SampleSource,
  names: readonly string[] | undefined,
  image: ImageShape | undefined,
): number | undefined {
  if (featureCount !== undefined && !(Number.isSafeInteger(featureCount) && featureCount > 0)) {
    throw new RangeError(
      because(`featureCount is ${described(featureCount)}, expected a whole number of at least 1`),
    );
  }
  const pixels = image && image.channels * image.height * image.width;
  const said = Object.entries({ featureCount, featureNames: names?.length, image: pixels })
    .filter((entry): entry is [string, number] => entry[1] !== undefined);
  for (const [what, count] of said) {
    if (count === said[0][1]) continue;
    throw new TypeError(because(`${said[0][0]} says ${said[0][1]} features, ${what} says ${count}`));
  }
  if (said.length > 0) return said[0][1];
  const inLine = ArrayBuffer.isView(features) || typeof firstOf(features) === "number";
  if (!inLine) return undefined;
  throw new TypeError(
    because(
      `features are ${
        described(features)
      } in one line; featureCount says how many a sample has, or give a row of each`,
    ),
  );
}

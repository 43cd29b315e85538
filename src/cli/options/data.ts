/**
 * What is learned from: the options of the data.
 *
 * @module
 */
import { AUGMENTATION, type Augmentation, PAPER_AUGMENTATION } from "../../data/augment.ts";
import { FRACTION, type ValuesByName } from "../../hyperparameter.ts";
import { TASKS } from "../../task.ts";
import { HYPERPARAMETERS } from "../../train/hyperparameters.ts";
import { from, NETWORK_COMMANDS, type Option } from "../option.ts";

const DATA = {
  group: "data",
  commands: ["train", "cross-validate", "evaluate", "report", "prune", "inspect", "select-features"],
} as const;

/** What is said about the columns of a training table; the model keeps it. */
const COLUMNS = {
  group: "data",
  kind: "text",
  commands: ["train", "cross-validate", "inspect", "select-features"],
  needs: [{ option: "data" }],
} as const;

/** What becomes of its columns: the inputs that a network was made for. */
const INPUTS = { ...COLUMNS, fixedWith: "columns" } as const;

/** How much training images are changed. */
const AUGMENT = {
  group: "data",
  commands: ["train", "cross-validate"],
  needs: [{ option: "augment" }],
} as const;

/** How the text of a table is written. */
const TEXT = {
  group: "data",
  kind: "text",
  commands: NETWORK_COMMANDS,
  needs: [{ option: "data" }],
} as const;

/** In the order help shows them. */
export const DATA_OPTIONS = [
  {
    ...DATA,
    name: "dataset",
    kind: "text",
    value: "NAME",
    default: "madelon-like",
    help:
      "Data set with a name; it brings the paper's settings as defaults. The command datasets lists them.",
    excludes: [{ option: "data" }],
  },
  {
    ...DATA,
    name: "data",
    kind: "texts",
    value: "FILE…",
    help:
      "Files of your own instead: CSV, TSV, Parquet, svmlight, Madelon's text, IDX, npy, npz; packed with gzip, alone " +
      "in a zip archive, or plain. One file, or one to train and one to test; IDX, npy and Madelon's text: features, labels.",
  },
  {
    ...DATA,
    name: "data-dir",
    kind: "text",
    value: "DIR",
    help: "Folder where named data sets are looked for first; then in the cache, then they are downloaded.",
    commands: [
      "train",
      "cross-validate",
      "evaluate",
      "report",
      "prune",
      "inspect",
      "select-features",
      "datasets",
    ],
  },
  {
    ...DATA,
    name: "task",
    kind: "choice",
    value: "KIND",
    choices: TASKS,
    help:
      "What the label column of your files holds: classes, or numbers to predict; multi-label for several columns " +
      "of labels, of which a sample may have any. Without it, classes, unless the labels of a table are too many " +
      "different numbers for that.",
    commands: ["train", "cross-validate", "evaluate", "report", "inspect", "select-features", "import"],
    needs: [{ option: "data" }],
  },
  {
    ...DATA,
    name: "label-column",
    kind: "text",
    value: "COLUMN",
    help: "Column with the label: a name in the header, a number from 0 (−1 is the last), first, or last; " +
      "several with commas for regression and for multi-label. Without it, a column called label, class, target, response, output or " +
      "y, else the last. A model knows its own.",
    commands: NETWORK_COMMANDS,
    needs: [{ option: "data" }],
  },
  {
    ...COLUMNS,
    name: "weight-column",
    value: "COLUMN",
    help: "Column that says how much each sample counts.",
  },
  {
    ...INPUTS,
    name: "ignore-columns",
    value: "COLUMNS",
    help: "Columns that are no features, by name or number, with commas.",
  },
  {
    ...INPUTS,
    name: "categories",
    value: "COLUMNS",
    help: "Columns whose spellings are categories, one input each, even if they are numbers.",
  },
  {
    ...INPUTS,
    name: "numbers",
    value: "COLUMNS",
    help: "Columns of numbers, in which texts count as missing.",
  },
  {
    ...INPUTS,
    name: "missing",
    kind: "choice",
    value: "HOW",
    choices: ["fill", "refuse"],
    help:
      "What becomes of missing cells: filled in, which is the default (the mean of the column, and an input that says " +
      "so; a category of their own), or an error.",
  },
  {
    ...COLUMNS,
    name: "missing-labels",
    kind: "choice",
    value: "HOW",
    choices: ["refuse", "drop", "class"],
    help:
      "What becomes of rows without a label: an error, which is the default, left out, or a class of their own.",
    commands: ["train", "cross-validate", "evaluate", "report", "prune", "inspect", "select-features"],
  },
  {
    ...TEXT,
    name: "delimiter",
    value: "MARK",
    help: "What stands between the cells of your text files. Without it, it is found out.",
  },
  {
    ...TEXT,
    name: "decimal",
    kind: "choice",
    value: "MARK",
    choices: [".", ","],
    help: "What stands before the decimals of numbers. Without it, it is found out.",
  },
  {
    ...TEXT,
    name: "header",
    kind: "choice",
    value: "ANSWER",
    choices: ["yes", "no"],
    help: "Whether the first row holds the names of the columns. Without it, it is found out.",
  },
  {
    ...TEXT,
    name: "encoding",
    value: "NAME",
    help: "Encoding of your text files: utf-8 (the default), latin1, windows-1252, utf-16le …",
  },
  {
    ...DATA,
    name: "first-index",
    kind: "whole",
    value: "0|1",
    least: 0,
    most: 1,
    help:
      "Index of the first feature of svmlight files. Without it, that of the training; in training 0 where " +
      "index 0 occurs, else 1.",
    commands: ["train", "evaluate", "report", "predict", "prune", "inspect", "select-features"],
  },
  {
    ...DATA,
    name: "test-fraction",
    kind: "number",
    value: "F",
    ...FRACTION,
    default: "0.2",
    help: "Share of the samples set aside for testing when your files have no test part.",
    commands: ["train", "inspect", "select-features"],
    needs: [{ option: "data" }],
  },
  {
    ...DATA,
    ...from(HYPERPARAMETERS.validationFraction, { training: "validationFraction" }),
    name: "validation-fraction",
    value: "F",
    commands: ["train", "cross-validate"],
  },
  {
    ...DATA,
    name: "augment",
    kind: "flag",
    help:
      "Rotate, shift and mirror training images at random: by ±10° and ±10 % as the paper does for CIFAR-10, or as suits " +
      "a named data set (mnist: shifts of ±5 % alone).",
    commands: ["train", "cross-validate"],
    into: { training: "augmentation" },
    convert: (augment, values, named) => augment ? augmentationOf(values, named?.augmentation) : undefined,
  },
  {
    ...AUGMENT,
    ...from(AUGMENTATION.rotationDegrees, {}),
    name: "augment-rotation",
    value: "DEGREES",
  },
  { ...AUGMENT, ...from(AUGMENTATION.shiftFraction, {}), name: "augment-shift", value: "F" },
  {
    ...AUGMENT,
    name: "augment-flip",
    kind: "choice",
    choices: ["yes", "no"],
    value: "ANSWER",
    help: "Whether half the images are mirrored: no for letters and digits.",
  },
  {
    ...DATA,
    ...from(HYPERPARAMETERS.featureScale, { training: "featureScale" }),
    name: "feature-scale",
    value: "WHOSE",
    help:
      "What has a scale of its own: each feature, or all in common, for pixels and others of one kind. Without it, each; " +
      "with --augment common, as a moved image lights pixels that are rarely lit, whose own scale is large.",
    commands: ["train", "cross-validate"],
    fixedWith: "network",
  },
  {
    ...DATA,
    name: "part",
    kind: "choice",
    value: "PART",
    choices: ["test", "train", "all"],
    help: "Samples to evaluate: test, train, or all. Without it, the test part, or all where there is none.",
    commands: ["evaluate", "report", "prune"],
  },
  {
    ...DATA,
    name: "image",
    kind: "text",
    value: "WxH[xC]",
    help:
      "Width, height and channels of the images that the features are, channel by channel, where the data do not say so: " +
      "the report then draws the strength of each pixel.",
    commands: ["report"],
  },
] as const satisfies readonly Option[];

/** What `--augment` and its options describe: what suits the data set, else the paper's, and of that what was said otherwise. */
function augmentationOf(values: ValuesByName, suited: Augmentation = PAPER_AUGMENTATION): Augmentation {
  const { "augment-rotation": degrees, "augment-shift": shift, "augment-flip": flip } = values as {
    readonly "augment-rotation"?: number;
    readonly "augment-shift"?: number;
    readonly "augment-flip"?: "yes" | "no";
  };
  return {
    rotationDegrees: degrees ?? suited.rotationDegrees,
    shiftFraction: shift ?? suited.shiftFraction,
    flip: flip === undefined ? suited.flip : flip === "yes",
  };
}

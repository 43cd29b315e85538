/**
 * What is learned from: the options of the data.
 *
 * @module
 */
import { FRACTION } from "../../hyperparameter.ts";
import { HYPERPARAMETERS } from "../../train/hyperparameters.ts";
import { from, type Option } from "../option.ts";

/** What the paper changes in CIFAR-10's images; `--augment` where a data set has nothing of its own. */
const AUGMENTATION = { rotationDegrees: 10, shiftFraction: 0.1, flip: true };

const DATA = {
  group: "data",
  commands: ["train", "cross-validate", "evaluate", "prune", "inspect"],
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
      "Files of your own instead: CSV, TSV, svmlight, Madelon's text, IDX, npy, npz; packed with gzip, alone " +
      "in a zip archive, or plain. One file, or one to train and one to test; IDX, npy and Madelon's text: features, labels.",
  },
  {
    ...DATA,
    name: "data-dir",
    kind: "text",
    value: "DIR",
    help: "Folder where named data sets are looked for first; then in the cache, then they are downloaded.",
    commands: ["train", "cross-validate", "evaluate", "prune", "inspect", "datasets"],
  },
  {
    ...DATA,
    name: "task",
    kind: "choice",
    value: "KIND",
    choices: ["classification", "regression"],
    default: "classification",
    help: "What the label column of your files holds: classes, or numbers to predict.",
    commands: ["train", "cross-validate", "evaluate", "inspect", "import"],
    needs: [{ option: "data" }],
  },
  {
    ...DATA,
    name: "label-column",
    kind: "text",
    value: "COLUMN",
    help: "Column with the label: a name in the header, a number from 0 (−1 is the last), first, or last. " +
      "Without it, a column called label, class, target, response, output or y, else the last.",
    commands: ["train", "cross-validate", "evaluate", "predict", "prune", "inspect"],
    needs: [{ option: "data" }],
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
    commands: ["train", "evaluate", "predict", "prune", "inspect"],
  },
  {
    ...DATA,
    name: "test-fraction",
    kind: "number",
    value: "F",
    ...FRACTION,
    default: "0.2",
    help: "Share of the samples set aside for testing when your files have no test part.",
    commands: ["train", "inspect"],
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
      "Rotate (±10°), shift (±10 %) and mirror training images at random, as the paper does for CIFAR-10.",
    commands: ["train", "cross-validate"],
    into: { training: "augmentation" },
    convert: (augment, _, named) => augment ? named?.augmentation ?? AUGMENTATION : undefined,
  },
  {
    ...DATA,
    name: "part",
    kind: "choice",
    value: "PART",
    choices: ["test", "train", "all"],
    help: "Samples to evaluate: test, train, or all. Without it, the test part, or all where there is none.",
    commands: ["evaluate", "prune"],
  },
] as const satisfies readonly Option[];

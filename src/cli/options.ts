/**
 * The options of all commands: one table that feeds the parser, the help and `docs/cli.md`.
 *
 * A new option is a row here and a line in `settings.ts` (or where it is used).
 *
 * @module
 */
import { ACTIVATION_KINDS } from "../model/activation.ts";
import { SCHEDULE_KINDS } from "../model/schedule.ts";
import { WEIGHT_INITIALIZERS } from "../sparse/init.ts";
import type { Option, ValueOf } from "./option.ts";

const MOST_NEURONS = 2 ** 32 - 1;
const FRACTION = { least: 0, below: 1 } as const;
const COUNT = { kind: "whole", least: 1, value: "N" } as const;

const DATA = { group: "data", commands: ["train", "evaluate", "inspect"] } as const;
const NETWORK = { group: "network", commands: ["train", "inspect"] } as const;
const TRAINING = { group: "training", commands: ["train"] } as const;
const TOPOLOGY = { group: "topology", commands: ["train"] } as const;
const RUN = { group: "run", commands: ["train"] } as const;

/** Every option of every command, in the order help shows them. */
export const OPTIONS = [
  {
    ...DATA,
    name: "dataset",
    kind: "text",
    value: "NAME",
    default: "madelon-like",
    help:
      "Data set with a name; it brings the paper's settings as defaults. The command datasets lists them.",
  },
  {
    ...DATA,
    name: "data",
    kind: "texts",
    value: "FILE…",
    help:
      "Files of your own instead: CSV, TSV, svmlight, Madelon's text, IDX, npy, npz; packed with gzip or " +
      "not. One file, or one to train and one to test; IDX, npy and Madelon's text: features, labels.",
  },
  {
    ...DATA,
    name: "data-dir",
    kind: "text",
    value: "DIR",
    help: "Folder where named data sets are looked for first; then in the cache, then they are downloaded.",
    commands: ["train", "evaluate", "inspect", "datasets"],
  },
  {
    ...DATA,
    name: "task",
    kind: "choice",
    value: "KIND",
    choices: ["classification", "regression"],
    default: "classification",
    help: "What the label column of your files holds: classes, or numbers to predict.",
  },
  {
    ...DATA,
    name: "label-column",
    kind: "text",
    value: "COLUMN",
    help: "Column with the label: a name in the header, a number from 0 (−1 is the last), first, or last. " +
      "Without it, a column called label, class, target, response, output or y, else the last.",
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
  },
  {
    ...DATA,
    name: "validation-fraction",
    kind: "number",
    value: "F",
    ...FRACTION,
    default: "0",
    help: "Share of the training samples set aside to choose the best epoch by.",
    commands: ["train"],
  },
  {
    ...DATA,
    name: "augment",
    kind: "flag",
    help:
      "Rotate (±10°), shift (±10 %) and mirror training images at random, as the paper does for CIFAR-10.",
    commands: ["train"],
  },
  {
    ...DATA,
    name: "part",
    kind: "choice",
    value: "PART",
    choices: ["test", "train", "all"],
    help: "Samples to evaluate: test, train, or all. Without it, the test part, or all where there is none.",
    commands: ["evaluate"],
  },
  {
    ...NETWORK,
    name: "hidden",
    kind: "wholes",
    value: "N,N…",
    least: 1,
    most: MOST_NEURONS,
    default: "1000,1000,1000",
    help: "Neurons of each hidden layer.",
  },
  {
    ...NETWORK,
    name: "epsilon",
    kind: "number",
    value: "X",
    above: 0,
    default: "20",
    symbol: "ε",
    help: "Sparsity: a connection between layers of n and m neurons exists with probability ε·(n + m)/(n·m).",
  },
  {
    ...NETWORK,
    name: "density",
    kind: "numbers",
    value: "F,F…",
    above: 0,
    most: 1,
    help: "Share of the connections that exist, instead of ε: one for all layers, or one for each.",
  },
  {
    ...NETWORK,
    name: "activation",
    kind: "choice",
    value: "NAME",
    choices: ACTIVATION_KINDS,
    default: "all-relu",
    help: "Activation of the hidden layers.",
  },
  {
    ...NETWORK,
    name: "alpha",
    kind: "number",
    value: "X",
    default: "0.6",
    symbol: "α",
    help:
      "Slope below zero of all-relu (alternating −α, +α), leaky-relu (default 0.01), prelu (at first; 0.25).",
  },
  {
    ...NETWORK,
    name: "init",
    kind: "choice",
    value: "NAME",
    choices: WEIGHT_INITIALIZERS,
    default: "he-uniform",
    help: "First weights: ±√(6/n), ±√(6/(n + m)), or normal with standard deviation 0.1.",
  },
  {
    ...NETWORK,
    name: "fan-in",
    kind: "choice",
    value: "KIND",
    choices: ["dense", "sparse"],
    default: "dense",
    help: "Whether n and m of --init count all neurons, as the authors do, or the connections expected.",
  },
  {
    ...NETWORK,
    name: "inputs",
    ...COUNT,
    most: MOST_NEURONS,
    help: "Features of a network without data; needs --outputs.",
    commands: ["inspect"],
  },
  {
    ...NETWORK,
    name: "outputs",
    ...COUNT,
    most: MOST_NEURONS,
    help: "Outputs of a network without data; needs --inputs.",
    commands: ["inspect"],
  },
  { ...TRAINING, name: "epochs", ...COUNT, default: "500", help: "Passes through the training samples." },
  {
    ...TRAINING,
    name: "batch-size",
    ...COUNT,
    default: "128",
    symbol: "B",
    help: "Samples of a step; the last batch of an epoch may be smaller. The default is at most all samples.",
  },
  {
    ...TRAINING,
    name: "learning-rate",
    kind: "number",
    value: "X",
    above: 0,
    default: "0.01",
    symbol: "η",
    help: "Length of a step.",
  },
  {
    ...TRAINING,
    name: "schedule",
    kind: "choice",
    value: "KIND",
    choices: SCHEDULE_KINDS,
    default: "constant",
    help: "How the learning rate changes.",
  },
  {
    ...TRAINING,
    name: "schedule-epochs",
    kind: "number",
    value: "N",
    above: 0,
    help: "Epochs of the warm-up (default 5), or between two steps (default a third of all).",
  },
  {
    ...TRAINING,
    name: "schedule-factor",
    kind: "number",
    value: "X",
    least: 0,
    most: 1,
    help: "What a step multiplies the rate by (default 0.1), or the share cosine ends at (default 0).",
  },
  {
    ...TRAINING,
    name: "momentum",
    kind: "number",
    value: "X",
    ...FRACTION,
    default: "0.9",
    symbol: "μ",
    help: "Share of the last step's velocity that is kept.",
  },
  {
    ...TRAINING,
    name: "nesterov",
    kind: "flag",
    help: "Look ahead along the velocity (Nesterov's momentum).",
  },
  {
    ...TRAINING,
    name: "weight-decay",
    kind: "number",
    value: "X",
    ...FRACTION,
    default: "0.0002",
    symbol: "λ",
    help: "Share of each parameter that a step takes away.",
  },
  {
    ...TRAINING,
    name: "weight-decay-form",
    kind: "choice",
    value: "FORM",
    choices: ["outside", "coupled"],
    default: "outside",
    help:
      "outside: w ← w + v − λ·w, as the authors do; coupled: the gradient becomes g + λ·w, as in textbooks.",
  },
  {
    ...TRAINING,
    name: "dropout",
    kind: "number",
    value: "F",
    ...FRACTION,
    default: "0.3",
    help: "Fraction of the hidden units dropped in each step.",
  },
  {
    ...TRAINING,
    name: "patience",
    ...COUNT,
    help: "Stop after so many evaluations without a lower validation loss; needs --validation-fraction.",
  },
  {
    ...TRAINING,
    name: "micro-batch",
    ...COUNT,
    help:
      "Most samples that pass through the network at once, to save memory; rounded up to a multiple of 16.",
  },
  {
    ...TOPOLOGY,
    name: "zeta",
    kind: "number",
    value: "F",
    ...FRACTION,
    default: "0.3",
    symbol: "ζ",
    help: "Fraction of the connections that SET replaces after each epoch; 0 keeps the topology.",
  },
  {
    ...TOPOLOGY,
    name: "importance-pruning",
    kind: "flag",
    help: "Remove the connections of unimportant neurons while training.",
  },
  {
    ...TOPOLOGY,
    name: "pruning-start",
    kind: "whole",
    value: "N",
    least: 0,
    default: "200",
    symbol: "τ",
    help: "First epoch after which neurons are removed.",
  },
  {
    ...TOPOLOGY,
    name: "pruning-every",
    ...COUNT,
    default: "10",
    symbol: "p",
    help: "Epochs from one removal to the next.",
  },
  {
    ...TOPOLOGY,
    name: "pruning-percentile",
    kind: "number",
    value: "X",
    least: 0,
    most: 100,
    default: "20",
    help: "Percentile of importance at or below which neurons are removed.",
  },
  {
    ...RUN,
    name: "seed",
    kind: "whole",
    value: "N",
    least: 0,
    default: "0",
    help: "Seed of everything random in the network and its training; made-up data stay the same.",
    commands: ["train", "inspect"],
  },
  {
    ...RUN,
    name: "threads",
    ...COUNT,
    most: 1024,
    help: "Threads of the kernels (default: all cores); the result does not depend on them.",
    commands: ["train", "evaluate", "inspect"],
  },
  {
    ...RUN,
    name: "evaluate-every",
    ...COUNT,
    default: "1",
    help: "Epochs from one evaluation to the next; the last epoch is always evaluated.",
  },
  {
    ...RUN,
    name: "gradient-flow",
    kind: "flag",
    help: "Record the squared norm of the gradient (Figure 5 of the paper); a little slower.",
  },
  {
    ...RUN,
    name: "output",
    kind: "text",
    value: "FILE",
    help:
      "Save the model there (.safetensors), whole or not at all. A run that is stopped leaves a checkpoint.",
  },
  {
    ...RUN,
    name: "checkpoint-every",
    ...COUNT,
    help: "Save a checkpoint to --output after every so many epochs.",
  },
  {
    ...RUN,
    name: "resume",
    kind: "text",
    value: "FILE",
    help: "Go on from a checkpoint with its settings, bit for bit as if it had never stopped. " +
      "Saves to the same file unless --output names another.",
  },
  {
    ...RUN,
    name: "json",
    kind: "flag",
    help: "Print one JSON object a line instead of text.",
    commands: ["train", "evaluate", "inspect", "datasets"],
  },
  { ...RUN, name: "quiet", kind: "flag", help: "No progress; only the summary." },
  {
    ...RUN,
    name: "help",
    kind: "flag",
    help: "Print this help.",
    commands: ["train", "evaluate", "inspect", "datasets"],
  },
] as const satisfies readonly Option[];

type Row = typeof OPTIONS[number];

/** Name of an option. */
export type OptionName = Row["name"];

/** Options as given, by name; what was not given is absent. */
export type Values = { readonly [O in Row as O["name"]]?: ValueOf<O> };

/** The row of one option. */
export function option(name: OptionName): Option {
  return OPTIONS.find((row) => row.name === name)!;
}

/**
 * The commands: what they are called, what they take, and examples that teach them.
 *
 * @module
 */
import type { Command } from "./option.ts";

/** One command of the program. */
export interface CommandText {
  readonly name: Command;
  /** Arguments without dashes. */
  readonly argument?: { readonly name: string; readonly required: boolean };
  /** One line. */
  readonly summary: string;
  /** A paragraph. */
  readonly description: string;
  /** What each example does, and its command line after the program's name. */
  readonly examples: readonly (readonly [does: string, line: string])[];
}

/** Every command, in the order help shows them. */
export const COMMANDS: readonly CommandText[] = [
  {
    name: "train",
    summary: "Train a truly sparse network",
    description:
      "Trains a network whose topology evolves: after each epoch SET replaces the weakest connections. " +
      "Without options it learns made-up data within a minute. Ctrl-C stops in good order.",
    examples: [
      ["The paper's run on Fashion-MNIST, with its settings", "train --dataset fashion-mnist"],
      [
        "A table of your own, one in five rows for testing, saved when done",
        "train --data flowers.csv --label-column species --hidden 64,64 --epochs 50 --output flowers.model",
      ],
      ["Importance Pruning: a smaller network", "train --dataset madelon --importance-pruning"],
      ["Go on where a run was stopped", "train --resume flowers.model"],
    ],
  },
  {
    name: "evaluate",
    argument: { name: "MODEL", required: true },
    summary: "Measure a saved model on samples",
    description:
      "Loads a model file and measures loss and accuracy. Without --dataset or --data it takes the data " +
      "that the model was trained on.",
    examples: [
      ["On the test part of the data it was trained on", "evaluate model.safetensors"],
      ["On new samples", "evaluate flowers.model --data new-flowers.csv --label-column species"],
    ],
  },
  {
    name: "inspect",
    argument: { name: "MODEL", required: false },
    summary: "Show layers, connections and costs of a network",
    description:
      "Shows a saved model, or the network that options would make: connections, density, degrees, and " +
      "what it costs against a dense network.",
    examples: [
      ["The network of the paper's CIFAR-10 run", "inspect --dataset cifar10"],
      [
        "A million neurons, without data",
        "inspect --inputs 65536 --hidden 500000,500000 --outputs 2 --epsilon 10",
      ],
    ],
  },
  {
    name: "datasets",
    summary: "List the data sets that have a name",
    description:
      "Lists named data sets: what they are, whether their files are found, and the paper's settings.",
    examples: [
      ["What there is", "datasets"],
      ["As JSON, one data set a line", "datasets --json"],
    ],
  },
];

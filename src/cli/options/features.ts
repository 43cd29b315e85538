/**
 * Which features are chosen, and what is saved of them: the options of feature selection.
 *
 * @module
 */
import { FEATURE_METHODS } from "../../features/select.ts";
import { COUNT, type Option } from "../option.ts";

const FEATURES = { group: "run", commands: ["select-features"] } as const;

/** In the order help shows them. */
export const FEATURE_OPTIONS = [
  { ...FEATURES, ...COUNT, name: "count", value: "K", help: "How many features to choose; must be given." },
  {
    ...FEATURES,
    name: "method",
    kind: "choice",
    value: "METHOD",
    choices: FEATURE_METHODS,
    default: "best",
    help:
      "strength: the weight of an input's connections, summed over epochs; attribution: how far outputs move with it; " +
      "neurofs: inputs lose their connections, or get some back, while a network trains; f-test: each feature alone; " +
      "relief-f: how near samples of other classes differ in it; best: of these the one whose choice predicts validation samples best.",
  },
  {
    ...FEATURES,
    name: "reduced",
    kind: "text",
    value: "FILE",
    help:
      "Save the samples with the chosen columns and the label alone: CSV, and a test part beside it, or .npz.",
  },
  {
    ...FEATURES,
    name: "model",
    kind: "text",
    value: "FILE",
    help:
      "Train a model on the chosen columns as train would, and save it (.safetensors). It reads the whole table too.",
  },
] as const satisfies readonly Option[];

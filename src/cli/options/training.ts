/**
 * How weights are learned: the options of momentum SGD and what surrounds it.
 *
 * @module
 */
import { SCHEDULE_KINDS } from "../../model/schedule.ts";
import { COUNT, FRACTION, type Option } from "../option.ts";

const TRAINING = { group: "training", commands: ["train"] } as const;

/** In the order help shows them. */
export const TRAINING_OPTIONS = [
  { ...TRAINING, name: "epochs", ...COUNT, default: "500", help: "Passes through the training samples." },
  {
    ...TRAINING,
    name: "max-steps",
    ...COUNT,
    help:
      "End the run after so many steps in all, inside an epoch if need be; --resume with more steps goes on.",
  },
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
    name: "fan-in-limit",
    kind: "number",
    value: "N",
    above: 0,
    help: "Incoming connections of a neuron beyond which its weights learn slower, as N to their number.",
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
    ...TRAINING,
    name: "activation-storage",
    kind: "choice",
    value: "KIND",
    choices: ["f32", "bf16"],
    default: "f32",
    help: "How activations are kept: bf16 takes half of the memory and keeps 8 bits of precision.",
  },
  {
    ...TRAINING,
    name: "recompute",
    kind: "flag",
    help: "Compute every second hidden layer again on the way back: half of the memory, the same result.",
  },
] as const satisfies readonly Option[];

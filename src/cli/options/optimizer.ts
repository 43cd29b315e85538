/**
 * How parameters move by their gradients: the options of the optimisers.
 *
 * @module
 */
import { HYPERPARAMETERS } from "../../train/hyperparameters.ts";
import { from, type Option } from "../option.ts";

const OPTIMIZER = { group: "training", commands: ["train", "cross-validate"] } as const;

/** In the order help shows them. */
export const OPTIMIZER_OPTIONS = [
  {
    ...OPTIMIZER,
    ...from(HYPERPARAMETERS.optimizer, { training: "optimizer" }),
    name: "optimizer",
    value: "NAME",
  },
  {
    ...OPTIMIZER,
    commands: ["train", "cross-validate", "select-features"],
    ...from(HYPERPARAMETERS.learningRate, { training: "learningRate" }),
    name: "learning-rate",
    value: "X",
  },
  { ...OPTIMIZER, ...from(HYPERPARAMETERS.momentum, { training: "momentum" }), name: "momentum", value: "X" },
  { ...OPTIMIZER, ...from(HYPERPARAMETERS.nesterov, { training: "nesterov" }), name: "nesterov" },
  { ...OPTIMIZER, ...from(HYPERPARAMETERS.beta1, { training: "beta1" }), name: "beta1", value: "X" },
  { ...OPTIMIZER, ...from(HYPERPARAMETERS.beta2, { training: "beta2" }), name: "beta2", value: "X" },
  {
    ...OPTIMIZER,
    ...from(HYPERPARAMETERS.adamEpsilon, { training: "adamEpsilon" }),
    name: "adam-epsilon",
    value: "X",
  },
  {
    ...OPTIMIZER,
    commands: ["train", "cross-validate", "select-features"],
    ...from(HYPERPARAMETERS.weightDecay, { training: "weightDecay" }),
    name: "weight-decay",
    value: "X",
  },
  {
    ...OPTIMIZER,
    ...from(HYPERPARAMETERS.weightDecayForm, { training: "weightDecayForm" }),
    name: "weight-decay-form",
    value: "FORM",
  },
] as const satisfies readonly Option[];

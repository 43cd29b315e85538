/**
 * What a run uses, prints and saves: the options all else leaves.
 *
 * @module
 */
import { HYPERPARAMETERS } from "../../train/hyperparameters.ts";
import { DEFAULT_PORT } from "../../dashboard/dashboard.ts";
import { COMMAND_NAMES, COUNT, from, NETWORK_COMMANDS, type Option } from "../option.ts";

const RUN = { group: "run", commands: ["train"] } as const;

/** In the order help shows them. */
export const RUN_OPTIONS = [
  {
    ...RUN,
    ...from(HYPERPARAMETERS.seed, { training: "seed", model: "seed" }),
    name: "seed",
    value: "N",
    default: "0",
    help: "Seed of everything random in the network and its training; made-up data stay the same.",
    commands: ["train", "cross-validate", "inspect", "select-features"],
    fixedWith: "network",
  },
  {
    ...RUN,
    ...COUNT,
    ...from(HYPERPARAMETERS.threads, { training: "threads", model: "threads" }),
    name: "threads",
    help: "Threads of the kernels (default: all cores); the result does not depend on them.",
    commands: NETWORK_COMMANDS,
  },
  {
    ...RUN,
    name: "memory",
    kind: "number",
    value: "GIB",
    above: 0,
    help: "Memory to plan with (default: what is available now); a network that does not fit is refused.",
    commands: ["train", "inspect"],
  },
  {
    ...RUN,
    ...COUNT,
    ...from(HYPERPARAMETERS.evaluateEvery, { training: "evaluateEvery" }),
    name: "evaluate-every",
    commands: ["train", "cross-validate"],
  },
  {
    ...RUN,
    ...from(HYPERPARAMETERS.gradientFlow, { training: "gradientFlow" }),
    name: "gradient-flow",
  },
  {
    ...RUN,
    name: "output",
    kind: "text",
    value: "FILE",
    help:
      "Save the model (.safetensors), the predictions, the page of a report, the names of chosen features or the " +
      "exported files there, whole or not at all. A run that is stopped leaves a checkpoint. A pipe or device is " +
      "written to; - is the standard output, for predictions, reports, names and ONNX.",
    commands: ["train", "report", "predict", "prune", "select-features", "export", "import"],
  },
  {
    ...RUN,
    name: "to",
    kind: "choice",
    value: "KIND",
    choices: ["scipy", "dense", "onnx"],
    default: "scipy",
    help: "CSR matrices of SciPy (.npz) or dense ones (.npy), both into a folder, or one ONNX file.",
    commands: ["export"],
  },
  {
    ...RUN,
    name: "format",
    kind: "choice",
    value: "FORMAT",
    choices: ["csv", "jsonl", "npy"],
    help: "How predictions are written; without it, as the ending of --output says, else csv.",
    commands: ["predict"],
  },
  {
    ...RUN,
    name: "labels",
    kind: "flag",
    help: "Write the predicted class alone, without probabilities (in npy its index).",
    commands: ["predict"],
  },
  {
    ...RUN,
    name: "checkpoint-every",
    ...COUNT,
    help: "Save a checkpoint to --output after every so many epochs.",
    needs: [{ option: "output" }],
  },
  {
    ...RUN,
    name: "checkpoint-minutes",
    kind: "number",
    value: "X",
    above: 0,
    help:
      "Save a checkpoint to --output after every so many minutes too, in the middle of an epoch if need be.",
    needs: [{ option: "output" }],
    excludes: [{
      option: "parallel",
      values: ["wasap", "wassp", "gossip"],
      because: "workers are saved between epochs",
    }],
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
    name: "tensorboard",
    kind: "text",
    value: "DIR",
    help:
      "Write event files for TensorBoard there: losses and metrics of each epoch, the network's size, histograms of its " +
      "weights, the settings, and with one process the loss of the steps. A run that goes on adds to them.",
  },
  {
    ...RUN,
    name: "tensorboard-every",
    ...COUNT,
    default: "10",
    help: "Steps that a point of TensorBoard's step/loss is the mean of.",
    needs: [{ option: "tensorboard" }],
  },
  {
    ...RUN,
    name: "dashboard",
    kind: "whole",
    value: "[PORT]",
    alone: String(DEFAULT_PORT),
    least: 0,
    most: 65535,
    help:
      `Show the run on a page of this machine while it goes on: its address is printed. Port ${DEFAULT_PORT}, unless ` +
      "another is named; 0 for any that is free.",
  },
  {
    ...RUN,
    name: "json",
    kind: "flag",
    help: "Print one JSON object a line instead of text.",
    commands: COMMAND_NAMES,
  },
  {
    ...RUN,
    name: "quiet",
    kind: "flag",
    help: "No progress; only the summary.",
    commands: ["train", "select-features"],
  },
  {
    ...RUN,
    name: "help",
    kind: "flag",
    help: "Print this help.",
    commands: COMMAND_NAMES,
  },
] as const satisfies readonly Option[];

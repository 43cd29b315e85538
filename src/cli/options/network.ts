/**
 * What is trained: the options of the network.
 *
 * @module
 */
import { ACTIVATION_KINDS } from "../../model/activation.ts";
import { WEIGHT_INITIALIZERS } from "../../sparse/init.ts";
import { COUNT, type Option } from "../option.ts";
import { PRESETS } from "../presets.ts";

const MOST_NEURONS = 2 ** 32 - 1;
const NETWORK = { group: "network", commands: ["train", "inspect"] } as const;

/** In the order help shows them. */
export const NETWORK_OPTIONS = [
  {
    ...NETWORK,
    name: "preset",
    kind: "choice",
    value: "NAME",
    choices: PRESETS,
    help:
      "Network, data and settings under one name, which other options win over: 10 thousand to 200 million " +
      "neurons. Activations are kept as memory allows; see docs/scale.md.",
    commands: ["train"],
  },
  {
    ...NETWORK,
    name: "hidden",
    kind: "sizes",
    value: "N,NxL…",
    least: 1,
    most: MOST_NEURONS,
    default: "1000,1000,1000",
    help: "Neurons of each hidden layer; 5000000x10 is ten layers.",
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
    commands: ["train", "inspect", "import"],
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
    commands: ["train", "inspect", "import"],
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
    name: "zero-output",
    kind: "flag",
    help: "Let the weights of the output layer begin at zero, so that every output begins alike.",
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
  {
    ...NETWORK,
    name: "plan",
    kind: "sizes",
    value: "N,NxL,N",
    least: 1,
    most: MOST_NEURONS,
    help: "Count what training a network of these sizes takes, input and output included, and make nothing.",
    commands: ["inspect"],
  },
] as const satisfies readonly Option[];

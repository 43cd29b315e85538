/**
 * What is trained: the options of the network.
 *
 * @module
 */
import { ACTIVATION_KINDS } from "../../model/activation.ts";
import { OVERALL_DENSITY, REWIRING, START } from "../../model/settings.ts";
import { WEIGHT_INITIALIZERS } from "../../sparse/init.ts";
import { COUNT, from, type Option } from "../option.ts";
import { recipe, RECIPE_NAMES } from "../../train/recipes.ts";
import { PRESETS } from "../presets.ts";

const MOST_NEURONS = 2 ** 32 - 1;
/** Commands that train networks for features too. */
const SELECTING = ["train", "cross-validate", "inspect", "select-features"] as const;
const NETWORK = {
  group: "network",
  commands: ["train", "cross-validate", "inspect"],
  fixedWith: "network",
} as const;

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
    name: "recipe",
    kind: "choice",
    value: "NAME",
    choices: RECIPE_NAMES,
    help: "Settings that were measured together on images, for whatever is not given: " +
      `${RECIPE_NAMES.map((name) => `${recipe(name).doc} (${name})`).join("; ")}. See docs/accuracy.md.`,
    commands: ["train", "cross-validate"],
    excludes: [{ option: "preset" }],
  },
  {
    ...NETWORK,
    name: "hidden",
    commands: SELECTING,
    kind: "sizes",
    value: "N,NxL…",
    least: 1,
    most: MOST_NEURONS,
    default: "1000,1000,1000",
    help: "Neurons of each hidden layer; 5000000x10 is ten layers.",
    into: { model: "hidden" },
  },
  {
    ...NETWORK,
    name: "epsilon",
    commands: SELECTING,
    kind: "number",
    value: "X",
    above: 0,
    default: "20",
    symbol: "ε",
    help: "Sparsity: a connection between layers of n and m neurons exists with probability ε·(n + m)/(n·m).",
    into: { model: "epsilon" },
    excludes: [{ option: "density" }, { option: "overall-density" }],
  },
  {
    ...NETWORK,
    name: "density",
    commands: SELECTING,
    kind: "numbers",
    value: "F,F…",
    above: 0,
    most: 1,
    help: "Share of the connections that exist, instead of ε: one for all layers, or one for each.",
    into: { model: "density" },
    excludes: [{ option: "overall-density" }],
    convert: (densities) =>
      (densities as readonly number[]).length === 1 ? (densities as readonly number[])[0] : densities,
    check: ({ density, hidden }) =>
      layersFit(density as readonly number[] | undefined, hidden as readonly number[]),
  },
  {
    ...NETWORK,
    ...from(OVERALL_DENSITY, { model: "overallDensity" }),
    name: "overall-density",
    value: "F",
  },
  { ...NETWORK, ...from(START, { model: "start" }), name: "start", value: "NAME" },
  {
    ...NETWORK,
    ...from(REWIRING, { model: "rewiring" }),
    name: "rewiring",
    value: "X",
    needs: [{ option: "start", values: ["brf"], because: "it has no receptive fields" }],
  },
  {
    ...NETWORK,
    name: "activation",
    kind: "choice",
    value: "NAME",
    choices: ACTIVATION_KINDS,
    default: "all-relu",
    help: "Activation of the hidden layers.",
    commands: [...SELECTING, "import"],
    into: { model: "activation.kind" },
  },
  {
    ...NETWORK,
    name: "alpha",
    kind: "choice-or-number",
    choices: ["learned", "search"],
    value: "X",
    default: "0.6",
    follows: "activation",
    symbol: "α",
    help:
      "Slope below zero of all-relu (alternating −α, +α), leaky-relu (default 0.01), prelu (at first; 0.25). " +
      "For all-relu also learned: each hidden layer learns its own from 0.6 on.",
    choicesOf: {
      search: {
        commands: ["train"],
        help: "Or search: the best of six on a part of the training samples, before the run begins.",
      },
    },
    commands: [...SELECTING, "import"],
    into: { model: "activation.alpha" },
    needs: [{
      option: "activation",
      values: ["all-relu", "leaky-relu", "prelu"],
      because: "it has no slope to choose",
    }],
    defaultWith: { option: "activation", values: ["all-relu"] },
    check: ({ alpha, activation, transport }) => {
      if (typeof alpha === "string" && activation !== "all-relu") {
        return `use --alpha ${alpha} with --activation ${activation}: it is for all-relu`;
      }
      return alpha === "search" && transport === "mpi"
        ? "use --alpha search with --transport mpi: search without it, then give the number that was found"
        : undefined;
    },
  },
  {
    ...NETWORK,
    name: "init",
    commands: SELECTING,
    kind: "choice",
    value: "NAME",
    choices: WEIGHT_INITIALIZERS,
    default: "he-uniform",
    help: "First weights: ±√(6/n), ±√(6/(n + m)), or normal with standard deviation 0.1.",
    into: { model: "initializer" },
  },
  {
    ...NETWORK,
    name: "fan-in",
    commands: SELECTING,
    kind: "choice",
    value: "KIND",
    choices: ["dense", "sparse"],
    default: "dense",
    help: "Whether n and m of --init count all neurons, as the authors do, or the connections expected.",
    into: { model: "fanIn" },
  },
  {
    ...NETWORK,
    name: "zero-output",
    kind: "flag",
    help: "Let the weights of the output layer begin at zero, so that every output begins alike.",
    into: { model: "zeroOutput" },
  },
  {
    ...NETWORK,
    name: "inputs",
    ...COUNT,
    most: MOST_NEURONS,
    help: "Features of a network without data; needs --outputs.",
    commands: ["inspect"],
    needs: [{ option: "outputs" }],
    excludes: [{ option: "dataset" }, { option: "data" }],
  },
  {
    ...NETWORK,
    name: "outputs",
    ...COUNT,
    most: MOST_NEURONS,
    help: "Outputs of a network without data; needs --inputs.",
    commands: ["inspect"],
    needs: [{ option: "inputs" }],
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
    excludes: [{ option: "inputs" }, { option: "dataset" }, { option: "data" }, { option: "hidden" }],
  },
] as const satisfies readonly Option[];

/** One density for all layers, or as many as there are layers. */
function layersFit(density: readonly number[] = [], hidden: readonly number[] = []): string | undefined {
  const layers = hidden.length + 1;
  if (density.length <= 1 || density.length === layers) return undefined;
  return `use ${density.length} values of --density: expected one, or one for each of ${layers} layers`;
}

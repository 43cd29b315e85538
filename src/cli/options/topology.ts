/**
 * How connections change: the options of the rules of evolution and of Importance Pruning.
 *
 * @module
 */
import { HYPERPARAMETERS, IMPORTANCE_PRUNING } from "../../train/hyperparameters.ts";
import { COUNT, from, type Option } from "../option.ts";

const TOPOLOGY = { group: "topology", commands: ["train", "cross-validate"] } as const;
const WITH_PRUNING = { needs: [{ option: "importance-pruning" }] } as const;

/** In the order help shows them. */
export const TOPOLOGY_OPTIONS = [
  {
    ...TOPOLOGY,
    ...from(HYPERPARAMETERS.zeta, { training: "zeta" }),
    name: "zeta",
    value: "F",
    commands: ["train", "cross-validate", "select-features"],
  },
  { ...TOPOLOGY, ...from(HYPERPARAMETERS.drop, { training: "drop" }), name: "drop", value: "RULE" },
  { ...TOPOLOGY, ...from(HYPERPARAMETERS.growth, { training: "growth" }), name: "growth", value: "RULE" },
  {
    ...TOPOLOGY,
    ...from(HYPERPARAMETERS.growthCandidates, { training: "growthCandidates" }),
    name: "growth-candidates",
    value: "X",
  },
  {
    ...TOPOLOGY,
    ...from(HYPERPARAMETERS.growthWeights, { training: "growthWeights" }),
    name: "growth-weights",
    value: "X",
    help:
      "Weights of new connections: drawn as --init says, 0, or drawn at this share of the scale of --init. Not given: " +
      "zero where they grow by gradient, the scale follows --fan-in sparse, or numbers are predicted, else initial.",
  },
  {
    ...TOPOLOGY,
    name: "importance-pruning",
    kind: "flag",
    help: HYPERPARAMETERS.importancePruning.doc,
    into: { training: "importancePruning" },
  },
  {
    ...TOPOLOGY,
    ...WITH_PRUNING,
    ...from(IMPORTANCE_PRUNING.start, { training: "importancePruning.start" }),
    name: "pruning-start",
    value: "N",
    check: ({ "importance-pruning": pruning, "pruning-start": start, epochs }) =>
      pruning && (start as number) >= (epochs as number)
        ? `prune from epoch ${start} on: the run has ${epochs} epochs; give a smaller --pruning-start`
        : undefined,
  },
  {
    ...TOPOLOGY,
    ...WITH_PRUNING,
    ...COUNT,
    ...from(IMPORTANCE_PRUNING.every, { training: "importancePruning.every" }),
    name: "pruning-every",
  },
  {
    ...TOPOLOGY,
    ...WITH_PRUNING,
    ...from(IMPORTANCE_PRUNING.percentile, { training: "importancePruning.percentile" }),
    name: "pruning-percentile",
    value: "X",
  },
  {
    ...TOPOLOGY,
    name: "percentiles",
    kind: "numbers",
    value: "P,P…",
    least: 0,
    most: 100,
    default: "5,10,15,20,25",
    help: "Percentiles of importance at which the trained model is pruned; to save one, give one.",
    commands: ["prune"],
  },
  {
    ...TOPOLOGY,
    ...WITH_PRUNING,
    ...from(HYPERPARAMETERS.compactWhilePruning, { training: "compactWhilePruning" }),
    name: "compact-while-pruning",
  },
  {
    ...TOPOLOGY,
    name: "features",
    kind: "whole",
    value: "K",
    least: 1,
    help: "Show the K input features with the strongest connections.",
    commands: ["inspect"],
  },
] as const satisfies readonly Option[];

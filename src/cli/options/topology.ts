/**
 * How connections change: the options of SET and Importance Pruning.
 *
 * @module
 */
import { COUNT, FRACTION, type Option } from "../option.ts";

const TOPOLOGY = { group: "topology", commands: ["train"] } as const;

/** In the order help shows them. */
export const TOPOLOGY_OPTIONS = [
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
    name: "compact-while-pruning",
    kind: "flag",
    help:
      "Take pruned neurons out of the arrays at once: memory and time shrink, but SET cannot wake them again.",
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

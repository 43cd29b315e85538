/**
 * How connections change: the options of the rules of evolution and of Importance Pruning.
 *
 * @module
 */
import type { EvolveEvery } from "../../topology/interval.ts";
import { HYPERPARAMETERS, IMPORTANCE_PRUNING } from "../../train/hyperparameters.ts";
import { COUNT, from, type Option } from "../option.ts";

/** Epochs or steps as they are written, "2" or "500steps"; undefined where they are not. */
function intervalOf(text: string): EvolveEvery | undefined {
  const [, digits, unit] = /^(\d+)(steps)?$/.exec(text.trim()) ?? [];
  const count = Number(digits);
  if (!Number.isSafeInteger(count) || count < 1) return undefined;
  return unit === undefined ? count : { steps: count };
}

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
  {
    ...TOPOLOGY,
    ...from(HYPERPARAMETERS.zetaSchedule, { training: "zetaSchedule" }),
    name: "zeta-schedule",
    value: "KIND",
  },
  { ...TOPOLOGY, ...from(HYPERPARAMETERS.zetaStop, { training: "zetaStop" }), name: "zeta-stop", value: "F" },
  {
    ...TOPOLOGY,
    name: "evolve-every",
    kind: "text",
    value: "N[steps]",
    default: "1",
    help:
      "From one change of the topology to the next: epochs (2), or steps (500steps); with workers, updates in phase 1, " +
      "each one's own steps in phase 2.",
    into: { training: "evolveEvery" },
    convert: (text) => intervalOf(text as string),
    check: ({ "evolve-every": text }) =>
      text === undefined || intervalOf(text as string) !== undefined
        ? undefined
        : `use --evolve-every ${text}: expected a whole number of at least 1, or one with "steps" behind`,
  },
  {
    ...TOPOLOGY,
    ...from(HYPERPARAMETERS.finalDensity, { training: "finalDensity" }),
    name: "final-density",
    value: "F",
  },
  {
    ...TOPOLOGY,
    ...from(HYPERPARAMETERS.densityStop, { training: "densityStop" }),
    name: "density-stop",
    value: "F",
    needs: [{ option: "final-density" }],
  },
  { ...TOPOLOGY, ...from(HYPERPARAMETERS.drop, { training: "drop" }), name: "drop", value: "RULE" },
  {
    ...TOPOLOGY,
    ...from(HYPERPARAMETERS.dropScore, { training: "dropScore" }),
    name: "drop-score",
    value: "SCORE",
  },
  {
    ...TOPOLOGY,
    ...from(HYPERPARAMETERS.dropTemperature, { training: "dropTemperature" }),
    name: "drop-temperature",
    value: "X",
  },
  { ...TOPOLOGY, ...from(HYPERPARAMETERS.growth, { training: "growth" }), name: "growth", value: "RULE" },
  {
    ...TOPOLOGY,
    ...from(HYPERPARAMETERS.growthCandidates, { training: "growthCandidates" }),
    name: "growth-candidates",
    value: "X",
  },
  {
    ...TOPOLOGY,
    ...from(HYPERPARAMETERS.growthSampling, { training: "growthSampling" }),
    name: "growth-sampling",
    value: "WAY",
  },
  {
    ...TOPOLOGY,
    ...from(HYPERPARAMETERS.growthWeights, { training: "growthWeights" }),
    name: "growth-weights",
    value: "X",
    help:
      "Weights of new connections: drawn as --init says, 0, or drawn at this share of the scale of --init. Not given: " +
      "zero where they grow by gradient or by Cannistraci-Hebb, the scale follows --fan-in sparse, or numbers are " +
      "predicted, else initial.",
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
    ...from(HYPERPARAMETERS.connectionHistory, { training: "connectionHistory" }),
    name: "connection-history",
    commands: ["train"],
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

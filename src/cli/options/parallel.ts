/**
 * How many train: the options of WASAP-SGD, WASSP-SGD and gossip.
 *
 * @module
 */
import { PARALLEL_HYPERPARAMETERS } from "../../parallel/options.ts";
import { COUNT, from, type Option } from "../option.ts";

const RUN = { group: "run", commands: ["train"] } as const;
const PARALLEL = { ...RUN, needs: [{ option: "parallel" }] } as const;
const PHASED = {
  ...RUN,
  needs: [{ option: "parallel", values: ["wasap", "wassp"], because: "it is for wasap and wassp" }],
} as const;
const LOCAL = {
  ...RUN,
  needs: [
    { option: "parallel" },
    { option: "phase-two", values: ["local"], because: "gossip averages on its own" },
  ],
} as const;
const GOSSIP = {
  ...RUN,
  needs: [{ option: "parallel" }, { option: "phase-two", values: ["gossip"], because: "it is for gossip" }],
} as const;
/** Over MPI it is another. */
const { default: _, ...TIME_LIMIT } = from(PARALLEL_HYPERPARAMETERS.timeLimitSeconds, {
  parallel: "timeLimitSeconds",
});

/** In the order help shows them. */
export const PARALLEL_OPTIONS = [
  {
    ...RUN,
    name: "parallel",
    kind: "choice",
    value: "KIND",
    choices: ["none", ...PARALLEL_HYPERPARAMETERS.algorithm.choices],
    default: "none",
    help: PARALLEL_HYPERPARAMETERS.algorithm.doc,
    into: { parallel: "algorithm" },
    convert: (kind) => kind === "none" ? undefined : kind,
  },
  {
    ...PARALLEL,
    ...COUNT,
    ...from(PARALLEL_HYPERPARAMETERS.workers, { parallel: "workers" }),
    name: "workers",
    help: "Workers of --parallel (default: all cores); they share --threads.",
    excludes: [{ option: "transport", values: ["mpi"], because: "each rank but the first is a worker" }],
  },
  {
    ...from(PARALLEL_HYPERPARAMETERS.phaseOneFraction, { parallel: "phaseOneFraction" }),
    ...PHASED,
    name: "phase-one-fraction",
    value: "X",
    help: "Part of the epochs in which workers of --parallel train one model, before one each.",
  },
  {
    ...from(PARALLEL_HYPERPARAMETERS.initialRateFactor, { parallel: "initialRateFactor" }),
    ...PHASED,
    name: "initial-rate-factor",
    value: "X",
    help: "With wasap, how many times larger the learning rate is in the first 5 epochs.",
    defaultWith: { option: "parallel", values: ["wasap"] },
  },
  {
    ...PARALLEL,
    ...from(PARALLEL_HYPERPARAMETERS.phaseTwo, { parallel: "phaseTwo" }),
    name: "phase-two",
    value: "KIND",
    default: ({ parallel }) => parallel === "gossip" ? "gossip" : "local",
    defaultWith: { option: "parallel", values: ["wasap", "wassp", "gossip"] },
    follows: "parallel",
    check: (values) =>
      values.parallel === "gossip" && values["phase-two"] === "local"
        ? "use --phase-two local with --parallel gossip: its workers would never meet"
        : undefined,
  },
  {
    ...from(PARALLEL_HYPERPARAMETERS.localSteps, { parallel: "localSteps" }),
    ...GOSSIP,
    name: "local-steps",
    value: "STEPS",
  },
  {
    ...from(PARALLEL_HYPERPARAMETERS.peerAverage, { parallel: "peerAverage" }),
    ...GOSSIP,
    name: "peer-average",
    value: "KIND",
  },
  {
    ...PARALLEL,
    ...from(PARALLEL_HYPERPARAMETERS.shards, { parallel: "shards" }),
    name: "shards",
    value: "WHEN",
    defaultWith: { option: "parallel", values: ["wasap", "wassp", "gossip"] },
  },
  {
    ...from(PARALLEL_HYPERPARAMETERS.averageEvery, { parallel: "averageEvery" }),
    ...LOCAL,
    name: "average-every",
    value: "N",
  },
  {
    ...PARALLEL,
    ...from(PARALLEL_HYPERPARAMETERS.phaseTwoRateFactor, { parallel: "phaseTwoRateFactor" }),
    name: "phase-two-rate-factor",
    value: "X",
  },
  {
    ...PARALLEL,
    ...TIME_LIMIT,
    name: "time-limit",
    value: "SECONDS",
    help:
      "Seconds after which a worker of --parallel that does nothing counts as lost and ends the run (default " +
      "120; 25 over MPI). Raise it where one mini-batch takes as long.",
  },
  {
    ...PARALLEL,
    name: "transport",
    kind: "choice",
    value: "KIND",
    choices: ["workers", "mpi"],
    default: "workers",
    help:
      "What carries parallel training: threads of one process, or the ranks of an MPI job, of which the " +
      "first is the server; see docs/mpi.md.",
    check: ({ transport, parallel }) =>
      transport === "mpi" && parallel === "none"
        ? "use --transport mpi with --parallel none: expected wasap, wassp or gossip"
        : undefined,
  },
] as const satisfies readonly Option[];

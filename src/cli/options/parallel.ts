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
const OVER_MPI = {
  ...RUN,
  needs: [
    ...PHASED.needs,
    { option: "transport", values: ["mpi"], because: "it is between the ranks of an MPI job" },
  ],
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
/** Over MPI its default is another. */
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
    excludes: [{ option: "transport", values: ["mpi"], because: "each rank that is no server is a worker" }],
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
    help: "With wasap, how many times larger the learning rate is in the first epochs.",
    defaultWith: { option: "parallel", values: ["wasap"] },
  },
  {
    ...from(PARALLEL_HYPERPARAMETERS.initialRateEpochs, { parallel: "initialRateEpochs" }),
    ...PHASED,
    name: "initial-rate-epochs",
    value: "EPOCHS",
    help: "With wasap, how many epochs have the learning rate of --initial-rate-factor.",
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
    ...RUN,
    ...from(PARALLEL_HYPERPARAMETERS.staleness, { parallel: "staleness" }),
    name: "staleness",
    value: "RULE",
    help:
      "With wasap, what becomes of a gradient that τ updates have overtaken: nothing (none), the learning rate " +
      "η/τ (inverse), or a correction for the way parameters have moved (delay-compensated).",
    needs: [{ option: "parallel", values: ["wasap"], because: "it is for wasap, where gradients are stale" }],
  },
  {
    ...RUN,
    ...from(PARALLEL_HYPERPARAMETERS.delayCompensation, { parallel: "delayCompensation" }),
    name: "delay-compensation",
    value: "X",
    needs: [{ option: "staleness", values: ["delay-compensated"], because: "it is for delay-compensated" }],
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
      "Seconds after which a worker of --parallel that does nothing counts as lost (default 120; 25 over MPI). " +
      "Raise it where one mini-batch takes as long.",
  },
  {
    ...PARALLEL,
    ...from(PARALLEL_HYPERPARAMETERS.lostWorkers, { parallel: "lostWorkers" }),
    name: "lost-workers",
    value: "N",
    help:
      "Workers of --parallel that throw, hang or vanish and are replaced, each by one that goes on with its shard; " +
      "one more ends the run.",
    needs: [
      ...PARALLEL.needs,
      { option: "transport", values: ["workers"], because: "a rank that is lost ends the job" },
    ],
  },
  {
    ...from(PARALLEL_HYPERPARAMETERS.servers, { parallel: "servers" }),
    ...OVER_MPI,
    name: "servers",
    value: "S",
    help: "With --transport mpi, servers among which the parameters are split by rows; the first S ranks.",
  },
  {
    ...from(PARALLEL_HYPERPARAMETERS.wireBits, { parallel: "wireBits" }),
    ...OVER_MPI,
    name: "wire-bits",
    value: "16|32",
    help: "With --transport mpi, bits of each gradient and parameter that travels; with 16, bfloat16.",
    check: ({ "wire-bits": bits }) =>
      bits === undefined || bits === 16 || bits === 32
        ? undefined
        : `use --wire-bits ${bits}: expected 16 or 32`,
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
      "first is the server, or the first ones (--servers); see docs/mpi.md.",
    check: ({ transport, parallel }) =>
      transport === "mpi" && parallel === "none"
        ? "use --transport mpi with --parallel none: expected wasap, wassp or gossip"
        : undefined,
  },
] as const satisfies readonly Option[];

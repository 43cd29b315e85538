/**
 * How many train: the options of WASAP-SGD and WASSP-SGD.
 *
 * @module
 */
import { COUNT, type Option } from "../option.ts";

const PARALLEL = { group: "run", commands: ["train"] } as const;

/** In the order help shows them. */
export const PARALLEL_OPTIONS = [
  {
    ...PARALLEL,
    name: "parallel",
    kind: "choice",
    value: "KIND",
    choices: ["none", "wasap", "wassp"],
    default: "none",
    help: "Several workers, each with a part of the data: asynchronous (wasap) or in rounds (wassp).",
  },
  {
    ...PARALLEL,
    name: "workers",
    ...COUNT,
    most: 1024,
    symbol: "K",
    help: "Workers of --parallel (default: all cores); they share --threads.",
  },
  {
    ...PARALLEL,
    name: "phase-one-fraction",
    kind: "number",
    value: "X",
    least: 0,
    most: 1,
    help: "Part of the epochs in which workers of --parallel train one model (default 0.7), before one each.",
  },
  {
    ...PARALLEL,
    name: "initial-rate-factor",
    kind: "number",
    value: "X",
    above: 0,
    help: "With wasap, how many times larger the learning rate is in the first 5 epochs (default 2).",
  },
  {
    ...PARALLEL,
    name: "time-limit",
    kind: "number",
    value: "SECONDS",
    above: 0,
    most: 1_000_000,
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
  },
] as const satisfies readonly Option[];

/**
 * WASAP-SGD, WASSP-SGD and gossip over MPI: one process is the server, or several are, the others work, on one machine
 * or many.
 *
 * @module
 */
import { type Dataset, usableDataset } from "../../data/dataset.ts";
import { readWhole, refuseUnknown } from "../../hyperparameter.ts";
import { plural } from "../../format.ts";
import { readByName } from "../../value.ts";
import type { SparseMlp } from "../../model/model.ts";
import { requireModel } from "../../model/model_argument.ts";
import { CHUNK_WORDS, finishMpi, type MpiPlace, startMpi } from "../../native/mpi.ts";
import type { EpochRecord, TrainSummary } from "../../train/records.ts";
import { mostServers } from "./server_parts.ts";
import { serveOverMpi } from "./part_server.ts";
import { askedToEnd } from "./interrupt.ts";
import { MpiTransport } from "./transport.ts";
import { workOverMpi } from "./worker.ts";
import {
  PARALLEL_OPTION_NAMES,
  type ParallelOptions,
  type ParallelRunOptions,
  resolveParallelHyperparameters,
} from "../options.ts";
import { checkedParallelRun, trainChecked } from "../wasap.ts";
import { workerProgram } from "../worker.ts";

/** Options of {@linkcode trainOverMpi}. */
export interface MpiOptions extends Omit<ParallelOptions, "workers" | "lostWorkers"> {
  /** The longest message MPI is given, in 32-bit words; longer ones are sent in parts. @default {2 ** 22} */
  readonly chunkWords?: number;
  /** The job, where {@linkcode startMpi} was called before; whoever did calls {@linkcode finishMpi} after the training. */
  readonly place?: MpiPlace;
}

/** Every name in {@linkcode MpiOptions}. */
const MPI_OPTION_NAMES = [
  ...PARALLEL_OPTION_NAMES.filter((name) => name !== "workers" && name !== "lostWorkers"),
  "chunkWords",
  "place",
];

/** How long the ranks of a job that is too small wait for each other to end. */
const TOO_FEW_MS = 10_000;

/** Seconds of silence after which a rank counts as lost: the job then ends within 30. */
const TIME_LIMIT_SECONDS = 25;

/** Ends the run of a rank that has no epochs of its own. */
class WorkDone {}

/**
 * As {@linkcode trainParallel}, with each rank of an MPI job in a process of its own.
 *
 * Every rank calls this with the same data, options and a model of the same shape. Rank 0 is the server: its iterator
 * gives the records, and its model is trained. The iterator of any other rank gives no record: it computes for the
 * server, or is the server of some rows where `servers` asks for several, and ends when rank 0 does. A process takes part
 * in one training: MPI ends with it.
 *
 * The `signal` of any rank ends the run of all within a mini-batch. Rank 0's iterator then throws the reason of its own,
 * or an `AbortError` that names the rank; model, `state` and `workerModels` are a checkpoint, from which a job with any
 * number of ranks goes on.
 *
 * Only what exists travels: values in the order of a topology that both sides know, and the topology itself only when
 * it has changed. Memory: a worker has a replica and gradients beside its data; the server a topology for each
 * version that gradients may still come for, and in phase 2 a replica of each worker. In gossip workers send each other
 * their models, and rank 0 only those of the end of an epoch; a worker has that of one other beside.
 *
 * @returns An iterator over epoch records; its return value is the summary, undefined for other ranks than 0.
 * MPI starts with the iteration; options, data and whether the model fits them are checked before, at the call.
 *
 * @throws {LibraryError} When the MPI library was not built, or no launcher started this process.
 * @throws {TypeError} At the call, when there is no option of a name, its value has the wrong type, or model and data do
 * not fit together.
 * @throws {RangeError} At the call, when a value is out of range, or there are more servers than rows; when the job has too
 * few ranks, or more workers than there are batches.
 * @throws {TrainingError} When a rank is silent for longer than the time limit. MPI then goes on: exit with an error,
 * and the launcher ends the job.
 */
export function trainOverMpi(
  model: SparseMlp,
  given: Dataset,
  options: MpiOptions = {},
): AsyncGenerator<EpochRecord, TrainSummary | undefined> {
  requireModel(model, "train over MPI");
  refuseUnknown(options, MPI_OPTION_NAMES, "train");
  const { chunkWords = CHUNK_WORDS, place, ...parallel } = readByName(
    options,
    MPI_OPTION_NAMES,
    "train",
  ) as MpiOptions;
  readWhole(chunkWords, { task: "train over MPI", name: "chunkWords" }, { least: 1, most: 2 ** 30 });
  // How many workers there are, the launcher knows.
  const settings = { timeLimitSeconds: TIME_LIMIT_SECONDS, ...parallel, workers: 1 };
  const data = usableDataset(given);
  const run = checkedParallelRun(model, data, settings);
  const { servers = 1 } = run.parallel;
  if (servers > mostServers(model)) {
    throw new RangeError(
      `Cannot train with ${servers} servers: the largest layer has ${
        mostServers(model)
      } rows to split; choose fewer`,
    );
  }
  return takePart(model, data, run, { place, chunkWords });
}

async function* takePart(
  model: SparseMlp,
  data: Dataset,
  checked: ParallelRunOptions,
  { place, chunkWords }: { place: MpiPlace | undefined; chunkWords: number },
): AsyncGenerator<EpochRecord, TrainSummary | undefined> {
  const { rank, size } = place ?? startMpi(chunkWords);
  const lasts = place !== undefined;
  const { servers = 1 } = checked.parallel;
  if (size <= servers) {
    if (!lasts) finishMpi(TOO_FEW_MS);
    throw new RangeError(
      `Cannot train over MPI: the job has ${plural(size, "rank")}, expected ${
        servers === 1 ? "a server" : `${servers} servers`
      } and at least one worker; start it with "mpirun -n RANKS", RANKS at least ${servers + 1}`,
    );
  }
  const parallel = resolveParallelHyperparameters({ ...checked.parallel, workers: size - servers });
  const { signal, ...hooks } = checked.hooks;
  if (rank === 0) {
    const asked = new AbortController();
    const ends = AbortSignal.any(signal === undefined ? [asked.signal] : [signal, asked.signal]);
    const onInterrupt = (rank: number) => asked.abort(askedToEnd(rank));
    const run = { ...checked, parallel, hooks: { ...hooks, signal: ends } };
    return yield* trainChecked(model, data, run, (plan) => new MpiTransport(plan, { onInterrupt, lasts }));
  }
  const job = { signal, lasts };
  try {
    // What others need is prepared as rank 0 prepares it, which also ends the run; only the epochs are not their own.
    const work = trainChecked(model, data, { ...checked, parallel, hooks }, async (plan) => {
      if (rank < servers) await serveOverMpi(plan, rank, job);
      else await workOverMpi(plan.model, { ...plan.setup, worker: rank - servers }, workerProgram, job);
      throw new WorkDone();
    });
    await work.next();
  } catch (end) {
    if (!(end instanceof WorkDone)) throw end;
  }
  return undefined;
}

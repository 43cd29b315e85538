/**
 * WASAP-SGD and WASSP-SGD over MPI: one process is the server, the others work, on one machine or many.
 *
 * @module
 */
import { type Dataset, usableDataset } from "../data/dataset.ts";
import { readWhole, refuseUnknown } from "../hyperparameter.ts";
import { readByName } from "../value.ts";
import type { SparseMlp } from "../model/model.ts";
import { requireModel } from "../model/model_argument.ts";
import { CHUNK_WORDS, finishMpi, type MpiPlace, startMpi } from "../native/mpi.ts";
import type { EpochRecord, TrainSummary } from "../train/records.ts";
import { MpiTransport } from "./mpi_server.ts";
import { workOverMpi } from "./mpi_worker.ts";
import {
  PARALLEL_OPTION_NAMES,
  type ParallelOptions,
  type ParallelRunOptions,
  resolveParallelHyperparameters,
} from "./options.ts";
import { checkedParallelRun, trainChecked } from "./wasap.ts";

/** Options of {@linkcode trainOverMpi}. */
export interface MpiOptions extends Omit<ParallelOptions, "workers" | "lostWorkers"> {
  /** The longest message MPI is given, in 32-bit words; longer ones are sent in parts. @default {2 ** 22} */
  readonly chunkWords?: number;
  /** The job, where {@linkcode startMpi} was called before. */
  readonly place?: MpiPlace;
}

/** Every name in {@linkcode MpiOptions}. */
const MPI_OPTION_NAMES = [
  ...PARALLEL_OPTION_NAMES.filter((name) => name !== "workers" && name !== "lostWorkers"),
  "chunkWords",
  "place",
];

/** Seconds of silence after which a rank counts as lost: the job then ends within 30. */
const TIME_LIMIT_SECONDS = 25;

/** Ends a worker's run, in which there are no epochs of its own. */
class WorkDone {}

/**
 * As {@linkcode trainParallel}, with each rank of an MPI job in a process of its own.
 *
 * Every rank calls this with the same data, options and a model of the same shape. Rank 0 is the server: its iterator
 * gives the records, and its model is trained. The iterator of any other rank gives no record: it computes for the
 * server and ends when the server does. A process takes part in one training: MPI ends with it.
 *
 * Only what exists travels: values in the order of a topology that both sides know, and the topology itself only when
 * it has changed. Memory: a worker has a replica and gradients beside its data; the server a topology for each
 * version that gradients may still come for, and in phase 2 a replica of each worker.
 *
 * @returns An iterator over epoch records; its return value is the summary, undefined for workers.
 * MPI starts with the iteration; options, data and whether the model fits them are checked before, at the call.
 *
 * @throws {LibraryError} When the MPI library was not built, or no launcher started this process.
 * @throws {TypeError} At the call, when there is no option of a name, its value has the wrong type, or model and data do
 * not fit together.
 * @throws {RangeError} At the call, when a value is out of range; when the job has one rank only, or more workers than
 * there are batches.
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
  if (parallel.algorithm === "gossip") {
    throw new TypeError("Cannot train by gossip over MPI: choose wasap or wassp, or train without MPI");
  }
  const data = usableDataset(given);
  return takePart(
    model,
    data,
    checkedParallelRun(model, data, settings),
    () => place ?? startMpi(chunkWords),
  );
}

async function* takePart(
  model: SparseMlp,
  data: Dataset,
  checked: ParallelRunOptions,
  start: () => MpiPlace,
): AsyncGenerator<EpochRecord, TrainSummary | undefined> {
  const { rank, size } = start();
  if (size < 2) {
    finishMpi(0);
    throw new RangeError(
      "Cannot train over MPI: the job has 1 rank, expected a server and at least one worker; start it with " +
        '"mpirun -n RANKS", RANKS at least 2',
    );
  }
  const parallel = resolveParallelHyperparameters({ ...checked.parallel, workers: size - 1 });
  const run = { ...checked, parallel };
  if (rank === 0) return yield* trainChecked(model, data, run, (plan) => new MpiTransport(plan));
  try {
    // What a worker needs is prepared as the server prepares it; only the epochs are not its own.
    const work = trainChecked(model, data, run, async (plan) => {
      await workOverMpi(plan.model, { ...plan.setup, worker: rank - 1 });
      throw new WorkDone();
    });
    await work.next();
  } catch (end) {
    if (!(end instanceof WorkDone)) throw end;
  }
  return undefined;
}

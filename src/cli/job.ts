/**
 * The command `train` as a rank of an MPI job.
 *
 * @module
 */
import { finishMpi } from "../native/mpi.ts";
import { trainOverMpi } from "../parallel/mpi/train.ts";
import { Interruption } from "./interruption.ts";
import type { Run } from "./prepare.ts";
import { parallelOptions } from "./settings.ts";

/** How long a worker waits while rank 0 saves. */
const SAVING_MS = 3_600_000;
/** How long rank 0 waits for workers, who have nothing left to do. */
const FAREWELL_MS = 20_000;

/**
 * Computes for the server of the job; it alone prints and saves.
 *
 * A signal to this process ends the whole job. The process itself lives until rank 0 has saved: a launcher that is to end
 * a job kills all ranks once the first has gone.
 */
export async function workAsRank({ values, data, model, options, workerModels, place }: Run): Promise<void> {
  using interruption = new Interruption(() => {});
  const { workers: _, ...parallel } = parallelOptions(values)!;
  const { signal } = interruption;
  await trainOverMpi(model, data, { ...options, ...parallel, signal, workerModels, place: place! }).next();
  finishMpi(SAVING_MS);
}

/** Lets the other ranks of the job end, when all is done. */
export function leaveJob(): void {
  try {
    finishMpi(FAREWELL_MS);
  } catch {
    // Whoever is missing is found by the launcher; what was learned is saved.
  }
}

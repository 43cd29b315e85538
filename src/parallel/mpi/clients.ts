/**
 * What the server of an MPI job knows of its workers.
 *
 * @module
 */

/** What the server knows of a worker. */
export interface Client {
  readonly rank: number;
  readonly worker: number;
  /** Version of the topology it was sent last; −1 for none. */
  version: number;
  /** The oldest version that is of use to it. */
  wanted: number;
  /** Waits for parameters. */
  waiting: boolean;
  waitingSince: number;
  heardAt: number;
  /** How long it may be silent. */
  patienceMs: number;
  /** Whether the last it was sent is that the server pauses. */
  pausing: boolean;
}

/**
 * The workers of a job that begins at `now`, in the ranks behind the servers: each waits for parameters, and may be silent
 * for `patienceMs` at first.
 */
export function newClients(workers: number, servers: number, now: number, patienceMs: number): Client[] {
  return Array.from({ length: workers }, (_, worker) => ({
    rank: servers + worker,
    worker,
    version: -1,
    wanted: 0,
    waiting: true,
    waitingSince: now,
    heardAt: now,
    patienceMs,
    pausing: false,
  }));
}

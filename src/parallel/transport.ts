/**
 * What the parallel algorithm asks of the medium between server and workers.
 *
 * The algorithm (`wasap.ts`, `server.ts`, `worker.ts`) knows no threads and no messages. A transport carries it:
 * `threads/` over shared memory, `mpi/` over a network, `in_process.ts` for tests.
 *
 * There are two sides. The *server's* side ({@linkcode ServerTransport}) is told by the engine what shall happen and
 * reports when it has. The *worker's* side runs {@linkcode workerProgram}, a generator that yields a
 * {@linkcode WorkerRequest} wherever it needs the other side and is resumed with a {@linkcode ServerReply}; whoever
 * drives it may block, or switch to another worker.
 *
 * What travels is small: a pull brings the values of the connections in the order of a topology that the worker knows,
 * and the topology itself only when its version has changed; a push brings gradients in that same order. Over shared
 * memory, the worker applies its own push in its turn, with {@linkcode ParameterServer.push}; over messages, the
 * server calls it when the message has come, with the topology of the push's version, which it has kept.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import type { TopologyCounts } from "../topology/change.ts";
import type { ReplacedWorker } from "../train/records.ts";
import type { ModelSnapshot } from "./replica.ts";

/** What describes a pushed gradient. */
export interface PushHeader {
  readonly worker: number;
  /** Version of the topology the gradient was computed on. */
  readonly version: number;
  /** Updates the server had applied when the worker pulled; staleness is what was applied since. */
  readonly clock: number;
  /** Summed loss of the batch. */
  readonly loss: number;
  /** Hits of the batch. */
  readonly correct: number;
  /** Samples of the batch; 0 where a worker has none in a synchronous round. */
  readonly samples: number;
}

/** What a worker asks for. */
export type WorkerRequest =
  /** The parameters (and the topology, where it is not the replica's) into the worker's replica. */
  | { readonly kind: "pull" }
  /** Applies the worker's gradients. In a synchronous phase the reply comes when the round has been applied. */
  | { readonly kind: "push"; readonly header: PushHeader }
  /**
   * Nothing: shows between two steps of phase 2 that the worker lives, and what the step before was. Others who have asked
   * for the worker's model get it now. The reply may be a model that the worker has asked for, to halt, or to stop.
   */
  | { readonly kind: "working"; readonly done: StepDone }
  /**
   * Gossip: asks for the model of another worker; the reply comes at once, the model later. A worker has one open
   * question at most, and none when it reports.
   */
  | { readonly kind: "ask"; readonly peer: number }
  /**
   * Gossip: at the end of an epoch, waits for the model that was asked for, the reply. Others who ask get the worker's
   * model meanwhile, so that workers who wait for each other all get theirs; `changed` as of a report.
   */
  | { readonly kind: "answer"; readonly changed: boolean }
  /** The next command of phase 2. The first time it also brings the server's whole model, the optimiser's state included. */
  | { readonly kind: "next" }
  /** What the worker did since it got its last command, and whether its topology may have changed since it last told. */
  | { readonly kind: "report"; readonly report: LocalReport; readonly changed: boolean };

/** What a worker gets. */
export type ServerReply =
  /** The replica holds the parameters of this version and clock. */
  | { readonly kind: "parameters"; readonly version: number; readonly clock: number }
  | { readonly kind: "applied" }
  /** The model of the worker that was asked; may be read until the next request. */
  | { readonly kind: "model"; readonly peer: number; readonly model: ModelSnapshot }
  /** Phase 1 has no more updates to give: ask for the next command. */
  | { readonly kind: "phase-over" }
  /** Train one epoch on your replica and report. */
  | { readonly kind: "epoch"; readonly epoch: number }
  /** Change the topology of your replica and report. */
  | { readonly kind: "evolve"; readonly epoch: number }
  /** Leave the rest of the epoch, and report what you did of it. */
  | { readonly kind: "halt" }
  | { readonly kind: "stop" };

/** One step of phase 2. */
export interface StepDone {
  readonly samples: number;
  /** Summed loss of the batch. */
  readonly loss: number;
  readonly correct: number;
  /** Whether the topology of the replica may have changed since the last request that told of it. */
  readonly changed: boolean;
}

/** What a worker did for one command of phase 2. */
export interface LocalReport {
  readonly worker: number;
  readonly steps: number;
  readonly samples: number;
  readonly loss: number;
  readonly correct: number;
  /** Seconds the work took. */
  readonly seconds: number;
  readonly counts: TopologyCounts;
  /** Averages with models of other workers. */
  readonly exchanges: number;
  /** Steps that the worker made between its questions and their answers, summed. */
  readonly exchangeSteps: number;
}

/** Sums over the workers' epoch that only their reports have. */
type LocalSums =
  | "updates"
  | "samples"
  | "loss"
  | "correct"
  | "replaced"
  | "exchanges"
  | "exchangeSteps"
  | "workerUpdates";

/** What all workers did in one epoch of phase 2. */
export function trainedInAll(reports: readonly LocalReport[]): Pick<EpochSums, LocalSums> {
  const sum = (of: (report: LocalReport) => number) => reports.reduce((total, one) => total + of(one), 0);
  return {
    updates: sum((report) => report.steps),
    samples: sum((report) => report.samples),
    loss: sum((report) => report.loss),
    correct: sum((report) => report.correct),
    replaced: sum((report) => report.counts.replaced),
    workerUpdates: reports.map((report) => report.steps),
    exchanges: sum((report) => report.exchanges),
    exchangeSteps: sum((report) => report.exchangeSteps),
  };
}

/** What changed in all topologies of the workers. */
export function changedInAll(reports: readonly LocalReport[]): TopologyCounts {
  return {
    replaced: reports.reduce((sum, { counts }) => sum + counts.replaced, 0),
    pruned: reports.reduce((sum, { counts }) => sum + counts.pruned, 0),
  };
}

/** Sums over the updates of an epoch. */
export interface EpochSums {
  readonly updates: number;
  readonly samples: number;
  readonly loss: number;
  readonly correct: number;
  readonly stalenessSum: number;
  readonly largestStaleness: number;
  readonly droppedGradients: number;
  /** Connections that grew in place of others between the steps of workers. */
  readonly replaced: number;
  /** Averages of two workers' models, and the steps between questions and answers. */
  readonly exchanges: number;
  readonly exchangeSteps: number;
  /** Seconds each worker has waited in this epoch. */
  readonly idleSeconds: readonly number[];
  /** The sum of the staleness of each worker's updates in phase 1 of `wasap`. */
  readonly workerStaleness: readonly number[];
  /** How many these were; in phase 2, each worker's steps. */
  readonly workerUpdates: readonly number[];
  /** Workers that were replaced since the last sums, where the transport replaces any. */
  readonly replacedWorkers?: readonly ReplacedWorker[];
}

/** The sums of two parts of an epoch. */
export function addedSums(one: EpochSums, other: EpochSums): EpochSums {
  const added = (mine: readonly number[], others: readonly number[]) =>
    mine.map((value, worker) => value + others[worker]);
  return {
    updates: one.updates + other.updates,
    samples: one.samples + other.samples,
    loss: one.loss + other.loss,
    correct: one.correct + other.correct,
    stalenessSum: one.stalenessSum + other.stalenessSum,
    largestStaleness: Math.max(one.largestStaleness, other.largestStaleness),
    droppedGradients: one.droppedGradients + other.droppedGradients,
    replaced: one.replaced + other.replaced,
    exchanges: one.exchanges + other.exchanges,
    exchangeSteps: one.exchangeSteps + other.exchangeSteps,
    idleSeconds: added(one.idleSeconds, other.idleSeconds),
    workerStaleness: added(one.workerStaleness, other.workerStaleness),
    workerUpdates: added(one.workerUpdates, other.workerUpdates),
    replacedWorkers: [...one.replacedWorkers ?? [], ...other.replacedWorkers ?? []],
  };
}

/** Where an epoch stands, for progress; never throws. */
export type OnSums = (sums: EpochSums) => void;

/**
 * The server's side of a medium.
 *
 * Between two calls no worker touches the server's model: it may be read, evolved and saved. Each call rejects when a
 * worker fails or is silent for longer than the time limit, with the worker's error as `cause`.
 */
export interface ServerTransport {
  /** Lets updates in until `limit` have been applied since the start; then workers wait. */
  runUpdates(limit: number, onSums: OnSums): Promise<EpochSums>;
  /**
   * Ends phase 1: every worker gets a model of its own with the next command.
   *
   * @param models One a worker, in their order, with the capacities of the server's; where empty, the server's for all.
   */
  beginPhaseTwo(models: readonly SparseMlp[]): void | Promise<void>;
  /** Every worker trains one epoch on its replica, from where the run begins in it; `workerUpdates` are the steps. */
  runLocalEpoch(epoch: number, onSums: OnSums): Promise<EpochSums>;
  /** Every worker changes the topology of its replica. */
  evolveReplicas(epoch: number): Promise<TopologyCounts>;
  /** The workers' models, in the order of the workers; valid until the next call, and after the last epoch. */
  replicas(): readonly SparseMlp[] | Promise<readonly SparseMlp[]>;
  /** Every worker goes on from the server's model: its topology, parameters and optimiser's state. */
  goOnFromAverage(): void | Promise<void>;
  /**
   * Ends an epoch of updates or of local steps before its end, within a mini-batch: the call that is under way, or the
   * next of these, resolves with the sums of what was done. What is under way in phase 1 is dropped, and not counted;
   * in phase 2 each worker ends after the step it is at. Only `replicas` and `close` may follow.
   */
  halt(): void;
  /** The server's topology has changed; gradients of older versions are stale from now on. */
  topologyChanged(): void;
  /**
   * Ends all workers, in the middle of a call too, which then need not settle. Never rejects; safe to call twice.
   */
  close(): Promise<void>;
}

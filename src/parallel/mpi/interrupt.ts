/**
 * The end of a run over MPI that any of its processes may be asked for: by a signal, which a launcher or a batch system
 * sends to one rank or to all.
 *
 * @module
 */
import { type MpiAnnouncement, nextMessage, sendMessage, takeMessage } from "../../native/mpi.ts";
import { Head, KIND, NO_PIECES, NO_WORDS } from "./wire.ts";

/** What a job asks of the server beside the training. */
export interface ServerJob {
  /** Called when the process of a rank was asked to end the run. */
  readonly onInterrupt?: (rank: number) => void;
  /** Whether MPI goes on after the training, until whoever has started it ends it. @default {false} */
  readonly lasts?: boolean;
}

/** What a job asks of a worker beside the work. */
export interface WorkerJob {
  /** Aborted when this process is asked to end the run; the server hears of it and ends it for all. */
  readonly signal?: AbortSignal | undefined;
  /** As for the server. @default {false} */
  readonly lasts?: boolean;
}

/** The rank that ends a run for all. */
const SERVER = 0;

/**
 * Tells the server when the signal of a worker is aborted, until what is returned is disposed of.
 *
 * Aborts come from the event loop, which has its turn between two messages alone, never inside one.
 */
export function forwardInterrupts(signal: AbortSignal | undefined, limitMs: number): Disposable {
  const tell = () => {
    sendMessage(SERVER, new Head().begin(KIND.interrupt).words, NO_WORDS, NO_PIECES, limitMs);
  };
  signal?.addEventListener("abort", tell);
  if (signal?.aborted) tell();
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", tell) };
}

/** As {@linkcode nextMessage}, for the server; it is told which ranks were asked to end the run, and meets no such message. */
export function nextOfWork(
  source: number,
  limitMs: number,
  head: Head,
  onInterrupt: ServerJob["onInterrupt"],
): MpiAnnouncement | undefined {
  for (;;) {
    const message = nextMessage(source, limitMs, head.words);
    if (message === undefined || head.kind !== KIND.interrupt) return message;
    takeMessage(NO_WORDS, NO_PIECES, limitMs);
    onInterrupt?.(message.source);
  }
}

/** Why the server ends a run that another rank was asked to end. */
export function askedToEnd(rank: number): DOMException {
  return new DOMException(`Training was ended, since rank ${rank} was asked to end it`, "AbortError");
}

/**
 * The module a Worker runs: it gets its setup in one message, works until it is told to stop, and reports.
 *
 * @module
 */
import { TrainingError } from "../../errors.ts";
import { loadKernels } from "../../native/library.ts";
import type { SharedModel } from "../../model/share.ts";
import { attachModel } from "../replica.ts";
import { Questions, type QuestionsMemory } from "../questions.ts";
import { ParameterServer, type ServerOptions, type ServerState } from "../server.ts";
import { SharedLink, type WorkerMessage } from "./link.ts";
import { SharedState, type SharedStateMemory } from "./shared_state.ts";
import type { ServerReply } from "../transport.ts";
import { workerProgram, type WorkerSetup } from "../worker.ts";

/** Everything a Worker is given; arrays are shared, not copied. */
export interface WorkerStart {
  readonly setup: WorkerSetup;
  readonly server: SharedModel;
  readonly serverState: ServerState;
  readonly serverOptions: ServerOptions;
  /** Number of this thread among all that work or have worked. */
  readonly thread: number;
  /** Memory of this thread alone. */
  readonly replica: SharedModel;
  readonly gradients: Uint32Array;
  /** Where the gradients of all workers lie for a synchronous round. */
  readonly round: readonly Uint32Array[];
  readonly state: SharedStateMemory;
  /** Commands of phase 2 that were followed by a thread before this one. */
  readonly commandsDone: number;
  /** Whether the replica holds the model that phase 2 goes on with. */
  readonly hasModel: boolean;
  /** Where workers ask each other, where they do. */
  readonly questions: QuestionsMemory | undefined;
  /** The library that is open in the thread that starts the Worker, where it was named. */
  readonly kernels: string | undefined;
}

/** The part of a Worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerStart>) => void) | null;
  postMessage(message: WorkerMessage): void;
  close(): void;
}

/**
 * Runs one worker to its end; what it throws becomes a message.
 *
 * @param makeProgram What the worker does; tests have others.
 */
export function runWorker(
  start: WorkerStart,
  post: (message: WorkerMessage) => void,
  makeProgram: typeof workerProgram = workerProgram,
): void {
  const { setup, serverOptions, thread } = start;
  const { worker, parallel } = setup;
  const state = new SharedState(start.state, { worker, thread });
  try {
    if (start.kernels !== undefined) loadKernels({ path: start.kernels });
    const server = new ParameterServer(attachModel(start.server), start.serverState, serverOptions);
    const replica = attachModel(start.replica);
    const link = new SharedLink({
      worker,
      algorithm: parallel.algorithm,
      state,
      server,
      replica,
      gradients: start.gradients,
      round: start.round,
      copied: parallel.lostWorkers > 0,
      commandsDone: start.commandsDone,
      hasModel: start.hasModel,
      questions: start.questions && new Questions(start.questions, { worker, thread }, replica),
      post,
    });
    const program = makeProgram(setup, replica, start.gradients);
    let reply: ServerReply = { kind: "applied" };
    for (;;) {
      const { done, value } = program.next(reply);
      if (done) break;
      reply = link.serve(value);
    }
    post({ kind: "ended", worker });
  } catch (cause) {
    const final = cause instanceof TrainingError;
    post({ kind: "failed", worker, cause: cause instanceof Error ? cause : String(cause), final });
  }
}

const scope = globalThis as unknown as Partial<WorkerScope>;
// Only in a Worker is there somebody to post to; elsewhere the module has nothing to do on its own.
if (typeof scope.postMessage === "function" && typeof scope.close === "function") {
  scope.onmessage = ({ data }) => {
    runWorker(data, (message) => scope.postMessage!(message));
    scope.close!();
  };
}

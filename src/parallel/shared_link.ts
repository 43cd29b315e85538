/**
 * The worker's side of shared memory: requests are served on the spot, by the worker itself, under the lock.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import { copyModel } from "../model/copy.ts";
import type { ParallelHyperparameters } from "./options.ts";
import type { Questions } from "./questions.ts";
import type { ParameterServer } from "./server.ts";
import type { SharedState } from "./shared_state.ts";
import type { LocalReport, PushHeader, ServerReply, StepDone, WorkerRequest } from "./transport.ts";

/** What a worker tells the thread that started it. */
export type WorkerMessage =
  /** The updates that were let in have been applied. */
  | { readonly kind: "updates" }
  | { readonly kind: "report"; readonly report: LocalReport }
  | { readonly kind: "failed"; readonly worker: number; readonly cause: unknown }
  | { readonly kind: "ended"; readonly worker: number };

/** What a link works on. */
export interface SharedLinkOptions {
  readonly worker: number;
  readonly workers: number;
  readonly algorithm: ParallelHyperparameters["algorithm"];
  readonly state: SharedState;
  readonly server: ParameterServer;
  readonly replica: SparseMlp;
  /** Gradients of all workers. */
  readonly gradients: readonly Uint32Array[];
  /** Headers of a synchronous round, `[workers][HEADER_NUMBERS]`, shared. */
  readonly headers: Float64Array;
  /** Where workers ask each other. */
  readonly questions?: Questions | undefined;
  readonly post: (message: WorkerMessage) => void;
}

/** Numbers of a header in shared memory. */
export const HEADER_NUMBERS = 5;

/** Serves the requests of one worker. Blocks its thread while there is something to wait for. */
export class SharedLink {
  readonly #options: SharedLinkOptions;
  #version = -1;
  #command = 0;
  #hasModel = false;

  constructor(options: SharedLinkOptions) {
    this.#options = options;
  }

  /** Serves one request. */
  serve(request: WorkerRequest): ServerReply {
    this.#options.state.beat(this.#options.worker);
    switch (request.kind) {
      case "pull":
        return this.#pull();
      case "push":
        return this.#options.algorithm === "wasap"
          ? this.#push(request.header)
          : this.#pushRound(request.header);
      case "working":
        return this.#working(request.done);
      case "ask":
        this.#options.questions!.ask(request.peer);
        this.#options.state.changed();
        return { kind: "applied" };
      case "answer":
        return this.#attempt(() => this.#answered());
      case "next":
        return this.#next();
      case "report":
        if (request.changed) this.#options.questions?.topologyChanged();
        this.#options.post({ kind: "report", report: request.report });
        return { kind: "applied" };
      default: {
        const unknown: never = request;
        throw new TypeError(`Cannot serve the request ${JSON.stringify(unknown)}`);
      }
    }
  }

  #pull(): ServerReply {
    const { state, server, algorithm, replica } = this.#options;
    return this.#attempt(() => {
      if (state.phase === 2) return { kind: "phase-over" };
      // Every gradient that is computed shall be applied, so no more are begun than the phase has updates.
      if (algorithm === "wasap" && server.pulls >= state.total) return undefined;
      if (server.updates >= state.limit) return undefined;
      const pulled = server.pull(replica, this.#version);
      this.#version = pulled.version;
      return { kind: "parameters", ...pulled };
    });
  }

  #push(header: PushHeader): ServerReply {
    const { state, server, replica, gradients, worker, post } = this.#options;
    let full = false;
    const reply = this.#attempt(() => {
      if (server.updates >= state.limit) return undefined;
      server.push(gradients[worker], header, replica);
      full = server.updates >= state.limit;
      return { kind: "applied" };
    });
    if (full) post({ kind: "updates" });
    return reply;
  }

  #pushRound(header: PushHeader): ServerReply {
    const { state, server, gradients, headers, worker, workers, post } = this.#options;
    const { version, clock, loss, correct, samples } = header;
    let full = false;
    const round = state.locked(() => {
      const mine = state.round;
      headers.set([version, clock, loss, correct, samples], HEADER_NUMBERS * worker);
      if (state.arrive() < workers) return mine;
      const all = Array.from({ length: workers }, (_, other): PushHeader => {
        const [version, clock, loss, correct, samples] = headers.subarray(HEADER_NUMBERS * other);
        return { worker: other, version, clock, loss, correct, samples };
      });
      server.pushRound(gradients, all);
      full = server.updates >= state.limit;
      state.endRound();
      return mine;
    });
    if (state.round !== round) state.changed();
    if (full) post({ kind: "updates" });
    return this.#attempt(() => state.round === round ? undefined : { kind: "applied" });
  }

  #working({ changed, ...step }: StepDone): ServerReply {
    const { state, server, questions, worker } = this.#options;
    if (state.stopped) return { kind: "stop" };
    server.stepped(worker, step);
    if (changed) questions?.topologyChanged();
    this.#answerOthers();
    return this.#answered() ?? { kind: "applied" };
  }

  /** Gives the model to those who ask for it. */
  #answerOthers(): void {
    if (this.#options.questions?.answer()) this.#options.state.changed();
  }

  /** The model that was asked for, once it is there. */
  #answered(): ServerReply | undefined {
    const answer = this.#options.questions?.take();
    return answer && { kind: "model", ...answer };
  }

  #next(): ServerReply {
    const { state, server, replica } = this.#options;
    return this.#attempt(() => {
      const command = state.command;
      if (command.number === this.#command) return undefined;
      if (!this.#hasModel) {
        if (!state.replicasLoaded) copyModel(server.model, replica);
        this.#hasModel = true;
      }
      this.#command = command.number;
      return { kind: command.kind, epoch: command.epoch };
    });
  }

  /** Tries under the lock, again after each change, until there is a reply or everybody shall end. */
  #attempt(work: () => ServerReply | undefined): ServerReply {
    const { state, server, worker } = this.#options;
    const started = performance.now();
    let waited = false;
    for (;;) {
      if (state.stopped) return { kind: "stop" };
      const seen = state.gate;
      if (this.#hasModel) this.#answerOthers();
      const reply = state.locked(() => {
        const found = work();
        if (found !== undefined && waited) server.waited(worker, (performance.now() - started) / 1000);
        return found;
      });
      if (reply !== undefined) return reply;
      waited = true;
      state.waitForChange(seen);
      state.beat(worker);
    }
  }
}

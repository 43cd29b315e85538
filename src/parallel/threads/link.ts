/**
 * The worker's side of shared memory: requests are served on the spot, by the worker itself, in its turn at the server.
 *
 * A worker may be lost at any moment. What it does in a turn counts wholly or not at all (`lock.ts`), so whoever works in
 * its place can go on behind the last gradient that was taken.
 *
 * @module
 */
import type { SparseMlp } from "../../model/model.ts";
import { copyModel } from "../../model/copy.ts";
import type { Turn } from "./lock.ts";
import type { ParallelHyperparameters } from "../options.ts";
import type { Questions } from "../questions.ts";
import type { ParameterServer } from "../server.ts";
import type { SharedState } from "./shared_state.ts";
import type { LocalReport, PushHeader, ServerReply, StepDone, WorkerRequest } from "../transport.ts";

/** What a worker tells the thread that started it. */
export type WorkerMessage =
  /** The updates that were let in have been applied. */
  | { readonly kind: "updates" }
  | { readonly kind: "report"; readonly report: LocalReport }
  /** What it threw, and whether whoever does the same work again would throw it again: the training itself has failed. */
  | { readonly kind: "failed"; readonly worker: number; readonly cause: unknown; readonly final: boolean }
  | { readonly kind: "ended"; readonly worker: number };

/** What a link works on. */
export interface SharedLinkOptions {
  readonly worker: number;
  readonly algorithm: ParallelHyperparameters["algorithm"];
  readonly state: SharedState;
  readonly server: ParameterServer;
  readonly replica: SparseMlp;
  /** Gradients of this worker. */
  readonly gradients: Uint32Array;
  /** Where the gradients of all workers lie for a synchronous round: their own, or copies that outlive their threads. */
  readonly round: readonly Uint32Array[];
  /** Whether the workers' own gradients are elsewhere than those of a round. */
  readonly copied: boolean;
  /** Commands of phase 2 that were followed before. */
  readonly commandsDone: number;
  /** Whether the replica holds the model that phase 2 goes on with. */
  readonly hasModel: boolean;
  /** Where workers ask each other. */
  readonly questions?: Questions | undefined;
  readonly post: (message: WorkerMessage) => void;
}

/** Serves the requests of one worker. Blocks its thread while there is something to wait for. */
export class SharedLink {
  readonly #options: SharedLinkOptions;
  #version = -1;
  #command: number;
  #hasModel: boolean;

  constructor(options: SharedLinkOptions) {
    this.#options = options;
    this.#command = options.commandsDone;
    this.#hasModel = options.hasModel;
  }

  /** Serves one request. */
  serve(request: WorkerRequest): ServerReply {
    this.#options.state.beat();
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
        if (request.changed) this.#options.questions!.topologyChanged();
        return this.#attempt(() => this.#options.questions!.isAnswered, () => this.#answered()!);
      case "next":
        return this.#next();
      case "report":
        if (request.changed) this.#options.questions?.topologyChanged();
        this.#options.post({ kind: "report", report: request.report });
        this.#options.state.follow(this.#command);
        return { kind: "applied" };
      default: {
        const unknown: never = request;
        throw new TypeError(`Cannot serve the request ${JSON.stringify(unknown)}`);
      }
    }
  }

  #pull(): ServerReply {
    const { state, server, algorithm, replica, worker } = this.#options;
    // A thread before this one may have brought the round's gradient.
    if (algorithm === "wassp" && this.#version === -1) this.#finishRound();
    return this.#attempt(() => {
      if (state.phase === 2) return true;
      // Every gradient that is computed shall be applied, so no more are begun than the phase has updates.
      if (algorithm === "wasap" && server.pulls >= state.total) return false;
      return !state.halted && server.updates < state.limit;
    }, (turn) => {
      if (state.phase === 2) return { kind: "phase-over" };
      const pulled = server.pull(replica, this.#version, worker);
      server.save(turn);
      this.#version = pulled.version;
      return { kind: "parameters", ...pulled };
    });
  }

  #push(header: PushHeader): ServerReply {
    const { state, server, replica, gradients, post } = this.#options;
    let full = false;
    const reply = this.#attempt(() => !state.halted && server.updates < state.limit, (turn) => {
      server.push(gradients, header, replica, turn);
      full = server.updates >= state.limit;
      return { kind: "applied" };
    });
    if (full) post({ kind: "updates" });
    return reply;
  }

  #pushRound(header: PushHeader): ServerReply {
    const { state, server, gradients, round, copied, worker } = this.#options;
    state.locked((turn) => {
      // A round that nobody waits for is none: its gradients are computed again where the run goes on.
      if (state.halted) return;
      server.read(turn.copy);
      server.arrive(header);
      server.save(turn, () => {
        if (copied) round[worker].set(gradients);
      });
    });
    return this.#finishRound();
  }

  /** Waits for the end of a round that the worker's gradient has come for; whoever finds that all have applies them. */
  #finishRound(): ServerReply {
    const { state, server, gradients, round, copied, worker, post } = this.#options;
    let [applied, full] = [false, false];
    const ready = () => !server.hasArrived(worker) || (server.roundIsWhole && !state.halted);
    const reply = this.#attempt(ready, (turn) => {
      applied = server.hasArrived(worker);
      if (applied) {
        server.pushRound(round, server.headers(), copied ? gradients : undefined, turn);
        full = server.updates >= state.limit;
      }
      return { kind: "applied" };
    });
    if (applied) state.changed();
    if (full) post({ kind: "updates" });
    return reply;
  }

  #working({ changed, ...step }: StepDone): ServerReply {
    const { state, server, questions, worker } = this.#options;
    if (state.isOver) return { kind: "stop" };
    server.stepped(worker, step);
    if (changed) questions?.topologyChanged();
    this.#answerOthers();
    if (state.halted) return { kind: "halt" };
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
    return this.#attempt(() => state.command.number !== this.#command, () => {
      const command = state.command;
      if (!this.#hasModel) {
        if (!state.replicasLoaded) copyModel(server.model, replica);
        this.#hasModel = true;
      }
      this.#command = command.number;
      return { kind: command.kind, epoch: command.epoch };
    });
  }

  /** Tries in one turn after another, again after each change, until it is time to work or everybody shall end. */
  #attempt(ready: () => boolean, work: (turn: Turn) => ServerReply): ServerReply {
    const { state, server, worker } = this.#options;
    const started = performance.now();
    let waited = false;
    for (;;) {
      if (state.stopped) return { kind: "stop" };
      const seen = state.gate;
      if (this.#hasModel) this.#answerOthers();
      const reply = state.locked((turn) => {
        server.read(turn.copy);
        if (!ready()) return undefined;
        if (waited) server.waited(worker, (performance.now() - started) / 1000);
        return work(turn);
      });
      if (reply !== undefined) return reply;
      waited = true;
      state.waitForChange(seen);
      state.beat();
    }
  }
}

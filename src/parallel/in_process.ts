/**
 * The transport without threads: all workers take turns, in an order that a seed or a clock decides.
 *
 * It shows what the algorithm does under every interleaving of pulls and pushes, again and again alike.
 *
 * @module
 */
import type { SparseMlp } from "../model/model.ts";
import type { TopologyCounts } from "../topology/change.ts";
import { copyModel } from "../model/copy.ts";
import { type Arrivals, RandomArrivals } from "./arrivals.ts";
import { emptyReplica } from "./replica.ts";
import { Questions, questionsMemory } from "./questions.ts";
import { ParameterServer, serverState } from "./server.ts";
import {
  changedInAll,
  type EpochSums,
  type LocalReport,
  type OnSums,
  type PushHeader,
  type ServerReply,
  type ServerTransport,
  trainedInAll,
  type WorkerRequest,
} from "./transport.ts";
import type { TransportPlan } from "./transport_plan.ts";
import { workerProgram } from "./worker.ts";

interface Turn {
  readonly program: Generator<WorkerRequest, void, ServerReply>;
  readonly replica: SparseMlp;
  readonly gradients: Uint32Array;
  /** Where the worker asks others and answers them, in gossip. */
  readonly questions: Questions | undefined;
  /** What the worker waits for; undefined once it has ended. */
  request: WorkerRequest | undefined;
  version: number;
  hasModel: boolean;
}

/** Something that happened at the server, for tests. */
export interface ServerEvent {
  readonly kind: "pull" | "push" | "working";
  readonly worker: number;
  readonly header?: PushHeader;
}

/** Workers that take turns in one thread. */
export class InProcessTransport implements ServerTransport {
  readonly server: ParameterServer;
  readonly #turns: Turn[];
  readonly #plan: TransportPlan;
  readonly #onEvent: (event: ServerEvent) => void;
  readonly #arrivals: Arrivals;
  #limit: number;
  #command: ServerReply | undefined;
  #phase = 1;
  #halted = false;
  #reports = new Map<number, LocalReport>();
  #round = new Map<number, PushHeader>();

  /** @param order Decides who is next, each time; a seed stands for {@linkcode RandomArrivals}. */
  constructor(
    plan: TransportPlan,
    order: number | Arrivals,
    onEvent: (event: ServerEvent) => void = () => {},
  ) {
    const { model, setup, server, updatesDone } = plan;
    const { workers, localSteps } = setup.parallel;
    const memory = localSteps === undefined ? undefined : questionsMemory(workers, model);
    this.#plan = plan;
    this.#onEvent = onEvent;
    this.#arrivals = typeof order === "number" ? new RandomArrivals(order) : order;
    this.#limit = updatesDone;
    this.server = new ParameterServer(model, serverState(workers, updatesDone), server);
    this.#turns = Array.from({ length: workers }, (_, worker): Turn => {
      const replica = emptyReplica(model);
      const gradients = replica.allocateGradients();
      const program = workerProgram({ ...setup, worker }, replica, gradients);
      const questions = memory && new Questions(memory, { worker, thread: worker + 1 }, replica);
      return { program, replica, gradients, questions, request: undefined, version: -1, hasModel: false };
    });
    for (const turn of this.#turns) turn.request = turn.program.next({ kind: "applied" }).value ?? undefined;
  }

  runUpdates(limit: number, onSums: OnSums): Promise<EpochSums> {
    this.server.beginEpoch();
    this.#limit = limit;
    this.#run(() => this.#halted || this.server.updates >= limit);
    onSums(this.server.sums());
    return Promise.resolve(this.server.sums());
  }

  beginPhaseTwo(models: readonly SparseMlp[]): void {
    this.#phase = 2;
    for (const [worker, model] of models.entries()) {
      copyModel(model, this.#turns[worker].replica);
      this.#turns[worker].hasModel = true;
    }
    // All of them wait for a command then, as at the end of an epoch.
    this.#run(() => this.#turns.every(({ request }) => request?.kind === "next"));
  }

  runLocalEpoch(epoch: number, onSums: OnSums): Promise<EpochSums> {
    this.#arrivals.beginLocalEpoch(epoch);
    const reports = this.#follow({ kind: "epoch", epoch });
    this.server.beginEpoch();
    const sums = {
      ...this.server.sums(),
      ...trainedInAll(reports),
    };
    onSums(sums);
    return Promise.resolve(sums);
  }

  evolveReplicas(epoch: number): Promise<TopologyCounts> {
    const reports = this.#follow({ kind: "evolve", epoch });
    return Promise.resolve(changedInAll(reports));
  }

  replicas(): readonly SparseMlp[] {
    return this.#turns.map(({ replica }) => replica);
  }

  goOnFromAverage(): void {
    for (const { replica } of this.#turns) copyModel(this.server.model, replica);
  }

  halt(): void {
    this.#halted = true;
  }

  topologyChanged(): void {
    this.server.topologyChanged();
  }

  close(): Promise<void> {
    for (const { program } of this.#turns) program.return();
    return Promise.resolve();
  }

  #follow(command: ServerReply): LocalReport[] {
    const { workers } = this.#plan.setup.parallel;
    this.#reports.clear();
    const given = new Set<number>();
    this.#command = command;
    this.#run(() => this.#reports.size === workers, given);
    this.#command = undefined;
    return this.#turns.map((_, worker) => this.#reports.get(worker)!);
  }

  /** Serves one request after another until `done`, each time of a worker that can be served. */
  #run(done: () => boolean, given = new Set<number>()): void {
    while (!done()) {
      for (const { questions, request, hasModel } of this.#turns) {
        if (hasModel && (request?.kind === "next" || request?.kind === "answer")) questions?.answer();
      }
      const ready = this.#turns.flatMap(({ request }, worker) =>
        request !== undefined && this.#isReady(worker, given) ? [{ worker, request }] : []
      );
      if (ready.length === 0) throw new Error("Cannot go on: every worker waits for another");
      this.#serve(this.#arrivals.next(ready).worker, given);
    }
  }

  #isReady(worker: number, given: ReadonlySet<number>): boolean {
    const { request } = this.#turns[worker];
    const { setup, updatesTotal } = this.#plan;
    const synchronous = setup.parallel.algorithm === "wassp";
    switch (request?.kind) {
      case "pull":
        if (this.#phase === 2) return true;
        return this.server.updates < this.#limit && (synchronous || this.server.pulls < updatesTotal);
      case "push":
        return synchronous ? !this.#round.has(worker) : this.server.updates < this.#limit;
      case "next":
        return this.#command !== undefined && !given.has(worker);
      case "answer":
        return this.#turns[worker].questions!.isAnswered;
      case "working":
      case "ask":
      case "report":
        return true;
      default:
        return false;
    }
  }

  #serve(worker: number, given: Set<number>): void {
    const turn = this.#turns[worker];
    const { request, replica, gradients, questions } = turn;
    switch (request?.kind) {
      case "pull": {
        if (this.#phase === 2) return this.#resume(turn, { kind: "phase-over" });
        const pulled = this.server.pull(replica, turn.version, worker);
        turn.version = pulled.version;
        this.#onEvent({ kind: "pull", worker });
        return this.#resume(turn, { kind: "parameters", ...pulled });
      }
      case "push":
        this.#onEvent({ kind: "push", worker, header: request.header });
        if (this.#plan.setup.parallel.algorithm === "wassp") return this.#gather(worker, request.header);
        this.server.push(gradients, request.header, replica);
        return this.#resume(turn, { kind: "applied" });
      case "working":
        if (request.done.changed) questions?.topologyChanged();
        questions?.answer();
        this.#onEvent({ kind: "working", worker });
        return this.#resume(turn, this.#halted ? { kind: "halt" } : answered(questions));
      case "ask":
        questions!.ask(request.peer);
        return this.#resume(turn, { kind: "applied" });
      case "answer":
        return this.#resume(turn, answered(questions));
      case "report":
        if (request.changed) questions?.topologyChanged();
        this.#reports.set(worker, request.report);
        return this.#resume(turn, { kind: "applied" });
      case "next":
        if (!turn.hasModel) {
          copyModel(this.server.model, replica);
          turn.hasModel = true;
        }
        given.add(worker);
        return this.#resume(turn, this.#command!);
    }
  }

  /** Keeps a synchronous push until all have come. */
  #gather(worker: number, header: PushHeader): void {
    this.#round.set(worker, header);
    if (this.#round.size < this.#turns.length) return;
    const headers = this.#turns.map((_, other) => this.#round.get(other)!);
    this.server.pushRound(this.#turns.map(({ gradients }) => gradients), headers);
    this.#round.clear();
    for (const turn of this.#turns) this.#resume(turn, { kind: "applied" });
  }

  #resume(turn: Turn, reply: ServerReply): void {
    turn.request = turn.program.next(reply).value ?? undefined;
    // While it waits, others get its model, of the topology it has now.
    if (turn.request?.kind === "answer" && turn.request.changed) turn.questions!.topologyChanged();
  }
}

/** The model that a worker has asked for, once it is there. */
function answered(questions: Questions | undefined): ServerReply {
  const answer = questions?.take();
  return answer === undefined ? { kind: "applied" } : { kind: "model", ...answer };
}

/**
 * A Worker that records what it does, with the program and the link of `src/parallel/worker_main.ts`.
 *
 * @module
 */
import type { PeerModel } from "../../src/parallel/inbox.ts";
import { Questions } from "../../src/parallel/questions.ts";
import { attachModel } from "../../src/parallel/replica.ts";
import { ParameterServer } from "../../src/parallel/server.ts";
import { SharedLink, type WorkerMessage } from "../../src/parallel/shared_link.ts";
import { SharedState } from "../../src/parallel/shared_state.ts";
import type { ServerReply, WorkerRequest } from "../../src/parallel/transport.ts";
import { workerProgram } from "../../src/parallel/worker.ts";
import type { WorkerStart } from "../../src/parallel/worker_main.ts";
import { type Activity, clock, SpanWriter } from "./spans.ts";

declare const self: {
  onmessage: ((event: MessageEvent<WorkerStart>) => void) | null;
  postMessage(message: WorkerMessage): void;
  close(): void;
};

/** Gaps shorter than this between what is done in a request, milliseconds, are no waiting. */
const LEAST_WAIT_MS = 0.01;

/** What a worker did until it had a request, since it was given a reply. */
function workBefore(request: WorkerRequest, reply: ServerReply): Activity | undefined {
  switch (request.kind) {
    case "push":
      return "gradient";
    case "working":
      return "step";
    case "report":
      return reply.kind === "evolve" ? "change" : undefined;
    default:
      return undefined;
  }
}

/** A model that tells each time when somebody looks at a part of it. */
function watched({ layers }: PeerModel, onLook: () => void): PeerModel {
  return {
    layers: layers.map((layer) =>
      new Proxy(layer, {
        get: (parts, name) => {
          onLook();
          return Reflect.get(parts, name);
        },
      })
    ),
  };
}

function work(start: WorkerStart): void {
  const { worker, parallel, split } = start.setup;
  const spans = new SpanWriter(split.labels, worker);
  /** Until when the request that is being served is accounted for. */
  let served = 0;
  const wait = (end: number) => {
    if (end - served >= LEAST_WAIT_MS) spans.add("wait", served, end);
  };
  const note = (activity: Activity, begin: number) => {
    wait(begin);
    served = clock();
    spans.add(activity, begin, served);
  };
  /** Notes the work under the lock. */
  class RecordedServer extends ParameterServer {
    override pull(...given: Parameters<ParameterServer["pull"]>): ReturnType<ParameterServer["pull"]> {
      const [begin, topology] = [clock(), given[1] !== this.version];
      const pulled = super.pull(...given);
      note(topology ? "topologyPull" : "pull", begin);
      return pulled;
    }

    override push(...given: Parameters<ParameterServer["push"]>): void {
      const [begin, stale] = [clock(), given[1].version !== this.version];
      super.push(...given);
      note(stale ? "stalePush" : "push", begin);
    }

    override pushRound(...given: Parameters<ParameterServer["pushRound"]>): void {
      const begin = clock();
      super.pushRound(...given);
      note("round", begin);
    }
  }
  /** Notes the copies for others. */
  class RecordedQuestions extends Questions {
    override answer(): boolean {
      const [begin, held] = [clock(), [...start.questions!.held]];
      const any = super.answer();
      const topology = start.questions!.held.some((word, place) => word !== held[place]);
      if (any) note(topology ? "topologyOut" : "copyOut", begin);
      return any;
    }
  }
  const replica = attachModel(start.replica);
  const link = new SharedLink({
    worker,
    workers: parallel.workers,
    algorithm: parallel.algorithm,
    state: new SharedState(start.state, 1000 * parallel.timeLimitSeconds),
    server: new RecordedServer(attachModel(start.server), start.serverState, start.serverOptions),
    replica,
    gradients: start.gradients,
    headers: start.headers,
    questions: start.questions && new RecordedQuestions(start.questions, worker, replica),
    post: (message) => self.postMessage(message),
  });
  const program = workerProgram(start.setup, replica, start.gradients[worker]);
  let reply: ServerReply = { kind: "applied" };
  for (;;) {
    let begin = clock();
    const averaging = reply.kind === "model";
    let looked = begin;
    if (reply.kind === "model") reply = { ...reply, model: watched(reply.model, () => looked = clock()) };
    const { done, value } = program.next(reply);
    if (done) return;
    served = clock();
    if (averaging) {
      // The average is over soon after the last part of the other model was looked at.
      spans.add("pairAverage", begin, looked);
      begin = looked;
    }
    const activity = workBefore(value, reply);
    if (activity !== undefined) spans.add(activity, begin, served);
    reply = link.serve(value);
    wait(clock());
  }
}

self.onmessage = ({ data }) => {
  try {
    work(data);
    self.postMessage({ kind: "ended", worker: data.setup.worker });
  } catch (cause) {
    self.postMessage({ kind: "failed", worker: data.setup.worker, cause });
  }
  self.close();
};

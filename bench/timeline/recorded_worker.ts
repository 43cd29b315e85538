/**
 * A Worker that records what it does: that of `src/parallel/threads/worker_main.ts`, looked at from outside.
 *
 * @module
 */
import { Questions } from "../../src/parallel/questions.ts";
import type { ModelSnapshot } from "../../src/parallel/replica.ts";
import { ParameterServer } from "../../src/parallel/server.ts";
import type { WorkerMessage } from "../../src/parallel/threads/link.ts";
import type { ServerReply, WorkerRequest } from "../../src/parallel/transport.ts";
import { workerProgram } from "../../src/parallel/worker.ts";
import { runWorker, type WorkerStart } from "../../src/parallel/threads/worker_main.ts";
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
function watched({ layers }: ModelSnapshot, onLook: () => void): ModelSnapshot {
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

/** Records the requests of a worker, what it does between them, and what is done in them under the lock. */
class Recorder {
  readonly #spans: SpanWriter;
  /** Until when the request that is being served is accounted for. */
  #served = 0;

  constructor(spans: SpanWriter) {
    this.#spans = spans;
  }

  /** Waiting lasted until then. */
  #waited(end: number): void {
    if (end - this.#served >= LEAST_WAIT_MS) this.#spans.add("wait", this.#served, end);
  }

  /**
   * Notes each call of a method, of all objects of a class in this thread.
   *
   * @param activity Says before a call how to say after it what it was; nothing where it was not worth noting.
   */
  observe<K extends string, T extends Record<K, (...given: never[]) => unknown>>(
    prototype: T,
    name: K,
    activity: (object: T, given: Parameters<T[K]>) => (result: ReturnType<T[K]>) => Activity | undefined,
  ): void {
    const method = prototype[name];
    const noted = (object: T, given: Parameters<T[K]>): ReturnType<T[K]> => {
      const [begin, what] = [clock(), activity(object, given)];
      const result = Reflect.apply(method, object, given) as ReturnType<T[K]>;
      const found = what(result);
      if (found !== undefined) {
        this.#waited(begin);
        this.#served = clock();
        this.#spans.add(found, begin, this.#served);
      }
      return result;
    };
    Object.defineProperty(prototype, name, {
      value(this: T, ...given: Parameters<T[K]>): ReturnType<T[K]> {
        return noted(this, given);
      },
    });
  }

  /** The worker's program, recorded. */
  *program(...given: Parameters<typeof workerProgram>): ReturnType<typeof workerProgram> {
    const program = workerProgram(...given);
    let reply: ServerReply = { kind: "applied" };
    for (;;) {
      let begin = clock();
      let looked: number | undefined;
      if (reply.kind === "model") {
        looked = begin;
        reply = { ...reply, model: watched(reply.model, () => looked = clock()) };
      }
      const { done, value } = program.next(reply);
      if (done) return;
      this.#served = clock();
      if (looked !== undefined) {
        // The average is over soon after the last part of the other model was looked at.
        this.#spans.add("pairAverage", begin, looked);
        begin = looked;
      }
      const activity = workBefore(value, reply);
      if (activity !== undefined) this.#spans.add(activity, begin, this.#served);
      reply = yield value;
      this.#waited(clock());
    }
  }
}

self.onmessage = ({ data }) => {
  const { setup: { worker, split }, questions } = data;
  const recorder = new Recorder(new SpanWriter(split.labels, worker));
  const server = ParameterServer.prototype;
  recorder.observe(
    server,
    "pull",
    ({ version }, [, known]) => () => known === version ? "pull" : "topologyPull",
  );
  recorder.observe(server, "push", (object, [, header]) => {
    const stale = header.version !== object.version;
    return () => stale ? "stalePush" : "push";
  });
  recorder.observe(server, "pushRound", () => () => "round");
  recorder.observe(Questions.prototype, "answer", () => {
    const held = [...questions!.held];
    const topology = () => questions!.held.some((word, place) => word !== held[place]);
    return (any) => any ? topology() ? "topologyOut" : "copyOut" : undefined;
  });
  runWorker(data, (message) => self.postMessage(message), (...given) => recorder.program(...given));
  self.close();
};

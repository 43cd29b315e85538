/**
 * A worker whose weights all have one value, another after every step, and that checks every model it gets by gossip. @module
 */
import type { SparseMlp } from "../../src/model/model.ts";
import type { WorkerMessage } from "../../src/parallel/threads/link.ts";
import type { ServerReply, WorkerRequest } from "../../src/parallel/transport.ts";
import type { WorkerSetup } from "../../src/parallel/worker.ts";
import { runWorker, type WorkerStart } from "../../src/parallel/threads/worker_main.ts";

declare const self: {
  onmessage: ((event: MessageEvent<WorkerStart>) => void) | null;
  postMessage(message: WorkerMessage): void;
  close(): void;
};

/** Steps of each worker, and questions. */
const STEPS = 2000;

function* work(
  { worker, parallel: { workers } }: WorkerSetup,
  replica: SparseMlp,
): Generator<WorkerRequest, void, ServerReply> {
  yield { kind: "pull" };
  if ((yield { kind: "next" }).kind !== "epoch") return;
  const last = new Array<number>(workers).fill(0);
  let [open, exchanges, changed] = [-1, 0, true];
  const take = (reply: ServerReply) => {
    if (reply.kind !== "model") return;
    if (reply.peer !== open) throw new Error(`worker ${reply.peer} answered what ${open} was asked`);
    const [first] = reply.model.layers[0].bias;
    for (const { indptr, values, bias } of reply.model.layers) {
      for (const value of [...values.subarray(0, indptr[indptr.length - 1]), ...bias]) {
        if (value !== first) throw new Error(`a model is torn: it has weights ${first} and ${value}`);
      }
    }
    if (first % workers !== reply.peer || first < last[reply.peer]) {
      throw new Error(`${first} is no model of a peer`);
    }
    last[reply.peer] = first;
    [open, exchanges] = [-1, exchanges + 1];
  };
  for (let step = 1; step <= STEPS; step++) {
    for (const { values, bias } of replica.layers) {
      values.fill(step * workers + worker);
      bias.fill(step * workers + worker);
    }
    const done = { samples: 1, loss: 0, correct: 0, changed };
    changed = step % 10 === 0;
    take(yield { kind: "working", done });
    if (open >= 0) continue;
    open = (worker + 1 + step % (workers - 1)) % workers;
    yield { kind: "ask", peer: open };
  }
  if (open >= 0) take(yield { kind: "answer", changed: false });
  const report = {
    ...{ worker, steps: STEPS, samples: STEPS, loss: 0, correct: 0, seconds: 0, exchangeSteps: 0, exchanges },
    counts: { replaced: 0, pruned: 0 },
  };
  yield { kind: "report", report, changed: false };
  yield { kind: "next" };
}

self.onmessage = ({ data }) => {
  runWorker(data, (message) => self.postMessage(message), work);
  self.close();
};

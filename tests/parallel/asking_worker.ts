/**
 * A worker whose weights all have one value, another after every step, and that checks every model it gets by gossip. @module
 */
import { attachModel } from "../../src/parallel/replica.ts";
import { Questions } from "../../src/parallel/questions.ts";
import { ParameterServer } from "../../src/parallel/server.ts";
import { SharedLink, type WorkerMessage } from "../../src/parallel/shared_link.ts";
import { SharedState } from "../../src/parallel/shared_state.ts";
import type { ServerReply } from "../../src/parallel/transport.ts";
import type { WorkerStart } from "../../src/parallel/worker_main.ts";

declare const self: {
  onmessage: ((event: MessageEvent<WorkerStart>) => void) | null;
  postMessage(message: WorkerMessage): void;
  close(): void;
};

/** Steps of each worker, and questions. */
const STEPS = 2000;

function work(start: WorkerStart): void {
  const { worker, parallel: { workers } } = start.setup;
  const replica = attachModel(start.replica);
  const link = new SharedLink({
    ...{ worker, workers, algorithm: "gossip", gradients: start.gradients, headers: start.headers, replica },
    state: new SharedState(start.state, 60_000),
    server: new ParameterServer(attachModel(start.server), start.serverState, start.serverOptions),
    questions: new Questions(start.questions!, worker, replica),
    post: (message) => self.postMessage(message),
  });
  link.serve({ kind: "pull" });
  if (link.serve({ kind: "next" }).kind !== "epoch") return;
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
    take(link.serve({ kind: "working", done }));
    if (open >= 0) continue;
    open = (worker + 1 + step % (workers - 1)) % workers;
    link.serve({ kind: "ask", peer: open });
  }
  if (open >= 0) take(link.serve({ kind: "answer" }));
  const report = {
    ...{ worker, steps: STEPS, samples: STEPS, loss: 0, correct: 0, seconds: 0, exchangeSteps: 0, exchanges },
    counts: { replaced: 0, pruned: 0 },
  };
  link.serve({ kind: "report", report, changed: false });
  link.serve({ kind: "next" });
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

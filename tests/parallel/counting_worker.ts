/**
 * A worker whose every gradient is −1 for every parameter, and that checks each snapshot it pulls. @module
 */
import { attachModel, gradientViews } from "../../src/parallel/replica.ts";
import { ParameterServer } from "../../src/parallel/server.ts";
import { SharedLink, type WorkerMessage } from "../../src/parallel/shared_link.ts";
import { SharedState } from "../../src/parallel/shared_state.ts";
import type { WorkerSetup } from "../../src/parallel/worker.ts";
import type { WorkerStart } from "../../src/parallel/worker_main.ts";

declare const self: {
  onmessage: ((event: MessageEvent<WorkerStart>) => void) | null;
  postMessage(message: WorkerMessage): void;
  close(): void;
};

/**
 * Waits until every worker has come here. The samples are not used, so the first label counts who is there:
 * each then holds the same version, and all pushes of it but the first are late, however few cores there are.
 */
function meet({ split: { labels }, parallel: { workers } }: WorkerSetup): void {
  const there = new Int32Array(labels.buffer, labels.byteOffset, 1);
  Atomics.add(there, 0, 1);
  Atomics.notify(there, 0);
  for (let seen = Atomics.load(there, 0); seen < workers; seen = Atomics.load(there, 0)) {
    if (Atomics.wait(there, 0, seen, 60_000) === "timed-out") throw new Error(`${seen} of ${workers} came`);
  }
}

function count(start: WorkerStart): void {
  const { worker, parallel } = start.setup;
  const replica = attachModel(start.replica);
  const link = new SharedLink({
    worker,
    algorithm: "wasap",
    state: new SharedState(start.state, { worker, thread: start.thread }),
    server: new ParameterServer(attachModel(start.server), start.serverState, start.serverOptions),
    replica,
    gradients: start.gradients,
    round: start.round,
    copied: parallel.lostWorkers > 0,
    commandsDone: start.commandsDone,
    hasModel: start.hasModel,
    post: (message) => self.postMessage(message),
  });
  new Float32Array(start.gradients.buffer, start.gradients.byteOffset).fill(-1);
  for (let first = true;; first = false) {
    const pulled = link.serve({ kind: "pull" });
    if (pulled.kind !== "parameters") return;
    if (first) meet(start.setup);
    const { version, clock } = pulled;
    for (const layer of replica.layers) {
      for (const bias of layer.bias) {
        if (bias !== clock) throw new Error(`a bias is ${bias} after ${clock} updates`);
      }
      // Weights began at one value each topology; whoever is whole has one value in all of them.
      const [value] = layer.values;
      for (const other of layer.values.subarray(0, layer.nnz)) {
        if (other !== value) throw new Error(`a snapshot is torn: it has weights ${value} and ${other}`);
      }
    }
    for (const views of gradientViews(replica.layers, start.gradients)) views.bias.fill(-1);
    link.serve({ kind: "push", header: { worker, version, clock, loss: 0, correct: 0, samples: 1 } });
  }
}

self.onmessage = ({ data }) => {
  try {
    count(data);
    self.postMessage({ kind: "ended", worker: data.setup.worker });
  } catch (cause) {
    self.postMessage({ kind: "failed", worker: data.setup.worker, cause, final: false });
  }
  self.close();
};

/**
 * A worker whose every gradient is −1 for every parameter, and that checks each snapshot it pulls; the first threads, as
 * many as its name says, come to an end somewhere. @module
 */
import type { SparseMlp } from "../../src/model/model.ts";
import { gradientViews } from "../../src/model/layer.ts";
import type { WorkerMessage } from "../../src/parallel/threads/link.ts";
import type { ServerReply, WorkerRequest } from "../../src/parallel/transport.ts";
import type { WorkerSetup } from "../../src/parallel/worker.ts";
import { runWorker, type WorkerStart } from "../../src/parallel/threads/worker_main.ts";
import { dieAfter, lifeOf } from "./mortal.ts";

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

function* count(
  setup: WorkerSetup,
  replica: SparseMlp,
  gradients: Uint32Array,
): Generator<WorkerRequest, void, ServerReply> {
  const { worker } = setup;
  new Float32Array(gradients.buffer, gradients.byteOffset).fill(-1);
  for (let first = true;; first = false) {
    const pulled = yield { kind: "pull" };
    if (pulled.kind !== "parameters") return;
    if (first) meet(setup);
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
    for (const views of gradientViews(replica.layers, gradients)) views.bias.fill(-1);
    yield { kind: "push", header: { worker, version, clock, loss: 0, correct: 0, samples: 1 } };
  }
}

const deaths = Number(new URL(import.meta.url).hash.slice(1));

self.onmessage = ({ data }) => {
  // It shall meet the others first.
  if (data.thread <= deaths) dieAfter(100 + lifeOf(data.thread, 40_000));
  runWorker(data, (message) => self.postMessage(message), count);
  self.close();
};

/**
 * A worker that times what it does. The sums stand behind the labels of the samples, in the same shared memory.
 *
 * @module
 */
import { attachModel } from "../../src/parallel/replica.ts";
import { ParameterServer } from "../../src/parallel/server.ts";
import { SharedLink, type WorkerMessage } from "../../src/parallel/shared_link.ts";
import { SharedState } from "../../src/parallel/shared_state.ts";
import type { ServerReply } from "../../src/parallel/transport.ts";
import { workerProgram } from "../../src/parallel/worker.ts";
import type { WorkerStart } from "../../src/parallel/worker_main.ts";
import { type Part, PARTS, partSums } from "./parts.ts";

declare const self: {
  onmessage: ((event: MessageEvent<WorkerStart>) => void) | null;
  postMessage(message: WorkerMessage): void;
  close(): void;
};

function work(start: WorkerStart): void {
  const { worker, parallel, split } = start.setup;
  const sums = partSums(split.labels, worker);
  const note = (part: Part, began: number) => {
    sums[2 * PARTS.indexOf(part)] += (performance.now() - began) / 1000;
    sums[2 * PARTS.indexOf(part) + 1]++;
  };
  /** Counts the work under the lock, not the wait for it. */
  class TimedServer extends ParameterServer {
    override pull(...given: Parameters<ParameterServer["pull"]>): ReturnType<ParameterServer["pull"]> {
      const [began, topology] = [performance.now(), given[1] !== this.version];
      const pulled = super.pull(...given);
      note(topology ? "topologyPull" : "pull", began);
      return pulled;
    }

    override push(...given: Parameters<ParameterServer["push"]>): void {
      const [began, stale] = [performance.now(), given[1].version !== this.version];
      super.push(...given);
      note(stale ? "stalePush" : "push", began);
    }
  }
  const replica = attachModel(start.replica);
  const link = new SharedLink({
    worker,
    algorithm: parallel.algorithm,
    state: new SharedState(start.state, { worker, thread: start.thread }),
    server: new TimedServer(attachModel(start.server), start.serverState, start.serverOptions),
    replica,
    gradients: start.gradients,
    round: start.round,
    ...{ copied: false, commandsDone: 0, hasModel: false },
    post: (message) => self.postMessage(message),
  });
  const program = workerProgram(start.setup, replica, start.gradients);
  let reply: ServerReply = { kind: "applied" };
  for (;;) {
    const began = performance.now();
    const { done, value } = program.next(reply);
    if (done) return;
    if (value.kind === "push") note("gradient", began);
    reply = link.serve(value);
  }
}

self.onmessage = ({ data }) => {
  try {
    work(data);
    self.postMessage({ kind: "ended", worker: data.setup.worker });
  } catch (cause) {
    self.postMessage({ kind: "failed", worker: data.setup.worker, cause, final: true });
  }
  self.close();
};

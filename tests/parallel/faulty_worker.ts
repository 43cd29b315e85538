/**
 * A worker that goes wrong in the way its name says, after it has done some steps: every thread of the second worker, or
 * with "once" the first.
 * @module
 */
import { runWorker, type WorkerStart } from "../../src/parallel/threads/worker_main.ts";
import { SharedState } from "../../src/parallel/threads/shared_state.ts";
import type { WorkerMessage } from "../../src/parallel/threads/link.ts";

declare const self: {
  onmessage: ((event: MessageEvent<WorkerStart>) => void) | null;
  postMessage(message: WorkerMessage): void;
  close(): void;
};

const [fault, at, once] = new URL(import.meta.url).hash.slice(1).split(":");

/** Samples that do harm once so many batches were built: each asks where features come from, as did the builder. */
function trapped(start: WorkerStart, harm: () => void): WorkerStart {
  const { split } = start.setup;
  let reads = -1;
  const trap = new Proxy(split, {
    get(target, name) {
      if (name === "source" && ++reads > Number(at)) harm();
      return Reflect.get(target, name);
    },
  });
  return { ...start, setup: { ...start.setup, split: trap } };
}

self.onmessage = ({ data }) => {
  const post = (message: WorkerMessage) => self.postMessage(message);
  if (data.setup.worker !== 1 || (once === "once" && data.thread !== 2)) {
    runWorker(data, post);
    self.close();
    return;
  }
  const harm = () => {
    switch (fault) {
      case "throw":
        throw new Error("broken on purpose");
      case "hang":
        for (;;);
      case "sleep":
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
        return;
      case "slow":
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
        return;
      case "memory":
        // More than one buffer can have.
        new SharedArrayBuffer(2 ** 53 - 1);
        return;
      case "heap":
        // More than V8's heap has.
        for (const kept: unknown[] = [];;) kept.push(new Array(100_000).fill(kept.length));
    }
  };
  if (fault === "vanish") {
    self.close();
    return;
  }
  if (fault === "doubt") {
    // The end of a change at the server is a store into the first word; here it does not come any more.
    const { store } = Atomics;
    let left = Number(at);
    Atomics.store = ((words: Int32Array, place: number, value: number) => {
      if (words.buffer === data.state.words.buffer && place === 0 && left-- === 0) { for (;;); }
      return store(words, place, value);
    }) as typeof Atomics.store;
  }
  if (fault === "close") {
    new SharedState(data.state, { worker: 1, thread: data.thread }).beat();
    self.close();
    return;
  }
  runWorker(trapped(data, harm), post);
  self.close();
};

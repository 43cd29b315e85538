/**
 * A worker of `bench/lost_workers.ts`: its thread lives for a random time, of the mean that the name of the module says in
 * milliseconds, then throws or stops for ever at its next operation on shared words, in its turn at the server or outside.
 *
 * @module
 */
import type { WorkerMessage } from "../src/parallel/threads/link.ts";
import { runWorker, type WorkerStart } from "../src/parallel/threads/worker_main.ts";

declare const self: {
  onmessage: ((event: MessageEvent<WorkerStart>) => void) | null;
  postMessage(message: WorkerMessage): void;
  close(): void;
};

const meanMs = Number(new URL(import.meta.url).hash.slice(1));
const endsAt = performance.now() - meanMs * Math.log(1 - Math.random());
const throws = Math.random() < 0.5;

function mortal<A extends unknown[], R>(operation: (...given: A) => R): (...given: A) => R {
  return (...given) => {
    if (performance.now() >= endsAt) {
      if (throws) throw new Error("ended at random");
      self.close();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }
    return operation(...given);
  };
}

self.onmessage = ({ data }) => {
  Atomics.load = mortal(Atomics.load) as typeof Atomics.load;
  Atomics.add = mortal(Atomics.add) as typeof Atomics.add;
  Atomics.compareExchange = mortal(Atomics.compareExchange) as typeof Atomics.compareExchange;
  runWorker(data, (message) => self.postMessage(message));
  self.close();
};

/** A worker of which the first threads, as many as its name says, come to an end after so many operations at most. @module */
import type { WorkerMessage } from "../../src/parallel/threads/link.ts";
import { runWorker, type WorkerStart } from "../../src/parallel/threads/worker_main.ts";
import { dieAfter, lifeOf } from "./mortal.ts";

declare const self: {
  onmessage: ((event: MessageEvent<WorkerStart>) => void) | null;
  postMessage(message: WorkerMessage): void;
  close(): void;
};

const [deaths, most] = new URL(import.meta.url).hash.slice(1).split(":").map(Number);

self.onmessage = ({ data }) => {
  if (data.thread <= deaths) dieAfter(lifeOf(data.thread, most));
  runWorker(data, (message) => self.postMessage(message));
  self.close();
};

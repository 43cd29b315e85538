/**
 * The threads of the workers: each begins, shows life, and is ended.
 *
 * @module
 */
import type { WorkerMessage } from "./link.ts";
import type { WorkerStart } from "./worker_main.ts";

/** Who is told of threads. */
export interface ThreadEvents {
  readonly hear: (message: WorkerMessage) => void;
  /** A thread has failed where its own module could not say so. */
  readonly fail: (worker: number, cause: unknown) => void;
}

/** The thread that works for a worker now. */
interface Running {
  /** Its number among all there were, from 1. */
  readonly thread: number;
  readonly runs: Worker;
  beats: number;
  silentMs: number;
}

/** A thread for each worker. */
export class WorkerThreads {
  readonly #module: URL;
  readonly #events: ThreadEvents;
  readonly #running: Running[] = [];
  #started = 0;

  /**
   * Starts nothing yet.
   *
   * @param module What the threads run.
   * @throws {Deno.errors.NotCapable} When it may not be read.
   */
  constructor(module: URL, events: ThreadEvents) {
    requireRead(module);
    this.#module = module;
    this.#events = events;
  }

  /** Number of the thread that is started next. */
  get next(): number {
    return this.#started + 1;
  }

  /** Number of the thread of a worker. */
  of(worker: number): number {
    return this.#running[worker].thread;
  }

  /** The worker a thread works for; −1 when it does not work any more. */
  workerOf(thread: number): number {
    return this.#running.findIndex((running) => running.thread === thread);
  }

  /**
   * Starts the thread of a worker, in the place of another perhaps.
   *
   * @throws {DOMException} When there is something in the start that cannot be sent to a Worker.
   */
  start(start: Omit<WorkerStart, "thread">): void {
    const { worker } = start.setup;
    const runs = new Worker(this.#module, { type: "module", name: `truly-sparse-worker-${worker}` });
    const thread = this.next;
    this.#started = thread;
    this.#running[worker] = { thread, runs, beats: 0, silentMs: 0 };
    runs.onmessage = (event: MessageEvent<WorkerMessage>) => this.#events.hear(event.data);
    runs.onerror = (event) => {
      event.preventDefault();
      this.#events.fail(worker, event.error ?? new Error(event.message));
    };
    runs.postMessage({ ...start, thread });
  }

  /**
   * How many milliseconds the thread of a worker has been silent.
   *
   * @param beats How often it has shown life; undefined where that is no sign of it.
   * @param elapsedMs Since the last look; no more than was looked at, so that a machine that slept is no silence.
   */
  silentMs(worker: number, beats: number | undefined, elapsedMs: number): number {
    const running = this.#running[worker];
    const silent = beats === undefined || beats === running.beats;
    running.silentMs = silent ? running.silentMs + elapsedMs : 0;
    running.beats = beats ?? running.beats;
    return running.silentMs;
  }

  /** Ends the thread of a worker, which may go on until it waits for a message; what it still says is not heard. */
  end(worker: number): void {
    const { runs } = this.#running[worker];
    runs.onmessage = runs.onerror = null;
    runs.terminate();
  }

  /** Ends all threads. */
  endAll(): void {
    for (const { runs } of this.#running) runs.terminate();
  }
}

function requireRead(url: URL): void {
  if (url.protocol !== "file:") return;
  const state = Deno.permissions.querySync({ name: "read", path: url }).state;
  if (state === "granted") return;
  throw new Deno.errors.NotCapable(
    `Cannot start workers: they load the package's modules from "${new URL("../../", url).pathname}", ` +
      "which may not be read; allow it with --allow-read=FOLDER, or train with one thread of control",
  );
}

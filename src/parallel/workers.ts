/**
 * The transport over Deno Workers: one process, shared memory, no copies through messages.
 *
 * @module
 */
import { messageOf, TrainingError } from "../errors.ts";
import type { SparseMlp } from "../model/model.ts";
import { kernelsPath } from "../native/library.ts";
import type { TopologyCounts } from "../topology/change.ts";
import { START_MS } from "./options.ts";
import { copyModel } from "../model/copy.ts";
import { emptyReplica } from "./replica.ts";
import { questionsMemory } from "./questions.ts";
import { ParameterServer, type ServerOptions, serverState } from "./server.ts";
import { HEADER_NUMBERS, type WorkerMessage } from "./shared_link.ts";
import { SharedState, sharedStateMemory } from "./shared_state.ts";
import {
  changedInAll,
  type EpochSums,
  type LocalReport,
  type OnSums,
  type ServerTransport,
  trainedInAll,
} from "./transport.ts";
import type { WorkerSetup } from "./worker.ts";
import type { WorkerStart } from "./worker_main.ts";

/** How often progress is reported and silence looked for. */
const LOOK_MS = 100;
/** How long workers may take to end before they are ended. */
const FAREWELL_MS = 2000;

/** What a {@linkcode WorkersTransport} is made of. */
export interface WorkersOptions {
  readonly model: SparseMlp;
  /** Setup of each worker but for its number. */
  readonly setup: Omit<WorkerSetup, "worker">;
  readonly server: ServerOptions;
  /** Updates applied before, and in the whole of phase 1. */
  readonly updatesDone: number;
  readonly updatesTotal: number;
  /** Module the Workers run; tests have others. */
  readonly module?: URL;
}

interface Pending<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (cause: unknown) => void;
}

/** Workers over shared memory. A push is applied by the worker that brings it, under a lock. */
export class WorkersTransport implements ServerTransport {
  readonly #workers: Worker[] = [];
  readonly #replicas: SparseMlp[];
  readonly #state: SharedState;
  readonly #server: ParameterServer;
  readonly #timeLimitMs: number;
  readonly #ended = new Set<number>();
  /** What was last heard of each worker. */
  readonly #heard: { readonly beats: number; readonly silenceMs: number }[];
  #failure: unknown;
  #updates: Pending<void> | undefined;
  #reports: Pending<LocalReport[]> | undefined;
  #gathered: LocalReport[] = [];
  #onSums: OnSums | undefined;
  readonly #look: ReturnType<typeof setInterval>;
  #farewell: (() => void) | undefined;
  #closed = false;

  /**
   * Starts the Workers; they wait until updates are let in.
   *
   * @throws {Deno.errors.NotCapable} When the package's own modules may not be read.
   * @throws {RangeError} When there is not enough memory for the replicas.
   * @throws {DOMException} When the settings have something in them that cannot be sent to a Worker.
   */
  constructor(options: WorkersOptions) {
    const { model, setup, updatesDone, updatesTotal, module } = options;
    const { workers, timeLimitSeconds, localSteps } = setup.parallel;
    const url = module ?? new URL("./worker_main.ts", import.meta.url);
    requireRead(url);
    const memory = sharedStateMemory(workers);
    this.#timeLimitMs = 1000 * timeLimitSeconds;
    this.#state = new SharedState(memory, this.#timeLimitMs);
    this.#state.limit = updatesDone;
    this.#state.total = updatesTotal;
    this.#state.phase = 1;
    const state = serverState(workers, updatesDone);
    this.#server = new ParameterServer(model, state, options.server);
    this.#replicas = Array.from({ length: workers }, () => emptyReplica(model));
    const gradients = this.#replicas.map((replica) => replica.allocateGradients());
    this.#heard = this.#replicas.map(() => ({ beats: 0, silenceMs: 0 }));
    const headers = new Float64Array(new SharedArrayBuffer(8 * HEADER_NUMBERS * workers));
    const shared = {
      server: model.share(),
      serverState: state,
      serverOptions: options.server,
      gradients,
      headers,
      state: memory,
      questions: localSteps === undefined ? undefined : questionsMemory(workers, model),
      kernels: kernelsPath(),
    };
    try {
      for (const [worker, replica] of this.#replicas.entries()) {
        this.#start(url, { ...shared, setup: { ...setup, worker }, replica: replica.share() });
      }
    } catch (cause) {
      // Nobody would close what was not made, and a Worker that lives keeps the program from ending.
      for (const worker of this.#workers) worker.terminate();
      throw cause;
    }
    let looked = performance.now();
    this.#look = setInterval(() => {
      const now = performance.now();
      const lost = this.#listen(Math.min(now - looked, 2 * LOOK_MS));
      looked = now;
      if (lost !== undefined) {
        this.#fail(lost, new Error(`it has done nothing for ${this.#timeLimitMs / 1000} s`));
      } else this.#onSums?.(this.#server.sums());
    }, LOOK_MS);
  }

  async runUpdates(limit: number, onSums: OnSums): Promise<EpochSums> {
    await this.#watched(onSums, (pending: Pending<void>) => {
      this.#updates = pending;
      this.#state.locked(() => {
        this.#server.beginEpoch();
        this.#state.limit = limit;
      });
      this.#state.changed();
    });
    return this.#state.locked(() => this.#server.sums());
  }

  beginPhaseTwo(models: readonly SparseMlp[]): void {
    // No worker has pulled anything where models are given: the run goes on in phase 2.
    for (const [worker, model] of models.entries()) copyModel(model, this.#replicas[worker]);
    this.#state.replicasLoaded = models.length > 0;
    this.#state.phase = 2;
    this.#state.changed();
  }

  async runLocalEpoch(epoch: number, onSums: OnSums): Promise<EpochSums> {
    this.#state.locked(() => this.#server.beginEpoch());
    const started = performance.now();
    let reports: LocalReport[] = [];
    await this.#watched(onSums, (pending: Pending<void>) => {
      this.#order("epoch", epoch, {
        resolve: (all) => pending.resolve((reports = all, undefined)),
        reject: pending.reject,
      });
    });
    const elapsed = (performance.now() - started) / 1000;
    return {
      ...this.#state.locked(() => this.#server.sums()),
      ...trainedInAll(reports),
      idleSeconds: reports.map((report) => Math.max(0, elapsed - report.seconds)),
    };
  }

  async evolveReplicas(epoch: number): Promise<TopologyCounts> {
    let reports: LocalReport[] = [];
    await this.#watched(() => {}, (pending: Pending<void>) => {
      this.#order("evolve", epoch, {
        resolve: (all) => pending.resolve((reports = all, undefined)),
        reject: pending.reject,
      });
    });
    return changedInAll(reports);
  }

  replicas(): readonly SparseMlp[] {
    return this.#replicas;
  }

  topologyChanged(): void {
    this.#state.locked(() => this.#server.topologyChanged());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#state.stop();
    if (this.#ended.size < this.#workers.length && this.#failure === undefined) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        this.#farewell = resolve;
        timer = setTimeout(resolve, FAREWELL_MS);
      });
      clearTimeout(timer);
    }
    clearInterval(this.#look);
    for (const worker of this.#workers) worker.terminate();
  }

  #start(module: URL, start: WorkerStart): void {
    const { worker } = start.setup;
    const thread = new Worker(module, { type: "module", name: `truly-sparse-worker-${worker}` });
    this.#workers.push(thread);
    thread.onmessage = (event: MessageEvent<WorkerMessage>) => this.#hear(event.data);
    thread.onerror = (event) => {
      event.preventDefault();
      this.#fail(worker, event.error ?? new Error(event.message));
    };
    thread.postMessage(start);
  }

  #order(kind: "epoch" | "evolve", epoch: number, pending: Pending<LocalReport[]>): void {
    this.#gathered = [];
    this.#reports = pending;
    this.#state.order(kind, epoch);
  }

  /** Waits for what `begin` begins, and reports progress meanwhile. */
  #watched(onSums: OnSums, begin: (pending: Pending<void>) => void): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#onSums = onSums;
      const end = () => {
        this.#onSums = undefined;
        this.#updates = undefined;
        this.#reports = undefined;
      };
      const pending: Pending<void> = {
        resolve: () => {
          end();
          resolve();
        },
        reject: (cause) => {
          end();
          reject(cause);
        },
      };
      if (this.#failure !== undefined) {
        pending.reject(this.#failure);
        return;
      }
      // Failures are told to `#updates`, whatever is waited for.
      this.#updates = pending;
      begin(pending);
    });
  }

  /**
   * Adds to the silence of each worker that has not shown life; returns one that was silent for too long.
   *
   * @param elapsedMs Since the last look; no more than was looked at, so that a machine that slept is no silence.
   */
  #listen(elapsedMs: number): number | undefined {
    for (const [worker, last] of this.#heard.entries()) {
      const beats = this.#state.beats(worker);
      const silenceMs = beats === last.beats ? last.silenceMs + elapsedMs : 0;
      this.#heard[worker] = { beats, silenceMs };
      const limit = beats === 0 ? Math.max(this.#timeLimitMs, START_MS) : this.#timeLimitMs;
      if (silenceMs > limit) return worker;
    }
    return undefined;
  }

  #hear(message: WorkerMessage): void {
    switch (message.kind) {
      case "updates":
        this.#updates?.resolve();
        return;
      case "report":
        this.#gathered[message.report.worker] = message.report;
        if (Object.keys(this.#gathered).length === this.#workers.length) {
          this.#reports?.resolve(this.#gathered);
        }
        return;
      case "failed":
        this.#fail(message.worker, message.cause);
        return;
      case "ended":
        this.#ended.add(message.worker);
        if (this.#ended.size === this.#workers.length) this.#farewell?.();
        return;
      default: {
        const unknown: never = message;
        throw new TypeError(`Cannot understand the message ${JSON.stringify(unknown)}`);
      }
    }
  }

  /** Stops everybody; what is waited for is rejected. Only the first failure counts. */
  #fail(worker: number, cause: unknown): void {
    if (this.#failure !== undefined || this.#closed) return;
    const said = `worker ${worker + 1} failed: ${messageOf(cause)}`;
    this.#failure = new TrainingError(`Cannot go on training: ${said}`, { cause });
    this.#state.stop();
    this.#updates?.reject(this.#failure);
  }
}

function requireRead(url: URL): void {
  if (url.protocol !== "file:") return;
  const state = Deno.permissions.querySync({ name: "read", path: url }).state;
  if (state === "granted") return;
  throw new Deno.errors.NotCapable(
    `Cannot start workers: they load the package's modules from "${new URL("../", url).pathname}", ` +
      "which may not be read; allow it with --allow-read=FOLDER, or train with one thread of control",
  );
}

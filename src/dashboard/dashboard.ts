/**
 * The dashboard: a page that shows a run while it goes on.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { SparseMlp } from "../model/model.ts";
import type { Progress } from "../train/hooks.ts";
import type { EpochRecord } from "../train/records.ts";
import { inputMap } from "./inputs.ts";
import { Pages } from "./pages.ts";
import { PageServer } from "./server.ts";
import { Story } from "./story.ts";

/** The port where nobody names one. */
export const DEFAULT_PORT = 8642;

/** Milliseconds between two messages to the pages, and how many more for each page: all of them cost time of the run. */
const BEAT_MS = 250;
const BEAT_MS_A_PAGE = 10;
/** The share of the run that maps of the inputs may take: large networks have one now and then. */
const MAP_SHARE = 0.005;

/** A run that the dashboard shows. */
export interface ShownRun {
  readonly data: Dataset;
  readonly model: SparseMlp;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly epochs: number;
  readonly epochsDone: number;
}

/**
 * Shows a run to whoever opens its address on this machine.
 *
 * Nothing here waits for a page: what is told is put beside the pages' streams at once, a few times a second at most,
 * and sent while the run lets other tasks have their turn.
 */
export class Dashboard {
  /** What it is called where it fails. */
  readonly name = "the dashboard";
  readonly #port: number;
  readonly #announce: (address: string) => void;
  readonly #pages = new Pages(() => this.#story!.whole());
  #story: Story | undefined;
  #server: PageServer | undefined;
  #run: ShownRun | undefined;
  readonly #started = performance.now();
  /** Epochs done. */
  #epoch = 0;
  #told = -Infinity;
  #mapped = { at: -Infinity, tookMs: 0 };

  /**
   * @param port Where it listens on 127.0.0.1; 0 for any port that is free.
   * @param announce Told the address.
   */
  constructor(port: number, announce: (address: string) => void) {
    this.#port = port;
    this.#announce = announce;
  }

  /** Pages that are open. */
  get pages(): number {
    return this.#pages.size;
  }

  /**
   * Begins to listen.
   *
   * @throws {Error} When it cannot: what helps.
   */
  async start(run: ShownRun): Promise<void> {
    const { data, model, epochs, epochsDone, settings } = run;
    const { connections, denseConnections } = model.stats();
    [this.#run, this.#epoch] = [run, epochsDone];
    this.#story = new Story({
      dataset: data.name,
      task: data.task,
      layers: model.settings.sizes,
      epochs,
      epochsDone,
      trainSamples: data.train.samples,
      validated: data.validation !== undefined || Boolean(settings.validationFraction),
      testSamples: data.test?.samples ?? 0,
      connections,
      dense: denseConnections,
      ...(data.image && { image: data.image }),
      ...(typeof settings.metric === "string" && { metric: settings.metric }),
      settings,
    });
    this.#map(epochsDone, model);
    // The first one took long because its code was new.
    this.#mapped.tookMs = 0;
    this.#server = await PageServer.open(this.#pages, this.#port);
    this.#announce(this.#server.address);
  }

  /** Takes in where the run stands. */
  progress({ epoch, step, steps, loss, stepLoss = loss, accuracy, samplesPerSecond }: Progress): void {
    if (!this.#due) return;
    const elapsed = this.#elapsed;
    const standing = { epoch, step, steps, loss, accuracy, samplesPerSecond, elapsed };
    this.#story!.stands(standing, [epoch - 1 + step / steps, stepLoss]);
    this.#tell();
  }

  /** Takes in an epoch. */
  epoch(record: EpochRecord, model: SparseMlp): void {
    this.#epoch = record.epoch;
    this.#story!.epoch(record);
    const { at, tookMs } = this.#mapped;
    if (performance.now() - at > Math.max(BEAT_MS, tookMs / MAP_SHARE)) this.#map(record.epoch, model);
    if (this.#due) this.#tell();
  }

  /** Tells the end, and stops listening. */
  async end({ how, message }: { readonly how: string; readonly message?: string }): Promise<void> {
    const { model } = this.#run!;
    if (how !== "failed") this.#map(this.#epoch, model);
    this.#story!.end({ how, ...(message !== undefined && { message }), elapsed: this.#elapsed });
    this.#tell();
    await this.#server?.close();
  }

  get #elapsed(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** Whether pages may be told something again. */
  get #due(): boolean {
    return performance.now() - this.#told >= BEAT_MS + BEAT_MS_A_PAGE * this.#pages.size;
  }

  #tell(): void {
    this.#told = performance.now();
    this.#pages.tell(this.#story!.news());
  }

  #map(epoch: number, model: SparseMlp): void {
    const at = performance.now();
    const { image, featureNames } = this.#run!.data;
    this.#story!.map(inputMap(model, epoch, image, featureNames));
    this.#mapped = { at, tookMs: performance.now() - at };
  }
}

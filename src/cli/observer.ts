/**
 * Observers of a run of `train`: whoever is told of its start, steps, epochs and end, and may fail without harm to it.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { messageOf } from "../errors.ts";
import type { SparseMlp } from "../model/model.ts";
import type { Progress } from "../train/hooks.ts";
import type { EpochRecord, StepRecord } from "../train/records.ts";

/** A run that is about to begin. */
export interface ObservedRun {
  readonly data: Dataset;
  /** The model in training; between epochs, and in `step`, nobody else changes it. */
  readonly model: SparseMlp;
  /** Every option in force, named in camelCase as `--json` has them. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Epochs of the run. */
  readonly epochs: number;
  /** Epochs done before, where it goes on from a checkpoint. */
  readonly epochsDone: number;
}

/** How a run ended. */
export interface RunEnd {
  readonly how: "finished" | "stopped early" | "interrupted" | "failed";
  /** Why, where it failed. */
  readonly message?: string;
}

/**
 * Told of a run. The run waits for the promises that are returned; what throws or rejects is left out from then on.
 */
export interface RunObserver {
  /** What it is called where it fails: "the dashboard". */
  readonly name: string;
  /** Before the first step. */
  start?(run: ObservedRun): void | Promise<void>;
  /** After each step of sequential training; workers take theirs where nobody can be called. */
  step?(step: StepRecord): void;
  /** After the last step of an epoch, and between steps ten times a second at most, with workers too. */
  progress?(progress: Progress): void;
  /** After an epoch, its evaluation and the change of the topology; before a checkpoint of it is saved. */
  epoch?(record: EpochRecord, model: SparseMlp): void | Promise<void>;
  /** Once, when nothing more is trained and what is saved has been; frees what the observer holds. */
  end?(end: RunEnd): void | Promise<void>;
}

/** Those who observe a run. One that fails is named in a line and left out; the run goes on. */
export class Observers {
  readonly #notice: (text: string) => void;
  #all: readonly RunObserver[];

  /** @param notice Shows a line that must be seen. */
  constructor(all: readonly RunObserver[], notice: (text: string) => void) {
    this.#all = all;
    this.#notice = notice;
  }

  /** To be called after each step; nothing where nobody asks for steps, so that a step costs nothing. */
  get onStep(): ((step: StepRecord) => void) | undefined {
    const asked = this.#all.some((observer) => observer.step !== undefined);
    return asked ? (step) => this.#tell((observer) => observer.step?.(step)) : undefined;
  }

  /** Tells how far an epoch is. */
  progress(progress: Progress): void {
    this.#tell((observer) => observer.progress?.(progress));
  }

  /** Tells of an epoch. */
  async epoch(record: EpochRecord, model: SparseMlp): Promise<void> {
    await this.#await((observer) => observer.epoch?.(record, model));
  }

  /** Tells of the start of a run, runs it, and tells how it ended, whatever way that was. */
  async during<T extends { readonly stoppedEarly: boolean; readonly interrupted: boolean }>(
    run: ObservedRun,
    work: () => Promise<T>,
  ): Promise<T> {
    await this.#await((observer) => observer.start?.(run));
    const end = (end: RunEnd) => this.#await((observer) => observer.end?.(end));
    let outcome: T;
    try {
      outcome = await work();
    } catch (cause) {
      await end({ how: "failed", message: messageOf(cause) });
      throw cause;
    }
    const { stoppedEarly, interrupted } = outcome;
    await end({ how: interrupted ? "interrupted" : stoppedEarly ? "stopped early" : "finished" });
    return outcome;
  }

  /** Without a promise: between steps nobody waits. */
  #tell(call: (observer: RunObserver) => void): void {
    for (const observer of this.#all) {
      try {
        call(observer);
      } catch (cause) {
        this.#leaveOut(observer, cause);
      }
    }
  }

  async #await(call: (observer: RunObserver) => void | Promise<void>): Promise<void> {
    for (const observer of this.#all) {
      try {
        await call(observer);
      } catch (cause) {
        this.#leaveOut(observer, cause);
      }
    }
  }

  #leaveOut(observer: RunObserver, cause: unknown): void {
    this.#all = this.#all.filter((other) => other !== observer);
    this.#notice(`Left out ${observer.name}, the training goes on: ${messageOf(cause)}`);
  }
}

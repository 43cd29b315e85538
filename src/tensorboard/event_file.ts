/**
 * A file of events that grows while a run goes on.
 *
 * @module
 */
import type { EncodeEvent, Event, Value } from "./messages.ts";
import { frame } from "./record.ts";

/** Milliseconds after which what is gathered goes to the file, though no epoch has ended. */
const FLUSH_MS = 5000;
/** The run begins here: what earlier files have of this step and later ones is not shown any more. */
const START = 1;
/** Files begun in the same second. */
const MOST_FILES = 1000;

/** Appends events to a file of its own; close it with `using`. */
export class EventFile implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #encode: EncodeEvent;
  #waiting: Uint8Array[] = [];
  #flushed = performance.now();

  private constructor(file: Deno.FsFile, encode: EncodeEvent) {
    this.#file = file;
    this.#encode = encode;
  }

  /**
   * Begins a file under a new name; the folder is made where it is missing.
   *
   * @param firstStep Step that the run goes on with. TensorBoard takes what other files of the folder have from there on
   * for a run that was stopped, and leaves it out.
   * @throws {Error} The system's error.
   */
  static open(folder: string, firstStep: number, encode: EncodeEvent): EventFile {
    Deno.mkdirSync(folder, { recursive: true });
    const opened = new EventFile(newFile(folder), encode);
    try {
      const source_metadata = { writer: "truly-sparse" };
      opened.#gather({ wall_time: now(), file_version: "brain.Event:2", source_metadata });
      opened.#gather({ wall_time: now(), step: firstStep, session_log: { status: START } });
      opened.flush();
    } catch (cause) {
      opened.#file.close();
      throw cause;
    }
    return opened;
  }

  /**
   * Adds what is to be shown of a step; it goes to the file every few seconds, and with {@linkcode flush}.
   *
   * @throws {Error} The system's error, as when the disk is full.
   */
  write(step: number, value: readonly Value[]): void {
    this.#gather({ wall_time: now(), step, summary: { value } });
    if (performance.now() - this.#flushed > FLUSH_MS) this.flush();
  }

  /**
   * Brings everything to the file.
   *
   * @throws {Error} The system's error, as when the disk is full.
   */
  flush(): void {
    for (const record of this.#waiting.splice(0)) {
      for (let at = 0; at < record.length;) at += this.#file.writeSync(record.subarray(at));
    }
    this.#flushed = performance.now();
  }

  /** Closes the file; what was not flushed goes. */
  [Symbol.dispose](): void {
    this.#file.close();
  }

  #gather(event: Event): void {
    this.#waiting.push(frame(this.#encode(event)));
  }
}

/** A file that nobody else writes to, named so that TensorBoard knows it and reads it after older ones. */
function newFile(folder: string): Deno.FsFile {
  const second = String(Math.floor(now())).padStart(10, "0");
  for (let number = 0;; number++) {
    const name = `events.out.tfevents.${second}.truly-sparse.${String(number).padStart(3, "0")}`;
    try {
      return Deno.openSync(`${folder}/${name}`, { write: true, createNew: true });
    } catch (cause) {
      if (!(cause instanceof Deno.errors.AlreadyExists) || number === MOST_FILES) throw cause;
    }
  }
}

/** Seconds since 1970. */
function now(): number {
  return Date.now() / 1000;
}

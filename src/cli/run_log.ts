/**
 * What a run of `train` leaves in its model file: how it was asked for, and the records of its epochs.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { messageOf } from "../errors.ts";
import { MOST_RECORDS, readRun, type RunRecord, thinned } from "../files/run_record.ts";
import type { EpochRecord } from "../train/records.ts";
import { VERSION } from "../version.ts";
import type { Option } from "./option.ts";
import { OPTIONS, type Values } from "./options.ts";
import { toJson } from "./settings.ts";

/** Options that say how a run is shown, or where it goes on: not how it is done again. */
const NOT_REPEATED: readonly string[] = [
  ...["json", "quiet", "help", "resume", "dashboard", "tensorboard", "tensorboard-every"],
];

/** Gathers what is to be kept of a run. */
export class RunLog {
  readonly #before: RunRecord | undefined;
  #records: readonly EpochRecord[];
  #recorded: number;
  #seconds: number;

  /** @param before What was kept of the run that this one goes on with. */
  constructor(before?: RunRecord) {
    this.#before = before;
    this.#records = before?.records ?? [];
    this.#recorded = before?.recorded ?? 0;
    this.#seconds = before?.seconds ?? 0;
  }

  /** Goes on with what a checkpoint keeps; where that is damaged, a line says so, and the run goes on without it. */
  static async goingOn(path: string): Promise<RunLog> {
    try {
      return new RunLog(await readRun(path));
    } catch (cause) {
      console.error(`${messageOf(cause)}; its epochs so far will have no records`);
      return new RunLog();
    }
  }

  /** Keeps the record of an epoch; one of the same epoch, which was trained in part, gives way. */
  add(record: EpochRecord): void {
    const again = this.#records.at(-1)?.epoch === record.epoch;
    const others = again ? this.#records.slice(0, -1) : this.#records;
    this.#records = [...others.length < 2 * MOST_RECORDS ? others : thinned(others, MOST_RECORDS), record];
    this.#recorded += again ? 0 : 1;
    this.#seconds += record.seconds + record.evolutionSeconds + record.evaluationSeconds;
  }

  /**
   * The run so far.
   *
   * @param given Options as they were given; over those of the run before, where it goes on.
   * @param values Options in force.
   * @param command The command that trains.
   */
  record(
    given: Values,
    values: Values,
    { name, image }: Pick<Dataset, "name" | "image">,
    command: "train" | "select-features" = "train",
  ): RunRecord {
    const options = without({ ...this.#before?.options, ...given });
    return {
      command: [command, ...wordsOf(options)],
      options,
      settings: toJson(without(values)),
      dataset: name,
      ...(image && { image }),
      version: VERSION,
      seed: values.seed ?? 0,
      seconds: this.#seconds,
      recorded: this.#recorded,
      records: this.#records,
    };
  }
}

/**
 * What a file keeps of its run when a command has changed the model since; nothing where it kept nothing.
 *
 * @param path The file the command read.
 * @param given Options as they were given.
 */
export async function changedSince(
  path: string,
  name: "prune",
  given: Values,
): Promise<RunRecord | undefined> {
  try {
    const run = await readRun(path);
    return run && { ...run, changes: [...run.changes ?? [], [name, path, ...wordsOf(without(given))]] };
  } catch (cause) {
    console.error(`${messageOf(cause)}; it is left out`);
    return undefined;
  }
}

function without(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !NOT_REPEATED.includes(name)));
}

/** Options as they are typed. */
function wordsOf(options: Values): string[] {
  return OPTIONS.flatMap(({ name, kind }: Option): string[] => {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) return [];
    if (kind === "flag") return [value === true ? `--${name}` : `--${name}=${value}`];
    if (kind === "texts") return [`--${name}`, ...(value as readonly unknown[]).map(String)];
    const text = Array.isArray(value) ? value.join(",") : String(value);
    return text.startsWith("-") ? [`--${name}=${text}`] : [`--${name}`, text];
  });
}

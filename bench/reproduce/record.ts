/**
 * What is kept of a row that was run: one JSON file, read back with care.
 *
 * @module
 */
import type { Training } from "./plan.ts";

/** What is kept of one training. */
export interface RunRecord {
  /** Name of the row: data set, variant and seed. */
  readonly row: string;
  /** The command line that repeats it; where files are is left out. */
  readonly command: string;
  readonly seed: number;
  readonly date: string;
  /** Commit of this project it ran with; several where it was interrupted in between. */
  readonly commit: string;
  readonly processor: string;
  /** What is to be known about the data or the run. */
  readonly note?: string;
  /** Samples to learn from and to test with. */
  readonly samples: readonly [train: number, test: number];
  /** Seconds of training, evolution and evaluation. */
  readonly seconds: number;
  readonly peakMemoryBytes?: number;
  /** Weights and biases. */
  readonly parametersStart: number;
  readonly parametersEnd: number;
  /** Test accuracy after each epoch, a fraction. */
  readonly testAccuracy: readonly number[];
  /** After each epoch, where it was recorded. */
  readonly trainAccuracy?: readonly number[];
  readonly trainLoss?: readonly number[];
  readonly testLoss?: readonly number[];
  /** Mean squared norm of the gradient in each epoch, of rows that record it. */
  readonly gradientFlow?: readonly number[];
  /** Connections after each epoch. */
  readonly connections: readonly number[];
  /** The trained model pruned at percentiles, of rows that need it; the first has none. */
  readonly pruned?: readonly Pruned[];
}

/** A trained model, pruned at a percentile or as it is. */
export interface Pruned {
  readonly percentile?: number;
  readonly accuracy: number;
  readonly parameters: number;
}

/** Records found, by row, and a line for each file that cannot be used. */
export interface FoundRecords {
  readonly records: ReadonlyMap<string, RunRecord>;
  readonly problems: readonly string[];
}

const TEXTS = ["row", "command", "date", "commit", "processor"] as const;
const NUMBERS = ["seed", "seconds", "parametersStart", "parametersEnd"] as const;
const SERIES = ["trainAccuracy", "trainLoss", "testLoss", "gradientFlow"] as const;

/**
 * Reads a record. Keys that are not of a record are left alone.
 *
 * @throws {SyntaxError} When the text is cut short, or something a record has is missing.
 */
export function parseRecord(text: string, file: string): RunRecord {
  const refuse = (found: string) => new SyntaxError(`Cannot read "${file}": ${found}`);
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse("it is cut short, or not JSON");
  }
  if (typeof value !== "object" || value === null) throw refuse("it is not a record of a row");
  const lacking = [
    ...TEXTS.filter((key) => typeof value[key] !== "string"),
    ...NUMBERS.filter((key) => !isNumber(value[key])),
    ...["testAccuracy", "connections"].filter((key) => !isSeries(value[key])),
    ...SERIES.filter((key) => value[key] !== undefined && !isSeries(value[key])),
    ...(Array.isArray(value.samples) && value.samples.length === 2 && isSeries(value.samples)
      ? []
      : ["samples"]),
    ...(value.pruned === undefined || isPruned(value.pruned) ? [] : ["pruned"]),
  ];
  if (lacking.length > 0) throw refuse(`${lacking.join(", ")} is missing or of another kind`);
  const record = value as unknown as RunRecord;
  const epochs = record.testAccuracy.length;
  const uneven = ["connections" as const, ...SERIES].find((key) =>
    (record[key]?.length ?? epochs) !== epochs
  );
  if (uneven !== undefined) {
    throw refuse(`${uneven} has ${record[uneven]?.length} epochs, testAccuracy ${epochs}`);
  }
  return record;
}

/** Reads every record of a folder; none where there is no such folder. */
export async function readRecords(folder: URL): Promise<FoundRecords> {
  const records = new Map<string, RunRecord>();
  const problems: string[] = [];
  for (const name of await jsonFiles(folder)) {
    try {
      const record = parseRecord(await Deno.readTextFile(new URL(encodeURIComponent(name), folder)), name);
      if (`${record.row}.json` !== name) {
        throw new SyntaxError(`Cannot read "${name}": it is of the row "${record.row}"`);
      }
      records.set(record.row, record);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      problems.push(error.message);
    }
  }
  return { records, problems };
}

/** Writes a record, whole or not at all. */
export async function writeRecord(record: RunRecord, folder: URL): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const path = new URL(`${encodeURIComponent(record.row)}.json`, folder);
  const draft = new URL(`${path.href}.part`);
  await Deno.writeTextFile(draft, JSON.stringify(record, rounded) + "\n");
  await Deno.rename(draft, path);
}

/** Whether a record has all that a row asks for. */
export function satisfies(record: RunRecord | undefined, row: Training): boolean {
  if (record === undefined || record.testAccuracy.length < row.epochs) return false;
  return row.percentiles === undefined || record.pruned !== undefined;
}

/** The best test accuracy of all epochs, a fraction. */
export function best({ testAccuracy }: RunRecord): number {
  return Math.max(...testAccuracy);
}

/** Test accuracy after the last epoch, a fraction. */
export function last({ testAccuracy }: RunRecord): number {
  return testAccuracy[testAccuracy.length - 1];
}

/** Five digits are finer than what a seed moves. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}

async function jsonFiles(folder: URL): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (isFile && name.endsWith(".json")) names.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isSeries(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every(isNumber);
}

function isPruned(value: unknown): value is Pruned[] {
  return Array.isArray(value) &&
    value.every((entry) => isNumber(entry?.accuracy) && isNumber(entry.parameters));
}

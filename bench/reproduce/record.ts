/**
 * What is kept of a row that was run: one JSON file, read back with care.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { writeWhole } from "../../src/whole_file.ts";
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

/** What a number of a record can be: from `least` to `most`, whole where it counts something. */
export interface NumberKind {
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

/** An accuracy. */
export const FRACTION: NumberKind = { least: 0, most: 1, whole: false };
/** A time; what took longer than thirty years was not run. */
export const SECONDS: NumberKind = { least: 0, most: 1e9, whole: false };
/** A number of things. */
export const COUNT: NumberKind = { least: 0, most: Number.MAX_SAFE_INTEGER, whole: true };
/** A number of things of which there is one at least. */
export const SOME: NumberKind = { ...COUNT, least: 1 };
/** A loss, or the square of a norm: its sums over epochs and seeds stay finite. */
const MAGNITUDE: NumberKind = { least: 0, most: 1e30, whole: false };
const PERCENTILE: NumberKind = { least: 0, most: 100, whole: false };

/** The numbers of a record: what they can be, and how many of them there are. */
interface NumberField {
  readonly kind: NumberKind;
  readonly shape: "one" | "pair" | "epochs";
  readonly optional?: true;
}

const TEXTS = ["row", "command", "date", "commit", "processor"] as const;
const NUMBERS: Readonly<Record<string, NumberField>> = {
  seed: { kind: COUNT, shape: "one" },
  samples: { kind: SOME, shape: "pair" },
  seconds: { kind: SECONDS, shape: "one" },
  peakMemoryBytes: { kind: SOME, shape: "one", optional: true },
  parametersStart: { kind: SOME, shape: "one" },
  parametersEnd: { kind: SOME, shape: "one" },
  testAccuracy: { kind: FRACTION, shape: "epochs" },
  connections: { kind: COUNT, shape: "epochs" },
  trainAccuracy: { kind: FRACTION, shape: "epochs", optional: true },
  trainLoss: { kind: MAGNITUDE, shape: "epochs", optional: true },
  testLoss: { kind: MAGNITUDE, shape: "epochs", optional: true },
  gradientFlow: { kind: MAGNITUDE, shape: "epochs", optional: true },
};

/**
 * Reads a record. Keys that are not of a record are left alone.
 *
 * @throws {SyntaxError} When the text is cut short, something a record has is missing, or a number cannot be what it is
 * said to be: an accuracy above 1.
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
    ...TEXTS.filter((key) => !isLine(value[key])),
    ...(value.note === undefined || isLine(value.note) ? [] : ["note"]),
  ];
  const wrong: string[] = [];
  for (const [key, { kind, shape, optional }] of Object.entries(NUMBERS)) {
    if (optional && value[key] === undefined) continue;
    const numbers = shape === "one" ? [value[key]] : value[key];
    if (!isNumbers(numbers) || (shape === "pair" && numbers.length !== 2)) {
      lacking.push(key);
      continue;
    }
    const place = (at: number) => shape === "epochs" ? `${key} of epoch ${at + 1}` : key;
    wrong.push(...numbers.flatMap((number, at) => problem(place(at), number, kind) ?? []));
  }
  if (value.pruned !== undefined && !isPruned(value.pruned)) lacking.push("pruned");
  if (lacking.length > 0) throw refuse(`${lacking.join(", ")} is missing or of another kind`);
  const record = value as unknown as RunRecord;
  for (const { percentile = 0, accuracy, parameters } of record.pruned ?? []) {
    const found = problem("pruned.percentile", percentile, PERCENTILE) ??
      problem("pruned.accuracy", accuracy, FRACTION) ?? problem("pruned.parameters", parameters, COUNT);
    if (found !== undefined) wrong.push(found);
  }
  if (wrong.length > 0) throw refuse(wrong[0]);
  const epochs = record.testAccuracy.length;
  for (const [key, { shape }] of Object.entries(NUMBERS)) {
    const length = shape === "epochs" ? (value[key] as number[] | undefined)?.length : undefined;
    if (length !== undefined && length !== epochs) {
      throw refuse(`${key} has ${length} epochs, testAccuracy ${epochs}`);
    }
  }
  return record;
}

/** What is wrong with a number; undefined where nothing is. */
export function problem(name: string, value: number, { least, most, whole }: NumberKind): string | undefined {
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return undefined;
  return `${name} is ${value}, expected ${whole ? "a whole number" : "a number"} from ${least} to ${most}`;
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
  const path = fileURLToPath(new URL(`${encodeURIComponent(record.row)}.json`, folder));
  const bytes = new TextEncoder().encode(JSON.stringify(record, rounded) + "\n");
  await writeWhole(path, (file) => file.write(bytes));
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

/** A text that stays in its cell of a table. */
function isLine(value: unknown): value is string {
  // deno-lint-ignore no-control-regex
  return typeof value === "string" && !/[\x00-\x1f\x7f|]/.test(value);
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === "number");
}

function isPruned(value: unknown): value is Pruned[] {
  return Array.isArray(value) &&
    value.every((entry) =>
      typeof entry?.accuracy === "number" && typeof entry.parameters === "number" &&
      ["number", "undefined"].includes(typeof entry.percentile)
    );
}

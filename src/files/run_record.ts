/**
 * What a model file keeps of the run that it came from: how it was asked for, and the records of its epochs.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ImageShape } from "../data/split.ts";
import { CheckpointError, messageOf } from "../errors.ts";
import { isRecord } from "../hyperparameter.ts";
import type { EpochRecord } from "../train/records.ts";
import { type JsonBounds, parseBoundedJson } from "./bounded_json.ts";
import { modelSourceName, openModel } from "./model_source.ts";
import { readSafetensorsHeader } from "./safetensors.ts";

/** Where a model comes from. JSON can hold it. */
export interface RunRecord {
  /** Words after the program's name that do the run again. */
  readonly command: readonly string[];
  /** Commands that changed the model since, in their order: pruned after training. */
  readonly changes?: readonly (readonly string[])[];
  /** Options as they were given, by name. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Every option in force, named in camelCase. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Name of the data. */
  readonly dataset: string;
  /** Size of the samples, where they are images. */
  readonly image?: ImageShape;
  /** Version of the package. */
  readonly version: string;
  /** Seed of the run. */
  readonly seed: number;
  /** Seconds of training, evolution and evaluation, in all parts of the run. */
  readonly seconds: number;
  /** Records there were; of more than are kept, every second one is left out as often as need be. */
  readonly recorded: number;
  /** Records of epochs in their order, at most 4,096, the last among them. */
  readonly records: readonly EpochRecord[];
}

/** The most records a file keeps. */
export const MOST_RECORDS = 4096;
/** Characters of the JSON of all records, at most. */
const MOST_CHARACTERS = 2 ** 23;
/** Words of the command, names of settings, and characters of a text. */
const [MOST_WORDS, MOST_SETTINGS, LONGEST_TEXT] = [1024, 512, 4096];
/** Room for the records, each with what is told of each layer. */
const BOUNDS: JsonBounds = { depth: 8, parts: 2 ** 21 };

/** Numbers of a record; JSON has null where there is none to tell. */
const NUMBERS = [
  ...["epoch", "trainLoss", "trainAccuracy", "learningRate", "parameters", "connections", "seconds"],
  ...["evolutionSeconds", "evaluationSeconds", "samplesPerSecond", "replaced", "pruned"],
] as const satisfies readonly (keyof EpochRecord)[];
const OPTIONAL_NUMBERS = [
  ...["steps", "validationLoss", "validationAccuracy", "validationScore", "testLoss", "testAccuracy"],
  "gradientFlow",
] as const satisfies readonly (keyof EpochRecord)[];

/**
 * The run in words, as the metadata of a file hold it.
 *
 * @throws {TypeError} When a part has another type.
 * @throws {RangeError} When a number is out of range, or there are too many words or records.
 */
export function describeRun(run: unknown): string {
  const checked = checkRun(run);
  let records = thinned(checked.records, MOST_RECORDS);
  // Records of many layers are long: fewer of them are kept.
  while (records.length > 1 && JSON.stringify(records).length > MOST_CHARACTERS) {
    records = thinned(records, Math.ceil(records.length / 2));
  }
  return JSON.stringify({ ...checked, records });
}

/**
 * Every second record is left out, as often as need be; the last stays.
 *
 * @param most Records that may stay, at least 1.
 */
export function thinned<T>(records: readonly T[], most: number): readonly T[] {
  let kept = records;
  while (kept.length > most) {
    const last = kept.length - 1;
    kept = kept.filter((_, place) => (last - place) % 2 === 0);
  }
  return kept;
}

/**
 * What a model file keeps of its run.
 *
 * Reads the header alone; the tensors are not looked at.
 *
 * @param source As for `loadModel`.
 * @returns Undefined for a file that keeps nothing, as those of before do.
 * @throws {TypeError} When the source is none.
 * @throws {CheckpointError} When the file cannot be read, or what it keeps is damaged or too large.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeModel, readRun, SparseMlp } from "@truly-sparse/truly-sparse";
 *
 * const bytes = await encodeModel(SparseMlp.create({ sizes: [4, 8, 2], seed: 1 }));
 * assertEquals(await readRun(bytes), undefined); // `train --output` keeps its run
 * ```
 */
export async function readRun(source: ByteSource): Promise<RunRecord | undefined> {
  const name = modelSourceName(source);
  try {
    const { file } = await openModel(source, {});
    using _ = file;
    const { metadata } = await readSafetensorsHeader(file);
    if (metadata.run === undefined) return undefined;
    const run = checkRun(parseBoundedJson(metadata.run, BOUNDS));
    if (run.records.length <= MOST_RECORDS) return run;
    throw new RangeError(`it has ${run.records.length} records, expected ${MOST_RECORDS} at most`);
  } catch (cause) {
    const text = messageOf(cause).split("\n")[0];
    throw new CheckpointError(`Cannot read the run that "${name}" came from: ${text}`, { cause });
  }
}

/** A run that comes from outside, checked: a copy of it, without what is unknown. */
export function checkRun(found: unknown): RunRecord {
  if (!isRecord(found)) throw problem("the run", found, "an object");
  const { command, changes, options, settings, dataset, image, version, seed, seconds, recorded, records } =
    found;
  if (!isCommand(command)) throw problem("its command", command, `a list of ${MOST_WORDS} texts at most`);
  if (changes !== undefined && !(isShortList(changes, MOST_WORDS) && changes.every(isCommand))) {
    throw problem("its changes", changes, `a list of ${MOST_WORDS} commands at most`);
  }
  for (const [name, value] of Object.entries({ options, settings })) {
    if (!isRecord(value) || Object.keys(value).length > MOST_SETTINGS) {
      throw problem(`its ${name}`, value, `an object of ${MOST_SETTINGS} names at most`);
    }
  }
  for (const [name, value] of Object.entries({ dataset, version })) {
    if (!isText(value)) throw problem(`its ${name}`, value, `a text of ${LONGEST_TEXT} characters at most`);
  }
  for (const [name, value] of Object.entries({ seed, seconds, recorded })) {
    if (!Number.isFinite(value) || (value as number) < 0) {
      throw problem(`its ${name}`, value, "a number of at least 0");
    }
  }
  if (!Array.isArray(records)) throw problem("its records", records, "a list");
  return {
    command,
    ...(changes !== undefined && { changes: changes as RunRecord["command"][] }),
    options: options as Readonly<Record<string, unknown>>,
    settings: settings as Readonly<Record<string, unknown>>,
    dataset: dataset as string,
    ...(image !== undefined && { image: checkImage(image) }),
    version: version as string,
    seed: seed as number,
    seconds: seconds as number,
    recorded: recorded as number,
    records: records.map(checkRecord),
  };
}

function checkImage(found: unknown): ImageShape {
  const { height, width, channels } = isRecord(found) ? found : {};
  const whole = [height, width, channels].every((size) => Number.isSafeInteger(size) && (size as number) > 0);
  if (!whole) throw problem("its image", found, "a height, a width and a number of channels");
  return { height, width, channels } as ImageShape;
}

function checkRecord(found: unknown, place: number): EpochRecord {
  const name = `its record ${place + 1}`;
  if (!isRecord(found)) throw problem(name, found, "an object");
  const numbers: Record<string, number> = {};
  for (const key of [...NUMBERS, ...OPTIONAL_NUMBERS]) {
    const value = found[key];
    if (value === undefined && OPTIONAL_NUMBERS.some((optional) => optional === key)) continue;
    if (value !== null && typeof value !== "number") throw problem(`${key} of ${name}`, value, "a number");
    numbers[key] = value ?? NaN;
  }
  if (!(numbers.epoch >= 1)) throw problem(`epoch of ${name}`, found.epoch, "a number from 1");
  const { slopes, topology, parallel } = found;
  if (slopes !== undefined && !(Array.isArray(slopes) && slopes.every(Number.isFinite))) {
    throw problem(`slopes of ${name}`, slopes, "a list of numbers");
  }
  if (topology !== undefined && !(isRecord(topology) && Number.isFinite(topology.everConnected))) {
    throw problem(`topology of ${name}`, topology, "an object with everConnected");
  }
  if (parallel !== undefined && !isRecord(parallel)) {
    throw problem(`parallel of ${name}`, parallel, "an object");
  }
  return {
    ...numbers,
    ...(slopes !== undefined && { slopes }),
    ...(topology !== undefined && { topology }),
    ...(parallel !== undefined && { parallel }),
  } as unknown as EpochRecord;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= LONGEST_TEXT;
}

function isCommand(value: unknown): value is readonly string[] {
  return isShortList(value, MOST_WORDS) && value.every(isText);
}

function isShortList(value: unknown, most: number): value is readonly unknown[] {
  return Array.isArray(value) && value.length <= most;
}

function problem(what: string, found: unknown, expected: string): TypeError {
  let text = typeof found;
  try {
    text = (JSON.stringify(found) ?? text) as typeof text;
  } catch {
    // What JSON cannot hold is told by its type.
  }
  return new TypeError(`${what} is ${text.slice(0, 80)}, expected ${expected}`);
}

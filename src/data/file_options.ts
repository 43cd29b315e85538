/**
 * Options of data files, read: names that nobody knows refused, types and ranges checked.
 *
 * @module
 */
import type { TableSchema } from "../schema.ts";
import { TASKS } from "../task.ts";
import {
  CALLBACK,
  COUNT,
  FRACTION,
  type Hyperparameter,
  refuseUnknown,
  resolveOptions,
  SEED,
  type TableOf,
  THREADS,
} from "../hyperparameter.ts";
import {
  isList,
  isRecord,
  outOfRange,
  type Place,
  readByName,
  readItems,
  requirePath,
  unfit,
} from "../value.ts";
import type { ReadProgress } from "./source.ts";
import type { Column } from "./table/columns.ts";
import type { TableFileOptions, TextOptions } from "./table/table_files.ts";
import type { OnNotice } from "./table/reading.ts";

/** Options of `loadFiles`: what is to be done with files, and what is said about the columns of tables. */
export interface FileOptions extends TableFileOptions {
  /** Share of the samples to test with, where the files hold no test samples; 0 for none. @default {0.2} */
  readonly testFraction?: number | undefined;
  /** Seed of the draw of test samples. @default {0} */
  readonly seed?: number | undefined;
  /** Index of the first feature of svmlight text. @default {0} where index 0 occurs, otherwise 1. */
  readonly firstIndex?: 0 | 1 | undefined;
  /**
   * Most bytes of what a small file may turn out to hold: the arrays of a `.npz` archive, dense svmlight features.
   *
   * @default As of `NpzOptions` and `SvmlightOptions`.
   */
  readonly maxBytes?: number | undefined;
  /** Called now and then: bytes done and bytes in all, of all files together, as they are stored. */
  readonly onProgress?: ReadProgress | undefined;
}

/** Options of `sampleWindows`. */
export interface WindowOptions extends TextOptions {
  /** Features of a sample, raw. */
  readonly featureCount: number;
  /** Index of the first feature of svmlight text. @default {0} where index 0 occurs, otherwise 1. */
  readonly firstIndex?: 0 | 1 | undefined;
  /** What the columns of tables are to the model; without it, a table has a column for each feature. */
  readonly schema?: TableSchema | undefined;
  /** A column of a table to pass over; see `sampleWindows`. */
  readonly labelColumn?: Column | undefined;
  /** Bytes of the file in a window (one sample at least). @default {8 MiB} */
  readonly windowBytes?: number | undefined;
  /** Most threads to use. @default {navigator.hardwareConcurrency} */
  readonly threads?: number | undefined;
  /** Called with what was guessed, put right or lost: a line each. */
  readonly onNotice?: OnNotice | undefined;
}

/** Most columns that can be named, and most files. */
const MOST_NAMED = 2 ** 20;

/** A column, or several. */
export const COLUMNS = { kind: "settings", read: readColumns, doc: "Columns by name or index." } as const;

const TEXT = { kind: "settings", read: readText, doc: "A text." } as const;

/** Rows of {@linkcode TextOptions}. */
const TEXT_ROWS = {
  encoding: TEXT,
  delimiter: TEXT,
  decimal: { kind: "choice", choices: [".", ","], doc: "What stands before decimals." },
  header: { kind: "flag", doc: "Whether the first row holds names." },
} as const satisfies TableOf<TextOptions>;

/** The first feature of svmlight text is 0 or 1. */
const FIRST_INDEX = { kind: "whole", least: 0, most: 1, doc: "Index of the first feature." } as const;

/** A value that a table cannot be made without is checked where it is used. */
const RECORD = { kind: "settings", read: readRecord, doc: "What a model knows." } as const;

const OWN_THREADS: Hyperparameter<number> = { ...COUNT, most: THREADS.most, doc: THREADS.doc };

/** Rows of what is said about columns that are inputs, and of missing cells. */
export const COLUMN_ROWS = {
  ignoreColumns: COLUMNS,
  categories: COLUMNS,
  numbers: COLUMNS,
  missing: { kind: "choice", choices: ["fill", "refuse"], doc: "What is done with missing cells." },
  missingLabels: {
    kind: "choice",
    choices: ["refuse", "drop", "class"],
    doc: "What is done without a label.",
  },
} as const;

/** Rows of what is said about tables. */
export const TABLE_ROWS = {
  ...TEXT_ROWS,
  seed: SEED,
  onProgress: CALLBACK,
  onNotice: CALLBACK,
  threads: OWN_THREADS,
  like: { kind: "settings", read: readLike, doc: "The model that is to read the files." },
  task: { kind: "choice", choices: TASKS, doc: "What is to be learned." },
  weightColumn: COLUMNS,
  ...COLUMN_ROWS,
} as const;

/** Rows of {@linkcode FileOptions}. */
const FILE_ROWS = {
  ...TABLE_ROWS,
  labelColumn: COLUMNS,
  testFraction: { kind: "number", ...FRACTION, default: 0.2, doc: "Share of the samples to test with." },
  firstIndex: FIRST_INDEX,
  maxBytes: { ...COUNT, infinite: true, doc: "Most bytes of what is unpacked." },
} as const satisfies TableOf<FileOptions>;

/** Rows of {@linkcode WindowOptions}. */
const WINDOW_ROWS = {
  ...TEXT_ROWS,
  featureCount: { ...COUNT, most: 2 ** 32 - 1, required: true, doc: "Features of a sample." },
  firstIndex: FIRST_INDEX,
  schema: RECORD,
  labelColumn: COLUMNS,
  windowBytes: { ...COUNT, most: 2 ** 31, doc: "Bytes of a window." },
  threads: OWN_THREADS,
  onNotice: CALLBACK,
} as const satisfies TableOf<WindowOptions>;

/**
 * Reads the options of `loadFiles`, each once.
 *
 * @throws {TypeError} When there is no option of a name, or its value has the wrong type.
 * @throws {RangeError} When a value is out of range.
 */
export function readFileOptions(options: FileOptions): FileOptions {
  const task = "load data";
  refuseUnknown(options, Object.keys(FILE_ROWS), task);
  return resolveOptions(FILE_ROWS, options, { task });
}

/** As {@linkcode readFileOptions}, for `sampleWindows`. */
export function readWindowOptions(options: WindowOptions): WindowOptions {
  const task = "read samples";
  refuseUnknown(options, Object.keys(WINDOW_ROWS), task);
  return resolveOptions(WINDOW_ROWS, options, { task }) as unknown as WindowOptions;
}

/**
 * Paths of files.
 *
 * @throws {TypeError} When they are no list of texts, or there is none.
 */
export function readPaths(paths: readonly string[]): readonly string[] {
  const place = { task: "load data", name: "paths" };
  const found = readItems(paths, place, MOST_NAMED);
  for (const [index, path] of found.entries()) {
    requirePath(path, { ...place, name: `paths[${index}]` }, "the path of a file");
  }
  return found as readonly string[];
}

function readText(value: unknown, place: Place): unknown {
  if (typeof value !== "string") throw unfit(place, value, "a text");
  return value;
}

function readRecord(value: unknown, place: Place): unknown {
  if (!isRecord(value)) throw unfit(place, value, "an object");
  return value;
}

/** What is used of a model, read once; a trained one has its task among its settings. */
function readLike(value: unknown, place: Place): unknown {
  readRecord(value, place);
  const within = `${place.name}.`;
  const names = ["task", "classNames", "featureCount", "schema", "settings"];
  const { settings, ...known } = readByName(value as object, names, place.task, within);
  const ofSettings = isRecord(settings)
    ? readByName(settings, ["task"], place.task, `${within}settings.`)
    : {};
  const like: Readonly<Record<string, unknown>> = { ...ofSettings, ...known };
  const { task, classNames, featureCount, schema } = like;
  if (!TASKS.some((one) => one === task)) {
    throw unfit({ ...place, name: `${place.name}.task` }, task, TASKS.join(" or "));
  }
  const ofClasses = { ...place, name: `${place.name}.classNames` };
  const classes = readItems(classNames, ofClasses, MOST_NAMED);
  for (const name of classes) {
    if (typeof name !== "string") throw unfit(ofClasses, name, "a list of texts");
  }
  if (!Number.isSafeInteger(featureCount) || (featureCount as number) < 1) {
    throw outOfRange(
      { ...place, name: `${place.name}.featureCount` },
      featureCount,
      "a whole number of at least 1",
    );
  }
  if (schema !== undefined) readRecord(schema, { ...place, name: `${place.name}.schema` });
  return { ...like, classNames: classes };
}

function readColumns(value: unknown, place: Place): unknown {
  const given = isList(value) ? readItems(value, place, MOST_NAMED) : [value];
  for (const column of given) {
    if (typeof column === "string" || Number.isSafeInteger(column)) continue;
    throw unfit(place, column, "the name of a column, its index, or a list of them");
  }
  return isList(value) ? given as readonly Column[] : value;
}

/**
 * Options of `readTable`: what they are, and the rows by which they are checked.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import { COUNT, FRACTION, refuseUnknown, resolveOptions, type TableOf } from "../hyperparameter.ts";
import { isInstance, type Place, unfit } from "../value.ts";
import { COLUMNS, TABLE_ROWS } from "./file_options.ts";
import type { ReadProgress } from "./source.ts";
import type { SchemaOptions } from "./table/choose_schema.ts";
import type { Column } from "./table/columns.ts";
import type { OnNotice } from "./table/reading.ts";
import type { KnownModel, TextOptions } from "./table/table_files.ts";

/** A model whose columns, task and classes another table is to be read with: a trained one, or what is known of it. */
export type TableModel =
  | KnownModel
  | Omit<KnownModel, "task"> & { readonly settings: Pick<KnownModel, "task"> };

/** Options of {@linkcode readTable}. */
export interface ReadTableOptions extends Omit<SchemaOptions, "labelColumn">, TextOptions {
  /**
   * The label's column by its name, or by its number from 0 (from the end if negative); several of them are targets of a
   * regression, or with the task "multi-label" labels of which a row may have several.
   *
   * @default {the column called label, class, target, response, output or y, else the last}
   */
  readonly label?: Column | readonly Column[] | undefined;
  /** Share of all rows to test with, 0 for none; or another table with the same columns. @default {0.2; 0 with `like`} */
  readonly test?: number | ByteSource | undefined;
  /** Share of all rows to choose a model with; they become `validation`. @default {0} */
  readonly validation?: number | undefined;
  /** Whether each class gives its share of the rows set aside. @default {true where rows have a class} */
  readonly stratify?: boolean | undefined;
  /** Seed of the draws of rows that are set aside. @default {0} */
  readonly seed?: number | undefined;
  /** The model that is to read the table: its columns, task and classes are the model's. */
  readonly like?: TableModel | undefined;
  /** Most threads to use; they do not change the result. @default {navigator.hardwareConcurrency} */
  readonly threads?: number | undefined;
  /** Most bytes that are held of what comes from a server, a blob or a stream. @default {2 ** 30} */
  readonly maxBytes?: number | undefined;
  /** Stops what comes from a server or as a stream. */
  readonly signal?: AbortSignal | undefined;
  /** Called with what was guessed, put right or lost: a line each. */
  readonly onNotice?: OnNotice | undefined;
  /** Called now and then: bytes done and bytes in all, of both tables together, as they are stored. */
  readonly onProgress?: ReadProgress | undefined;
}

/** What has a default. */
type Filled = "test" | "validation" | "seed" | "maxBytes";

/** Options with their defaults. */
export type TableReadingOptions =
  & Omit<ReadTableOptions, Filled | "like">
  & {
    readonly [K in Filled]: Exclude<ReadTableOptions[K], undefined>;
  }
  & { readonly like?: KnownModel };

const ROWS: TableOf<ReadTableOptions> = {
  ...TABLE_ROWS,
  label: COLUMNS,
  test: { kind: "settings", read: readTest, doc: "Share of the rows to test with, or another table." },
  validation: { kind: "number", ...FRACTION, default: 0, doc: "Share of the rows to choose a model with." },
  stratify: { kind: "flag", doc: "Whether each class gives its share." },
  maxBytes: { ...COUNT, default: 2 ** 30, doc: "Most bytes that are held." },
  signal: { kind: "settings", read: readSignal, doc: "Stops what comes." },
};

/**
 * Options of `readTable`, checked and filled in.
 *
 * @throws {TypeError} When one is unknown (with the nearest name) or of another type.
 * @throws {RangeError} When one is out of range.
 */
export function tableReadingOptions(options: ReadTableOptions): TableReadingOptions {
  const task = "read a table";
  refuseUnknown(options, Object.keys(ROWS), task);
  const given = resolveOptions(ROWS, options, { task }) as unknown as
    & Omit<TableReadingOptions, "test">
    & Pick<ReadTableOptions, "test">;
  const { test = given.like === undefined ? 0.2 : 0, validation, like } = given;
  if (typeof test === "number" && test + validation >= 1) {
    throw new RangeError(
      `Cannot ${task}: test is ${test} and validation ${validation}, which leaves nothing to learn from`,
    );
  }
  if (like !== undefined && given.task !== undefined && given.task !== like.task) {
    throw new TypeError(`Cannot ${task} for ${given.task}: the model is for ${like.task}`);
  }
  return { ...given, test };
}

function readTest(value: unknown, place: Place): unknown {
  if (typeof value !== "number") return value;
  if (value >= 0 && value < 1) return value;
  throw new RangeError(
    `Cannot ${place.task}: test is ${value}, expected a number from 0 up to (not including) 1, or another table`,
  );
}

function readSignal(value: unknown, { task, name }: Place): unknown {
  if (isInstance(value, AbortSignal)) return value;
  throw unfit({ task, name }, value, "an AbortSignal");
}

/**
 * Delimited text of numbers, as models without a schema read it: each row a sample, one cell (or several) its label.
 *
 * @module
 */
import { isInput } from "../schema.ts";
import type { FileSamples } from "./samples.ts";
import type { Task } from "../task.ts";
import type { ReadProgress, Source } from "./source.ts";
import { plainSchema, tooFewColumns } from "./table/choose_schema.ts";
import { chooseAnswers, type Column } from "./table/columns.ts";
import { type DelimitedOptions, openDelimited } from "./table/delimited.ts";
import { readKnownTable } from "./table/table_samples.ts";

/** Options of {@linkcode readCsv}. */
export interface CsvOptions extends DelimitedOptions {
  /** What the label is. @default {"classification"} */
  readonly task?: Task | undefined;
  /** The label's column, or several of them for regression; see `SchemaOptions.labelColumn`. */
  readonly labelColumn?: Column | readonly Column[] | undefined;
  /** Classes known from another file; a label that is none of them is an error. */
  readonly classNames?: readonly string[] | undefined;
  /** Most threads to use. @default {navigator.hardwareConcurrency} */
  readonly threads?: number | undefined;
  /** Called now and then; the file may be read twice, so the total is twice its size. */
  readonly onProgress?: ReadProgress | undefined;
}

/**
 * Reads delimited text, packed with gzip or not.
 *
 * Class labels may be any text; regression targets and features are decimal numbers, read as the nearest f32.
 * Cells are cut as {@linkcode openDelimited} says; no cell may be missing.
 * Classes that are numbers are ordered by value, others by code units.
 *
 * Memory: the arrays returned and about 20 MiB (several times the longest row, if that is more). Time: one reading of
 * at most 2²⁸ cells, two of larger tables.
 * The same bits for any number of threads.
 *
 * @param source Path, `file:` URL, or the bytes.
 * @throws {SyntaxError} When the text cannot be read; the message names line and column.
 * @throws {RangeError} When a column is unknown, there is no feature, or the labels make no classes.
 * @example
 * ```ts
 * import { readCsv } from "./csv.ts";
 * const text = "length,width,class\n5.1,3.5,rose\n4.9,3,iris\n";
 * const flowers = await readCsv(new TextEncoder().encode(text));
 * if (flowers.classNames[flowers.labels[1]] !== "iris") throw new Error("wrong class");
 * if (flowers.features[1] !== 3.5) throw new Error("wrong feature");
 * ```
 */
export async function readCsv(source: Source, options: CsvOptions = {}): Promise<FileSamples> {
  return await readPlain(source, options, true);
}

/**
 * Reads a text with one label a line, or one regression target; see {@linkcode readCsv}.
 *
 * @throws {RangeError} When there is more than one column.
 */
export async function readLabels(source: Source, options: CsvOptions = {}): Promise<FileSamples> {
  return await readPlain(source, { labelColumn: 0, ...options }, false);
}

async function readPlain(source: Source, options: CsvOptions, featured: boolean): Promise<FileSamples> {
  const { task = "classification", classNames = [], threads, onProgress } = options;
  const table = await openDelimited(source, options);
  const schema = plainSchema(table, chooseAnswers(table, options), task);
  if (schema.columns.some(isInput) !== featured) {
    throw featured ? tooFewColumns(schema, table.name) : new RangeError(
      `Cannot read labels from "${table.name}": it has ${table.columnCount} columns, 1 is needed`,
    );
  }
  const { schema: _, ...samples } = await readKnownTable(table, { schema, task, classNames }, {
    threads,
    onProgress,
  });
  return samples;
}

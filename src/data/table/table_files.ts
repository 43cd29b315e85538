/**
 * Tables in files: opened, and read as training tables or as a model knows them.
 *
 * @module
 */
import type { TableSchema } from "../../schema.ts";
import type { DataFile, FileFormat } from "../format.ts";
import type { FileSamples } from "../samples.ts";
import type { Task } from "../../task.ts";
import type { ReadProgress } from "../source.ts";
import { plainSchema, type SchemaOptions } from "./choose_schema.ts";
import { chooseAnswers } from "./columns.ts";
import { openDelimited } from "./delimited.ts";
import { openParquet } from "./parquet.ts";
import type { Table } from "./table.ts";
import type { KnownTable, TableReading } from "./reading.ts";
import { readKnownTable, readTrainingTable } from "./table_samples.ts";

/** How a text is written; what is not given is found out. */
export interface TextOptions {
  /** Encoding, by a name that `TextDecoder` knows. @default {"utf-8"}, or what a mark at its beginning says */
  readonly encoding?: string | undefined;
  /** What stands between cells: one ASCII character, or a blank for any run of blanks. */
  readonly delimiter?: string | undefined;
  /** What stands before the decimals of a number. */
  readonly decimal?: "." | "," | undefined;
  /** Whether the first row holds the names of the columns. */
  readonly header?: boolean | undefined;
}

/** What a model is to the files it reads. */
export interface KnownModel {
  /** What is to be learned. */
  readonly task: Task;
  /** Name of each class; empty for regression, or where they are unknown. */
  readonly classNames: readonly string[];
  /** Raw features of a sample. */
  readonly featureCount: number;
  /** What the columns of its tables are; without it, a table has a column for each feature and one for each answer. */
  readonly schema?: TableSchema | undefined;
}

/** Options of tables in files. */
export interface TableFileOptions extends SchemaOptions, TextOptions, Omit<TableReading, "onProgress"> {
  /** The model that is to read the files: its columns, task and classes are theirs. */
  readonly like?: KnownModel | undefined;
}

/** What messages call a stream. */
const STREAM_NAME = "standard input";

/** Whether a file of this format is a table. */
export function isTable(format: FileFormat): boolean {
  return format === "delimited" || format === "parquet";
}

/**
 * Opens a table; a stream is delimited text.
 *
 * A first row that could be data or names is taken for names where the schema knows more than half of them.
 */
export async function openTable(
  file: DataFile | ReadableStream<Uint8Array>,
  { delimiter, encoding, decimal, header }: TextOptions,
  schema?: TableSchema,
): Promise<Table> {
  const knownNames = schema?.header === true ? new Set(schema.columns.map(({ name }) => name)) : undefined;
  const dialect = { delimiter, encoding, decimal, header, knownNames };
  if (file instanceof ReadableStream) return await openDelimited(file, { ...dialect, name: STREAM_NAME });
  const { path, bytes: source = path } = file;
  if (file.format === "parquet") return await openParquet(source, path);
  return await openDelimited(source, { ...dialect, name: path, delimiter: delimiter ?? file.delimiter });
}

/**
 * Reads the samples of one table, or of one to train and one to test; the second as the first, or the model, has it.
 *
 * @param track Reports the progress of each file.
 */
export async function readTables(
  files: readonly DataFile[],
  options: TableFileOptions,
  track: (file: DataFile) => ReadProgress,
): Promise<FileSamples[]> {
  const [first, second] = files;
  const { like } = options;
  const reading = (file: DataFile) => ({ ...options, onProgress: track(file) });
  if (like !== undefined) {
    const parts: FileSamples[] = [];
    for (const file of files) {
      const table = await openTable(file, options, like.schema);
      const known = knownTable(table, like, options);
      // Without a schema, labels are found anew in each file.
      const { labelColumn: _, ...rest } = reading(file);
      const columns = like.schema === undefined ? rest : reading(file);
      parts.push(await readKnownTable(table, known, columns));
    }
    return parts;
  }
  const training = await readTrainingTable(await openTable(first, options), reading(first));
  if (second === undefined) return [training];
  const { labelColumn: _, ...rest } = reading(second);
  const test = await readKnownTable(await openTable(second, options, training.schema), training, rest);
  return [training, test];
}

/** What a model knows of a table; one without a schema takes its columns for raw numbers. */
function knownTable(table: Table, like: KnownModel, options: SchemaOptions): KnownTable {
  const { task, classNames } = like;
  const schema = like.schema ?? plainSchema(table, chooseAnswers(table, options), task);
  return { schema, task, classNames };
}

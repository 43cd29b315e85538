/**
 * A file as a table, whatever its format.
 *
 * @module
 */
import { detectFormat, FORMAT_NAMES } from "../format.ts";
import { type DelimitedOptions, openDelimited } from "./delimited.ts";
import { openParquet } from "./parquet.ts";
import type { Table } from "./table.ts";

/**
 * Opens a file that holds a table: delimited text or Parquet.
 *
 * @param options What is known of delimited text; without meaning for other formats.
 * @throws {TypeError} When the file is of a format that holds no table; the message names it.
 * @throws {SyntaxError} When it cannot be read.
 */
export async function openTable(path: string, options: DelimitedOptions = {}): Promise<Table> {
  const { format, delimiter } = await detectFormat(path);
  if (format === "delimited") return await openDelimited(path, { ...options, delimiter });
  if (format === "parquet") return await openParquet(path);
  throw new TypeError(`Cannot read "${path}" as a table: it is ${FORMAT_NAMES[format]}`);
}

/**
 * A file as a table, whatever its format.
 *
 * @module
 */
import { detectFormat, FORMAT_NAMES } from "../format.ts";
import { openParquet } from "./parquet.ts";
import type { Table } from "./table.ts";

/**
 * Opens a file that holds a table: Parquet.
 *
 * @throws {TypeError} When the file is of a format that holds no table; the message names it.
 * @throws {SyntaxError} When it cannot be read.
 */
export async function openTable(path: string): Promise<Table> {
  const { format } = await detectFormat(path);
  if (format === "parquet") return await openParquet(path);
  throw new TypeError(`Cannot read "${path}" as a table: it is ${FORMAT_NAMES[format]}`);
}

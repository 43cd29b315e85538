/**
 * What the rows of a table belong to, as one of its columns says.
 *
 * @module
 */
import { detectFormat } from "../format.ts";
import { quote } from "../../quote.ts";
import type { ReadProgress } from "../source.ts";
import { type Column, findColumns } from "./columns.ts";
import { isTable, openTable, type TextOptions } from "./table_files.ts";

/**
 * Reads the group of each row from one column of a table; equal spellings are one group.
 *
 * @returns Number of each row's group, shape `[rows]`.
 * @throws {TypeError} When the file is no table, or not one column is given.
 * @throws {RangeError} When there is no such column, or a row belongs to no group.
 */
export async function readGroupColumn(
  path: string,
  column: Column,
  options: TextOptions & {
    readonly threads?: number | undefined;
    readonly onProgress?: ReadProgress | undefined;
  },
): Promise<Uint32Array> {
  const file = await detectFormat(path);
  if (!isTable(file.format)) {
    throw new TypeError(`Cannot read the groups of "${path}": it is no table, only tables have columns`);
  }
  const table = await openTable(file, options);
  const [place, another] = findColumns(column, table);
  if (place === undefined || another !== undefined) {
    throw new TypeError(
      `Cannot read the groups of "${path}": one column is needed, found ${quote(`${column}`)}`,
    );
  }
  const { threads, onProgress } = options;
  const reading = { threads, onProgress };
  const { rows, columns } = await table.profile({ ...reading, spelled: [place] });
  const { values, firstMissing } = columns[place];
  if (firstMissing !== undefined || values === undefined) {
    const found = firstMissing === undefined
      ? "it has too many"
      : `line ${firstMissing.line} belongs to none`;
    throw new RangeError(`Cannot read the groups of "${path}" from column ${quote(`${column}`)}: ${found}`);
  }
  const classes = new Map([...values.keys()].map((name, group) => [name, group]));
  const roles = columns.map((_, index) =>
    index === place ? { kind: "class", classes } as const : { kind: "skip" } as const
  );
  return (await table.encode({ roles, inputCount: 0, targetCount: 0 }, rows, reading)).labels;
}

/**
 * Samples out of a table: a training table decides what its columns are, others are read as a model knows them.
 *
 * @module
 */
import type { TableSchema } from "../../schema.ts";
import type { SchemaOptions } from "./choose_schema.ts";
import { describeLosses } from "./losses.ts";
import { matchTable } from "./match.ts";
import {
  knownReading,
  type KnownTable,
  labelsOf,
  type Reading,
  type TableReading,
  type TableSamples,
  tell,
  trainingReading,
} from "./reading.ts";
import { NO_ANSWERS, planRoles } from "./role_plan.ts";
import type { EncodedRows, Table, TableOptions } from "./table.ts";

/**
 * Reads a training table: decides what its columns are, and encodes them so.
 *
 * Time: one reading of delimited text that is all plain numbers and classes, otherwise two; one more for labels of which
 * a sample may have several. Memory: the arrays returned, in shared memory.
 *
 * @throws {SyntaxError} When a cell cannot be read or is of no use; the message names line and column.
 * @throws {RangeError} When columns are unknown, or labels make no classes.
 */
export async function readTrainingTable(
  table: Table,
  options: SchemaOptions & TableReading = {},
): Promise<TableSamples> {
  return await read(table, trainingReading(table, options), options);
}

/**
 * Reads a table as a model knows it: columns are found by {@linkcode matchTable}, and classes are the model's.
 *
 * @throws {SyntaxError} When a cell cannot be read or is of no use; the message names line and column.
 * @throws {RangeError} When a column is missing.
 */
export async function readKnownTable(
  table: Table,
  known: KnownTable,
  options: TableReading = {},
): Promise<TableSamples> {
  return await read(table, knownReading(table, known, options), options);
}

async function read(table: Table, reading: Reading, options: TableReading): Promise<TableSamples> {
  const profile = await table.profile({ ...readings(options, 0), spelled: reading.spelled });
  const { plan, flagPlan, samples } = reading.encoding(profile);
  const encoded = await table.encode(plan, profile.rows, readings(options, 1));
  if (flagPlan === undefined) return samples(encoded);
  const { threads } = options;
  return samples(encoded, (await table.encode(flagPlan, profile.rows, { threads })).features);
}

/** Windows of the inputs of a table as a model knows it, without answers: for tables larger than memory. */
export async function* knownWindows(
  table: Table,
  schema: TableSchema,
  options: TableReading & { readonly windowBytes?: number | undefined } = {},
): AsyncGenerator<EncodedRows> {
  const { threads, onNotice, windowBytes } = options;
  const { places, notices } = matchTable(schema, table, { answers: false, labels: labelsOf(table, options) });
  tell(table, notices, onNotice);
  const plan = planRoles(schema, places, table.columnCount, NO_ANSWERS);
  const windows = table.windows(plan, { threads, ...(windowBytes !== undefined && { windowBytes }) });
  for (;;) {
    const { done, value } = await windows.next();
    if (done) {
      for (const line of describeLosses(table.name, schema, places, value)) onNotice?.(line);
      return;
    }
    yield value;
  }
}

/** Options of the first or second of two readings. */
function readings({ threads, onProgress }: TableReading, reading: 0 | 1): TableOptions {
  return {
    threads,
    onProgress: onProgress && ((done, total) => onProgress(reading * total + done, 2 * total)),
  };
}

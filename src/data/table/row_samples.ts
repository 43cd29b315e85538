/**
 * Samples out of rows in memory: to learn from, and as a model knows them.
 *
 * @module
 */
import type { Place } from "../../value.ts";
import type { DelimitedPlan } from "../../native/delimited.ts";
import { isInput, type TableSchema } from "../../schema.ts";
import type { SchemaOptions } from "./choose_schema.ts";
import { describeLosses } from "./losses.ts";
import { matchTable } from "./match.ts";
import { packPlan } from "./plan.ts";
import { type OnNotice, type TableSamples, trainingReading } from "./reading.ts";
import { NO_ANSWERS, planRoles } from "./role_plan.ts";
import { keysOf, type Row, RowTable, takeRows } from "./rows.ts";
import type { RolePlan } from "./table.ts";
import { inLibraryWords, reworded } from "./wording.ts";

/** Options of {@linkcode samplesOfRows}. */
export interface RowOptions extends SchemaOptions {
  /** What messages call the rows. @default {"rows"} */
  readonly name?: string | undefined;
  /** What messages call the option that names the label's column. @default {"labels"} */
  readonly labelOption?: string | undefined;
  /** Most threads to use; they do not change the result. @default {navigator.hardwareConcurrency} */
  readonly threads?: number | undefined;
  /** Called with what was guessed or lost, a line each. */
  readonly onNotice?: OnNotice | undefined;
}

/**
 * Makes samples of rows to learn from, with what their columns are: those of the same table in a CSV file, bit for bit.
 *
 * A row may lack a column that another has: the cell is missing. True and false are the texts "true" and "false", so a
 * category. `labelColumn: []` takes no column for the label: `labels` and `targets` are then empty.
 *
 * Cost: one reading of each cell, which is kept as text (about 10 bytes a number) until the samples are made.
 *
 * @throws {TypeError} When the rows are no list of objects, or a cell is a Date, an object, or an infinite number.
 * @throws {SyntaxError} When a column or label can be of no use as it is; the message says where and what to do.
 * @throws {RangeError} When columns are unknown or called alike, there is no input, or labels make no classes.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { samplesOfRows } from "./row_samples.ts";
 * const rows = [{ mass: 1, colour: "red", kind: "a" }, { mass: null, colour: "red", kind: "b" }];
 * const { featureNames, labels } = samplesOfRows(rows, { labelColumn: "kind", categories: "colour" });
 * assertEquals(featureNames, ["mass", "mass is missing", "colour=red"]);
 * assertEquals([...labels], [0, 1]);
 * ```
 */
export function samplesOfRows(rows: readonly Row[], options: RowOptions = {}): TableSamples {
  const { name = "rows", labelOption = "labels", threads = navigator.hardwareConcurrency, onNotice } =
    options;
  const place = { task: "make samples", name };
  const taken = takeRows(rows, place);
  const table = new RowTable(taken, { keys: keysOf(taken, place) }, place, threads);
  const words = (message: string) => inLibraryWords(table.inWords(message), labelOption);
  try {
    const reading = trainingReading(table, {
      ...options,
      ...(onNotice !== undefined && { onNotice: (notice) => onNotice(words(notice)) }),
    });
    const { plan, flagPlan, samples } = reading.encoding(table.profile(reading.spelled));
    return samples(table.encode(plan), flagPlan && table.encode(flagPlan).features);
  } catch (cause) {
    throw reworded(cause, words);
  }
}

/** Options of {@linkcode inputsOfRows}. */
export interface RowInputOptions {
  /** Most threads to use; they do not change the result. @default {1} */
  readonly threads?: number | undefined;
  /** Called with what was passed over or lost, a line each. */
  readonly onNotice?: OnNotice | undefined;
}

/** What a schema needs of rows, made ready once. */
interface Needed {
  readonly names: readonly string[];
  /** Which columns hold numbers. */
  readonly numeric: readonly boolean[];
  /** Its columns that are inputs. */
  readonly schema: TableSchema;
  readonly plan: RolePlan;
  readonly packed: DelimitedPlan;
}

const READY = new WeakMap<TableSchema, Needed>();

/**
 * Makes the inputs of a network of rows, as the model's schema has them: columns by their names, in any order.
 *
 * Cells that are missing are filled in and categories never seen in training are treated as in a file. A column that
 * no row has is refused; others than those of the schema are passed over. Both are told.
 *
 * @param schema Of a table with a header.
 * @returns Shape `[rows, inputs]`.
 * @throws {TypeError} When the rows are no list of objects, or a cell is a Date, an object, or an infinite number.
 * @throws {RangeError} When a column is missing, with the nearest name there is.
 * @throws {SyntaxError} When a cell is no number where one is needed.
 */
export function inputsOfRows(
  schema: TableSchema,
  rows: readonly Row[],
  place: Place,
  { threads = 1, onNotice }: RowInputOptions = {},
): Float32Array {
  const taken = takeRows(rows, place);
  const needed = neededOf(schema);
  const { names, numeric, plan, packed } = needed;
  const keys = names.map((name) => taken.some((row) => has(row, name)) ? name : undefined);
  const complete = keys.every((key) => key !== undefined);
  const found = complete ? keys : spelledOtherwise(taken, keys, names, place);
  if (!complete || onNotice !== undefined) {
    const there = keysOf(taken, place).map((key) => key.normalize());
    const others = there.filter((key) => !names.includes(key));
    const columnNames = [...names.filter((_, index) => found[index] !== undefined), ...others];
    const head = { name: place.name, columnNames, columnCount: columnNames.length };
    for (const notice of matchTable(schema, head, { answers: false }).notices) onNotice?.(notice);
  }
  const table = new RowTable(taken, { keys: found as string[], numeric }, place, threads);
  try {
    const { features, counts } = table.encode(plan, packed);
    if (onNotice !== undefined) {
      const places = names.map((_, index) => index);
      for (const line of describeLosses(place.name, needed.schema, places, counts)) {
        onNotice(table.inWords(line));
      }
    }
    return features;
  } catch (cause) {
    throw reworded(cause, (message) => table.inWords(message));
  }
}

function neededOf(schema: TableSchema): Needed {
  const ready = READY.get(schema);
  if (ready !== undefined) return ready;
  const columns = schema.columns.filter(isInput);
  const names = columns.map(({ name }) => name);
  const numeric = columns.map(({ kind }) => kind === "number");
  const inputs = { header: true, columns };
  const plan = planRoles(inputs, names.map((_, index) => index), names.length, NO_ANSWERS);
  const made = { names, numeric, schema: inputs, plan, packed: packPlan(plan, names.length, "rows") };
  READY.set(schema, made);
  return made;
}

/** Whether a row has a column, though its cell be missing. */
function has(row: Row, name: string): boolean {
  try {
    return name in row;
  } catch {
    return false;
  }
}

/** The keys of columns whose names are spelled with other code points: an accent apart from its letter. */
function spelledOtherwise(
  rows: readonly Row[],
  keys: readonly (string | undefined)[],
  names: readonly string[],
  place: Place,
): readonly (string | undefined)[] {
  const others = new Map(keysOf(rows, place).map((key) => [key.normalize(), key]));
  return keys.map((key, index) => key ?? others.get(names[index]));
}

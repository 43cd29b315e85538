/**
 * What the columns of a table are to a model: plain data that is saved with it.
 *
 * @module
 */

import { readByName, readItems, unfit } from "./value.ts";

/** A column of numbers: one input, and one more that says where a cell was missing. */
export interface NumberColumn {
  /** Numbers. */
  readonly kind: "number";
  /** What the header calls it; empty without a header. */
  readonly name: string;
  /** A cell x becomes `(x − offset) · factor` in 64 bits, which is rounded to 32. */
  readonly offset: number;
  /** As `offset`. */
  readonly factor: number;
  /** What a missing cell counts as, in the column's own unit; without it, one is refused. */
  readonly missing?: number;
  /** Whether texts count as missing cells; otherwise one is refused. */
  readonly lenient?: boolean;
  /** Whether a second input is 1 where the cell was missing. */
  readonly indicator: boolean;
}

/** A column of categories: one input a category, 1 where the cell is that category and 0 elsewhere. */
export interface CategoryColumn {
  /** Categories. */
  readonly kind: "category";
  /** As of a number. */
  readonly name: string;
  /** Spelling of each category with an input of its own. */
  readonly categories: readonly string[];
  /** Spellings of the training rows that are too rare for an input of their own; they share `other`. */
  readonly rare: readonly string[];
  /** Whether one more input stands for rare categories, and for those never seen in training. */
  readonly other: boolean;
  /** Whether one more input stands for missing cells; "zero" leaves all inputs at 0, "refuse" refuses them. */
  readonly missing: "input" | "zero" | "refuse";
}

/** A column that is no input. */
export interface IgnoredColumn {
  /** Nothing. */
  readonly kind: "ignored";
  /** As of a number. */
  readonly name: string;
  /** Why, in a few words: "asked for", "always 3", "row names". */
  readonly because: string;
}

/** The column of the class, or of the samples' weights. */
export interface AnswerColumn {
  /** Which of the two. */
  readonly kind: "class" | "weight";
  /** As of a number. */
  readonly name: string;
}

/** A column of numbers to predict, or of one label of several; there may be several. */
export interface TargetColumn {
  /** Numbers to predict, or whether a label applies. */
  readonly kind: "target";
  /** As of a number. */
  readonly name: string;
  /** Which output of the network predicts it, from 0. */
  readonly output: number;
}

/** What one column is. */
export type ColumnSchema = NumberColumn | CategoryColumn | IgnoredColumn | AnswerColumn | TargetColumn;

/** What the columns of a table are, in the order of the file that a model was trained on. */
export interface TableSchema {
  /** Whether the file had a header: then columns are matched by name, otherwise by place. */
  readonly header: boolean;
  /** The columns. */
  readonly columns: readonly ColumnSchema[];
}

/** What people call a column: its name, or its place, from 1, where it has none. */
export function columnName({ name }: ColumnSchema, place: number): string {
  return name === "" ? `column ${place + 1}` : name;
}

/** Whether a column becomes inputs of a network. */
export function isInput(column: ColumnSchema): column is NumberColumn | CategoryColumn {
  return column.kind === "number" || column.kind === "category";
}

/** How many inputs a column makes; 0 where it is none. */
export function inputsOf(column: ColumnSchema): number {
  if (column.kind === "number") return 1 + Number(column.indicator);
  if (column.kind !== "category") return 0;
  return column.categories.length + Number(column.other) + Number(column.missing === "input");
}

/** How many inputs a network for these columns has. */
export function inputCount({ columns }: TableSchema): number {
  return columns.reduce((sum, column) => sum + inputsOf(column), 0);
}

/** Most columns a table can have. */
const MOST_COLUMNS = 2 ** 24;

const COLUMN_PARTS = ["kind", "name", "indicator", "categories", "other", "missing"];

/**
 * The name of each input, in order: those of a column stand together.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { inputNames } from "@truly-sparse/truly-sparse";
 * const mass = { kind: "number", name: "mass", offset: 0, factor: 1, missing: 3, indicator: true } as const;
 * const colour = { kind: "category", name: "colour", categories: ["red"], rare: [], other: true } as const;
 * assertEquals(inputNames({ header: true, columns: [mass, { ...colour, missing: "input" }] }), [
 *   "mass",
 *   "mass is missing",
 *   "colour=red",
 *   "colour=(other)",
 *   "colour=(missing)",
 * ]);
 * ```
 */
export function inputNames(schema: TableSchema): string[] {
  const task = "name the inputs";
  const { columns: given } = readByName(schema, ["columns"], task, "schema.");
  const place = { task, name: "schema.columns" };
  const columns = readItems(given, place, MOST_COLUMNS)
    .map((column) => readByName(column as object, COLUMN_PARTS, task, "column.") as unknown as ColumnSchema);
  return columns.flatMap((column, index) => {
    if (typeof column.name !== "string") throw unfit({ task, name: "column.name" }, column.name, "a text");
    const name = columnName(column, index);
    if (column.kind === "number") return column.indicator ? [name, `${name} is missing`] : [name];
    if (column.kind !== "category") return [];
    const categories = readItems(column.categories, { task, name: "column.categories" }, MOST_COLUMNS);
    for (const category of categories) {
      if (typeof category !== "string") {
        throw unfit({ task, name: "column.categories" }, category, "a list of texts");
      }
    }
    return [
      ...categories,
      ...(column.other ? ["(other)"] : []),
      ...(column.missing === "input" ? ["(missing)"] : []),
    ].map((category) => `${name}=${category}`);
  });
}

/** Names of the outputs of a network that predicts numbers or several labels, in their order; empty for classes. */
export function targetNames({ columns }: TableSchema): string[] {
  const names: string[] = [];
  for (const [place, column] of columns.entries()) {
    if (column.kind === "target") names[column.output] = columnName(column, place);
  }
  return names;
}

/** Whether the inputs are the numbers of the file as they stand, so that arrays of numbers can take their place. */
export function isPlain({ columns }: TableSchema): boolean {
  return columns.every((column) =>
    !isInput(column) ||
    (column.kind === "number" && column.offset === 0 && column.factor === 1 && !column.indicator)
  );
}

/**
 * What the columns of a table are to a model: plain data that is saved with it.
 *
 * @module
 */

/** A column of numbers: one input, and one more that says where a cell was missing. */
export interface NumberColumn {
  readonly kind: "number";
  /** What the header calls it; empty without a header. */
  readonly name: string;
  /** A cell x becomes `(x − offset) · factor` in 64 bits, which is rounded to 32. */
  readonly offset: number;
  /** As `offset`. */
  readonly factor: number;
  /** What a missing cell counts as, in the column's own unit; without it, one is refused. */
  readonly missing?: number;
  /** Whether a second input is 1 where the cell was missing. */
  readonly indicator: boolean;
}

/** A column of categories: one input a category, 1 where the cell is that category and 0 elsewhere. */
export interface CategoryColumn {
  readonly kind: "category";
  readonly name: string;
  /** Spelling of each category with an input of its own. */
  readonly categories: readonly string[];
  /** Whether one more input stands for rare categories, and for those never seen in training. */
  readonly other: boolean;
  /** Whether one more input stands for missing cells; "zero" leaves all inputs at 0, "refuse" refuses them. */
  readonly missing: "input" | "zero" | "refuse";
}

/** A column that is no input. */
export interface IgnoredColumn {
  readonly kind: "ignored";
  readonly name: string;
  /** Why, in a few words: "asked for", "always 3", "row names". */
  readonly because: string;
}

/** The column of the class, of a number to predict (there may be several), or of the samples' weights. */
export interface AnswerColumn {
  readonly kind: "class" | "target" | "weight";
  readonly name: string;
}

/** What one column is. */
export type ColumnSchema = NumberColumn | CategoryColumn | IgnoredColumn | AnswerColumn;

/** What the columns of a table are, in the order of the file that a model was trained on. */
export interface TableSchema {
  /** Whether the file had a header: then columns are matched by name, otherwise by place. */
  readonly header: boolean;
  readonly columns: readonly ColumnSchema[];
}

/**
 * A table: rows of cells in named columns, whatever file they stand in, read twice unless the first reading kept enough.
 *
 * The first reading finds what the columns hold; the second turns cells into the inputs of a network, as roles say.
 *
 * @module
 */
import type { ReadProgress } from "../source.ts";

/** A cell worth naming in a message. */
export interface FoundCell {
  /** Line of the file, from 1; the row, from 1, where a file has no lines. */
  readonly line: number;
  /** As it is spelled, shortened. */
  readonly text: string;
}

/** What a column holds. */
export interface ColumnProfile {
  /** What the header calls it; empty without a header. */
  readonly name: string;
  /** Cells that are finite decimal numbers. */
  readonly numbers: number;
  /** Cells that are empty or spell a missing value (NA, NaN, null, ?, …). */
  readonly missing: number;
  /** All other cells. */
  readonly texts: number;
  /** Of the numbers, in 64 bits; NaN without any. */
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
  /** Population standard deviation. */
  readonly deviation: number;
  /** Whether all numbers are whole. */
  readonly whole: boolean;
  /** Whole numbers of more digits than 64 bits hold exactly. */
  readonly beyondExact: number;
  /** Each spelling that is not missing and how often it occurs; undefined where there are more than the most asked for. */
  readonly values?: ReadonlyMap<string, number>;
  readonly firstText?: FoundCell;
  readonly firstMissing?: FoundCell;
}

/** What the first reading of a table finds. */
export interface TableProfile {
  readonly rows: number;
  readonly columns: readonly ColumnProfile[];
}

/** What becomes of the cells of a column. */
export type CellRole =
  | { readonly kind: "skip" }
  | {
    readonly kind: "number";
    /** Which input. */
    readonly input: number;
    readonly offset: number;
    readonly factor: number;
    /** What the input is for a missing cell, in the column's own unit; without it, one is refused. */
    readonly missing?: number;
    /** Whether texts count as missing; otherwise one is refused. */
    readonly lenient?: boolean;
    /** Input that is 1 where the cell is missing. */
    readonly indicator?: number;
  }
  | {
    readonly kind: "category";
    /** Input that is 1 for each spelling. */
    readonly inputs: ReadonlyMap<string, number>;
    /** Input of spellings that are not there; without it, all inputs of the column stay 0. Either way they are counted. */
    readonly other?: number;
    /** Input for a missing cell, −1 for none; without it, one is refused. */
    readonly missing?: number;
  }
  | {
    readonly kind: "class";
    /** Class of each spelling; others are refused. */
    readonly classes: ReadonlyMap<string, number>;
    /** Class of a missing cell; without it, one is refused. */
    readonly missing?: number;
  }
  | {
    readonly kind: "target";
    readonly output: number;
    /** NaN where a missing cell becomes that; without it, one is refused. */
    readonly missing?: number;
  }
  | { readonly kind: "weight" };

/** How cells become numbers. */
export interface RolePlan {
  /** A role for each column of the file. */
  readonly roles: readonly CellRole[];
  readonly inputCount: number;
  readonly targetCount: number;
}

/** Rows as a network takes them; arrays that no role fills are empty. */
export interface EncodedRows {
  readonly rows: number;
  /** Shape `[rows, inputCount]`. */
  readonly features: Float32Array;
  /** Shape `[rows]`. */
  readonly labels: Uint32Array;
  /** Shape `[rows, targetCount]`. */
  readonly targets: Float32Array;
  /** Shape `[rows]`. */
  readonly weights: Float32Array;
}

/** What was lost on the way, a number a column. */
export interface EncodingCounts {
  /** Missing cells that were filled in. */
  readonly missing: Float64Array;
  /** Cells of categories that no input knows. */
  readonly unknown: Float64Array;
  /** The first of them in each column. */
  readonly firstUnknown: ReadonlyMap<number, FoundCell>;
  /** Cells that differ from the one above and are equal to it as 32-bit inputs. */
  readonly vanished: Float64Array;
}

/** How a table is read. */
export interface TableOptions {
  /** Most threads to use; they do not change the result. @default {navigator.hardwareConcurrency} */
  readonly threads?: number | undefined;
  /** Called now and then. */
  readonly onProgress?: ReadProgress | undefined;
}

/** A table in a file. */
export interface Table {
  /** What messages call it. */
  readonly name: string;
  /** What the header calls the columns; empty without a header. */
  readonly columnNames: readonly string[];
  readonly columnCount: number;
  /** What was guessed about the file, a line each: its encoding, decimal commas, row names … */
  readonly notices: readonly string[];
  /**
   * The first reading.
   *
   * @param spelled Columns whose spellings are all gathered, numbers too (labels, categories by wish); of other columns
   * they are gathered up to a few hundred.
   */
  profile(options?: TableOptions & { readonly spelled?: readonly number[] }): Promise<TableProfile>;
  /** The second reading, or what the first one kept of it, into shared memory. */
  encode(
    plan: RolePlan,
    rows: number,
    options?: TableOptions,
  ): Promise<EncodedRows & { readonly counts: EncodingCounts }>;
  /** One reading in windows, for tables larger than memory and for streams; a window is valid until the next. */
  windows(
    plan: RolePlan,
    options?: TableOptions & { readonly windowBytes?: number },
  ): AsyncGenerator<EncodedRows, EncodingCounts>;
}

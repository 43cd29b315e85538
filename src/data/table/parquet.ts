/**
 * A Parquet file as a table.
 *
 * @module
 */
import { sharedFloats, sharedWords } from "../../sparse/shared.ts";
import { isNumber } from "../labels.ts";
import { quote } from "../../quote.ts";
import type { Source } from "../source.ts";
import { openParquetFile, type ParquetCell, type ParquetFile, type RowGroup } from "./parquet_file.ts";
import type {
  CellRole,
  ColumnProfile,
  EncodedRows,
  EncodingCounts,
  FoundCell,
  RolePlan,
  Table,
  TableOptions,
  TableProfile,
} from "./table.ts";

/** Most spellings that are gathered of columns asked for, and of those that hold texts. */
const MOST_SPELLED = 65_536, MOST_OTHERS = 512;
/** Longest part of a cell that is kept for a message. */
const MOST_SHOWN = 200;

/**
 * Opens a Parquet file (plain, snappy, gzip, zstd, brotli or LZ4 pages).
 *
 * The types of the file count: a number in a column of text is text. Truth values are the texts true and false, dates are
 * text too; nulls, NaN and empty texts are missing. Read a row group at a time: memory for its columns one by one.
 *
 * @param source Path, `file:` URL, or the bytes; may stand alone in a zip archive.
 * @param called What messages call it. @default its path, or "data"
 * @throws {SyntaxError} When it is no Parquet file or damaged, a column holds lists or records (the message names it), or
 * there are no rows.
 */
export async function openParquet(source: Source, called?: string): Promise<Table> {
  const file = await openParquetFile(source, called);
  if (file.groups.length > 0) return new ParquetTable(file);
  throw new SyntaxError(`Cannot read Parquet file "${file.name}": it has no rows of data`);
}

class ParquetTable implements Table {
  readonly name: string;
  readonly columnNames: readonly string[];
  readonly columnCount: number;
  readonly notices: readonly string[] = [];
  readonly #file: ParquetFile;

  constructor(file: ParquetFile) {
    this.#file = file;
    this.name = file.name;
    this.columnNames = file.columnNames;
    this.columnCount = file.columnNames.length;
  }

  async profile(
    { spelled = [], onProgress }: TableOptions & { readonly spelled?: readonly number[] } = {},
  ): Promise<TableProfile> {
    const { groups, bytes } = this.#file;
    const columns = this.columnNames.map((name, at) => new Gathering(name, spelled.includes(at)));
    const rows = rowsOf(groups);
    for (const group of groups) {
      await this.#file.read(group, columns.map((_, at) => at), (column, cells) => {
        columns[column].add(cells, group.start + 1);
      });
      onProgress?.(Math.round(bytes * (group.start + group.rows) / rows), 2 * bytes);
    }
    return { rows, columns: columns.map((column) => column.profile()) };
  }

  async encode(
    plan: RolePlan,
    rows: number,
    { onProgress }: TableOptions = {},
  ): Promise<EncodedRows & { readonly counts: EncodingCounts }> {
    const { groups, bytes, name } = this.#file;
    if (rowsOf(groups) !== rows) {
      throw new SyntaxError(`Cannot read "${name}": it has ${rowsOf(groups)} rows, expected ${rows}`);
    }
    const encoder = new Encoder(this.#file, plan);
    const into = encoder.allocate(rows);
    for (const group of groups) {
      await encoder.encode(group, into, group.start);
      onProgress?.(Math.round(bytes * (1 + (group.start + group.rows) / rows)), 2 * bytes);
    }
    return { ...into, counts: encoder.counts };
  }

  /** A window is a row group, whatever its size. */
  async *windows(
    plan: RolePlan,
    { onProgress }: TableOptions & { readonly windowBytes?: number } = {},
  ): AsyncGenerator<EncodedRows, EncodingCounts> {
    const { groups, bytes } = this.#file;
    const encoder = new Encoder(this.#file, plan);
    for (const group of groups) {
      const into = encoder.allocate(group.rows);
      await encoder.encode(group, into, 0);
      onProgress?.(Math.round(bytes * (group.start + group.rows) / rowsOf(groups)), bytes);
      yield into;
    }
    return encoder.counts;
  }
}

function rowsOf(groups: readonly RowGroup[]): number {
  return groups.reduce((sum, { rows }) => sum + rows, 0);
}

/** Whether a cell is a missing value. */
function isMissing(cell: ParquetCell): cell is undefined {
  return cell === undefined || Number.isNaN(cell);
}

/** The spelling of a cell: numbers at their shortest, −0 as 0. */
function spellingOf(cell: number | bigint | string): string {
  return typeof cell === "number" ? String(cell + 0) : String(cell);
}

/** What one column is found to hold. */
class Gathering {
  readonly #name: string;
  readonly #most: number;
  #numbers = 0;
  #missing = 0;
  #texts = 0;
  #minimum = NaN;
  #maximum = NaN;
  #mean = 0;
  #squares = 0;
  #whole = true;
  #beyondExact = 0;
  #values: Map<string, number> | undefined = new Map();
  #firstText: FoundCell | undefined;
  #firstMissing: FoundCell | undefined;

  constructor(name: string, spelled: boolean) {
    this.#name = name;
    this.#most = spelled ? MOST_SPELLED : MOST_OTHERS;
  }

  /** @param row The first row's number, from 1. */
  add(cells: ArrayLike<ParquetCell>, row: number): void {
    for (let at = 0; at < cells.length; at++) {
      const cell = cells[at];
      if (isMissing(cell)) {
        this.#missing++;
        this.#firstMissing ??= { line: row + at, text: "" };
        continue;
      }
      if (typeof cell === "string" || (typeof cell === "number" && !Number.isFinite(cell))) {
        this.#texts++;
        this.#firstText ??= { line: row + at, text: String(cell).slice(0, MOST_SHOWN) };
      } else this.#addNumber(cell);
      if (this.#values === undefined) continue;
      const spelling = spellingOf(cell);
      this.#values.set(spelling, (this.#values.get(spelling) ?? 0) + 1);
      if (this.#values.size > this.#most) this.#values = undefined;
    }
  }

  profile(): ColumnProfile {
    const [values, firstText, firstMissing] = [this.#values, this.#firstText, this.#firstMissing];
    return {
      name: this.#name,
      ...{ numbers: this.#numbers, missing: this.#missing, texts: this.#texts },
      ...{ minimum: this.#minimum, maximum: this.#maximum },
      mean: this.#numbers > 0 ? this.#mean : NaN,
      deviation: Math.sqrt(this.#squares / this.#numbers),
      ...{ whole: this.#whole, beyondExact: this.#beyondExact },
      ...(values && { values }),
      ...(firstText && { firstText }),
      ...(firstMissing && { firstMissing }),
    };
  }

  /** Mean and squared deviations in one pass (Welford). */
  #addNumber(cell: number | bigint): void {
    const value = Number(cell);
    const count = ++this.#numbers;
    if (count === 1) this.#minimum = this.#maximum = value;
    else if (value < this.#minimum) this.#minimum = value;
    else if (value > this.#maximum) this.#maximum = value;
    const difference = value - this.#mean;
    this.#mean += difference / count;
    this.#squares += difference * (value - this.#mean);
    if (typeof cell === "bigint") this.#beyondExact += Number(BigInt(value) !== cell);
    else this.#whole &&= Number.isInteger(value);
  }
}

/** Turns cells into inputs, as a plan says. */
class Encoder {
  readonly counts: EncodingCounts;
  readonly #file: ParquetFile;
  readonly #plan: RolePlan;
  readonly #firstUnknown = new Map<number, FoundCell>();
  readonly #columns: readonly number[];
  /** The number above, and what it became, of each column. */
  readonly #above: Float64Array;
  readonly #aboveInput: Float32Array;

  constructor(file: ParquetFile, plan: RolePlan) {
    const columns = file.columnNames.length;
    if (plan.roles.length !== columns) {
      throw new TypeError(
        `Cannot read "${file.name}": ${plan.roles.length} roles for its ${columns} columns`,
      );
    }
    this.#file = file;
    this.#plan = plan;
    const read = plan.roles.map((role, column) => role.kind === "skip" ? -1 : column);
    this.#columns = read.filter((column) => column >= 0);
    const zeros = () => new Float64Array(columns);
    const [missing, unknown, vanished] = [zeros(), zeros(), zeros()];
    this.counts = { missing, unknown, vanished, firstUnknown: this.#firstUnknown };
    this.#above = new Float64Array(columns).fill(NaN);
    this.#aboveInput = new Float32Array(columns);
  }

  allocate(rows: number): EncodedRows {
    const { roles, inputCount, targetCount } = this.#plan;
    const has = (kind: CellRole["kind"]) => roles.some((role) => role.kind === kind);
    try {
      return {
        rows,
        features: sharedFloats(rows * inputCount),
        labels: sharedWords(has("class") ? rows : 0),
        targets: sharedFloats(rows * targetCount),
        weights: sharedFloats(has("weight") ? rows : 0),
      };
    } catch (cause) {
      throw new RangeError(
        `Cannot hold "${this.#file.name}": ${rows} rows of ${inputCount} inputs do not fit into one array`,
        { cause },
      );
    }
  }

  /** Encodes a row group into the rows from `first` on. */
  async encode(group: RowGroup, into: EncodedRows, first: number): Promise<void> {
    await this.#file.read(group, this.#columns, (column, cells) => {
      const role = this.#plan.roles[column];
      for (let at = 0; at < cells.length; at++) {
        this.#cell(role, column, cells[at], group.start + at + 1, first + at, into);
      }
    });
  }

  #cell(
    role: CellRole,
    column: number,
    cell: ParquetCell,
    line: number,
    row: number,
    into: EncodedRows,
  ): void {
    const { features, labels, targets, weights } = into;
    const { inputCount, targetCount } = this.#plan;
    const from = row * inputCount;
    const missing = isMissing(cell);
    switch (role.kind) {
      case "skip":
        return;
      case "number": {
        const { input, offset, factor, indicator } = role;
        const value = missing ? undefined : numberOf(cell);
        const lost = missing || (role.lenient === true && value === undefined);
        const known = lost ? role.missing : value;
        if (known === undefined) throw this.#refused(column, line, cell, "a number is needed");
        const encoded = features[from + input] = (known - offset) * factor;
        if (!Number.isFinite(features[from + input])) {
          throw this.#refused(column, line, cell, "which does not fit into 32 bits once standardised");
        }
        if (lost) this.counts.missing[column]++;
        if (lost && indicator !== undefined) features[from + indicator] = 1;
        if (!lost) this.#noteVanished(column, known, Math.fround(encoded));
        return;
      }
      case "category": {
        let input = missing ? role.missing : role.inputs.get(spellingOf(cell));
        if (missing) this.counts.missing[column]++;
        if (missing && input === undefined) throw this.#refused(column, line, cell, "a category is needed");
        if (input === undefined) {
          this.counts.unknown[column]++;
          if (!this.#firstUnknown.has(column)) {
            this.#firstUnknown.set(column, { line, text: spellingOf(cell!).slice(0, MOST_SHOWN) });
          }
          input = role.other;
        }
        if (input !== undefined && input >= 0) features[from + input] = 1;
        return;
      }
      case "class": {
        const found = missing ? role.missing : role.classes.get(spellingOf(cell));
        if (found === undefined) {
          throw this.#refused(
            column,
            line,
            cell,
            missing ? "a label is needed" : "which is no class that is known",
          );
        }
        labels[row] = found;
        return;
      }
      case "target": {
        const value = missing ? role.missing : numberOf(cell);
        if (value === undefined) throw this.#refused(column, line, cell, "a number to predict is needed");
        const at = row * targetCount + role.output;
        targets[at] = value;
        if (Math.abs(targets[at]) === Infinity) {
          throw this.#refused(column, line, cell, "which does not fit into 32 bits");
        }
        return;
      }
      case "weight": {
        const value = missing ? undefined : numberOf(cell);
        if (value === undefined || !(Math.fround(value) >= 0) || Math.fround(value) === Infinity) {
          throw this.#refused(column, line, cell, "a finite weight of at least 0 is needed");
        }
        weights[row] = value;
      }
    }
  }

  #noteVanished(column: number, value: number, input: number): void {
    const differs = value !== this.#above[column] && !Number.isNaN(this.#above[column]);
    if (differs && input === this.#aboveInput[column]) this.counts.vanished[column]++;
    this.#above[column] = value;
    this.#aboveInput[column] = input;
  }

  #refused(column: number, line: number, cell: ParquetCell, needed: string): SyntaxError {
    const found = isMissing(cell) ? "is missing" : `holds ${quote(spellingOf(cell))}`;
    const name = quote(this.#file.columnNames[column]);
    return new SyntaxError(
      `Cannot read "${this.#file.name}": row ${line}, column ${name} ${found}, ${needed}`,
    );
  }
}

/** A cell as a finite number; undefined for what is none. */
function numberOf(cell: number | bigint | string): number | undefined {
  if (typeof cell === "string" && !isNumber(cell)) return undefined;
  const value = Number(cell);
  return Number.isFinite(value) ? value : undefined;
}

/**
 * What the first reading of a delimited text gathers, window by window.
 *
 * @module
 */
import { COLUMN_PROFILE, delimitedProfile, type DelimitedWindow, SPELLING } from "../../native/delimited.ts";
import { cellText } from "./head_cells.ts";
import type { KeptCells } from "./kept.ts";
import type { ColumnProfile, FoundCell } from "./table.ts";

/** Places in a column's profile, as `kernels/src/text/delimited/profile.rs` fills it. */
const NUMBERS = 0, MISSING = 1, TEXTS = 2, MINIMUM = 3, MAXIMUM = 4, MEAN = 5, SQUARES = 6, FRACTIONS = 7;
const BEYOND = 8, FIRST_TEXT = 9, FIRST_MISSING = 12, VANISHED = 16;

/** Bytes of a cell that are worth showing. */
const MOST_SHOWN = 200;

/** The profile of the columns of a text while it is read. */
export class Gathering {
  /** Rows so far. */
  rows = 0;
  /** Lines so far, those before the first window too. */
  lines: number;
  readonly #columns: number;
  readonly #caps: Uint32Array;
  readonly #wanted: Uint32Array;
  readonly #profile: Float64Array;
  readonly #counts = new BigUint64Array(4);
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #values: (Map<string, number> | undefined)[];
  readonly #firstTexts = new Map<number, FoundCell>();
  readonly #firstMissing = new Map<number, FoundCell>();
  #names = new BigUint64Array(SPELLING << 10);
  #kept: KeptCells | undefined;

  /**
   * Nothing yet.
   *
   * @param caps Most spellings of each column, 0 where they are not gathered.
   * @param lines Lines before the first window.
   * @param kept Keeps the cells while they are numbers, or spellings where these are gathered.
   */
  constructor(caps: Uint32Array, lines: number, kept?: KeptCells) {
    this.#kept = kept;
    this.#columns = caps.length;
    [this.#caps, this.#wanted, this.lines] = [caps.slice(), caps, lines];
    this.#profile = new Float64Array(COLUMN_PROFILE * caps.length);
    this.#values = Array.from(caps, (cap) => cap > 0 ? new Map<string, number>() : undefined);
  }

  /**
   * Adds the whole rows of a window.
   *
   * @param detail The first fault, written.
   * @returns The bytes of these rows; undefined where `detail` holds a fault.
   */
  add(window: DelimitedWindow, detail: BigUint64Array): number | undefined {
    const counts = this.#counts;
    const room = this.#kept?.room(window.text.length) ?? new Float32Array(0);
    for (;;) {
      const [names, lines] = [this.#names, this.lines];
      if (!delimitedProfile(window, lines, this.#caps, this.#profile, names, room, counts, detail)) {
        return undefined;
      }
      if (SPELLING * Number(counts[3]) <= names.length) break;
      this.#names = new BigUint64Array(2 * SPELLING * Number(counts[3]));
    }
    const spellings = this.#addSpellings(window.text, Number(counts[3]));
    this.#keep(Number(counts[1]), room.length, spellings);
    for (let column = 0; column < this.#columns; column++) {
      this.#noteFirst(this.#firstTexts, window.text, column, TEXTS, FIRST_TEXT);
      this.#noteFirst(this.#firstMissing, window.text, column, MISSING, FIRST_MISSING);
    }
    this.rows += Number(counts[1]);
    this.lines += Number(counts[2]);
    return Number(counts[0]);
  }

  /** Columns that hold texts and whose spellings are not gathered. */
  ungathered(): number[] {
    const columns: number[] = [];
    for (let column = 0; column < this.#columns; column++) {
      if (this.#wanted[column] === 0 && this.#profile[COLUMN_PROFILE * column + TEXTS] > 0) {
        columns.push(column);
      }
    }
    return columns;
  }

  /** What the columns hold. */
  columns(names: readonly string[]): ColumnProfile[] {
    return Array.from({ length: this.#columns }, (_, column) => {
      const found = this.#profile.subarray(COLUMN_PROFILE * column, COLUMN_PROFILE * (column + 1));
      const numbers = found[NUMBERS];
      const [values, firstText] = [this.#values[column], this.#firstTexts.get(column)];
      const firstMissing = this.#firstMissing.get(column);
      return {
        name: names[column] ?? "",
        ...{ numbers, missing: found[MISSING], texts: found[TEXTS] },
        minimum: numbers > 0 ? found[MINIMUM] : NaN,
        maximum: numbers > 0 ? found[MAXIMUM] : NaN,
        mean: numbers > 0 ? found[MEAN] : NaN,
        deviation: Math.sqrt(found[SQUARES] / numbers),
        ...{ whole: found[FRACTIONS] === 0, beyondExact: found[BEYOND] },
        ...(values === undefined ? {} : { values }),
        ...(firstText === undefined ? {} : { firstText }),
        ...(firstMissing === undefined ? {} : { firstMissing }),
      };
    });
  }

  /** The cells of all rows; undefined where some could not be kept. */
  get kept(): KeptCells | undefined {
    return this.#kept;
  }

  /** Of each column, the kept numbers that differ from the one above and are equal to it in 32 bits. */
  vanished(): Float64Array {
    return Float64Array.from(this.#caps, (_, column) => this.#profile[COLUMN_PROFILE * column + VANISHED]);
  }

  #keep(rows: number, room: number, spellings: readonly (readonly string[])[]): void {
    const keeps = rows * this.#columns <= room &&
      this.#caps.every((cap, column) => {
        const found = this.#profile.subarray(COLUMN_PROFILE * column, COLUMN_PROFILE * (column + 1));
        if (found[MISSING] > 0) return false;
        // Spelled ones are classes, whose numbers do not matter.
        if (this.#wanted[column] > 0) return cap > 0;
        const isFinite = (number: number) => Number.isFinite(Math.fround(number));
        return found[TEXTS] === 0 && isFinite(found[MINIMUM]) && isFinite(found[MAXIMUM]);
      });
    if (keeps && this.#kept?.add(rows, spellings)) return;
    this.#kept?.drop();
    this.#kept = undefined;
  }

  /** Those of the window in each gathered column. */
  #addSpellings(text: Uint8Array, count: number): string[][] {
    const found = Array.from(this.#caps, (): string[] => []);
    for (let index = 0; index < count; index++) {
      const entry = this.#names.subarray(SPELLING * index, SPELLING * (index + 1));
      const [column, start, end, , times] = Array.from(entry, Number);
      const values = this.#values[column];
      if (values === undefined) continue;
      const spelling = cellText(text, start, end, this.#decoder);
      found[column].push(spelling);
      values.set(spelling, (values.get(spelling) ?? 0) + times);
      if (values.size > this.#wanted[column]) this.#caps[column] = 0;
    }
    // The kernel gives up columns too.
    for (let column = 0; column < this.#columns; column++) {
      if (this.#wanted[column] > 0 && this.#caps[column] === 0) this.#values[column] = undefined;
    }
    return found.filter((_, column) => this.#wanted[column] > 0);
  }

  #noteFirst(
    found: Map<number, FoundCell>,
    text: Uint8Array,
    column: number,
    count: number,
    place: number,
  ): void {
    const at = COLUMN_PROFILE * column;
    if (this.#profile[at + count] === 0 || found.has(column)) return;
    const [line, start, end] = this.#profile.subarray(at + place, at + place + 3);
    found.set(column, { line, text: shownCell(text, start, end, this.#decoder) });
  }
}

/** A cell as messages show it. */
export function shownCell(text: Uint8Array, start: number, end: number, decoder: TextDecoder): string {
  return cellText(text, start, Math.min(end, start + MOST_SHOWN), decoder);
}

/**
 * Where rows of delimited text go once they are encoded, and what is lost on the way.
 *
 * @module
 */
import { COLUMN_TALLY } from "../../native/delimited.ts";
import { sharedFloats, sharedWords } from "../../sparse/shared.ts";
import { shownCell } from "./gathering.ts";
import type { EncodedRows, EncodingCounts, FoundCell, RolePlan } from "./table.ts";

/**
 * Makes the arrays of a table, in shared memory.
 *
 * @throws {RangeError} When there is not enough memory, or more rows than u32 can count.
 */
export function sharedRows(plan: RolePlan, rows: number, name: string): EncodedRows {
  if (rows > 0xffff_ffff) {
    throw new RangeError(
      `Cannot hold "${name}": it has ${rows} rows, at most 4294967295 are possible`,
    );
  }
  const has = (kind: string) => plan.roles.some((role) => role.kind === kind);
  try {
    return {
      rows,
      features: sharedFloats(rows * plan.inputCount),
      labels: sharedWords(has("class") ? rows : 0),
      targets: sharedFloats(rows * plan.targetCount),
      weights: sharedFloats(has("weight") ? rows : 0),
    };
  } catch (cause) {
    const gibibytes = (4 * rows * (plan.inputCount + plan.targetCount) / 2 ** 30).toFixed(1);
    throw new RangeError(
      `Cannot hold "${name}": ${rows} samples of ${plan.inputCount} features need ` +
        `${gibibytes} GiB in one array`,
      { cause },
    );
  }
}

/** Makes the arrays of a window. */
export function emptyRows(plan: RolePlan, rows: number): EncodedRows {
  const has = (kind: string) => plan.roles.some((role) => role.kind === kind);
  return {
    rows,
    features: new Float32Array(rows * plan.inputCount),
    labels: new Uint32Array(has("class") ? rows : 0),
    targets: new Float32Array(rows * plan.targetCount),
    weights: new Float32Array(has("weight") ? rows : 0),
  };
}

/** Rows from `row` on. */
export function partOf(samples: EncodedRows, plan: RolePlan, row: number, rows: number): EncodedRows {
  return {
    rows: rows - row,
    features: samples.features.subarray(row * plan.inputCount),
    labels: samples.labels.subarray(row),
    targets: samples.targets.subarray(row * plan.targetCount),
    weights: samples.weights.subarray(row),
  };
}

/** What is lost while rows are encoded. */
export class Tally {
  /** The last number of each column. */
  readonly above: Float64Array;
  /** As the kernel adds to it. */
  readonly tallies: Float64Array;
  readonly #firstUnknown = new Map<number, FoundCell>();
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  /** Nothing yet. */
  constructor(columns: number) {
    this.above = new Float64Array(columns).fill(NaN);
    this.tallies = new Float64Array(COLUMN_TALLY * columns);
  }

  /** Keeps the first unknown cells of a window. */
  note(text: Uint8Array): void {
    for (let column = 0; column < this.above.length; column++) {
      const at = COLUMN_TALLY * column;
      if (this.tallies[at + 1] === 0 || this.#firstUnknown.has(column)) continue;
      const [line, start, end] = this.tallies.subarray(at + 3, at + 6);
      this.#firstUnknown.set(column, { line, text: shownCell(text, start, end, this.#decoder) });
    }
  }

  /** What was lost so far. */
  counts(): EncodingCounts {
    const column = (place: number) =>
      this.above.map((_, index) => this.tallies[COLUMN_TALLY * index + place]);
    return { missing: column(0), unknown: column(1), vanished: column(2), firstUnknown: this.#firstUnknown };
  }
}

/**
 * The cells a first reading has parsed, kept so that a table of plain numbers and classes need not be read again.
 *
 * @module
 */
import type { Pieces } from "../../pieces.ts";
import type { CellRole, EncodedRows, RolePlan } from "./table.ts";

/** Most bytes that are kept of a table, and most spellings of a column in a window. */
const MOST_BYTES = 2 ** 30, MOST_SPELLINGS = 4096;

interface Window {
  readonly row: number;
  readonly rows: number;
  /** Those of each gathered column, in the order of their numbers. */
  readonly spellings: readonly (readonly string[])[];
}

/**
 * The cells of a table of numbers, and of columns whose spellings are gathered, in windows.
 *
 * Memory: 4 bytes a cell, given back window by window while {@linkcode KeptCells.fill} copies them.
 */
export class KeptCells {
  /** Rows so far. */
  rows = 0;
  /** Place of each column among those of its kind. */
  readonly #places: readonly number[];
  readonly #gathered: readonly boolean[];
  readonly #plainCount: number;
  readonly #buffer: ArrayBuffer;
  readonly #windows: Window[] = [];

  /**
   * Nothing yet.
   *
   * @param gathered Whether the spellings of each column are gathered.
   * @param textBytes Most bytes of the text.
   */
  constructor(gathered: readonly boolean[], textBytes: number) {
    const places = [0, 0];
    this.#gathered = gathered;
    this.#places = gathered.map((each) => places[Number(each)]++);
    this.#plainCount = places[0];
    // A buffer that shrinks gives its memory back at once.
    this.#buffer = growing(Math.min(MOST_BYTES, cellBytes(textBytes)));
  }

  /** Room for the cells of a window of `textBytes`; empty where that would be too much. */
  room(textBytes: number): Float32Array {
    const start = this.#bytes(this.rows);
    const end = start + cellBytes(textBytes);
    if (end > this.#buffer.maxByteLength) return new Float32Array(0);
    if (end > this.#buffer.byteLength) this.#buffer.resize(end);
    return new Float32Array(this.#buffer, start, (end - start) / 4);
  }

  /** Keeps what stands in the room; false where there are too many spellings for that. */
  add(rows: number, spellings: readonly (readonly string[])[]): boolean {
    if (spellings.some(({ length }) => length > MOST_SPELLINGS)) return false;
    this.#windows.push({ row: this.rows, rows, spellings });
    this.rows += rows;
    return true;
  }

  /** Gives the memory back. */
  drop(): void {
    this.#buffer.resize(0);
  }

  /** Whether these cells are all that a plan needs. */
  suffice(plan: RolePlan, rows: number): boolean {
    return rows === this.rows && plan.roles.length === this.#places.length &&
      plan.roles.every((role, column) => this.#suffices(role, column));
  }

  #suffices(role: CellRole, column: number): boolean {
    switch (role.kind) {
      case "skip":
        return true;
      case "class":
        return this.#gathered[column] &&
          this.#windows.every(({ spellings }) =>
            spellings[this.#places[column]].every((spelling) => role.classes.has(spelling))
          );
      case "number":
        return !this.#gathered[column] && role.offset === 0 && role.factor === 1;
      case "target":
        return !this.#gathered[column];
      default:
        return false;
    }
  }

  /** Copies the cells to where a plan wants them, a window in each piece, and gives the memory back. */
  *fill(samples: EncodedRows, plan: RolePlan): Pieces<void> {
    const { features, labels, targets } = samples;
    const numbers = plan.roles.flatMap((role, column) =>
      role.kind === "number" ? [[column, role.input]] : []
    );
    const alike = numbers.length === this.#plainCount && plan.inputCount === this.#plainCount &&
      numbers.every(([column, input]) => this.#places[column] === input);
    for (let window = this.#windows.pop(); window !== undefined; window = this.#windows.pop()) {
      const { row, rows, spellings } = window;
      const cells = new Float32Array(this.#buffer, this.#bytes(row), rows * this.#places.length);
      const plain = cells.subarray(0, rows * this.#plainCount);
      const codes = cells.subarray(plain.length);
      if (alike) features.set(plain, row * plan.inputCount);
      for (const [column, role] of plan.roles.entries()) {
        const place = this.#places[column];
        if (role.kind === "number" && !alike) {
          copyColumn(
            plain,
            place,
            this.#plainCount,
            features,
            row * plan.inputCount + role.input,
            plan.inputCount,
          );
        } else if (role.kind === "target") {
          copyColumn(
            plain,
            place,
            this.#plainCount,
            targets,
            row * plan.targetCount + role.output,
            plan.targetCount,
          );
        } else if (role.kind === "class") {
          const classes = spellings[place].map((spelling) => role.classes.get(spelling)!);
          const width = this.#places.length - this.#plainCount;
          for (let each = 0; each < rows; each++) labels[row + each] = classes[codes[each * width + place]];
        }
      }
      this.#buffer.resize(this.#bytes(row));
      yield;
    }
  }

  #bytes(rows: number): number {
    return 4 * rows * this.#places.length;
  }
}

/** An empty buffer that can grow; one that cannot, where there is no room for the addresses. */
function growing(maxByteLength: number): ArrayBuffer {
  try {
    return new ArrayBuffer(0, { maxByteLength });
  } catch {
    return new ArrayBuffer(0, { maxByteLength: 0 });
  }
}

/** Most bytes that the cells of a text take: each has a byte and a delimiter or line end. */
function cellBytes(textBytes: number): number {
  return 4 * Math.ceil((textBytes + 1) / 2);
}

function copyColumn(
  from: Float32Array,
  place: number,
  width: number,
  to: Float32Array,
  at: number,
  step: number,
): void {
  for (let cell = place; cell < from.length; cell += width, at += step) to[at] = from[cell];
}

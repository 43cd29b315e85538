/**
 * The cells of the first rows of a text, for what is to be found out from them.
 *
 * @module
 */
import { CELL_PLACE, delimitedCells } from "../../native/delimited.ts";

/** The first rows. */
export interface Cells {
  readonly rows: readonly (readonly string[])[];
  /** Bytes up to the end of the first row. */
  readonly firstRowBytes: number;
}

const QUOTE = 0x22;

/** The text of a cell at a place of a text, without its quotes. */
export function cellText(text: Uint8Array, start: number, end: number, decoder: TextDecoder): string {
  const cell = decoder.decode(text.subarray(start, end));
  return text[start - 1] === QUOTE && cell.includes('""') ? cell.replaceAll('""', '"') : cell;
}

/**
 * Cuts the first rows of a text into cells, as the kernels cut all of them.
 *
 * The last row is left out where the text ends within a quotation. Time and memory: linear in the text.
 *
 * @param marks The dialect, as the kernels take it.
 */
export function splitCells(text: Uint8Array, marks: Uint8Array, rowCount: number): Cells {
  const sample = firstLines(text, rowCount);
  const [delimiter] = marks;
  const most = sample.reduce(
    (count, byte) => count + Number(byte === delimiter || byte <= 0x20),
    1,
  );
  const places = new BigUint64Array(CELL_PLACE * most);
  const counts = new BigUint64Array(2);
  delimitedCells(sample, marks, places, counts);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const rows: string[][] = [];
  let line = -1n;
  for (let cell = 0; cell < Number(counts[0]); cell++) {
    const at = CELL_PLACE * cell;
    if (places[at + 2] !== line) rows.push([]);
    line = places[at + 2];
    rows[rows.length - 1].push(cellText(sample, Number(places[at]), Number(places[at + 1]), decoder).trim());
  }
  const first = new BigUint64Array(CELL_PLACE * (rows[0]?.length ?? 0));
  delimitedCells(sample, marks, first, counts);
  return { rows, firstRowBytes: Number(counts[1]) };
}

/** The first lines of a text, with some more for comments between them. */
function firstLines(text: Uint8Array, count: number): Uint8Array {
  let lines = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== 10 && (text[at] !== 13 || text[at + 1] === 10)) continue;
    if (++lines === 2 * count) return text.subarray(0, at + 1);
  }
  return text;
}

/**
 * GEO's series matrix files: a column for each sample, a row for each probe, what is known of the samples above.
 *
 * @module
 */
import { quote } from "../quote.ts";
import { sharedFloats } from "../sparse/shared.ts";
import { LabelTable } from "./labels.ts";
import { allocateSplit, type FileSamples } from "./samples.ts";
import { lineWindows, type ReadProgress, type Source, SourceReader } from "./source.ts";

/** Options of {@linkcode readSeriesMatrix}. */
export interface SeriesMatrixOptions {
  /** Characteristic that is the class: "leukemia class" of the lines `!Sample_characteristics_ch1`. */
  readonly characteristic: string;
  /** Called now and then. */
  readonly onProgress?: ReadProgress;
}

/**
 * Reads a series matrix, packed with gzip or not: each sample (column) becomes a row, each probe (row) a feature.
 *
 * Memory: the features twice while they are turned. Time: one reading.
 *
 * @throws {SyntaxError} When the table is cut short, a row has another number of values, or a value is missing.
 * @throws {RangeError} When the samples do not have the characteristic.
 * @example
 * ```ts
 * import { readSeriesMatrix } from "./series_matrix.ts";
 * const text = [
 *   '!Sample_characteristics_ch1\t"kind: a"\t"kind: b"',
 *   "!series_matrix_table_begin",
 *   '"ID_REF"\t"GSM1"\t"GSM2"',
 *   '"1007_s_at"\t0.5\t1.5',
 *   "!series_matrix_table_end",
 * ];
 * const samples = await readSeriesMatrix(new TextEncoder().encode(text.join("\n")), { characteristic: "kind" });
 * if (samples.features[1] !== 1.5 || samples.classNames[samples.labels[1]] !== "b") throw new Error("wrong");
 * ```
 */
export async function readSeriesMatrix(
  source: Source,
  { characteristic, onProgress }: SeriesMatrixOptions,
): Promise<FileSamples> {
  await using reader = await SourceReader.open(source);
  const { name } = reader;
  let place: "above" | "header" | "table" | "below" = "above";
  let [line, width] = [0, 0];
  let labels: string[] | undefined;
  const probes: string[] = [];
  const rows: Float32Array[] = [];
  const decoder = new TextDecoder();
  for await (const window of lineWindows(reader)) {
    for (const text of linesOf(decoder.decode(window))) {
      line++;
      const at = `line ${line} of "${name}"`;
      if (place === "above") {
        if (text === "!series_matrix_table_begin") place = "header";
        else if (text.startsWith("!Sample_characteristics_ch1\t")) labels ??= valuesOf(text, characteristic);
      } else if (place === "header") {
        width = text.split("\t").length - 1;
        if (width < 1) {
          throw new SyntaxError(`Cannot read ${at}: expected ID_REF and a column for each sample`);
        }
        place = "table";
      } else if (text === "!series_matrix_table_end") {
        place = "below";
      } else if (place === "table" && text !== "") {
        probes.push(unquoted(text.slice(0, Math.max(0, text.indexOf("\t")))));
        rows.push(numbersOf(text, width, at));
      }
    }
    onProgress?.(reader.storedDone, reader.storedBytes);
  }
  if (place === "above") throw new SyntaxError(`Cannot read "${name}": it has no !series_matrix_table_begin`);
  if (place !== "below") throw new SyntaxError(`Cannot read "${name}": it is cut short after line ${line}`);
  if (rows.length === 0) throw new SyntaxError(`Cannot read "${name}": its table has no rows`);
  if (labels === undefined || labels.length !== width) {
    throw new RangeError(
      `Cannot find the classes of "${name}": ${labels?.length ?? 0} of ${width} samples have the ` +
        `characteristic ${quote(characteristic)}`,
    );
  }
  const table = new LabelTable();
  const numbers = labels.map((label) => table.add(label, 0));
  const { classNames, classOf } = table.classes(name);
  const split = allocateSplit(name, width, rows.length, true, 0);
  turn(rows, split.features);
  split.labels.set(numbers.map((number) => classOf[number]));
  return {
    ...split,
    targets: sharedFloats(0),
    task: "classification",
    featureCount: rows.length,
    featureNames: probes,
    classNames,
  };
}

/** Each line without its end; the last of a window may have none. */
function linesOf(window: string): string[] {
  const lines = window.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function unquoted(cell: string): string {
  return cell.startsWith('"') && cell.endsWith('"') && cell.length > 1 ? cell.slice(1, -1) : cell;
}

/** What each sample has of a characteristic; undefined where the line is of another one. */
function valuesOf(text: string, characteristic: string): string[] | undefined {
  const cells = text.split("\t").slice(1).map(unquoted);
  const lead = `${characteristic}:`;
  if (!cells.every((cell) => cell.startsWith(lead))) return undefined;
  return cells.map((cell) => cell.slice(lead.length).trim());
}

/** The values of one probe. */
function numbersOf(text: string, width: number, at: string): Float32Array {
  const cells = text.split("\t");
  if (cells.length !== width + 1) {
    throw new SyntaxError(
      `Cannot read ${at}: it has ${cells.length - 1} values, the header has ${width} samples`,
    );
  }
  const values = new Float32Array(width);
  for (let sample = 0; sample < width; sample++) {
    const cell = unquoted(cells[sample + 1]);
    values[sample] = cell === "" ? NaN : Number(cell);
    if (Number.isFinite(values[sample])) continue;
    throw new SyntaxError(
      `Cannot read ${at}: value ${sample + 1} is ${quote(cell)}, a finite number is needed`,
    );
  }
  return values;
}

/** Turns rows of probes into rows of samples, in blocks that stay in the cache. */
function turn(rows: readonly Float32Array[], features: Float32Array): void {
  const width = rows[0].length;
  const BLOCK = 64;
  for (let first = 0; first < rows.length; first += BLOCK) {
    const end = Math.min(rows.length, first + BLOCK);
    for (let sample = 0; sample < width; sample++) {
      const base = sample * rows.length;
      for (let probe = first; probe < end; probe++) features[base + probe] = rows[probe][sample];
    }
  }
}

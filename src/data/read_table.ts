/**
 * A data set out of one table, wherever it is.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import { EventLoopTurn } from "../event_loop_turn.ts";
import type { Pieces } from "../pieces.ts";
import type { Dataset } from "./dataset.ts";
import { finished } from "./finished.ts";
import { type Part, progressOf, requireLearnable } from "./files.ts";
import { type DataFile, FORMAT_NAMES } from "./format.ts";
import {
  type ReadTableOptions,
  type TableReadingOptions,
  tableReadingOptions,
} from "./read_table_options.ts";
import { divisionPieces, type Parts } from "./division.ts";
import { toDataset } from "./file_dataset.ts";
import { isTable, readTables } from "./table/table_files.ts";
import { type Fetching, openTableSource } from "./table/table_source.ts";
import { inLibraryWords, reworded } from "./table/wording.ts";

/**
 * Reads a table into a data set, as the command line does: what its columns are is found out, told to `onNotice`, and kept
 * in `schema`, by which a model that is trained on it reads other tables and rows.
 *
 * Delimited text (packed with gzip, or alone in a zip archive, too) and Parquet are told by their content. A path or a
 * `file:` URL is read from the file; what comes from a server, a blob or a stream is held in memory until it has been read,
 * up to `maxBytes`, since a table is read twice. Tables larger than memory are for {@linkcode sampleWindows}; other formats
 * and pairs of files for {@linkcode loadFiles}.
 *
 * Memory: the data set. The same bits for any number of threads.
 *
 * @throws {TypeError} When the source is none, an option is unknown or of another type, or the model has another task.
 * @throws {SyntaxError} When the table cannot be read, or is of a format that is none; the message names line and column.
 * @throws {RangeError} When columns are unknown, labels make no classes, an option is out of range, or it is too large.
 * @throws {DatasetError} When a server cannot be reached or refuses.
 * @throws {Deno.errors.NotFound} When there is no such file.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readTable } from "@truly-sparse/truly-sparse";
 *
 * const csv = "width,colour,kind\n1,red,a\n2,blue,b\n3,red,a\n4,blue,b\n5,red,a\n6,blue,b\n";
 * const data = await readTable(new TextEncoder().encode(csv), { label: "kind", test: 1 / 3 });
 * assertEquals(data.classNames, ["a", "b"]);
 * assertEquals(data.featureNames, ["width", "colour=blue", "colour=red"]);
 * assertEquals([data.train.samples, data.test?.samples], [4, 2]);
 * ```
 */
export async function readTable(source: ByteSource, options: ReadTableOptions = {}): Promise<Dataset> {
  const reading = tableReadingOptions(options);
  const { label, test, like, maxBytes, signal, onNotice, onProgress } = reading;
  const words = (message: string) => inLibraryWords(message, "label");
  const fetching = { maxBytes, signal };
  const files = [await tableOf(source, fetching)];
  if (typeof test !== "number") files.push(await tableOf(test, fetching));
  try {
    const turn = new EventLoopTurn();
    const samples = await readTables(files, {
      ...reading,
      labelColumn: label,
      onNotice: onNotice && ((notice) => onNotice(words(notice))),
    }, progressOf(files, onProgress ?? (() => {})));
    const [train, other] = samples.map((samples, index): Part => ({ samples, source: files[index].path }));
    requireLearnable([train, other], like);
    const data = toDataset(files[0].stem, train.samples, train.source, other?.samples, other?.source);
    if (turn.due) await turn.take();
    return finished({ ...data, ...await turn.between(partsOf(data, reading)) });
  } catch (cause) {
    throw reworded(cause, words);
  }
}

/** A source that was looked into and is a table. */
async function tableOf(source: ByteSource, fetching: Fetching): Promise<DataFile> {
  const file = await openTableSource(source, fetching);
  if (isTable(file.format)) return file;
  throw new TypeError(
    `Cannot read "${file.path}" as a table: it is ${
      FORMAT_NAMES[file.format]
    }; loadFiles() reads it from files`,
  );
}

/** Sets rows aside to test and to choose a model with; shares are of all rows. */
function partsOf(data: Dataset, { test, validation, stratify, seed }: TableReadingOptions): Pieces<Parts> {
  const fraction = typeof test === "number" ? test : 0;
  const options = { test: fraction, validation, stratify, seed };
  return divisionPieces(data.train, data, options, `read table "${data.name}"`);
}

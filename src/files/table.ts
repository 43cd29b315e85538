/**
 * Samples as a table that other programs read: CSV with the names of columns, or the arrays of an npz archive.
 *
 * @module
 */
import { type Dataset, type Split, usableDataset } from "../data/dataset.ts";
import { columnName, type ColumnSchema, inputsOf, isInput } from "../schema.ts";
import { requirePath } from "../value.ts";
import { type WholeFile, writeWhole } from "../whole_file.ts";
import { DatasetError } from "../errors.ts";
import { type NpzEntry, writeNpz } from "./npz.ts";

const task = "save a table";
/** Rows that are written at once. */
const ROWS = 1024;

/**
 * Writes the samples of a data set as a table: features, then what is to be learned of them, then weights.
 *
 * A path that ends in `.npz` gets the arrays `x_train`, `y_train`, `x_test` and `y_test` (or `x` and `y` without a test
 * part) with the inputs as they are. Any other gets CSV, and a test part a file of its own beside it, `.test` before the
 * ending. Cells are those of the table the samples came from: categories by their names, missing cells empty; rare
 * categories that share an input are `(other)`, numbers have the digits that 32 bits hold.
 *
 * @returns The paths written, the training samples' first.
 * @throws {TypeError} When it is no data set, its samples are made on demand, or the path is none.
 * @throws {DatasetError} When a file cannot be written.
 */
export async function saveTable(data: Dataset, path: string): Promise<string[]> {
  requirePath(path, { task, name: "the path" }, "the path of a file");
  const usable = usableDataset(data);
  if (usable.train.source !== undefined) {
    throw new TypeError(`Cannot ${task}: the samples of "${usable.name}" are made on demand, none are kept`);
  }
  try {
    return await written(usable, path);
  } catch (cause) {
    throw new DatasetError(`Cannot save the table to "${path}": ${(cause as Error).message}`, { cause });
  }
}

/** Writes the parts there are, and returns their paths. */
async function written(data: Dataset, path: string): Promise<string[]> {
  const { train, test } = data;
  if (path.endsWith(".npz")) {
    const named = (split: Split, suffix: string) => ({
      [`x${suffix}`]: entry(split.features, data.featureCount),
      [`y${suffix}`]: data.task === "classification"
        ? { descr: "<u4", shape: [split.samples], data: split.labels }
        : entry(split.targets, data.outputCount),
    });
    await writeNpz(
      path,
      test === undefined ? named(train, "") : { ...named(train, "_train"), ...named(test, "_test") },
    );
    return [path];
  }
  const [, beside] = tablePaths(path);
  await writeCsv(path, train, data);
  if (test === undefined) return [path];
  await writeCsv(beside, test, data);
  return [path, beside];
}

/** Where {@linkcode saveTable} writes: the samples to learn from first; beside a CSV file, those to test with. */
export function tablePaths(path: string): string[] {
  if (path.endsWith(".npz")) return [path];
  const beside = /\.[^./\\]+$/.test(path) ? path.replace(/(\.[^./\\]+)$/, ".test$1") : `${path}.test`;
  return [path, beside];
}

function entry(data: Float32Array | Uint8Array, width: number): NpzEntry {
  return { descr: data instanceof Uint8Array ? "|u1" : "<f4", shape: [data.length / width, width], data };
}

/** A column that is written: its name, and its cell of a sample. */
type Written = readonly [name: string, cell: (split: Split, sample: number) => string];

async function writeCsv(path: string, split: Split, data: Dataset): Promise<void> {
  const columns = [...featuresOf(data), ...answersOf(data), ...weightOf(split, data)];
  const line = (cells: readonly string[]) => `${cells.map(quoted).join(",")}\n`;
  await writeWhole(path, async (file: WholeFile) => {
    const encoder = new TextEncoder();
    let text = line(columns.map(([name]) => name));
    for (let sample = 0; sample < split.samples; sample++) {
      text += line(columns.map(([, cell]) => cell(split, sample)));
      if (sample % ROWS < ROWS - 1) continue;
      await file.write(encoder.encode(text));
      text = "";
    }
    await file.write(encoder.encode(text));
  });
}

function featuresOf({ schema, featureCount, featureNames }: Dataset): Written[] {
  if (schema === undefined) {
    return Array.from({ length: featureCount }, (_, input): Written => [
      featureNames[input] ?? `feature ${input}`,
      ({ features }, sample) => digits(features[sample * featureCount + input]),
    ]);
  }
  let next = 0;
  return schema.columns.flatMap((column, place): Written[] => {
    if (!isInput(column)) return [];
    const first = next;
    next += inputsOf(column);
    return [[columnName(column, place), ({ features }, sample) => {
      const at = sample * featureCount + first;
      return cellOf(column, features.subarray(at, at + inputsOf(column)));
    }]];
  });
}

/** What a cell said, of the inputs it became. */
function cellOf(column: ColumnSchema, inputs: Float32Array | Uint8Array): string {
  if (column.kind === "number") {
    return column.indicator && inputs[1] === 1 ? "" : digits(inputs[0] / column.factor + column.offset);
  }
  if (column.kind !== "category") return "";
  const place = inputs.indexOf(1);
  if (place >= 0 && place < column.categories.length) return column.categories[place];
  return column.other && place === column.categories.length ? "(other)" : "";
}

function answersOf({ schema, task, classNames, outputCount }: Dataset): Written[] {
  const nameAt = (kind: ColumnSchema["kind"], output?: number) => {
    const place =
      schema?.columns.findIndex((column) =>
        column.kind === kind && (column.kind !== "target" || column.output === output)
      ) ?? -1;
    return place < 0 ? undefined : columnName(schema!.columns[place], place);
  };
  if (task === "classification") {
    return [[nameAt("class") ?? "label", ({ labels }, sample) => classNames[labels[sample]]]];
  }
  return Array.from({ length: outputCount }, (_, output): Written => [
    nameAt("target", output) ?? classNames[output] ?? (outputCount === 1 ? "target" : `target ${output}`),
    ({ targets }, sample) => digits(targets[sample * outputCount + output]),
  ]);
}

function weightOf({ weights }: Split, { schema }: Dataset): Written[] {
  if (weights === undefined) return [];
  const place = schema?.columns.findIndex(({ kind }) => kind === "weight") ?? -1;
  const name = place < 0 ? "weight" : columnName(schema!.columns[place], place);
  return [[name, (split, sample) => digits(split.weights![sample])]];
}

/** The shortest text of a number that gives the same 32 bits. */
function digits(value: number): string {
  const wanted = Math.fround(value);
  for (const precision of [6, 7, 8]) {
    const short = Number(value.toPrecision(precision));
    if (Math.fround(short) === wanted) return `${short}`;
  }
  return `${Number(value.toPrecision(9))}`;
}

function quoted(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

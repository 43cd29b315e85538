/**
 * Samples of a file or a stream in windows, to predict on: it may be larger than memory.
 *
 * @module
 */
import type { TableSchema } from "../schema.ts";
import { planarSamples } from "./arrays.ts";
import { isInstance, requirePath } from "../value.ts";
import { readWindowOptions, type WindowOptions } from "./file_options.ts";
import { type DataFile, detectFormat, FORMAT_NAMES } from "./format.ts";
import { NPY_HEADER_BYTES, npyHeader } from "./npy.ts";
import { openNpzArray } from "./npz.ts";
import { SourceReader } from "./source.ts";
import { svmlightWindows } from "./svmlight_windows.ts";
import { arrayWidth, encodeArray } from "./table/array_features.ts";
import { plainSchema } from "./table/choose_schema.ts";
import { chooseAnswers, findColumns } from "./table/columns.ts";
import { isTable, openTable } from "./table/table_files.ts";
import { knownWindows } from "./table/table_samples.ts";
import type { Table } from "./table/table.ts";

/** Some samples in a row; valid until the next window is asked for. */
export interface SampleWindow {
  /** Number of samples. */
  readonly samples: number;
  /** Raw features, shape `[samples, featureCount]`. */
  readonly features: Float32Array | Uint8Array;
}

const WINDOW_BYTES = 8 << 20;

/**
 * Reads the features of a file window by window: a table, svmlight text, `.npy`, `.npz` or IDX, packed with gzip or not.
 *
 * A stream is delimited text, packed with gzip or not, and read once.
 *
 * Features that svmlight text leaves out are 0. Of an archive it takes the array `x_test`, `x` or `x_train`, or the only one.
 * With a schema the columns of a table are matched with it (`matchTable`), and arrays hold a number for each of its
 * columns. Without one, a table may have one column more than the model has features: the label, which is passed over
 * (the column given, else one called label, class, target, response, output or y, else the last). Images with their
 * channels last become planar, as in training. Memory: two windows.
 *
 * @throws {TypeError} When the file has another format, or another number of features than `featureCount`; both name it.
 * @throws {RangeError} When a column of the schema is missing.
 * @throws {SyntaxError} When the file is damaged or holds what is no finite number.
 */
export async function* sampleWindows(
  source: string | ReadableStream<Uint8Array>,
  given: WindowOptions,
): AsyncGenerator<SampleWindow> {
  const options = readWindowOptions(given);
  if (!isInstance(source, ReadableStream)) {
    requirePath(source, { task: "read samples", name: "source" }, "the path of a file, or a stream");
  }
  if (source instanceof ReadableStream) {
    yield* tableWindows(source, options);
    return;
  }
  const [path, file] = [source, await detectFormat(source)];
  if (isTable(file.format)) yield* tableWindows(file, options);
  else if (file.format === "svmlight") yield* svmlightWindows(path, options);
  else if (["npy", "npz", "idx"].includes(file.format)) yield* arrayWindows(file, options);
  else {
    throw new TypeError(
      `Cannot predict on "${path}": it is ${FORMAT_NAMES[file.format]}, ` +
        "expected delimited text, svmlight text, a NumPy array or archive, or an IDX file",
    );
  }
}

function wrongFeatures(path: string, found: string, featureCount: number): TypeError {
  return new TypeError(
    `Cannot predict on "${path}": it has ${found}, the model takes ${featureCount} features`,
  );
}

async function* tableWindows(
  file: DataFile | ReadableStream<Uint8Array>,
  options: WindowOptions,
): AsyncGenerator<SampleWindow> {
  const { threads, windowBytes = WINDOW_BYTES, onNotice, schema, labelColumn } = options;
  const table = await openTable(file, options, schema);
  const known = schema ?? featureColumns(table, options);
  // Without a schema the label's place is known already.
  const reading = { threads, onNotice, windowBytes, labelColumn: schema && labelColumn };
  for await (const { rows, features } of knownWindows(table, known, reading)) {
    yield { samples: rows, features };
  }
}

/** The columns of a table to a model that knows nothing but their number; one more than there are features is the label. */
function featureColumns(table: Table, { featureCount, labelColumn }: WindowOptions): TableSchema {
  const { name, columnCount } = table;
  const without = columnCount === featureCount && labelColumn === undefined;
  const labels = without
    ? []
    : labelColumn === undefined
    ? chooseAnswers(table, {}).labels
    : findColumns(labelColumn, table);
  if (columnCount - labels.length !== featureCount) {
    const found = `${columnCount} columns${labelColumn === undefined ? "" : ", one of them the label"}`;
    throw wrongFeatures(name, found, featureCount);
  }
  return plainSchema(table, { labels }, "classification");
}

/** How the numbers of an array file are stored. */
interface ArrayLayout {
  readonly shape: readonly number[];
  /** Kind and bytes of a number, as NumPy spells them: f4, u1, i8 … */
  readonly type: string;
  readonly highByteFirst: boolean;
  /** Bytes already read that belong to the numbers. */
  readonly rest: Uint8Array;
}

const VIEWS: Readonly<Record<string, (bytes: ArrayBuffer) => ArrayLike<number | bigint>>> = {
  u1: (bytes) => new Uint8Array(bytes),
  b1: (bytes) => new Uint8Array(bytes),
  i1: (bytes) => new Int8Array(bytes),
  u2: (bytes) => new Uint16Array(bytes),
  i2: (bytes) => new Int16Array(bytes),
  u4: (bytes) => new Uint32Array(bytes),
  i4: (bytes) => new Int32Array(bytes),
  u8: (bytes) => new BigUint64Array(bytes),
  i8: (bytes) => new BigInt64Array(bytes),
  f2: (bytes) => new Float16Array(bytes),
  f4: (bytes) => new Float32Array(bytes),
  f8: (bytes) => new Float64Array(bytes),
};

/** Types of IDX files by their code. */
const IDX_TYPES: Readonly<Record<number, string>> = {
  0x08: "u1",
  0x09: "i1",
  0x0b: "i2",
  0x0c: "i4",
  0x0d: "f4",
  0x0e: "f8",
};

async function* arrayWindows(file: DataFile, options: WindowOptions): AsyncGenerator<SampleWindow> {
  const { windowBytes = WINDOW_BYTES, schema } = options;
  const featureCount = schema === undefined ? options.featureCount : arrayWidth(schema);
  const { path } = file;
  await using reader = file.format === "npz"
    ? await openNpzArray(path, ["x_test", "x", "x_train"])
    : await SourceReader.open(path);
  const head = new Uint8Array(NPY_HEADER_BYTES);
  const start = head.subarray(0, await reader.fill(head));
  const layout = file.format === "idx" ? idxLayout(start, path) : npyLayout(start, path);
  const [samples, ...sampleShape] = layout.shape;
  const features = sampleShape.reduce((product, size) => product * size, 1);
  if (sampleShape.length === 0 || features !== featureCount) {
    throw wrongFeatures(path, `samples of shape ${sampleShape.join(" × ") || "1"}`, featureCount);
  }
  const sampleBytes = featureCount * Number(layout.type[1]);
  const most = Math.max(1, Math.floor(windowBytes / sampleBytes));
  let ahead = layout.rest;
  for (let first = 0; first < samples; first += most) {
    const count = Math.min(most, samples - first);
    const bytes = new Uint8Array(count * sampleBytes);
    const known = ahead.subarray(0, bytes.length);
    bytes.set(known);
    ahead = ahead.subarray(known.length);
    const got = known.length + await reader.fill(bytes.subarray(known.length));
    if (got < bytes.length) {
      const whole = first + Math.floor(got / sampleBytes);
      throw new SyntaxError(
        `Cannot read "${path}": it is cut short, ${whole} of ${samples} samples are whole`,
      );
    }
    const values = numbers(bytes, layout, (place) =>
      `feature ${place % featureCount} of sample ` +
      `${first + Math.floor(place / featureCount)} of "${path}"`);
    planarSamples(values, sampleShape);
    const features = schema === undefined ? values : encodeArray(values, count, schema, path);
    yield { samples: count, features };
  }
  if (ahead.length > 0 || await reader.fill(new Uint8Array(1)) > 0) {
    throw new SyntaxError(`Cannot read "${path}": it is longer than its header says`);
  }
}

function npyLayout(start: Uint8Array<ArrayBuffer>, path: string): ArrayLayout {
  const { shape, descr, fortran, start: body } = npyHeader(start, path);
  if (fortran && shape.length > 1 && shape[0] > 1) {
    throw new TypeError(`Cannot predict on "${path}": its samples are not stored in a row (Fortran order)`);
  }
  if (VIEWS[descr.slice(1)] === undefined) {
    throw new TypeError(`Cannot predict on "${path}": it holds text, features are numbers`);
  }
  return { shape, type: descr.slice(1), highByteFirst: descr[0] === ">", rest: start.subarray(body) };
}

function idxLayout(start: Uint8Array<ArrayBuffer>, path: string): ArrayLayout {
  const type = IDX_TYPES[start[2]];
  const body = 4 + 4 * start[3];
  if (type === undefined || start.length < body) {
    throw new SyntaxError(`Cannot read IDX file "${path}": its header is damaged or cut short`);
  }
  const view = new DataView(start.buffer);
  const shape = Array.from({ length: start[3] }, (_, index) => view.getUint32(4 + 4 * index));
  return { shape, type, highByteFirst: true, rest: start.subarray(body) };
}

/** Bytes as they are; all other numbers as f32, each finite. */
function numbers(
  bytes: Uint8Array<ArrayBuffer>,
  { type, highByteFirst }: ArrayLayout,
  place: (index: number) => string,
): Float32Array | Uint8Array {
  if (type === "u1" || type === "b1") return bytes;
  const size = Number(type[1]);
  if (highByteFirst && size > 1) {
    for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  }
  const values = VIEWS[type](bytes.buffer);
  const features = new Float32Array(values.length);
  for (let index = 0; index < features.length; index++) {
    features[index] = Number(values[index]);
    if (Number.isFinite(features[index])) continue;
    throw new SyntaxError(
      `Cannot use ${place(index)}: it is ${values[index]}, a finite 32-bit number is needed`,
    );
  }
  return features;
}

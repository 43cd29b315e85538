/**
 * IDX files, the format of MNIST and its relatives: a magic number, dimensions, then numbers with the high byte first.
 *
 * @module
 */
import { type ReadProgress, type Source, SourceReader } from "./source.ts";
import type { Dataset, ImageShape, Split } from "./dataset.ts";
import { sharedBytes, sharedFloats, sharedWords } from "../sparse/shared.ts";

/** Numbers an IDX file holds. */
export type IdxArray = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** Content of an IDX file. */
export interface IdxFile {
  /** Length of each dimension, slowest first. */
  readonly shape: readonly number[];
  /** The numbers, in shared memory. */
  readonly values: IdxArray;
}

/** How a type of numbers is stored: bytes of each, and the array to read them into. */
interface IdxType {
  readonly bytes: number;
  readonly make: (memory: SharedArrayBuffer, offset: number, length: number) => IdxArray;
}

const TYPES: Readonly<Record<number, IdxType>> = {
  0x08: { bytes: 1, make: (b, at, n) => new Uint8Array(b, at, n) },
  0x09: { bytes: 1, make: (b, at, n) => new Int8Array(b, at, n) },
  0x0b: { bytes: 2, make: (b, at, n) => new Int16Array(b, at, n) },
  0x0c: { bytes: 4, make: (b, at, n) => new Int32Array(b, at, n) },
  0x0d: { bytes: 4, make: (b, at, n) => new Float32Array(b, at, n) },
  0x0e: { bytes: 8, make: (b, at, n) => new Float64Array(b, at, n) },
};

/**
 * Reads the numbers of an IDX file's bytes (already unpacked).
 *
 * Nothing is allocated before the header agrees with the length. Cost: one copy.
 *
 * @param source What messages call the bytes.
 * @throws {SyntaxError} When the magic number is wrong, or the length is not what the header says.
 * @example
 * ```ts
 * import { parseIdx } from "./idx.ts";
 * const { shape, values } = parseIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9), "two bytes");
 * if (shape[0] !== 2 || values[1] !== 9) throw new Error("wrong content");
 * ```
 */
export function parseIdx(bytes: Uint8Array, source: string): IdxFile {
  const header = idxHeader(bytes, source);
  const { start, bodyBytes } = header;
  if (bytes.length !== start + bodyBytes) throw wrongLength(header, source, bytes.length);
  const body = sharedBytes(bodyBytes);
  body.set(bytes.subarray(start));
  return toFile(body, header);
}

/** What the header of an IDX file says. */
interface IdxHeader {
  readonly type: IdxType;
  readonly shape: readonly number[];
  /** Byte where the numbers begin. */
  readonly start: number;
  /** Bytes of the numbers. Inexact past 2⁵³, but then no file is long enough. */
  readonly bodyBytes: number;
}

function idxHeader(bytes: Uint8Array, source: string): IdxHeader {
  const fail = (found: string) => new SyntaxError(`Cannot read IDX file "${source}": ${found}`);
  if (bytes.length === 0) throw fail("it is empty");
  if (bytes.length < 4) throw fail(`it has ${bytes.length} bytes, the magic number alone has 4`);
  const type = TYPES[bytes[2]];
  if (bytes[0] !== 0 || bytes[1] !== 0 || type === undefined) {
    const magic = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw fail(`it begins with ${magic}, expected 00 00, a type from 08 to 0e and the number of dimensions`);
  }
  const dimensions = bytes[3];
  const start = 4 + 4 * dimensions;
  if (dimensions === 0) throw fail("its header has no dimensions");
  if (bytes.length < start) {
    throw fail(`it ends inside the header, ${bytes.length} bytes of ${start}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: dimensions }, (_, index) => view.getUint32(4 + 4 * index));
  return { type, shape, start, bodyBytes: shape.reduce((product, length) => product * length, type.bytes) };
}

function wrongLength({ type, shape, start, bodyBytes }: IdxHeader, source: string, found: number): Error {
  const needed = start + bodyBytes;
  const difference = found < needed
    ? `truncated: ${shape.join(" × ")} numbers of ${type.bytes} bytes need ${needed} bytes, found ${found}`
    : `longer than its header says: ${shape.join(" × ")} numbers of ${type.bytes} bytes need ${needed} bytes`;
  return new SyntaxError(`Cannot read IDX file "${source}": it is ${difference}`);
}

function toFile(body: Uint8Array, { type, shape, bodyBytes }: IdxHeader): IdxFile {
  reverseEach(body, type.bytes);
  const values = type.make(body.buffer as SharedArrayBuffer, body.byteOffset, bodyBytes / type.bytes);
  return { shape, values };
}

/** Reverses each group of `size` bytes: files have the high byte first, processors the low one. */
function reverseEach(bytes: Uint8Array, size: number): void {
  if (size === 1) return;
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

/** Header of 255 dimensions, the most that its byte can say. */
const HEADER_BYTES = 4 + 4 * 255;
const CHUNK_BYTES = 8 << 20;

/**
 * Reads an IDX file, packed with gzip or not.
 *
 * The header decides how much is read: what follows is an error, and is not unpacked.
 *
 * @throws {SyntaxError} When the file is not IDX, damaged, or cut off.
 * @throws {RangeError} When the numbers do not fit into one array.
 */
export async function readIdx(source: Source, onProgress?: ReadProgress): Promise<IdxFile> {
  await using reader = await SourceReader.open(source);
  const { name, mostBytes } = reader;
  const head = new Uint8Array(HEADER_BYTES);
  const begun = head.subarray(0, await reader.fill(head));
  const header = idxHeader(begun, name);
  const { start, bodyBytes } = header;
  if (start + bodyBytes > mostBytes) throw wrongLength(header, name, mostBytes);
  const body = sharedBytes(bodyBytes);
  const known = begun.subarray(start, start + bodyBytes);
  body.set(known);
  // Files are read into plain memory only.
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, bodyBytes));
  for (let at = known.length; at < bodyBytes;) {
    const got = await reader.fill(chunk.subarray(0, bodyBytes - at));
    if (got === 0) throw wrongLength(header, name, start + at);
    body.set(chunk.subarray(0, got), at);
    at += got;
    onProgress?.(reader.storedDone, reader.storedBytes);
  }
  if (begun.length > start + bodyBytes || await reader.fill(new Uint8Array(1)) > 0) {
    throw wrongLength(header, name, Infinity);
  }
  return toFile(body, header);
}

/** Files of {@linkcode readIdxDataset}, each packed with gzip or not. */
export interface IdxDatasetFiles {
  /** Images to learn from, shape `[samples, height, width]`. */
  readonly trainImages: string | URL;
  /** Class of each image to learn from, shape `[samples]`. */
  readonly trainLabels: string | URL;
  /** Images to test with. */
  readonly testImages?: string | URL;
  /** Class of each image to test with. */
  readonly testLabels?: string | URL;
  /** What messages and saved files call the data set. @default {"idx"} */
  readonly name?: string;
  /** Names of the classes; without it, the numbers from 0 to the largest label. */
  readonly classNames?: readonly string[];
}

/**
 * Reads a data set of images from IDX files.
 *
 * Images of bytes stay bytes; numbers of other types become floats. Shapes may be `[samples, height, width]`,
 * `[samples, channels, height, width]`, or `[samples, features]` for samples that are no images.
 *
 * @throws {SyntaxError} When a file is not IDX, damaged, or does not fit the others.
 * @throws {TypeError} When test images are given without labels, or labels without images.
 */
export async function readIdxDataset(files: IdxDatasetFiles): Promise<Dataset> {
  const { trainImages, trainLabels, testImages, testLabels } = files;
  if ((testImages === undefined) !== (testLabels === undefined)) {
    const [given, missing] = testImages === undefined ? ["labels", "images"] : ["images", "labels"];
    throw new TypeError(`Cannot read the IDX data set: test ${given} are given, test ${missing} are missing`);
  }
  const train = await readSplit(trainImages, trainLabels);
  const test = testImages === undefined ? undefined : await readSplit(testImages, testLabels!);
  return idxDataset(train, test, files);
}

/** An images file and its labels file, read. */
export interface IdxSplit {
  /** Images and their shape. */
  readonly images: IdxFile;
  /** Labels and their shape. */
  readonly labels: IdxFile;
  /** What messages call the images. */
  readonly imagesSource: string;
  /** What messages call the labels. */
  readonly labelsSource: string;
}

async function readSplit(images: string | URL, labels: string | URL): Promise<IdxSplit> {
  return {
    images: await readIdx(images),
    labels: await readIdx(labels),
    imagesSource: String(images),
    labelsSource: String(labels),
  };
}

/**
 * Makes a data set of IDX content already read.
 *
 * @throws {SyntaxError} When images and labels, or training and test samples, do not fit together.
 */
export function idxDataset(
  trainFiles: IdxSplit,
  testFiles: IdxSplit | undefined,
  naming: Pick<IdxDatasetFiles, "name" | "classNames">,
): Dataset {
  const [, ...sampleShape] = trainFiles.images.shape;
  const featureCount = sampleShape.reduce((product, length) => product * length, 1);
  if (testFiles !== undefined && testFiles.images.shape.slice(1).join() !== sampleShape.join()) {
    throw new SyntaxError(
      `Cannot use images of "${testFiles.imagesSource}" to test: a sample there is ` +
        `${testFiles.images.shape.slice(1).join(" × ")}, in "${trainFiles.imagesSource}" ${
          sampleShape.join(" × ")
        }`,
    );
  }
  const train = toSplit(trainFiles, naming.classNames?.length);
  const test = testFiles === undefined ? undefined : toSplit(testFiles, naming.classNames?.length);
  let last = 1;
  for (const label of train.labels) last = Math.max(last, label);
  for (const label of test?.labels ?? []) last = Math.max(last, label);
  const classNames = naming.classNames ?? Array.from({ length: last + 1 }, (_, index) => String(index));
  const image = imageShape(sampleShape);
  return {
    name: naming.name ?? "idx",
    task: "classification",
    featureCount,
    outputCount: classNames.length,
    classNames,
    featureNames: [],
    ...(image === undefined ? {} : { image }),
    train,
    ...(test === undefined ? {} : { test }),
  };
}

function imageShape(shape: readonly number[]): ImageShape | undefined {
  if (shape.length === 2) return { channels: 1, height: shape[0], width: shape[1] };
  if (shape.length === 3) return { channels: shape[0], height: shape[1], width: shape[2] };
  return undefined;
}

function toSplit({ images, labels, imagesSource, labelsSource }: IdxSplit, classes = 65_536): Split {
  const [samples] = images.shape;
  if (images.shape.length < 2) {
    throw new SyntaxError(
      `Cannot read images from "${imagesSource}": it has 1 dimension, at least 2 are needed; is it the labels file?`,
    );
  }
  if (labels.shape.length !== 1) {
    throw new SyntaxError(
      `Cannot read labels from "${labelsSource}": it has ${labels.shape.length} dimensions, 1 is needed; is it the images file?`,
    );
  }
  if (labels.shape[0] !== samples) {
    throw new SyntaxError(
      `Cannot match "${labelsSource}" with "${imagesSource}": found ${
        labels.shape[0]
      } labels for ${samples} images`,
    );
  }
  if (samples === 0) throw new SyntaxError(`Cannot read images from "${imagesSource}": it has no samples`);
  const classIndex = sharedWords(samples);
  for (let sample = 0; sample < samples; sample++) {
    const label = labels.values[sample];
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new SyntaxError(
        `Cannot read labels from "${labelsSource}": label ${sample} is ${label}, ` +
          `expected a whole number from 0 to ${classes - 1}`,
      );
    }
    classIndex[sample] = label;
  }
  return { samples, features: toFeatures(images.values), labels: classIndex, targets: sharedFloats(0) };
}

function toFeatures(values: IdxArray): Float32Array | Uint8Array {
  if (values instanceof Uint8Array || values instanceof Float32Array) return values;
  const features = sharedFloats(values.length);
  features.set(values);
  return features;
}

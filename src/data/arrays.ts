/**
 * Samples out of arrays: IDX files, `.npy` files and the arrays of `.npz` archives.
 *
 * @module
 */
import type { IdxArray } from "./idx.ts";
import { LabelTable } from "./labels.ts";
import type { NpyData } from "./npy.ts";
import { allocateSplit, type FileSamples, shareBytes } from "./samples.ts";
import type { Task } from "../task.ts";
import type { ImageShape } from "./split.ts";

/** An array, and what messages call it. */
export interface NamedArray {
  /** Where it comes from. */
  readonly source: string;
  /** Length of each dimension, slowest first. */
  readonly shape: readonly number[];
  /** The numbers or texts, the last dimension fastest. */
  readonly values: NpyData | IdxArray;
}

/**
 * Makes samples of an array of features and one of labels.
 *
 * Bytes stay bytes, all other numbers become f32. Images of shape `[samples, height, width, channels]` are made
 * planar; with 1, 3 or 4 in second place they are taken for planar already. Memory: the arrays returned; bytes in
 * shared memory are not copied.
 *
 * @param features Shape `[samples, …]`; may be taken over.
 * @param labels Shape `[samples]` or `[samples, 1]`, for regression and several labels also `[samples, outputs]`.
 * @param classNames Classes or labels known from elsewhere; a class that is none of them is an error.
 * @throws {SyntaxError} When shapes are of no use or do not match, or a number is not finite.
 * @throws {RangeError} When the labels make no classes.
 */
export function arraySamples(
  features: NamedArray,
  labels: NamedArray,
  task: Task,
  classNames?: readonly string[],
): FileSamples {
  const [samples, ...sampleShape] = features.shape;
  const featureCount = product(sampleShape);
  const because = (found: string) =>
    new SyntaxError(`Cannot read features from "${features.source}": ${found}`);
  if (sampleShape.length === 0) {
    throw because(`its shape is ${shown(features.shape)}, at least samples × features are needed`);
  }
  if (samples === 0) throw because("it has no samples");
  if (featureCount === 0) {
    throw because(`its shape is ${shown(features.shape)}, at least 1 feature is needed`);
  }
  const outputs = product(labels.shape.slice(1));
  if (labels.shape[0] !== samples) {
    throw new SyntaxError(
      `Cannot match "${labels.source}" with "${features.source}": ` +
        `found ${labels.shape[0] ?? 0} labels for ${samples} samples`,
    );
  }
  if (labels.shape.length > 2 || outputs < 1 || (outputs > 1 && task === "classification")) {
    const needed = task === "classification" ? `${samples}` : `${samples} or ${samples} × outputs`;
    throw new SyntaxError(
      `Cannot read labels from "${labels.source}": its shape is ${shown(labels.shape)}, ${needed} is needed`,
    );
  }
  const image = imageShape(sampleShape);
  const values = toFeatures(features, featureCount);
  if (image !== undefined && isChannelsLast(sampleShape)) makePlanar(values, featureCount, image.channels);
  const result = allocateSplit(
    labels.source,
    samples,
    0,
    task === "classification",
    task === "classification" ? 0 : outputs,
  );
  const shared = {
    ...result,
    task,
    features: values,
    featureCount,
    featureNames: [],
    ...(image === undefined ? {} : { image }),
  };
  if (task !== "classification") {
    copyFinite(labels, result.targets, outputs, "target");
    if (task === "regression") return { ...shared, classNames: [] };
    refuseOtherThanFlags(labels, result.targets, outputs);
    return { ...shared, classNames: labelNames(labels, outputs, classNames) };
  }
  return { ...shared, classNames: readClasses(labels, result.labels, classNames) };
}

function refuseOtherThanFlags(labels: NamedArray, targets: Float32Array, outputs: number): void {
  const at = targets.findIndex((target) => target !== 0 && target !== 1);
  if (at < 0) return;
  const found = `label ${at % outputs} of sample ${Math.floor(at / outputs)} is ${targets[at]}`;
  throw notUsable(labels, `${found}, expected 1 for a label that the sample has, or 0`);
}

/** Names of the labels of which a sample may have several: those known, else their places. */
function labelNames({ source }: NamedArray, outputs: number, known?: readonly string[]): readonly string[] {
  if (known === undefined || known.length === outputs) {
    return known ?? Array.from({ length: outputs }, (_, at) => `${at}`);
  }
  throw new SyntaxError(
    `Cannot read labels from "${source}": they are ${outputs} of each sample, ${known.length} are needed: ${
      known.slice(0, 8).join(", ")
    }`,
  );
}

/** Turns labels into classes; returns their names. Text is a label as it is, whole numbers are exact. */
function readClasses(from: NamedArray, into: Uint32Array, given?: readonly string[]): readonly string[] {
  const table = new LabelTable();
  const numbers = new Map<number | bigint | string, number>();
  for (let sample = 0; sample < into.length; sample++) {
    const label = from.values[sample];
    let number = numbers.get(label);
    if (number === undefined) {
      if (label === "") throw notUsable(from, `label ${sample} is empty, a label is needed`);
      if (typeof label === "number" && !Number.isFinite(label)) {
        throw notUsable(from, `label ${sample} is ${label}, a finite number is needed`);
      }
      numbers.set(label, number = table.add(String(label), 0));
    }
    into[sample] = number;
  }
  const { classNames, classOf } = table.classes(from.source, given);
  for (let sample = 0; sample < into.length; sample++) into[sample] = classOf[into[sample]];
  return classNames;
}

function toFeatures(from: NamedArray, featureCount: number): Float32Array | Uint8Array {
  const { values, source } = from;
  if (!ArrayBuffer.isView(values)) throw notUsable(from, "it holds text, features are numbers");
  const isShared = values.buffer instanceof SharedArrayBuffer;
  if (values instanceof Uint8Array) return isShared ? values : shareBytes(values);
  const { features } = allocateSplit(source, values.length / featureCount, featureCount, false, 0);
  copyFinite(from, features, featureCount, "feature");
  return features;
}

/** Copies numbers into f32, `width` of a sample in a row; none may be NaN, infinite or too large. */
function copyFinite(from: NamedArray, into: Float32Array, width: number, what: string): void {
  const { values } = from;
  if (!ArrayBuffer.isView(values)) throw notUsable(from, `it holds text, each ${what} is a number`);
  for (let index = 0; index < into.length; index++) {
    const value = Number(values[index]);
    into[index] = value;
    if (Number.isFinite(into[index])) continue;
    const needed = Number.isFinite(value) ? "which does not fit into 32 bits" : "a finite number is needed";
    throw notUsable(
      from,
      `${what} ${index % width} of sample ${Math.floor(index / width)} is ${value}, ${needed}`,
    );
  }
}

function notUsable({ source }: NamedArray, found: string): SyntaxError {
  return new SyntaxError(`Cannot read "${source}": ${found}`);
}

const CHANNELS = [1, 3, 4];

function imageShape(shape: readonly number[]): ImageShape | undefined {
  const [first, second, third] = shape;
  if (shape.length === 2) return { channels: 1, height: first, width: second };
  if (shape.length !== 3) return undefined;
  if (isChannelsLast(shape)) return { channels: third, height: first, width: second };
  return CHANNELS.includes(first) ? { channels: first, height: second, width: third } : undefined;
}

function isChannelsLast(shape: readonly number[]): boolean {
  return shape.length === 3 && !CHANNELS.includes(shape[0]) && CHANNELS.includes(shape[2]);
}

/** Makes `[height, width, channels]` of each sample `[channels, height, width]`. */
function makePlanar(values: Float32Array | Uint8Array, featureCount: number, channels: number): void {
  const pixels = featureCount / channels;
  for (let start = 0; start < values.length; start += featureCount) {
    const sample = values.slice(start, start + featureCount);
    for (let channel = 0, to = start; channel < channels; channel++) {
      for (let pixel = 0; pixel < pixels; pixel++) values[to++] = sample[pixel * channels + channel];
    }
  }
}

/** Makes images with their channels last planar, in place; what has another shape is left as it is. */
export function planarSamples(values: Float32Array | Uint8Array, sampleShape: readonly number[]): void {
  if (isChannelsLast(sampleShape)) makePlanar(values, product(sampleShape), sampleShape[2]);
}

function product(lengths: readonly number[]): number {
  return lengths.reduce((whole, length) => whole * length, 1);
}

function shown(shape: readonly number[]): string {
  return shape.length === 0 ? "a single number" : shape.join(" × ");
}

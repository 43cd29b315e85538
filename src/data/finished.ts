/**
 * What every data set gets that is handed out: its picture, and what the numbers in its parts stand for.
 *
 * @module
 */
import { pictured } from "../picture.ts";
import type { TableSchema } from "../schema.ts";
import { datasetDisplay, datasetPicture } from "./dataset_picture.ts";
import type { OwnSamples } from "./own_samples.ts";

/** What the numbers of samples stand for. */
export interface PartMeaning {
  /** Name of each class or label, in order. */
  readonly classNames: readonly string[];
  /** Which columns the features were. */
  readonly schema?: TableSchema | undefined;
}

/** By part: a part is numbers alone, and is measured apart from the data set that knows what they mean. */
const MEANINGS = new WeakMap<object, PartMeaning>();

/** The data set, complete: as it is, with its pictures. */
export function finished<D extends OwnSamples>(data: D): D {
  const { train, validation, test, classNames, schema } = data;
  for (const part of [train, validation, test]) {
    if (part !== undefined) MEANINGS.set(part, { classNames, schema });
  }
  return pictured(data, datasetPicture, datasetDisplay);
}

/** What the numbers of a part of a data set of ours stand for; undefined for samples put together by others. */
export function meaningOf(part: object): PartMeaning | undefined {
  return MEANINGS.get(part);
}

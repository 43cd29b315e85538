/**
 * What every data set gets that is handed out: its picture, and which classes the numbers in its parts stand for.
 *
 * @module
 */
import { pictured } from "../picture.ts";
import { datasetPicture } from "./dataset_picture.ts";
import type { OwnSamples } from "./own_samples.ts";

/** By part: a part is numbers alone, and is measured apart from the data set that knows their names. */
const CLASS_NAMES = new WeakMap<object, readonly string[]>();

/** The data set, complete: as it is, with a picture for consoles. */
export function finished<D extends OwnSamples>(data: D): D {
  const { train, validation, test, classNames } = data;
  for (const part of [train, validation, test]) {
    if (part !== undefined) CLASS_NAMES.set(part, classNames);
  }
  return pictured(data, datasetPicture);
}

/** Name of each class or label of a part of a data set of ours; undefined for samples put together by others. */
export function classNamesOf(part: object): readonly string[] | undefined {
  return CLASS_NAMES.get(part);
}

/**
 * What a data set looks like in a console.
 *
 * @module
 */
import { count, plural } from "../format.ts";
import { listed } from "../picture.ts";
import { quote } from "../quote.ts";
import type { OwnSamples } from "./own_samples.ts";

/** Most classes that are named. */
const MOST_CLASSES = 6;
/** Longest name of a class, in characters. */
const LONGEST_NAME = 20;

/** `Dataset "flowers": 160 train, 40 test; 13 features, 3 classes (bluebell, daisy, poppy)` */
export function datasetPicture(data: OwnSamples): string {
  const { name, task, featureCount, outputCount, classNames, image } = data;
  const parts = (["train", "validation", "test"] as const).flatMap((part) => {
    const split = data[part];
    return split === undefined ? [] : [`${count(split.samples)} ${part}`];
  });
  const features = image === undefined
    ? plural(featureCount, "feature")
    : `images of ${image.height} × ${image.width} × ${image.channels}`;
  const named = classNames.map((name) => quote(name.slice(0, LONGEST_NAME)).slice(1, -1));
  const outputs = task === "regression"
    ? plural(outputCount, "target")
    : `${count(outputCount)} ${task === "classification" ? "classes" : "labels"}` +
      (named.length > 0 ? ` (${listed(named, MOST_CLASSES)})` : "");
  return `Dataset ${quote(name)}: ${parts.join(", ")}; ${features}, ${outputs}`;
}

/**
 * What a data set looks like in a console and in a notebook.
 *
 * @module
 */
import { count, plural, short } from "../format.ts";
import { htmlLines, htmlTable } from "../html.ts";
import { listed } from "../picture.ts";
import { quote } from "../quote.ts";
import { targetNames } from "../schema.ts";
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

/** Rows and columns of a preview. */
const [MOST_ROWS, MOST_COLUMNS] = [5, 12];

/** The same line, and the first training samples: what they are learned from, then what is learned. */
export function datasetDisplay(data: OwnSamples): string {
  const { train: { samples, features, source }, featureCount, featureNames = [], schema } = data;
  const rows = Math.min(samples, MOST_ROWS);
  const shown = Math.min(featureCount, MOST_COLUMNS);
  const gathered = source === undefined ? features : new Float32Array(rows * featureCount);
  source?.gather(Uint32Array.from({ length: rows }, (_, row) => row), gathered as Float32Array, 1);
  const answers = data.task === "regression" && schema !== undefined ? targetNames(schema) : [];
  const head = Array.from({ length: shown }, (_, column) => featureNames[column] ?? `feature ${column}`);
  const more = featureCount > shown ? [`… ${count(featureCount - shown)} more`] : [];
  const preview = Array.from({ length: rows }, (_, row) => [
    ...Array.from(gathered.subarray(row * featureCount, row * featureCount + shown), short),
    ...more.map(() => "…"),
    answerOf(data, row),
  ]);
  const answer = answers.length > 0
    ? answers.join(", ")
    : data.task === "classification"
    ? "class"
    : "answer";
  return htmlLines(datasetPicture(data)) + htmlTable([...head, ...more, answer], preview);
}

/** What is to be learned of a training sample. */
function answerOf({ task, classNames, outputCount, train }: OwnSamples, row: number): string {
  if (task === "classification") return classNames[train.labels[row]] ?? String(train.labels[row]);
  const own = Array.from(train.targets.subarray(row * outputCount, (row + 1) * outputCount));
  if (task === "regression") return listed(own.map(short), MOST_CLASSES);
  const names = own.flatMap((has, label) => has === 1 ? [classNames[label] ?? String(label)] : []);
  return listed(names, MOST_CLASSES);
}

/**
 * What there is to learn of samples of one's own: labels for classes, lists of labels, or numbers to predict.
 *
 * @module
 */
import { isList, type Place } from "../value.ts";
import { described, readFloatMatrix } from "../numbers.ts";
import { readClasses, readLabelLists } from "./own_labels.ts";
import { quote } from "../quote.ts";
import type { Task } from "../task.ts";

/** Labels or targets, and what they mean. */
export interface Answers {
  readonly task: Task;
  readonly outputCount: number;
  readonly classNames: readonly string[];
  readonly labels: Uint32Array;
  readonly targets: Float32Array;
}

/** What own samples say of what there is to learn. */
export interface GivenAnswers {
  readonly labels?: unknown;
  readonly targets?: unknown;
  readonly task?: unknown;
  /** Name of each class. */
  readonly names?: readonly string[] | undefined;
}

/**
 * Reads labels or targets.
 *
 * @param doing What cannot be done where something is wrong.
 * @throws {TypeError} When there are none or both, they do not suit the task, or are not as many as the samples.
 * @throws {RangeError} When a label is none, or a number is not finite in 32 bits.
 */
export function readAnswers(
  { labels, targets, task: given, names }: GivenAnswers,
  samples: number,
  doing: string,
): Answers {
  const because = (found: string) => `Cannot ${doing}: ${found}`;
  if ((labels === undefined) === (targets === undefined)) {
    const found = labels === undefined
      ? "there are neither labels nor targets"
      : "there are both labels and targets";
    throw new TypeError(because(`${found}, expected labels for classes, or targets for numbers to predict`));
  }
  const lists = isList(labels) && (isList(labels[0]) || ArrayBuffer.isView(labels[0]));
  const task = given ?? (targets !== undefined ? "regression" : lists ? "multi-label" : "classification");
  if (task !== "classification" && task !== "regression" && task !== "multi-label") {
    throw new TypeError(
      because(`task is ${described(task)}, expected "classification", "regression" or "multi-label"`),
    );
  }
  const fits = task === "multi-label" || (task === "classification") === (labels !== undefined);
  if (!fits) {
    throw new TypeError(
      because(`task is "${task}", which learns ${task === "regression" ? "targets" : "labels"}`),
    );
  }
  if (task === "regression" && names !== undefined) {
    throw new TypeError(because("classNames are for classes and labels, targets are numbers to predict"));
  }
  if (targets !== undefined) {
    return readTargets(targets, task, names, samples, { task: doing, name: "targets" });
  }
  const noTargets = new Float32Array(0);
  if (task === "multi-label") {
    const { column, ...found } = readLabelLists(labels, { task: doing, name: "labels" }, names);
    requireSamples("labels", found.samples, samples, because);
    if (given === undefined && column) {
      throw new TypeError(
        because(
          'labels are a list of one label for each sample; for classes give the labels alone, otherwise task "multi-label"',
        ),
      );
    }
    if (found.classNames.length === 0) throw new RangeError(because("no sample has a label"));
    return { task, ...found, outputCount: found.classNames.length, labels: new Uint32Array(0) };
  }
  const found = readClasses(labels, { task: doing, name: "labels" }, names);
  requireSamples("labels", found.labels.length, samples, because);
  const classes = found.classNames.length;
  if (classes < 2) {
    throw new RangeError(
      because(
        classes === 0
          ? "there is no sample"
          : `the only label is ${quote(found.classNames[0])}, at least 2 classes are needed`,
      ),
    );
  }
  return { task, ...found, outputCount: classes, targets: noTargets };
}

type Because = (found: string) => string;

function requireSamples(what: string, found: number, samples: number, because: Because): void {
  if (found === samples) return;
  throw new TypeError(because(`there are ${what} of ${found} samples, features of ${samples}`));
}

function readTargets(
  value: unknown,
  task: Task,
  names: readonly string[] | undefined,
  samples: number,
  place: Place,
): Answers {
  const because = (found: string) => `Cannot ${place.task}: ${found}`;
  // Rows are as long as the first one; what stands in one line is divided among the samples.
  const flat = ArrayBuffer.isView(value) || !isList(value) || typeof value[0] === "number";
  const found = readFloatMatrix(value, place, flat ? 1 : undefined);
  const outputCount = flat ? found.values.length / Math.max(samples, 1) : found.width;
  if (!flat) requireSamples("targets", found.rows, samples, because);
  if (!Number.isSafeInteger(outputCount) || outputCount < 1) {
    throw new TypeError(
      because(`targets are ${found.values.length} numbers, features are of ${samples} samples`),
    );
  }
  if (names !== undefined && names.length !== outputCount) {
    throw new TypeError(
      because(`there are ${names.length} classNames, targets are ${outputCount} of each sample`),
    );
  }
  const classNames = task === "multi-label"
    ? names ?? Array.from({ length: outputCount }, (_, at) => `${at}`)
    : [];
  return { task, outputCount, classNames, labels: new Uint32Array(0), targets: found.values };
}

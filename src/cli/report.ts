/**
 * What people read: the head of a run, and the summary at its end, on one screen.
 *
 * @module
 */
import { classCounts, type Dataset } from "../data/dataset.ts";
import { printable } from "../quote.ts";
import type { ModelSettings } from "../model/settings.ts";
import type { ModelStats } from "../model/stats.ts";
import { errorInOwnUnit, type TargetScaling } from "../model/target_scaling.ts";
import { topologyPicture, type TopologyRecord } from "../sparse/history.ts";
import type { HyperparameterOptions } from "../train/hyperparameters.ts";
import type { RunSummary } from "../train/records.ts";
import type { Calibration } from "../train/calibration.ts";
import { metricTitle } from "../train/selection.ts";
import { drawCurve, type Point } from "./curve.ts";
import {
  accuracy,
  bytes,
  count,
  duration,
  layerSizes,
  metric,
  percent,
  plain,
  plural,
  rate,
} from "../format.ts";
import { describeActivation } from "../model/activation.ts";
import { columns } from "./format.ts";

/** Most characters of a line that counts each class. */
const LONGEST_CLASSES = 90;

const CURVE = { width: 60, height: 6 };

/** One line about a data set. */
function describeDataset(data: Dataset): string {
  const { name, task, featureCount, outputCount, train, test } = data;
  const outputs = task === "classification"
    ? `${outputCount} classes`
    : plural(outputCount, task === "multi-label" ? "label" : "output");
  const samples = test === undefined
    ? plural(train.samples, "sample")
    : `${count(train.samples)} training and ${count(test.samples)} test samples`;
  return `${name}: ${samples}, ${plural(featureCount, "feature")}, ${outputs}`;
}

/** Lines about a data set: what it is, and how many training samples each class has. */
export function dataLines(data: Dataset): [title: string, text: string][] {
  const lines: [string, string][] = [["Data", describeDataset(data)]];
  if (data.task === "multi-label") return [...lines, ["Labels", describeLabels(data)]];
  if (data.task !== "classification") return lines;
  return [...lines, ["Classes", describeClasses(data)]];
}

/** A line about how training images are changed, where they are. */
export function imageLines({ augmentation }: HyperparameterOptions): [title: string, text: string][] {
  if (augmentation === undefined) return [];
  const { rotationDegrees, shiftFraction, flip } = augmentation;
  const ways = [
    rotationDegrees > 0 && `rotated up to ${rotationDegrees}°`,
    shiftFraction > 0 && `shifted up to ${Number((100 * shiftFraction).toPrecision(6))} %`,
    flip && "half of them mirrored",
  ].filter((way) => way !== false);
  return [["Images", ways.length === 0 ? "as they are" : `anew in each epoch ${ways.join(", ")}`]];
}

/** Training samples that each label applies to. */
function describeLabels({ train: { targets }, outputCount, classNames }: Dataset): string {
  const counts = Array<number>(outputCount).fill(0);
  for (const [place, applies] of targets.entries()) counts[place % outputCount] += applies;
  return describeCounts(counts, classNames);
}

/** Training samples of each class. */
function describeClasses({ train, outputCount, classNames }: Dataset): string {
  return describeCounts(Array.from(classCounts(train, outputCount)), classNames);
}

/** So many training samples each; where that is no short line, the fewest and the most. */
function describeCounts(counts: readonly number[], classNames: readonly string[]): string {
  const part = (place: number) => `${classNames[place] ?? place}: ${count(counts[place])}`;
  const all = counts.map((_, place) => part(place)).join(", ");
  if (all.length <= LONGEST_CLASSES) return all;
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  if (fewest === most) return `${count(most)} training samples each`;
  return `training samples from ${part(counts.indexOf(fewest))} to ${part(counts.indexOf(most))}`;
}

/** One line about a network. */
export function describeNetwork(settings: ModelSettings): string {
  const { sizes, epsilon, density, overallDensity, start, rewiring, activation, initializer } = settings;
  const sparsity = overallDensity !== undefined
    ? `density ${overallDensity} overall`
    : density === undefined
    ? `ε ${epsilon ?? 20}`
    : `density ${[density].flat().join(", ")}`;
  const begins = start === "random"
    ? ""
    : `, start ${start}${rewiring === undefined ? "" : ` (r ${rewiring})`}`;
  return `${layerSizes(sizes)}, ${sparsity}${begins}, ${describeActivation(activation)}, ${initializer}`;
}

/** Lines that name things: a title, then what it is, which may hold foreign texts. */
export function titled(lines: readonly (readonly [title: string, text: string])[]): string[] {
  const width = Math.max(...lines.map(([title]) => title.length));
  return lines.map(([title, text]) => `${title.padEnd(width)}  ${printable(text)}`);
}

/** The costs of a network beside those of a dense one. */
export function costTable(stats: ModelStats): string[] {
  const row = (
    what: string,
    show: (value: number) => string,
    sparse: number,
    dense: number,
  ) => [what, show(sparse), show(dense), percent(sparse / dense)];
  return columns([
    ["", "sparse", "dense", "share"],
    row("connections", count, stats.connections, stats.denseConnections),
    row("parameters", count, stats.parameters, stats.denseParameters),
    row("memory to train", bytes, stats.trainingBytes, stats.denseTrainingBytes),
    row("memory to use", bytes, stats.inferenceBytes, stats.denseInferenceBytes),
    row("operations to train, a sample", metric, stats.trainingFlops, stats.denseTrainingFlops),
    row("operations to use, a sample", metric, stats.forwardFlops, stats.denseForwardFlops),
  ], ["left", "right", "right", "right"]);
}

/** What the end of a run is told with. */
export interface ReportInput {
  readonly data: Dataset;
  readonly settings: ModelSettings;
  readonly errors: TestErrors;
  readonly stats: ModelStats;
  readonly summary: RunSummary;
  readonly curve: readonly Point[];
  readonly peakRssBytes: number;
  /** Training samples learned from in this run, for the pace. */
  readonly samplesTrained: number;
  /** Seconds of training in this run. */
  readonly trainSeconds: number;
  /** What has become of the connections, where that is kept. */
  readonly topology?: TopologyRecord | undefined;
  /** The temperature, where one was fitted. */
  readonly calibration?: Calibration | undefined;
}

/** Root mean squared errors in the target's own unit; for a regression of one target. */
export interface TestErrors {
  readonly bestTestRmse?: number;
  readonly lastTestRmse?: number;
}

/** The errors of the best and the last epoch, by their losses. */
export function testErrors(
  { bestTestLoss, lastTestLoss }: RunSummary,
  scaling: TargetScaling | undefined,
): TestErrors {
  const [best, last] = [bestTestLoss, lastTestLoss].map((loss) =>
    scaling && loss !== undefined ? errorInOwnUnit(scaling, loss) : undefined
  );
  return {
    ...(best !== undefined && { bestTestRmse: best }),
    ...(last !== undefined && { lastTestRmse: last }),
  };
}

/** The summary at the end of a run. */
export function report(input: ReportInput): string[] {
  const { data, settings, errors, stats, summary, curve } = input;
  const { trainSeconds, evolutionSeconds, evaluationSeconds } = summary;
  const pace = input.trainSeconds > 0 ? `; ${rate(input.samplesTrained / input.trainSeconds)}` : "";
  const lines = titled([
    ...dataLines(data),
    ["Network", describeNetwork(settings)],
    ["Parameters", parameterLine(summary)],
    ...scoreLines(data, summary, errors),
    ...keptLines(summary, stats),
    ...(input.topology ? [["Connections", topologyPicture(input.topology)] as const] : []),
    ...calibrationLines(input.calibration),
    [
      "Time",
      `${duration(trainSeconds + evolutionSeconds + evaluationSeconds)} for ${
        plural(summary.epochs, "epoch")
      }${summary.steps === undefined ? "" : ` and ${plural(summary.steps, "step")}`}: ` +
      `training ${duration(trainSeconds)}, evolution ${duration(evolutionSeconds)}, ` +
      `evaluation ${duration(evaluationSeconds)}${pace}`,
    ],
    ["Peak memory", bytes(input.peakRssBytes)],
  ]);
  const drawn = curve.length > 1 ? ["", ...learningCurve(data, curve)] : [];
  return [...lines, "", ...costTable(stats), ...drawn];
}

function parameterLine({ parametersStart, parametersEnd }: RunSummary): string {
  if (parametersStart === parametersEnd) return count(parametersEnd);
  return `${count(parametersStart)} → ${count(parametersEnd)} (${percent(parametersEnd / parametersStart)})`;
}

function scoreLines(
  data: Dataset,
  summary: RunSummary,
  errors: TestErrors,
): [string, string][] {
  const { bestTestAccuracy, lastTestAccuracy, bestTestLoss, lastTestLoss, bestEpoch } = summary;
  const { validationSelectedTestAccuracy, lastTrainAccuracy, lastTrainLoss } = summary;
  const lines: [string, string][] = [];
  // Inside its first epoch a run has no best one yet.
  const best = (shown: string) => bestEpoch === undefined ? "" : `best ${shown} (epoch ${bestEpoch}), `;
  if (lastTestAccuracy !== undefined) {
    const selected = validationSelectedTestAccuracy === undefined
      ? ""
      : `, at the best validation ${accuracy(validationSelectedTestAccuracy)}`;
    const baseline = data.task === "classification"
      ? ` (naming the largest class always: ${accuracy(largestClass(data))})`
      : ", of samples with all labels right";
    lines.push([
      "Test accuracy",
      `${best(accuracy(bestTestAccuracy ?? NaN))}last ${accuracy(lastTestAccuracy)}${selected}${baseline}`,
    ]);
  } else if (lastTestLoss !== undefined) {
    const lowest = best((bestTestLoss ?? NaN).toPrecision(4));
    lines.push(["Test loss", `${lowest}last ${lastTestLoss.toPrecision(4)}`]);
    const { bestTestRmse, lastTestRmse } = errors;
    if (lastTestRmse !== undefined) {
      const least = best(plain(bestTestRmse ?? NaN, 4));
      lines.push(["Test RMSE", `${least}last ${plain(lastTestRmse, 4)}, in the target's own unit`]);
    }
  }
  if (lastTrainLoss !== undefined) {
    const right = lastTrainAccuracy === undefined ? "" : `, accuracy ${accuracy(lastTrainAccuracy)}`;
    lines.push(["Training", `loss ${lastTrainLoss.toPrecision(4)}${right} in the last epoch, with dropout`]);
  }
  return lines;
}

/** Which epoch the model is of, where that is chosen, and its size where others have another. */
function keptLines({ kept, parametersEnd }: RunSummary, { parameters }: ModelStats): [string, string][] {
  if (kept === undefined) return [];
  const size = parameters === parametersEnd ? "" : `, with ${count(parameters)} parameters`;
  const value = plain(kept.value, 4);
  return [[
    "Kept",
    `epoch ${kept.epoch}, the best by validation ${metricTitle(kept.metric)}: ${value}${size}`,
  ]];
}

/** How sure the probabilities were before and after calibration, on the validation samples. */
function calibrationLines(found: Calibration | undefined): [string, string][] {
  if (found === undefined) return [];
  const { temperature, errorBefore, errorAfter, logLossBefore, logLossAfter } = found;
  const change = (before: number, after: number) => `${before.toPrecision(3)} → ${after.toPrecision(3)}`;
  return [[
    "Calibration",
    `temperature ${temperature.toPrecision(4)}: calibration error ${change(errorBefore, errorAfter)}, ` +
    `log loss ${change(logLossBefore, logLossAfter)} on the validation samples`,
  ]];
}

/** Share of the largest class in the test part. */
function largestClass({ test, outputCount }: Dataset): number {
  return test === undefined ? NaN : Math.max(...classCounts(test, outputCount)) / test.samples;
}

function learningCurve(data: Dataset, curve: readonly Point[]): string[] {
  const losses = data.task === "regression";
  const part = data.test === undefined ? "" : "test ";
  const label = losses ? (value: number) => value.toPrecision(3) : percent;
  return [`${part}${losses ? "loss" : "accuracy"} by epoch`, ...drawCurve(curve, { ...CURVE, label })];
}

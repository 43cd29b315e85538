/**
 * The curves of the run that a model came from.
 *
 * @module
 */
import type { SafeHtml } from "npm:@remix-run/html-template@0.3.1";
import { curves, type Line } from "../figures/curves.ts";
import { accuracy, count, plural, short } from "../format.ts";
import { MOST_RECORDS } from "../files/run_record.ts";
import type { EpochRecord } from "../train/records.ts";
import { figure, figures, type ReportContent, section, sentence } from "./content.ts";

/** Numbers of an epoch record. */
type Measure = {
  [K in keyof EpochRecord]-?: NonNullable<EpochRecord[K]> extends number ? K : never;
}[keyof EpochRecord];

/** Loss, accuracy and size by epoch. */
export async function learning({ run }: ReportContent): Promise<SafeHtml> {
  const records = run?.records ?? [];
  if (run === undefined || records.length === 0) {
    return section(
      "learning",
      "How it learned",
      sentence("The model file keeps no records of epochs: “train --output” of this version keeps them."),
    );
  }
  const thinned = run.recorded > records.length
    ? sentence(
      `The file keeps ${count(records.length)} of ${count(run.recorded)} records: of more than ${
        count(MOST_RECORDS)
      } every second one is left out.`,
    )
    : undefined;
  return section(
    "learning",
    "How it learned",
    thinned,
    figures(
      await losses(records),
      await accuracies(records),
      await scoring(records, String(run.settings.metric ?? "score")),
      await sizes(records),
      await flow(records),
    ),
  );
}

function lineOf(records: readonly EpochRecord[], name: string, measure: Measure): Line[] {
  const known = records.filter((record) => Number.isFinite(record[measure]));
  if (known.length === 0) return [];
  return [{ name, x: known.map(({ epoch }) => epoch), y: known.map((record) => record[measure] as number) }];
}

/** “training from 2.31 to 0.412, test from 2.29 to 0.501 in 20 epochs” */
function courses(lines: readonly Line[], show: (value: number) => string): string {
  return lines.map(({ name, y }) =>
    y.length === 1 ? `${name} ${show(y[0])}` : `${name} from ${show(y[0])} to ${show(y[y.length - 1])}`
  ).join(", ");
}

async function losses(records: readonly EpochRecord[]): Promise<SafeHtml | undefined> {
  const lines = [
    ...lineOf(records, "training", "trainLoss"),
    ...lineOf(records, "validation", "validationLoss"),
    ...lineOf(records, "test", "testLoss"),
  ];
  if (lines.length === 0) return undefined;
  const text = `Loss, ${courses(lines, short)}, in ${plural(records.at(-1)!.epoch, "epoch")}.`;
  return figure(await curves(text, lines, { x: "epoch", y: "loss" }), text, "Loss");
}

async function accuracies(records: readonly EpochRecord[]): Promise<SafeHtml | undefined> {
  const lines = [
    ...lineOf(records, "training", "trainAccuracy"),
    ...lineOf(records, "validation", "validationAccuracy"),
    ...lineOf(records, "test", "testAccuracy"),
  ];
  if (lines.length === 0) return undefined;
  const best = lines.at(-1)!;
  const place = best.y.reduce((top, value, at) => value > best.y[top] ? at : top, 0);
  const text = `Accuracy, ${courses(lines, accuracy)}. Best ${best.name} accuracy: ${
    accuracy(best.y[place])
  } after epoch ${best.x[place]}.`;
  return figure(
    await curves(text, lines, { x: "epoch", y: "accuracy in %", percent: true }),
    text,
    "Accuracy",
  );
}

async function scoring(records: readonly EpochRecord[], metric: string): Promise<SafeHtml | undefined> {
  const lines = lineOf(records, `validation ${metric}`, "validationScore");
  if (lines.length === 0) return undefined;
  const text = `What the epochs were judged by, ${courses(lines, short)}.`;
  return figure(await curves(text, lines, { x: "epoch", y: metric }), text, "Validation score");
}

/** Connections by epoch, where their number changed. */
async function sizes(records: readonly EpochRecord[]): Promise<SafeHtml | undefined> {
  const lines = lineOf(records, "connections", "connections");
  if (lines.length === 0 || lines[0].y.every((value) => value === lines[0].y[0])) return undefined;
  const text = `Number of ${courses(lines, count)}.`;
  return figure(await curves(text, lines, { x: "epoch", y: "connections" }), text, "Connections");
}

async function flow(records: readonly EpochRecord[]): Promise<SafeHtml | undefined> {
  const lines = lineOf(records, "gradient flow", "gradientFlow");
  if (lines.length === 0) return undefined;
  const text = `Mean squared norm of the gradient, ${courses(lines, short)}.`;
  return figure(await curves(text, lines, { x: "epoch", y: "squared norm" }), text, "Gradient flow");
}

/**
 * What models remember of the run that trained them, to show it in notebooks: as long as the program lasts.
 *
 * @module
 */
import { curves, type Line } from "../figures/curves.ts";
import { accuracy, count, duration, short } from "../format.ts";
import { htmlTable } from "../html.ts";

/** What is shown of an epoch. */
export interface CurvePoint {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  readonly validationLoss?: number | undefined;
  readonly validationAccuracy?: number | undefined;
  readonly testLoss?: number | undefined;
  readonly testAccuracy?: number | undefined;
  readonly connections: number;
  readonly seconds: number;
}

/** What is shown of the record of an epoch, without the rest of it. */
export function pointOf(record: CurvePoint): CurvePoint {
  const { epoch, trainLoss, trainAccuracy, validationLoss, validationAccuracy, testLoss, testAccuracy } =
    record;
  const { connections, seconds } = record;
  return {
    ...{ epoch, trainLoss, trainAccuracy, validationLoss, validationAccuracy, testLoss, testAccuracy },
    ...{ connections, seconds },
  };
}

const CURVES = new WeakMap<object, readonly CurvePoint[]>();

/** Remembers the epochs of a run, a list that may grow, by what it trains. */
export function keepCurve(model: object, points: readonly CurvePoint[]): void {
  CURVES.set(model, points);
}

/** The epochs of the last run of a model in this program. */
export function curveOf(model: object): readonly CurvePoint[] {
  return CURVES.get(model) ?? [];
}

/** Rows of a table of epochs. */
const MOST_ROWS = 12;

/** Parts of the data that have curves. */
const PARTS = ["train", "validation", "test"] as const;

/** Curves of the losses, and of the accuracies where there are some; nothing for fewer than two epochs. */
export async function curvesOf(points: readonly CurvePoint[]): Promise<string> {
  if (points.length < 2) return "";
  const lines = (measure: "Loss" | "Accuracy"): Line[] =>
    PARTS.flatMap((part) => {
      const told = points.filter((point) => Number.isFinite(point[`${part}${measure}`]));
      if (told.length === 0) return [];
      return [{
        name: part,
        x: told.map(({ epoch }) => epoch),
        y: told.map((point) => point[`${part}${measure}`]!),
      }];
    });
  const pictures = [];
  for (const measure of ["Loss", "Accuracy"] as const) {
    const drawn = lines(measure);
    if (drawn.length === 0) continue;
    const label = `${measure} by epoch: ${
      drawn.map(({ name, y }) => `${name} ${short(y[0])} to ${short(y[y.length - 1])}`).join(", ")
    }`;
    const axes = { x: "epoch", y: measure.toLowerCase(), percent: measure === "Accuracy" };
    pictures.push(await curves(label, drawn, axes));
  }
  return `<div>${pictures.join("")}</div>`;
}

/** A row for each of some epochs, evenly chosen; the last is there. */
export function epochTable(points: readonly CurvePoint[]): string {
  const every = Math.max(1, Math.ceil(points.length / MOST_ROWS));
  const shown = points.filter((_, place) => (points.length - 1 - place) % every === 0);
  const columns = ([
    ["epoch", ({ epoch }) => count(epoch)],
    ...PARTS.flatMap((part) =>
      [
        [`${part} loss`, (point) => number(point[`${part}Loss`], short)],
        [`${part} accuracy`, (point) => number(point[`${part}Accuracy`], accuracy)],
      ] as Column[]
    ),
    ["connections", ({ connections }) => count(connections)],
    ["time", ({ seconds }) => duration(seconds)],
  ] as Column[]).filter(([, show]) => shown.some((point) => show(point) !== ""));
  return htmlTable(
    columns.map(([name]) => name),
    shown.map((point) => columns.map(([, show]) => show(point))),
  );
}

type Column = readonly [name: string, show: (point: CurvePoint) => string];

function number(value: number | undefined, show: (value: number) => string): string {
  return value === undefined || Number.isNaN(value) ? "" : show(value);
}

/**
 * The learning curves in README: test accuracy by epoch, drawn from `bench/results/*-accuracy-*.json`.
 *
 * `deno run --allow-read bench/plot.ts > docs/learning-curves.svg`
 *
 * @module
 */
import type { Result } from "./accuracy.ts";
import { round, svgDocument } from "./svg.ts";

/** One line of a panel. */
export interface Curve {
  readonly label: string;
  readonly colour: string;
  /** After each epoch, or step. */
  readonly values: readonly number[];
}

/** One pair of axes. */
export interface Panel {
  readonly title: string;
  readonly curves: readonly Curve[];
  /** Values to compare with, such as the paper's best test accuracy; dashed lines. */
  readonly dashed: readonly { readonly value: number; readonly colour: string }[];
  /** Lowest and highest value shown, and the distance of two grid lines. */
  readonly lowest: number;
  readonly highest: number;
  readonly grid: number;
  /** How a value is written beside its grid line. */
  readonly written: (value: number) => string;
  /** Values that one point of a line is the mean of. */
  readonly mean: number;
}

const PANEL = { width: 440, height: 330, left: 48, right: 14, top: 40, bottom: 84, legend: 3 };
const [BLUE, ORANGE, GREY] = ["#1f6feb", "#d9730d", "#7d8590"];

/** The mean over several runs of the same row: test accuracy by epoch, and the weights it ends with. */
export function curveOf(label: string, colour: string, results: readonly Result[]): Curve {
  if (results.length === 0) throw new RangeError(`Cannot draw "${label}": there is no result of it`);
  const mean = (of: (result: Result) => number) =>
    results.reduce((sum, result) => sum + of(result), 0) / results.length;
  const epochs = Math.min(...results.map(({ testAccuracy }) => testAccuracy.length));
  const weights = mean(({ connectionsEnd }) => connectionsEnd) / 1000;
  const seeds = results.length === 1 ? "" : `, mean of ${results.length} runs`;
  return {
    label: `${label}: ${weights.toFixed(1)} k weights${seeds}`,
    colour,
    values: Array.from({ length: epochs }, (_, epoch) => mean(({ testAccuracy }) => testAccuracy[epoch])),
  };
}

/** Means of several values each: the line is readable, the file small. */
function thinned(values: readonly number[], size: number): [place: number, mean: number][] {
  const points: [number, number][] = [];
  for (let start = 0; start < values.length; start += size) {
    const part = values.slice(start, start + size);
    const mean = part.reduce((sum, value) => sum + value, 0) / part.length;
    points.push([start + (part.length + 1) / 2, mean]);
  }
  return points;
}

/** Panels side by side as an SVG document; curves are cut off below the lowest value shown. */
export function svg(panels: readonly Panel[]): string {
  const lines = Math.max(...panels.map(({ curves }) => curves.length));
  const height = PANEL.height + 16 * Math.max(0, lines - PANEL.legend);
  return svgDocument(panels.map(drawn), { panelWidth: PANEL.width, height });
}

function drawn({ title, curves, dashed, lowest, highest, grid, written, mean }: Panel): string[] {
  const { left, right, top, bottom, width, height } = PANEL;
  const epochs = Math.max(...curves.map(({ values }) => values.length));
  const x = (epoch: number) => round(left + epoch / epochs * (width - left - right));
  const y = (value: number) =>
    round(height - bottom - (value - lowest) / (highest - lowest) * (height - top - bottom));
  const lines = [`<text x="${left}" y="22" font-size="14" font-weight="600">${escape(title)}</text>`];
  for (let step = 0; lowest + step * grid <= highest + 1e-9; step++) {
    const value = lowest + step * grid;
    lines.push(`<path d="M${left} ${y(value)}H${width - right}" stroke="#d0d7de" stroke-width=".7"/>`);
    lines.push(`<text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${written(value)}</text>`);
  }
  for (let part = 0; part <= 5; part++) {
    const epoch = Math.round(part * epochs / 5);
    lines.push(`<text x="${x(epoch)}" y="${height - bottom + 16}" text-anchor="middle">${epoch}</text>`);
  }
  for (const { value, colour } of dashed) {
    lines.push(`<path d="M${left} ${y(value)}H${width - right}" stroke="${colour}" stroke-dasharray="5 4"/>`);
  }
  curves.forEach(({ label, colour, values }, place) => {
    const shown = thinned(values, mean).filter(([, value]) => value >= lowest);
    const points = shown.map(([epoch, value]) => `${x(epoch)},${y(value)}`).join(" ");
    lines.push(`<polyline fill="none" stroke="${colour}" stroke-width="1.6" points="${points}"/>`);
    const row = height - bottom + 36 + 16 * place;
    lines.push(`<path d="M${left} ${row - 4}h22" stroke="${colour}" stroke-width="2.4"/>`);
    lines.push(`<text x="${left + 28}" y="${row}">${escape(label)}</text>`);
  });
  return lines;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** The newest result of each seed of a row. */
async function resultsOf(row: string): Promise<Result[]> {
  const folder = new URL("results/", import.meta.url);
  const newest = new Map<string, string>();
  for (const name of [...Deno.readDirSync(folder)].map((entry) => entry.name).sort()) {
    const [, found, seed] = /-accuracy-(.+)-(seed\d+)\.json$/.exec(name) ?? [];
    if (found === row) newest.set(seed, name);
  }
  return await Promise.all(
    [...newest.values()].map(async (name) => JSON.parse(await Deno.readTextFile(new URL(name, folder)))),
  );
}

async function main(): Promise<void> {
  const curve = async (label: string, colour: string, row: string) =>
    curveOf(label, colour, await resultsOf(row));
  const percent = { written: (value: number) => `${Math.round(100 * value)} %`, mean: 5 };
  const madelon: Panel = {
    title: "Madelon: test accuracy by epoch",
    curves: [
      await curve("All-ReLU, Importance Pruning", ORANGE, "madelon-pruning"),
      await curve("All-ReLU", BLUE, "madelon"),
    ],
    dashed: [{ value: 0.77, colour: ORANGE }, { value: 0.7133, colour: BLUE }],
    lowest: 0.5,
    highest: 0.8,
    grid: 0.1,
    ...percent,
  };
  const fashion: Panel = {
    title: "Fashion-MNIST: test accuracy by epoch",
    curves: [
      await curve("All-ReLU", BLUE, "fashion-mnist"),
      await curve("ReLU", GREY, "fashion-mnist-relu"),
      await curve("All-ReLU, Importance Pruning", ORANGE, "fashion-mnist-pruning"),
    ],
    dashed: [
      { value: 0.9138, colour: BLUE },
      { value: 0.9048, colour: GREY },
      { value: 0.9012, colour: ORANGE },
    ],
    lowest: 0.84,
    highest: 0.92,
    grid: 0.02,
    ...percent,
  };
  console.log(svg([madelon, fashion]).trimEnd());
}

if (import.meta.main) await main();

/**
 * The loss of extreme networks by step, drawn from the results of `bench/scale.ts`.
 *
 * `deno run --allow-read bench/scale_plot.ts bench/results/<date>-scale-*.json > docs/scale-loss.svg`
 *
 * @module
 */
import { round, svgDocument } from "./svg.ts";

/** One line of a panel. */
export interface Curve {
  readonly label: string;
  readonly colour: string;
  /** After each step. */
  readonly values: readonly number[];
}

/** One pair of axes. */
export interface Panel {
  readonly title: string;
  readonly curves: readonly Curve[];
  /** Lowest and highest value shown, and the distance of two grid lines. */
  readonly lowest: number;
  readonly highest: number;
  readonly grid: number;
  /** How a value is written beside its grid line. */
  readonly written: (value: number) => string;
}

/** What a result of `bench/scale.ts` says of one network. */
export interface ScaleResult {
  readonly sizes: readonly number[];
  readonly connections: number;
  readonly settings: { readonly "batch-size": number };
  /** The loss of steps, with dropout in force. */
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
}

const COLOURS = ["#1f6feb", "#d9730d", "#1a7f37", "#8250df", "#cf222e", "#7d8590", "#9a6700"];

/** The line of one network. */
export function lossCurve({ sizes, connections, settings, curve }: ScaleResult, colour: string): Curve {
  const neurons = sizes.slice(1, -1).reduce((sum, size) => sum + size, 0);
  const label = `${neurons / 1e6} M neurons, ${(connections / 1e6).toFixed(0)} M connections, batches of ${
    settings["batch-size"]
  }`;
  return { label, colour, values: curve.map(({ loss }) => loss) };
}

const PANEL = { width: 440, height: 330, left: 48, right: 14, top: 40, bottom: 84, legend: 3 };

/** Panels side by side as an SVG document; curves are cut off below the lowest value shown. */
export function svg(panels: readonly Panel[]): string {
  const lines = Math.max(...panels.map(({ curves }) => curves.length));
  const height = PANEL.height + 16 * Math.max(0, lines - PANEL.legend);
  return svgDocument(panels.map(drawn), { panelWidth: PANEL.width, height });
}

function drawn({ title, curves, lowest, highest, grid, written }: Panel): string[] {
  const { left, right, top, bottom, width, height } = PANEL;
  const steps = Math.max(...curves.map(({ values }) => values.length));
  const x = (step: number) => round(left + step / steps * (width - left - right));
  const y = (value: number) =>
    round(height - bottom - (value - lowest) / (highest - lowest) * (height - top - bottom));
  const lines = [`<text x="${left}" y="22" font-size="14" font-weight="600">${escape(title)}</text>`];
  for (let step = 0; lowest + step * grid <= highest + 1e-9; step++) {
    const value = lowest + step * grid;
    lines.push(`<path d="M${left} ${y(value)}H${width - right}" stroke="#d0d7de" stroke-width=".7"/>`);
    lines.push(`<text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${written(value)}</text>`);
  }
  for (let part = 0; part <= 5; part++) {
    const step = Math.round(part * steps / 5);
    lines.push(`<text x="${x(step)}" y="${height - bottom + 16}" text-anchor="middle">${step}</text>`);
  }
  curves.forEach(({ label, colour, values }, place) => {
    const shown = values.map((value, place) => [place + 1, value]).filter(([, value]) => value >= lowest);
    const points = shown.map(([step, value]) => `${x(step)},${y(value)}`).join(" ");
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

if (import.meta.main) {
  const results = Deno.args.map((path): ScaleResult => JSON.parse(Deno.readTextFileSync(path)));
  const panel = (title: string, chosen: readonly ScaleResult[], lowest: number, grid: number) => ({
    title,
    curves: chosen.map((result, place) => lossCurve(result, COLOURS[place])),
    lowest,
    highest: 0.7,
    grid,
    written: (value: number) => value.toFixed(2),
  });
  const deep = ({ sizes }: ScaleResult) => sizes.length > 7;
  console.log(
    svg([
      panel("Loss by step, 2 and 4 hidden layers", results.filter((result) => !deep(result)), 0, 0.1),
      panel("Loss by step, 10 hidden layers", results.filter(deep), 0.67, 0.01),
    ]).trimEnd(),
  );
}

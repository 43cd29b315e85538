/**
 * Time and memory against density as an SVG, drawn from `bench/results/<date>-density.json`.
 *
 * `deno run --allow-read bench/density_plot.ts bench/results/<date>-density.json > docs/density.svg`
 *
 * @module
 */
import type { DensityResult } from "./density.ts";
import { round, svgDocument } from "./svg.ts";

const PANEL = { width: 440, height: 300, left: 58, right: 16, top: 40, bottom: 66 };
const [BLUE, ORANGE] = ["#1f6feb", "#d9730d"];

/** One pair of logarithmic axes: a line over density, and the dense network's value across. */
interface Panel {
  readonly title: string;
  readonly points: readonly (readonly [density: number, value: number])[];
  readonly dense: number;
  readonly crossover: number | undefined;
}

/** The result as an SVG document: time on the left, memory on the right, both axes logarithmic. */
export function densitySvg({ network, batch, dense, rows, crossover, threads }: DensityResult): string {
  const mebibytes = (bytes: number) => bytes / 2 ** 20;
  const panels: Panel[] = [
    {
      title: `Milliseconds a step of ${batch} samples`,
      points: rows.map(({ density, medianMs }) => [density, medianMs]),
      dense: dense.medianMs,
      crossover: crossover.time,
    },
    {
      title: "MiB of weights, optimizer state and topology",
      points: rows.map(({ density, bytes }) => [density, mebibytes(bytes)]),
      dense: mebibytes(dense.bytes),
      crossover: crossover.memory,
    },
  ];
  const legend = PANEL.height - 12;
  return svgDocument(panels.map(drawn), { panelWidth: PANEL.width, height: PANEL.height }, [
    `<path d="M${PANEL.left} ${legend - 4}h22" stroke="${BLUE}" stroke-width="2.4"/>`,
    `<text x="${PANEL.left + 28}" y="${legend}">truly sparse, ${network}, threads: ${threads}</text>`,
    `<path d="M${PANEL.width} ${legend - 4}h22" stroke="${ORANGE}" stroke-dasharray="5 4" stroke-width="2"/>`,
    `<text x="${PANEL.width + 28}" y="${legend}">${dense.system}</text>`,
  ]);
}

function drawn({ title, points, dense, crossover }: Panel): string[] {
  const { left, right, top, bottom, width, height } = PANEL;
  const densities = points.map(([density]) => density);
  const values = [...points.map(([, value]) => value), dense];
  const [lowX, highX] = decades(densities);
  const [lowY, highY] = decades(values);
  const along = (value: number, low: number, high: number) => (Math.log10(value) - low) / (high - low);
  const x = (density: number) => round(left + along(density, lowX, highX) * (width - left - right));
  const y = (value: number) => round(height - bottom - along(value, lowY, highY) * (height - top - bottom));
  const lines = [`<text x="${left}" y="22" font-size="14" font-weight="600">${title}</text>`];
  for (let decade = lowY; decade <= highY; decade++) {
    const at = y(10 ** decade);
    lines.push(`<path d="M${left} ${at}H${width - right}" stroke="#d0d7de" stroke-width=".7"/>`);
    lines.push(
      `<text x="${left - 6}" y="${at + 4}" text-anchor="end">${+(10 ** decade).toPrecision(1)}</text>`,
    );
  }
  for (let decade = lowX; decade <= highX; decade++) {
    const percent = `${+(100 * 10 ** decade).toPrecision(1)} %`;
    lines.push(
      `<text x="${x(10 ** decade)}" y="${height - bottom + 16}" text-anchor="middle">${percent}</text>`,
    );
  }
  lines.push(`<path d="M${left} ${y(dense)}H${width - right}" stroke="${ORANGE}" stroke-dasharray="5 4"/>`);
  const path = points.map(([density, value]) => `${x(density)},${y(value)}`).join(" ");
  lines.push(`<polyline fill="none" stroke="${BLUE}" stroke-width="1.6" points="${path}"/>`);
  for (const [density, value] of points) {
    lines.push(`<circle cx="${x(density)}" cy="${y(value)}" r="2.5" fill="${BLUE}"/>`);
  }
  if (crossover !== undefined) {
    const [at, level] = [x(crossover), y(dense)];
    lines.push(`<circle cx="${at}" cy="${level}" r="4.5" fill="none" stroke="#24292f"/>`);
    const text = `equal at ${(100 * crossover).toPrecision(2)} %`;
    lines.push(`<text x="${at - 8}" y="${level - 8}" text-anchor="end">${text}</text>`);
  }
  return lines;
}

/** Whole powers of ten around the values. */
function decades(values: readonly number[]): [low: number, high: number] {
  return [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))];
}

if (import.meta.main) {
  const [path] = Deno.args;
  if (path === undefined) throw new TypeError("Cannot draw: expected the path of a density result");
  console.log(densitySvg(JSON.parse(await Deno.readTextFile(path))).trimEnd());
}

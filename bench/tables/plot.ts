/**
 * The picture of tables in README: what each system scores on each table, drawn from the newest
 * `bench/results/tables-*.json`.
 *
 * `deno run --allow-read bench/tables/plot.ts > docs/tables.svg`
 *
 * @module
 */
import { count } from "../../src/format.ts";
import { BEST_OF, OURS, points, type Row } from "./score.ts";

/** Tables of at most so many rows stand in the first panel. */
const FEW_ROWS = 600;
/** Scores below stand at the edge, in points. */
const LOWEST = 40;
const PANEL = { width: 460, left: 190, right: 16, top: 40, row: 19, bottom: 58 };

/** Where the systems stand in the legend, ours first. */
const LEGEND_PLACES: readonly number[] = [200, 330, 540, 630];

/** How a system is drawn: a colour, and a shape around a place. */
interface Mark {
  readonly title: string;
  readonly colour: string;
  readonly shape: (x: number, y: number) => string;
}

const circle = (radius: number) => (x: number, y: number) => `<circle cx="${x}" cy="${y}" r="${radius}"`;
const MARKS: Readonly<Record<string, Mark>> = {
  linear: {
    title: "logistic or ridge regression",
    colour: "#7d8590",
    shape: (x, y) => `<path d="M${x} ${y - 5}v10"`,
  },
  mlp: {
    title: "MLP",
    colour: "#d9730d",
    shape: (x, y) => `<path d="M${round(x - 4.5)} ${y}l4.5-4.5 4.5 4.5-4.5 4.5z"`,
  },
  forest: {
    title: "random forest",
    colour: "#1a7f37",
    shape: (x, y) => `<path d="M${round(x - 3.5)} ${round(y - 3.5)}h7v7h-7z"`,
  },
  [OURS]: { title: OURS, colour: "#1f6feb", shape: circle(4.5) },
};

/** Points of ours above the best of the others. */
function lead({ scores }: Row): number {
  return points(scores[OURS]) - Math.max(...BEST_OF.map((system) => points(scores[system])));
}

/** The scores as an SVG document: a panel of small tables and one of larger ones, those ahead of the others first. */
export function tablesSvg(rows: readonly Row[]): string {
  const full = rows.filter(({ scores }) => [OURS, ...BEST_OF].every((system) => system in scores));
  const ordered = full.toSorted((a, b) => lead(b) - lead(a));
  const few = ordered.filter(({ table }) => table.rows <= FEW_ROWS);
  const many = ordered.filter(({ table }) => table.rows > FEW_ROWS);
  const most = Math.max(few.length, many.length);
  const height = PANEL.top + most * PANEL.row + PANEL.bottom;
  const panels = [drawn(`Up to ${FEW_ROWS} rows`, few), drawn(`More than ${FEW_ROWS} rows`, many)];
  return svgDocument(panels, height, legend(height - 14));
}

/** An SVG document: the lines of each panel side by side, then those of the legend. */
function svgDocument(
  panels: readonly (readonly string[])[],
  height: number,
  legend: readonly string[],
): string {
  const width = panels.length * PANEL.width;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" ` +
    `height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#24292f">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...panels.flatMap((lines, place) => [
      `<g transform="translate(${place * PANEL.width} 0)">`,
      ...lines,
      "</g>",
    ]),
    ...legend,
    "</svg>",
    "",
  ].join("\n");
}

/** A tenth of a pixel is as fine as a drawing gets. */
function round(value: number): number {
  return Math.round(10 * value) / 10;
}

function drawn(title: string, rows: readonly Row[]): string[] {
  const { width, left, right, top, row } = PANEL;
  const x = (score: number) =>
    round(left + (Math.max(LOWEST, score) - LOWEST) / (100 - LOWEST) * (width - left - right));
  const end = top + rows.length * row;
  const lines = [`<text x="${left}" y="22" font-size="14" font-weight="600">${title}</text>`];
  for (let score = LOWEST; score <= 100; score += 20) {
    lines.push(`<path d="M${x(score)} ${top}V${end}" stroke="#d0d7de" stroke-width=".7"/>`);
    lines.push(`<text x="${x(score)}" y="${end + 16}" text-anchor="middle">${score}</text>`);
  }
  rows.forEach(({ table, scores }, place) => {
    const y = top + (place + 0.5) * row;
    const of = table.classes === 0 ? ", R²" : "";
    const name = `${table.table}${of} <tspan fill="#6e7781">${count(table.rows)} × ${
      count(table.columns)
    }</tspan>`;
    lines.push(`<text x="${left - 10}" y="${y + 4}" text-anchor="end">${name}</text>`);
    lines.push(`<path d="M${left} ${y}H${width - right}" stroke="#d0d7de" stroke-width=".7"/>`);
    for (const system of Object.keys(MARKS)) lines.push(mark(system, x(points(scores[system])), y));
  });
  return lines;
}

/** Ours is filled, others are outlines. */
function mark(system: string, x: number, y: number): string {
  const { colour, shape } = MARKS[system];
  const fill = system === OURS ? colour : "none";
  return `${shape(x, y)} fill="${fill}" stroke="${colour}" stroke-width="1.8"/>`;
}

function legend(y: number): string[] {
  return [OURS, ...BEST_OF].flatMap((system, place) => {
    const x = LEGEND_PLACES[place];
    return [mark(system, x, y - 4), `<text x="${x + 12}" y="${y}">${MARKS[system].title}</text>`];
  });
}

async function newest(): Promise<readonly Row[]> {
  const folder = new URL("../results/", import.meta.url);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => /^tables-/.test(name));
  const found = names.sort().at(-1);
  if (found === undefined) throw new Error(`Cannot draw tables: ${folder.pathname} has no tables-*.json`);
  return JSON.parse(await Deno.readTextFile(new URL(found, folder))).rows;
}

if (import.meta.main) console.log(tablesSvg(await newest()).trimEnd());

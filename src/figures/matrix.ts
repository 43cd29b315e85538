/**
 * A table of shares as coloured cells: which class is taken for which.
 *
 * @module
 */
import { RAMP } from "./colours.ts";
import { draw } from "./draw.ts";

/** What the rows and columns are. */
export interface MatrixOptions {
  /** Names of rows and columns. */
  readonly names: readonly string[];
  /** Title of the rows. */
  readonly y: string;
  /** Title of the columns. */
  readonly x: string;
  /** What is written into each cell. */
  readonly text: (value: number, row: number) => string;
}

/** Characters of a name that are shown. */
const LONGEST_NAME = 12;
/** Characters of a name that stands beside another. */
const LONGEST_LEVEL = 4;

/**
 * Draws a square of cells, each as bright as its share of its row, with its number where there is room.
 *
 * @param label What the picture shows, for those who do not see it.
 * @param rows `[row][column]`, at least 0, as many columns as rows.
 */
export async function matrix(
  label: string,
  rows: readonly (readonly number[])[],
  { names, x, y, text }: MatrixOptions,
): Promise<string> {
  const cells = rows.flatMap((row, at) => {
    const sum = row.reduce((all, value) => all + value, 0);
    return row.map((value, column) => ({
      row: at,
      column,
      share: sum > 0 ? value / sum : 0,
      text: text(value, at),
    }));
  });
  const shown = rows.map((_, place) => cut(names[place] ?? `${place}`, LONGEST_NAME));
  const upright = shown.every((name) => [...name].length <= LONGEST_LEVEL);
  const longest = Math.max(...shown.map((name) => [...name].length));
  const margin = 28 + 6.6 * longest;
  const side = Math.max(26, Math.min(64, 340 / rows.length));
  const size = Math.round(side * rows.length);
  const widest = Math.max(...cells.map((cell) => cell.text.length));
  const fits = widest * 6.2 < side - 2;
  return await draw(label, (plot) => ({
    width: Math.round(margin) + size + 8,
    height: size + 46 + (upright ? 0 : Math.round(6.2 * longest - 14)),
    marginLeft: Math.round(margin),
    marginRight: 8,
    marginTop: upright ? 46 : Math.round(32 + 6.2 * longest),
    marginBottom: 0,
    style: { fontSize: "11px" },
    color: { type: "linear", range: [...RAMP], domain: [0, 1] },
    x: {
      axis: "top",
      label: x,
      labelAnchor: "right",
      labelArrow: "none",
      tickSize: 0,
      tickFormat: (place: number) => shown[place],
      tickRotate: upright ? 0 : -90,
    },
    y: {
      label: y,
      labelAnchor: "top",
      labelArrow: "none",
      tickSize: 0,
      tickFormat: (place: number) => shown[place],
    },
    marks: [
      plot.cell(cells, { x: "column", y: "row", fill: "share", inset: 0.5 }),
      ...(fits
        ? [plot.text(cells, {
          x: "column",
          y: "row",
          text: "text",
          fill: ({ share }: { share: number }) => share > 0.55 ? "black" : "white",
        })]
        : []),
    ],
  }));
}

/** The beginning of a long name. */
function cut(name: string, most: number): string {
  const letters = [...name];
  return letters.length <= most ? name : `${letters.slice(0, most - 1).join("")}…`;
}

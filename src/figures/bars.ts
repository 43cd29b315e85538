/**
 * Bars beside names: a ranking.
 *
 * @module
 */
import { COLOURS } from "./colours.ts";
import { draw } from "./draw.ts";

/** A bar and its name. */
export interface Bar {
  readonly name: string;
  /** At least 0. */
  readonly value: number;
}

/** What the bars are of. */
export interface BarsOptions {
  /** Title of the axis. */
  readonly x: string;
  /** Pixels. @default {420} */
  readonly width?: number;
}

/** Characters of a name that are shown. */
const LONGEST_NAME = 18;
const ROW = 22;

/**
 * Draws a bar for each name, in the order given, from above.
 *
 * @param label What the picture shows, for those who do not see it.
 */
export async function bars(
  label: string,
  rows: readonly Bar[],
  { x, width = 420 }: BarsOptions,
): Promise<string> {
  const names = rows.map(({ name }) => cut(name));
  const longest = Math.max(0, ...names.map((name) => [...name].length));
  return await draw(label, (plot) => ({
    width,
    height: rows.length * ROW + 44,
    marginLeft: 16 + 7 * longest,
    marginTop: 4,
    marginBottom: 40,
    marginRight: 24,
    style: { fontSize: "12px" },
    x: { label: x, labelAnchor: "center", labelArrow: "none", grid: true, ticks: 4, zero: true },
    // By place: two names may be alike.
    y: { label: null, tickSize: 0, tickFormat: (place: number) => names[place], padding: 0.25 },
    marks: [
      plot.barX(rows, { y: (_, place) => place, x: "value", fill: COLOURS[0] }),
    ],
  }));
}

/** The beginning of a long name. */
function cut(name: string): string {
  const letters = [...name];
  return letters.length <= LONGEST_NAME ? name : `${letters.slice(0, LONGEST_NAME - 1).join("")}…`;
}

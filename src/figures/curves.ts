/**
 * Lines over a common axis: losses by epoch, metrics by epoch, error by density.
 *
 * @module
 */
import type { ScaleOptions } from "npm:@observablehq/plot@0.6.17";
import { roomyTicks } from "./axis.ts";
import { COLOURS, DASHES } from "./colours.ts";
import { draw } from "./draw.ts";
import { legend } from "./legend.ts";

/** One line of a picture. */
export interface Line {
  readonly name: string;
  readonly x: readonly number[];
  /** As many values as `x` has; where one is not finite, the line has a gap. */
  readonly y: readonly number[];
}

/** What the axes say, and how large the picture is. */
export interface CurvesOptions {
  /** Title of the horizontal axis. */
  readonly x: string;
  /** Title of the vertical axis. */
  readonly y: string;
  /** Whether the vertical axis shows shares as percent. @default {false} */
  readonly percent?: boolean;
  /** Pixels. @default {420} */
  readonly width?: number;
  /** Pixels. @default {280} */
  readonly height?: number;
}

/** More points than a picture has half pixels show nothing more. */
const MOST_POINTS = 1024;

/**
 * Draws lines over a common axis, each with its colour, its dashes and its name above.
 *
 * Points of a line that are more than 1,024 are thinned evenly; the last stays.
 *
 * @param label What the picture shows, for those who do not see it.
 * @throws {TypeError} When a line has not as many `y` as `x`.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { curves } from "./curves.ts";
 *
 * const lines = [{ name: "training", x: [1, 2, 3], y: [2, 1, 0.5] }];
 * const picture = await curves("The training loss falls from 2 to 0.5", lines, { x: "epoch", y: "loss" });
 * assert(picture.startsWith("<svg") && picture.includes("training"));
 * ```
 */
export async function curves(
  label: string,
  lines: readonly Line[],
  { x, y, percent = false, width = 420, height = 280 }: CurvesOptions,
): Promise<string> {
  const scale = percent ? 100 : 1;
  const drawn = lines.map(({ name, x, y }, place) => {
    if (x.length !== y.length) {
      throw new TypeError(
        `Cannot draw the line "${name}": it has ${x.length} places and ${y.length} values, expected as many of both`,
      );
    }
    return {
      name,
      points: thinned(x.map((value, at) => [value, Number.isFinite(y[at]) ? scale * y[at] : NaN] as const)),
      colour: COLOURS[place % COLOURS.length],
      dash: DASHES[place % DASHES.length],
    };
  });
  const key = legend(drawn, width);
  const shown = drawn.flatMap(({ points }) => points);
  return await draw(label, (plot) => ({
    width,
    height,
    marginTop: key.height + 32,
    marginLeft: 48,
    marginBottom: 38,
    style: { fontSize: "12px" },
    x: { label: x, labelAnchor: "center", labelArrow: "none", ...ticksOf(shown.map(([at]) => at)) },
    y: {
      label: null,
      grid: true,
      nice: true,
      ticks: 5,
      ...roomyTicks(shown.map(([, value]) => value)),
      ...roomAround(shown.map(([, value]) => value)),
    },
    marks: [
      ...drawn.map(({ points, colour, dash }) =>
        points.length === 1
          ? plot.dot(points, { fill: colour, r: 4 })
          : plot.line(points, { stroke: colour, strokeWidth: 2, strokeDasharray: dash })
      ),
      plot.text([y], { frameAnchor: "top-left", dx: -46, dy: -20, fill: "currentColor" }),
      key.mark,
    ],
  }));
}

/** At most so many points, evenly from the first to the last. */
function thinned<T>(points: readonly T[]): readonly T[] {
  if (points.length <= MOST_POINTS) return points;
  const step = (points.length - 1) / (MOST_POINTS - 1);
  return Array.from({ length: MOST_POINTS }, (_, place) => points[Math.round(place * step)]);
}

/** Ticks of an axis: of a few whole places each, of one alone with room beside it. */
function ticksOf(places: readonly number[]): ScaleOptions {
  const [least, most] = [Math.min(...places), Math.max(...places)];
  if (!places.every(Number.isInteger) || most - least > 8) return { ticks: 6 };
  return {
    ticks: Array.from({ length: Math.max(0, most - least + 1) }, (_, step) => least + step),
    tickFormat: String,
    ...(least === most && { domain: [least - 1, most + 1] }),
  };
}

/** The domain of values that are all one; of others the axis finds its own. */
function roomAround(values: readonly number[]): ScaleOptions {
  const finite = values.filter(Number.isFinite);
  const [first = 0] = finite;
  if (!finite.every((value) => value === first)) return {};
  return { domain: first === 0 ? [0, 1] : first > 0 ? [0, 2 * first] : [2 * first, 0] };
}

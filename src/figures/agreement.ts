/**
 * What was said against what is: points that lie on the diagonal where both agree.
 *
 * @module
 */
import { roomyTicks } from "./axis.ts";
import { COLOURS } from "./colours.ts";
import { draw } from "./draw.ts";

/** A point. */
export interface Pair {
  /** What was said. */
  readonly x: number;
  /** What is. */
  readonly y: number;
  /** How much it counts, for its size; points without one are small. */
  readonly weight?: number;
}

/** What the axes say. */
export interface AgreementOptions {
  readonly x: string;
  readonly y: string;
  /** Where both axes begin and end. @default what the points take */
  readonly domain?: readonly [least: number, most: number];
  /** Whether points are joined by a line. @default {false} */
  readonly joined?: boolean;
  /** Whether both axes show shares as percent. @default {false} */
  readonly percent?: boolean;
}

const SIDE = 340;

/**
 * Draws points over a diagonal.
 *
 * @param label What the picture shows, for those who do not see it.
 */
export async function agreement(
  label: string,
  pairs: readonly Pair[],
  { x, y, domain, joined = false, percent = false }: AgreementOptions,
): Promise<string> {
  const scale = percent ? 100 : 1;
  const points = pairs.map((pair) => ({ ...pair, x: scale * pair.x, y: scale * pair.y }));
  let [least, most] = [Infinity, -Infinity];
  for (const { x, y } of points) [least, most] = [Math.min(least, x, y), Math.max(most, x, y)];
  if (domain !== undefined) [least, most] = domain.map((end) => scale * end);
  if (!(least < most)) [least, most] = [least - 1 || 0, most + 1 || 1];
  const heaviest = Math.max(...points.map(({ weight = 0 }) => weight));
  const radius = ({ weight }: Pair) => weight === undefined ? 2 : 2.5 + 5 * Math.sqrt(weight / heaviest);
  const axis = {
    domain: [least, most],
    ticks: 5,
    grid: true,
    nice: domain === undefined,
    ...roomyTicks([least, most]),
  };
  return await draw(label, (plot) => ({
    width: SIDE,
    height: SIDE,
    marginLeft: 56,
    marginTop: 28,
    marginBottom: 40,
    style: { fontSize: "12px" },
    x: { label: x, labelAnchor: "center", labelArrow: "none", ...axis },
    y: { label: null, ...axis },
    marks: [
      plot.line([[least, least], [most, most]], {
        stroke: "currentColor",
        strokeDasharray: "4 4",
        strokeOpacity: 0.6,
      }),
      ...(joined ? [plot.line(points, { x: "x", y: "y", stroke: COLOURS[0], strokeWidth: 2 })] : []),
      plot.dot(points, {
        x: "x",
        y: "y",
        r: { value: points.map(radius), scale: null },
        fill: COLOURS[0],
        fillOpacity: joined ? 1 : 0.5,
      }),
      plot.text([y], { frameAnchor: "top-left", dx: -54, dy: -22, fill: "currentColor" }),
    ],
  }));
}

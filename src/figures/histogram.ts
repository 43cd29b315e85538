/**
 * How numbers are spread: counts in bins of equal width.
 *
 * @module
 */
import { countTicks, roomyTicks } from "./axis.ts";
import { COLOURS } from "./colours.ts";
import { draw } from "./draw.ts";

/** Numbers counted in bins of equal width. */
export interface Bins {
  /** Where the first bin begins. */
  readonly least: number;
  /** Where the last bin ends. */
  readonly most: number;
  /** Numbers in each bin. */
  readonly counts: readonly number[];
}

/** What is counted. */
export interface HistogramOptions {
  /** Title of the axis of the numbers. */
  readonly x: string;
  /** Title of the axis of the counts. */
  readonly y: string;
  /** Pixels. @default {300} */
  readonly width?: number;
  /** Pixels. @default {190} */
  readonly height?: number;
  /** Whether numbers are whole: then the first bin begins half before `least`, the last ends half after `most`. @default {false} */
  readonly whole?: boolean;
  /** Place among the colours. @default {0} */
  readonly colour?: number;
}

/**
 * Draws a bar for each bin.
 *
 * @param label What the picture shows, for those who do not see it.
 */
export async function histogram(
  label: string,
  { least, most, counts }: Bins,
  { x, y, width = 300, height = 190, whole = false, colour = 0 }: HistogramOptions,
): Promise<string> {
  const [begin, end] = whole
    ? [least - 0.5, most + 0.5]
    : least === most
    ? [least - 0.5, least + 0.5]
    : [least, most];
  const step = (end - begin) / Math.max(1, counts.length);
  const rows = counts.map((count, bin) => ({
    from: begin + bin * step,
    to: begin + (bin + 1) * step,
    count,
  }));
  const few = whole && most - least <= 6;
  const ticks = few ? Array.from({ length: most - least + 1 }, (_, place) => least + place) : 5;
  return await draw(label, (plot) => ({
    width,
    height,
    marginLeft: 48,
    marginTop: 26,
    marginBottom: 38,
    style: { fontSize: "12px" },
    x: {
      label: x,
      labelAnchor: "center",
      labelArrow: "none",
      ticks,
      ...(few ? { tickFormat: String } : roomyTicks([begin, end])),
    },
    y: {
      label: null,
      grid: true,
      nice: true,
      domain: [0, Math.max(1, ...counts)],
      ...countTicks(Math.max(1, ...counts)),
    },
    marks: [
      plot.rectY(rows, {
        x1: "from",
        x2: "to",
        y: "count",
        fill: COLOURS[colour % COLOURS.length],
        inset: 0.5,
      }),
      plot.ruleY([0], { stroke: "currentColor" }),
      plot.text([y], { frameAnchor: "top-left", dx: -46, dy: -22, fill: "currentColor" }),
    ],
  }));
}

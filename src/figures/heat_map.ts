/**
 * A map of pixels: one value each, from dark to bright.
 *
 * @module
 */
import type { RenderFunction } from "npm:@observablehq/plot@0.6.17";
import { RAMP } from "./colours.ts";
import { draw } from "./draw.ts";

/** Shape of the map, and what its values are. */
export interface HeatMapOptions {
  /** Columns of pixels. */
  readonly width: number;
  /** Rows of pixels. */
  readonly height: number;
  /** What is shown, written below beside the scale. @default {""} */
  readonly title?: string;
  /** The value of the brightest colour; larger ones have it too. @default {the largest value} */
  readonly most?: number;
}

const SVG = "http://www.w3.org/2000/svg";
/** Pixels of the picture's side, of the scale below it. */
const [SIDE, SCALE] = [280, 44];
/** Shades of the map. */
const SHADES = 40;
/** Most pixels a side; a larger map is drawn by the means of squares. */
const MOST_PIXELS = 128;

/**
 * Draws a map of pixels; what is 0 is darkest, what is not finite stays empty. The scale stands below.
 *
 * A map of more than 128 pixels a side shows the means of squares of them.
 *
 * @param label What the map shows, for those who do not see it.
 * @param values Row by row, `height × width` values of at least 0.
 * @throws {TypeError} When there are not as many values as pixels.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { heatMap } from "./heat_map.ts";
 *
 * const picture = await heatMap("Brightest in the lower right", [0, 1, 2, 3], { width: 2, height: 2 });
 * assert(picture.startsWith("<svg"));
 * ```
 */
export async function heatMap(
  label: string,
  values: ArrayLike<number>,
  { width, height, title = "", most }: HeatMapOptions,
): Promise<string> {
  if (values.length !== width * height) {
    throw new TypeError(
      `Cannot draw a map of ${width} × ${height} pixels: found ${values.length} values, expected one a pixel`,
    );
  }
  const map = coarser(values, width, height);
  const largest = most ?? map.values.reduce((top, value) => value > top ? value : top, 0);
  const scale = SIDE / Math.max(map.width, map.height);
  const size = { width: Math.round(map.width * scale), height: Math.round(map.height * scale) };
  return await draw(label, (plot) => {
    const shade = shades(plot.scale({ color: { range: [...RAMP], domain: [0, 1], type: "linear" } }).apply);
    return {
      width: Math.max(size.width, 160),
      height: size.height + SCALE,
      margin: 0,
      style: { fontSize: "12px" },
      axis: null,
      marks: [pixels(map, largest, scale, shade), key(size.height, largest, title, shade)],
    };
  });
}

/** The colours of the shades, from dark to bright. */
function shades(colour: (share: number) => string): string[] {
  return Array.from({ length: SHADES }, (_, place) => colour(place / (SHADES - 1)));
}

interface PixelMap {
  readonly values: readonly number[];
  readonly width: number;
  readonly height: number;
}

/** A map that is small enough to draw: means of squares. */
function coarser(values: ArrayLike<number>, width: number, height: number): PixelMap {
  const side = Math.ceil(Math.max(width, height) / MOST_PIXELS);
  if (side <= 1) return { values: Array.from(values), width, height };
  const [columns, rows] = [Math.ceil(width / side), Math.ceil(height / side)];
  const [sums, counts] = [new Float64Array(columns * rows), new Float64Array(columns * rows)];
  for (let pixel = 0; pixel < values.length; pixel++) {
    if (!Number.isFinite(values[pixel])) continue;
    const square = Math.floor(Math.floor(pixel / width) / side) * columns + Math.floor(pixel % width / side);
    sums[square] += values[pixel];
    counts[square]++;
  }
  return { values: Array.from(sums, (sum, square) => sum / counts[square]), width: columns, height: rows };
}

/** One path for each shade; neighbours of a row that share theirs are one bar. */
function pixels(
  { values, width, height }: PixelMap,
  most: number,
  scale: number,
  shade: readonly string[],
): RenderFunction {
  const paths = Array<string>(SHADES).fill("");
  const level = (pixel: number) =>
    Number.isFinite(values[pixel])
      ? Math.round(Math.min(1, Math.max(0, most > 0 ? values[pixel] / most : 0)) * (SHADES - 1))
      : -1;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width;) {
      const here = level(row * width + column);
      let end = column + 1;
      while (end < width && level(row * width + end) === here) end++;
      if (here >= 0) paths[here] += `M${column} ${row}h${end - column}v1h-${end - column}z`;
      column = end;
    }
  }
  return (_index, _scales, _values, _dimensions, { document }) => {
    const group = document.createElementNS(SVG, "g");
    group.setAttribute("transform", `scale(${+scale.toFixed(4)})`);
    group.setAttribute("shape-rendering", "crispEdges");
    for (const [place, d] of paths.entries()) {
      if (d === "") continue;
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", d);
      path.setAttribute("fill", shade[place]);
      group.append(path);
    }
    return group;
  };
}

/** The scale below the map: from 0 to the largest value, and what they are. */
function key(top: number, most: number, title: string, shade: readonly string[]): RenderFunction {
  return (_index, _scales, _values, { width }, { document }) => {
    const group = document.createElementNS(SVG, "g");
    group.setAttribute("aria-hidden", "true");
    const add = (name: string, attributes: Record<string, string | number>, text?: string) => {
      const element = document.createElementNS(SVG, name);
      for (const [attribute, value] of Object.entries(attributes)) {
        element.setAttribute(attribute, `${value}`);
      }
      if (text !== undefined) element.textContent = text;
      group.append(element);
    };
    const step = width / SHADES;
    for (const [place, fill] of shade.entries()) {
      add("rect", {
        x: +(place * step).toFixed(2),
        y: top + 8,
        width: +(step + 0.5).toFixed(2),
        height: 8,
        fill,
      });
    }
    const y = top + 34;
    add("text", { x: 0, y, fill: "currentColor", "text-anchor": "start" }, "0");
    add("text", { x: width, y, fill: "currentColor", "text-anchor": "end" }, `${+most.toPrecision(3)}`);
    if (title !== "") add("text", { x: width / 2, y, fill: "currentColor", "text-anchor": "middle" }, title);
    return group;
  };
}

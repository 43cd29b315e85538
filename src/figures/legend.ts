/**
 * The key to the lines of a picture, inside the SVG, so that a picture that stands alone has it too.
 *
 * @module
 */
import type { RenderFunction } from "npm:@observablehq/plot@0.6.17";

/** What a line of a picture is called, and how it is drawn. */
export interface LegendEntry {
  readonly name: string;
  readonly colour: string;
  /** The dashes, as `stroke-dasharray`. @default {"none"} */
  readonly dash?: string;
}

/** A legend to put among the marks of a plot. */
export interface Legend {
  readonly mark: RenderFunction;
  /** Pixels that it takes above the frame. */
  readonly height: number;
}

const SVG = "http://www.w3.org/2000/svg";
const ROW = 18;
const SAMPLE = 20;
/** Pixels of a character at twelve pixels, on the wide side. */
const CHARACTER = 7;

/**
 * A legend above the frame, in as many rows as its names need.
 *
 * @param width Pixels of the picture.
 */
export function legend(entries: readonly LegendEntry[], width: number): Legend {
  let [x, row] = [0, 0];
  const placed = entries.map((entry) => {
    const taken = SAMPLE + 6 + CHARACTER * entry.name.length + 12;
    if (x > 0 && x + taken > width) [x, row] = [0, row + 1];
    const place = { ...entry, x, y: row * ROW };
    x += taken;
    return place;
  });
  const height = (row + 1) * ROW + 4;
  const mark: RenderFunction = (_index, _scales, _values, _dimensions, { document }) => {
    const group = document.createElementNS(SVG, "g");
    group.setAttribute("aria-hidden", "true");
    for (const { name, colour, dash = "none", x, y } of placed) {
      const sample = document.createElementNS(SVG, "path");
      sample.setAttribute("d", `M${x + 2} ${y + ROW / 2}h${SAMPLE}`);
      sample.setAttribute("stroke", colour);
      sample.setAttribute("stroke-width", "2.5");
      sample.setAttribute("stroke-dasharray", dash);
      const text = document.createElementNS(SVG, "text");
      text.setAttribute("x", `${x + SAMPLE + 7}`);
      text.setAttribute("y", `${y + ROW / 2}`);
      text.setAttribute("dy", "0.35em");
      text.setAttribute("text-anchor", "start");
      text.setAttribute("fill", "currentColor");
      text.textContent = name;
      group.append(sample, text);
    }
    return group;
  };
  return { mark, height };
}

/**
 * Pictures as SVG text: Observable Plot draws, linkedom is the document it draws into. Neither needs a permission, and
 * both are loaded with the first picture.
 *
 * @module
 */

import type { PlotOptions } from "npm:@observablehq/plot@0.6.17";

/** Observable Plot: marks, scales and transforms that make up a picture. */
export type Plot = typeof import("npm:@observablehq/plot@0.6.17");

/**
 * Draws one picture.
 *
 * The same options give the same text. Colours follow the text around (`currentColor`), so a picture is readable on dark
 * and on light ground.
 *
 * @param compose Makes the options of the plot; `title` and `caption` make a `<figure>` instead of a bare `<svg>`.
 * @param label What the picture shows, for those who do not see it.
 * @returns Markup to put into a page; a bare `<svg>` is a document of its own too. What comes from outside is escaped.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { draw } from "./draw.ts";
 *
 * const picture = await draw("Loss falls from 2 to 1", (plot) => ({ marks: [plot.lineY([2, 1])] }));
 * assert(picture.startsWith("<svg") && picture.includes('aria-label="Loss falls from 2 to 1"'));
 * ```
 */
export async function draw(label: string, compose: (plot: Plot) => PlotOptions): Promise<string> {
  const [plot, { DOMParser }] = await Promise.all([
    import("npm:@observablehq/plot@0.6.17"),
    import("npm:linkedom@0.18.15"),
  ]);
  const document = new DOMParser().parseFromString("<svg/>", "image/svg+xml");
  const picture = plot.plot({ ...compose(plot), className: "plot", ariaLabel: label, document });
  const svg = picture.localName === "svg" ? picture : picture.querySelector("svg.plot");
  svg?.setAttribute("role", "img");
  svg?.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return picture.outerHTML;
}

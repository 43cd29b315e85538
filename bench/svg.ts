/**
 * What all drawings of results have alike: a document of panels side by side.
 *
 * @module
 */

/** How a document is laid out, in pixels. */
export interface DocumentSize {
  /** Width of one panel. */
  readonly panelWidth: number;
  readonly height: number;
}

/** An SVG document: the lines of each panel, each in its own place, then those of the legend. */
export function svgDocument(
  panels: readonly (readonly string[])[],
  { panelWidth, height }: DocumentSize,
  legend: readonly string[] = [],
): string {
  const width = panels.length * panelWidth;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" ` +
    `height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#24292f">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...panels.flatMap((lines, place) => [
      `<g transform="translate(${place * panelWidth} 0)">`,
      ...lines,
      "</g>",
    ]),
    ...legend,
    "</svg>",
    "",
  ].join("\n");
}

/** A tenth of a pixel is as fine as a drawing gets. */
export function round(value: number): number {
  return Math.round(10 * value) / 10;
}

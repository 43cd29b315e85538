/**
 * A learning curve in a few lines of text.
 *
 * @module
 */

/** A point of a curve. */
export type Point = readonly [x: number, y: number];

/** Size and words of {@linkcode drawCurve}. */
export interface CurveOptions {
  /** Characters across; each has two columns of dots. */
  readonly width: number;
  /** Lines; each has four rows of dots. */
  readonly height: number;
  /** What the numbers at the side look like. */
  readonly label: (y: number) => string;
}

/** Bits of the dots of a Braille character, by column and row. */
const DOTS = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/**
 * Draws points, joined by lines, in Braille characters: an axis to the left, the first and last x below.
 *
 * @param points At least one, x ascending, all finite.
 * @returns The lines.
 */
export function drawCurve(points: readonly Point[], options: CurveOptions): string[] {
  const { width, height, label } = options;
  const [across, down] = [2 * width, 4 * height];
  const values = points.map(([, y]) => y);
  const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const [first, last] = [points[0][0], points[points.length - 1][0]];
  const cells = new Uint8Array(width * height);
  const column = (x: number) => last === first ? 0 : Math.round((x - first) / (last - first) * (across - 1));
  const row = (y: number) => {
    return high === low ? Math.floor(down / 2) : Math.round((high - y) / (high - low) * (down - 1));
  };
  const dot = (x: number, y: number) => {
    cells[Math.floor(y / 4) * width + Math.floor(x / 2)] |= DOTS[x % 2][y % 4];
  };
  let [fromX, fromY] = [column(first), row(values[0])];
  for (const [x, y] of points) {
    const [toX, toY] = [column(x), row(y)];
    const steps = Math.max(Math.abs(toX - fromX), Math.abs(toY - fromY), 1);
    for (let step = 0; step <= steps; step++) {
      const share = step / steps;
      dot(Math.round(fromX + share * (toX - fromX)), Math.round(fromY + share * (toY - fromY)));
    }
    [fromX, fromY] = [toX, toY];
  }
  const labels = Array.from({ length: height }, (_, line) => {
    if (line === 0) return label(high);
    return line === height - 1 && height > 1 && high > low ? label(low) : "";
  });
  const margin = Math.max(...labels.map((text) => text.length));
  const lines = labels.map((text, line) => {
    const braille = cells.subarray(line * width, (line + 1) * width);
    return `${text.padStart(margin)} ┤${
      Array.from(braille, (cell) => String.fromCharCode(0x2800 + cell)).join("")
    }`;
  });
  const [start, end] = [String(first), first === last ? "" : String(last)];
  const ruler = start + end.padStart(width - start.length);
  return [...lines, `${" ".repeat(margin)} └${"─".repeat(width)}`, `${" ".repeat(margin)}  ${ruler}`];
}

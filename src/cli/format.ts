/**
 * Texts on a terminal: columns, and lines of a width.
 *
 * @module
 */
import { printable } from "../quote.ts";

/** How cells of a column stand. */
export type Alignment = "left" | "right";

/** Rows of cells as lines of equal columns, two blanks between; cells may be foreign texts. */
export function columns(cells: readonly (readonly string[])[], alignments: readonly Alignment[]): string[] {
  const rows = cells.map((row) => row.map(printable));
  const widths = alignments.map((_, column) => Math.max(...rows.map((row) => [...row[column] ?? ""].length)));
  return rows.map((row) =>
    row.map((cell, column) => {
      const gap = " ".repeat(Math.max(0, widths[column] - [...cell].length));
      return alignments[column] === "right" ? gap + cell : cell + gap;
    }).join("  ").trimEnd()
  );
}

/** Cuts a text into lines of at most `width` characters, at blanks. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
